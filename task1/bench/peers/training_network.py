"""DSMN as its report draws it: every arrow a layer, in PyTorch's default order of memory, nothing joined.

Takes the same `network` block of a recipe as task1/models/dsmn.py and calls its layers alike, so that the weights of
one can be loaded into the other. Maps are (batch, channel, mel, frame).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn


class _Pair(nn.Module):
    """Two depthwise convolutions of one map, three frames and three mel bands wide, dilated by two, and their sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.time = nn.Conv2d(width, width, (1, 3), padding=(0, 2), dilation=(1, 2), groups=width, bias=False)
        self.mel = nn.Conv2d(width, width, (3, 1), padding=(2, 0), dilation=(2, 1), groups=width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.time(x) + self.mel(x)


def _operator(in_width: int, out_width: int) -> nn.Sequential:
    scale = nn.Conv2d(in_width, out_width, 1, groups=out_width, bias=False)
    return nn.Sequential(scale, _Pair(out_width), nn.BatchNorm2d(out_width), nn.ReLU())


def _chain(width: int) -> nn.ModuleDict:
    return nn.ModuleDict({"first": _operator(width, width), "second": _operator(width, width),
                          "third": _operator(width, width // 2)})


class _Gate(nn.Module):
    """Channels scaled by a gate of their own average and their neighbours'."""

    def __init__(self) -> None:
        super().__init__()
        self.neighbours = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3)).unsqueeze(1)  # (batch, 1, channel)
        gate = torch.sigmoid(self.neighbours(means)).squeeze(1)
        return x * gate[:, :, None, None].expand_as(x)


def _finish(kept: int, out_width: int, pool: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(_Gate(), nn.Conv2d(kept, out_width, 1), nn.BatchNorm2d(out_width), nn.ReLU(),
                         nn.AvgPool2d(pool))


class _Whole(nn.Module):
    def __init__(self, in_width: int, out_width: int) -> None:
        super().__init__()
        half = in_width // 2
        self.distil = nn.ModuleDict({"refine": _chain(in_width), "keep_input": nn.Conv2d(in_width, half, 1),
                                     "keep_first": nn.Conv2d(in_width, half, 1)})
        self.finish = _finish(3 * half, out_width, (2, 2))

    def forward(self, x: Tensor) -> Tensor:
        own = self.distil
        chain: Any = own["refine"]
        first = chain["first"](x)
        last = chain["third"](chain["second"](first))
        return self.finish(torch.cat([own["keep_input"](x), own["keep_first"](first), last], dim=1))


class _Cut(nn.Module):
    def __init__(self, in_width: int, out_width: int) -> None:
        super().__init__()
        half = in_width // 2
        self.refine = _chain(in_width)
        self.keep_low, self.keep_high = nn.Conv2d(in_width, half, 1), nn.Conv2d(in_width, half, 1)
        self.finish = _finish(half, out_width, (1, 2))

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.chunk(2, dim=2)
        refined = self.refine["third"](self.refine["second"](self.refine["first"](low)))
        return self.finish(self.keep_low(low) + self.keep_high(high) + refined)


class PlainDSMN(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame); mel a multiple of what the cuts divide by."""

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        super().__init__()
        widths = [recipe["stem"], *recipe["channels"]]
        self.pooled = recipe["pooled_blocks"]
        self.stem = nn.Conv2d(recipe["in_channels"], recipe["stem"], 1)
        self.blocks = nn.ModuleList((_Cut if is_cut else _Whole)(narrow, wide) for (narrow, wide), is_cut in
                                    zip(pairwise(widths), recipe["cut"], strict=True))
        joined = sum(widths[block] for block in self.pooled)
        self.head = nn.Sequential(nn.Linear(joined, recipe["hidden"]), nn.ReLU(), nn.Dropout(recipe["dropout"]),
                                  nn.Linear(recipe["hidden"], sum(recipe["outputs"])))

    def forward(self, x: Tensor) -> Tensor:
        x, kept = self.stem(x), []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.pooled:
                kept.append(x.mean(dim=(2, 3)))
        return self.head(torch.cat(kept, dim=1))
