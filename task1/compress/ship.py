"""The ONNX files of a trained model: `model.onnx` is what ships, whatever its type; beside int8 lies the float form.

`model.float.onnx` is the network before quantisation: with the weights that would have shipped when rounding began, or,
where rounding is from the first epoch or after the last one, with the shipped weights before they are rounded.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor, nn
from torch.fx import GraphModule

from task1.compress.export import export_float
from task1.compress.prune import Widths
from task1.compress.quantize import export_int8, original
from task1.compress.restore import restore, shape_of
from task1.compress.run_onnx import metadata_of
from task1.config import FeatureSettings, ModelRecipe
from task1.files import atomic_path
from task1.inference import ONNX
from task1.models.registry import CLASSES

FLOAT_ONNX = "model.float.onnx"
BEFORE, SAME = "the weights kept when rounding began", "the shipped weights, not rounded"


def write_onnx(folder: Path, recipe: ModelRecipe, features: FeatureSettings, origin: Mapping[str, Any],
               tensors: Mapping[str, Tensor], widths: Widths, unrounded: Mapping[str, Tensor]) -> None:
    """Into `folder`; `tensors` are what the training ended with, `unrounded` what it had when rounding began."""
    shape, compression = shape_of(recipe, features), recipe.compression
    trained = restore(recipe, tensors, shape, widths)
    if isinstance(trained, GraphModule):
        with atomic_path(folder / ONNX) as temporary:
            export_int8(trained, shape, temporary, metadata_of(recipe, features, origin))
        if unrounded:
            begins = compression.quantization_aware_from_epoch or 0
            trained = restore(recipe, unrounded, shape, {} if begins <= recipe.training.epochs else widths)
        told = {**origin, "weights": BEFORE if unrounded else SAME}
        with atomic_path(folder / FLOAT_ONNX) as temporary:
            export_float(original(trained), shape, temporary, metadata_of(recipe, features, told))
    else:
        with atomic_path(folder / ONNX) as temporary:
            export_float(trained, shape, temporary, metadata_of(recipe, features, origin),
                         half=compression.weights == "float16")


def check_writable(network: nn.Module, recipe: ModelRecipe, features: FeatureSettings) -> None:
    """Refuse a network of the user's own that cannot become ONNX before hours are spent on it; ours can."""
    if recipe.network["class"] not in CLASSES:
        with TemporaryDirectory() as folder:
            export_float(network, shape_of(recipe, features), Path(folder) / FLOAT_ONNX, {})
