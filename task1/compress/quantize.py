"""int8 by quantisation-aware training: simulated while it learns, exported as integers, executed as integers.

    network = prepare_qat(build(spec), example)      # before the first epoch or after the last float one
    simulate(network, False)                         # until rounding shall begin
    ... the training loop, as for any network ...
    freeze(network)                                  # for last epochs in fixed ranges
    export_int8(network, input_shape, path, metadata)

What is rounded how: `fake_quantize`; what is folded into what: `integer_layers`; docs/quantization.md tells both.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, fx, nn

from task1.compress.export import save_model
from task1.compress.fake_quantize import Quantizer
from task1.compress.integer_layers import IntegerConv, IntegerLinear
from task1.compress.prepare import ORIGINAL, prepare
from task1.compress.qdq import write


def prepare_qat(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """A new network with `network`'s parameters, in training mode, that computes as int8 would.

    `example` (clip, channel, mel, frame), on the network's device, sets the size of inputs and first ranges.
    """
    prepared = prepare(network, example)
    prepared.train()
    return prepared


def original(network: nn.Module) -> nn.Module:
    """The float network whose layers a prepared one trains: the same parameters and statistics, under the network's
    own names. Any other network is its own original."""
    own = network.meta[ORIGINAL] if isinstance(network, fx.GraphModule) else network
    assert isinstance(own, nn.Module)
    return own


def simulate(network: nn.Module, integers: bool) -> None:
    """Round as integers do, or compute in floating point while ranges are observed already."""
    for layer in network.modules():
        if isinstance(layer, Quantizer | IntegerConv | IntegerLinear):
            layer.rounding = integers


def freeze(network: nn.Module) -> None:
    """Ranges of activations stay as they are, whatever comes."""
    for layer in network.modules():
        if isinstance(layer, Quantizer):
            layer.observing = False


def export_int8(network: fx.GraphModule, input_shape: Sequence[int], path: Path, metadata: Mapping[str, str]) -> None:
    """Write what `prepare_qat` made and training changed; input, output and metadata are those of `export_float`."""
    still = copy.deepcopy(network).cpu().eval()
    simulate(still, True)
    save_model(write(still, input_shape), path, metadata)
