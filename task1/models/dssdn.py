"""DSSDN, deep space separable distillation network (ye2024): Large (sc), Middle (spc), Small (osc), two ablations."""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Share, Width, Widths, need_even, need_positions
from task1.models.distillation import ConcentratingCutBlock, WholeBlock
from task1.models.layers import PooledScales, dense_head
from task1.models.operators import Operator, conv3x3, orthonormal, separable, separable_partial
from task1.models.quick import pointwise

OperatorName = Literal["sc", "osc", "spc", "conv3x3"]
Cut = Literal["none", "splice", "concentrate"]
_WHOLE = {"sc": separable, "conv3x3": conv3x3}
_SHARED = {"osc": orthonormal, "spc": separable_partial}


def _operator(name: OperatorName | None, share: float | None, cut: bool) -> Operator:
    if name is None:
        raise ValueError("operator: found null, expected sc, osc, spc or conv3x3 for body: distillation")
    if (share is not None) != (name in _SHARED):
        expected = "a share of the channels" if name in _SHARED else "null"
        raise ValueError(f"share: found {share}, expected {expected} for operator: {name}")
    return _WHOLE[name](cut) if share is None else _SHARED[name](share, cut)


def _plain(in_width: int, out_width: int) -> nn.Module:
    """The ablation without distillation: unpadded convolution, so the size barely shrinks."""
    conv = nn.Conv2d(in_width, out_width, 3)
    # without normalisation, the signal of PyTorch's own initialisation fades over this depth
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.ReLU())


class DSSDN(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    `operator` and `share`: what a block is made of (share: middle width of osc, convolved part of spc; else null);
    `body`: distillation blocks or plain convolutions; `scales`: whose outputs, counted from 1, the classifier sees.
    `cut`: of the mel axis in every block. `splice` lets no operator look across the middle (the same weights serve both
    halves, so the counts are those of `none`, which are the printed ones); `concentrate` gives the high half a 1x1
    convolution alone.
    """

    def __init__(
        self,
        in_channels: Width,
        stem: Width,
        channels: Widths,
        body: Literal["distillation", "plain"],
        operator: OperatorName | None,
        share: Share | None,
        cut: Cut,
        scales: Widths,
        hidden: Width,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        need_positions("scales", scales, len(channels))
        widths = list(pairwise((stem, *channels)))
        blocks: list[nn.Module]
        if body == "plain":
            if (operator, share, cut) != (None, None, "none"):
                raise ValueError(f"operator, share, cut: found {operator}, {share}, {cut}, "
                                 "expected null, null, none for body: plain, which has no such blocks")
            blocks = [_plain(narrow, wide) for narrow, wide in widths]
        else:
            need_even("stem", [stem])
            need_even("channels", channels[:-1])
            block = ConcentratingCutBlock if cut == "concentrate" else WholeBlock
            make = _operator(operator, share, cut=cut == "splice")
            blocks = [block(narrow, wide, make) for narrow, wide in widths]
        self.scales = scales
        self.stem = nn.Conv2d(in_channels, stem, 1)
        self.blocks = nn.ModuleList(blocks)
        self.pooled = PooledScales()
        self.head = dense_head(sum(channels[scale - 1] for scale in scales), hidden, dropout, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = pointwise(self.stem, x)
        scales = []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.scales:
                scales.append(x)
        return self.head(self.pooled(scales))
