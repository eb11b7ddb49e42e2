"""The checked facts and recipes of meta/: schemas, loaders, and the resolving of a run."""

from task1.config.base import META, Place, Strict, check, load, parse_yaml, read_yaml
from task1.config.entry import Author, Entry, Profile, Run, System, Texts
from task1.config.facts import Archive, AudioFormat, Dataset, Edition, Ranking, Synthetic, Taxonomy
from task1.config.leaderboards import (
    Board,
    Standing,
    board,
    development_of,
    leaderboard,
    ranked_editions,
    ranking_of,
)
from task1.config.published import Figure, published
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
    "Board",
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
    "Ranking",
    "Run",
    "Standing",
    "Strict",
    "Synthetic",
    "System",
    "Taxonomy",
    "Texts",
    "Training",
    "board",
    "check",
    "dataset",
    "development_of",
    "edition",
    "leaderboard",
    "load",
    "load_run",
    "names",
    "parse_yaml",
    "published",
    "ranked_editions",
    "ranking_of",
    "read_yaml",
    "resolve",
    "save_run",
    "taxonomy",
]
