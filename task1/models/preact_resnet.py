"""Pre-activation residual network with one path a frequency band (zhao2021's teacher).

After McDonnell and Gao (DCASE 2019): paths never pool mel and meet on the mel axis before the classifier. Normalisation
inside has no weights of its own.
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from task1.models.arguments import Outputs, Width, Widths
from task1.models.attention import CBAM, SqueezeExcite
from task1.models.layers import Add, Concat, MapHeads, SplitMel

Attention = Callable[[int], nn.Module]


def _unit(in_width: int, out_width: int, kernel: int = 3, stride: tuple[int, int] = (1, 1)) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(in_width, affine=False),
        nn.ReLU(),
        nn.Conv2d(in_width, out_width, kernel, stride, kernel // 2, bias=False),
    )


class _WidenShortcut(nn.Module):
    """Average pooling in time and channels of zeros for the ones that the residual branch adds."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.extra = extra
        self.pool = nn.AvgPool2d(3, (1, 2), 1, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(self.pool(x), (0, 0, 0, 0, 0, self.extra))


class _Block(nn.Module):
    """Two units, attention if any, and the input added; frames are halved where the width grows."""

    def __init__(self, in_width: int, out_width: int, halve: bool, attention: Attention) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _unit(in_width, out_width, stride=(1, 2) if halve else (1, 1)),
            _unit(out_width, out_width),
            attention(out_width),
        )
        self.shortcut = _WidenShortcut(out_width - in_width) if halve else nn.Identity()
        self.add = Add()

    def forward(self, x: Tensor) -> Tensor:
        return self.add(self.shortcut(x), self.residual(x))


def _path(in_channels: int, stacks: Widths, blocks: int, attention: Attention) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.BatchNorm2d(in_channels), nn.Conv2d(in_channels, stacks[0], 3, (1, 2), 1, bias=False)]
    width = stacks[0]
    for position, stack in enumerate(stacks):
        for block in range(blocks):
            layers.append(_Block(width, stack, position > 0 and block == 0, attention))
            width = stack
    return nn.Sequential(*layers)


def _attention(name: str, reduction: int | None) -> Attention:
    if name == "none" or reduction is None:
        return lambda width: nn.Identity()
    return lambda width: (SqueezeExcite if name == "se" else CBAM)(width, reduction)


class PreactResNet(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    `stacks`: widths of stacks of `blocks` residual blocks a path; `attention_at: blocks` in every residual branch,
    `merged` once after the paths have met; both it and `reduction` are null without attention.
    """

    def __init__(
        self,
        in_channels: Width,
        paths: Width,
        stacks: Widths,
        blocks: Width,
        shared: Width,
        attention: Literal["none", "se", "cbam"],
        attention_at: Literal["blocks", "merged"] | None,
        reduction: Width | None,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        if (attention == "none") != (attention_at is None) or (attention == "none") != (reduction is None):
            expected = "null, null" if attention == "none" else "blocks or merged and a number"
            raise ValueError(f"attention_at, reduction: found {attention_at}, {reduction}, "
                             f"expected {expected} for attention: {attention}")
        if list(stacks) != sorted(stacks):
            raise ValueError(f"stacks: found {list(stacks)}, expected widths that never shrink, "
                             "since shortcuts only add channels")
        no_attention, chosen = _attention("none", None), _attention(attention, reduction)
        in_blocks = chosen if attention_at == "blocks" else no_attention
        self.split = SplitMel(paths)
        self.paths = nn.ModuleList(_path(in_channels, stacks, blocks, in_blocks) for _ in range(paths))
        self.merge = Concat(dim=2)
        self.merged_attention = chosen(stacks[-1]) if attention_at == "merged" else nn.Identity()
        self.shared = _unit(stacks[-1], shared, kernel=1)
        self.heads = MapHeads(shared, outputs)

    def forward(self, x: Tensor) -> Tensor:
        merged = self.merge(*[path(band) for path, band in zip(self.paths, self.split(x), strict=True)])
        return self.heads(self.shared(self.merged_attention(merged)))
