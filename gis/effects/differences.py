"""Whether an action worked: counts before and after it, where it was and where it was not.

The measure is a ratio of ratios: by what factor the rate per school day changed where the action was, over the factor by
which it changed in comparable places (difference in differences of log rates). With a rate of its own for every unit,
the counts after the action are binomial given a unit's total, so that no unit's level has to be estimated
(McCullagh and Nelder 1989, Generalized Linear Models, 2nd ed., §7.2 and §9.3).

Small counts are judged exactly, by the non-central hypergeometric distribution of the treated units' count after the
action given all totals, with mid-p (Agresti 2013, Categorical Data Analysis, 3rd ed., §3.5 and §16.6). Larger ones are
judged by a quasi-Poisson interval, which widens where units change more differently than chance makes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import gammaln

from gis.effects.laws import quantile, two_sided_p
from gis.errors import EmptyInputError, GisError

Floats = NDArray[np.float64]
Method = Literal["exact", "quasi-poisson"]

FEWEST = 5  # fewer incidents than this in a part, and nothing is said: the rule for percentages in a bulletin
_EXACT_BELOW = 10  # the normal approximation needs more in each of the four counts
_WIDEST = 60.0  # logarithm of a ratio beyond which a bound counts as none


@dataclass(frozen=True)
class Difference:
    """How the rate changed where an action was, beside how it changed elsewhere.

    Attributes
    ----------
    treated_before, treated_after, control_before, control_after
        Incidents.
    treated_units, control_units
        Number of units.
    treated_change, control_change
        Factor by which the rate per school day changed; NaN where there was nothing before and after.
    expected
        Incidents to be expected after the action in treated units, had they changed as the others did.
    ratio
        ``treated_change / control_change``: 0.7 means 30 % fewer than to be expected.
    low, high
        Interval of the ratio; 0 or infinity where there is no bound.
    p
        Two-sided p-value of a ratio of 1.
    dispersion
        Variation of the units' changes over that of chance (1 = chance alone); NaN with fewer than three units.
    method
        How interval and p-value were computed.
    confidence
        Of the interval.
    """

    treated_before: int
    treated_after: int
    control_before: int
    control_after: int
    treated_units: int
    control_units: int
    treated_change: float
    control_change: float
    expected: float
    ratio: float
    low: float
    high: float
    p: float
    dispersion: float
    method: Method
    confidence: float

    @property
    def enough(self) -> bool:
        """Whether there are enough incidents to say anything."""
        fewest = min(self.control_before, self.control_after, self.treated_before, self.expected)
        return not math.isnan(fewest) and fewest >= FEWEST

    @property
    def prevented(self) -> float:
        """Incidents to be expected less those that happened; negative where there were more."""
        return self.expected - self.treated_after


def difference_in_differences(
    counts: ArrayLike,
    school_days: ArrayLike,
    treated: ArrayLike,
    periods_before: int,
    *,
    confidence: float = 0.95,
) -> Difference:
    """Return how much more or less the rate of treated units changed than that of the others.

    Parameters
    ----------
    counts
        Incidents by unit (school or cell) and period (week), shape ``(units, periods)``.
    school_days
        School days by period, shape ``(periods,)``, or by unit and period.
    treated
        Which units the action was in, shape ``(units,)``; choose the others with
        :func:`gis.effects.matching.comparable_units`.
    periods_before
        Number of periods before the action; leave out the one in which it began.
    confidence
        Of the interval.

    Raises
    ------
    EmptyInputError
        If there are no treated or no other units, or no school days before or after.
    GisError
        If counts are not whole and non-negative, or shapes do not agree.
    """
    table, days, acted = checked_panel(counts, school_days, treated)
    if not 1 <= periods_before < table.shape[1]:
        raise GisError(f"{periods_before} of {table.shape[1]} periods before the action; some must be on either side")
    if not 0 < confidence < 1:
        raise GisError(f"a confidence of {confidence} is not between 0 and 1")
    before, after = table[:, :periods_before].sum(axis=1), table[:, periods_before:].sum(axis=1)
    gone, since = days[:, :periods_before].sum(axis=1), days[:, periods_before:].sum(axis=1)
    if (gone <= 0).any() or (since <= 0).any():
        raise EmptyInputError("every unit needs school days before and after the action")
    total, chance_after = before + after, since / (gone + since)
    odds = [_odds(total[group], chance_after[group]) for group in (acted, ~acted)]
    a0, a1, c0, c1 = (
        float(x) for x in (before[acted].sum(), after[acted].sum(), before[~acted].sum(), after[~acted].sum())
    )
    treated_change, control_change = _over(a1, a0 * odds[0]), _over(c1, c0 * odds[1])
    dispersion = _dispersion(after, total, chance_after, np.where(acted, treated_change, control_change))
    method: Method = "exact" if min(a0, a1, c0, c1) < _EXACT_BELOW else "quasi-poisson"
    offset = math.log(odds[0] / odds[1])
    if method == "exact":
        low, high, p = _exact(int(a1), int(a0 + a1), int(c0 + c1), int(a1 + c1), offset, confidence)
    else:
        low, high, p = _quasi((a0, a1, c0, c1), offset, dispersion, len(acted) - 2, confidence)
    return Difference(
        treated_before=int(a0),
        treated_after=int(a1),
        control_before=int(c0),
        control_after=int(c1),
        treated_units=int(acted.sum()),
        control_units=int((~acted).sum()),
        treated_change=treated_change,
        control_change=control_change,
        expected=a0 * odds[0] * control_change,
        ratio=_over(treated_change, control_change),
        low=low,
        high=high,
        p=p,
        dispersion=dispersion,
        method=method,
        confidence=confidence,
    )


def checked_panel(
    counts: ArrayLike, school_days: ArrayLike, treated: ArrayLike
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return counts and school days, both of shape ``(units, periods)``, and which units are treated.

    Raises
    ------
    EmptyInputError, GisError
        As :func:`difference_in_differences`.
    """
    table = np.asarray(counts, dtype=np.float64)
    acted = np.asarray(treated, dtype=bool).ravel()
    if table.ndim != 2 or acted.size != table.shape[0]:
        raise GisError(f"counts of shape {table.shape} and {acted.size} units; give units in rows, periods in columns")
    if not np.isfinite(table).all() or (table < 0).any() or (table != np.round(table)).any():
        raise GisError("counts must be whole numbers of incidents")
    given = np.asarray(school_days, dtype=np.float64)
    if given.shape not in (table.shape, table.shape[1:]):
        raise GisError(f"school days of shape {given.shape}; give one per period, or one per unit and period")
    if not np.isfinite(given).all() or (given < 0).any():
        raise GisError("school days must be finite and not negative")
    if not acted.any() or acted.all():
        raise EmptyInputError("there must be units with the action and units without")
    return table, np.broadcast_to(given, table.shape).astype(np.float64), acted


