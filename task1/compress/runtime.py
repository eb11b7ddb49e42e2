"""ONNX Runtime with telemetry off and the CPU alone. Nothing else in this project imports it.

Later releases send usage data unless a variable is set before the library is loaded, so it is set here, in front of the
import, and the library's own switch is turned off behind it.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from task1.errors import InputError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

OFF = {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1"}
"""Two names, for the releases differ."""
_ONLY_ERRORS = 3


def library() -> ModuleType:
    """ONNX Runtime itself, loaded with everything that speaks to the network turned off."""
    os.environ.update(OFF)
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ONLY_ERRORS)
    return onnxruntime


def session(path: Path, optimized: Path | None = None, threads: int = 1) -> "InferenceSession":
    """The model of `path`, ready to run; the graph that is really executed is written to `optimized`."""
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # x86 processors without instructions for int8 would cut off sums of two products, and decide otherwise than others
    options.add_session_config_entry("session.x64quantprecision", "1")
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's exceptions have no common base of their own
        raise InputError(f"{path}: no ONNX model that can be run ({str(error).splitlines()[0]}); export it "
                         "again") from error
