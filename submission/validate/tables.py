"""One output table of a package, and the clips that it has to hold.

Rows are checked where all output tables are (`task1.outputs.faults`); here their faults become findings. The order of
the columns, which every reader by header ignores, is a warning of its own.
"""

import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from submission.validate.findings import Finding
from task1.config import Edition, taxonomy
from task1.errors import InputError
from task1.outputs import SUM_TOLERANCE, Fault, basename, faults
from task1.outputs.rows import ROW_BYTES

MOST_FAULTS = 250_000
"""Two a row in the largest evaluation set; a file with more is no table."""
_LONGEST = 160
_ADVICE = re.compile(r"(, expected|;) ")
"""Where the sentence of a fault goes over from what was found to what was expected, or to what to do."""


def numbered(rows: int) -> list[str]:
    """The names of an evaluation set: 0.wav, 1.wav ..."""
    return [f"{number}.wav" for number in range(rows)]


def read_clips(path: Path) -> list[str]:
    """Base names from an evaluation list: one a line, or the first column of a table with a column `filename`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a list of clips "
                         f"({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None
    names = [line.replace("\t", ",").split(",")[0].strip() for line in lines if line.strip()]
    if names and names[0] == "filename":
        names = names[1:]
    if not names:
        raise InputError(f"{path}: found no clip, expected one file name a line, as in evaluation_setup/fold1_test.csv")
    return list(dict.fromkeys(map(basename, names)))


def check_table(content: bytes, file: str, clips: Collection[str], rules: Edition) -> Iterator[Finding]:
    """Findings about one table."""
    official = [*rules.output_columns, *taxonomy().scenes]
    header = content[:ROW_BYTES].split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8", "replace").split("\t")
    if header != official and sorted(header) == sorted(official):
        yield Finding("warning", file, "row 1", "columns in another order", " ".join(official))
    for number, fault in enumerate(faults(io.BytesIO(content), clips)):
        if number == MOST_FAULTS:
            yield Finding("error", file, "", f"more than {MOST_FAULTS:,} faults", "none; the rest was not looked at")
            return
        found = _ADVICE.split(fault.message.removeprefix("found "), maxsplit=1)[0]
        yield Finding("error", file, "" if fault.row is None else f"row {fault.row}",
                      found if len(found) <= _LONGEST else f"{found[:_LONGEST]}...", _expected(fault, official))


def _expected(fault: Fault, official: list[str]) -> str:
    return {
        "file": "a header and one row a clip",
        "encoding": "UTF-8 text without a byte-order mark",
        "header": f"{' '.join(official)} with TABs between them",
        "columns": f"{len(official)} fields with TABs between them",
        "name": "a file name like '0.wav'",
        "duplicate": "every clip once",
        "unknown": "a clip of the evaluation set",
        "missing": "every clip of the evaluation set",
        "probability": "a probability from 0 to 1",
        "sum": f"1 (within {SUM_TOLERANCE:g})",
        "label": "one of the ten scenes",
        "decision": "the label of the largest probability",
    }[fault.kind]
