"""A stand-in for codecarbon: kWh as the test says, hardware as of a machine with one sensor missing or all there."""

from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any


class RAM:
    pass


@dataclass
class CPU:
    _mode: str = "cpu_load"


@dataclass
class Fake:
    """`kwh` is added by every tracker that is stopped."""

    kwh: float = 0.5
    mode: str = "cpu_load"
    fails: bool = False
    made: list[dict[str, Any]] = field(default_factory=list)

    @property
    def module(self) -> ModuleType:
        fake = self

        class OfflineEmissionsTracker:
            def __init__(self, **options: Any) -> None:
                fake.made.append(options)
                if not fake.fails:  # the real one, too, swallows what goes wrong and lacks its attributes
                    self._hardware = [RAM(), CPU(fake.mode)]
                    self._total_energy = SimpleNamespace(kWh=0.0)

            def start(self) -> None:
                pass

            def stop(self) -> None:
                self._total_energy.kWh += fake.kwh

            def get_detected_hardware(self) -> dict[str, Any]:
                return {"cpu_model": "Abacus", "cpu_count": 2, "gpu_model": ""}

        module = ModuleType("codecarbon")
        module.__version__ = "3.9"  # type: ignore[attr-defined]
        module.OfflineEmissionsTracker = OfflineEmissionsTracker  # type: ignore[attr-defined]
        module.__spec__ = SimpleNamespace(name="codecarbon")  # type: ignore[assignment]
        return module
