"""Results for people (text), for other programs (JSON) and as the official output table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from task1.classify.classifier import SYNTHETIC, Classifier, Result, Spent, ranked
from task1.classify.latency import median_p95, peak_memory
from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Floats, Outputs


def text(classifier: Classifier, results: Sequence[Result], with_windows: bool) -> str:
    """A line a recording: scene, probability, next best; notes and windows below it."""
    width = max(9, *(len(str(result.path)) for result in results))
    lines = [f"Note: {SYNTHETIC}", ""] if classifier.embedded else []
    lines += [f"{'recording':<{width}}  {'scene':<18}{'prob.':>5}   next best"]
    for result in results:
        lines.append(f"{result.path!s:<{width}}  {_cells(result.probabilities)}")
        lines += [f"  ({note})" for note in result.notes]
        if with_windows:
            lines += [f"{f'{part.start:.2f} - {part.end:.2f} s':>{width}}  {_cells(part.probabilities)}"
                      for part in result.windows]
    return "\n".join(lines) + "\n"


def _cells(probabilities: Floats) -> str:
    (best, share), (second, next_share) = ranked(probabilities)[:2]
    return f"{best:<18}{share:5.3f}   {second} {next_share:.3f}"


def as_json(classifier: Classifier, results: Sequence[Result], bad: Mapping[Path, str], with_windows: bool,
            timing: Mapping[str, float] | None) -> dict[str, Any]:
    """Everything that `text` shows, with all probabilities."""
    told: dict[str, Any] = {
        "embedded": classifier.embedded, "provenance": classifier.model.provenance,
        "recordings": [_recording(result, with_windows) for result in results],
        "unusable": [{"file": str(path), "reason": reason} for path, reason in bad.items()],
    }
    if classifier.embedded:
        told["warning"] = SYNTHETIC
    return told | ({"timing": dict(timing)} if timing else {})


def _recording(result: Result, with_windows: bool) -> dict[str, Any]:
    told = {"file": str(result.path), "scene": result.scene, "probabilities": _named(result.probabilities),
            "seconds": result.seconds, "sample_rate": result.sample_rate, "channels": result.channels,
            "notes": list(result.notes)}
    if with_windows:
        told["windows"] = [{"start": part.start, "end": part.end, "probabilities": _named(part.probabilities)}
                           for part in result.windows]
    return told


def _named(probabilities: Floats) -> dict[str, float]:
    return dict(zip(taxonomy().scenes, probabilities.tolist(), strict=True))


def official(results: Sequence[Result]) -> Outputs:
    """The official output table, which tells recordings apart by their names without folders."""
    seen: dict[str, Path] = {}
    for result in results:
        if result.path.name in seen:
            raise InputError(f"{result.path}: the official table has no folders, and {seen[result.path.name]} has the "
                             "same name; classify them one after the other, or use --format text or json")
        seen[result.path.name] = result.path
    return Outputs(tuple(seen), np.stack([result.probabilities for result in results]))


def timing(spent: Sequence[Spent], clip_seconds: float, threads: int) -> dict[str, float]:
    """Milliseconds a clip, one clip at a time, and the greatest memory of this process."""
    told: dict[str, float] = {"clips": len(spent), "threads": threads, "clip_seconds": clip_seconds}
    for name, seconds in (("features", [one.features for one in spent]), ("network", [one.network for one in spent]),
                          ("together", [one.features + one.network for one in spent])):
        told[f"{name}_median_ms"], told[f"{name}_p95_ms"] = median_p95(seconds)
    told["real_time_factor"] = told["together_median_ms"] / 1000 / clip_seconds
    told["peak_memory_bytes"] = peak_memory()
    return told


def timing_text(told: Mapping[str, float]) -> str:
    lines = [f"latency of {told['clips']:,} clips of {told['clip_seconds']:g} s, one at a time, threads: "
             f"{told['threads']}", f"  {'':<10}{'median':>10}{'95 %':>10}"]
    lines += [f"  {name:<10}{told[f'{name}_median_ms']:>7.2f} ms{told[f'{name}_p95_ms']:>7.2f} ms"
              for name in ("features", "network", "together")]
    lines += [f"  real-time factor {told['real_time_factor']:.5f}; peak memory of the whole process "
              f"{told['peak_memory_bytes'] / 2**20:,.0f} MiB"]
    return "\n".join(lines) + "\n"
