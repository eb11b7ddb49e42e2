"""File names as the lists spell them: `audio/` and a name of one of three grammars.

    2020      audio/airport-lisbon-1000-40000-a.wav      a 10 s segment
    2022      audio/airport-lisbon-1000-40000-0-a.wav    1 s, sub-segment 0 of that segment
    numbered  audio/0.wav                                a clip of an evaluation set, which tells nothing

Names come in as read from a list, the fields they are made of go out, one list of strings a field.
"""

import re
from collections.abc import Sequence

from task1.errors import InputError

PREFIX = "audio/"
SUFFIX = ".wav"
SEPARATOR = "-"
FIELDS = {
    "2020": ("scene", "city", "location", "segment", "device"),
    "2022": ("scene", "city", "location", "segment", "subsegment", "device"),
    "numbered": ("number",),
}
SHAPES = {grammar: f"{PREFIX}{SEPARATOR.join(fields)}{SUFFIX}" for grammar, fields in FIELDS.items()}

_FORMS = {"scene": "[a-z_]+", "city": "[a-z]+", "location": "[0-9]+", "segment": "[0-9]+", "subsegment": "[0-9]",
          "device": "[a-z][0-9]*", "number": "0|[1-9][0-9]*"}
_PATTERNS = {grammar: re.compile(PREFIX + SEPARATOR.join(f"(?:{_FORMS[field]})" for field in fields)
                                 + re.escape(SUFFIX))
             for grammar, fields in FIELDS.items()}
_KINDS = {"2020": "a 10 s segment (no sub-segment in its name)", "2022": "a 1 s clip (with a sub-segment in its name)",
          "numbered": "a numbered clip of an evaluation set"}
_SHOWN = 80  # characters of a wrong name


def split_names(filenames: Sequence[str], grammar: str, where: str, first_line: int = 2) -> dict[str, list[str]]:
    """The fields of every name; the first name that is not of this grammar is an error at its line of `where`."""
    match, fields = _PATTERNS[grammar].fullmatch, FIELDS[grammar]
    wrong = [match(name) is None for name in filenames]
    if any(wrong):
        row = wrong.index(True)
        raise InputError(f"{where}, line {row + first_line}: {explain(filenames[row], grammar)}")
    # All at once: of an object for each name's fields Python's search for unreachable objects grows with the list.
    text = "\n".join(filenames).removeprefix(PREFIX).removesuffix(SUFFIX).replace(f"{SUFFIX}\n{PREFIX}", SEPARATOR)
    cells = text.split(SEPARATOR) if text else []
    return {field: cells[place::len(fields)] for place, field in enumerate(fields)}


def explain(filename: str, grammar: str) -> str:
    """What is wrong with a name that is not of this grammar."""
    found = f"found {shown(filename)}"
    for other, pattern in _PATTERNS.items():
        if other != grammar and pattern.fullmatch(filename):
            return (f"{found}, {_KINDS[other]}, expected {SHAPES[grammar]}, {_KINDS[grammar]}; is this the folder of "
                    "another data set?")
    if filename.startswith(PREFIX * 2):
        return f"{found} with {PREFIX} twice, expected {SHAPES[grammar]}; remove one of them"
    if _PATTERNS[grammar].fullmatch(PREFIX + re.split(r"[/\\]", filename)[-1]):
        return f"{found}, expected {SHAPES[grammar]}; names in lists begin with {PREFIX} and no other folder"
    return f"{found}, expected {SHAPES[grammar]}"


def shown(text: str) -> str:
    """Text of a file, quoted, for a message of one line."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN - 3] + "...")
