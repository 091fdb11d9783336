"""Hot spots that come, stay and go: Gi* in space and time, and the trend of every place.

The categories are those that ArcGIS Pro publishes for its emerging hot spot analysis (Esri, "How Emerging Hot Spot
Analysis works"); a place is judged by its bins (weeks, say) that are hot or cold after the false discovery rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from gis.errors import GisError
from gis.hotspots.chance import Reason, false_discovery_rate
from gis.hotspots.gi import reasons
from gis.hotspots.neighbours import Floats, Weights

MOSTLY = 0.9


class Emerging(IntEnum):
    """How a place has been a hot spot; negative numbers mean the same of cold spots."""

    NONE = 0
    NEW = 1
    """Hot in the last bin for the first time."""
    CONSECUTIVE = 2
    """Hot in an unbroken run of at least two bins up to the last one, never before it, and in less than 90 %."""
    INTENSIFYING = 3
    """Hot in at least 90 % of the bins and in the last one, and rising."""
    PERSISTENT = 4
    """Hot in at least 90 % of the bins and in the last one, without a trend."""
    DIMINISHING = 5
    """Hot in at least 90 % of the bins and in the last one, and falling."""
    SPORADIC = 6
    """Hot in the last bin and off and on before; never cold."""
    OSCILLATING = 7
    """Hot in the last bin and on and off before, and cold in some bin."""
    HISTORICAL = 8
    """Hot in at least 90 % of the bins, but not in the last one."""


@dataclass(frozen=True)
class Trend:
    """Mann-Kendall trends; arrays have the shape ``(places,)``.

    Attributes
    ----------
    score
        Kendall's S: pairs of bins that rise less pairs that fall.
    z
        Standard score with continuity correction and variance corrected for ties; 0 where nothing changes.
    p
        Two-sided p-value; NaN where all bins are alike or there are fewer than 4, so that there is nothing to tell.
    """

    score: Floats
    z: Floats
    p: Floats


@dataclass(frozen=True)
class EmergingSpots:
    """Emerging hot and cold spots.

    Attributes
    ----------
    category
        :class:`Emerging` of each place, negative for cold spots, shape ``(places,)``.
    state
        1 hot, −1 cold, 0 neither, shape ``(places, bins)``.
    z
        Gi* in space and time, shape ``(places, bins)``.
    trend
        Trend of z.
    count_trend
        Trend of the counts.
    reason
        Why nothing can be said of a place, as :class:`gis.hotspots.chance.Reason`, shape ``(places,)``.
    """

    category: NDArray[np.int8]
    state: NDArray[np.int8]
    z: Floats
    trend: Trend
    count_trend: Trend
    reason: NDArray[np.int8]


def mann_kendall(series: ArrayLike) -> Trend:
    """Return whether series rise or fall (Mann 1945; Kendall 1975, *Rank Correlation Methods*, for ties).

    Parameters
    ----------
    series
        Shape ``(places, bins)``, oldest bin first.

    Examples
    --------
    >>> trend = mann_kendall([[1, 2, 2, 4, 5, 7, 7, 9]])
    >>> float(trend.score[0]), round(float(trend.z[0]), 3)
    (26.0, 3.141)
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 2:
        raise GisError(f"series must have the shape (places, bins), not {values.shape}")
    places, bins = values.shape
    score = np.zeros(places)
    for lag in range(1, bins):
        score += np.sign(values[:, lag:] - values[:, :-lag]).sum(axis=1)
    variance = np.full(places, bins * (bins - 1) * (2 * bins + 5.0))
    ordered = np.sort(values, axis=1)
    run = np.ones(places)
    for at in range(1, bins + 1):  # the length of each run of equal values, taken off where it ends
        same = ordered[:, at] == ordered[:, at - 1] if at < bins else np.zeros(places, dtype=bool)
        variance -= np.where(same, 0.0, run * (run - 1) * (2 * run + 5))
        run = np.where(same, run + 1, 1.0)
    variance /= 18.0
    known = (variance > 1e-9) & (bins >= 4)
    z, p = np.zeros(places), np.full(places, np.nan)
    z[known] = (score[known] - np.sign(score[known])) / np.sqrt(variance[known])
    p[known] = 2.0 * ndtr(-np.abs(z[known]))
    return Trend(score, z, p)


