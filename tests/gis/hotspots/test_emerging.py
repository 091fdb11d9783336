"""Mann-Kendall against published and hand-made figures, and every category of emerging hot spots."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from gis.errors import GisError
from gis.hotspots import Reason, gi_star, queen_neighbours
from gis.hotspots.emerging import Emerging, categories, emerging_hot_spots, mann_kendall, space_time_gi_star


def test_mann_kendall_counts_pairs_and_corrects_for_ties():
    rng = np.random.default_rng(1)
    series = rng.integers(0, 6, (50, 26))
    trend = mann_kendall(series)
    for values, score, z in zip(series, trend.score, trend.z, strict=True):
        by_hand = sum(np.sign(values[j] - values[i]) for j in range(26) for i in range(j))
        assert score == by_hand
        _, ties = np.unique(values, return_counts=True)
        variance = (26 * 25 * 57 - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
        assert z == pytest.approx((by_hand - np.sign(by_hand)) / np.sqrt(variance))


def test_without_ties_the_score_is_kendalls_tau_against_time():
    values = np.random.default_rng(2).normal(size=30)
    tau = kendalltau(np.arange(30), values).statistic
    assert mann_kendall(values[None]).score[0] == pytest.approx(tau * 30 * 29 / 2)


def test_trends_are_fair_and_nothing_is_claimed_of_too_little():
    p = mann_kendall(np.random.default_rng(3).normal(size=(4000, 26))).p
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.isnan(mann_kendall(np.ones((2, 26))).p).all()
    assert np.isnan(mann_kendall([[1, 2, 3]]).p).all()
    assert mann_kendall(np.zeros((0, 26))).p.shape == (0,)
    assert np.isnan(mann_kendall(np.zeros((3, 0))).p).all()
    with pytest.raises(GisError):
        mann_kendall([1, 2, 3])


CASES = [  # bins, oldest first: H hot, C cold; direction of the trend; what it is
    ("....................", 0, Emerging.NONE),
    ("...................H", 0, Emerging.NEW),
    (".................HHH", 0, Emerging.CONSECUTIVE),
    ("C................HHH", 0, Emerging.CONSECUTIVE),
    ("..HHHHHHHHHHHHHHHHHH", 1, Emerging.INTENSIFYING),
    ("..HHHHHHHHHHHHHHHHHH", 0, Emerging.PERSISTENT),
    ("HHHHHHH..HHHHHHHHHHH", -1, Emerging.DIMINISHING),
    ("HHHHHHHHHHHHHHHHHHHH", 0, Emerging.PERSISTENT),
    ("...HHH......H.....HH", 1, Emerging.SPORADIC),
    ("...HHH...CC.H.....HH", 1, Emerging.OSCILLATING),
    ("HHHHHHHHHHHHHHHHHHH.", 1, Emerging.HISTORICAL),
    ("HHHHHHHHHH..........", -1, Emerging.NONE),
]


@pytest.mark.parametrize(("bins", "rising", "expected"), CASES)
def test_every_category(bins, rising, expected):
    letters = np.array([list(bins)])
    assert categories(letters == "H", letters == "C", np.array([rising], np.int8)).tolist() == [expected]


def test_gi_star_of_one_bin_is_that_in_space():
    counts = np.random.default_rng(4).poisson(3, 400).astype(float)
    weights = queen_neighbours(*np.divmod(np.arange(400), 20))
    np.testing.assert_allclose(space_time_gi_star(counts[:, None], weights)[:, 0], gi_star(counts, weights).z)


def test_gi_star_in_space_and_time_is_that_of_a_graph_of_places_and_bins():
    """The same from a matrix over all places and bins, row by row."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(2, (25, 6)).astype(float)
    weights = queen_neighbours(*np.divmod(np.arange(25), 5))
    near = weights.matrix.toarray() + np.eye(25)
    z = space_time_gi_star(counts, weights, back=2)
    n, mean, spread = counts.size, counts.mean(), counts.std()
    for place in range(25):
        for at in range(6):
            members = np.zeros_like(counts)
            members[near[place] > 0, max(0, at - 2) : at + 1] = 1
            size = members.sum()
            expected = ((members * counts).sum() - size * mean) / (spread * np.sqrt(size * (n - size) / (n - 1)))
            assert z[place, at] == pytest.approx(expected)


def test_a_new_and_a_lasting_hot_spot_are_told_apart():
    counts = np.random.default_rng(6).poisson(5, (400, 20)).astype(float)
    grid = counts.reshape(20, 20, 20)
    grid[3:6, 3:6] += 12
    grid[12:15, 12:15, -1] += 25
    grid[12:15, 3:6] += np.linspace(4, 40, 20)
    grid[3:6, 12:15] = 0
    found = emerging_hot_spots(grid.reshape(400, 20), queen_neighbours(*np.divmod(np.arange(400), 20)[::-1]))
    category = found.category.reshape(20, 20)
    assert category[13, 13] == Emerging.NEW
    assert category[4, 4] == Emerging.PERSISTENT
    assert category[13, 4] in (Emerging.INTENSIFYING, Emerging.CONSECUTIVE)
    assert category[4, 13] == -Emerging.PERSISTENT
    assert np.count_nonzero(category == 0) > 300


@pytest.mark.parametrize(("number", "reason"), [(0, Reason.NO_INCIDENTS), (1, Reason.CONCENTRATED)])
def test_no_incidents_and_one_make_no_hot_spot(number, reason):
    counts = np.zeros((100, 13))
    counts[55, 12] = number
    found = emerging_hot_spots(counts, queen_neighbours(*np.divmod(np.arange(100), 10)))
    assert not found.category.any()
    assert set(found.reason.tolist()) == {reason}


def test_one_cell_is_told_where_it_is_hot_week_after_week_but_not_for_one_week_alone():
    grid = queen_neighbours(*np.divmod(np.arange(100), 10))
    counts = np.zeros((100, 13))
    counts[55] = np.arange(13)
    assert emerging_hot_spots(counts, grid).category[55] == Emerging.CONSECUTIVE
    counts[55, :12] = 0
    found = emerging_hot_spots(counts, grid)
    assert not found.category.any()
    assert set(found.reason.tolist()) == {Reason.CONCENTRATED}


def test_places_without_neighbours_and_no_places():
    found = emerging_hot_spots(np.random.default_rng(7).poisson(3, (3, 13)), queen_neighbours([0, 1, 9], [0, 0, 9]))
    assert found.reason.tolist() == [Reason.NONE, Reason.NONE, Reason.NO_NEIGHBOURS]
    assert np.isnan(found.z[2]).all()
    assert emerging_hot_spots(np.zeros((0, 13)), queen_neighbours([], [])).category.shape == (0,)
    assert emerging_hot_spots(np.zeros((2, 0)), queen_neighbours([0, 1], [0, 0])).category.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("counts", "back"), [(np.ones((3, 4)), 1), (np.ones((2, 4)), -1), (np.full((2, 4), np.nan), 1)]
)
def test_what_does_not_go_together_is_refused(counts, back):
    with pytest.raises(GisError):
        space_time_gi_star(counts, queen_neighbours([0, 1], [0, 0]), back=back)
