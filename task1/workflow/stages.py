"""The stages, in order: what people type, and the rules of the Snakefile behind each."""

from dataclasses import dataclass

from task1.errors import InputError


@dataclass(frozen=True)
class Stage:
    name: str
    summary: str
    helpers: tuple[str, ...] = ()
    """Further rules of the Snakefile beside the one that has the stage's name."""

    @property
    def rules(self) -> tuple[str, ...]:
        return (*self.helpers, self.name)


STAGES = (
    Stage("corpus", "recordings: made (embedded corpus), downloaded, or your own folder"),
    Stage("verify", "every file there, whole and in the right format"),
    Stage("index", "the official lists as one table, folds checked for leaks"),
    Stage("features", "log-mel spectrograms, stored once", ("share",)),
    Stage("train", "the networks of the entry, teachers first", ("copies", "teach")),
    Stage("predict", "official output tables: development test and evaluation set", ("hold_out", "fuse", "combine")),
    Stage("score", "accuracy and log loss per class, device and city", ("score_model", "quantization", "seeds")),
    Stage("package", "the official submission package, with the technical report", ("figures", "pdf")),
    Stage("report", "what came out, for people"),
)


def position(text: str) -> int:
    """Index of a stage given by its name or its number (from 1)."""
    for index, stage in enumerate(STAGES):
        if text in (stage.name, str(index + 1)):
            return index
    known = ", ".join(f"{index + 1} {stage.name}" for index, stage in enumerate(STAGES))
    raise InputError(f"no stage {text!r}; there are: {known}")


def between(first: str | None, last: str | None) -> tuple[Stage, ...]:
    """The stages from `first` to `last`, both included; None is the open end."""
    start = position(first) if first else 0
    stop = position(last) if last else len(STAGES) - 1
    if start > stop:
        raise InputError(f"stage {STAGES[start].name} comes after {STAGES[stop].name}; nothing lies between them")
    return STAGES[start:stop + 1]
