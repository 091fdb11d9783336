"""Whether places are like their neighbours: Moran's I of the whole study area and of each place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from gis.hotspots.chance import Reason, checked_values, compare, false_discovery_rate, permuted_lags, two_sided
from gis.hotspots.gi import reasons
from gis.hotspots.neighbours import Floats, Weights

NOTHING, HIGH_HIGH, LOW_HIGH, LOW_LOW, HIGH_LOW = range(5)


@dataclass(frozen=True)
class GlobalMoran:
    """Moran's I of a study area.

    Attributes
    ----------
    value
        The statistic I; NaN where it is not defined.
    expected
        Its expectation without any pattern, −1 / (n − 1).
    variance_normal, variance_random
        Its variance if values were normal, and if they were dealt out at random.
    z
        Standard score with ``variance_random``.
    p
        Two-sided p-value: from permutations where they were made, else from the normal distribution.
    reason
        Why there is no p-value.
    """

    value: float
    expected: float
    variance_normal: float
    variance_random: float
    z: float
    p: float
    reason: Reason


@dataclass(frozen=True)
class LocalMoran:
    """Local Moran's I; all arrays have the shape ``(n,)``.

    Attributes
    ----------
    value
        The statistic of each place; NaN where it is not defined.
    p, q
        Two-sided p-value from conditional permutations, and with the false discovery rate taken into account.
    quadrant
        1 high among high, 2 low among high, 3 low among low, 4 high among low; 0 where it is not defined.
    neighbours
        Number of neighbours in the study area.
    reason
        Why there is no p-value, as :class:`gis.hotspots.chance.Reason`.
    permutations
        How many were made.
    """

    value: Floats
    p: Floats
    q: Floats
    quadrant: NDArray[np.int8]
    neighbours: NDArray[np.int64]
    reason: NDArray[np.int8]
    permutations: int


def global_moran(values: ArrayLike, weights: Weights, *, permutations: int = 0, seed: int = 0) -> GlobalMoran:
    """Return Moran's I with row-standardised weights (Cliff and Ord 1981, *Spatial Processes*, ch. 2).

    Parameters
    ----------
    values
        Shape ``(n,)``.
    weights
        Neighbours within the study area.
    permutations
        Number of random permutations for the p-value; 0 for the normal approximation.
    seed
        Seed of the permutations.

    Raises
    ------
    GisError
        If values are not finite or not as many as places.
    """
    n = len(weights)
    y = checked_values(values, n)
    if n < 4 or not weights.neighbours.any() or not np.any(y != y[0]):
        none = float("nan")
        flat = Reason.NO_INCIDENTS if not y.any() else Reason.NO_VARIATION
        alike = np.unique(y).size <= 1
        return GlobalMoran(none, none, none, none, none, none, flat if alike else Reason.NO_NEIGHBOURS)
    w = weights.row_standardised()
    total = float(w.sum())
    z = y - y.mean()
    square = float(z @ z)
    value = n / total * float(z @ (w @ z)) / square
    expected = -1.0 / (n - 1)
    normal, random = _variances(w, z)
    score = (value - expected) / np.sqrt(random)
    if permutations:
        rng = np.random.default_rng(seed)
        shuffled = np.stack([rng.permutation(z) for _ in range(permutations)], axis=1)
        sims = n / total * np.einsum("ij,ij->j", shuffled, w @ shuffled) / square
        p = float(two_sided(*compare(np.array([value]), sims[:, None]), permutations)[0])
    else:
        p = 2.0 * float(ndtr(-abs(score)))
    lone = all_but_one_alike(y) and not permutations
    return GlobalMoran(
        value, expected, normal, random, score, np.nan if lone else p, Reason.CONCENTRATED if lone else Reason.NONE
    )


def local_moran(values: ArrayLike, weights: Weights, *, permutations: int = 999, seed: int = 0) -> LocalMoran:
    """Return local Moran's I with row-standardised weights (Anselin 1995, Geogr. Anal. 27, 93–115).

    Parameters
    ----------
    values
        Shape ``(n,)``.
    weights
        Neighbours within the study area.
    permutations
        Number of conditional permutations; 0 for no p-values.
    seed
        Seed of the permutations.

    Raises
    ------
    GisError
        If values are not finite or not as many as places.
    """
    n = len(weights)
    y = checked_values(values, n)
    count = weights.neighbours
    reason = reasons(y, count)
    reason[reason == Reason.EVERYWHERE] = Reason.NONE
    value, p = np.full(n, np.nan), np.full(n, np.nan)
    quadrant = np.zeros(n, dtype=np.int8)
    if n > 1 and np.any(y != y[0]):
        w = weights.row_standardised()
        z = y - y.mean()
        lag = w @ z
        scale = (n - 1) / float(z @ z)
        defined = count > 0
        value[defined] = (scale * z * lag)[defined]
        high, among = z > 0, lag > 0
        number = np.select([high & among, ~high & among, ~high & ~among], [HIGH_HIGH, LOW_HIGH, LOW_LOW], HIGH_LOW)
        quadrant[defined] = number[defined]
        if permutations:
            for here, lags in permuted_lags(z, w, permutations, seed):
                p[here] = two_sided(*compare(lag[here], lags), permutations)
    p[reason != Reason.NONE] = np.nan
    return LocalMoran(value, p, false_discovery_rate(p), quadrant, count, reason, permutations)


def all_but_one_alike(values: Floats) -> bool:
    """Return whether at most one place differs from all the others."""
    return bool(np.unique(values, return_counts=True)[1].max(initial=0) >= values.size - 1)


def _variances(w: sp.csr_array, z: Floats) -> tuple[float, float]:
    """Return the variance of I under normality and under randomisation."""
    n = float(z.size)
    total = float(w.sum())
    both = w + w.T
    s1 = float(both.multiply(both).sum()) / 2.0
    s2 = float(np.square(np.asarray(w.sum(axis=1)).ravel() + np.asarray(w.sum(axis=0)).ravel()).sum())
    expected = -1.0 / (n - 1)
    normal = (n * n * s1 - n * s2 + 3 * total * total) / ((n * n - 1) * total * total) - expected**2
    kurtosis = float((z**4).mean()) / float((z**2).mean()) ** 2
    first = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * total * total)
    second = kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * total * total)
    random = (first - second) / ((n - 1) * (n - 2) * (n - 3) * total * total) - expected**2
    return normal, random
