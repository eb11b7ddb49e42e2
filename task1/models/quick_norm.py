"""Batch normalisation of maps with few channels, as a CPU computes it quickly and more precisely than PyTorch's.

With channels last in memory PyTorch goes through a map position by position. Where a position has few channels, that is
slow, and sums of several threads lie so near each other in memory that the threads wait for each other: with 8 channels
two threads take twice the time of one. Here so many positions after one another are taken for one with as many times
the channels: the same memory, in rows that suit the processor, and sums apart. Their statistics are joined afterwards.
"""

from typing import Any

import torch
from torch import Tensor, nn

from task1.models.quick import applies, flat, folds_of


def normalize(layer: nn.Module, x: Tensor) -> Tensor:
    """What a BatchNorm2d with weights and running statistics makes of x (batch, channel, mel, frame)."""
    if not layer.training or not applies(x):
        return layer(x)
    count = x.numel() // x.shape[1]
    folds = folds_of(x, count)
    if folds == 1:
        return layer(x)
    assert isinstance(layer, nn.BatchNorm2d)
    assert layer.running_mean is not None
    assert layer.running_var is not None
    assert layer.num_batches_tracked is not None
    assert layer.momentum is not None
    y, mean, variance = _Normalize.apply(x, layer.weight, layer.bias, layer.eps, folds)
    with torch.no_grad():
        layer.running_mean.lerp_(mean, layer.momentum)
        layer.running_var.lerp_(variance * (count / (count - 1)), layer.momentum)
        layer.num_batches_tracked += 1
    return y


def _map(rows: Tensor) -> Tensor:
    """As a map with channels last."""
    return rows[None, :, None].permute(0, 3, 1, 2)


class _Normalize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float,
                folds: int) -> tuple[Tensor, Tensor, Tensor]:
        wide = _map(flat(x, folds))
        means, variances = (found.view(folds, -1) for found in torch.batch_norm_update_stats(wide, None, None, 0.0))
        mean, variance = means.mean(dim=0), variances.mean(dim=0) + means.var(dim=0, unbiased=False)
        y, *_ = torch.native_batch_norm(wide, weight.repeat(folds), bias.repeat(folds), mean.repeat(folds),
                                        variance.repeat(folds), False, 0.0, eps)
        ctx.folds = folds
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt())
        ctx.mark_non_differentiable(mean, variance)
        return _like(y.permute(0, 2, 3, 1), x), mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        folds, (x, weight, mean, scale) = ctx.folds, ctx.saved_tensors
        own, given = (flat(map_.contiguous(memory_format=torch.channels_last), folds) for map_ in (x, gradients[0]))
        _, *sums = torch.ops.aten.native_batch_norm_backward(
            _map(given), _map(own), None, None, None, mean.repeat(folds), scale.repeat(folds), True, 0.0,
            [False, True, True])
        of_weight, of_bias = (found.view(folds, -1).sum(dim=0) for found in sums)
        count = x.numel() // x.shape[1]
        # weight * scale * (given - mean of given - normalised x * mean of (given * normalised x)) = a given + b x + c
        a = weight * scale
        b = -a * scale * of_weight / count
        c = -a * of_bias / count - b * mean
        of_x = torch.addcmul(c.repeat(folds), own, b.repeat(folds)).addcmul_(given, a.repeat(folds))
        return _like(of_x, x), of_weight, of_bias, None, None


def _like(values: Tensor, x: Tensor) -> Tensor:
    """Numbers in the order of x's memory, in its shape."""
    batch, channels, bands, frames = x.shape
    return values.reshape(batch, bands, frames, channels).permute(0, 3, 1, 2)
