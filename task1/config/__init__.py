"""The checked facts and recipes of meta/: schemas, loaders, and the resolving of a run."""

from task1.config.base import META, Place, Strict, check, load, parse_yaml, read_yaml
from task1.config.entry import Author, Entry, Profile, Run, System, Texts
from task1.config.facts import Archive, AudioFormat, Dataset, Edition, Synthetic, Taxonomy
from task1.config.published import Figure, Standing, leaderboard, published
from task1.config.recipe import (
    Augmentation,
    DeltaSettings,
    FeatureSettings,
    InputSettings,
    LogSettings,
    ModelRecipe,
    Training,
)
from task1.config.resolve import dataset, edition, load_run, names, resolve, save_run, taxonomy

__all__ = [
    "META",
    "Archive",
    "AudioFormat",
    "Augmentation",
    "Author",
    "Dataset",
    "DeltaSettings",
    "Edition",
    "Entry",
    "FeatureSettings",
    "Figure",
    "InputSettings",
    "LogSettings",
    "ModelRecipe",
    "Place",
    "Profile",
    "Run",
    "Standing",
    "Strict",
    "Synthetic",
    "System",
    "Taxonomy",
    "Texts",
    "Training",
    "check",
    "dataset",
    "edition",
    "leaderboard",
    "load",
    "load_run",
    "names",
    "parse_yaml",
    "published",
    "read_yaml",
    "resolve",
    "save_run",
    "taxonomy",
]
