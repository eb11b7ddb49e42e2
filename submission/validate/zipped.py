"""A whole package: its members, each system's files, the technical report."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from submission.labels import META_SUFFIX, OUTPUT_SUFFIX
from submission.validate.archive import Archive, open_archive
from submission.validate.findings import Finding, Report, condense, named
from submission.validate.guess import guess_edition
from submission.validate.members import MOST_CHECKED, check_label, sort_members, task_depth
from submission.validate.meta import read_tree
from submission.validate.pdf import check_pdf
from submission.validate.system import check_meta, embedded_finding, evidence, expected_clips, is_embedded
from submission.validate.tables import check_table
from task1.config import Edition, edition, names

_APPLE = "__MACOSX"


def validate_package(path: Path, rules: Edition | None = None, clips: Sequence[str] | None = None) -> Report:
    """Everything found in a zip."""
    guessed = rules is None
    with open_archive(path) as archive:
        if isinstance(archive, Finding):
            return Report(path.name, rules or edition(names("editions")[-1]), guessed, (), (archive,))
        rules = rules or guess(archive)
        members = sort_members(archive.names, rules)
        found = [*members.findings, *_check_systems(archive, members.systems, rules, clips)]
        for name in members.reports[:MOST_CHECKED]:
            content = archive.read(name)
            found += [] if content is None else check_pdf(content, named(name))
        used = {name for files in members.systems.values() for name in files} | set(members.reports)
        for name in set(archive.names) - used:  # what is damaged is told, needed or not
            archive.read(name)
        findings = condense(dict.fromkeys([*archive.findings, *found]))
        return Report(path.name, rules, guessed, tuple(members.systems), tuple(findings))


def _check_systems(archive: Archive, systems: dict[str, tuple[str | None, str | None]], rules: Edition,
                   clips: Sequence[str] | None) -> Iterator[Finding]:
    tables: dict[str, str] = {}
    embedded = False
    for label, (output, meta) in islice(systems.items(), MOST_CHECKED):
        yield from check_label(label, output or meta or label, rules)
        content = archive.read(meta) if meta else None
        tree, unreadable = (None, []) if content is None else read_tree(content, named(meta or ""))
        yield from unreadable
        yield from check_meta(tree, named(meta or ""), label, rules)
        embedded |= is_embedded(tree)
        table = archive.read(output) if output else None
        if table is not None and output:
            yield from condense(check_table(table, named(output), expected_clips(tree, rules, clips), rules))
            first = tables.setdefault(hashlib.sha256(table).hexdigest(), label)
            if first != label:
                yield Finding("warning", named(output), "", f"the table of {named(first)} again",
                              "another one, or one system less")
    if embedded:
        yield embedded_finding("package")


def guess(archive: Archive) -> Edition:
    """The edition that a package was most likely made for."""
    listed = [name for name in archive.names if not name.startswith(_APPLE)]
    metas, outputs = ([name for name in listed if name.endswith(suffix)] for suffix in (META_SUFFIX, OUTPUT_SUFFIX))
    labels = sorted({PurePosixPath(name).name.split(".")[0] for name in (*metas, *outputs)})
    return guess_edition(evidence(labels, task_depth(listed), archive.read(metas[0]) if metas else None,
                                  archive.read(outputs[0]) if outputs else None))
