"""Complexity against the limits, integers beside floats, and all networks of a run, in words and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from submission.technical.blocks import Block, Paragraph, Table
from submission.technical.groups import names_of
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.printed import ABSENT, METRICS, TITLES, percent_of, with_interval
from submission.technical.words import listing, number
from task1.complexity import memory_bytes
from task1.config.recipe import BYTES_PER_WEIGHT

_ROLES = {"system": "the systems' own", "teacher": "teachers", "baseline": "baselines", "ablation": "ablations"}


def complexity(material: Material) -> list[Block]:
    rules = material.rules
    rows: list[list[object]] = []
    for system in material.systems:
        size, macs = system.verdicts(rules)
        rows.append([system.index, f"{system.parameters:,}", f"{system.non_zero:,}", f"{system.bytes:,}",
                     f"{size.value:,}", f"{macs.value:,}"])
    limits = [rules.size.limit, rules.macs.limit]
    rows.append(["limit", "", "", "", *(ABSENT if limit is None else f"{limit:,}" for limit in limits)])
    unit = "number" if rules.size.as_ == "count" else "bytes"
    which = "all parameters" if rules.size.counted == "all" else "non-zero parameters"
    caption = say("Complexity of the systems. Size is what edition {} means by it, the {} of {}; MACs are those of one "
                  "clip by the {} convention; {} stands for no limit.", rules.name, unit, which, rules.macs.convention,
                  ABSENT)
    return [Paragraph(_limit_words(material)),
            Table("tab-complexity", caption, ["System", "Parameters", "Non-zero", "Bytes", "Size", "MACs"], rows,
                  ruled=(len(rows) - 1,))]


def _limit_words(material: Material) -> Typst:
    rules = material.rules
    if not material.limited:
        return say("Edition {} does not limit complexity; @tab-complexity counts it all the same.", rules.name)
    over = [(system, verdict) for system in material.systems for verdict in system.verdicts(rules)
            if verdict.state == "over"]
    outside = list(dict.fromkeys(system.index for system, _ in over))
    within = [system.index for system in material.systems if system.index not in outside]
    parts = []
    if within:
        parts.append(say("@tab-complexity holds the {} against the limits of edition {}: {} within them.",
                         "systems" if len(material.systems) > 1 else "system", rules.name, _are(within, material)))
    else:
        parts.append(say("@tab-complexity holds the systems against the limits of edition {}.", rules.name))
    units = {"size": "parameters" if rules.size.as_ == "count" else "bytes", "macs": "MACs"}
    for index in outside:
        told = [say("{:,} {} (limit {:,})", verdict.value, units[verdict.quantity], verdict.limit)
                for system, verdict in over if system.index == index]
        parts.append(say("System {} is not, with {}.", index, listing(told)))
    apart = [system.index for system in material.systems if not system.system.submitted]
    if apart:
        parts.append(say("{} {} trained and scored, and not submitted.", _systems(apart),
                         "was" if len(apart) == 1 else "were"))
    return join(parts)


def _are(indices: Sequence[int], material: Material) -> Typst:
    if len(indices) == len(material.systems):
        return Typst("it is" if len(indices) == 1 else "all are")
    return say("system {} is" if len(indices) == 1 else "systems {} are", listing(indices))


def _systems(indices: Sequence[int]) -> Typst:
    return say("{} {}", "System" if len(indices) == 1 else "Systems", listing(indices))


def integers(compared: Mapping[str, Any]) -> list[Block]:
    rows: list[list[object]] = []
    for row in compared["models"]:
        rows.append([row["model"], *(f"{100 * row[form]['accuracy']:.1f} / {row[form]['log_loss']:.3f}"
                                     for form in ("before", "simulated", "executed")),
                     f"{100 * row['agreement']:.1f}"])
    lost = [(100 * (row["before"]["accuracy"] - row["executed"]["accuracy"]), row["model"])
            for row in compared["models"]]
    most, which = max(lost)
    told = say("@tab-integers sets each network before quantization beside the one that simulates integers in floating "
               "point, as training saw it, and the one that is executed on integers.")
    told = join([told, say("_{}_ loses {:.1f} points of accuracy by it.", which, most) if len(lost) == 1 and most > 0
                 else say("The largest loss of accuracy is {:.1f} points (_{}_).", most, which) if most > 0
                 else Typst("None loses accuracy by it.")])
    floats = [row["model"] for row in compared["models"] if row["float_operations"]]
    if floats:
        told = join([told, say("Not every operation of {} is executed on integers.",
                               names_of(floats))])
    return [Paragraph(told), Table(
        "tab-integers", Typst("Accuracy in percent / log loss in nats before quantization, simulated and executed, and "
                              "the share of clips on which the last two decide alike."),
        ["Network", "Before", "Simulated", "Executed", "Alike / %"], rows, results=True)]


def comparison(material: Material) -> list[Block]:
    """Teachers, baselines and ablations beside the networks of the systems."""
    convention = material.rules.macs.convention
    scored = [model for model in material.models.values() if model.scores]
    metrics = METRICS if scored else ()
    rows: list[list[object]] = []
    for model in material.models.values():
        known, weights = model.complexity, model.facts.get("weights", model.recipe.compression.weights)
        rows.append([model.name, model.recipe.role, f"{known.parameters:,}",
                     f"{memory_bytes(known.parameters, BYTES_PER_WEIGHT[weights]):,}",
                     f"{known.macs[convention]:,}", *(with_interval(model.scores, metric) for metric in metrics)])
    told = say("@tab-networks compares the {} networks of this run.", number(len(material.models)))
    if len(scored) > 1:
        best = max(scored, key=lambda model: model.scores["accuracy"] if model.scores else 0.0)
        told = join([told, say("The highest accuracy of a single network is that of _{}_, {}.", best.name,
                               percent_of(best.scores))])
    roles = list(dict.fromkeys(_ROLES[model.recipe.role] for model in material.models.values()))
    return [Paragraph(told), Table(
        "tab-networks", say("All networks of the run: {}; MACs by the {} convention, bytes as stored.", listing(roles),
                            convention),
        ["Network", "Role", "Parameters", "Bytes", "MACs", *(TITLES[metric] for metric in metrics)], rows, wide=True,
        left=2, results=bool(scored))]
