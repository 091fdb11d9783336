"""Gi* and Moran's I against esda, on published data and on Chicago; edge cases by hand."""

from __future__ import annotations

import esda
import geopandas as gpd
import libpysal
import numpy as np
import pytest
import scipy.sparse as sp

from gis.errors import GisError
from gis.hotspots import (
    Reason,
    Weights,
    band_neighbours,
    false_discovery_rate,
    gi_star,
    global_moran,
    local_moran,
    queen_neighbours,
    weights_of,
)

pytestmark = pytest.mark.usefixtures("peer_warnings")

SIX = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], dtype=float)
SIX_VALUES = [2, 3, 3.2, 5, 8, 7]
EXAMPLES = [("columbus", "columbus.shp", "CRIME"), ("stl", "stl_hom.shp", "HR8893"), ("sids2", "sids2.shp", "SID74")]


@pytest.fixture(scope="module", params=EXAMPLES, ids=[name for name, _, _ in EXAMPLES])
def example(request):
    name, file, column = request.param
    libpysal.examples.load_example(name)
    frame = gpd.read_file(libpysal.examples.get_path(file))
    peer = libpysal.weights.Queen.from_dataframe(frame, use_index=False)
    return frame[column].to_numpy(float), peer


def square_weights(side: int = 10) -> Weights:
    row, column = np.divmod(np.arange(side * side), side)
    return queen_neighbours(column, row)


