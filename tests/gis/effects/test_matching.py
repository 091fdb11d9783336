"""Comparable units by the stated rule, and the check of the time before the action."""

from __future__ import annotations

import numpy as np
import pytest

from gis.effects.differences import difference_in_differences
from gis.effects.matching import comparable_units, level_and_trend, pre_trend
from gis.errors import GisError


def test_level_and_trend_by_hand():
    counts = np.array([[2.0, 3.0, 6.0, 7.0]])
    level, trend = level_and_trend(counts, np.full((1, 4), 5.0))
    assert level[0] == pytest.approx(np.log(18.5 / 20))
    assert trend[0] == pytest.approx(np.log(13.5 / 10) - np.log(5.5 / 10))


def test_the_nearest_in_level_and_trend_are_chosen_and_none_twice():
    weeks = np.array(
        [
            [10, 10, 10, 10],  # treated, steady
            [2, 2, 2, 2],  # treated, low
            [10, 11, 10, 10],  # like the first
            [2, 2, 2, 3],  # like the second
            [4, 6, 14, 16],  # the level of the first, but rising
            [40, 40, 40, 40],
        ]
    )
    found = comparable_units(weeks, [5] * 4, [True, True, False, False, False, False], each=1)
    assert found.units.tolist() == [2, 3]
    assert found.of.tolist() == [0, 1]
    assert len(set(found.units)) == len(found.units)


def test_the_sum_of_distances_is_the_least_and_not_greedy():
    """Both treated units are nearest to the same one; the other treated one has a better second choice."""
    weeks = np.array([[20] * 4, [24] * 4, [22] * 4, [30] * 4, [60] * 4, [61] * 4])
    found = comparable_units(weeks, [5] * 4, [True, True, False, False, False, False], each=1, caliper=3)
    assert dict(zip(found.units.tolist(), found.of.tolist(), strict=True)) == {2: 0, 3: 1}


def test_a_unit_like_no_other_is_left_without():
    weeks = np.vstack([np.full((1, 6), 60), np.full((8, 6), 3)])
    found = comparable_units(weeks, [5] * 6, np.arange(9) == 0, each=2)
    assert found.units.size == 0
    assert found.unmatched.tolist() == [0]


def test_the_choice_does_not_hang_on_the_order_of_the_rest():
    rng = np.random.default_rng(3)
    weeks, order = rng.poisson(rng.gamma(3, 2, (30, 1)), (30, 10)), rng.permutation(30)
    treated = np.arange(30) < 5
    one = comparable_units(weeks, [5] * 10, treated)
    other = comparable_units(weeks[order], [5] * 10, treated[order])
    assert one.distance.sum() == pytest.approx(other.distance.sum())
    assert set(one.units) == set(order[other.units])


@pytest.mark.parametrize(("each", "caliper"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_senseless_rules_are_refused(each, caliper):
    with pytest.raises(GisError):
        comparable_units([[1, 2], [3, 4]], [5, 5], [True, False], each=each, caliper=caliper)


def test_one_period_has_no_trend():
    with pytest.raises(GisError, match="two periods"):
        comparable_units([[1], [3]], [5], [True, False])


def test_parallel_groups_are_found_parallel():
    found = pre_trend([[10] * 8, [5] * 8], [5] * 8, [True, False])
    assert found.factor == pytest.approx(1)
    assert found.p == pytest.approx(1)
    assert found.parallel


def test_a_treated_group_that_rose_before_is_found_out():
    weeks = np.array([[8, 10, 12, 15, 19, 24, 30, 37], [20] * 8])
    found = pre_trend(weeks, [5] * 8, [True, False])
    assert found.factor == pytest.approx(1.25, abs=0.02)
    assert found.low > 1
    assert not found.parallel


def test_holidays_are_no_trend():
    weeks, days = np.array([[20, 20, 12, 12, 4, 20], [10, 10, 6, 6, 2, 10]]), [5, 5, 3, 3, 1, 5]
    assert pre_trend(weeks, days, [True, False]).factor == pytest.approx(1)


def test_too_little_before_cannot_be_checked():
    found = pre_trend([[1, 0, 1, 0, 1], [2, 1, 2, 1, 2]], [5] * 5, [True, False])
    assert not found.enough
    assert not found.parallel
    assert not pre_trend([[30, 30], [30, 30]], [5, 5], [True, False]).enough


def test_groups_told_apart_by_nothing_stay_untold():
    """All incidents of the early weeks in one group, all of the late ones in the other: no finite slope."""
    found = pre_trend([[9, 9, 9, 0, 0, 0], [0, 0, 0, 9, 9, 9]], [5] * 6, [True, False])
    assert not found.parallel


def test_the_check_of_trends_errs_as_often_as_it_says():
    rng = np.random.default_rng(5)
    p = np.array([pre_trend(rng.poisson(4, (10, 12)), [5] * 12, np.arange(10) < 4).p for _ in range(600)])
    assert 0.02 < np.mean(p < 0.05) < 0.075


def test_after_matching_p_stays_uniform_where_there_is_no_effect():
    rng, p = np.random.default_rng(9), []
    treated = np.arange(40) < 6
    for _ in range(300):
        weeks = rng.poisson(rng.gamma(4, 0.5, (40, 1)), (40, 20))
        chosen = comparable_units(weeks[:, :12], [5] * 12, treated).units
        rows = np.union1d(np.flatnonzero(treated), chosen)
        p.append(difference_in_differences(weeks[rows], [5] * 20, treated[rows], 12).p)
    assert np.mean(np.array(p) < 0.05) < 0.09
