"""Weeks beyond their usual variation: by hand, with holidays, past peaks and few numbers, and how often falsely."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nbinom

from gis.effects.alerts import Quiet, strongest, week_alert, week_alerts
from gis.errors import GisError


def test_the_bound_by_hand():
    """Ten weeks of 3: rate (30 + ½)/50 a day, no more variation than chance, a tenth more for the rate's estimate."""
    found = week_alert([3] * 10 + [12], [5] * 11)
    expected = 30.5 / 10
    law = nbinom(expected / 0.1, 1 / 1.1)
    assert found.expected == pytest.approx(expected)
    assert found.dispersion == 1
    assert found.bound == law.ppf(0.99)
    assert found.p == pytest.approx(law.sf(11))
    assert found.alert


def test_an_ordinary_week_is_none():
    found = week_alert([3, 5, 2, 4, 3, 6, 2, 3, 4, 5, 5], [5] * 11)
    assert not found.alert
    assert found.quiet is Quiet.NONE


def test_a_short_week_is_held_against_fewer_days():
    full = week_alert([10] * 10 + [14], [5] * 11)
    short = week_alert([10] * 10 + [14], [5] * 10 + [2])
    assert short.expected == pytest.approx(full.expected * 2 / 5)
    assert short.alert
    assert not full.alert


def test_holiday_weeks_are_left_out_of_the_history():
    with_holidays = week_alert([4, 5, 0, 0, 3, 4, 5, 4, 3, 4, 5], [5, 5, 0, 0, 5, 5, 5, 5, 5, 5, 5])
    without = week_alert([4, 5, 3, 4, 5, 4, 3, 4, 5], [5] * 9)
    assert (with_holidays.expected, with_holidays.bound) == (without.expected, without.bound)


def test_a_past_peak_hides_no_new_one():
    usual = [3, 4, 2, 3, 4, 3, 2, 4, 3, 3, 4, 2]
    peaked = [*usual]
    peaked[3] = 30
    assert week_alert([*peaked, 18], [5] * 13).alert
    assert week_alert([*peaked, 18], [5] * 13).expected < 5


def test_weeks_that_vary_much_have_a_higher_bound():
    steady = week_alert([6] * 12 + [14], [5] * 13)
    restless = week_alert([1, 12, 3, 10, 0, 13, 2, 11, 4, 9, 1, 6, 14], [5] * 13)
    assert steady.alert
    assert not restless.alert
    assert restless.dispersion > 2


def test_only_half_a_year_is_looked_at():
    assert week_alert([50] * 30 + [3] * 26 + [12], [5] * 57).alert


@pytest.mark.parametrize(
    ("counts", "days", "quiet"),
    [
        ([3] * 10 + [9], [5] * 10 + [0], Quiet.NO_SCHOOL),
        ([3] * 7 + [19], [5] * 8, Quiet.SHORT_HISTORY),
        ([0] * 20 + [4], [5] * 21, Quiet.TOO_FEW),
    ],
)
def test_why_there_is_no_alert(counts, days, quiet):
    found = week_alert(counts, days)
    assert found.quiet is quiet
    assert not found.alert


def test_five_after_a_long_silence_are_an_alert():
    assert week_alert([0] * 20 + [5], [5] * 21).alert


@pytest.mark.parametrize(
    ("counts", "days"), [([], []), ([1, 2], [5]), ([1, -1], [5, 5]), ([1, 1.5], [5, 5]), ([1, 1], [5, math.nan])]
)
def test_what_makes_no_sense_is_refused(counts, days):
    with pytest.raises(GisError):
        week_alert(counts, days)
    with pytest.raises(GisError):
        week_alerts(counts, days)


def test_many_series_share_the_false_alerts():
    rng = np.random.default_rng(1)
    found = week_alerts(rng.poisson(4, (200, 27)), [5] * 27)
    assert len(found) == 200
    assert sum(f.alert for f in found) <= 3
    assert week_alerts(np.zeros((0, 10)), [5] * 10) == ()


def test_the_least_likely_comes_first():
    found = week_alerts([[3] * 10 + [12], [3] * 10 + [3], [3] * 10 + [30]], [5] * 11)
    assert strongest(found) == [2, 0]


@pytest.mark.parametrize("dispersion", [1.0, 2.0])
def test_false_alerts_are_as_rare_as_asked_for(dispersion):
    rng = np.random.default_rng(8)
    mean = 6.0
    weeks = rng.poisson(mean, (2000, 27)) if dispersion == 1 else rng.negative_binomial(mean, 0.5, (2000, 27))
    false = np.mean([week_alert(row, [5] * 27, alpha=0.01).alert for row in weeks])
    assert false < 0.02


def test_a_doubling_is_mostly_seen():
    rng = np.random.default_rng(4)
    weeks = np.column_stack([rng.poisson(8, (300, 26)), rng.poisson(20, (300, 1))])
    assert np.mean([week_alert(row, [5] * 27).alert for row in weeks]) > 0.7
