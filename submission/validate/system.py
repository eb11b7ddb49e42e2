"""What is checked of one system, wherever its files come from."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from submission.validate.figures import check_complexity, check_energy, check_results
from submission.validate.findings import Finding
from submission.validate.guess import Evidence
from submission.validate.meta import CORPUS, check_keys, check_submission, lookup, read_tree
from submission.validate.tables import numbered
from task1.config import Edition, dataset, names


def check_meta(tree: Any, file: str, label: str, rules: Edition) -> Iterator[Finding]:
    """Everything about a meta file that could be read; nothing about one that could not."""
    if tree is None:
        return
    yield from check_submission(tree, file, label, rules)
    yield from check_keys(tree, file, rules)
    yield from check_complexity(tree, file, rules)
    yield from check_energy(tree, file)
    yield from check_results(tree, file, rules)


def is_embedded(tree: Any) -> bool:
    """Whether the meta file says that its results come from synthetic recordings."""
    return bool(lookup(tree, f"{CORPUS}.origin") == "embedded")


def embedded_finding(file: str) -> Finding:
    return Finding("warning", file, "", "results on the embedded corpus (synthetic recordings)",
                   "results on the challenge's recordings; do not submit this")


def expected_clips(tree: Any, rules: Edition, clips: Sequence[str] | None) -> Collection[str]:
    """The clips that the table has to hold: those given, else those of the corpus that the edition evaluates."""
    if clips is not None:
        return clips
    corpus = lookup(tree, f"{CORPUS}.evaluation") if is_embedded(tree) else None
    if isinstance(corpus, str) and corpus in names("datasets") and dataset(corpus).origin == "embedded":
        return numbered(dataset(corpus).counts.files)
    return numbered(rules.output_rows)


def evidence(labels: Sequence[str], depth: int | None, meta: bytes | None, output: bytes | None) -> Evidence:
    """What these files tell about their edition."""
    tree, _ = read_tree(meta, "") if meta is not None else (None, [])
    return Evidence(labels, depth, tree, (meta or b"").decode("utf-8", "replace"),
                    None if output is None else output.rstrip(b"\r\n").count(b"\n"))
