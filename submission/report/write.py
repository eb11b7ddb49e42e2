"""Put the sections together and render them.

Input: a run folder with scores and `submission/package.json`. Outputs: report.md, index.html.
"""

import base64
import hashlib
import html
import itertools
from pathlib import Path

import jinja2

from submission.report import groups, networks, origin
from submission.report.blocks import Section
from submission.report.colours import style
from submission.report.material import Material, gather
from submission.report.moments import gallery
from submission.report.paper import paper
from submission.report.seeds import seeds
from submission.report.standing import standing
from submission.report.summary import intervals, summary
from task1.files import write_text

TEMPLATES = Path(__file__).parents[1] / "templates"
MARKDOWN_SPECIALS = "\\`*[]|#"
DEVELOPMENT = "development test fold"


def write_report(folder: Path) -> tuple[Path, Path]:
    """Write both forms; return their paths."""
    material = gather(folder)
    run, told = material.run, sections(material)
    content = {
        "title": f"{run.texts.name}: {run.entry}, profile {run.profile}", "name": run.texts.name, "run": run,
        "rules": material.rules, "embedded": run.embedded, "sections": told,
        "keys": {section.title: section.key for section in told}, "serial": itertools.count(1).__next__,
        **_page_parts(run.embedded),
    }
    written = []
    for name in ("report.md", "index.html"):
        write_text(material.at.report / name, _environment(name).get_template(f"{name}.j2").render(content))
        written.append(material.at.report / name)
    return written[0], written[1]


def sections(material: Material) -> list[Section]:
    """The report, most important first."""
    scored = material.development
    found = [
        summary(material), seeds(material), groups.devices(DEVELOPMENT, scored), groups.scenes(DEVELOPMENT, scored),
        groups.scenes_on_devices(DEVELOPMENT, scored), groups.confusion(DEVELOPMENT, scored),
        groups.calibration(DEVELOPMENT, scored),
        groups.evaluation(material.evaluation, intervals(material, "evaluation") if material.evaluation else "",
                          material.run.embedded),
        networks.limits(material), networks.counts(material), networks.quantization(material),
        networks.learning(material), networks.every_model(material), paper(material), standing(material),
        gallery(material), origin.changes(material), origin.package(material), origin.files(material),
        origin.provenance(material), origin.repeat(material)]
    return [section for section in found if section]


def markdown(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return "".join(f"\\{c}" if c in MARKDOWN_SPECIALS else c for c in line)


def _page_parts(embedded: bool) -> dict[str, str]:
    """Style and script, and the digests by which the page allows these and no others."""
    sheet = _environment("page.css").get_template("page.css.j2").render(
        light=style("light"), dark=style("dark"), embedded=embedded)
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return {"style": sheet, "style_digest": _digest(sheet), "script": script, "script_digest": _digest(script)}


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _environment(name: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=name.endswith(".html"))
    environment.filters["markdown"] = markdown
    return environment
