"""When a hot spot is hot: planted windows are found, chance ones are not claimed, small numbers are not told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import kstest

from gis.errors import GisError
from gis.hotspots.chance import dealt
from gis.hotspots.windows import DaySlots, busiest_windows

CELLS = 400
SPOT = np.array([21, 22, 41, 42])
SLOTS = DaySlots()


def town(seed: int, planted: int):
    rng = np.random.default_rng(seed)
    n = 2_000
    cell, weekday = rng.integers(0, CELLS, n), rng.integers(1, 6, n)
    minute = rng.normal(16.5 * 60, 60, n).clip(6 * 60, 22 * 60 - 1).astype(int)
    cell = np.append(cell, rng.choice(SPOT, planted))
    weekday = np.append(weekday, rng.integers(2, 5, planted))
    minute = np.append(minute, rng.integers(17 * 60 + 30, 18 * 60 + 15, planted))
    return SLOTS.table(cell, weekday, minute, np.ones(cell.size), CELLS)


def test_a_planted_window_is_found_with_its_days_and_hours():
    (window,) = busiest_windows(town(1, 25), [SPOT], draws=499)
    assert window is not None
    assert window.p == pytest.approx(1 / 500)
    assert set(window.weekdays) <= {2, 3, 4, 5}
    assert {2, 3, 4} & set(window.weekdays) == {2, 3, 4}
    assert 17 * 60 <= window.minutes[0] < window.minutes[1] <= 18 * 60 + 45
    assert window.observed >= 25
    assert window.expected < 6


@pytest.mark.parametrize("seed", range(4))
def test_the_best_window_and_the_chance_of_it_are_those_of_a_plain_search(seed):
    slots = DaySlots(first_min=900, last_min=1080, bin_min=30)
    rng = np.random.default_rng(seed)
    n, cells, draws, least = 300, 40, 19, 2
    cell, weekday, minute = rng.integers(0, cells, n), rng.integers(1, 8, n), rng.integers(900, 1080, n)
    table = slots.table(cell, weekday, minute, np.ones(n), cells)

    def best(members):
        greatest = 0.0
        for a, b in itertools.combinations(range(8), 2):
            for length in (1, 2, 3, 4, 6):  # half hours
                for first in range(6 - length + 1):
                    begin, end = 900 + 30 * first, 900 + 30 * (first + length)
                    then = (weekday > a) & (weekday <= b) & (minute >= begin) & (minute < end)
                    held, fair = (then & np.isin(cell, members)).sum(), then.sum() * len(members) / cells
                    if held >= least and held > fair:
                        greatest = max(greatest, held * np.log(held / fair) - (held - fair))
        return greatest

    spot = np.array([3, 4, 5])
    (window,) = busiest_windows(table, [spot], slots=slots, least=least, draws=draws, seed=seed)
    score = best(spot)
    told = np.isin(cell, spot) & np.isin(weekday, window.weekdays)
    told &= (minute >= window.minutes[0]) & (minute < window.minutes[1])
    assert window.observed == told.sum()
    assert window.observed * np.log(window.observed / window.expected) - (
        window.observed - window.expected
    ) == pytest.approx(score)
    by_chance = [best(places) for places in dealt(cells, 3, draws, seed)]
    assert window.p == (sum(one >= score - 1e-10 for one in by_chance) + 1) / (draws + 1)


def test_windows_of_places_without_a_pattern_have_fair_p_values():
    rng = np.random.default_rng(2)
    table = town(3, 0)
    spots = [rng.choice(CELLS, 9, replace=False) for _ in range(200)]
    found = busiest_windows(table, spots, draws=199, least=1)
    p = np.array([1.0 if one is None else one.p for one in found])
    assert kstest(p - rng.uniform(0, 1 / 200, p.size), "uniform").pvalue > 0.001


def test_fewer_than_k_are_no_window():
    table = SLOTS.table(np.array([5, 5]), np.array([1, 1]), np.array([970, 975]), np.ones(2), 30)
    assert busiest_windows(table, [np.array([5])], least=3) == [None]
    assert busiest_windows(SLOTS.table(*np.zeros((3, 0), int), np.zeros(0), 30), [np.array([5])]) == [None]
    outside = SLOTS.table(np.array([-1, 5, 5]), np.array([1, 1, 1]), np.array([970, 100, 1430]), np.ones(3), 30)
    assert outside.nnz == 0


def test_what_makes_no_sense_is_refused():
    for wrong in (
        lambda: DaySlots(600, 500),
        lambda: DaySlots(bin_min=0),
        lambda: busiest_windows(town(1, 0), [SPOT], slots=DaySlots(bin_min=30)),
        lambda: busiest_windows(town(1, 0), [SPOT], draws=0),
    ):
        with pytest.raises(GisError):
            wrong()