def assert_equals_esda(values, peer):
    ours = weights_of(peer.sparse)
    theirs = esda.G_Local(values, peer, transform="B", star=True, permutations=0)
    spots = gi_star(values, ours)
    np.testing.assert_allclose(spots.z, theirs.Zs, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(spots.p, 2 * theirs.p_norm, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        local_moran(values, ours, permutations=0).value,
        esda.Moran_Local(values, peer, transformation="r", permutations=0).Is,
        rtol=1e-9,
        atol=1e-9,
    )
    np.testing.assert_array_equal(
        local_moran(values, ours, permutations=0).quadrant,
        esda.Moran_Local(values, peer, transformation="r", permutations=0).q,
    )
    whole, theirs = global_moran(values, ours), esda.Moran(values, peer, transformation="r", permutations=0)
    np.testing.assert_allclose(
        [whole.value, whole.expected, whole.variance_normal, whole.variance_random, whole.z, whole.p],
        [theirs.I, theirs.EI, theirs.VI_norm, theirs.VI_rand, theirs.z_rand, theirs.p_rand],
        rtol=1e-9,
        atol=1e-9,
    )


def test_equals_esda_on_published_data(example):
    assert_equals_esda(*example)


def test_equals_esda_on_ten_thousand_cells_of_chicago(chicago_square):
    assert chicago_square.size == 10_000
    assert chicago_square.sum() > 5_000
    values = chicago_square.ravel()
    peer = libpysal.weights.lat2W(100, 100, rook=False)
    assert (abs(queen_neighbours(*np.divmod(np.arange(10_000), 100)[::-1]).matrix - peer.sparse)).nnz == 0
    assert_equals_esda(values, peer)


def test_esdas_example_of_six_points():
    apart = np.hypot(*(SIX[:, None] - SIX[None]).transpose(2, 0, 1))
    spots = gi_star(SIX_VALUES, weights_of(sp.csr_array((apart <= 15) & (apart > 0))))
    published = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    np.testing.assert_allclose(spots.z, published, atol=5e-9)


def test_columbus_has_its_published_figures():
    libpysal.examples.load_example("columbus")
    frame = gpd.read_file(libpysal.examples.get_path("columbus.shp"))
    weights = weights_of(libpysal.weights.Queen.from_dataframe(frame, use_index=False).sparse)
    crime = frame["CRIME"].to_numpy()
    assert global_moran(crime, weights).value == pytest.approx(0.500189, abs=5e-7)
    spots = gi_star(crime, weights)
    assert (spots.z.min(), spots.z.max()) == pytest.approx((-2.851, 3.4751), abs=5e-4)


def doubled_tail(observed, simulated):
    """Return two-sided p-values of a peer's simulated values, ties counted (the peer drops some by rounding)."""
    above = (simulated >= observed - 1e-12).sum(axis=0)
    below = (simulated <= observed + 1e-12).sum(axis=0)
    return np.minimum(2 * (np.minimum(above, below) + 1) / (len(simulated) + 1), 1)


def test_permuted_p_values_agree_with_esda(example):
    values, peer = example
    ours = weights_of(peer.sparse)
    theirs = esda.G_Local(values, peer, transform="B", star=True, permutations=4999, seed=1, n_jobs=1)
    spots = gi_star(values, ours, permutations=4999, seed=2)
    assert np.abs(spots.p - doubled_tail(theirs.Gs, theirs.sim)).max() < 0.08  # four standard errors at p = 0.5
    theirs = esda.Moran_Local(values, peer, permutations=4999, seed=1)
    assert np.abs(local_moran(values, ours, permutations=4999).p - doubled_tail(theirs.Is, theirs.sim)).max() < 0.08
    np.random.seed(3)
    theirs = esda.Moran(values, peer, permutations=999)
    assert abs(global_moran(values, ours, permutations=999).p - doubled_tail(theirs.I, theirs.sim)) < 0.08


def test_sequences_of_places_are_dealt_fairly():
    """Few of many: they are drawn with replacement, and those that come again left out."""
    from scipy.stats import chisquare

    from gis.hotspots.chance import _deal

    places, size, turns = 41, 5, 40_000
    dealt = _deal(places, size, turns, np.random.default_rng(3))
    assert dealt.shape == (turns, size)
    assert all(len(set(row)) == size for row in dealt[:2_000].tolist())
    for position in range(size):
        assert chisquare(np.bincount(dealt[:, position], minlength=places)).pvalue > 1e-4
    pairs = np.bincount(dealt[:, 1] * places + dealt[:, 4], minlength=places**2).reshape(places, places)
    assert not pairs.diagonal().any()
    assert chisquare(pairs[~np.eye(places, dtype=bool)]).pvalue > 1e-4


def test_a_permutation_deals_from_all_others_and_never_the_place_itself():
    """Every ordered draw for a place of a tiny area is as likely as any other."""
    values = np.array([1.0, 10.0, 100.0, 1000.0])
    weights = weights_of(sp.csr_array(np.array([[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]])))
    from gis.hotspots.chance import permuted_lags

    ((_, sums),) = permuted_lags(values, weights.matrix, 30_000, 5)
    for place, expected in enumerate([{110, 1010, 1100}, {1, 100, 1000}, {11, 1001, 1010}, {1, 10, 100}]):
        seen, times = np.unique(sums[:, place], return_counts=True)
        assert set(seen.tolist()) == expected
        assert np.abs(times / 30_000 - 1 / 3).max() < 0.015


def test_p_values_are_fair_without_a_pattern():
    values = np.random.default_rng(3).normal(size=2_500)
    spots = gi_star(values, square_weights(50), permutations=999)
    assert np.nanmean(spots.p <= 0.05) == pytest.approx(0.05, abs=0.02)
    assert not spots.classes.any()
    assert np.array_equal(spots.p, gi_star(values, square_weights(50), permutations=999).p)


def test_a_planted_hot_and_a_cold_spot_are_found_and_nothing_else():
    values = np.random.default_rng(4).poisson(20, (30, 30)).astype(float)
    values[5:8, 5:8] += 25
    values[20:23, 20:23] = 0
    found = gi_star(values.ravel(), square_weights(30)).classes.reshape(30, 30)
    assert found[6, 6] == 99
    assert found[21, 21] == -99
    outside = found.copy()
    outside[3:10, 3:10] = outside[18:25, 18:25] = 0
    assert np.count_nonzero(outside) <= 5


def test_distance_bands_reach_as_far_as_they_say():
    row, column = np.divmod(np.arange(49), 7)
    assert band_neighbours(column, row, 150.0, 150.0).neighbours.reshape(7, 7)[3, 3] == 4
    assert band_neighbours(column, row, 150.0, 215.0).neighbours.reshape(7, 7)[3, 3] == 8
    assert band_neighbours(column, row, 150.0, 300.0).neighbours.reshape(7, 7)[3, 3] == 12
    peer = libpysal.weights.DistanceBand(np.column_stack([column, row]) * 150.0, 300.0 + 1e-6)
    assert abs(band_neighbours(column, row, 150.0, 300.0).matrix - peer.sparse).nnz == 0
    assert not band_neighbours(column, row, 150.0, 0.0).neighbours.any()


def test_cells_that_lie_far_apart_need_no_table_of_all_cells():
    weights = queen_neighbours([0, 1, 9_000_000], [0, 0, 9_000_000])
    assert weights.neighbours.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("values", "reason"),
    [(np.zeros(100), Reason.NO_INCIDENTS), (np.ones(100), Reason.NO_VARIATION)],
)
def test_nothing_is_claimed_where_nothing_differs(values, reason):
    for found in (
        gi_star(values, square_weights()),
        gi_star(values, square_weights(), permutations=99),
        local_moran(values, square_weights(), permutations=99),
    ):
        assert np.isnan(found.p).all()
        assert np.isnan(found.q).all()
        assert set(found.reason.tolist()) == {reason}
    whole = global_moran(values, square_weights())
    assert np.isnan(whole.p)
    assert whole.reason == reason


