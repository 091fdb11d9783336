"""The space-time permutation scan against a plain one, without clusters and with planted ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from gis.errors import GisError
from gis.hotspots import Reason
from gis.hotspots.scan import SMALLEST_P, space_time_scan

SIDE = 12
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
X, Y = COLUMN * 100.0, ROW * 100.0


def brute(cell, week, n_weeks, radius, most_weeks):
    """Return the greatest log likelihood ratio and what its cylinder holds, cylinder by cylinder."""
    total, best = len(cell), (0.0, 0, 0.0)
    for centre in np.unique(cell):
        apart = np.hypot(X - X[centre], Y - Y[centre])
        for reach in np.unique(apart[apart <= radius + 1e-6]):
            inside = (apart <= reach + 1e-6)[cell]
            if inside.sum() > total / 2:
                continue
            for height in range(1, most_weeks + 1):
                late = week >= n_weeks - height
                c, mu = int((inside & late).sum()), inside.sum() * late.sum() / total
                if c > max(mu, 1):
                    llr = c * np.log(c / mu) + ((total - c) * np.log((total - c) / (total - mu)) if c < total else 0)
                    if llr > best[0] + 1e-12:
                        best = (llr, c, mu)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_best_cylinder_is_that_of_a_plain_search(seed):
    rng = np.random.default_rng(seed)
    cell, week = rng.choice(SIDE * SIDE, 150, p=rng.dirichlet(np.full(SIDE * SIDE, 0.5))), rng.integers(0, 13, 150)
    found = space_time_scan(X, Y, cell, week, 13, radius_m=350, most_weeks=4, permutations=1).clusters[0]
    llr, inside, expected = brute(cell, week, 13, 350, 4)
    assert found.llr == pytest.approx(llr)
    assert (found.observed, found.expected) == pytest.approx((inside, expected))
    held = np.isin(cell, found.cells) & (week >= 13 - found.weeks)
    assert found.observed == held.sum()


def test_p_values_are_uniform_without_clusters():
    """Places differ much in how many incidents they have, and weeks too; that is no cluster."""
    rng = np.random.default_rng(9)
    shares = rng.dirichlet(np.full(SIDE * SIDE, 0.3))
    by_week = rng.dirichlet(np.full(13, 5.0))
    p = []
    for run in range(300):
        cell, week = rng.choice(SIDE * SIDE, 200, p=shares), rng.choice(13, 200, p=by_week)
        clusters = space_time_scan(X, Y, cell, week, 13, radius_m=300, most_weeks=3, permutations=39, seed=run).clusters
        p.append(clusters[0].p if clusters else 1.0)
    smoothed = np.array(p) - rng.uniform(0, 1 / 40, 300)  # 40 possible values, made continuous
    assert kstest(smoothed, "uniform").pvalue > 0.001
    assert np.mean(np.array(p) <= 0.05) < 0.09


def test_the_power_rises_with_the_strength_of_a_planted_cluster():
    rng = np.random.default_rng(10)
    power = []
    for extra in (0, 4, 12):
        hits = 0
        for run in range(20):
            cell, week = rng.integers(0, SIDE * SIDE, 300), rng.integers(0, 26, 300)
            cell = np.append(cell, rng.choice([65, 66, 77, 78], extra))
            week = np.append(week, rng.integers(24, 26, extra))
            best = space_time_scan(X, Y, cell, week, 26, radius_m=300, permutations=99, seed=run).clusters[0]
            hits += best.p <= 0.05 and bool(set(best.cells.tolist()) & {65, 66, 77, 78})
        power.append(hits / 20)
    assert power[0] <= 0.15
    assert power[0] < power[1] < power[2]
    assert power[2] >= 0.95


def test_clusters_do_not_overlap_and_come_by_likelihood():
    rng = np.random.default_rng(11)
    cell = np.concatenate([rng.integers(0, SIDE * SIDE, 300), [14] * 9, [129] * 7])
    week = np.concatenate([rng.integers(0, 26, 300), [25] * 9, [25] * 7])
    clusters = space_time_scan(X, Y, cell, week, 26, radius_m=250, permutations=99).clusters
    assert [c.llr for c in clusters] == sorted((c.llr for c in clusters), reverse=True)
    members = np.concatenate([c.cells for c in clusters])
    assert len(set(members.tolist())) == len(members)
    assert 14 in clusters[0].cells
    assert 129 in clusters[1].cells
    assert clusters[0].p == clusters[1].p == 0.01
    assert clusters[0].weeks == 1
    assert len(space_time_scan(X, Y, cell, week, 26, permutations=9, most_clusters=1).clusters) == 1


@pytest.mark.parametrize(
    ("cell", "week", "reason"),
    [
        ([], [], Reason.NO_INCIDENTS),
        ([5], [12], Reason.LONE),
        ([5, 6, 7], [12, 12, 12], Reason.ONE_TIME),
        ([5, 6, 7], [0, 1, 2], Reason.NONE_OF_LATE),
        ([7] * 40, [12] * 20 + [3] * 20, Reason.ONE_PLACE),
    ],
)
def test_nothing_is_claimed_of_too_little(cell, week, reason):
    found = space_time_scan(X, Y, cell, week, 13)
    assert found.reason == reason
    assert found.clusters == ()


@pytest.mark.parametrize(
    "options",
    [
        {"cell": [144]},
        {"cell": [-1]},
        {"week": [13]},
        {"week": [1, 2]},
        {"radius_m": float("nan")},
        {"most_weeks": 7},
        {"most_weeks": 0},
        {"permutations": 0},
    ],
)
def test_what_makes_no_sense_is_refused(options):
    arguments = {"cell": [3], "week": [12]} | options
    with pytest.raises(GisError):
        space_time_scan(X, Y, n_weeks=13, **arguments)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_each_permutation_is_that_of_a_plain_search(seed):
    rng = np.random.default_rng(50 + seed)
    cell, week = rng.choice(SIDE * SIDE, 90, p=rng.dirichlet(np.full(SIDE * SIDE, 0.3))), rng.integers(0, 9, 90)
    result = space_time_scan(X, Y, cell, week, 9, radius_m=250, most_weeks=3, permutations=12, seed=seed)
    dealt, late = np.random.default_rng(seed), week >= 6
    occupied, where, size = np.unique(cell, return_inverse=True, return_counts=True)
    for value in result.simulated:
        # the late weeks go to the places that are dealt out, in the order in which they are given
        places = dealt.choice(where, late.sum(), replace=False)
        others = np.repeat(np.arange(occupied.size), size - np.bincount(places, minlength=occupied.size))
        weeks = np.concatenate([week[late], week[~late]])
        dealt_out = occupied[np.concatenate([places, others])]
        assert value == pytest.approx(brute(dealt_out, weeks, 9, 250, 3)[0], rel=1e-9)


def test_a_fitted_tail_says_what_many_permutations_say():
    rng = np.random.default_rng(4)
    shares = rng.dirichlet(np.full(SIDE * SIDE, 0.5))
    few, many = [], []
    for run in range(60):
        cell, week = rng.choice(SIDE * SIDE, 250, p=shares), rng.integers(0, 13, 250)
        cell, week = np.append(cell, np.full(run % 6, 40)), np.append(week, np.full(run % 6, 12))  # some with a cluster
        told = {"radius_m": 300, "most_weeks": 3, "seed": run}
        few.append(space_time_scan(X, Y, cell, week, 13, permutations=99, tail="gumbel", **told).clusters[0].p)
        many.append(space_time_scan(X, Y, cell, week, 13, permutations=999, **told).clusters[0].p)
    gap = np.array(few) - np.array(many)
    assert np.abs(gap).max() < 0.15
    assert abs(gap.mean()) < 0.02
    small = np.array(many) < 0.02
    assert small.any()
    assert np.all(np.array(few)[small] < 0.06)
    assert min(few) >= SMALLEST_P
