"""Kernel density against scipy and KDEpy on the same kernel and grid, and at the edge of the study area."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from gis.errors import BadCoordinatesError, GisError
from gis.kde import Grid, kernel_density, share_out

GRID = Grid(west_m=-2000.0, south_m=1000.0, cell_m=50.0, columns=96, rows=64)


def centres(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    x = grid.west_m + (np.arange(grid.columns) + 0.5) * grid.cell_m
    y = grid.south_m + (np.arange(grid.rows) + 0.5) * grid.cell_m
    return np.meshgrid(x, y)


def scattered(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(400, 500, n).clip(-1900, 2700), rng.normal(2600, 300, n).clip(1100, 4100)


def test_equals_scipy_where_points_lie_on_the_centres():
    x, y = centres(GRID)
    rng = np.random.default_rng(1)
    at = rng.choice(x.size, 400)
    ours = kernel_density(share_out(x.ravel()[at], y.ravel()[at], GRID), 50.0, 150.0)
    points = np.stack([x.ravel()[at], y.ravel()[at]])
    peer = gaussian_kde(points)
    # scipy scales the data's own covariance; standing in for it makes the kernel round, with 150 m
    whitened = gaussian_kde(points, bw_method=1.0)
    whitened.covariance = np.eye(2) * 150.0**2
    whitened.cho_cov = np.eye(2) * 150.0
    whitened.log_det = 2 * np.log(2 * np.pi * 150.0**2)
    theirs = whitened(np.stack([x.ravel(), y.ravel()])).reshape(x.shape) * peer.n * 1e6
    assert np.abs(ours - theirs).max() <= 1e-6 * theirs.max()


def nodes() -> np.ndarray:
    x, y = centres(GRID)
    return np.stack([x.T, y.T], axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_kdepy_on_the_same_grid(weighted):
    """FFTKDE shares points out linearly too; its quartic kernel is given by the standard deviation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from KDEpy import FFTKDE
    x, y = scattered(20_000)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, x.size) if weighted else None
    total = x.size if weights is None else weights.sum()
    peer = FFTKDE(kernel="biweight", bw=320.0 / np.sqrt(7)).fit(np.column_stack([x, y]), weights=weights)
    theirs = peer.evaluate(nodes()).reshape(GRID.columns, GRID.rows).T * total * 1e6
    ours = kernel_density(share_out(x, y, GRID, weights), 50.0, 320.0, kernel="quartic")
    assert np.abs(ours - theirs).max() <= 1e-6 * theirs.max()


def test_equals_kdepy_with_the_whole_gaussian():
    """NaiveKDE, because FFTKDE cuts the Gaussian off at 3 bandwidths, 1 % of its height; points on the centres."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from KDEpy import NaiveKDE
    points = nodes()[np.random.default_rng(4).choice(len(nodes()), 300)]
    theirs = NaiveKDE(kernel="gaussian", bw=130.0).fit(points).evaluate(nodes())
    ours = kernel_density(share_out(points[:, 0], points[:, 1], GRID), 50.0, 130.0)
    theirs = theirs.reshape(GRID.columns, GRID.rows).T * 300 * 1e6
    assert np.abs(ours - theirs).max() <= 1e-6 * theirs.max()


def test_the_quartic_kernel_is_that_of_its_formula():
    x, y = centres(GRID)
    at = np.random.default_rng(3).choice(x.size, 60)
    ours = kernel_density(share_out(x.ravel()[at], y.ravel()[at], GRID), 50.0, 320.0, kernel="quartic")
    by_hand = np.zeros_like(x)
    for px, py in zip(x.ravel()[at], y.ravel()[at], strict=True):
        near = 1 - ((x - px) ** 2 + (y - py) ** 2) / 320.0**2
        by_hand += np.where(near > 0, 3 / (np.pi * 320.0**2) * near**2, 0.0)
    np.testing.assert_allclose(ours, by_hand * 1e6, atol=1e-9 * by_hand.max() * 1e6)


def test_points_are_shared_out_by_nearness_and_none_is_lost():
    grid = Grid(0.0, 0.0, 100.0, 3, 2)
    shared = share_out([50.0, 100.0, 175.0], [50.0, 100.0, 50.0], grid)
    np.testing.assert_allclose(shared, [[1.25, 1.0, 0.25], [0.25, 0.25, 0.0]])
    x, y = scattered(5000)
    assert share_out(x, y, GRID).sum() == pytest.approx(5000)
    far = share_out([-1e9, 1e9, 150.0], [50.0, 50.0, 1e9], grid)
    assert not far.any()


@pytest.mark.parametrize("kernel", ["gaussian", "quartic"])
def test_an_even_spread_has_an_even_density_up_to_the_edge(kernel):
    counts = np.ones((40, 50))
    inside = np.ones((40, 50), dtype=bool)
    inside[:, 30:] = inside[30:, 10:20] = False
    counts[~inside] = 0
    density = kernel_density(counts, 100.0, 400.0, kernel=kernel, inside=inside)
    np.testing.assert_allclose(density[inside], 100.0)
    assert np.isnan(density[~inside]).all()
    plain = kernel_density(counts, 100.0, 400.0, kernel=kernel)
    assert plain[5, 29] < 70


def test_a_part_far_from_its_edge_is_smoothed_as_the_whole():
    counts = np.random.default_rng(5).poisson(0.2, (40, 1_200)).astype(float)
    whole = kernel_density(counts, 50.0, 120.0)
    part = kernel_density(counts[:, 300:900], 50.0, 120.0)
    np.testing.assert_allclose(whole[:, 330:870], part[:, 30:-30], atol=1e-6 * whole.max())


def test_rates_are_per_hundred_school_days():
    counts = np.ones((9, 9))
    whole = kernel_density(counts, 100.0, 100.0)
    np.testing.assert_allclose(kernel_density(counts, 100.0, 100.0, school_days=50), whole * 2)


def test_no_incidents_and_one():
    none = kernel_density(share_out([], [], GRID), 50.0, 100.0)
    assert none.shape == (64, 96)
    assert not none.any()
    one = kernel_density(share_out([25.0], [2025.0], GRID), 50.0, 100.0)
    assert one.sum() * 0.05**2 == pytest.approx(1.0, rel=1e-6)
    assert one.max() == pytest.approx(1e6 / (2 * np.pi * 100.0**2))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: kernel_density(np.ones((3, 3)), 100.0, 49.0), GisError),
        (lambda: kernel_density(np.ones((3, 3)), 100.0, float("nan")), GisError),
        (lambda: kernel_density(np.ones(3), 100.0, 100.0), GisError),
        (lambda: kernel_density(np.full((3, 3), np.nan), 100.0, 100.0), GisError),
        (lambda: kernel_density(np.ones((3, 3)), 100.0, 100.0, inside=np.ones((2, 3))), GisError),
        (lambda: kernel_density(np.ones((3, 3)), 100.0, 100.0, school_days=0), GisError),
        (lambda: kernel_density(np.ones((3, 3)), 100.0, 100.0, kernel="round"), GisError),  # type: ignore[arg-type]
        (lambda: Grid(0.0, 0.0, 0.0, 3, 3), GisError),
        (lambda: Grid(0.0, 0.0, 10.0, 0, 3), GisError),
        (lambda: share_out([0.0], [0.0, 1.0], GRID), BadCoordinatesError),
        (lambda: share_out([np.inf], [0.0], GRID), BadCoordinatesError),
        (lambda: share_out([1.0], [0.0], GRID, [1.0, 2.0]), BadCoordinatesError),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, error):
    with pytest.raises(error):
        wrong()
