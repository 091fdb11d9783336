"""Stays from what teams said, and what they make of a plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import GisError
from gis.patrols.dosage import LONGEST_STAY_S, Stay, dosage, kept, stays_of


def test_a_departure_that_nobody_said_counts_no_minutes() -> None:
    stays = stays_of([("a", "arrive", 0.0), ("b", "arrive", 100.0), ("b", "leave", 700.0)])
    assert stays == [Stay("a", 0.0, None), Stay("b", 100.0, 700.0)]
    assert [one.seconds for one in stays] == [0.0, 600.0]
    late = stays_of([("a", "arrive", 0.0), ("a", "leave", LONGEST_STAY_S + 1)])
    assert late == [Stay("a", 0.0, None)]
    again = stays_of([("a", "arrive", 0.0), ("a", "arrive", LONGEST_STAY_S + 60), ("a", "leave", LONGEST_STAY_S + 660)])
    assert [one.seconds for one in again] == [0.0, 600.0]


def test_only_what_lies_within_the_planned_time_counts() -> None:
    planned = (1000.0, 1900.0)
    assert kept(planned, []).came is False
    early = kept(planned, [Stay("a", 400.0, 1300.0)])
    assert (early.came, early.late_s, early.inside_s) == (True, -600.0, 300.0)
    assert kept(planned, [Stay("a", 5000.0, 6000.0)]).came is False
    both = kept(planned, [Stay("a", 1000.0, 1300.0), Stay("a", 1500.0, 2500.0)])
    assert both.inside_s == 700.0
    assert both.share == pytest.approx(700 / 900)
    with pytest.raises(GisError):
        kept((5.0, 5.0), [])


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["arrive", "leave", "skip"]), st.floats(0, 1e6)), max_size=30
    )
)
def test_stays_never_overlap_at_one_place_and_are_no_longer_than_the_longest(
    events: list[tuple[str, str, float]],
) -> None:
    for place in "ab":
        own = [one for one in stays_of(events) if one.place == place]
        assert all(0 <= one.seconds <= LONGEST_STAY_S for one in own)
        ends = [one.begins_s if one.ends_s is None else one.ends_s for one in own]
        assert all(end <= after.begins_s for end, after in zip(ends, own[1:], strict=False))


def test_doses_add_up() -> None:
    found = dosage(["a", "b", "a"], [1, 1, 3], [10.0, 5.0, 2.5])
    assert sum(minutes.sum() for _, minutes, _ in found.values()) == 17.5
    assert found["a"][0].tolist() == [1, 3]
    for bad in (([-1.0],), ([float("nan")],)):
        with pytest.raises(GisError):
            dosage(["a"], [1], *bad)
    with pytest.raises(GisError):
        dosage(["a"], [1, 2], [1.0])
