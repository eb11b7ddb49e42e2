"""What an exported file holds, for people to read before they rely on it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from task1.classify.classifier import SYNTHETIC
from task1.compress.run_onnx import OnnxModel
from task1.compress.runtime import session
from task1.config import taxonomy

INTEGER = {"QLinearConv", "QGemm", "QLinearMatMul", "ConvInteger", "MatMulInteger", "MatMulIntegerToFloat"}
FLOATING = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"}
"""Operations with weights, as ONNX Runtime names them in the graph that it executes."""


@dataclass(frozen=True)
class Info:
    """`layers` counts operations with weights by what they compute in, `values` the stored constants by their type."""

    path: Path
    bytes: int
    model: OnnxModel
    layers: dict[str, int]
    values: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        model = self.model
        return {"file": str(self.path), "bytes": self.bytes, "provenance": model.provenance,
                "classes": list(taxonomy().scenes), "layers": self.layers, "values": self.values,
                "features": model.features.model_dump(mode="json"), "input": model.input.model_dump(mode="json"),
                "crop_frames": model.crop_frames, "decision": model.decision.model_dump(mode="json")}

    def as_text(self) -> str:
        model, told = self.model, self.as_json()
        lines = [f"{self.path}: {self.bytes:,} bytes"]
        if model.provenance.get("embedded"):
            lines += [f"  {SYNTHETIC}"]
        for title, group in (("comes from", model.provenance), ("layers with weights, as executed", self.layers),
                             ("stored values", self.values), ("features", told["features"]),
                             ("network input", told["input"] | {"crop_frames": model.crop_frames}),
                             ("decision", told["decision"])):
            lines += ["", title, *_pairs(group)]
        lines += ["", "classes", *(f"  {name}" for name in told["classes"])]
        return "\n".join(lines) + "\n"


def info(path: Path) -> Info:
    """Read the file, and the graph that ONNX Runtime makes of it."""
    model = OnnxModel(path)
    with TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.onnx"
        session(path, executed)
        kinds = Counter(node.op_type for node in onnx.load(executed).graph.node)
    values: Counter[str] = Counter()
    for tensor in onnx.load(path).graph.initializer:
        name = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).name
        values[name] += int(onnx.numpy_helper.to_array(tensor).size)
    layers = {"int8": sum(kinds[kind] for kind in INTEGER), "float": sum(kinds[kind] for kind in FLOATING)}
    return Info(path, path.stat().st_size, model, layers, dict(sorted(values.items())))


def _pairs(told: dict[str, Any]) -> list[str]:
    """One line a setting; a group of settings becomes one line."""
    lines = []
    for name, value in told.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {inner}" for key, inner in value.items())
        text = "none" if value is None else f"{value:,}" if type(value) is int else str(value)
        lines.append(f"  {name:<16}{text}")
    return lines