def space_time_gi_star(counts: ArrayLike, weights: Weights, *, back: int = 1) -> Floats:
    """Return Gi* of every place and bin, its neighbours being near in space and at most ``back`` bins earlier.

    Parameters
    ----------
    counts
        Shape ``(places, bins)``, oldest bin first.
    weights
        Neighbours in space.
    back
        Number of earlier bins that count as near in time.

    Returns
    -------
    numpy.ndarray
        Standard scores against the mean of all places and bins, shape ``(places, bins)``; NaN where not defined.
    """
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != len(weights):
        raise GisError(f"counts of shape {values.shape} do not go with weights between {len(weights)} places")
    if back < 0:
        raise GisError(f"{back} earlier bins; 0 or more can be near")
    if not np.all(np.isfinite(values)):
        raise GisError("counts must be finite")
    z = np.full(values.shape, np.nan)
    if values.size < 2 or np.all(values == values.flat[0]):
        return z
    total, bins = float(values.size), values.shape[1]
    near = weights.sum_with_self(values)
    local = sum((np.pad(near, ((0, 0), (lag, 0)))[:, :bins] for lag in range(min(back, bins - 1) + 1)), np.zeros(1))
    depth = np.minimum(np.arange(bins), back) + 1.0
    size = (weights.neighbours[:, None] + 1.0) * depth
    spread = np.sqrt(np.mean(np.square(values - values.mean())))
    room = size * (total - size) / (total - 1)
    defined = (room > 0) & (weights.neighbours > 0)[:, None]
    z[defined] = (local - size * values.mean())[defined] / (spread * np.sqrt(room[defined]))
    return z


def emerging_hot_spots(
    counts: ArrayLike, weights: Weights, *, back: int = 1, level: float = 0.05, trend_level: float = 0.05
) -> EmergingSpots:
    """Return which places are new, lasting, rising, falling or past hot spots and cold spots.

    Parameters
    ----------
    counts
        Incidents by place and bin, oldest bin first, shape ``(places, bins)``.
    weights
        Neighbours in space.
    back
        Number of earlier bins that count as near in time.
    level
        A bin is hot or cold where its q-value (false discovery rate over all places and bins) is at most this.
    trend_level
        Greatest p-value of a trend.

    Raises
    ------
    GisError
        If shapes do not go together or counts are not finite.
    """
    values = np.asarray(counts, dtype=np.float64)
    z = space_time_gi_star(values, weights, back=back)
    reason = np.full(len(weights), Reason.NONE, dtype=np.int8)
    reason[weights.neighbours == 0] = Reason.NO_NEIGHBOURS
    overall = reasons(values.ravel(), np.ones(values.size, dtype=np.int64))
    if overall.size and overall[0] != Reason.NONE and values.size > 2:
        reason[:] = overall[0]
    p = 2.0 * ndtr(-np.abs(z))
    p[reason != Reason.NONE] = np.nan
    q = false_discovery_rate(p.ravel()).reshape(p.shape)
    state = np.where(q <= level, np.sign(z), 0.0).astype(np.int8)
    trend = mann_kendall(np.nan_to_num(z))
    rising = np.where(trend.p <= trend_level, np.sign(trend.z), 0.0).astype(np.int8)
    category = categories(state == 1, state == -1, rising) - categories(state == -1, state == 1, -rising)
    return EmergingSpots(category.astype(np.int8), state, z, trend, mann_kendall(values), reason)


def categories(hot: NDArray[np.bool_], cold: NDArray[np.bool_], rising: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the :class:`Emerging` category of each place.

    Parameters
    ----------
    hot, cold
        Whether each bin is a hot spot, or a cold spot, shape ``(places, bins)``.
    rising
        1 where intensity rises significantly, −1 where it falls, else 0, shape ``(places,)``.
    """
    places, bins = hot.shape
    if not bins:
        return np.zeros(places, dtype=np.int8)
    last, number = hot[:, -1], hot.sum(axis=1)
    # the unbroken run up to the last bin: bins since the last one that was not hot
    run = np.where(hot.all(axis=1), bins, np.argmin(hot[:, ::-1], axis=1))
    mostly = number >= MOSTLY * bins
    out = np.select(
        [
            last & (number == 1),
            last & mostly & (rising > 0),
            last & mostly & (rising < 0),
            last & mostly,
            mostly,
            last & (run >= 2) & (run == number),
            last & cold.any(axis=1),
            last,
        ],
        [
            Emerging.NEW,
            Emerging.INTENSIFYING,
            Emerging.DIMINISHING,
            Emerging.PERSISTENT,
            Emerging.HISTORICAL,
            Emerging.CONSECUTIVE,
            Emerging.OSCILLATING,
            Emerging.SPORADIC,
        ],
        Emerging.NONE,
    )
    return out.astype(np.int8)
