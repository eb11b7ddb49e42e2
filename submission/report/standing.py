"""Where the systems would stand among the official results that are known, with everything that is to be said of it."""

from collections.abc import Sequence

from submission.report.bars import field_plot
from submission.report.blocks import Block, Cell, Figure, Figures, Items, Paragraph, Section, Table
from submission.report.material import Material, Row
from task1.config import names
from task1.scoring.leaderboard import standings
from task1.scoring.listing import Listing
from task1.scoring.own_systems import read_run

OFFICIAL = "official"


def standing(material: Material) -> Section:
    title, edition = "Place on the leaderboard", material.run.edition
    if edition not in names("leaderboards"):
        return Section(title, [Paragraph(f"No official results of edition {edition} are known.")])
    listing = standings(edition, read_run(material.at.run, edition))
    blocks: list[Block] = []
    if material.run.embedded:
        blocks.append(Paragraph("The systems of this run are not ranked: they were scored on synthetic recordings, "
                                "which no official row was. They are listed for their size alone.", "warn"))
    blocks += [*_field(listing.rows), _table(listing), Items(_merged(listing))]
    return Section(title, blocks)


def _table(listing: Listing) -> Table:
    rows = [[_cell(row.get(column.key), row, column.key, column.show(row[column.key])
                   if row.get(column.key) is not None else "-") for column in listing.columns] for row in listing.rows]
    first = next(index for index, column in enumerate(listing.columns) if column.key == "system")
    order = [first, *(index for index in range(len(listing.columns)) if index != first)]
    headings = [_heading(listing.columns[index].heading) for index in order]
    return Table(listing.title, headings, [[row[index] for index in order] for row in rows])


def _heading(text: str) -> str:
    return text[:1].upper() + text[1:]


def _merged(listing: Listing) -> list[str]:
    """The notes; one that is said of several systems is said once."""
    systems = [str(row["system"]) for row in listing.rows]
    said: dict[str, list[str]] = {}
    for note in listing.notes:
        name, colon, rest = note.partition(": ")
        said.setdefault(rest if colon and name in systems else note, []).append(name)
    return [", ".join(names) + f": {text}" if set(names) <= set(systems) else text for text, names in said.items()]


def _cell(value: object, row: Row, key: str, text: str) -> Cell:
    synthetic = row["from"] == "SYNTHETIC"
    if key == "from" and synthetic:
        return Cell(text, tone="bad")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(text, value, "synthetic" if synthetic and key in ("accuracy", "log_loss") else "")
    return Cell(text)


def _field(rows: Sequence[Row]) -> list[Block]:
    """Accuracy against MACs, where two rows at least have both."""
    comparable = [row for row in rows if row["from"] in (OFFICIAL, "development")]
    placed = [row for row in comparable if row.get("macs") and row.get("accuracy") is not None]
    own = [(row["system"], float(row["macs"])) for row in rows if row not in comparable and row.get("macs")]
    if len(placed) < 2:
        return []
    title = "Accuracy against MACs of the systems known"
    lines = (" Dashed lines: MACs of this run's systems, whose accuracy on official recordings is not known."
             if own else "")
    return [Figures([Figure(title, field_plot(title, placed, own))],
                    f"Circles: official rows, accuracy on the evaluation set. Squares: this run's, on the development "
                    f"test fold. Area: memory.{lines}")]
