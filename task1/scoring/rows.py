"""The figures of a scores dictionary one group a row: what tables print and what the CSV lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from task1.scoring.evaluate import Scores

KINDS = {
    "overall": "overall",
    "scene": "scene",
    "device": "device",
    "device-average": "mean of devices' figures",
    "device-group": "devices with and without training clips",
    "city": "city",
    "city-group": "cities with and without training clips",
    "super-class": "super-class",
    "scene-device": "scene on device",
}
"""Kinds of groups, in the order of the tables, and their headings."""
_BLOCKS = {"scene": "class_wise", "device": "device_wise", "device-average": "device_averages",
           "device-group": "device_groups", "city": "city_wise", "city-group": "city_groups"}
METRICS = ("accuracy", "accuracy_micro", "log_loss", "log_loss_macro", "expected_calibration_error")


@dataclass(frozen=True)
class Row:
    """One group's figures: `node` has clips, some of METRICS, and `<metric>_interval` where there is one."""

    kind: str
    name: str
    label: str
    node: Mapping[str, Any]


def rows(scores: Scores) -> Iterator[Row]:
    """All groups of a system, in the order of KINDS."""
    calibration = {"expected_calibration_error": scores["calibration"]["expected_calibration_error"]}
    yield Row("overall", "overall", "overall", scores | calibration)
    for kind, block in _BLOCKS.items():
        for name, node in scores[block].items():
            yield Row(kind, name, _label(kind, name, node), node)
    supers = scores["super_classes"]
    yield Row("super-class", "overall", "all three", supers | {"clips": scores["clips"]})
    for name, node in supers["class_wise"].items():
        yield Row("super-class", name, name, node)
    for scene, by_device in scores["class_device_wise"].items():
        for device, node in by_device.items():
            yield Row("scene-device", f"{scene}/{device}", f"{scene}, {device}", node)


def _label(kind: str, name: str, node: Mapping[str, Any]) -> str:
    if kind in ("device-group", "city-group"):
        return f"{name} {'devices' if kind == 'device-group' else 'cities'}"
    if kind != "device-average":
        return name
    if name == "all":
        return "mean of all devices"
    devices = node["devices"]
    return "mean of " + (", ".join(devices) if len(devices) < 5 else f"{devices[0]} .. {devices[-1]}")
