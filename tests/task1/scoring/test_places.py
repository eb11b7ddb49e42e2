"""Names taken apart all at once are names taken apart one by one."""

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from task1.scoring.places import by_name, places, quickly

FIELD = st.sampled_from(["lyon", "3", "03", "1e5", "a", "a.wav", "NaN", "", " x", "\r", "\n", '"', "'", "#", "\0", "é",
                         "\u2028", "True"])
NAME = st.one_of(
    st.tuples(st.sampled_from(["bus", "tram", "Bus"]), *[FIELD] * 3, st.sampled_from(["a.wav", "s1.wav", "b", ".wav"]))
    .map("-".join),
    st.lists(st.one_of(FIELD, st.sampled_from(["bus", "metro_station"])), min_size=1, max_size=8).map("-".join),
    st.text(min_size=1, max_size=8))


@given(st.lists(NAME, min_size=1, max_size=6))
@example(["bus-lyon-1-1-a.wav", "bus-lyon-1-a.wav", "bus-lyon-1-1-0-a.wav"])
@example(["bus-lyon-3-1-0-a.wav", "tram-oslo-03-1-9-s1.wav"])
@settings(max_examples=500, deadline=None)
def test_quickly_is_by_name(names: list[str]) -> None:
    quick = quickly(names)
    if quick is not None:
        for found, expected in zip(quick, by_name(names), strict=True):
            assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("names", [["bus-lyon-3-1-a.wav"] * 3, ["bus-lyon-3-1-0-a.wav", "tram-oslo-03-1-9-s1.wav"]])
def test_tau_names_go_the_quick_way(names: list[str]) -> None:
    assert quickly(names) is not None


@pytest.mark.parametrize("names", [["0.wav"], ["bus-lyon-3-1-a.wav", "0.wav"], ["boat-lyon-3-1-a.wav"]])
def test_other_names_do_not(names: list[str]) -> None:
    assert quickly(names) is None


@given(st.lists(st.tuples(st.sampled_from(["", "lyon", "oslo"]), st.sampled_from(["", "3", "lyon-3", "oslo-3"])),
                min_size=1, max_size=8))
def test_locations_are_told_apart_by_city(pairs: list[tuple[str, str]]) -> None:
    cities, locations = zip(*pairs, strict=True)
    table = pd.DataFrame({"city": cities, "location": locations}, dtype=str)
    devices, found_cities, found = places(table, ["0.wav"] * len(pairs))
    assert set(devices) == {""}
    assert found_cities.tolist() == list(cities)
    expected = [number if not number or not city or number.startswith(f"{city}-") else f"{city}-{number}"
                for city, number in pairs]
    assert found.tolist() == expected
