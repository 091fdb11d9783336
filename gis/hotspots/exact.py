"""p-values of Gi* from all permutations at once, for whole counts: no chance is left in them, and no smallest p-value.

A place keeps its count and its m neighbours draw from the counts of all others without replacement. How many draws of m
places sum to s is the coefficient of a product over the distinct counts (the generating function of Pagano and Tritchler
1983, J. Am. Stat. Assoc. 78, 435–440); the place's own count is taken out of it by division.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

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
    kinds, times = np.unique(whole, return_counts=True)
    most = min(MOST_NEIGHBOURS, int(neighbours.max(initial=0)), n - 1)
    size = int(np.sort(whole)[::-1][:most].sum()) + 1
    draws = _draws(kinds, times, most, size)
    above = np.stack([np.cumsum(share[::-1])[::-1] for share in draws])
    below = np.stack([np.cumsum(share) for share in draws])
    p = np.ones(n)
    some = np.flatnonzero(neighbours > 0)
    m, own = np.minimum(neighbours[some], most), whole[some]
    seen = np.rint(np.asarray(lags, dtype=np.float64)[some]).astype(np.int64)
    tail = np.minimum(_tail(above, seen, own, m, n, upper=True), _tail(below, seen, own, m, n, upper=False))
    p[some] = np.clip(2.0 * tail, SMALLEST_P, 1.0)
    return p


def _tail(tails: Floats, seen: Integers, own: Integers, m: Integers, n: int, *, upper: bool) -> Floats:
    """Return the share of draws of m of the other places that sum to at least, or at most, what is seen.

    A draw of j of all places either leaves a place out, or holds it and j − 1 of the others: so the tail without it at a
    sum s follows from the tail of all at s and the tail without it, of one place fewer, at s less its own count.

    Parameters
    ----------
    tails
        Share of all draws of j places that sum to at least, or at most, s, shape ``(most + 1, size)``.
    seen, own, m
        Sum, own count and number of neighbours of each place, shape ``(places,)``.
    n
        Number of all places.
    upper
        Whether sums of at least, rather than at most, what is seen are asked for.
    """
    size = tails.shape[1]
    without = np.zeros(seen.size)
    for j in range(int(m.max(initial=0)) + 1):
        at = seen - np.maximum(m - j, 0) * own  # places with fewer neighbours begin later
        share = tails[j][np.clip(at, 0, size - 1)]
        share = np.where(at < 0, float(upper), np.where(at >= size, float(not upper), share))
        if j and j < n:
            share = np.where(m >= j, np.maximum(share - without * (j / n), 0.0) * (n / (n - j)), share)
        without = np.where(m >= j, share, without)
    return without


def _draws(kinds: Integers, times: Integers, most: int, size: int) -> list[Floats]:
    """Return for m = 0 … the share of all draws of m places that sum to each s, shape ``(size,)`` each."""
    n = int(times.sum())
    share = np.zeros((most + 1, size))
    share[0, 0] = 1.0
    done = 0
    for value, count in zip(kinds.tolist(), times.tolist(), strict=True):
        wide = min(size, most * value + 1)  # no larger sum has been reached yet
        grown = np.zeros((most + 1, size))
        for j in range(min(most, count) + 1):
            step = value * j
            if step >= wide:
                break
            # of the draws of m places among done + count, those with j of this value
            part = [math.comb(count, j) * math.comb(done, m - j) / max(math.comb(done + count, m), 1)
                    for m in range(j, most + 1)]  # fmt: skip
            grown[j:, step:wide] += np.array(part)[:, None] * share[: most + 1 - j, : wide - step]
        share, done = grown, done + count
    assert done == n  # noqa: S101 - every place has one value
    return list(share)
