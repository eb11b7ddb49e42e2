"""Whether a technical report is a PDF that a reader can open: its beginning, its end, its table of objects, its pages.

Input: the bytes. Output: findings. This is no PDF library: objects are found by their words, in the file itself and in
its compressed object streams, of which only a bounded number of bytes is inflated.
"""

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from submission.validate.findings import Finding

_START = b"%PDF-"
_END = b"%%EOF"
_TAIL = 2048
_MOST_STREAMS = 1000
_LONGEST_STREAM = 1 << 20
_MOST_INFLATED = 32 << 20
_STARTXREF = re.compile(rb"startxref\s+(\d{1,12})\s")
_OBJECT = re.compile(rb"\s*\d{1,10}\s+\d{1,5}\s+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"\bstream\r?\n")


def check_pdf(content: bytes, file: str) -> Iterator[Finding]:
    """What keeps a reader from opening the report."""
    if not content.startswith(_START):
        yield Finding("error", file, "", f"a file that begins with {content[:8]!r}", "a PDF, which begins with %PDF-")
        return
    tail = content[-_TAIL:]
    if _END not in tail:
        yield Finding("error", file, "", "no %%EOF at the end", "a whole PDF; this one is cut off")
        return
    places = _STARTXREF.findall(tail)
    place = int(places[-1]) if places else None
    if place is None or not (content[place:place + 4] == b"xref" or _OBJECT.match(content[place:place + 40])):
        yield Finding("error", file, "", "no table of objects where startxref points",
                      "a whole PDF; transfer it in binary mode")
    if b"/Root" not in content:
        yield Finding("error", file, "", "no /Root", "a PDF with a catalogue of its pages")
    if b"/Encrypt" in content:
        yield Finding("warning", file, "", "an encrypted PDF", "one that opens without a password; pages not counted")
    elif not count_pages(content):
        yield Finding("error", file, "", "no page", "a technical report")


def count_pages(content: bytes) -> int:
    """Page objects in the file and in its compressed object streams."""
    pages, left = len(_PAGE.findall(content)), _MOST_INFLATED
    for found in islice(_OBJECT_STREAM.finditer(content), _MOST_STREAMS):
        begin = _STREAM.search(content, found.end(), found.end() + _TAIL)
        if begin is None or left <= 0:
            continue
        try:
            inner = zlib.decompressobj().decompress(content[begin.end():begin.end() + _LONGEST_STREAM], left)
        except zlib.error:
            continue
        left -= len(inner)
        pages += len(_PAGE.findall(inner))
    return pages
