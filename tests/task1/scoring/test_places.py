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


SOME_NAMES = ["bus-oslo-7-1-s4.wav", "tram-lyon-3-1-0-a.wav", "0.wav", "bus-lyon-3-1-b.wav"]
TOLD = {"device": ["a", "s1", ""], "source_label": ["b", "c"], "city": ["lyon", "new-york", ""],
        "location": ["3", "03", "lyon-3", ""], "identifier": ["lyon-3", "oslo-03", "3", "new-york-1", ""]}


@given(st.data(), st.lists(st.sampled_from(SOME_NAMES), min_size=1, max_size=5), st.sets(st.sampled_from(list(TOLD))))
def test_columns_go_before_names(data: st.DataObject, names: list[str], columns: set[str]) -> None:
    rows = {column: [data.draw(st.sampled_from(TOLD[column])) for _ in names] for column in columns}
    table = pd.DataFrame(rows, index=range(len(names)), dtype=object)
    devices, cities, locations = (found.tolist() for found in places(table, names))
    for row, name in enumerate(names):
        said = {column: table[column][row] for column in columns}
        fields = name.removesuffix(".wav").split("-")
        city, number, device = (fields[1], fields[2], fields[-1]) if len(fields) > 1 else ("", "", "")
        if "identifier" in said:
            city, _, number = said["identifier"].rpartition("-")
        city, number = said.get("city", city), said.get("location", number)
        whole = number if not city or not number or number.startswith(f"{city}-") else f"{city}-{number}"
        assert (devices[row], cities[row], locations[row]) == (
            said.get("source_label", said.get("device", device)), city, whole)
