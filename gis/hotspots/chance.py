"""How likely chance alone would do it: permutations, the false discovery rate, and why there may be no answer."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK = 2_048
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
    """All but one place have the same value: the normal approximation would claim what it cannot know."""
    EVERYWHERE = 5
    """All places are neighbours of the place, so it cannot differ from the whole."""


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
    rng: np.random.Generator,
    places: Integers | None = None,
) -> Iterator[tuple[Integers, Floats]]:
    """Yield, by chunks of places, what each place's neighbours would sum to if values were dealt out at random.

    The place keeps its own value, and its neighbours draw from the values of all others without replacement
    (conditional permutation; Anselin 1995, Geogr. Anal. 27, 93–115). Each permutation deals one sequence of distinct
    places; a place takes the first ones that are not itself, which is a fair draw from the others. Only the few
    places that stand in the sequence themselves need a sum of their own, all others come from one matrix product.

    Parameters
    ----------
    values
        Shape ``(n,)``.
    weights
        Weights without the diagonal, shape ``(n, n)``.
    permutations
        Number of permutations.
    rng
        Source of chance.
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
    dealt = _deal(n, min(most + 1, n), permutations, rng)
    drawn = values[dealt]
    position_of = np.full(n, -1, dtype=np.int64)
    for first in range(0, wanted.size, _CHUNK):
        here = wanted[first : first + _CHUNK]
        heavy = _padded(weights[here], most)
        sums = drawn[:, :most] @ heavy.T
        position_of[here] = np.arange(here.size)
        among = position_of[dealt[:, :most]]
        position_of[here] = -1
        turn, position = np.nonzero(among >= 0)
        place = among[turn, position]
        concerned = position < count[here][place]
        turn, position, place = turn[concerned], position[concerned], place[concerned]
        if turn.size:
            after = np.arange(most) + (np.arange(most) >= position[:, None])
            after = np.minimum(after, dealt.shape[1] - 1)  # beyond the last draw weights are zero
            sums[turn, place] = (drawn[turn[:, None], after] * heavy[place]).sum(axis=1)
        yield here, sums


def compare(observed: Floats, simulated: Floats) -> tuple[Integers, Integers]:
    """Return how many simulated values are at least, and at most, the observed one, shapes ``(places,)``.

    Sums of the same numbers in another order differ in the last digits; they count as equal.
    """
    slack = 1e-10 * np.maximum(np.abs(observed), np.abs(simulated).max(axis=0, initial=0.0))
    above = np.count_nonzero(simulated >= observed - slack, axis=0)
    below = np.count_nonzero(simulated <= observed + slack, axis=0)
    return above.astype(np.int64), below.astype(np.int64)


def two_sided(above: Integers, below: Integers, permutations: int) -> Floats:
    """Return two-sided p-values: twice the smaller tail, the observed value counted among the permutations."""
    smaller = np.minimum(above, below).astype(np.float64)
    doubled: Floats = np.minimum(2.0 * (smaller + 1.0) / (permutations + 1.0), 1.0)
    return doubled


def _deal(n: int, size: int, permutations: int, rng: np.random.Generator) -> Integers:
    """Return sequences of distinct places, shape ``(permutations, size)``, each in random order."""
    if size * 8 >= n:
        return np.stack([rng.permutation(n)[:size] for _ in range(permutations)]).astype(np.int64)
    return np.stack([rng.choice(n, size=size, replace=False) for _ in range(permutations)]).astype(np.int64)


def _padded(weights: sp.csr_array, most: int) -> Floats:
    """Return the weights of rows side by side, shape ``(places, most)``, zeros after the last."""
    count = np.diff(weights.indptr)
    out = np.zeros((count.size, most))
    out[np.arange(most) < count[:, None]] = weights.data
    return out
