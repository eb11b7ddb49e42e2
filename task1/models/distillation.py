"""Feature-distillation blocks of DSMN and DSSDN, whole or with the frequency axis cut.

Each takes (batch, channel, mel, frame) and halves both sizes, rounding down. A chain of three operators refines the
features; at each step a 1x1 convolution keeps ("distils") a part; ECA weighs what was kept.
"""

from torch import Tensor, nn

from task1.models.attention import ECA
from task1.models.layers import Add, Concat, SplitMel
from task1.models.operators import Operator
from task1.models.quick import Size, average_pool, pointwise
from task1.models.quick_norm import normalize


class _Refine(nn.Module):
    """Three operators in a row; gives the first one's output and the last one's, which has half the channels."""

    def __init__(self, width: int, operator: Operator) -> None:
        super().__init__()
        self.first = operator(width, width)
        self.second = operator(width, width)
        self.third = operator(width, width // 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = self.first(x)
        return first, self.third(self.second(first))


class _Distil(nn.Module):
    """What is kept of a map: halves of the input, of the first refinement and of the last, 3/2 of the channels."""

    def __init__(self, width: int, operator: Operator) -> None:
        super().__init__()
        self.refine = _Refine(width, operator)
        self.keep_input = nn.Conv2d(width, width // 2, 1)
        self.keep_first = nn.Conv2d(width, width // 2, 1)
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        first, last = self.refine(x)
        return self.concat(pointwise(self.keep_input, x), pointwise(self.keep_first, first), last)


class _Finish(nn.Sequential):
    """Attention, 1x1 convolution, batch normalisation, ReLU, average pooling."""

    def __init__(self, kept: int, out_width: int, pool: Size) -> None:
        super().__init__(
            ECA(), nn.Conv2d(kept, out_width, 1), nn.BatchNorm2d(out_width), nn.ReLU(), nn.AvgPool2d(pool))
        self.size = pool

    def forward(self, x: Tensor) -> Tensor:
        attention, conv, norm, activation, pool = self
        assert isinstance(conv, nn.Conv2d)
        finished = activation(normalize(norm, pointwise(conv, attention(x))))
        return average_pool(finished, self.size) if self.training else pool(finished)


class WholeBlock(nn.Module):
    """DSSDB: the chain sees all frequencies; average pooling halves mel and frames."""

    def __init__(self, in_width: int, out_width: int, operator: Operator) -> None:
        super().__init__()
        self.distil = _Distil(in_width, operator)
        self.finish = _Finish(3 * in_width // 2, out_width, (2, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.distil(x))


class SummedCutBlock(nn.Module):
    """DSSDB_SEG of DSMN: the chain sees the low half, one 1x1 convolution the high half, and the two are summed.

    So the cut itself halves mel; average pooling halves frames alone.
    """

    def __init__(self, in_width: int, out_width: int, operator: Operator) -> None:
        super().__init__()
        self.split = SplitMel(2)
        self.refine = _Refine(in_width, operator)
        self.keep_low = nn.Conv2d(in_width, in_width // 2, 1)
        self.keep_high = nn.Conv2d(in_width, in_width // 2, 1)
        self.add = Add()
        self.finish = _Finish(in_width // 2, out_width, (1, 2))

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.split(x)
        _, refined = self.refine(low)
        return self.finish(self.add(pointwise(self.keep_low, low), pointwise(self.keep_high, high), refined))


class ConcentratingCutBlock(nn.Module):
    """DSSDB cut as DSSDN's text has it word by word: the low half is distilled, the high half concentrated by one 1x1
    convolution, and the two are spliced along the mel axis."""

    def __init__(self, in_width: int, out_width: int, operator: Operator) -> None:
        super().__init__()
        self.split = SplitMel(2)
        self.distil = _Distil(in_width, operator)
        self.concentrate = nn.Conv2d(in_width, 3 * in_width // 2, 1)
        self.splice = Concat(dim=2)
        self.finish = _Finish(3 * in_width // 2, out_width, (2, 2))

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.split(x)
        return self.finish(self.splice(self.distil(low), pointwise(self.concentrate, high)))
