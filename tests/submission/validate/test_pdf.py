"""Reports from real PDF writers are sound and their pages counted; each fault of a file is named."""

import io
import zlib

import matplotlib.figure
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_pdf import PdfPages

from submission.validate.pdf import check_pdf, count_pages


def findings(content: bytes) -> list[str]:
    return [str(one) for one in check_pdf(content, "x.pdf")]


def by_hand(pages: int, packed: bool) -> bytes:
    """A PDF with its objects in the open or, as LaTeX writes them, in a compressed object stream."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d >>" % pages,
               *[b"<< /Type /Page /Parent 2 0 R >>"] * pages]
    content = b"%PDF-1.5\n"
    if packed:
        body = zlib.compress(b" ".join(objects))
        content += b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
            len(body), body)
    else:
        content += b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, start=1))
    place = len(content)
    table = b"xref\n0 1\ntrailer << /Root 1 0 R >>\n"
    if packed:
        table = b"10 0 obj\n<< /Type /XRef /Root 1 0 R >>\nendobj\n"
    return content + table + b"startxref\n%d\n%%%%EOF\n" % place


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("pages", [1, 7])
def test_pages_in_the_open_and_in_object_streams(pages: int, packed: bool) -> None:
    content = by_hand(pages, packed)
    assert count_pages(content) == pages
    assert findings(content) == []


def test_reports_of_typst(pdf: bytes) -> None:
    assert count_pages(pdf) == 2
    assert findings(pdf) == []


def test_reports_of_matplotlib() -> None:
    stream = io.BytesIO()
    with PdfPages(stream) as pages:
        for _ in range(3):
            pages.savefig(matplotlib.figure.Figure())
    assert count_pages(stream.getvalue()) == 3
    assert findings(stream.getvalue()) == []


@pytest.mark.parametrize(("old", "new", "expected"), [
    (b"%PDF-1.5", b"PK\x03\x04", "error: x.pdf: a file that begins with b'PK"),
    (b"%%EOF", b"", "error: x.pdf: no %%EOF at the end; expected a whole PDF"),
    (b"startxref\n", b"startxref\n9", "error: x.pdf: no table of objects where startxref points"),
    (b"startxref\n", b"", "error: x.pdf: no table of objects where startxref points"),
    (b"\n", b"\r\n", "error: x.pdf: no table of objects where startxref points"),
    (b"/Root", b"/Foot", "error: x.pdf: no /Root"),
    (b"/Type /Page ", b"/Type /Sage ", "error: x.pdf: no page"),
    (b"trailer << ", b"trailer << /Encrypt 7 0 R ", "warning: x.pdf: an encrypted PDF"),
])
def test_faults(old: bytes, new: bytes, expected: str) -> None:
    content = by_hand(2, packed=False)
    assert old in content
    (said,) = findings(content.replace(old, new))
    assert said.startswith(expected)


def test_object_streams_that_swell_are_read_in_part() -> None:
    stream = b"1 0 obj << /Type /ObjStm >> stream\n" + zlib.compress(b" " * (64 << 20) + b"/Type /Page ")
    assert count_pages(stream * 20) == 0


@given(st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes(content: bytes, cut: int) -> None:
    findings(content)
    findings(b"%PDF-1.7" + content + b"startxref 99999 %%EOF")
    findings(by_hand(1, packed=True)[:cut] + content + by_hand(1, packed=True)[cut:])
