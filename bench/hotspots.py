"""Gi* against ``esda.G_Local``, density against ``KDEpy.FFTKDE``, and the other statistics on their own.

``python -m bench.hotspots``: on 25,600 cells analytic Gi* must be at least 100 times as fast as the peer, with 999
permutations at least 5 times; 1,000,000 incidents to a density on 512 × 512 cells at least 5 times. Both sides get
weights that are built already, and give the same standard scores. The incidents are invented.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import esda
import libpysal
import numpy as np

from gis.hotspots import gi_star, queen_neighbours
from gis.hotspots.near_repeat import knox_test
from gis.hotspots.scan import space_time_scan
from gis.kde import Grid, kernel_density, share_out

SIDE = 160
PERMUTATIONS = 999
ROUNDS = 3
INCIDENTS = 1_000_000


def measure(make: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = make()
    return time.perf_counter() - started, made


def compare(title: str, ours: Callable[[], Any], peer: Callable[[], Any], least: float, rounds: int) -> bool:
    ours()
    runs = [(measure(ours)[0], measure(peer)[0]) for _ in range(rounds)]
    ratio = statistics.median(peer_s / ours_s for ours_s, peer_s in runs)
    ours_s, peer_s = (statistics.median(run[side] for run in runs) for side in (0, 1))
    good = ratio >= least
    print(
        f"{title:<52}{ours_s:>10.4f}{peer_s:>10.3f}{ratio:>9.0f} ×  at least {least:g}: {'met' if good else 'MISSED'}"
    )
    return good


def gi(rng: np.random.Generator) -> bool:
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    counts = rng.poisson(rng.gamma(0.5, 4.0, SIDE * SIDE)).astype(float)
    weights, peer_weights = queen_neighbours(column, row), libpysal.weights.lat2W(SIDE, SIDE, rook=False)

    def peer(permutations: int) -> Any:
        return esda.G_Local(counts, peer_weights, transform="B", star=True, permutations=permutations, seed=1)

    same = np.allclose(gi_star(counts, weights).z, peer(0).Zs, rtol=1e-9, atol=1e-9)
    print(f"the same standard scores to 1e-9: {same}")
    good = compare("Gi*, 25,600 cells, analytic", lambda: gi_star(counts, weights), lambda: peer(0), 100, ROUNDS)
    seeds = itertools.count()  # each time other permutations: those that were dealt are kept
    title = f"Gi*, 25,600 cells, {PERMUTATIONS} permutations"
    permuted = compare(
        title,
        lambda: gi_star(counts, weights, permutations=PERMUTATIONS, seed=next(seeds)),
        lambda: peer(PERMUTATIONS),
        5,
        1,
    )
    return same and good and permuted


def density(rng: np.random.Generator) -> bool:
    from KDEpy import FFTKDE

    grid = Grid(0.0, 0.0, 100.0, 512, 512)
    x, y = (rng.normal(25_600, 5_000, INCIDENTS).clip(100, 51_100) for _ in range(2))
    steps = (np.arange(512) + 0.5) * 100.0
    nodes = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    points = np.column_stack([x, y])
    return compare(
        "density, 1,000,000 incidents, 512 × 512 cells",
        lambda: kernel_density(share_out(x, y, grid), 100.0, 300.0),
        lambda: FFTKDE(kernel="gaussian", bw=300.0).fit(points).evaluate(nodes),
        5,
        ROUNDS,
    )


def alone(rng: np.random.Generator) -> None:
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    cell, week = rng.integers(0, SIDE * SIDE, 5_000), rng.integers(0, 52, 5_000)
    x, y = column * 150.0, row * 150.0
    seconds, _ = measure(lambda: space_time_scan(x, y, cell, week, 52, permutations=PERMUTATIONS))
    print(f"{'space-time scan, 5,000 incidents, 999 permutations':<52}{seconds:>10.2f}")
    places = rng.uniform(0, 24_000, (2, 5_000))
    seconds, _ = measure(lambda: knox_test(*places, rng.integers(0, 365, 5_000)))
    print(f"{'near repeats, 5,000 incidents, 999 permutations':<52}{seconds:>10.2f}")


def main() -> int:
    rng = np.random.default_rng(20261123)
    print(f"{'':<52}{'ours, s':>10}{'peer, s':>10}{'ratio':>10}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        good = [gi(rng), density(rng)]
    alone(rng)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
