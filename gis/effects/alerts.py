"""When a week has more incidents than weeks vary by themselves: alerts for a category in a township.

The bound comes from the weeks before, after the manner of Farrington et al. (1996, J. R. Stat. Soc. A 159, 547–563) with
the negative binomial bound and the down-weighting of past peaks of Noufaily et al. (2013, Stat. Med. 32, 1206–1222).
School days are the exposure: a week of two days is held against two days, one of holidays against nothing. Neither
season nor trend is fitted; the history is kept short instead (a term's weeks), and old weeks fall out of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from gis.effects.differences import Floats
from gis.errors import GisError

_PEAK = 2.58  # Anscombe residual above which a past week counts less (Noufaily et al.)
_MAD = 1.4826  # median absolute deviation to standard deviation
_LONGEST = 26
_SHORTEST = 8
_FEWEST_IN_FOUR_WEEKS = 5  # Farrington et al.: fewer are no outbreak


class Quiet(Enum):
    """Why there can be no alert."""

    NONE = ""
    NO_SCHOOL = "no school days this week"
    SHORT_HISTORY = "fewer than 8 weeks to compare with"
    TOO_FEW = "fewer than 5 incidents in four weeks"


@dataclass(frozen=True)
class WeekAlert:
    """A week held against those before it.

    Attributes
    ----------
    observed
        Incidents of the week.
    expected
        Incidents to be expected with this many school days.
    bound
        Largest number that is still usual.
    p
        Chance of as many or more; NaN where there is nothing to compare with.
    weeks
        Weeks compared with.
    school_days
        Of the week.
    dispersion
        Variation of the weeks over that of chance, at least 1.
    alert
        Whether the week is beyond its bound.
    quiet
        Why there can be no alert.
    """

    observed: int
    expected: float
    bound: float
    p: float
    weeks: int
    school_days: float
    dispersion: float
    alert: bool
    quiet: Quiet


def week_alert(counts: ArrayLike, school_days: ArrayLike, *, alpha: float = 0.01) -> WeekAlert:
    """Return whether the last week has more incidents than the weeks before it lead one to expect.

    Parameters
    ----------
    counts
        Incidents by week, oldest first, the week in question last, shape ``(weeks,)``; the 26 before it are used.
    school_days
        School days by week, shape ``(weeks,)``.
    alpha
        Chance of an alert in a week like any other; with many series use :func:`week_alerts`.

    Raises
    ------
    GisError
        If counts are not whole and non-negative, or shapes do not agree.

    Examples
    --------
    >>> found = week_alert([3, 2, 4, 3, 2, 3, 4, 3, 2, 3, 12], [5] * 11)
    >>> found.alert, round(found.expected, 1), found.bound
    (True, 2.9, 8.0)
    """
    number, days = np.asarray(counts, dtype=np.float64).ravel(), np.asarray(school_days, dtype=np.float64).ravel()
    if number.size != days.size or not number.size:
        raise GisError(f"{number.size} counts and {days.size} weeks of school days; give one of each per week")
    if not np.isfinite(number).all() or (number < 0).any() or (number != np.round(number)).any():
        raise GisError("counts must be whole numbers of incidents")
    if not np.isfinite(days).all() or (days < 0).any() or not 0 < alpha < 1:
        raise GisError("school days must be finite and not negative, and alpha between 0 and 1")
    observed, today = int(number[-1]), float(days[-1])
    past, past_days = number[:-1][-_LONGEST:], days[:-1][-_LONGEST:]
    open_ = past_days > 0
    past, past_days = past[open_], past_days[open_]

    def silent(why: Quiet, expected: float = math.nan) -> WeekAlert:
        return WeekAlert(observed, expected, math.nan, math.nan, past.size, today, math.nan, False, why)

    if today <= 0:
        return silent(Quiet.NO_SCHOOL)
    if past.size < _SHORTEST:
        return silent(Quiet.SHORT_HISTORY)
    rate, dispersion, effective_days = _usual(past, past_days)
    expected = rate * today
    p, bound = _predicted(observed, expected, dispersion, today / effective_days, alpha)
    quiet = Quiet.TOO_FEW if observed + past[-3:].sum() < _FEWEST_IN_FOUR_WEEKS else Quiet.NONE
    alert = quiet is Quiet.NONE and observed > bound
    return WeekAlert(observed, expected, bound, p, past.size, today, dispersion, alert, quiet)


def week_alerts(
    counts: ArrayLike, school_days: ArrayLike, *, false_alerts_per_week: float = 0.5
) -> tuple[WeekAlert, ...]:
    """Return an alert for each of many series, rare enough that few are false.

    Parameters
    ----------
    counts
        Shape ``(series, weeks)``.
    school_days
        Shape ``(weeks,)`` or ``(series, weeks)``.
    false_alerts_per_week
        How many false alerts a week may be expected to bring over all series together.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2:
        raise GisError(f"counts of shape {table.shape}; give series in rows, weeks in columns")
    days = np.broadcast_to(np.asarray(school_days, dtype=np.float64), table.shape)
    if not len(table):
        return ()
    alpha = min(0.05, false_alerts_per_week / len(table))
    return tuple(week_alert(row, row_days, alpha=alpha) for row, row_days in zip(table, days, strict=True))


