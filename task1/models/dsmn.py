"""DSMN, deep separable multi-scale network (wang2023): five distillation blocks, some or all cutting the mel axis."""

from itertools import pairwise

from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Width, Widths, need_even, need_positions, need_same_length
from task1.models.distillation import SummedCutBlock, WholeBlock
from task1.models.layers import PooledScales, dense_head
from task1.models.operators import dssc
from task1.models.quick import pointwise


class DSMN(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    `cut`: which block treats low and high frequencies apart; `pooled_blocks`: whose outputs, counted from 1, the
    classifier sees.
    """

    def __init__(
        self,
        in_channels: Width,
        stem: Width,
        channels: Widths,
        cut: tuple[bool, ...],
        pooled_blocks: Widths,
        hidden: Width,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        need_same_length("cut", cut, "channels", channels)
        need_positions("pooled_blocks", pooled_blocks, len(channels))
        need_even("stem", [stem])
        need_even("channels", channels[:-1])
        self.pooled_blocks = pooled_blocks
        self.stem = nn.Conv2d(in_channels, stem, 1)
        self.blocks = nn.ModuleList(
            (SummedCutBlock if is_cut else WholeBlock)(narrow, wide, dssc)
            for (narrow, wide), is_cut in zip(pairwise((stem, *channels)), cut, strict=True)
        )
        self.pooled = PooledScales()
        self.head = dense_head(sum(channels[block - 1] for block in pooled_blocks), hidden, dropout, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = pointwise(self.stem, x)
        scales = []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.pooled_blocks:
                scales.append(x)
        return self.head(self.pooled(scales))
