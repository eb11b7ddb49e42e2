"""Networks in words: a paragraph for each class that a recipe can name, with its arguments."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from submission.technical.markup import Typst, join, say
from submission.technical.words import capital, counted, listing, number, plain, shown
from task1.config import taxonomy

Spec = Mapping[str, Any]


def _heads(spec: Spec) -> Typst:
    """What comes out."""
    outputs = spec.get("outputs", [len(taxonomy().scenes)])
    if len(outputs) == 1:
        return say("the {} scenes", number(outputs[0]))
    return say("the {} scenes and the {} super-classes ({})", number(outputs[0]), number(outputs[1]),
               listing(group.name for group in taxonomy().super_classes))


def _blocks(positions: Sequence[int], total: int) -> Typst:
    if len(positions) == total:
        return Typst(f"all {number(total)} blocks")
    return say("{} {}", "block" if len(positions) == 1 else "blocks", listing(positions))


def _dsmn(spec: Spec) -> Typst:
    cut = [position for position, is_cut in enumerate(spec["cut"], start=1) if is_cut]
    total = len(spec["channels"])
    parts = [say(
        "A 1 × 1 convolution to {} channels is followed by {} distillation blocks @bsrn with {} channels. In a block, "
        "three operators in a row refine the features, and 1 × 1 convolutions keep a part at each step; efficient "
        "channel attention @eca weighs what was kept. An operator is a grouped 1 × 1 convolution that only scales or "
        "joins channels, then depthwise convolutions along time and along frequency, dilated by 2 and summed, batch "
        "normalisation and ReLU.", spec["stem"], number(total), listing(spec["channels"]))]
    if cut:
        parts.append(say(
            "{} the frequency axis: the low half is refined, the high half passes one 1 × 1 convolution, and the two "
            "are summed.", capital(say("{} {}", _blocks(cut, total), "cuts" if len(cut) == 1 else "cut"))))
    if len(cut) < total:
        whole = [position for position in range(1, total + 1) if position not in cut]
        parts.append(say("{} all frequencies alike.",
                         capital(say("{} {}", _blocks(whole, total), "treats" if len(whole) == 1 else "treat"))))
    parts.append(say(
        "Global averages of the outputs of {} are joined; two dense layers ({} hidden units, dropout {}) give {}.",
        _blocks(spec["pooled_blocks"], total), spec["hidden"], plain(spec["dropout"]), _heads(spec)))
    return join(parts)


_OPERATORS = {
    "sc": "a 1 × 1 convolution and depthwise convolutions along time and along frequency, summed (SC)",
    "spc": "depthwise convolutions along time and along frequency of a share of {} of the channels, beside the rest, "
           "and a 1 × 1 convolution that mixes them (SPC)",
    "osc": "a 1 × 1 convolution in two steps through a share of {} of the channels, the first drawn towards an "
           "orthonormal set, and depthwise convolutions along time and along frequency, summed (OSC)",
    "conv3x3": "an ordinary 3 × 3 convolution",
}


def _dssdn(spec: Spec) -> Typst:
    total = len(spec["channels"])
    stem = say("A 1 × 1 convolution to {} channels is followed by", spec["stem"])
    if spec["body"] == "plain":
        body = say("{} {} plain 3 × 3 convolutions with {} channels.", stem, number(total), listing(spec["channels"]))
    else:
        cuts = {"none": "", "splice": " No operator looks across the middle of the frequency axis.",
                "concentrate": " The high half of the frequency axis passes a 1 × 1 convolution alone."}
        operator = _OPERATORS[spec["operator"]].format(plain(spec["share"]) if spec["share"] else "")
        body = say("{} {} distillation blocks @bsrn with {} channels, whose parts are weighed by efficient channel "
                   "attention @eca. Their operator is {}.{}", stem, number(total), listing(spec["channels"]), operator,
                   Typst(cuts[spec["cut"]]))
    return join([body, say("Global averages of the outputs of {} are joined; two dense layers ({} hidden units, "
                           "dropout {}) give {}.", _blocks(spec["scales"], total), spec["hidden"],
                           plain(spec["dropout"]), _heads(spec))])


def _mobnet(spec: Spec) -> Typst:
    return say(
        "Mobnet @mobnet with one frequency branch: a 3 × 3 convolution with stride 2 to {} channels, {} groups of {} "
        "inverted residual blocks @inverted_residuals with {} channels and an expansion factor of {}, the first of a "
        "group with stride 2, and 1 × 1 convolutions to {} and {} channels with dropout {}. A classifier on every "
        "position of the map, averaged, gives {}.", spec["first"], number(len(spec["groups"])), number(spec["repeats"]),
        listing(spec["groups"]), spec["expansion"], spec["last"], spec["shared"], plain(spec["dropout"]),
        _heads(spec))


def _preact_resnet(spec: Spec) -> Typst:
    attention = {"none": "", "se": " squeeze-and-excitation @squeeze_excite", "cbam": " CBAM @cbam"}[spec["attention"]]
    where = {None: "", "blocks": "in every residual branch", "merged": "after the paths have met"}[spec["attention_at"]]
    text = say(
        "A pre-activation residual network with {} @preact_resnet, one a band of the frequency axis: {} residual "
        "blocks with {} channels each. The paths meet on the frequency axis before a 1 × 1 convolution to {} channels; "
        "a classifier on every position of the map, averaged, gives {}.", counted(spec["paths"], "path"),
        number(spec["blocks"] * len(spec["stacks"])), listing(spec["stacks"]), spec["shared"], _heads(spec))
    if spec["attention"] == "none":
        return text
    return join([text, say("Attention is{} {}, with a reduction of {}.", Typst(attention), where, spec["reduction"])])


def _segnet(spec: Spec) -> Typst:
    encoder, decoder = ([width for block in spec[part] for width in block] for part in ("encoder", "decoder"))
    return say(
        "An encoder of {} convolutional layers ({} channels), each of which ends with {} × {} maximum pooling, and a "
        "decoder of {} layers ({} channels), each of which begins with {} × {} up-sampling, after SegNet @segnet; "
        "kernels are {} × {}. The outer blocks mix the map with its instance-normalised form, with a weight from "
        "$\"Beta\"({}, {})$; the inner ones have batch normalisation. A global average and two dense layers "
        "({} hidden units, dropout {}) give {}.", number(len(encoder)), listing(encoder), *spec["pool"],
        number(len(decoder)), listing(decoder), *spec["upsample"], *spec["kernel"], plain(spec["norm_alpha"]),
        plain(spec["norm_alpha"]), spec["hidden"], plain(spec["dropout"]), _heads(spec))


def _cp_mobile(spec: Spec) -> Typst:
    blocks = sum(map(len, spec["strides"]))
    return say(
        "CP-Mobile @cp_mobile: two 3 × 3 convolutions with stride 2, {} stages of {} inverted residual blocks "
        "@inverted_residuals in all, of {} channels at first and {} times as many from stage to stage, expanded by {}. "
        "A 1 × 1 convolution and a global average give {}.", number(len(spec["strides"])), number(blocks),
        spec["base_channels"], plain(spec["channels_multiplier"]), plain(spec["expansion_rate"]), _heads(spec))


def _baseline_cnn(spec: Spec) -> Typst:
    (one, two), (three, four) = spec["pools"]
    return say(
        "The organisers' baseline: three {size} × {size} convolutions with {widths} channels, {} × {} and {} × {} "
        "maximum pooling behind the last two, and two dense layers ({hidden} hidden units, dropout {dropout}) for "
        "{heads}.",
        one, two, three, four, size=spec["kernel"], widths=listing(spec["widths"]), hidden=spec["hidden"],
        dropout=plain(spec["dropout"]), heads=_heads(spec))


def _simple(pattern: str) -> Callable[[Spec], Typst]:
    return lambda spec: say(pattern, heads=_heads(spec))


WORDS: dict[str, Callable[[Spec], Typst]] = {
    "baseline_cnn": _baseline_cnn, "cp_mobile": _cp_mobile, "dsmn": _dsmn, "dssdn": _dssdn, "mobnet": _mobnet,
    "preact_resnet": _preact_resnet, "segnet": _segnet,
    "inception_v1": _simple("Inception V1 @googlenet for {heads}."),
    "mobilenet_v1": _simple("MobileNetV1 @depthwise for {heads}."),
    "mobilenet_v2": _simple("MobileNetV2 @inverted_residuals for {heads}."),
    "mobilenet_v3_small": _simple("MobileNetV3 Small @mobilenet_v3 for {heads}."),
    "resnet34": _simple("A residual network of 34 layers @resnet for {heads}."),
}


def _own(spec: Spec) -> Typst:
    """A network of the user's, of which nothing is known but its arguments and its layers."""
    arguments = [say("{} {}", key, shown(value)) for key, value in spec.items() if key != "class"]
    return say("The class _{}_{}.", str(spec["class"]).rpartition(":")[2],
               Typst(f" with {listing(arguments)}") if arguments else "")


def describe(spec: Spec) -> Typst:
    """A paragraph about the network of `spec`."""
    return WORDS.get(str(spec["class"]), _own)(spec)
