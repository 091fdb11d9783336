"""How likely chance alone would do it: permutations, the false discovery rate, and why there may be no answer."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FEW = 16  # whose largest says how large sums are
_SUMS_AT_ONCE = 1 << 18  # what a processor keeps near: 2 MB
MOST_PERMUTATIONS = 99_999


class Reason(IntEnum):
    """Why a place has no p-value."""

    NONE = 0
    """There is a p-value."""
    NO_INCIDENTS = 1
    """All values are zero."""
    NO_VARIATION = 2
    """All values are the same."""
    NO_NEIGHBOURS = 3
    """No neighbour of the place lies in the study area."""
    CONCENTRATED = 4
    """All but one place have the same value: the one cannot be compared, and of the others there is nothing to say."""
    EVERYWHERE = 5
    """All places are neighbours of the place, so it cannot differ from the whole."""
    LONE = 6
    """There is one incident: it makes no pair and no cluster."""
    ONE_PLACE = 7
    """All incidents lie in one place, so distances tell nothing."""
    ONE_TIME = 8
    """All incidents are of one day or week, so times tell nothing."""
    NONE_OF_LATE = 9
    """No incident is of the last weeks."""


def commonest(reasons: NDArray[np.int8]) -> Reason:
    """Return why places have no p-value: NONE where one has, else the reason of most."""
    if not reasons.size or (reasons == Reason.NONE).any():
        return Reason.NONE
    return Reason(int(np.bincount(reasons).argmax()))


def false_discovery_rate(p: ArrayLike) -> Floats:
    """Return q-values after Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57, 289–300).

    Among all places with q ≤ 0.05, at most 5 % are expected to be false. It holds under positive dependence too, as
    between neighbouring cells (Benjamini and Yekutieli 2001).

    Parameters
    ----------
    p
        p-values, shape ``(n,)``; NaN stays NaN and does not count among the tests.

    Examples
    --------
    >>> false_discovery_rate([0.01, 0.04, float("nan"), 0.03]).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    given = np.asarray(p, dtype=np.float64)
    q = np.full(given.shape, np.nan)
    at = np.flatnonzero(~np.isnan(given))
    if at.size:
        order = at[np.argsort(given[at], kind="stable")]
        raised = given[order] * at.size / np.arange(1, at.size + 1)
        q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q


def checked_values(values: ArrayLike, n: int) -> Floats:
    """Return values as floats, or say what is wrong with them."""
    out = np.asarray(values, dtype=np.float64).ravel()
    if out.size != n:
        raise GisError(f"{out.size} values but weights between {n} places; give one value per place")
    if not np.all(np.isfinite(out)):
        raise GisError("values must be finite; leave out places whose value is not known")
    return out


