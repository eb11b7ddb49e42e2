"""Make one folder of augmented copies, by the module that its kind belongs to.

Apart from the contract (task1/augment/copies.py), so that what makes copies is not code behind every training.
"""

from task1.augment.copies import PIX2PIX, REPAIR, recipe_of
from task1.config import Run
from task1.config.recipe import Waveform
from task1.features.store import FeatureStore
from task1.layout import Layout


def maker_of(name: str) -> str:
    """The module that makes the copies in the folder `name`."""
    return "task1.augment.pix2pix" if name.startswith(f"{PIX2PIX}-") else "task1.augment.waveform_copies"


def make_copies(at: Layout, run: Run, name: str, device: str, workers: int) -> FeatureStore:
    """Make what the folder `name` does not hold yet. `device` (auto, cpu, cuda) is where networks compute, `workers` is
    the number of processes that change recordings."""
    recipe, folder = recipe_of(run, name), at.copies(name)
    if isinstance(recipe.block, Waveform):
        from task1.augment.waveform_copies import make_waveform_copies

        return make_waveform_copies(at, run, recipe, folder, workers)
    from task1.augment.pix2pix import make_pix2pix_copies
    from task1.inference import choose_device

    make_pix2pix_copies(at, run, recipe.block, folder, choose_device(device), recipe.seed)
    return FeatureStore(folder, run.features, REPAIR)