def strongest(alerts: Sequence[WeekAlert]) -> list[int]:
    """Return the places of those that are alerts, the least likely first."""
    return sorted((i for i, found in enumerate(alerts) if found.alert), key=lambda i: (alerts[i].p, i))


def _usual(past: Floats, days: Floats) -> tuple[float, float, float]:
    """Return the usual rate per school day, the dispersion, and the days it was estimated from."""
    rate = float(np.median(past / days)) or (float(past.sum()) + 0.5) / float(days.sum())
    residual = _residual(past, rate * days)  # from the median, which a peak does not lift
    dispersion = max(1.0, (_MAD * float(np.median(np.abs(residual - np.median(residual))))) ** 2)
    weight = np.ones(past.size)
    for _ in range(3):
        residual = _residual(past, rate * days) / math.sqrt(dispersion)
        weight = np.where(residual > _PEAK, (_PEAK / np.maximum(residual, _PEAK)) ** 2, 1.0)
        rate = (float(weight @ past) + 0.5) / float(weight @ days)  # half an incident: the rate is never nothing
        fair = rate * days
        dispersion = max(1.0, float(weight**2 @ ((past - fair) ** 2 / fair)) / max(float(weight.sum()) - 1.0, 1.0))
    return rate, dispersion, float(weight @ days)


def _residual(past: Floats, fair: Floats) -> Floats:
    """Return Anscombe residuals of counts."""
    out: Floats = 1.5 * (past ** (2 / 3) - fair ** (2 / 3)) / fair ** (1 / 6)
    return out


def _predicted(observed: int, expected: float, dispersion: float, share: float, alpha: float) -> tuple[float, float]:
    """Return the chance of as many or more, and the largest usual number.

    The variance is that of the weeks and that of the rate's estimate: ``expected · dispersion · (1 + share)``.
    """
    inflation = dispersion * (1 + share)
    if inflation > 1 + 1e-9:  # a negative binomial law
        size, chance = expected / (inflation - 1), 1 / inflation

        def most(k: int) -> float:
            return float(special.betainc(size, k + 1.0, chance))

        p = float(special.betaincc(size, float(observed), chance)) if observed > 0 else 1.0
    else:

        def most(k: int) -> float:
            return float(special.pdtr(k, expected))

        p = float(special.pdtrc(observed - 1, expected)) if observed > 0 else 1.0
    bound = max(0, round(expected + float(special.ndtri(1 - alpha)) * math.sqrt(expected * inflation)))
    while bound > 0 and most(bound - 1) >= 1 - alpha:
        bound -= 1
    while most(bound) < 1 - alpha:
        bound += 1
    return p, float(bound)
