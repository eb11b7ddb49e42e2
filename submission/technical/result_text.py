"""Scores of a report in words and tables, from the scored results alone; what was counted is complexity_text.py's."""

from collections.abc import Iterator, Mapping, Sequence

from submission.systems import SystemFacts
from submission.technical.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from submission.technical.complexity_text import comparison, complexity, integers
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.printed import ABSENT, METRICS, TITLES, percent_of, value, with_interval
from submission.technical.seeds_text import seeds
from submission.technical.words import counted, listing
from task1.config import taxonomy


def results(material: Material) -> Section:
    """Everything that was scored and counted."""
    blocks: list[Block] = [Paragraph(_conventions(material)), _overall(material)]
    if material.deviations:
        blocks.append(Paragraph(Typst("*Not all that the recipe asks for was done:* see @sec-changes.")))
    if material.caveats:
        blocks += [Paragraph(Typst("*To be kept in mind:*"), leads=True), Bullets(list(_caveats(material.caveats)))]
    blocks.append(Paragraph(_seen_unseen(material)))
    blocks += [*_groups(material, "class_wise", "scene"), *_groups(material, "device_wise", "device")]
    if material.seeds:
        blocks += [Heading(Typst("Several seeds")), *seeds(material.seeds)]
    blocks += [Heading(Typst("Complexity")), *complexity(material)]
    if material.quantization and material.quantization["models"]:
        blocks += [Heading(Typst("Integers against floats")), *integers(material.quantization)]
    alone = {system.system.models for system in material.systems}
    if any((name,) not in alone for name in material.models):
        blocks += [Heading(Typst("All networks")), *comparison(material)]
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
        return Table("tab-systems", caption, ["Devices", "Clips", *TITLES.values()],
                     [[name, f"{part['clips']:,}", *(with_interval(part, metric) for metric in METRICS)]
                      for name, part in parts if part], results=True)
    rows = []
    for system in material.systems:
        scores = system.scored.scores
        groups = scores["device_groups"]
        rows.append([system.index, _name(material, system), " + ".join(system.system.models),
                     *(with_interval(scores, metric) for metric in METRICS),
                     *(value(groups.get(group), metric) for metric in METRICS for group in ("seen", "unseen"))])
    return Table("tab-systems", caption, ["System", "Name", "Networks", *TITLES.values(), "Acc., seen",
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
            rows.append([say("_{}_", TITLES[metric])])
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
