"""Many names at once are judged as each name by itself."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from task1.outputs import are_unique, basename, basenames
from task1.outputs.names import are_nameable
from task1.outputs.rows import is_nameable

FOLDERS = st.sampled_from(["", "audio/", "a/b/", "a//", "/", "\\", "\n", "audio/\naudio/"])


IN_ONE = st.tuples(FOLDERS, st.lists(st.text(max_size=3))).map(lambda made: [made[0] + name for name in made[1]])


@given(st.one_of(st.lists(st.tuples(FOLDERS, st.text(max_size=3)).map("".join)), IN_ONE))
def test_many_base_names_are_each_names(names: list[str]) -> None:
    assert basenames(names) == tuple(map(basename, names))


@given(st.lists(st.text(st.one_of(st.characters(), st.sampled_from("\0\t\x1f ~\x7f\x80/\\é\u2028")), max_size=3)))
@example([chr(code) for code in range(0x180)])
@example(["a", ""])
def test_many_names_are_nameable_as_each_is(names: list[str]) -> None:
    assert are_nameable(names) == all(map(is_nameable, names))
    for name in names:
        assert are_nameable([name]) == is_nameable(name)


@given(st.lists(st.one_of(st.text(max_size=2), st.sampled_from(["0.wav", "00.wav"]))))
def test_names_are_unique_if_none_is_there_twice(names: list[str]) -> None:
    assert are_unique(names) == (len(set(names)) == len(names))


class Alike(str):
    """Text whose hash is that of every other one."""

    __slots__ = ()

    def __hash__(self) -> int:
        return 7


@pytest.mark.parametrize(("names", "unique"), [("ab", True), ("aba", False)])
def test_names_of_the_same_hash_are_compared(names: str, unique: bool) -> None:
    assert are_unique([Alike(name) for name in names]) is unique
