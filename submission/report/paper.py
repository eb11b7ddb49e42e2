"""What the paper behind an entry prints, beside what this run gave; and what the paper says, recomputed from itself.

Inputs: the printed figures, which of our figures each is to be set beside (meta/published/counterparts.yaml), claims. A
printed score of TAU and one of the embedded corpus stand side by side without a difference: they are of other
recordings. Counts of networks do not depend on recordings, so they get a verdict.
"""

from collections.abc import Iterator

from submission.published_audit import audit, summary
from submission.report.blocks import Block, Cell, Details, Paragraph, Section, Table, Tone
from submission.report.formats import Metric, Node, bounds, figure, shown, span
from submission.report.material import Material
from submission.report.networks import other_recordings
from submission.results import OVERALL
from task1.complexity_tables import count_model
from task1.config import Figure
from task1.config.claims import papers
from task1.config.counterparts import Counterpart, counterparts
from task1.published_complexity import our_count, verdict

SCORES: dict[str, Metric] = {"accuracy": "accuracy", "accuracy_before": "accuracy", "log_loss": "log_loss"}
GAPS: dict[Metric, str] = {"accuracy": "+.1f", "log_loss": "+.3f"}
Printed = tuple[Counterpart, Figure]


def paper(material: Material) -> Section:
    run, title = material.run, "The paper beside this run"
    source = [] if run.source is None else [Paragraph(
        f"{', '.join(run.source.authors)}: {run.source.title}. {run.source.venue}, {run.source.year}.")]
    printed = list(_printed(material))
    if not printed:
        return Section(title, [*source, Paragraph(f"No printed figures of {run.entry} are known (meta/published has "
                                                  "none), so there is nothing to compare.")])
    scores = [pair for pair in printed if pair[0].quantity in SCORES]
    whole = [pair for pair in scores if (pair[0].kind, pair[0].group) == OVERALL]
    counts = _counts(material, [pair for pair in printed if pair not in scores])
    blocks: list[Block] = [*source, Paragraph(other_recordings(material), "warn" if run.embedded else "")]
    if rows := _scores(material, whole):
        blocks.append(_table(material, "Printed scores, and this run's on its development test fold", rows))
    if rows := _scores(material, [pair for pair in scores if pair not in whole]):
        blocks.append(Details("Printed scores of single scenes and devices", [
            _table(material, "Printed scores of scenes and devices, and this run's", rows)]))
    if counts:
        blocks += [Paragraph("Counts depend on the networks alone, not on recordings. This run's are of the float "
                             "networks that its recipe describes, under the convention of the printed figure."),
                   Table("Printed counts, and those of this run's networks",
                         ["Where", "Printed of", "Figure", "Printed", "This run", "Verdict", "Remark"], counts
                         ).without_empty_end()]
    if run.entry in papers():
        blocks.append(_against_itself(run.entry))
    return Section(title, blocks)


def _printed(material: Material) -> Iterator[Printed]:
    """Printed figures by what they are of, those of the variant that was run before those of the entry as it is."""
    keys = dict.fromkeys((about.subject.name, *about[1:]) for about in counterparts(material.run.entry))
    for name, quantity, kind, group in keys:
        found = material.results.printed(name, quantity, (kind, group))
        about = next((about for about, figure in counterparts(material.run.entry).items() if figure is found), None)
        if found and about:
            yield about, found


def _scores(material: Material, printed: list[Printed]) -> list[list[Cell]]:
    rows = []
    for about, theirs in printed:
        metric, node = SCORES[about.quantity], _node(material, about)
        value = figure(node, metric)
        if value is not None:
            rows.append([*_told(theirs), Cell(shown(metric, value), value, span(node, metric)),
                         *_compared(material, theirs, node, metric, value)])
    return rows


def _node(material: Material, about: Counterpart) -> Node:
    """Our figures of the same network or system and the same group of clips."""
    name = about.subject.name
    if about.quantity == "accuracy_before":
        rows = (material.quantization or {}).get("models", ())
        return next((row["before"] for row in rows if row["model"] == name), None)
    index = name.removeprefix("system ")
    scored = (material.results.systems.get(int(index)) if index != name else material.results.models.get(name))
    row = scored.groups.get((about.kind, about.group)) if scored else None
    return row.node if row else None


def _compared(material: Material, printed: Figure, node: Node, metric: Metric, value: float) -> list[Cell]:
    """Difference, on recordings of TAU, and remark."""
    note = f"Of the paper's figure: {printed.note}." if printed.note else ""
    if material.run.embedded:
        return [Cell(note)]
    factor = 100 if metric == "accuracy" else 1
    gap, interval = value * factor - printed.value, bounds(node, metric)
    inside = interval and interval[0] * factor <= printed.value <= interval[1] * factor
    remark = "" if interval is None else f"Printed is {'inside' if inside else 'outside'} this run's 95 % interval."
    return [Cell(f"{gap:{GAPS[metric]}}", gap), Cell(f"{remark} {note}".strip())]


def _table(material: Material, caption: str, rows: list[list[Cell]]) -> Table:
    header = ["Where", "Printed of", "Figure", "Printed", "This run (synthetic)" if material.run.embedded else
              "This run", *([] if material.run.embedded else ["Difference"]), "Remark"]
    return Table(caption, header, rows).without_empty_end()


def _counts(material: Material, printed: list[Printed]) -> list[list[Cell]]:
    run, rows = material.run, []
    counted = {name: count_model(run, name) for name in dict.fromkeys(about.subject.name for about, _ in printed)
               if name in run.models}
    for about, theirs in printed:
        name = about.subject.name
        if name not in counted:
            continue
        ours = our_count(theirs, counted[name], run.models[name].compression.bytes_per_weight)
        if ours is None:
            continue
        said = verdict(theirs, ours)
        rows.append([*_told(theirs), Cell(f"{ours:,.2f}" if theirs.unit in ("KB", "kB") else f"{ours:,.0f}", ours),
                     Cell(said, tone="warn" if said.startswith("differs") else "good"), Cell(theirs.note)])
    return rows


def _against_itself(entry: str) -> Details:
    tones: dict[str, Tone] = {"match": "good", "match by truncation": "good", "differs": "bad"}
    found = audit(entry)
    rows = [[Cell(row.where), Cell(row.claim), Cell(row.printed), Cell(row.recomputed),
             Cell(row.verdict, tone=tones.get(row.status, "")), Cell(row.why)] for row in found]
    return Details(f"What the paper says, recomputed from its own figures: {summary(found)}", [
        Table("The paper against itself", ["Where", "It says", "Printed", "Recomputed", "Verdict", "Why"], rows)])


def _told(printed: Figure) -> list[Cell]:
    """Where a figure stands, of what it is, and how it is printed."""
    where = f"Table {printed.table}" if printed.table.isdigit() else printed.table
    return [Cell(where), Cell(printed.row), Cell(printed.column), Cell(printed.as_printed, printed.value)]
