"""Typst markup and plain text, kept apart by type: what is not `Typst` is escaped before it enters a document.

`say` makes prose: a pattern of markup, written in the program, and values, which are shown as they are whatever they
hold. A value that is `Typst` already stays markup. Line breaks and runs of blanks in texts become one blank, as in any
prose, but for blanks that no line is to break at.
"""

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_SPECIAL = re.compile(r"""
    [\\*_`$\#@<>\[\]~'"{}]      # emphasis, raw text, maths, code, references, labels, blocks, blanks, quotes
    | -(?=[-?]|(?![A-Za-z])\w)   # dashes, soft hyphens, minus signs
    | \.(?=\.)                  # an ellipsis
    | /(?=[/*])                 # comments
    | (?<=[*/])/                # the end of a comment, and what would be an address: //
    | (?<=\bhttp):|(?<=\bhttps):
    | (?<!\S)[-+=/](?!\S)       # lists, terms and headings, at the beginning of a line
    | ^=+                       # headings need no text behind
    """, re.VERBOSE | re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # letters of some scripts look otherwise with them
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")
_ENUMERATION = re.compile(r"(?<!\S)(\d+)\.(?!\S)")


class Typst(str):
    """Text that is typst markup."""

    __slots__ = ()


def escape(value: object) -> Typst:
    """Markup that shows `value` as text; markup stays as it is."""
    if isinstance(value, Typst):
        return value
    text = one_line(str(value))
    text = _SPECIAL.sub(lambda found: "".join(f"\\{character}" for character in found[0]), text)
    return Typst(_ENUMERATION.sub(r"\1\\.", text))


def literal(value: object) -> Typst:
    """A string of typst's code mode."""
    text = one_line(str(value)).strip()
    return Typst('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def say(pattern: str, *values: object, **named: object) -> Typst:
    """Markup `pattern` with {} and {name} filled by escaped values; formats such as {:,} come first."""
    return Typst(_Escaping().vformat(pattern, values, named))


def join(parts: Sequence[Typst], between: str = " ") -> Typst:
    return Typst(between.join(part for part in parts if part))


class _Escaping(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        return escape(value if isinstance(value, Typst) else format(value, format_spec))

    def check_unused_args(self, used_args: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        unused = [key for key in (*range(len(args)), *kwargs) if key not in used_args]
        if unused:
            raise ValueError(f"values that the pattern does not name: {unused}")


def one_line(text: str) -> str:
    """Without line breaks, and without characters that no document shows: controls, directions of writing, halves of
    surrogate pairs."""
    shown = "".join(character for character in text if character.isspace() or character in _JOINERS
                    or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co"))
    return _BLANKS.sub(" ", shown)
