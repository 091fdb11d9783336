"""Prizes: what is expected, what was done, and who was forgotten."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import GisError
from gis.patrols import prizes
from gis.patrols.prizes import PrizeRules, fresh_windows, repeated, repetition_penalties, stays_s, stop_prizes


def test_examples_hold() -> None:
    assert doctest.testmod(prizes).failed == 0


def test_each_visit_takes_a_share() -> None:
    assert stop_prizes([10, 10, 10], [0, 1, 2], [0, 0, 0]) == pytest.approx([10, 8, 6.4])


def test_a_school_that_was_forgotten_gains_up_to_a_limit() -> None:
    rules = PrizeRules(overdue_days=7, gain_a_day=0.5, most_gain=2)
    assert stop_prizes([2, 2, 2, 2], [0] * 4, [7, 9, 30, np.inf], rules) == pytest.approx([2, 4, 6, 6])


def test_no_gain_is_no_gain_for_ever() -> None:
    assert stop_prizes([2], [0], [np.inf], PrizeRules(gain_a_day=0)).tolist() == [2]


def test_stays_are_12_to_16_minutes() -> None:
    assert stays_s([3, 3, 3]).tolist() == [720] * 3
    assert stays_s([]).size == 0
    assert set(stays_s(np.arange(100)).tolist()) <= set(range(720, 961))


def test_a_window_is_cut_around_what_was() -> None:
    assert fresh_windows([(0, 1000), (2000, 3000)], [500, 2950], apart_s=200) == ((0, 300), (700, 1000), (2000, 2750))
    assert fresh_windows([(0, 100)], [50]) == ((0, 100),)  # nothing else would be left
    assert fresh_windows([(0, 100)], []) == ((0, 100),)


def test_a_stay_at_the_same_minute_loses() -> None:
    assert repetition_penalties([10, 10], [1000, 1000], [[1100], [5000]]).tolist() == [5, 0]


@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 900)).map(lambda w: (w[0], w[0] + w[1])), min_size=1, max_size=4
    ),
    st.lists(st.integers(0, 6000), max_size=5),
    st.integers(1, 400),
)
def test_fresh_windows_lie_in_the_old_ones_and_repeat_nothing(
    windows: list[tuple[int, int]], before: list[int], apart: int
) -> None:
    fresh = fresh_windows(windows, before, apart_s=apart)
    assert fresh
    for first, last in fresh:
        assert any(a <= first and last <= b for a, b in windows)
    if fresh != tuple(sorted(windows)):
        edges = [t for window in fresh for t in window]
        assert not repeated(edges, before, apart_s=apart).any()


@pytest.mark.parametrize(
    "bad",
    [([1], [0], []), ([-1], [0], [0]), ([1], [-1], [0]), ([np.nan], [0], [0]), ([1], [0], [np.nan]), ([1], [0], [-1])],
)
def test_bad_numbers_are_refused(bad: tuple[list[float], list[float], list[float]]) -> None:
    with pytest.raises(GisError):
        stop_prizes(*bad)


def test_bad_rules_are_refused() -> None:
    for change in ({"share_after_visit": 1.5}, {"gain_a_day": -1.0}, {"overdue_days": np.inf}):
        with pytest.raises(GisError):
            PrizeRules(**change)
    with pytest.raises(GisError):
        fresh_windows([(0, 1)], [0], apart_s=-1)
    with pytest.raises(GisError):
        stays_s([np.nan])
    with pytest.raises(GisError):
        repetition_penalties([1], [], [])
