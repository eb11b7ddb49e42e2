"""The networks of a run: what each is, by network_words.py, and the layers of the systems' own as they were counted."""

from collections.abc import Sequence
from typing import Any

from submission.technical.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from submission.technical.groups import by_value, names_of, whom
from submission.technical.markup import Typst, say
from submission.technical.material import Material, Model
from submission.technical.network_words import Spec, describe
from submission.technical.words import capital, listing, shown
from task1.complexity import Layer

MOST_ROWS = 20
_STARTS_ROW = ("Conv1d", "Conv2d", "ConvTranspose2d", "Linear", "Upsample", "ZeroPad2d")
_LEADS = ("Upsample", "ZeroPad2d")
"""Kinds that prepare what the layer behind them computes."""


def networks(material: Material) -> Section:
    """Networks of the systems with their layers, then those that only help or compare."""
    run = material.run
    groups = by_value(run, lambda recipe: recipe.network)
    shipped = {name for system in material.systems for name in system.system.models}
    kinds: dict[str, list[tuple[Spec, list[str]]]] = {}
    for spec, names in sorted(groups, key=lambda group: shipped.isdisjoint(group[1])):  # the systems' own first
        kinds.setdefault(str(spec["class"]), []).append((spec, names))
    blocks: list[Block] = []
    baselines: list[Typst] = []
    for alike in kinds.values():
        (first, names), others = alike[0], alike[1:]
        everyone = [name for _, own in alike for name in own]
        if not others and all(run.models[name].role == "baseline" for name in everyone):
            baselines.append(say("{}: {}", names_of(names), describe(first)))
            continue
        if len(kinds) > 1:
            blocks.append(Heading(capital(whom(run, everyone))))
        blocks.append(Paragraph(describe(first)))
        if names[0] in shipped:
            table = layer_table(material.models[names[0]], material)
            blocks += [Paragraph(say("@{} lists the layers of _{}_ with what they count.", Typst(table.label),
                                     names[0])), table]
        blocks += [_variation(material, own, other, first, names) for other, own in others]
    if baselines:
        blocks += [Heading(Typst("Baselines")), Bullets(baselines)]
    return Section("Networks", blocks)


def _variation(material: Material, names: list[str], spec: Spec, base: Spec, base_names: list[str]) -> Paragraph:
    """A network of a class that was described before, by what is different."""
    changed = [_changed(key.replace("_", " "), spec.get(key), base.get(key))
               for key in dict.fromkeys((*spec, *base)) if spec.get(key) != base.get(key)]
    return Paragraph(say("{} {} like _{}_, but for {}.", capital(whom(material.run, names)),
                         "is" if len(names) == 1 else "are", base_names[0], listing(changed)))


def _changed(title: str, ours: Any, theirs: Any) -> Typst:
    if ours is None:
        return say("no _{}_", title)
    return say("_{}_ {}", title, shown(ours)) if theirs is None else say("_{}_ {} instead of {}", title, shown(ours),
                                                                        shown(theirs))


def layer_table(model: Model, material: Material) -> Table:
    """Parts of a network in the order in which they compute, with shapes and counts."""
    convention = material.rules.macs.convention
    rows: list[list[object]] = [
        [name, kinds, " × ".join(map(str, shape)), f"{parameters:,}", f"{macs:,}"]
        for name, kinds, shape, parameters, macs in grouped(model.complexity.layers, convention)]
    rows.append(["sum", "", "", f"{model.complexity.parameters:,}", f"{model.complexity.macs[convention]:,}"])
    return Table(f"tab-layers-{model.name}", say(
        "Layers of _{}_ for one clip: output as channels × mel bands × frames, multiply-accumulates by the {} "
        "convention.", model.name, convention), ["Part", "Layers", "Output", "Parameters", "MACs"], rows, wide=True,
        left=3, ruled=(len(rows) - 1,))


Row = tuple[str, str, tuple[int, ...], int, int]


def grouped(layers: Sequence[Layer], convention: str) -> list[Row]:
    """Layers as at most `MOST_ROWS` parts: as deep in the tree of modules as that allows."""
    best: list[Row] = []
    for depth in range(1, 5):
        rows = _at_depth(layers, depth, convention)
        if best and len(rows) > MOST_ROWS:
            break
        best = rows
    return best


def _at_depth(layers: Sequence[Layer], depth: int, convention: str) -> list[Row]:
    """Neighbouring layers with the same first names as one part; single layers without weights join the one before."""
    parts: list[tuple[str, list[Layer]]] = []
    for layer in layers:
        names = layer.name.split(".")
        key = ".".join(names[:depth])
        single = 1 < len(names) <= depth and not layer.kind.startswith(_STARTS_ROW)
        led = bool(parts) and 1 < len(names) <= depth and parts[-1][1][-1].kind in _LEADS
        beside = bool(parts) and parts[-1][0].split(".")[0] == names[0]
        if parts and (parts[-1][0] == key or (beside and (single or led))):
            parts[-1][1].append(layer)
        else:
            parts.append((key, [layer]))
    return [(key or "(network)", _kinds(own), own[-1].output_shape[1:], sum(layer.parameters for layer in own),
             sum(layer.macs[convention] for layer in own)) for key, own in parts]


def _kinds(layers: Sequence[Layer]) -> str:
    """Kinds of layers with their numbers; of many the ones that hold weights."""
    kinds: dict[str, int] = {}
    for layer in layers:
        kinds[layer.kind] = kinds.get(layer.kind, 0) + 1
    if len(kinds) > 4:
        weighted = {layer.kind for layer in layers if layer.parameters}
        kinds = {kind: count for kind, count in kinds.items() if kind in weighted}
    return ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items())
