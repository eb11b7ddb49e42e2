"""Scores as a text table for people: systems side by side, one line a group."""

from collections.abc import Iterator, Sequence

from task1.scoring.evaluate import Scores

Line = tuple[str, tuple[str, ...]]


def heading(corpus: str | None, embedded: bool | None) -> str:
    """One line that says what the figures are about; synthetic recordings are called so (contract 9 of the design)."""
    if corpus is None:
        return "Corpus not named (--corpus)"
    if embedded:
        return f"Corpus {corpus}: EMBEDDED, SYNTHETIC recordings; these figures say nothing about real ones"
    return f"Corpus {corpus}: recorded"


def render(labels: Sequence[str], systems: Sequence[Scores], title: str) -> str:
    """The table: accuracy in percent (mean over scenes) and log loss in nats (mean over clips) of every system."""
    width = max(15, *(len(label) for label in labels))
    first = systems[0]
    lines = [title, f"{first['clips']:,} clips; accuracy: mean of the scenes' accuracies, in percent; "
                    "log loss: mean over clips, natural logarithm", ""]
    lines.append(f"{'':<26}{'clips':>8}  " + "  ".join(f"{label:>{width}}" for label in labels))
    lines.append(f"{'':<26}{'':>8}  " + "  ".join(f"{'accuracy   loss':>{width}}" for _ in labels))
    for name, keys in _rows(first):
        if not keys:
            lines.append(name)
            continue
        groups = [_dig(system, keys) for system in systems]
        cells = "  ".join(f"{_cell(group):>{width}}" for group in groups)
        lines.append(f"{name:<26}{groups[0]['clips']:>8,}  {cells}")
    return "\n".join(lines) + "\n"


def _rows(scores: Scores) -> Iterator[Line]:
    """Name of each line and where its figures are; a line without keys is a heading."""
    yield "overall", ("",)
    for title, block, names in (
        ("device", "device_wise", scores["device_wise"]),
        ("", "device_groups", scores["device_groups"]),
        ("scene", "class_wise", scores["class_wise"]),
        ("city", "city_wise", scores["city_wise"]),
    ):
        if title and names:
            yield title, ()
        for name in names:
            yield f"  {name}" + (" devices" if block == "device_groups" else ""), (block, name)


def _dig(scores: Scores, keys: tuple[str, ...]) -> Scores:
    return scores if keys == ("",) else scores[keys[0]][keys[1]]


def _cell(group: Scores) -> str:
    if not group["clips"]:
        return "-      -"
    return f"{100 * group['accuracy']:8.2f} {group['log_loss']:6.3f}"
