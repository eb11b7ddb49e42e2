"""The list of works that a report can cite, as the YAML file that typst's bibliography reads.

Keys are those of meta/references.yaml, and of this run: `entry` (the publication behind it), `task` (the edition's
page), `development` and `evaluation` (the challenge's data sets).
"""

from typing import Any

import yaml

from submission.technical.material import Material
from task1.config import dataset
from task1.config.references import Reference, references


def bibliography(material: Material) -> str:
    """The text of the file; typst prints of it what is cited."""
    works = {key: _work(reference) for key, reference in references().items()}
    works["task"] = _task(material)
    for part, name in material.rules.datasets.items():
        works[part] = _corpus(name)
    source = material.run.source
    if source:
        works["entry"] = {"type": "report", "title": _title(source.title),
                          "author": [_person(name) for name in source.authors],
                          "publisher": _verbatim(source.venue), "date": source.year}
        if source.link:
            works["entry"]["url"] = source.link
    return yaml.safe_dump(works, sort_keys=False, allow_unicode=True, width=110)


def _work(reference: Reference) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "report" if reference.kind in ("report", "preprint") else "article",
                               "title": _title(reference.title), "author": list(reference.authors),
                               "date": reference.year}
    if reference.kind in ("report", "preprint"):
        content["publisher"] = _verbatim(reference.venue)
        if reference.kind == "report":
            content["genre"] = "Tech. Rep."
    else:
        kind = "periodical" if reference.kind == "article" else "proceedings"
        content["parent"] = {"type": kind, "title": _title(reference.venue)}
        if reference.volume:
            content["parent"]["volume"] = reference.volume
    if reference.pages:
        content["page-range"] = reference.pages
    return content


def _task(material: Material) -> dict[str, Any]:
    rules = material.rules
    return {"type": "web", "title": _title(f"DCASE{rules.year} Challenge, {material.task}"), "url": rules.page}


def _corpus(name: str) -> dict[str, Any]:
    known = dataset(name)
    makers = list(references()["corpus"].authors)
    content: dict[str, Any] = {"type": "web", "title": _title(known.title), "author": makers}
    if known.record:
        content["url"] = known.record.files_url.removesuffix("files/")
    return content


def _person(name: str) -> dict[str, str]:
    """Of a name as people write it, the last word is the last name."""
    given, _, last = " ".join(name.split()).rpartition(" ")
    return {"name": last, "given-name": given} if given else {"name": last}


def _title(text: str) -> dict[str, Any]:
    """A title that keeps its capitals."""
    return {"value": _verbatim(text), "verbatim": True}


def _verbatim(text: str) -> str:
    """Text without the markup that the format knows in texts: maths and groups."""
    return "".join(f"\\{character}" if character in "\\${}" else character for character in " ".join(text.split()))
