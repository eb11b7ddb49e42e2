"""The report of a run for people: `report/report.md` and `report/index.html` (one page, no network, no scripts).

Both are rendered from the same sections (submission/sections.py), which hold plain texts; the templates escape them.
Inputs: the run folder with scores and `submission/package.json`.
"""

import html
import json
from pathlib import Path
from typing import Any

import jinja2

from submission.sections import Material, sections
from submission.systems import Scored, read_scored
from task1.config import Run, edition, load_run
from task1.errors import InputError
from task1.files import write_text
from task1.layout import Layout

TEMPLATES = Path(__file__).parent / "templates"
MARKDOWN_SPECIALS = "\\`*[]|#"


def write_report(folder: Path) -> tuple[Path, Path]:
    """Write both forms; return their paths."""
    layout = Layout(folder)
    run = load_run(folder)
    typed = str(Path(layout.work.resolve().name, "runs", folder.name))  # as from the folder of run_all.sh
    material = Material(run, edition(run.edition), typed, _package_record(layout),
                        _scored(layout, run, "development"), _scored(layout, run, "evaluation") if run.embedded else {})
    content = {"title": f"{run.texts.name}: {run.entry}, profile {run.profile}", "embedded": run.embedded,
               "sections": sections(material)}
    written = []
    for name in ("report.md", "index.html"):
        write_text(layout.report / name, _environment(name).get_template(f"{name}.j2").render(content))
        written.append(layout.report / name)
    return written[0], written[1]


def markdown(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return "".join(f"\\{c}" if c in MARKDOWN_SPECIALS else c for c in line)


def _environment(name: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=name.endswith(".html"))
    environment.filters["markdown"] = markdown
    return environment


def _scored(layout: Layout, run: Run, part: Any) -> dict[int, Scored]:
    return {index: read_scored(layout, run, index, part) for index in sorted(run.systems)}


def _package_record(layout: Layout) -> dict[str, Any]:
    path = layout.submission / "package.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `submission package --run {layout.run}` writes it") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); package the run again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not the record of a package; package the run again")
    return content
