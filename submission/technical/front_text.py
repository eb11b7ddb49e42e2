"""Title block, abstract, introduction, conclusion and provenance of a report."""

import shlex
from dataclasses import dataclass

from submission.technical.augmentation_text import used
from submission.technical.blocks import Block, Bullets, Paragraph, Section, Table
from submission.technical.feature_text import input_words
from submission.technical.groups import by_value
from submission.technical.markup import Typst, join, literal, say
from submission.technical.material import Material
from submission.technical.printed import interval, percent_of, value
from submission.technical.words import counted, listing, number, plain, plural
from task1.config import taxonomy
from task1.config.entry import Affiliation

DIGITS = 16


@dataclass(frozen=True)
class Front:
    """The block above the columns: affiliations are numbered if there are several."""

    title: str
    authors: tuple[tuple[str, str], ...]
    affiliations: tuple[tuple[str, str], ...]
    emails: tuple[str, ...]


def front(material: Material) -> Front:
    run = material.run
    places = list(dict.fromkeys(_place(author.affiliation) for author in run.authors))
    marks = {place: str(position) if len(places) > 1 else "" for position, place in enumerate(places, start=1)}
    return Front(
        f"{run.texts.name} for {material.subject}",
        tuple((f"{author.firstname} {author.lastname}", marks[_place(author.affiliation)]) for author in run.authors),
        tuple((place, marks[place]) for place in places), tuple(author.email for author in run.authors))


def _place(affiliation: Affiliation) -> str:
    return ", ".join(part for part in (affiliation.department, affiliation.institute, affiliation.location) if part)


def abstract(material: Material) -> Typst:
    run, best = material.run, material.best
    scores, rules = best.scored.scores, material.rules
    methods = [method.name if method.name == "SpecAugment" else method.name.lower() for method, _ in used(material)]
    many = len(material.systems)
    sentences = [say("This technical report describes {} for {} of the DCASE{} Challenge, {}.",
                     counted(many, "system"), material.task, rules.year, material.subject)]
    inputs = list(dict.fromkeys(input_words(recipe.input) for recipe in run.models.values()))
    sentences.append(say("{} {} scenes from {} of clips of {}~s.",
                         "A convolutional network classifies" if len(run.models) == 1 else
                         "Convolutional networks classify", number(len(taxonomy().scenes)), listing(inputs, "or"),
                         plain(run.clip_seconds)))
    if methods:
        sentences.append(say("Training clips are augmented by {}.", listing(methods)))
    teachers = sum(recipe.role == "teacher" for recipe in run.models.values())
    if teachers:
        sentences.append(say("The networks of the systems learn from {}.", counted(teachers, "teacher")))
    weights = list(dict.fromkeys(material.models[name].recipe.compression.weights
                                 for system in material.systems for name in system.system.models))
    shipped = {"int8": "8-bit integers, which training has simulated and which are executed as such",
               "float16": "16-bit floats", "float32": "32-bit floats"}
    sentences.append(say("Weights ship as {}.", listing(shipped[kind] for kind in weights)))
    low, high = interval(scores, "accuracy")
    sentences.append(say(
        "On the test fold of the _{}_, the {} attains an accuracy of {}{} and a log loss of {} with {:,} parameters "
        "and {:,} multiply-accumulates for one clip{}.", material.corpus("development"),
        "system" if many == 1 else f"best of {number(many)} systems", percent_of(scores),
        f" ({100 * material.intervals['level']:g}\u00a0% interval {low} to {high}\u00a0%)" if low else "",
        value(scores, "log_loss"), best.parameters, best.macs(rules.macs.convention), _within(material)))
    unseen = scores["device_groups"].get("unseen")
    if unseen:
        sentences.append(say("On devices that training has not heard, the accuracy is {}.", percent_of(unseen)))
    if run.embedded:
        sentences.append(Typst("*These recordings are synthetic: the figures are no results on real ones.*"))
    return join(sentences)


def _within(material: Material) -> str:
    if not material.limited:
        return ""
    over = any(verdict.state == "over" for verdict in material.best.verdicts(material.rules))
    return ", beyond the edition's limits" if over else ", within the edition's limits"


def index_terms(material: Material) -> Typst:
    recipes = material.run.models.values()
    terms = ["Acoustic scene classification"]
    terms += ["low complexity"] if material.limited else []
    terms += ["knowledge distillation"] if any(recipe.distillation for recipe in recipes) else []
    terms += ["multi-task learning"] if any(r.training.loss.combine != "scene_only" for r in recipes) else []
    terms += ["quantization-aware training"] if any(r.compression.weights == "int8" for r in recipes) else []
    terms += ["pruning"] if any(recipe.compression.pruning for recipe in recipes) else []
    terms += ["data augmentation"] if used(material) else []
    return Typst(", ".join(terms))


