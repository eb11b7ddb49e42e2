"""Inception V1 / GoogLeNet (Szegedy 2015), a baseline of ye2024; no normalisation, as the printed counts have it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Size, Width, Widths, need_positions
from task1.models.layers import Concat, pooled_head

Branches = tuple[Width, Width, Width, Width, Width, Width]
"""(1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, after pooling)"""
Group = Annotated[tuple[Branches, ...], Field(min_length=1)]


class Auxiliary(BaseModel):
    """Extra heads after modules of the second group (counted from 1), whose losses enter training with `weight`.

    Their map is averaged to `grid` (mel, frame), which leaves the number of weights independent of the input's size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    after: Widths
    width: Width
    grid: Size
    hidden: Width
    dropout: Dropout
    weight: Annotated[float, Field(gt=0)]


def _conv(in_width: int, out_width: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(in_width, out_width, kernel, stride, kernel // 2)
    # without normalisation, the signal of PyTorch's own initialisation fades over this depth
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.ReLU())


def _halve() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class _Module(nn.Module):
    """Four views of the same map side by side."""

    def __init__(self, in_width: int, branches: Branches) -> None:
        super().__init__()
        one, reduced3, three, reduced5, five, pooled = branches
        self.branches = nn.ModuleList([
            _conv(in_width, one, 1),
            nn.Sequential(_conv(in_width, reduced3, 1), _conv(reduced3, three, 3)),
            nn.Sequential(_conv(in_width, reduced5, 1), _conv(reduced5, five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), _conv(in_width, pooled, 1)),
        ])
        self.concat = Concat()
        self.out_width = one + three + five + pooled

    def forward(self, x: Tensor) -> Tensor:
        return self.concat(*[branch(x) for branch in self.branches])


def _auxiliary_head(in_width: int, settings: Auxiliary, outputs: Outputs) -> nn.Sequential:
    mel, frame = settings.grid
    return nn.Sequential(
        nn.AdaptiveAvgPool2d((mel, frame)),
        _conv(in_width, settings.width, 1),
        nn.Flatten(),
        nn.Linear(settings.width * mel * frame, settings.hidden),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden, sum(outputs)),
    )


class InceptionV1(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    A training loop that wants the auxiliary heads' losses calls `with_auxiliary`; `forward` leaves those heads alone.
    """

    def __init__(
        self,
        in_channels: Width,
        stem: tuple[Width, Width, Width],
        groups: tuple[Group, Group, Group],
        auxiliary: Auxiliary,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        need_positions("auxiliary.after", auxiliary.after, len(groups[1]))
        self.stem = nn.Sequential(
            _conv(in_channels, stem[0], 7, stride=2), _halve(), _conv(stem[0], stem[1], 1), _conv(stem[1], stem[2], 3))
        width = stem[2]
        self.halve = nn.ModuleList(_halve() for _ in groups)
        self.groups = nn.ModuleList()
        after: dict[int, int] = {}
        for position, group in enumerate(groups):
            modules = nn.ModuleList()
            for number, branches in enumerate(group, start=1):
                module = _Module(width, branches)
                width = module.out_width
                modules.append(module)
                if position == 1 and number in auxiliary.after:
                    after[number] = width
            self.groups.append(modules)
        self.head = pooled_head(width, dropout, outputs)
        self.auxiliary_weight = auxiliary.weight
        self.auxiliary = nn.ModuleDict(
            {str(number): _auxiliary_head(at, auxiliary, outputs) for number, at in after.items()})

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self._features(x)[0])

    def with_auxiliary(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits and those of the auxiliary heads, each of the latter worth `auxiliary_weight` in the loss."""
        last, middle = self._features(x)
        return self.head(last), [head(middle[int(number)]) for number, head in self.auxiliary.items()]

    def _features(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        x = self.stem(x)
        middle: dict[int, Tensor] = {}
        for position, (halve, modules) in enumerate(zip(self.halve, self.groups, strict=True)):
            x = halve(x)
            assert isinstance(modules, nn.ModuleList)
            for number, module in enumerate(modules, start=1):
                x = module(x)
                if position == 1:
                    middle[number] = x
        return x, middle
