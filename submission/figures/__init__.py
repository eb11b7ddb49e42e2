"""Figures of a technical report, from a run's scores, histories and features: SVG, PDF and PNG.

`make(run_folder)` writes RUN/report/figures and returns one `Item` a figure (submission/items.py), one without files
for a figure whose inputs are not there. Figures that the recipe gives no reason for (pix2pix of an entry without it)
are no items.
"""

from pathlib import Path

from submission.figures import curves, scored, spectrograms
from submission.figures.device_spectra import device_spectra
from submission.figures.recordings import Recordings
from submission.items import Item
from submission.results import Results


def make(run_folder: Path, results: Results | None = None) -> list[Item]:
    """Write every figure that the run has the files for."""
    results = results or Results.of(run_folder)
    recordings = Recordings(results)
    augmented = [recipe.augmentation for recipe in results.run.models.values()]
    made = [*scored.confusions(results), scored.accuracy_macs(results), *curves.learning_curves(results),
            device_spectra(recordings)]
    if any(one.auto_level for one in augmented):
        made.append(spectrograms.auto_level_figure(recordings))
    if any(one.pix2pix for one in augmented):
        made.append(spectrograms.pix2pix_figure(recordings))
    return made