def introduction(material: Material) -> Section:
    run, rules, tax = material.run, material.rules, taxonomy()
    groups = [say("{} ({})", group.name, ", ".join(scene.replace("_", " ") for scene in group.scenes))
              for group in tax.super_classes]
    blocks: list[Block] = [Paragraph(say(
        "{} of the DCASE{} Challenge @task asks in which of {} scenes a clip of {}~s was recorded: {}. Test "
        "recordings come from other places than those for training, and in part from devices that training has not "
        "heard.", material.task, rules.year, number(len(tax.scenes)), plain(rules.clip_seconds), listing(groups)))]
    blocks.append(Paragraph(join([*_limits(material), _ranking(material)])))
    name = run.texts.name
    what = say("This report describes {} of the entry _{}_ ({}).", counted(len(material.systems), "system"),
               run.entry, name)
    if run.source:
        what = join([what, say("The entry follows “{}” @entry; what follows tells what this run did, not what was "
                               "published, and every figure in it was computed in this run.", run.source.title)])
    blocks.append(Paragraph(what))
    if material.changes:
        blocks.append(Paragraph(say(
            "The run differs from the full recipe in {} {}, listed in @sec-changes.", number(len(material.changes)),
            plural("point", len(material.changes)))))
    return Section("Introduction", blocks)


def _limits(material: Material) -> list[Typst]:
    rules = material.rules
    limits = []
    if rules.size.limit is not None:
        which = "parameters" if rules.size.counted == "all" else "non-zero parameters"
        limits.append(say("{:,} {}", rules.size.limit, which) if rules.size.as_ == "count" else
                      say("{:,} bytes for its {}", rules.size.limit, which))
    if rules.macs.limit is not None:
        limits.append(say("{:,} multiply-accumulate operations (MACs) for one clip", rules.macs.limit))
    if not limits:
        return [Typst("The complexity of systems is not limited.")]
    return [say("A system may have {}.", listing(limits))]


def _ranking(material: Material) -> Typst:
    ranking = material.rules.ranking
    if ranking.metric == "weighted_ranks":
        names = {"accuracy": "accuracy", "memory": "memory", "macs": "MACs"}
        return say("Systems are ranked by the weighted mean of their ranks by {}.",
                   listing(say("{} ({})", names[what], plain(weight)) for what, weight in ranking.weights.items()))
    return say("Systems are ranked by {}.", {"accuracy": "accuracy, averaged over scenes", "log_loss": "log loss",
                                             "subset_mean": "mean accuracy over training subsets"}[ranking.metric])


def changes(material: Material) -> Section | None:
    """What this run did otherwise than the full recipe, and left out."""
    if not (material.changes or material.deviations):
        return None
    blocks: list[Block] = []
    if material.changes:
        of = "the recipe as published" if material.run.source else "the entry's own full recipe"
        blocks += [Paragraph(say("Of {}, this run changed:", of), leads=True), Bullets([say("{}", text)
                                                                          for text in material.changes])]
    if material.deviations:
        blocks += [Paragraph(Typst("The recipe asks for the following, which was not done:"), leads=True),
                   Bullets([say("{}", text) for text in material.deviations])]
    return Section("Differences from the recipe", blocks)


def conclusion(material: Material) -> Section:
    best, scores = material.best, material.best.scored.scores
    text = say(
        "{} for {} {} described. {} attains an accuracy of {} and a log loss of {} on the test fold of the _{}_{}.",
        counted(len(material.systems), "system").capitalize(), material.subject,
        "was" if len(material.systems) == 1 else "were",
        "It" if len(material.systems) == 1 else f"The best of them, system {best.index},", percent_of(scores),
        value(scores, "log_loss"), material.corpus("development"), _within(material))
    if material.run.embedded:
        text = join([text, Typst("Since that corpus is synthetic, this shows that the method runs from end to end, and "
                                 "nothing about its quality.")])
    return Section("Conclusion", [Paragraph(text)])


def provenance(material: Material) -> Section:
    """How to have the same run again, and with what it was made."""
    made = _made_with(material)
    rows: list[list[object]] = [["Command", _code(shlex.join(material.run.command))]]
    rows += [[title, text] for title, text in made]
    seeds = by_value(material.run, lambda recipe: recipe.training.seed)
    rows.append(["Seed", "; ".join(f"{seed}" if len(seeds) == 1 else f"{seed} ({', '.join(names)})"
                                   for seed, names in seeds)])
    for system in material.systems:
        rows.append([f"Table of system {system.index}", _code(system.scored.table_digest[:DIGITS])])
    for name, digest in {m.name: m.digest for system in material.systems for m in system.members}.items():
        rows.append([say("Weights of _{}_", name), _code(digest[:DIGITS])])
    return Section("Reproducibility", [
        Paragraph(say("The same command, on the same machine, gives the same figures; @tab-provenance names what is "
                      "needed. Digests are the first {} digits of SHA-256.", DIGITS)),
        Table("tab-provenance", Typst("How these results were made."), ["What", "Which"], rows, left=2)])


def _code(text: str) -> Typst:
    return say("#raw({})", literal(text))


def _made_with(material: Material) -> list[tuple[str, str]]:
    """What trained the networks, as their files say; no times, for the same run shall give the same bytes."""
    made = [model.facts["made_with"] for model in material.models.values() if "made_with" in model.facts]
    rows = []
    for key, title in (("python", "Python"), ("torch", "PyTorch"), ("device", "Device"), ("precision", "Precision")):
        values = list(dict.fromkeys(str(one[key]) for one in made if one.get(key)))
        if values:
            rows.append((title, ", ".join(values)))
    return rows