@pytest.mark.parametrize("number", [1, 500])
def test_all_incidents_in_one_cell_have_no_p_value(number):
    values = np.zeros(100)
    values[44] = number
    for found in (
        gi_star(values, square_weights()),
        gi_star(values, square_weights(), permutations=99),
        gi_star(values, square_weights(), exact=True),
        local_moran(values, square_weights(), permutations=99),
    ):
        assert np.isnan(found.p).all()
        assert set(found.reason.tolist()) == {Reason.CONCENTRATED}
    assert not gi_star(values, square_weights(), exact=True).classes.any()
    assert np.isnan(global_moran(values, square_weights()).p)


def test_small_areas_and_none():
    nothing = gi_star([], queen_neighbours([], []))
    assert nothing.z.shape == (0,)
    assert local_moran([], queen_neighbours([], [])).value.shape == (0,)
    assert np.isnan(global_moran([], queen_neighbours([], [])).value)
    one = gi_star([5.0], queen_neighbours([0], [0]))
    assert np.isnan(one.p).all()
    block = gi_star([1, 2, 3, 4], queen_neighbours([0, 1, 0, 1], [0, 0, 1, 1]), permutations=9)
    assert set(block.reason.tolist()) == {Reason.EVERYWHERE}
    assert np.isnan(block.p).all()


def test_the_false_discovery_rate_is_that_of_scipy():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(6).uniform(size=300) ** 2
    np.testing.assert_allclose(false_discovery_rate(p), false_discovery_control(p), rtol=1e-12)
    assert false_discovery_rate([]).shape == (0,)
    assert np.isnan(false_discovery_rate([np.nan, np.nan])).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: gi_star([1, 2], square_weights()),
        lambda: gi_star(np.full(100, np.nan), square_weights()),
        lambda: gi_star(np.arange(100), square_weights(), permutations=-1),
        lambda: queen_neighbours([0, 0], [1, 1]),
        lambda: queen_neighbours([0, 1], [1]),
        lambda: band_neighbours([0], [0], 100.0, float("nan")),
        lambda: band_neighbours([0], [0], 100.0, 6_000.0),
        lambda: Weights(sp.csr_array(np.ones((2, 3)))),
        lambda: Weights(sp.csr_array(np.ones((2, 2)))),
        lambda: Weights(sp.csr_array(np.array([[0.0, -1.0], [1.0, 0.0]]))),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(GisError):
        wrong()
