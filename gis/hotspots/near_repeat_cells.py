"""The Knox test of incidents counted by cell and day, without permutations: a million incidents in a moment.

What all ways of dealing the days out anew among the incidents give is known: the mean and the variance of the number of
near pairs follow from how many near neighbours each incident has in space and in time (Barton and David 1966, "The
random intersection of two graphs"; Siemiatycki 1978, Cancer Research 38, 2021–2024). The tail is that of Pearson's type
III with this mean and variance, and the skewness of the Poisson, binomial and negative binomial laws of the same two.
Bands are those of :mod:`gis.hotspots.near_repeat`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.stats import pearson3

from gis.errors import BadCoordinatesError, GisError
from gis.hotspots.chance import Reason
from gis.hotspots.near_repeat import NearRepeatTable, checked_edges, near_pairs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALLEST_P = 1e-3  # that of 999 permutations: how far out the law of a tail holds, nobody knows


def knox_of_cells(
    x_m: ArrayLike,
    y_m: ArrayLike,
    cell: ArrayLike,
    day: ArrayLike,
    *,
    space_edges_m: Sequence[float],
    time_edges_days: Sequence[int] = (1, 7, 14, 28),
) -> NearRepeatTable:
    """Return how many pairs of incidents lie near in space and time, and how many chance would give.

    Parameters
    ----------
    x_m, y_m
        Centres of the cells in a metric plane, shape ``(cells,)``.
    cell, day
        Cell of each incident, an index, and its day, a whole number with any origin, shape ``(n,)``.
    space_edges_m, time_edges_days
        Upper edges of the bands, rising; those in time are whole days.

    Returns
    -------
    NearRepeatTable
        ``expected`` is exact, no p-value is below ``SMALLEST_P``, and there are 0 permutations.

    Raises
    ------
    BadCoordinatesError
        If the centres are not finite.
    GisError
        If edges do not rise, cells or days are out of range, or too many pairs of cells lie within the last band.

    Examples
    --------
    Two incidents on one day in one cell and a third one elsewhere a year later: one pair of three is near in space, one
    in time, so a third of a pair was to be expected.

    >>> table = knox_of_cells([0.0, 9_000.0], [0.0, 0.0], [0, 0, 1], [5, 5, 370], space_edges_m=[150.0])
    >>> int(table.observed[0, 0]), round(float(table.expected[0, 0]), 4)
    (1, 0.3333)
    """
    space, time = checked_edges(space_edges_m, "space"), checked_edges(time_edges_days, "time")
    where, when = np.asarray(cell, dtype=np.int64).ravel(), np.asarray(day, dtype=np.int64).ravel()
    place = np.column_stack([np.asarray(x_m, dtype=np.float64).ravel(), np.asarray(y_m, dtype=np.float64).ravel()])
    if where.size != when.size or np.any(time != np.rint(time)):
        raise GisError("give a cell and a day of each incident, and whole days as edges")
    if not np.all(np.isfinite(place)):
        raise BadCoordinatesError("the centres of cells must be finite")
    if where.size and not 0 <= where.min() <= where.max() < len(place):
        raise GisError(f"incidents lie in cells {where.min()} to {where.max()}; there are cells 0 to {len(place) - 1}")
    n, rows, columns = where.size, space.size + 2, time.size + 1
    if n < 2:
        no_pairs, nothing = np.zeros((rows, columns), dtype=np.int64), np.full((rows, columns), np.nan)
        none = Reason.LONE if n else Reason.NO_INCIDENTS
        return NearRepeatTable(space, time, no_pairs, nothing, nothing, nothing, nothing, n, 0, none)
    occupied, where = np.unique(where, return_inverse=True)
    when = when - when.min()
    near = _near_cells(place[occupied], space)
    size, per_day = np.bincount(where), np.bincount(when)
    by_space = [band @ size - (row == 0) for row, band in enumerate(near)]
    by_space.append(n - 1 - np.sum(by_space, axis=0))
    by_time = np.diff(_within(per_day[None, :], time)[0] - 1, axis=0, prepend=0)
    by_time = np.vstack([by_time, n - 1 - by_time.sum(axis=0)])
    observed = _observed(near, where, when, time, by_time, per_day)
    in_space = [_Graph(size, neighbours) for neighbours in by_space]
    in_time = [_Graph(per_day, neighbours) for neighbours in by_time]
    moments = np.array([[_moments(n, one, other) for other in in_time] for one in in_space])
    expected, spread = moments[..., 0], moments[..., 1]
    ratio = np.full(expected.shape, np.nan)
    np.divide(observed, expected, out=ratio, where=expected > 0)
    p = np.clip(_upper_tail(observed, expected, spread), SMALLEST_P, 1.0)
    why = Reason.ONE_PLACE if occupied.size == 1 else Reason.ONE_TIME if per_day.size == 1 else Reason.NONE
    if why is not Reason.NONE:
        p = np.full(p.shape, np.nan)
    return NearRepeatTable(space, time, observed, expected, spread, ratio, p, n, 0, why)


class _Graph:
    """Which incidents are near each other: the number of pairs, and of pairs of pairs that share an incident."""

    def __init__(self, times: Integers, neighbours: Integers) -> None:
        self.pairs = int((times * neighbours).sum()) // 2
        self.adjacent = int((times * neighbours * (neighbours - 1)).sum())  # ordered
        self.apart = self.pairs * (self.pairs - 1) - self.adjacent  # ordered


def _near_cells(place: Floats, space: Floats) -> list[csr_array]:
    """Return for each band which cells lie in it of each other, as matrices of ones; a cell is in its own first band."""
    one, other, band = near_pairs(place, space, "euclidean")
    out = []
    for row in range(space.size + 1):
        a, b = one[band == row], other[band == row]
        itself = np.arange(len(place) if row == 0 else 0)
        i, j = np.concatenate([itself, a, b]), np.concatenate([itself, b, a])
        out.append(csr_array((np.ones(i.size, dtype=np.int64), (i, j)), shape=(len(place), len(place))))
    return out


def _within(counts: Integers, time: Floats) -> Integers:
    """Return for rows of counts by day how many lie less than each edge away, shape ``(rows, edges, days)``."""
    running = np.concatenate([np.zeros((len(counts), 1), dtype=np.int64), counts.cumsum(axis=1)], axis=1)
    days = np.arange(counts.shape[1])
    first = np.maximum(days - time[:, None].astype(np.int64) + 1, 0)
    last = np.minimum(days + time[:, None].astype(np.int64), counts.shape[1])
    within: Integers = running[:, last] - running[:, first]
    return within


def _observed(
    near: Sequence[csr_array], where: Integers, when: Integers, time: Floats, by_time: Integers, per_day: Integers
) -> Integers:
    """Return pairs by band in space and time; those further apart than the last band in space are the rest."""
    cells, days = near[0].shape[0], per_day.size
    key, times = np.unique(where * days + when, return_counts=True)
    at, on = key // days, key % days
    counts = np.zeros((cells, days), dtype=np.int64)
    counts[at, on] = times
    table = np.zeros((len(near) + 1, time.size + 1), dtype=np.int64)
    edges = time.astype(np.int64)
    for row, band in enumerate(near):
        around = band @ counts
        running = np.concatenate([np.zeros((cells, 1), dtype=np.int64), around.cumsum(axis=1)], axis=1)
        within = [
            int((times * (running[at, np.minimum(on + edge, days)] - running[at, np.maximum(on - edge + 1, 0)])).sum())
            for edge in edges.tolist()
        ]
        ordered = np.diff([0, *within, int((times * running[at, days]).sum())])
        ordered[0] -= int(times.sum()) if row == 0 else 0  # no incident is a pair with itself
        table[row] = ordered // 2
    table[-1] = (by_time * per_day).sum(axis=1) // 2 - table[:-1].sum(axis=0)
    return table


def _moments(n: int, space: _Graph, time: _Graph) -> tuple[float, float]:
    """Return mean and standard deviation of the pairs that are near in both, over all orders; exact before rounding."""
    pairs = n * (n - 1) // 2
    mean = Fraction(space.pairs * time.pairs, pairs)
    square = mean
    if n > 2:
        square += Fraction(space.adjacent * time.adjacent, n * (n - 1) * (n - 2))
    if n > 3:
        square += Fraction(4 * space.apart * time.apart, n * (n - 1) * (n - 2) * (n - 3))
    return float(mean), math.sqrt(max(square - mean * mean, Fraction(0)))


def _upper_tail(observed: Integers, mean: Floats, spread: Floats) -> Floats:
    """Return the chance of at least what is observed; 1 where nothing can vary."""
    out = np.ones(mean.shape)
    some = (spread > 0) & (mean > 0)
    z = (observed[some] - 0.5 - mean[some]) / spread[some]
    skew = (2 * spread[some] ** 2 - mean[some]) / (mean[some] * spread[some])
    out[some] = pearson3.sf(z, skew)
    return out
