"""Losses, optimisation, distillation, compression and decision in words and a table, from the recipe."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from submission.technical.blocks import Block, Heading, Paragraph, Section, Table
from submission.technical.groups import by_value, names_of, whom
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.words import counted, listing, measured, number, percent, plain, uncapital
from task1.config import ModelRecipe, System
from task1.config.recipe import Averaging, Compression, Decision, Distillation, Loss, Schedule, Training

Value = TypeVar("Value")
_OPTIMIZERS = {"sgd": "SGD", "radam": "RAdam"}
_KEPT = {"best_accuracy": "of the best validation accuracy", "best_loss": "of the least validation loss",
         "last": "of the last epoch"}
_TYPES = {"int8": "8-bit integers", "float16": "16-bit floats", "float32": "32-bit floats"}


def training(material: Material) -> Section:
    """How the networks learn, and what of them ships."""
    blocks: list[Block] = [
        Paragraph(join([*_each(material, lambda recipe: recipe.training.loss, _loss),
                        *_each(material, lambda recipe: recipe.training.loss.orthonormal_weight, _penalty),
                        *_each(material, lambda recipe: recipe.training, _optimisation)])),
        Paragraph(join([*_each(material, lambda recipe: recipe.training.validation_share, _validation),
                        *_each(material, lambda recipe: recipe.training.data, _data),
                        *_each(material, _chosen, lambda chosen: _weights(*chosen)), *_clips(material)])),
        _table(material)]
    if any(recipe.distillation for recipe in material.run.models.values()):
        blocks += [Heading(Typst("Knowledge distillation")), Paragraph(_distillation(material))]
    shipped = list(dict.fromkeys(name for system in material.systems for name in system.system.models))
    decisions = _each(material, lambda recipe: recipe.decision, _decision, shipped)
    blocks += [Heading(Typst("Compression")),
               Paragraph(join(_each(material, lambda recipe: recipe.compression, _compression))),
               Heading(Typst("Decision")), Paragraph(join([*decisions, *_ensembles(material)]))]
    return Section("Training", blocks)


def _each(material: Material, value: Callable[[ModelRecipe], Value], words: Callable[[Value], Typst],
          of: Sequence[str] = ()) -> list[Typst]:
    """A sentence for each distinct text, led by the models it is about where not all (or not all of `of`) share it."""
    texts = by_value(material.run, lambda recipe: words(value(recipe)))
    chosen = [(text, [name for name in names if not of or name in of]) for text, names in texts if text]
    chosen = [(text, names) for text, names in chosen if names]
    everyone = len(of) or len(material.run.models)
    return [text if len(names) == everyone else say("For {}, {}", whom(material.run, names), uncapital(text))
            for text, names in chosen]


def _loss(settings: Loss) -> Typst:
    ways = {
        "scene_only": Typst("The loss is the cross-entropy of the scenes."),
        "weighted": say("The loss is the weighted sum of the cross-entropies of scenes ({}) and super-classes ({}).",
                        plain(settings.scene_weight), plain(settings.super_weight)),
        "pcgrad": say("The cross-entropies of scenes (weight {}) and super-classes (weight {}) are two tasks whose "
                      "gradients are projected where they conflict @pcgrad: "
                      "$g_i <- g_i - (g_i dot g_j) \\/ norm(g_j)^2 dot g_j$ if $g_i dot g_j < 0$.",
                      plain(settings.scene_weight), plain(settings.super_weight))}
    return ways[settings.combine]


def _penalty(weight: float) -> Typst:
    return say("A penalty of weight {} keeps the first 1 × 1 convolution of each operator near an orthonormal set.",
               plain(weight)) if weight else Typst("")


def _optimisation(settings: Training) -> Typst:
    optimizer, schedule = settings.optimizer, settings.schedule
    how = {"sgd": "stochastic gradient descent", "radam": "RAdam @radam"}[optimizer.name]
    extras = [say("momentum {}", plain(optimizer.momentum))] if optimizer.momentum else []
    extras += [say("weight decay {}", plain(optimizer.weight_decay))] if optimizer.weight_decay else []
    return join([
        say("The optimiser is {}{}, on batches of {}.", Typst(how),
            say(" with {}", listing(extras)) if extras else Typst(""), counted(settings.batch_size, "clip")),
        _schedule(schedule, optimizer.lr, settings.epochs)])


def _schedule(schedule: Schedule, lr: float, epochs: int) -> Typst:
    if schedule.name == "constant" and not schedule.warmup_epochs:
        return say("The learning rate is {} in {}.", plain(lr), _epochs(epochs))
    warm = say(" after a warm-up of {} from {}", measured(schedule.warmup_epochs, "epoch"),
               plain(schedule.warmup_lr)) if schedule.warmup_epochs else Typst("")
    if schedule.name == "constant":
        return say("The learning rate is {}{}, in {}.", plain(lr), warm, _epochs(epochs))
    restarts = [epoch for epoch in schedule.restarts if epoch < epochs] if schedule.name == "warm_restarts" else []
    falls = say("The learning rate falls along a cosine @sgdr from {} to {} in {}{}", plain(lr),
                plain(schedule.lr_min), _epochs(epochs), warm)
    if not restarts:
        return Typst(falls + ".")
    return say("{} and begins anew when {} {} are over.", falls, listing(restarts),
               "epochs" if restarts != [1] else "epoch")


def _epochs(epochs: int) -> str:
    return measured(epochs, "epoch")


def _validation(share: float) -> Typst:
    if not share:
        return Typst("No clips are held back for validation.")
    return say("All clips of {} of the training locations are held back for validation.", percent(share))


def _data(data: str) -> Typst:
    return Typst("The whole development set is learned from, the test fold included.") if data == "all" else Typst("")


def _chosen(recipe: ModelRecipe) -> tuple[str, Averaging | None, bool]:
    return recipe.training.keep, recipe.training.averaging, recipe.training.epochs > 1


def _weights(keep: str, averaging: Averaging | None, several: bool) -> Typst:
    if averaging is None:
        return say("The weights {} are kept.", _KEPT[keep]) if several else Typst("")
    which = (say("the last {}", measured(averaging.last, "epoch")) if averaging.last else
             say("epochs {}", listing(averaging.epochs)))
    how = (say("weighted by {}", listing(map(plain, averaging.weights))) if averaging.weights else
           Typst("with equal weights"))
    return say("The weights are averaged @weight_averaging over {}, {}.", which, how)


def _clips(material: Material) -> list[Typst]:
    """How many clips a training had; left out where models say nothing of it."""
    counts = {name: model.facts["clips"] for name, model in material.models.items() if "clips" in model.facts}
    found: list[tuple[dict[str, int], list[str]]] = []
    for name, own in counts.items():
        same = next((names for other, names in found if other == own), None)
        if same is None:
            found.append((own, [name]))
        else:
            same.append(name)
    sentences = []
    for own, names in found:
        parts = [say("{:,} clips", own["train"])]
        parts += [say("{:,} copies", own["copies"])] if own.get("copies") else []
        text = say("{} learned from {}", whom(material.run, names), listing(parts))
        if own.get("validation"):
            text = say("{} and {} validated on {:,}", text, "was" if len(names) == 1 else "were", own["validation"])
        sentences.append(Typst(text[:1].upper() + text[1:] + ".") if text[0] != "_" else Typst(text + "."))
    return sentences


def _table(material: Material) -> Table:
    run = material.run
    rows_of: list[tuple[str, Callable[[ModelRecipe], str]]] = [
        ("Epochs", lambda r: f"{r.training.epochs:,}"),
        ("Batch size", lambda r: f"{r.training.batch_size:,}"),
        ("Optimiser", lambda r: _OPTIMIZERS[r.training.optimizer.name]),
        ("Momentum", lambda r: plain(r.training.optimizer.momentum)),
        ("Weight decay", lambda r: plain(r.training.optimizer.weight_decay)),
        ("Learning rate", lambda r: plain(r.training.optimizer.lr)),
        ("Schedule", lambda r: r.training.schedule.name.replace("_", " ")),
        ("Validation share", lambda r: plain(r.training.validation_share)),
        ("Weights kept", lambda r: _kept(r.training)),
        ("Temperature", lambda r: plain(r.distillation.temperature) if r.distillation else "–"),
        ("Teachers' weight", lambda r: plain(r.distillation.weight) if r.distillation else "–"),
        ("Shipped as", lambda r: r.compression.weights),
        ("Seed", lambda r: str(r.training.seed)),
    ]
    groups = by_value(run, lambda recipe: tuple(value(recipe) for _, value in rows_of))
    rows = [[title, *(values[row] for values, _ in groups)] for row, (title, _) in enumerate(rows_of)
            if any(values[row] not in ("–", "0") for values, _ in groups)]
    header = ["Setting", *(["Value"] if len(groups) == 1 else [_names(names) for _, names in groups])]
    return Table("tab-training", Typst("Training settings."), header, rows, wide=len(groups) > 3)


def _names(names: list[str]) -> Typst:
    return join([say("{}", name) for name in names], ", ")


def _kept(settings: Training) -> str:
    if settings.averaging is None:
        return settings.keep.replace("_", " ")
    averaging = settings.averaging
    return f"mean of last {averaging.last}" if averaging.last else f"mean of {', '.join(map(str, averaging.epochs))}"


def _distillation(material: Material) -> Typst:
    sentences = []
    students = [(settings, names) for settings, names in by_value(material.run, lambda recipe: recipe.distillation)
                if settings]
    for settings, names in students:
        teachers = names_of(settings.teachers)
        of_several = "the averaged probabilities of " if len(settings.teachers) > 1 else ""
        sentences.append(say("{} {} from {}{}{}.", names_of(names),
                             "learns" if len(names) == 1 else "learn", of_several, teachers, _super_labels(settings)))
    temperatures = sorted({(settings.temperature, settings.weight) for settings, _ in students})
    values = listing(say("$T = {}$ and $w = {}$", plain(t), plain(w)) for t, w in temperatures)
    return join([
        Typst("Students learn from what teachers say of each clip @distillation; an altered copy is taught what its "
              "original is. A student's loss is $w T^2 \"KL\"(p_T || q_T) + (1 - w) \"CE\"(y, q)$, with the teacher's "
              "probabilities $p_T$ and the student's $q_T$ at temperature $T$, and the true label $y$;"),
        say("here {}.", values), *sentences])


def _super_labels(settings: Distillation) -> str:
    return "; the super-classes come from the true labels" if settings.super_labels == "truth" else ""


def _compression(settings: Compression) -> Typst:
    if settings.weights == "int8":
        begin = settings.quantization_aware_from_epoch
        since = "from the first epoch on" if not begin else f"after {measured(begin, 'epoch')}"
        text = say("Weights and activations are quantized to {}: rounding is part of the training {} @quantization, "
                   "with one scale an output channel for weights and one a tensor for activations, and the network is "
                   "executed on integers.", _TYPES["int8"], since)
    elif settings.weights == "float16":
        text = say("After training the weights are rounded to {}.", _TYPES["float16"])
    else:
        text = say("Weights stay {}.", _TYPES["float32"])
    if settings.pruning:
        kinds = {"magnitude": "of the weights of each layer, those of the smallest magnitude, are set to zero",
                 "structured": "of the channels, those of the smallest filters, are taken out"}
        text = join([text, say("Before that {} {}, and {} of fine-tuning follow.", percent(settings.pruning.share),
                               kinds[settings.pruning.kind], measured(settings.pruning.fine_tune_epochs, "epoch"))])
    return text


def _decision(settings: Decision) -> Typst:
    ways = {
        "scene": Typst("The scene of the largest probability is decided for."),
        "product": Typst("Probabilities of scenes are multiplied by those of their super-classes, scaled to sum 1, and "
                         "the largest decides."),
        "logit_mix": say("The scene $s$ with the largest $lambda z_s + (1 - lambda) z_(p(s))$ is decided for, with the "
                         "logits $z$ of scenes and super-classes, the super-class $p(s)$ of a scene and "
                         "$lambda = {}$.", plain(settings.scene_share))}
    return ways[settings.combine]


def _ensembles(material: Material) -> list[Typst]:
    return [_ensemble(system.index, system.system) for system in material.systems if system.system.combine != "single"]


def _ensemble(index: int, system: System) -> Typst:
    members = names_of(system.models)
    ways = {"mean": "the mean of the probabilities", "log_mean": "the geometric mean of the probabilities",
            "weighted": "a weighted mean of the probabilities",
            "linear": "a linear combination of the logarithms of the probabilities, with a bias a scene",
            "vote": "the majority of the decisions"}
    text = say("System {} combines the {} networks {} by {}", index, number(len(system.models)), members,
               ways[system.combine])
    if system.is_fitted:
        return say("{}; the weights are fitted on the clips held back from training.", text)
    return say("{}{}.", text, f" (weights {', '.join(map(plain, system.weights))})" if system.weights else "")
