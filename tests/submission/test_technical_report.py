"""The technical report as a document: it compiles for every entry, shows what it is given, in the same bytes."""

import copy
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typst

from submission.cli import main
from submission.package import package
from submission.technical import setting
from submission.technical.markup import Typst
from submission.technical.references import bibliography
from submission.technical_report import BOTTOM, NAME, fold, render, sections, typeset, write_technical_report
from submission.validate.pdf import check_pdf, count_pages
from task1.config import META, read_yaml
from task1.config.references import references
from task1.errors import InputError
from task1.files import write_json
from task1.layout import Layout
from tests.submission.technical.conftest import MakeMaterial, complexity, make_material  # noqa: F401  (fixtures)
from tests.submission.technical.test_method_text import EVERY

HOSTILE = 'Ann #panic("no") *O\'Neil* $x$ @mixup <b> [c] \\ {d} // e'
LACKING = "東京"
VARIANTS = ("variant=authors_code", "variant=noise_reduction", "variant=pruned")  # what no entry itself has
SVG = ('<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"><rect width="9" height="9"/>'
       "</svg>")


def shown(pdf: bytes) -> str:
    """The text of a PDF, on one line."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (package poppler-utils) is not installed")
    found = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return " ".join(found.replace("\u00ad\n", "").split())


def made(folder: Path) -> bytes:
    return write_technical_report(folder)[0].read_bytes()


@pytest.mark.parametrize(("entry", "options"), [one for one in EVERY if not one[1] or one[1][0] in VARIANTS], ids=str)
def test_every_entry_compiles(make_material: MakeMaterial, tmp_path: Path, entry: str,  # noqa: F811
                              options: tuple[str, ...]) -> None:
    material = make_material(entry, settings=options)
    source, pdf = typeset(material, bibliography(material), tmp_path)
    assert list(check_pdf(pdf, "x.pdf")) == []
    assert 2 <= count_pages(pdf) <= 9
    assert "EMBEDDED" not in source
    assert not list(tmp_path.glob(".part-*"))


def test_the_document_shows_the_run(make_run: Any) -> None:
    folder = make_run()
    pdf = made(folder)
    text = shown(pdf)
    for said in ("Deep separable multi-scale networks for low-complexity", "Kangli Wang, Yiling Wu, Yanxiong Li",
                 "South China University of Technology", "66.7", "on devices without training clips its accuracy is "
                 "100.0 points lower than on the others", "System 2 combines the two networks model1 and model2",
                 "128,000", "REFERENCES", "mixup: beyond empirical risk minimization", "Low-complexity acoustic scene "
                 "classification using deep space separable distillation", "wang2023 --profile demo"):
        assert said in text, said


def test_the_embedded_corpus_is_named_everywhere(make_run: Any) -> None:
    pdf = made(make_run())
    text = shown(pdf)
    pages = count_pages(pdf)
    assert text.count("EMBEDDED CORPUS · synthetic") == pages
    assert "Do not submit or publish it" in text
    assert text.count("Embedded corpus.") == 3  # captions: by system, by scene, by device


def test_the_same_run_gives_the_same_bytes(make_run: Any) -> None:
    one, other = make_run("one"), make_run("other")
    assert [path.read_bytes() for path in write_technical_report(one)] == [
        path.read_bytes() for path in write_technical_report(other)]
    before = made(one)
    assert made(one) == before
    assert str(one) not in (Layout(one).report / f"{NAME}.typ").read_text(encoding="utf-8")


def test_the_source_compiles_by_itself_to_the_same_document(make_run: Any, tmp_path: Path) -> None:
    folder = make_run()
    pdf = made(folder)
    report = Layout(folder).report
    again = typst.compile(report / f"{NAME}.typ", ignore_system_fonts=True, font_paths=[setting.font_folder()],
                          timestamp=0)
    assert again == pdf


def test_the_package_holds_it(make_run: Any) -> None:
    folder = make_run()
    pdf = made(folder)
    with zipfile.ZipFile(package(folder)) as archive:
        assert archive.read("task1/Wang_SCUT_task1.technical_report.pdf") == pdf


def hostile() -> dict[str, Any]:
    entry, _ = read_yaml(META / "entries" / "wang2023.yaml")
    authors = copy.deepcopy(entry["authors"])
    authors[1]["lastname"], authors[1]["affiliation"] = HOSTILE, {**authors[1]["affiliation"], "institute": HOSTILE}
    source = entry["source"] | {"title": HOSTILE, "authors": [HOSTILE], "venue": HOSTILE}
    return {"authors": authors, "texts": entry["texts"] | {"name": HOSTILE}, "source": source,
            "command": ["./run_all.sh", "--set", f"texts.name={HOSTILE}"]}


def test_texts_of_any_kind_are_shown_as_they_are(make_run: Any) -> None:
    text = shown(made(make_run(**hostile())))
    assert text.count('#panic("no") *O') + text.count("#panic(\"no\") *O’") >= 4
    assert "[c] \\ {d} // e" in text


def test_an_entry_of_ones_own_needs_no_publication(make_run: Any) -> None:
    folder = make_run(source=None)
    text = shown(made(folder))
    assert "follows" not in text
    assert "entry:" not in (Layout(folder).report / f"{NAME}.references.yaml").read_text(encoding="utf-8")


def test_letters_that_the_programs_fonts_lack_are_found() -> None:
    assert setting.missing_letters("Kośmider Łuś Ελλάς Иван العربية עברית –×⁻⁵") == ""
    assert setting.missing_letters(f"Tokio {LACKING}") == "京東"


def test_a_name_in_letters_that_no_font_has_is_told(make_run: Any, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(setting, "_has", lambda letters, machine: not set(LACKING) & set(letters))
    entry, _ = read_yaml(META / "entries" / "wang2023.yaml")
    authors = copy.deepcopy(entry["authors"])
    authors[0]["lastname"] = LACKING
    assert count_pages(made(make_run(authors=authors))) > 1
    assert "no font here has the letters 京東" in capsys.readouterr().err


def test_deviations_and_caveats_are_printed(make_run: Any) -> None:
    folder = make_run()
    layout = Layout(folder)
    path = layout.model("model2") / "model.json"
    write_json(path, json.loads(path.read_text()) | {"deviations": ["no such masks"]})
    scores = json.loads(layout.scores(2, "development").read_text())
    scores["systems"][0]["system"] = {
        "deviations": ["model1: half of it"], "caveats": ["model1: has heard the test fold"]}
    write_json(layout.scores(2, "development"), scores)
    text = shown(made(folder))
    for said in ("model2: no such masks", "model1: half of it", "model1: has heard the test fold", "DIFFERENCES FROM"):
        assert said in text


def items(folder: Path, names: tuple[str, ...], width: float, height: float) -> None:
    report = Layout(folder).report
    (report / "figures").mkdir(parents=True, exist_ok=True)
    listed = []
    for name in names:
        (report / "figures" / f"{name}.svg").write_text(SVG.format(width=width, height=height))
        listed.append({"name": name, "kind": "figure", "title": f"Title of {name}", "caption": "What it shows.",
                       "files": {"svg": f"figures/{name}.svg"}, "made_from": [], "missing": ""})
    write_json(report / "items.json", {"format": 1, "corpus": "embedded-1s-dev", "embedded": True, "items": listed,
                                       "left_out": []})


def test_figures_of_the_run_are_shown_where_they_belong(make_run: Any) -> None:
    folder = make_run()
    items(folder, ("confusion_system1", "confusion_system2", "device_spectra", "something_else"), 400, 200)
    write_technical_report(folder)
    source = (Layout(folder).report / f"{NAME}.typ").read_text(encoding="utf-8")
    spectra, confusion = source.index("figures/device_spectra.svg"), source.index("figures/confusion_system1.svg")
    assert source.index("= Recordings") < spectra < source.index("= Features")
    assert source.index("= Results") < confusion < source.index("== Complexity")
    assert "confusion_system2" not in source
    assert "something_else" not in source


def test_what_is_too_long_for_a_column_is_set_across_both(make_run: Any) -> None:
    folder = make_run()
    items(folder, ("confusion_system1",), 300, 950)  # 627 points high, and the page has tables as well
    write_technical_report(folder)
    source = (Layout(folder).report / f"{NAME}.typ").read_text(encoding="utf-8")
    assert 'scope: "parent",\n  image("figures/confusion_system1.svg", width: 198' in source
    with setting.setter(Layout(folder).report, (Layout(folder).report / f"{NAME}.references.yaml").read_text(),
                        f"{NAME}.references.yaml") as typesetter:
        ends = typesetter.ends(source)
    assert len(ends) > 8
    assert max(ends.values()) <= BOTTOM


def test_a_figure_that_is_no_vector_graphic_is_refused(make_run: Any) -> None:
    folder = make_run()
    items(folder, ("device_spectra",), 400, 200)
    (Layout(folder).report / "figures" / "device_spectra.svg").write_text("nothing")
    with pytest.raises(InputError, match=r"device_spectra\.svg: no width in points"):
        write_technical_report(folder)
    assert not (Layout(folder).report / f"{NAME}.pdf").exists()


def test_a_recorded_corpus_has_no_mark(make_run: Any) -> None:
    text = shown(made(make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval")))
    assert "mbedded corpus" not in text
    assert "EMBEDDED" not in text


def test_what_is_missing_is_told_in_one_sentence(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    Layout(folder).scores(2, "development").unlink()
    assert main(["pdf", "--run", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "system2.development.json: no such file; run `task1 score" in told
    assert "Traceback" not in told
    assert not Layout(folder).report.exists()


def test_the_verb_names_what_it_wrote(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    assert main(["pdf", "--run", str(folder)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.name for path in written] == [f"{NAME}.pdf", f"{NAME}.typ", f"{NAME}.references.yaml"]
    assert all(path.exists() for path in written)


def test_every_work_can_be_set(tmp_path: Path, make_material: MakeMaterial) -> None:  # noqa: F811
    source = "".join(f"@{key} " for key in references()) + f'\n#bibliography("{NAME}.references.yaml", style: "ieee")'
    with setting.setter(tmp_path, bibliography(make_material("wang2023")), f"{NAME}.references.yaml") as typesetter:
        text = shown(typesetter.pdf(source))
    for reference in references().values():
        assert " ".join(reference.title.split())[:30] in text.replace("“", "").replace("- ", "-"), reference.title
        assert str(reference.year) in text


def test_lines_of_the_source_do_not_begin_as_lists_do(make_material: MakeMaterial) -> None:  # noqa: F811
    text = Typst("word " * 23 + "12. - = + / end " * 12)
    for line in fold(text).splitlines():
        assert not line.startswith(("-", "=", "+", "/", "12. "))
    maths = fold(Typst("word " * 22 + "$g_i <- g_i - (g_i dot g_j) + 1$ " * 9))
    assert maths.count("$g_i <- g_i - (g_i dot g_j) + 1$") == 9
    assert "\n" in maths
    material = make_material("wang2023")
    assert max(len(line) for line in render(material, sections(material)).splitlines() if "table" not in line) < 300
