"""What chance does to the scores, in words and a table, where the run was trained from several seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

from submission.technical.blocks import Block, Paragraph, Table
from submission.technical.markup import Typst, join, say
from submission.technical.printed import ABSENT, TITLES
from submission.technical.words import number
from task1.scoring.seeds_table import shown

COLUMNS = {**TITLES, "accuracy_unseen": "Acc., unseen / %"}


def seeds(document: Mapping[str, Any]) -> list[Block]:
    """Mean and standard deviation of every system; the interval of the mean in words."""
    systems = [subject for subject in document["subjects"] if subject["kind"] == "system"]
    rows = [[f"System {subject['name']}", *(_mean(figure, subject["spread"][figure]) for figure in COLUMNS)]
            for subject in systems]
    told = say("Every network was trained from {} seeds in all; the figures above are those of the first. @tab-seeds "
               "shows how far those of the others are from them.", number(document["seeds"]))
    return [Paragraph(join([told, _widest(systems, document["level"])])), Table(
        "tab-seeds", say("Mean ± standard deviation over {} trainings that differ in their seed alone.",
                         number(document["seeds"])),
        ["", *COLUMNS.values()], rows, results=True)]


def _widest(systems: Sequence[Mapping[str, Any]], level: float) -> Typst:
    """Of the system whose accuracy varies most."""
    widest = max(systems, key=lambda subject: float(subject["spread"]["accuracy"]["standard_deviation"]))
    spread = widest["spread"]["accuracy"]
    if spread["minimum"] == spread["maximum"]:
        return Typst("The accuracy is the same with all of them.")
    least, most, low, high = (f"{100 * spread[key]:.1f}" for key in ("minimum", "maximum", "low", "high"))
    whose = "Its accuracy varies" if len(systems) == 1 else f"The accuracy of system {widest['name']} varies most,"
    return say("{} from {} to {}\u00a0%; the {:g}\u00a0% interval of its mean by Student's t is {} to {}\u00a0%.",
               whose, least, most, 100 * level, low, high)


def _mean(figure: str, told: Mapping[str, Any] | None) -> str:
    return f"{shown(figure, told['mean'])} ± {shown(figure, told['standard_deviation'])}" if told else ABSENT
