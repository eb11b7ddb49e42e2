"""Scores, complexity, integers and comparisons of a report in words and tables, from the scored results alone.

Accuracies are percent with one decimal, log losses nats with three, intervals the scored 95 % ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from submission.systems import Scores, SystemFacts
from submission.technical.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.words import counted, listing, number
from task1.complexity import memory_bytes
from task1.config import taxonomy
from task1.config.recipe import BYTES_PER_WEIGHT

METRICS = ("accuracy", "log_loss")
ABSENT = "–"
_ROLES = {"system": "the systems' own", "teacher": "teachers", "baseline": "baselines", "ablation": "ablations"}
_TITLES = {"accuracy": "Accuracy / %", "log_loss": "Log loss / nats"}


def value(scores: Scores | None, metric: str) -> str:
    """One figure as it is printed in tables."""
    found = scores.get(metric) if scores else None
    if found is None:
        return ABSENT
    return f"{100 * found:.1f}" if metric == "accuracy" else f"{found:.3f}"


def percent_of(scores: Scores | None) -> str:
    """Accuracy as it is printed in prose."""
    return f"{value(scores, 'accuracy')}\u00a0%"


def with_interval(scores: Scores | None, metric: str) -> str:
    """A figure with its interval behind it, if it has one."""
    low, high = interval(scores, metric)
    return f"{value(scores, metric)} ({low}–{high})" if low else value(scores, metric)


def interval(scores: Scores | None, metric: str) -> tuple[str, str]:
    bounds = (scores or {}).get(f"{metric}_interval")
    if not bounds:
        return "", ""
    low, high = (value({metric: bound}, metric) for bound in bounds)
    return low, high


def results(material: Material) -> Section:
    """Everything that was scored and counted."""
    blocks: list[Block] = [Paragraph(_conventions(material)), _overall(material)]
    if material.deviations:
        blocks.append(Paragraph(Typst("*Not all that the recipe asks for was done:* see @sec-changes.")))
    if material.caveats:
        blocks += [Paragraph(Typst("*To be kept in mind:*")), Bullets(list(_caveats(material.caveats)))]
    blocks.append(Paragraph(_seen_unseen(material)))
    blocks += [*_groups(material, "class_wise", "scene"), *_groups(material, "device_wise", "device")]
    blocks += [Heading(Typst("Complexity")), *_complexity(material)]
    if material.quantization and material.quantization["models"]:
        blocks += [Heading(Typst("Integers against floats")), *_integers(material.quantization)]
    if len(material.models) > 1:
        blocks += [Heading(Typst("All networks")), *_comparison(material)]
    return Section("Results", blocks)


def _caveats(texts: Sequence[str]) -> Iterator[Typst]:
    """What is said of several models in the same words is said once."""
    said: dict[str, list[str]] = {}
    for text in texts:
        subject, _, words = text.rpartition(": ")
        said.setdefault(words, []).append(subject)
    for words, subjects in said.items():
        of = [subject for subject in subjects if subject]
        yield say("{}: {}.", listing(say("_{}_", subject) for subject in of), words.rstrip(".")) if of else say(
            "{}.", words.rstrip("."))


def _conventions(material: Material) -> Typst:
    clips = material.best.scored.scores["clips"]
    told = say("All figures are those of the official test fold of the development set, {:,} clips of the {}. Accuracy "
               "is the mean over scenes, log loss the mean over clips.", clips, material.corpus("development"))
    made = material.intervals
    if made.get("resamples"):
        return join([told, say(
            "Behind them stand {:g} % intervals from {:,} bootstrap resamples of the {} recording locations "
            "@rescaling_bootstrap @expanded_percentile; they tell what other locations would change, not what another "
            "training would.", 100 * made["level"], made["resamples"], f"{made['locations']:,}")])
    return join([told, say("There are no intervals, since {}.", made["reason"])]) if made.get("reason") else told


def _name(material: Material, system: SystemFacts) -> str:
    return system.system.abbreviation or material.run.texts.abbreviation


def _overall(material: Material) -> Table:
    """Of one system devices in rows, of several a row a system."""
    caption = Typst("On the development test fold, over all devices and over devices with (seen) and without (unseen) "
                    "training clips.")
    if len(material.systems) == 1:
        scores = material.systems[0].scored.scores
        parts = [("all", scores), *((name, scores["device_groups"].get(name)) for name in ("seen", "unseen"))]
        return Table("tab-systems", caption, ["Devices", "Clips", *_TITLES.values()],
                     [[name, f"{part['clips']:,}", *(with_interval(part, metric) for metric in METRICS)]
                      for name, part in parts if part], results=True)
    rows = []
    for system in material.systems:
        scores = system.scored.scores
        groups = scores["device_groups"]
        rows.append([system.index, _name(material, system), " + ".join(system.system.models),
                     *(with_interval(scores, metric) for metric in METRICS),
                     *(value(groups.get(group), metric) for metric in METRICS for group in ("seen", "unseen"))])
    return Table("tab-systems", caption, ["System", "Name", "Networks", *_TITLES.values(), "Acc., seen",
                                          "Acc., unseen", "Loss, seen", "Loss, unseen"], rows, wide=True, left=3,
                 results=True)


def _seen_unseen(material: Material) -> Typst:
    best = material.best
    scores, groups = best.scored.scores, best.scored.scores["device_groups"]
    figures = (percent_of(scores), value(scores, "log_loss"))
    if len(material.systems) > 1:
        told = say("@tab-systems gives all systems. System {} is the best by {}: it attains an accuracy of {} and a "
                   "log loss of {}", best.index, _metric(material), *figures)
    else:
        told = say("@tab-systems gives the result: {} attains an accuracy of {} and a log loss of {}",
                   _name(material, best), *figures)
    seen, unseen = groups.get("seen"), groups.get("unseen")
    if not (seen and unseen):
        return Typst(told + ".")
    gap = round(100 * (seen["accuracy"] - unseen["accuracy"]), 1)
    if not gap:
        return say("{}; on devices with and without training clips its accuracy is the same.", told)
    return say("{}; on devices without training clips its accuracy is {:.1f} points {} than on the others.", told,
               abs(gap), "lower" if gap > 0 else "higher")


def _metric(material: Material) -> str:
    return "log loss" if material.rules.ranking.metric == "log_loss" else "accuracy"


def _groups(material: Material, block: str, what: str) -> list[Block]:
    """One table of a grouping: of one system both metrics side by side, of several one metric after the other."""
    systems = material.systems
    known = [*taxonomy().scenes, *(name for kind in taxonomy().devices.values() for name in kind)]
    names = [name for name in known if any(name in system.scored.scores[block] for system in systems)]
    if not names:
        return []
    title = {name: name.replace("_", " ") if what == "scene" else name.upper() for name in names}
    label, several = f"tab-{what}s", len(systems) > 1
    clips = systems[0].scored.scores[block]
    rows: list[list[object]] = []
    ruled = []
    if several:
        for metric in METRICS:
            ruled.append(len(rows))
            rows.append([say("_{}_", _TITLES[metric])])
            rows += [[title[name], f"{clips[name]['clips']:,}" if name in clips else ABSENT,
                      *(with_interval(system.scored.scores[block].get(name), metric) for system in systems)]
                     for name in names]
            rows.append(["all", f"{systems[0].scored.scores['clips']:,}",
                         *(with_interval(system.scored.scores, metric) for system in systems)])
        header = [what.capitalize(), "Clips", *(f"System {system.index}" for system in systems)]
    else:
        scores = systems[0].scored.scores
        rows = [[title[name], f"{clips[name]['clips']:,}", *(with_interval(scores[block].get(name), metric)
                                                            for metric in METRICS)] for name in names]
        ruled = [len(rows)]
        rows.append(["all", f"{scores['clips']:,}", *(with_interval(scores, metric) for metric in METRICS)])
        header = [what.capitalize(), "Clips", "Accuracy / %", "Log loss / nats"]
    caption = say("Accuracy and log loss by {} on the development test fold{}.", what,
                  " (in brackets: 95 % intervals)" if material.intervals.get("resamples") else "")
    return [Paragraph(_extremes(material, block, what, label, title)),
            Table(label, caption, header, rows, wide=several, ruled=ruled, results=True)]


def _extremes(material: Material, block: str, what: str, label: str, title: Mapping[str, str]) -> Typst:
    """Which group is the easiest and which the hardest for the best system."""
    best = material.best
    groups = {name: scores["accuracy"] for name, scores in best.scored.scores[block].items()
              if name in title and scores["accuracy"] is not None}
    if not groups or len(set(groups.values())) == 1:
        return say("@{} shows the scores by {}.", Typst(label), what)
    high, low = max(groups.values()), min(groups.values())

    def those(level: float) -> Typst:
        level_names = [title[name] for name, accuracy in groups.items() if accuracy == level]
        return listing(level_names) if len(level_names) < 4 else say("{}", counted(len(level_names), what))

    on = "at" if what == "scene" else "on"
    return say("By {} (@{}), the accuracy of {} is highest {on} {} ({}) and lowest {on} {} ({}).", what, Typst(label),
               f"system {best.index}" if len(material.systems) > 1 else "the system", those(high),
               percent_of({"accuracy": high}), those(low), percent_of({"accuracy": low}), on=on)


def _complexity(material: Material) -> list[Block]:
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


def _integers(compared: Mapping[str, Any]) -> list[Block]:
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
                               listing(say("_{}_", name) for name in floats))])
    return [Paragraph(told), Table(
        "tab-integers", Typst("Accuracy in percent / log loss in nats before quantization, simulated and executed, and "
                              "the share of clips on which the last two decide alike."),
        ["Network", "Before", "Simulated", "Executed", "Alike / %"], rows, results=True)]


def _comparison(material: Material) -> list[Block]:
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
        ["Network", "Role", "Parameters", "Bytes", "MACs", *(_TITLES[metric] for metric in metrics)], rows, wide=True,
        left=2, results=bool(scored))]
