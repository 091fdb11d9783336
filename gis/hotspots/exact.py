"""p-values of Gi* from all permutations at once, for whole counts: no chance is left in them, and no smallest p-value.

A place keeps its count and its m neighbours draw from the counts of all others without replacement. How many draws of m
places sum to s is the coefficient of a product over the distinct counts (the generating function of Pagano and Tritchler
1983, J. Am. Stat. Assoc. 78, 435–440); the place's own count is taken out of it by division.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from gis.errors import GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_NEIGHBOURS = 8
SMALLEST_P = 1e-15  # below it rounding would be told as chance
_MOST_WORK = 400_000_000


def can_be_counted(values: Floats, neighbours: Integers) -> bool:
    """Return whether all permutations can be counted: whole counts, few neighbours, and not too much to do."""
    if not values.size or neighbours.max(initial=0) > MOST_NEIGHBOURS:
        return False
    if values.min() < 0 or np.any(values != np.rint(values)):
        return False
    return _work(values) <= _MOST_WORK


def _work(values: Floats) -> float:
    return float(np.unique(values).size) * MOST_NEIGHBOURS**2 / 2 * (MOST_NEIGHBOURS * float(values.max()) + 1)


def exact_p(values: Floats, neighbours: Integers, lags: Floats) -> Floats:
    """Return two-sided p-values: twice the smaller share of all draws that are at least, or at most, what is observed.

    Parameters
    ----------
    values
        Whole counts of 0 or more, shape ``(n,)``.
    neighbours
        Number of neighbours of each place, at most 8, shape ``(n,)``.
    lags
        What the neighbours of each place hold together, shape ``(n,)``.

    Raises
    ------
    GisError
        If :func:`can_be_counted` says no.

    Examples
    --------
    Three others hold 0, 1 and 5; of the three pairs one holds 6 or more:

    >>> exact_p(np.array([2.0, 0.0, 1.0, 5.0]), np.array([2, 1, 1, 1]), np.array([6.0, 2.0, 0.0, 0.0])).round(3).tolist()
    [0.667, 1.0, 0.667, 0.667]
    """
    if not can_be_counted(values, neighbours):
        raise GisError("all permutations cannot be counted of these values; let some be drawn")
    n = values.size
    whole = values.astype(np.int64)
    kinds, at, times = np.unique(whole, return_inverse=True, return_counts=True)
    most = min(MOST_NEIGHBOURS, int(neighbours.max(initial=0)), n - 1)
    size = int(np.sort(whole)[::-1][:most].sum()) + 1
    draws = _draws(kinds, times, most, size)
    p = np.ones(n)
    seen = np.rint(lags).astype(np.int64)
    for kind, value in enumerate(kinds.tolist()):
        here = np.flatnonzero(at == kind)
        counts = np.unique(neighbours[here])
        without = [draws[0]]
        for m in range(1, int(counts.max(initial=0)) + 1):
            moved = np.zeros(size)
            moved[min(value, size) :] = without[m - 1][: max(size - value, 0)]
            without.append(np.maximum(draws[m] - moved * (m / n), 0.0) * (n / (n - m)) if m < n else draws[m])
        for m in counts[counts > 0].tolist():
            own = here[neighbours[here] == m]
            below = np.cumsum(without[m])
            above = np.cumsum(without[m][::-1])[::-1]
            sums = np.clip(seen[own], 0, size - 1)
            tail = np.minimum(above[sums], below[sums]) / max(float(below[-1]), 1e-300)
            p[own] = np.clip(2.0 * tail, SMALLEST_P, 1.0)
    return p


def _draws(kinds: Integers, times: Integers, most: int, size: int) -> list[Floats]:
    """Return for m = 0 … the share of all draws of m places that sum to each s, shape ``(size,)`` each."""
    n = int(times.sum())
    share = [np.zeros(size) for _ in range(most + 1)]
    share[0][0] = 1.0
    done = 0
    for value, count in zip(kinds.tolist(), times.tolist(), strict=True):
        grown = [np.zeros(size) for _ in range(most + 1)]
        for m in range(most + 1):
            for j in range(min(m, count) + 1):
                if m - j > done or value * j >= size:
                    continue
                # of the draws of m places among done + count, those with j of this value
                part = comb(count, j) * comb(done, m - j) / max(comb(done + count, m), 1.0)
                step = value * j
                grown[m][step:] += part * share[m - j][: size - step]
        share, done = grown, done + count
    assert done == n  # noqa: S101 - every place has one value
    return share
