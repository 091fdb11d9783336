"""Which places may be compared: like in level and in trend before an action, and moving side by side with it.

The rule, so that nobody picks the comparison that suits: every treated unit gets the ``each`` untreated units nearest in
two numbers of the time before the action, the logarithm of the rate per school day and its change from the first to the
second half, both in standard deviations over all units; none is used twice, the sum of the distances is the least
possible (Rosenbaum 1989, J. Am. Stat. Assoc. 84, 1024–1032), and what lies further than the caliper is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from gis.effects.differences import Floats, checked_panel
from gis.effects.laws import quantile, two_sided_p
from gis.errors import GisError

_FAR = 1e6
_FEWEST_PERIODS = 4
_FEWEST_INCIDENTS = 10


@dataclass(frozen=True)
class Comparison:
    """Untreated units that may be compared with treated ones.

    Attributes
    ----------
    units
        Row numbers of the units chosen, rising, shape ``(chosen,)``.
    of
        Row number of the treated unit that each is like, shape ``(chosen,)``.
    distance
        Distance of each pair in standard deviations, shape ``(chosen,)``.
    unmatched
        Treated units for which no unit is near enough; leave them out of the comparison.
    """

    units: NDArray[np.int64]
    of: NDArray[np.int64]
    distance: Floats
    unmatched: NDArray[np.int64]


@dataclass(frozen=True)
class PreTrend:
    """Whether treated and other units moved side by side before the action.

    Attributes
    ----------
    factor
        By what the rate of treated units over that of the others changed from one period to the next; 1 is parallel.
    low, high
        95 % interval of the factor.
    p
        p-value of a factor of 1; NaN where it cannot be told.
    periods
        Number of periods with school days and incidents.
    incidents
        Number of incidents in them.
    """

    factor: float
    low: float
    high: float
    p: float
    periods: int
    incidents: int

    @property
    def enough(self) -> bool:
        """Whether there was enough to tell."""
        return not math.isnan(self.p)

    @property
    def parallel(self) -> bool:
        """Whether nothing speaks against the same trend; false where it cannot be told."""
        return self.enough and self.p >= 0.05


def comparable_units(
    counts_before: ArrayLike,
    school_days: ArrayLike,
    treated: ArrayLike,
    *,
    each: int = 2,
    caliper: float = 1.0,
) -> Comparison:
    """Return the untreated units that are most like the treated ones before the action.

    Parameters
    ----------
    counts_before
        Incidents by unit and period before the action, shape ``(units, periods)``.
    school_days
        School days by period, or by unit and period.
    treated
        Which units the action is in, shape ``(units,)``.
    each
        Number of units to be found for each treated one.
    caliper
        Greatest distance in standard deviations.

    Raises
    ------
    GisError
        If there are fewer than two periods, or shapes do not agree.
    """
    table, days, acted = checked_panel(counts_before, school_days, treated)
    if each < 1 or not caliper > 0:
        raise GisError("at least one unit is to be found for each, within a caliper above 0")
    level, trend = level_and_trend(table, days)
    marks = np.column_stack([_standard(level), _standard(trend)])
    ours, others = np.flatnonzero(acted), np.flatnonzero(~acted)
    apart = np.linalg.norm(marks[ours][:, None, :] - marks[others][None, :, :], axis=2)
    cost = np.repeat(np.where(apart <= caliper, apart, _FAR), each, axis=0)
    row, column = linear_sum_assignment(cost)
    near = cost[row, column] < _FAR
    unit, of, far = others[column[near]], ours[row[near] // each], cost[row, column][near]
    order = np.argsort(unit)
    return Comparison(unit[order], of[order], far[order], np.setdiff1d(ours, of))


def level_and_trend(counts: Floats, school_days: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the rate per school day, and how much higher it is in the second half.

    Half an incident is added to each count, so that none is the logarithm of nothing.

    Parameters
    ----------
    counts, school_days
        Shape ``(units, periods)``.

    Returns
    -------
    tuple of numpy.ndarray
        Shape ``(units,)`` each.
    """
    if counts.shape[1] < 2:
        raise GisError("a trend needs at least two periods")
    half = counts.shape[1] // 2

    def rate(part: slice) -> Floats:
        days = school_days[:, part].sum(axis=1)
        if (days <= 0).any():
            raise GisError("a trend needs school days in both halves of the time before the action")
        logs: Floats = np.log((counts[:, part].sum(axis=1) + 0.5) / days)
        return logs

    return rate(slice(None)), rate(slice(half, None)) - rate(slice(0, half))


def pre_trend(counts_before: ArrayLike, school_days: ArrayLike, treated: ArrayLike) -> PreTrend:
    """Return whether the treated units' share of the incidents rose or fell steadily before the action.

    Given the incidents of a period, those in treated units are binomial; the logarithm of the odds is a line in time
    (quasi-binomial where it varies more than chance).

    Parameters
    ----------
    counts_before, school_days, treated
        As for :func:`comparable_units`, the comparable units alone.
    """
    table, days, acted = checked_panel(counts_before, school_days, treated)
    ours, all_of = table[acted].sum(axis=0), table.sum(axis=0)
    days_ours, days_others = days[acted].sum(axis=0), days[~acted].sum(axis=0)
    used = (all_of > 0) & (days_ours > 0) & (days_others > 0)
    periods, incidents = int(used.sum()), int(all_of[used].sum())
    unknown = PreTrend(math.nan, math.nan, math.nan, math.nan, periods, incidents)
    k, n = ours[used], all_of[used]
    if periods < _FEWEST_PERIODS or min(k.sum(), (n - k).sum()) < _FEWEST_INCIDENTS:
        return unknown
    when = np.flatnonzero(used).astype(np.float64)
    design = np.column_stack([np.ones(periods), when - when.mean()])
    offset = np.log(days_ours[used] / days_others[used])
    at = np.zeros(2)
    for _ in range(50):
        share = 1 / (1 + np.exp(-np.clip(design @ at + offset, -30, 30)))
        weight = n * share * (1 - share)
        information = design.T @ (weight[:, None] * design)
        step = np.linalg.solve(information, design.T @ (k - n * share))
        at = at + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        return unknown
    free = periods - 2
    dispersion = float(np.sum((k - n * share) ** 2 / weight) / free)
    wide = free if dispersion > 1 else math.inf
    spread = math.sqrt(max(dispersion, 1.0) * float(np.linalg.inv(information)[1, 1]))
    reach = quantile(0.975, wide) * spread
    slope = float(at[1])
    p = two_sided_p(slope / spread, wide)
    return PreTrend(math.exp(slope), math.exp(slope - reach), math.exp(slope + reach), p, periods, incidents)


def _standard(values: Floats) -> Floats:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
