"""Texts of any kind as typst markup: what typst reads back is the text, whatever it holds."""

import json
from typing import Any

import pytest
import typst
from hypothesis import example, given, settings
from hypothesis import strategies as st

from submission.technical.markup import Typst, escape, literal, one_line, say

# what a piece of content says, its elements other than plain text by their names
PLAIN = """
#let plain(it) = if type(it) == str { it } else if it == [ ] { " " } else if it.has("text") { plain(it.text) }
  else if it.has("children") { it.children.map(plain).join("") } else { "<" + repr(it.func()) + ">" }
""".replace("\n  else", " else")
SPECIAL = "\\*_`$#@<>[]~'\"{}-?./+=:;!1a &^|()%,hts\n"


def read_back(texts: list[str]) -> list[list[str | None]]:
    """Each text as markup, in the middle of a line of markup, and as a string of code, as typst understands it."""
    lines = "".join(f"#metadata((plain[{escape(text)}], plain[x {escape(text)} y], {literal(text)}))<x>\n"
                    for text in texts)
    source: Any = (PLAIN + lines).encode()
    found: list[list[str | None]] = json.loads(typst.query(source, "<x>", field="value", ignore_system_fonts=True))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(), st.text(alphabet=SPECIAL)), min_size=1, max_size=40))
@example(["-0", "- a", "+ a", "/ a: b", "= a", "1. a", "--", "---", "...", "-?", "// a", "/* a */", "https://a.b/c?d#e",
          "#panic(\"no\")", "$x$", "@ref", "<label>", "*b*", "_e_", "`r`", "\\u{41}", "~", "it's \"so\"", "]", "[",
          "a #[b", "\u200bx", "\ud800", "\x00", "O'Neill-Łuś", "東京", "=", "a\n\n= b", "\u00a0x", "x\\"])
def test_typst_reads_back_what_was_written(texts: list[str]) -> None:
    for text, (alone, between, code) in zip(texts, read_back(texts), strict=True):
        wanted = one_line(text)
        assert (alone or "") == wanted
        assert between == one_line(f"x {wanted} y")
        assert code == wanted.strip()


def test_lines_become_one_and_unseen_characters_go() -> None:
    assert one_line("a\r\n\tb\u2028c") == "a b c"
    assert one_line("a\x07\u202eb\ud800") == "ab"
    assert one_line("12\u00a0%") == "12\u00a0%"


def test_markup_stays_markup_and_texts_do_not() -> None:
    assert say("{} and {}", Typst("*a*"), "*b*") == "*a* and \\*b\\*"
    assert say("{:,} of {x:.1f}", 12345, x=0.25) == "12,345 of 0.2"
    assert escape(escape("*a*")) == "\\*a\\*"


def test_a_value_that_a_pattern_does_not_name_is_a_fault() -> None:
    with pytest.raises(ValueError, match="does not name"):
        say("{}", 1, 2)
