"""Values of the formulas of meta/published/claims, computed from printed figures and facts.

Input: a formula or operand (task1/config/formulas.py) and the figures of one paper by (table, row, column).
Output: `Term`s, each a value in the figures' unit and the text that shows it; `holds` answers yes-or-no formulas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import ge, gt, le, lt
from statistics import fmean

from task1.config import META, Entry, Figure, dataset, load
from task1.config.formulas import (
    Bytes,
    Capacity,
    Compare,
    Cycles,
    DeltaChannels,
    DeltaFrames,
    Difference,
    Distance,
    Equals,
    Fact,
    Figures,
    Frames,
    Groups,
    Key,
    Mean,
    Number,
    Operand,
    Product,
    Ratio,
    RelativeChange,
    Sum,
    WeightedMean,
    WholeClips,
)
from task1.config.recipe import BYTES_PER_WEIGHT, InputSettings
from task1.errors import InputError

RELATIONS = {"below": (lt, "<"), "at_most": (le, "<="), "at_least": (ge, ">="), "above": (gt, ">")}
PERCENT = 100


@dataclass(frozen=True)
class Tables:
    """The figures of one paper."""

    paper: str
    figures: Mapping[Key, Figure]

    def of(self, reference: Figures) -> list[Figure]:
        return [self.figures[key] for key in reference.keys]


@dataclass(frozen=True)
class Term:
    value: float
    text: str


@dataclass(frozen=True)
class Answer:
    """Of a yes-or-no formula: the comparison as it was made, and the first thing that speaks against it."""

    shown: str
    against: str = ""


def terms(operand: Operand, tables: Tables) -> list[Term]:
    """What an operand is worth: one term a figure, one for anything else."""
    if isinstance(operand, Figures):
        return [Term(figure.value, figure.as_printed) for figure in tables.of(operand)]
    if isinstance(operand, Equals):
        return all_terms(operand.to, tables)
    if isinstance(operand, Bytes):
        width = BYTES_PER_WEIGHT[operand.weights] / operand.unit_bytes
        return [_term(term.value * width) for term in all_terms(operand.parameters, tables)]
    if isinstance(operand, Distance):
        (centre,) = terms(operand.around, tables)
        distances = [abs(term.value - centre.value) for term in all_terms(operand.of, tables)]
        return [_term(round(distance) if operand.whole else distance) for distance in distances]
    return [_term(_value(operand, tables))]


def all_terms(operands: Sequence[Operand], tables: Tables) -> list[Term]:
    return [term for operand in operands for term in terms(operand, tables)]


def holds(formula: Compare | Cycles | WholeClips, claimed: Figures | None, tables: Tables) -> Answer:
    """Whether a formula that is yes or no is met, `claimed` being the figures that the claim prints."""
    if isinstance(formula, Compare):
        return _compare(formula, claimed, tables)
    if isinstance(formula, Cycles):
        return _cycles(formula, [figure.value for figure in tables.of(claimed)] if claimed else [])
    return _whole_clips(formula, tables)


def places(figure: Figure) -> int:
    """Digits printed after the point."""
    return len(digits(figure).partition(".")[2])


def digits(figure: Figure) -> str:
    """The number as printed, without thousands' letter and unit."""
    return figure.as_printed.rstrip("BKMG%k ")


def _value(operand: Operand, tables: Tables) -> float:
    def one(part: Operand) -> float:
        (term,) = terms(part, tables)
        return term.value

    def many(parts: Sequence[Operand]) -> list[float]:
        return [term.value for term in all_terms(parts, tables)]

    match operand:
        case Fact():
            return operand.value
        case Number():
            return operand.number
        case Mean():
            return fmean(many(operand.of))
        case WeightedMean():
            members = [len(group) for group in operand.groups.groups]
            return fmean(many(operand.of), _clips(operand.groups) if operand.by == "clips" else members)
        case Sum():
            return sum(many(operand.of))
        case Product():
            result = 1.0
            for factor in many(operand.of):
                result *= factor
            return result
        case Difference():
            return one(operand.of) - one(operand.minus)
        case Ratio():
            return one(operand.of) / one(operand.to)
        case RelativeChange():
            new, old = one(operand.new), one(operand.old)
            return PERCENT * ((new - old) if operand.direction == "increase" else (old - new)) / old
        case Capacity():
            return one(operand.size) * operand.unit_bytes / BYTES_PER_WEIGHT[operand.weights]
        case Frames():
            features = load(Entry, META / "entries" / f"{tables.paper}.yaml").features
            window = round(one(operand.window))
            return features.model_copy(update={
                "sample_rate": one(operand.sample_rate), "clip_seconds": one(operand.clip_seconds), "n_fft": window,
                "win_length": window, "hop_length": round(one(operand.hop)), "center": operand.centred}).frames
        case DeltaFrames():
            return InputSettings(normalise="none", deltas=operand.deltas).frames(round(one(operand.frames)))
        case DeltaChannels():
            return InputSettings(normalise="none", deltas=operand.deltas).channels
    raise TypeError(f"{type(operand).__name__} has no single value")


def _clips(groups: Groups) -> list[int]:
    counts = dataset(groups.dataset).counts.test
    if counts is None:
        raise InputError(f"data set {groups.dataset} has no counts of a test list")
    if groups.per is None:
        return [counts.files]
    per = counts.per_device if groups.per == "device" else counts.per_scene
    return [sum(per[name] for name in group) for group in groups.groups]


def _term(value: float) -> Term:
    value = round(value, 9)  # 59.2 - 56.4 is 2.8, as on paper
    return Term(value, f"{value:.6g}")


def _compare(formula: Compare, claimed: Figures | None, tables: Tables) -> Answer:
    relation, sign = RELATIONS[formula.are]
    left = all_terms(formula.all, tables)
    right = all_terms(formula.than or ([claimed] if claimed else []), tables)
    pairs = zip(left, right, strict=True) if formula.paired else ((one, other) for one in left for other in right)
    against = next((f"{one.text} is not {sign} {other.text}" for one, other in pairs
                    if not relation(one.value, other.value)), "")
    shown = f"{', '.join(term.text for term in left)} {sign} {', '.join(term.text for term in right)}"
    return Answer(f"not so: {shown}" if against else shown, against)


def _cycles(formula: Cycles, printed: list[float]) -> Answer:
    epoch, length, expected = float(formula.counted_from), printed[0] - formula.counted_from, []
    while 0 < length <= printed[-1] - epoch:
        epoch, length = epoch + length, length * formula.factor
        expected.append(epoch)
    missing, more = (", ".join(f"{epoch:g}" for epoch in here if epoch not in there)
                     for here, there in ((expected, printed), (printed, expected)))
    against = [f"{missing} is missing"] if missing else []
    against += [f"{more} does not belong"] if more else []
    return Answer(", ".join(f"{epoch:g}" for epoch in expected), "; ".join(against))


def _whole_clips(formula: WholeClips, tables: Tables) -> Answer:
    figures = [figure for part in formula.of for figure in tables.of(part)]
    totals = _clips(formula.clips)
    counts, against = [], []
    for figure, total in zip(figures, totals * len(figures) if len(totals) == 1 else totals, strict=True):
        count = round(figure.value * total / PERCENT)
        share = Decimal(PERCENT * count) / Decimal(total)
        counts.append(f"{count}/{total}")
        if abs(share - Decimal(digits(figure))) > Decimal("0.5").scaleb(-places(figure)):
            against.append(f"{figure.as_printed}: {count} of {total} are {share:.{places(figure) + 2}f}")
    return Answer(", ".join(counts), "; ".join(against))
