"""The Knox test of cells and days against the one of incidents, its permutations, and what can be counted by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gis.errors import BadCoordinatesError, GisError
from gis.hotspots.chance import Reason
from gis.hotspots.near_repeat import knox_test
from gis.hotspots.near_repeat_cells import SMALLEST_P, knox_of_cells

SIDE_M = 100.0
EDGES = {"space_edges_m": (150.0, 250.0, 450.0), "time_edges_days": (1, 7, 14, 28)}


def town(rng: np.random.Generator, n: int, *, echoes: int = 0, lumpy: float = 1.0):
    """Return cells of an invented town, and the cell and day of incidents that crowd in some, with echoes if wanted."""
    x, y = (grid.ravel() * SIDE_M for grid in np.meshgrid(np.arange(12), np.arange(12)))
    weight = rng.gamma(lumpy, 1.0, x.size)
    cell, day = rng.choice(x.size, n, p=weight / weight.sum()), rng.integers(0, 91, n)
    again = rng.choice(n, echoes, replace=False)
    cell = np.append(cell, cell[again])
    return x, y, cell, np.append(day, np.minimum(day[again] + rng.integers(0, 4, echoes), 90))


@pytest.mark.parametrize(("n", "lumpy", "echoes"), [(40, 1.0, 0), (300, 0.3, 30), (600, 1.0, 0), (600, 0.2, 60)])
def test_it_counts_and_judges_as_permutations_do(n, lumpy, echoes):
    x, y, cell, day = town(np.random.default_rng(n + echoes), n, lumpy=lumpy, echoes=echoes)
    ours = knox_of_cells(x, y, cell, day, **EDGES)
    drawn = knox_test(x[cell], y[cell], day, permutations=1_999, seed=5, **EDGES)
    np.testing.assert_array_equal(ours.observed, drawn.observed)
    assert (ours.incidents, ours.permutations, ours.reason) == (cell.size, 0, Reason.NONE)
    error = np.sqrt(np.maximum(ours.expected, 0.3) / 1_999)
    assert np.all(np.abs(ours.expected - drawn.expected) < 8 * error + 1e-9)
    np.testing.assert_allclose(ours.spread, drawn.spread, rtol=0.12, atol=0.1)
    np.testing.assert_allclose(ours.p, np.maximum(drawn.p, SMALLEST_P), atol=0.045)
    small = (drawn.p < 0.05) & (ours.expected > 1)
    assert np.all(ours.p[small] < 0.08)


def test_mean_and_variance_are_those_of_all_orders():
    """Six incidents have 720 orders: all of them are gone through."""
    x, y = np.array([0.0, 100.0, 900.0]), np.zeros(3)
    cell, day = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 1, 2, 9, 9, 40])
    edges = {"space_edges_m": (150.0,), "time_edges_days": (1, 7)}
    tables = np.stack([
        knox_test(x[cell], y[cell], day[list(order)], permutations=1, **edges).observed
        for order in itertools.permutations(range(6))
    ])  # fmt: skip
    ours = knox_of_cells(x, y, cell, day, **edges)
    np.testing.assert_allclose(ours.expected, tables.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(ours.spread, tables.std(axis=0), rtol=1e-9, atol=1e-12)


def test_chance_alone_is_seldom_called_certain():
    rng = np.random.default_rng(8)
    p = np.stack([knox_of_cells(*town(rng, 400, lumpy=0.4), **EDGES).p[:3, :2] for _ in range(400)])
    share = (p <= 0.05).mean(axis=0)  # uniform, as far as pairs, which come in whole numbers, can be
    assert np.all(share < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400))
    assert np.all(share > 0.015)
    assert np.all(np.abs(p.mean(axis=0) - 0.5) < 0.08)


def test_a_hundred_thousand_incidents_are_counted_too():
    rng = np.random.default_rng(1)
    x, y, cell, day = town(rng, 100_000, lumpy=0.5)
    table = knox_of_cells(x, y, cell, day, **EDGES)
    assert table.observed.sum() == 100_000 * 99_999 // 2
    np.testing.assert_allclose(table.expected.sum(), table.observed.sum(), rtol=1e-12)
    assert np.all((table.ratio > 0.98) & (table.ratio < 1.02))


def test_few_incidents_claim_nothing():
    for cell, day, reason in (([0, 0, 0], [1, 5, 9], Reason.ONE_PLACE), ([0, 1, 1], [3, 3, 3], Reason.ONE_TIME)):
        alike = knox_of_cells([0.0, 300.0], [0.0, 0.0], cell, day, space_edges_m=[150.0])
        assert alike.reason is reason
        assert alike.observed.sum() == 3
        assert np.isnan(alike.p).all()
        assert np.isnan(alike.q).all()
    for n, reason in ((0, Reason.NO_INCIDENTS), (1, Reason.LONE)):
        table = knox_of_cells([5.0], [5.0], [0] * n, [1] * n, **EDGES)
        assert table.reason is reason
        assert not table.observed.any()
        assert np.isnan(table.p).all()
    for n in (2, 3, 20):
        assert knox_of_cells([0.0], [0.0], [0] * n, list(range(n)), **EDGES).reason is Reason.ONE_PLACE
        far = np.arange(float(n)) * 90
        assert knox_of_cells(far, far, list(range(n)), [3] * n, **EDGES).reason is Reason.ONE_TIME


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0.0], [0.0], [0, 0], [1], {}), GisError),
        (([0.0, np.nan], [0.0, 1.0], [0, 1], [1, 2], {}), BadCoordinatesError),
        (([0.0], [0.0], [0, 1], [1, 2], {}), GisError),
        (([0.0, 1.0], [0.0, 1.0], [0, 1], [1, 2], {"space_edges_m": (200, 100)}), GisError),
        (([0.0, 1.0], [0.0, 1.0], [0, 1], [1, 2], {"time_edges_days": (1.5, 7)}), GisError),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, error):
    x, y, cell, day, options = arguments
    with pytest.raises(error):
        knox_of_cells(x, y, cell, day, **(EDGES | options))
