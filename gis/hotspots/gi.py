"""Hot and cold spots: the local statistic Gi* of Getis and Ord, with honest p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from gis.hotspots.chance import Reason, checked_values, compare, false_discovery_rate, permuted_lags, two_sided
from gis.hotspots.exact import can_be_counted, exact_p
from gis.hotspots.neighbours import Floats, Weights

ALL = -1
LEVELS = ((0.01, 99), (0.05, 95), (0.10, 90))


@dataclass(frozen=True)
class HotSpots:
    """Gi* of every place; all arrays have the shape ``(n,)``.

    Attributes
    ----------
    z
        Standard score; NaN where it is not defined.
    p
        Two-sided p-value: from permutations where they were made, else from the normal distribution.
    q
        The p-value with the false discovery rate over all places taken into account.
    classes
        99, 95 or 90 for hot spots, −99, −95 or −90 for cold spots, after the false discovery rate; else 0.
    neighbours
        Number of neighbours in the study area, without the place itself.
    reason
        Why there is no p-value, as :class:`gis.hotspots.chance.Reason`.
    permutations
        How many were made; 0: the p-values are analytic; −1 (:data:`ALL`): all of them were counted.
    """

    z: Floats
    p: Floats
    q: Floats
    classes: NDArray[np.int8]
    neighbours: NDArray[np.int64]
    reason: NDArray[np.int8]
    permutations: int


_FIRST = 999
_PLAIN = 0.1


def gi_star(
    values: ArrayLike,
    weights: Weights,
    *,
    permutations: int = 0,
    seed: int = 0,
    kernel: bool = False,
    exact: bool = False,
) -> HotSpots:
    """Return Gi* with binary weights: whether a place and its neighbours hold more, or less, than chance would give.

    The standard score is that of Ord and Getis (1995, Geogr. Anal. 27, 286–306). Its normal approximation is poor for
    few or very uneven counts; there, let permutations make the p-values. The smallest that they can give is
    2 / (permutations + 1), so that the false discovery rate over thousands of places needs many of them. Places that
    are plainly nothing out of the ordinary (p above 0.1 after the first 999) are not looked at longer (sequential Monte
    Carlo, Besag and Clifford 1991, Biometrika 78, 301–304).

    Parameters
    ----------
    values
        Counts or rates, shape ``(n,)``; a place without incidents has zero and is not left out.
    weights
        Neighbours within the study area; their weights count as 1, unless ``kernel`` is set.
    permutations
        Number of conditional permutations; 0 for analytic p-values.
    seed
        Seed of the permutations.
    kernel
        Whether neighbours count by their weight, the place itself by 1: with the weights of
        :func:`gis.hotspots.neighbours.kernel_neighbours` this asks where the kernel density is higher, or lower, than
        chance would give.
    exact
        Whether all permutations are counted instead of drawing some, where that can be done (whole counts, at most
        eight neighbours; see :mod:`gis.hotspots.exact`); else ``permutations`` are drawn.

    Raises
    ------
    GisError
        If values are not finite or not as many as places.

    Examples
    --------
    >>> from gis.hotspots.neighbours import queen_neighbours
    >>> spots = gi_star([9, 8, 0, 0, 0, 0, 1, 0, 1, 0], queen_neighbours(range(10), [0] * 10))
    >>> spots.z.round(2).tolist()
    [2.97, 2.22, 0.45, -1.12, -1.12, -0.92, -0.92, -0.73, -0.92, -0.63]
    """
    n = len(weights)
    y = checked_values(values, n)
    count = weights.neighbours
    z, p = np.full(n, np.nan), np.full(n, np.nan)
    whole = exact and not kernel and can_be_counted(y, count)
    reason = reasons(y, count)
    if n > 1 and np.any(y != y[0]):
        matrix = weights.matrix if kernel else weights.binary()
        size = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel() + 1.0
        squares = np.asarray(matrix.power(2).sum(axis=1), dtype=np.float64).ravel() + 1.0 if kernel else size
        local = matrix @ y + y
        spread = np.sqrt(np.mean(np.square(y - y.mean())))
        room = np.maximum((n * squares - size * size) / (n - 1), 0.0)
        defined = (count > 0) & (room > 0)
        z[defined] = (local - size * y.mean())[defined] / (spread * np.sqrt(room[defined]))
        if whole:
            p = exact_p(y, count, local - y)
        else:
            p = _permuted(y, matrix, local, permutations, seed) if permutations else 2.0 * ndtr(-np.abs(z))
    p[reason != Reason.NONE] = np.nan
    q = false_discovery_rate(p)
    return HotSpots(z, p, q, spot_classes(z, q), count, reason, ALL if whole else permutations)


def reasons(values: Floats, neighbours: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return why places cannot have a p-value, as :class:`gis.hotspots.chance.Reason`."""
    n = values.size
    reason = np.full(n, Reason.NONE, dtype=np.int8)
    reason[neighbours >= n - 1] = Reason.EVERYWHERE
    reason[neighbours == 0] = Reason.NO_NEIGHBOURS
    if n and not values.any():
        reason[:] = Reason.NO_INCIDENTS
    elif n and np.all(values == values[0]):
        reason[:] = Reason.NO_VARIATION
    elif n > 2:
        _, times = np.unique(values, return_counts=True)
        if times.max() >= n - 1:
            reason[:] = Reason.CONCENTRATED
    return reason


def spot_classes(z: Floats, q: Floats) -> NDArray[np.int8]:
    """Return 99, 95, 90 for hot, the same below zero for cold, 0 for places that differ no more than by chance."""
    level = np.zeros(q.shape, dtype=np.int8)
    for threshold, confidence in reversed(LEVELS):
        level[q <= threshold] = confidence
    sign = np.where(np.isnan(z), 0, np.sign(z)).astype(np.int8)
    return level * sign


def _permuted(y: Floats, matrix: sp.csr_array, local: Floats, permutations: int, seed: int) -> Floats:
    others, p = local - y, np.empty(y.size)
    for here, sums in permuted_lags(y, matrix, min(permutations, _FIRST), seed):
        p[here] = two_sided(*compare(others[here], sums), sums.shape[0])
    unusual = np.flatnonzero(p <= _PLAIN)
    if permutations > _FIRST and unusual.size:
        for here, sums in permuted_lags(y, matrix, permutations, seed + 1, unusual):
            p[here] = two_sided(*compare(others[here], sums), permutations)
    return p
