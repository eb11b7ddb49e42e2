"""Files of one system outside of a package: output table, meta file, technical report, or some of them."""

from collections.abc import Sequence
from pathlib import Path

from submission.labels import meta_name, output_name
from submission.validate.archive import LARGEST
from submission.validate.findings import Finding, Report, condense, named
from submission.validate.guess import guess_edition
from submission.validate.members import check_label
from submission.validate.meta import read_tree
from submission.validate.pdf import check_pdf
from submission.validate.system import check_meta, embedded_finding, evidence, expected_clips, is_embedded
from submission.validate.tables import check_table
from task1.config import Edition
from task1.errors import InputError

KINDS = {".csv": "output", ".yaml": "meta", ".yml": "meta", ".pdf": "report"}
_LARGEST = {"output": LARGEST[".csv"], "meta": LARGEST[".yaml"], "report": LARGEST[".pdf"]}


def validate_files(paths: Sequence[Path], rules: Edition | None = None, clips: Sequence[str] | None = None) -> Report:
    """Everything found in these files, each of another kind."""
    files = _by_kind(paths)
    contents = {kind: _bounded(path, _LARGEST[kind]) for kind, path in files.items()}
    labels = {kind: path.name.split(".")[0] for kind, path in files.items() if kind != "report"}
    guessed = rules is None
    rules = rules or guess_edition(evidence(list(labels.values()), None, contents.get("meta"), contents.get("output")))
    findings: list[Finding] = []
    tree = None
    for kind, label in labels.items():
        file, official = files[kind].name, output_name(label) if kind == "output" else meta_name(label)
        findings += check_label(label, file, rules)
        if file != official:
            findings.append(Finding("error", named(file), "", "this file name", named(official)))
    if len(set(labels.values())) > 1:
        findings.append(Finding("error", named(files["meta"].name), "", "the meta file of another system",
                                named(meta_name(labels["output"]))))
    if "meta" in files:
        file = named(files["meta"].name)
        tree, unreadable = read_tree(contents["meta"], file)
        findings += [*unreadable, *check_meta(tree, file, labels["meta"], rules)]
        findings += [embedded_finding(file)] if is_embedded(tree) else []
    if "output" in files:
        findings += condense(check_table(contents["output"], named(files["output"].name),
                                         expected_clips(tree, rules, clips), rules))
    if "report" in files:
        findings += check_pdf(contents["report"], named(files["report"].name))
    return Report(" and ".join(path.name for path in paths), rules, guessed, tuple(sorted(set(labels.values()))),
                  tuple(condense(dict.fromkeys(findings))))


def _by_kind(paths: Sequence[Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in paths:
        kind = KINDS.get(path.suffix.lower())
        if kind is None or kind in files:
            raise InputError(f"{path}: expected a package (zip) alone, or one output table (.csv), one meta file "
                             "(.yaml) and one report (.pdf), each at most once")
        files[kind] = path
    return files


def _bounded(path: Path, largest: int) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(content) > largest:
        raise InputError(f"{path}: more than {largest:,} bytes, which no file of this kind needs")
    return content
