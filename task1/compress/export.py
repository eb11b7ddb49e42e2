"""A trained float network as an ONNX file, by PyTorch's exporter without TorchScript.

Input: a network and the shape of a clip, (channel, mel, frame). Output: one file with its weights inside, under the
network's own names and with nothing folded: input `input` (batch, channel, mel, frame), output `logits` (batch, class),
any batch size. As float16 they take half the bytes; whoever executes the file computes with them in float32. The same
weights and metadata make the same bytes on any machine: what the exporter adds about its own run (source lines, paths,
versions) is taken out.
"""

import copy
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from task1.compress.half import to_half
from task1.errors import InputError
from task1.files import write_bytes

OPSET = 20
IR_VERSION = 10
"""Fixed, so that the file does not change with the library that writes it; every ONNX Runtime since 1.18 reads them."""
INPUT, OUTPUT, PRODUCER = "input", "logits", "task1"


def export_float(network: nn.Module, input_shape: Sequence[int], path: Path, metadata: Mapping[str, str],
                 half: bool = False) -> None:
    """Write `network` as it is in evaluation. Metadata values are JSON texts, e.g. {"classes": '["airport", ...]'}."""
    still = copy.deepcopy(network).cpu().float().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    weights = {name: tensor.detach() for name, tensor in still.state_dict().items() if tensor.is_floating_point()}
    clips = torch.zeros(2, *input_shape)  # two, for one would be taken for a constant
    try:
        with _quiet():
            program = torch.onnx.export(
                _Weightless(still), (clips,), kwargs={"weights": weights}, dynamo=True, opset_version=OPSET,
                input_names=[INPUT, *weights], output_names=[OUTPUT], external_data=False, verbose=False,
                dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1)}, "weights": dict.fromkeys(weights)})
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise InputError(f"{type(network).__name__}: PyTorch cannot write this network as ONNX, which is what ships "
                         f"({reason}); change its forward pass") from error
    assert program is not None
    model = _without_traces(program.model_proto)
    save_model(_with_weights(model, to_half(weights) if half else weights), path, metadata)


class _Weightless(nn.Module):
    """A network as a function of its weights, so that the exporter takes none of them for constants to fold."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = (network,)  # kept out of the module's own parameters

    def forward(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        result: Tensor = torch.func.functional_call(self.network[0], weights, (x,))
        return result


def _with_weights(model: onnx.ModelProto, weights: Mapping[str, Tensor]) -> onnx.ModelProto:
    """The weights as constants of the file instead of inputs; what is float16 is read as float32."""
    graph, casts = model.graph, []
    used = {name for node in graph.node for name in node.input}
    for name, tensor in weights.items():
        if name not in used:  # of layers that evaluation does not come through
            continue
        half = tensor.dtype == torch.float16
        stored = f"{name}.float16" if half else name
        graph.initializer.append(numpy_helper.from_array(tensor.numpy(), stored))
        if half:
            casts.append(onnx.helper.make_node("Cast", [stored], [name], name=f"{name}.float32",
                                               to=onnx.TensorProto.FLOAT))
    nodes, inputs = [*casts, *graph.node], [own for own in graph.input if own.name == INPUT]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    return model


def save_model(model: onnx.ModelProto, path: Path, metadata: Mapping[str, str]) -> None:
    """Check the model, put the metadata in and write it, always in the same bytes."""
    for key, text in metadata.items():
        try:
            json.loads(text)
        except (TypeError, ValueError):
            raise InputError(f"{path}: metadata {key}: found {text!r}, expected JSON text") from None
    model.producer_name, model.producer_version, model.ir_version = PRODUCER, "", IR_VERSION
    onnx.helper.set_model_props(model, dict(sorted(metadata.items())))
    onnx.checker.check_model(model, full_check=True)
    write_bytes(path, model.SerializeToString(deterministic=True))


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Source lines and paths of the machine that exported, which the exporter notes at every node and value."""
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.initializer, *graph.input, *graph.output, graph):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    model.ClearField("doc_string")
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of libraries that are absent and of its own deprecations: nothing that a user could act on."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