def permuted_lags(
    values: Floats,
    weights: sp.csr_array,
    permutations: int,
    seed: int,
    places: Integers | None = None,
) -> Iterator[tuple[Integers, Floats]]:
    """Yield, by chunks of places, what each place's neighbours would sum to if values were dealt out at random.

    The place keeps its own value, and its neighbours draw from the values of all others without replacement
    (conditional permutation; Anselin 1995, Geogr. Anal. 27, 93–115). Each permutation deals one sequence of distinct
    places, one more than any place has neighbours; a place that stands in it takes the last one in its own stead, which
    is a fair draw from the others. So all sums come from one matrix product, but for what these few exchange.

    Parameters
    ----------
    values
        Shape ``(n,)``.
    weights
        Weights without the diagonal, shape ``(n, n)``.
    permutations
        Number of permutations.
    seed
        Of the draws: the same one deals the same sequences.
    places
        Only these places; None: all.

    Yields
    ------
    places, lags
        Indexes of places, and their sums, shape ``(permutations, places)``.
    """
    if not 1 <= permutations <= MOST_PERMUTATIONS:
        raise GisError(f"{permutations} permutations; 1 to {MOST_PERMUTATIONS:,} can be made")
    n = values.size
    wanted = np.arange(n) if places is None else np.asarray(places, dtype=np.int64)
    count = np.diff(weights.indptr)
    most = int(count[wanted].max(initial=0))
    sequences = dealt(n, most + 1, permutations, seed)
    drawn = values[sequences]
    spare = drawn[:, most:] - drawn[:, :most]  # what a place that stands in the sequence exchanges
    index_of = np.full(n, -1, dtype=np.int64)
    index_of[wanted] = np.arange(wanted.size)
    among = index_of[sequences[:, :most]].ravel()
    standing = np.flatnonzero(among >= 0)
    standing = standing[np.argsort(among[standing])]
    stands = among[standing]
    step = max(_SUMS_AT_ONCE // permutations, 16)
    for first in range(0, wanted.size, step):
        here = wanted[first : first + step]
        heavy = _padded(weights[here], most)
        sums = drawn[:, :most] @ heavy.T
        concerned = slice(*np.searchsorted(stands, (first, first + here.size)))
        turn, position = np.divmod(standing[concerned], max(most, 1))
        place = stands[concerned] - first
        sums[turn, place] += heavy[place, position] * spare[turn, position]
        yield here, sums


def compare(observed: Floats, simulated: Floats) -> tuple[Integers, Integers]:
    """Return how many simulated values are at least, and at most, the observed one, shapes ``(places,)``.

    Sums of the same numbers in another order differ in the last digits; they count as equal.
    """
    slack = 1e-10 * np.maximum(np.abs(observed), np.abs(simulated[:_FEW]).max(initial=0.0))
    above = np.count_nonzero(simulated >= observed - slack, axis=0)
    below = np.count_nonzero(simulated <= observed + slack, axis=0)
    return above.astype(np.int64), below.astype(np.int64)


def two_sided(above: Integers, below: Integers, permutations: int) -> Floats:
    """Return two-sided p-values: twice the smaller tail, the observed value counted among the permutations."""
    smaller = np.minimum(above, below).astype(np.float64)
    doubled: Floats = np.minimum(2.0 * (smaller + 1.0) / (permutations + 1.0), 1.0)
    return doubled


@lru_cache(maxsize=16)
def dealt(n: int, size: int, permutations: int, seed: int) -> Integers:
    """Return sequences of distinct places of ``n`` in random order, shape ``(permutations, size)``, not to be written to.

    Question after question is about the same places: they are drawn once.
    """
    sequences = _deal(n, size, permutations, np.random.default_rng(seed))
    sequences.flags.writeable = False
    return sequences


def _deal(n: int, size: int, permutations: int, rng: np.random.Generator) -> Integers:
    """Return sequences of distinct places, shape ``(permutations, size)``, each in random order.

    Where few are wanted of many, places are drawn with replacement, a few more than wanted, and the first distinct ones
    kept: which they are does not depend on how often one came again.
    """
    if size * 4 >= n:
        return np.stack([rng.permutation(n)[:size] for _ in range(permutations)]).astype(np.int64)
    drawn = rng.integers(0, n, (permutations, size + 8 + size * size // n))
    width = drawn.shape[1]
    ranked, position = np.divmod(np.sort(drawn * width + np.arange(width), axis=1), width)
    turn, at = np.nonzero(ranked[:, 1:] == ranked[:, :-1])
    fresh = np.ones(drawn.shape, dtype=np.bool_)
    fresh[turn, position[turn, at + 1]] = False
    for short in np.flatnonzero(fresh.sum(axis=1) < size):
        drawn[short, :size], fresh[short] = rng.choice(n, size=size, replace=False), True
    fresh &= fresh.cumsum(axis=1) <= size
    return drawn[fresh].reshape(permutations, size)


def _padded(weights: sp.csr_array, most: int) -> Floats:
    """Return the weights of rows side by side, shape ``(places, most)``, zeros after the last."""
    count = np.diff(weights.indptr)
    out = np.zeros((count.size, most))
    out[np.arange(most) < count[:, None]] = weights.data
    return out
