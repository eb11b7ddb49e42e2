"""The measurement itself: codecarbon's offline tracker around a piece of work.

Nothing is sent, no place is asked for (a country would only matter for CO2, which is not used). What people know better
than codecarbon (power of the processor, which graphics card) they tell it by its own settings,
CODECARBON_FORCE_CPU_POWER and CODECARBON_GPU_IDS, or in ~/.codecarbon.config. A meter that fails costs the figure,
never the work.
"""

import logging
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from task1.energy.records import Record, Session, read_record, write_record
from task1.errors import InputError

WRITE_SECONDS = 15.0
"""A killed training loses no more than this of its record; codecarbon itself reads its meters as often."""
SENSORS = ("intel_rapl", "intel_power_gadget", "windows_emi")


@contextmanager
def measured(path: Path, of: str = "", goes_on: bool = False) -> Iterator[None]:
    """Measure the block into the record at `path`, which names the work as `of`.

    `goes_on`: the work was begun before, so that its earlier sessions count, too. Where nothing can be measured, an
    older record is removed: it would be of other work.
    """
    earlier = _earlier(path, of) if goes_on else None
    meter = _Meter.start()
    if meter is None:
        path.unlink(missing_ok=True)
        yield
        return
    whole, before = (earlier.whole, earlier.sessions) if earlier else (not goes_on, ())
    over = threading.Event()

    def note() -> None:
        try:
            write_record(path, Record(of=of, whole=whole, sessions=(*before, meter.session())))
        except OSError as error:
            print(f"{path}: energy cannot be written ({error})", file=sys.stderr)

    def keep_noting() -> None:
        while not over.wait(WRITE_SECONDS):
            note()

    writer = threading.Thread(target=keep_noting, name="energy", daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
        meter.stop()
        note()


def _earlier(path: Path, of: str) -> Record | None:
    try:
        record = read_record(path)
    except InputError as error:
        print(error, file=sys.stderr)
        return None
    return record if record and record.of == of else None


class _Meter:
    """A running codecarbon tracker."""

    def __init__(self, tracker: Any, tool: str) -> None:
        self.tracker, self.tool = tracker, tool
        self.began, self.clock = time.time(), time.monotonic()
        self.ended: float | None = None

    @classmethod
    def start(cls) -> "_Meter | None":
        """None without codecarbon, or where it does not work."""
        if find_spec("codecarbon") is None:
            return None
        try:
            import codecarbon

            logging.getLogger("codecarbon").setLevel(logging.ERROR)  # it speaks before it reads `log_level`
            tracker = codecarbon.OfflineEmissionsTracker(output_methods=[], allow_multiple_runs=True,
                                                         tracking_mode="machine", log_level="error")
            tracker.start()
            meter = cls(tracker, f"codecarbon {codecarbon.__version__}")
            meter.session()
        except Exception as error:  # whatever a driver or another version of codecarbon comes up with
            print(f"energy is not measured: codecarbon does not work here ({error!r})", file=sys.stderr)
            return None
        return meter

    def stop(self) -> None:
        self.tracker.stop()
        self.ended = time.monotonic()

    def session(self) -> Session:
        hardware = {(type(part).__name__, getattr(part, "_mode", None)) for part in self.tracker._hardware}
        seconds = (self.ended or time.monotonic()) - self.clock
        return Session(began=round(self.began, 3), seconds=round(seconds, 3),
                       kwh=float(self.tracker._total_energy.kWh), tool=self.tool, host=platform.node(),
                       estimated=tuple(sorted(name for name, mode in hardware
                                              if name == "RAM" or (name == "CPU" and mode not in SENSORS))),
                       machine=_machine(self.tracker.get_detected_hardware()))


def _machine(found: dict[str, Any]) -> str:
    return ", ".join([f"{found.get('cpu_model') or 'unknown processor'} x {found.get('cpu_count')}",
                      *([found["gpu_model"]] if found.get("gpu_model") else [])])
