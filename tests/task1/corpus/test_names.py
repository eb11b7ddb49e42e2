import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.corpus.names import FIELDS, explain, split_names
from task1.errors import InputError

letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)
numbers = st.integers(0, 10**6).map(str)
VALUES = {"scene": st.from_regex("[a-z]+(_[a-z]+)?", fullmatch=True).filter(str.isascii), "city": letters,
          "location": numbers, "segment": numbers, "subsegment": st.integers(0, 9).map(str),
          "device": st.sampled_from(["a", "b", "c", "d", "s1", "s10"]), "number": numbers}


@pytest.mark.parametrize("grammar", FIELDS)
def test_round_trip(grammar: str) -> None:
    @given(st.lists(st.tuples(*(VALUES[field] for field in FIELDS[grammar])), max_size=5))
    def check(clips: list[tuple[str, ...]]) -> None:
        fields = split_names([f"audio/{'-'.join(clip)}.wav" for clip in clips], grammar, "list")
        assert list(fields) == list(FIELDS[grammar])
        assert list(zip(*fields.values(), strict=True)) == clips

    check()


@given(st.one_of(st.text(), st.from_regex(r"audio/[a-z_0-9-]{0,30}\.wav\s?")), st.sampled_from(list(FIELDS)))
def test_any_text_is_refused_or_spelled_back(name: str, grammar: str) -> None:
    try:
        fields, told = split_names([name], grammar, "list"), ""
    except InputError as error:
        fields, told = {}, str(error)
    if told:
        assert told.startswith("list, line 2: found ")
        assert "\n" not in told
    else:
        assert f"audio/{'-'.join(value for value, in fields.values())}.wav" == name


@pytest.mark.parametrize("name", [
    "audio/airport-lisbon-1000-40000-a.wav\n",  # $ would match before a line break
    "audio/airport-lisbon-١٠٠٠-40000-a.wav",  # \d would match other scripts' digits
    "audio/Airport-lisbon-1000-40000-a.wav",
    "audio/airport-lisbon-1000-40000-A.wav",
    "audio/airport-lisbon-1000-40000-a.WAV",
    "audio/../airport-lisbon-1000-40000-a.wav",
    "audio/airport-lisbon-1000--a.wav",
    "",
])
def test_near_misses_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        split_names([name], "2020", "list")


def test_numbers_have_no_leading_zero() -> None:
    assert split_names(["audio/0.wav", "audio/10.wav"], "numbered", "list") == {"number": ["0", "10"]}
    with pytest.raises(InputError, match=r"line 3: found 'audio/01.wav'"):
        split_names(["audio/0.wav", "audio/01.wav"], "numbered", "list")


@pytest.mark.parametrize(("name", "grammar", "told"), [
    ("audio/bus-lyon-1-2-a.wav", "2022", "a 10 s segment (no sub-segment in its name), expected"),
    ("audio/bus-lyon-1-2-0-a.wav", "2020", "a 1 s clip (with a sub-segment in its name), expected"),
    ("audio/17.wav", "2020", "a numbered clip of an evaluation set"),
    ("audio/audio/bus-lyon-1-2-a.wav", "2020", "with audio/ twice"),
    ("bus-lyon-1-2-a.wav", "2020", "names in lists begin with audio/"),
    ("/data/tau/audio/17.wav", "numbered", "names in lists begin with audio/"),
    ("audio\\17.wav", "numbered", "names in lists begin with audio/"),
    ("audio/bus.wav", "2020", "expected audio/scene-city-location-segment-device.wav"),
])
def test_the_reason_is_told(name: str, grammar: str, told: str) -> None:
    assert told in explain(name, grammar)


def test_long_names_are_shortened() -> None:
    assert len(explain("x" * 10_000, "2020")) < 300