def _odds(total: Floats, chance_after: Floats) -> float:
    """Return school days after over those before, each unit counting as much as it has incidents."""
    share = float(np.average(chance_after, weights=total if total.sum() else None))
    return share / (1.0 - share)


def _over(upper: float, lower: float) -> float:
    if lower:
        return upper / lower
    return math.inf if upper > 0 else math.nan


def _dispersion(after: Floats, total: Floats, chance_after: Floats, change: Floats) -> float:
    used = (total > 0) & np.isfinite(change) & (change > 0)
    free = int(used.sum()) - 2
    if free < 1:
        return math.nan
    odds = chance_after[used] / (1 - chance_after[used]) * change[used]
    share = odds / (1 + odds)
    return float(np.sum((after[used] - total[used] * share) ** 2 / (total[used] * share * (1 - share))) / free)


def _quasi(
    four: tuple[float, float, float, float], offset: float, dispersion: float, free: int, confidence: float
) -> tuple[float, float, float]:
    a0, a1, c0, c1 = four
    log_ratio = math.log(a1 / a0) - math.log(c1 / c0) - offset
    wide = not math.isnan(dispersion) and dispersion > 1
    spread = math.sqrt(sum(1 / n for n in four) * (dispersion if wide else 1.0))
    degrees = free if wide else math.inf
    reach = quantile(0.5 + confidence / 2, degrees) * spread
    p = two_sided_p(log_ratio / spread, degrees)
    return math.exp(log_ratio - reach), math.exp(log_ratio + reach), p


def _exact(
    k: int, treated: int, control: int, after: int, offset: float, confidence: float
) -> tuple[float, float, float]:
    """Return bounds of the ratio and mid-p of k treated incidents after, given all totals."""
    support = np.arange(max(0, after - control), min(treated, after) + 1)
    if support.size < 2:
        return 0.0, math.inf, 1.0
    ways = (
        -gammaln(support + 1)
        - gammaln(treated - support + 1)
        - gammaln(after - support + 1)
        - gammaln(control - after + support + 1)
    )

    def below(log_ratio: float) -> float:
        """Return the chance of fewer than k, and of half those with k."""
        weight = ways + support * (log_ratio + offset)
        chance = np.exp(weight - weight.max())
        chance /= chance.sum()
        return float(chance[support < k].sum() + 0.5 * chance[support == k].sum())

    tail = (1 - confidence) / 2
    under = below(0.0)
    low = 0.0 if k == support[0] else math.exp(brentq(lambda x: below(x) - (1 - tail), -_WIDEST, _WIDEST))
    high = math.inf if k == support[-1] else math.exp(brentq(lambda x: below(x) - tail, -_WIDEST, _WIDEST))
    return low, high, min(1.0, 2 * min(under, 1 - under))
