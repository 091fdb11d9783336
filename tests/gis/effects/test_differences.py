"""Differences in differences by hand, against scipy, and in simulations where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import fisher_exact, kstest

from gis.effects.differences import difference_in_differences
from gis.errors import EmptyInputError, GisError

HALF = [True, True, False, False]


def test_the_ratio_of_ratios_by_hand():
    found = difference_in_differences([[30, 18], [28, 14], [31, 30], [27, 29]], [40, 40], HALF, 1)
    assert (found.treated_before, found.treated_after) == (58, 32)
    assert (found.control_before, found.control_after) == (58, 59)
    assert found.ratio == pytest.approx((32 / 58) / (59 / 58))
    assert found.expected == pytest.approx(58 * 59 / 58)
    assert found.prevented == pytest.approx(27)
    assert found.method == "quasi-poisson"


def test_the_interval_of_large_counts_by_hand():
    found = difference_in_differences([[29, 16], [29, 16], [29, 30], [29, 29]], [40, 40], HALF, 1)
    spread = math.sqrt(1 / 58 + 1 / 32 + 1 / 58 + 1 / 59)  # the units change alike: chance alone
    assert found.dispersion < 1
    assert math.log(found.high / found.low) == pytest.approx(2 * 1.959964 * spread, rel=1e-6)
    assert math.sqrt(found.low * found.high) == pytest.approx(found.ratio)


def test_units_that_change_unlike_widen_the_interval():
    alike = difference_in_differences([[30, 20], [30, 20], [30, 30], [30, 30]], [5, 5], HALF, 1)
    unlike = difference_in_differences([[30, 38], [30, 2], [30, 58], [30, 2]], [5, 5], HALF, 1)
    assert alike.ratio == pytest.approx(unlike.ratio)
    assert unlike.dispersion > 5
    assert unlike.high / unlike.low > 10 * alike.high / alike.low


def test_a_week_of_holidays_is_no_fall():
    found = difference_in_differences([[20, 8], [20, 8], [20, 8], [20, 8]], [5, 2], HALF, 1)
    assert found.treated_change == pytest.approx(1)
    assert found.ratio == pytest.approx(1)
    assert found.p == pytest.approx(1)


def test_unlike_school_days_are_counted_for_each_unit():
    days = [[10, 5], [10, 5], [10, 10], [10, 10]]
    found = difference_in_differences([[40, 20], [40, 20], [40, 40], [40, 40]], days, HALF, 1)
    assert found.ratio == pytest.approx(1)
    assert found.expected == pytest.approx(40)


def test_small_counts_agree_with_fishers_exact_test():
    """Mid-p lies below Fisher's p by at most the chance of the table observed."""
    found = difference_in_differences([[9, 1], [4, 9]], [5, 5], [True, False], 1)
    assert found.method == "exact"
    one_sided = fisher_exact([[1, 9], [9, 4]], alternative="less").pvalue
    assert found.p < 2 * one_sided
    assert found.p == pytest.approx(2 * (one_sided - 0.5 * point_chance(1, 10, 13, 10)))


def point_chance(k: int, treated: int, control: int, after: int) -> float:
    return math.comb(treated, k) * math.comb(control, after - k) / math.comb(treated + control, after)


def test_an_exact_interval_ends_where_its_p_would_be_five_per_cent():
    counts = np.array([[9, 2], [12, 12]])
    found = difference_in_differences(counts, [10, 10], [True, False], 1)
    for bound in (found.low, found.high):
        days = np.array([[10, 10 * bound], [10, 10]])  # the action's factor taken for exposure
        assert difference_in_differences(counts, days, [True, False], 1).p == pytest.approx(0.05, abs=1e-6)


def test_none_after_gives_a_ratio_of_nothing_with_an_upper_bound():
    found = difference_in_differences([[12, 0], [12, 12]], [5, 5], [True, False], 1)
    assert (found.ratio, found.low) == (0, 0)
    assert 0 < found.high < 0.5
    assert found.p < 0.01


def test_without_incidents_nothing_can_be_said():
    found = difference_in_differences(np.zeros((4, 2)), [5, 5], HALF, 1)
    assert math.isnan(found.ratio)
    assert (found.low, found.high, found.p) == (0, math.inf, 1)
    assert not found.enough


@pytest.mark.parametrize(("expected_before", "enough"), [(6, True), (4, False)])
def test_fewer_than_five_in_a_part_are_not_enough(expected_before, enough):
    found = difference_in_differences([[expected_before, 3], [20, 20]], [5, 5], [True, False], 1)
    assert found.enough is enough


@pytest.mark.parametrize(
    ("counts", "days", "treated", "before", "error"),
    [
        ([[1, 2], [3, 4]], [5, 5], [True, True], 1, EmptyInputError),
        ([[1, 2], [3, 4]], [5, 0], [True, False], 1, EmptyInputError),
        ([[1, 2], [3, 4]], [5, 5], [True, False], 2, GisError),
        ([[1, 2], [3, 4]], [5, 5, 5], [True, False], 1, GisError),
        ([[1, -2], [3, 4]], [5, 5], [True, False], 1, GisError),
        ([[1, 2.5], [3, 4]], [5, 5], [True, False], 1, GisError),
        ([1, 2], [5, 5], [True, False], 1, GisError),
    ],
)
def test_what_makes_no_sense_is_refused(counts, days, treated, before, error):
    with pytest.raises(error):
        difference_in_differences(counts, days, treated, before)


def simulated(mean: float, effect: float, runs: int, seed: int, unlike: float = 0.0):
    """Return results where 8 of 20 units are treated; ``unlike`` is the variance of the units' own changes."""
    rng = np.random.default_rng(seed)
    treated = np.arange(20) < 8
    days = np.array([50.0, 35.0])
    found = []
    for _ in range(runs):
        level = mean * rng.gamma(4, 0.25, 20)
        change = 0.9 * np.where(treated, effect, 1.0)
        if unlike:
            change = change * rng.gamma(1 / unlike, unlike, 20)
        fair = np.column_stack([level * days[0] / 50, level * change * days[1] / 50])
        found.append(difference_in_differences(rng.poisson(fair), days, treated, 1))
    return found


@pytest.mark.parametrize(("mean", "unlike"), [(1.0, 0.0), (8.0, 0.0), (30.0, 0.0), (30.0, 0.1)])
def test_p_is_uniform_where_there_is_no_effect(mean, unlike):
    p = np.array([found.p for found in simulated(mean, 1.0, 800, 7, unlike)])
    assert np.mean(p < 0.05) < 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / p.size)
    assert np.mean(p < 0.05) > 0.02
    assert kstest(p, "uniform").statistic < 0.08


@pytest.mark.parametrize(("mean", "unlike"), [(1.0, 0.0), (8.0, 0.0), (30.0, 0.0), (30.0, 0.1)])
def test_intervals_hold_the_truth_about_95_times_in_100(mean, unlike):
    found = simulated(mean, 0.6, 800, 11, unlike)
    held = np.mean([f.low <= 0.6 <= f.high for f in found])
    assert 0.93 <= held <= 0.985
