"""The technical report of a run, in the challenge's manner: typst source and the PDF made of it.

Inputs: a run folder with trained models and scores (submission/technical/material.py); figures, if `submission figures`
has made them. Outputs, whole or not at all:

    RUN/report/technical_report.pdf               A4, two columns
    RUN/report/technical_report.typ               its source, which an author can go on from
    RUN/report/technical_report.references.yaml   the works that the source can cite

Everything in it comes from the run, by rules. The same run gives the same bytes: no date, and no fonts but typst's own
and those of matplotlib. Only if they lack a letter of a name or text are the machine's fonts looked at.
"""

import re
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
import typst

from submission.technical import front_text
from submission.technical.augmentation_text import augmentation
from submission.technical.blocks import Section
from submission.technical.feature_text import features, recordings
from submission.technical.figures import illustrated
from submission.technical.markup import Typst, escape, literal
from submission.technical.material import Material, gather_material
from submission.technical.network_text import networks
from submission.technical.references import bibliography
from submission.technical.result_text import results
from submission.technical.training_text import training
from task1.config import dataset
from task1.errors import InputError
from task1.files import write_bytes, write_text
from task1.layout import Layout

TEMPLATES = Path(__file__).parent / "templates"
NAME = "technical_report"
REFERENCES = f"{NAME}.references.yaml"
WIDTH = 118
_BEGINS_NUMBERED = re.compile(r"^(\d+)\.(?!\S)")


def write_technical_report(folder: Path) -> list[Path]:
    """Write source, references and PDF; return their paths, the PDF first."""
    report = Layout(folder).report
    material = gather_material(folder)
    source, works = render(material), bibliography(material)
    pdf = compile_pdf(source, works, report)
    paths = report / f"{NAME}.pdf", report / f"{NAME}.typ", report / REFERENCES
    write_text(paths[1], source)
    write_text(paths[2], works)
    write_bytes(paths[0], pdf)
    return list(paths)


def render(material: Material) -> str:
    """The typst source."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, finalize=_finalize, block_start_string="<%",
        block_end_string="%>", variable_start_string="<<", variable_end_string=">>", comment_start_string="<#",
        comment_end_string="#>")
    environment.filters |= {
        "literal": literal, "fold": fold, "markup": Typst, "label": lambda name: Typst(f"<{name}>")}
    run = material.run
    return environment.get_template(f"{NAME}.typ.j2").render(
        title=f"{run.entry}, profile {run.profile}", embedded=run.embedded, front=front_text.front(material),
        abstract=front_text.abstract(material), index_terms=front_text.index_terms(material),
        challenge_corpus=dataset(material.rules.datasets["development"]).title.partition(",")[0],
        sections=sections(material))


def sections(material: Material) -> list[Section]:
    """The whole text, in order."""
    changes = front_text.changes(material)
    return illustrated(
        [front_text.introduction(material), recordings(material), features(material), augmentation(material),
         networks(material), training(material), results(material), *([changes] if changes else []),
         front_text.conclusion(material), front_text.provenance(material)], material)


def compile_pdf(source: str, works: str, report: Path) -> bytes:
    """The PDF of a source whose figures lie in `report`, which nothing is written to before all is done."""
    report.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=report) as scratch:
        text = source
        folder = Path(scratch)
        for name in ("figures", "tables"):
            if (report / name).exists():
                (folder / name).symlink_to((report / name).resolve(), target_is_directory=True)
        (folder / f"{NAME}.typ").write_text(text, encoding="utf-8")
        (folder / REFERENCES).write_text(works, encoding="utf-8")
        alone = not missing_letters(source + works)
        try:
            return typst.compile(folder / f"{NAME}.typ", root=report, ignore_system_fonts=alone,
                                 font_paths=[font_folder()], timestamp=0)
        except typst.TypstError as error:
            raise InputError(f"{report / NAME}.typ: typst cannot set it ({' '.join(str(error).split())[:300]}); "
                             "this is a fault of the program, please report it") from error


def missing_letters(text: str) -> str:
    """The letters of a text that the fonts which come with the program lack."""
    letters = "".join(sorted({letter for letter in text if not letter.isascii()}))
    return "" if not letters or _has(letters) else "".join(letter for letter in letters if not _has(letter))


def _has(letters: str) -> bool:
    """Whether the fonts have all of them: an archival PDF must not lack a letter, so typst refuses to make one."""
    fonts = '#set text(font: ("Libertinus Serif", "DejaVu Sans", "DejaVu Sans Display"))\n'
    try:
        source: Any = f"{fonts}#{literal(letters)}".encode()
        typst.compile(source, ignore_system_fonts=True, font_paths=[font_folder()],
                      pdf_standards=["a-2u"], timestamp=0)
    except typst.TypstError:
        return False
    return True


def font_folder() -> Path:
    """DejaVu, which comes with matplotlib: more scripts than typst's own fonts have."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def fold(text: Typst, indent: str = "") -> Typst:
    """Markup in lines that a person can edit; typst takes a line break for a blank."""
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return Typst(f"\n{indent}".join(_guard(lines)))


def _guard(lines: list[str]) -> Iterator[str]:
    """A line must not begin as a list, a heading or a term does."""
    for line in lines:
        yield _BEGINS_NUMBERED.sub(r"\1\\.", f"\\{line}" if line[0] in "-+=/" else line)


def _finalize(value: Any) -> Any:
    return escape(value) if isinstance(value, str) else value
