"""Gi* from all permutations at once: against permutations drawn, against every draw of a small area, and what it refuses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gis.errors import GisError
from gis.hotspots import gi_star, kernel_neighbours, queen_neighbours
from gis.hotspots.exact import can_be_counted, exact_p
from gis.hotspots.gi import ALL

ROW, COLUMN = np.divmod(np.arange(400), 20)


def skewed(seed: int, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(0.5, 2.0, n)).astype(float)


def test_every_draw_of_a_small_area_is_counted():
    values = np.array([3, 0, 1, 1, 7, 2, 0, 4, 0], dtype=float)
    weights = queen_neighbours([0, 1, 2] * 3, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    lags = weights.binary() @ values
    found = exact_p(values, weights.neighbours, lags)
    for place in range(9):
        m = int(weights.neighbours[place])
        others = np.delete(values, place)
        sums = np.array([sum(draw) for draw in itertools.combinations(others, m)])
        tail = min((sums >= lags[place]).mean(), (sums <= lags[place]).mean())
        assert found[place] == pytest.approx(min(1.0, 2 * tail), abs=1e-12)


def test_drawn_permutations_agree_within_chance():
    values, weights = skewed(1), queen_neighbours(COLUMN, ROW)
    drawn = gi_star(values, weights, permutations=19_999, seed=3)
    counted = gi_star(values, weights, exact=True)
    assert counted.permutations == ALL
    np.testing.assert_array_equal(counted.z, drawn.z)
    unusual = drawn.p <= 0.1  # the others are looked at with 999 permutations alone
    error = np.sqrt(2 * drawn.p / 19_999) + 2 / 20_000
    assert np.all(np.abs(counted.p - drawn.p)[unusual] < 5 * error[unusual])
    assert np.all(np.abs(counted.p - drawn.p)[~unusual] < 0.12)


def test_among_many_cells_a_hot_spot_is_found_that_drawn_permutations_cannot():
    row, column = np.divmod(np.arange(4_900), 70)
    values = skewed(2, 4_900)
    values[:3] += 12
    values[70:73] += 12
    weights = queen_neighbours(column, row)
    drawn, counted = gi_star(values, weights, permutations=999), gi_star(values, weights, exact=True)
    assert not drawn.classes.any()
    assert counted.classes[71] == 99


def test_where_they_cannot_be_counted_some_are_drawn():
    weights = queen_neighbours(COLUMN, ROW)
    fractions = skewed(4) + 0.5 * (np.arange(400) == 7)
    assert not can_be_counted(fractions, weights.neighbours)
    assert not can_be_counted(-skewed(4), weights.neighbours)
    assert gi_star(fractions, weights, permutations=99, exact=True).permutations == 99
    kernel = kernel_neighbours(COLUMN, ROW, 100.0, 150.0)
    assert not can_be_counted(skewed(4), kernel.neighbours)
    with pytest.raises(GisError):
        exact_p(fractions, weights.neighbours, fractions)


def test_the_density_is_significant_where_it_was_planted():
    values = np.random.default_rng(6).poisson(2.0, 400).astype(float)
    values.reshape(20, 20)[4:8, 4:8] += 5
    kernel = kernel_neighbours(COLUMN, ROW, 100.0, 150.0)
    found = gi_star(values, kernel, permutations=9_999, kernel=True)
    assert found.classes.reshape(20, 20)[5, 5] == 99
    assert (found.classes.reshape(20, 20)[13:, 13:] <= 0).all()
    dense = np.exp(-0.5 * ((COLUMN[:, None] - COLUMN) ** 2 + (ROW[:, None] - ROW) ** 2) / 1.5**2)
    dense[dense < np.exp(-0.5 * 9.0001)] = 0
    local, size, squares = dense @ values, dense.sum(axis=1), (dense**2).sum(axis=1)
    spread = values.std() * np.sqrt((400 * squares - size**2) / 399)
    np.testing.assert_allclose(found.z, (local - size * values.mean()) / spread, rtol=1e-9)
    with pytest.raises(GisError):
        kernel_neighbours(COLUMN, ROW, 100.0, 20.0)
