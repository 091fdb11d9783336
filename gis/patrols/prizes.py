"""What a stop is worth, and how long to stay: more where harm is expected, less where a team has just been.

A stay at a hot spot keeps working after the team has gone; what it adds grows up to some 15 minutes and then falls
(Koper 1995, Justice Q. 12, 649–672). Who waits for the team to go must not know when it comes: the same stop at the
same minute is avoided for a fortnight. And no school is forgotten because others are worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

Floats = NDArray[np.float64]

SHORTEST_STAY_S = 12 * 60
LONGEST_STAY_S = 16 * 60
FORTNIGHT_DAYS = 14


@dataclass(frozen=True)
class PrizeRules:
    """How prizes follow from what is expected and what was done.

    Attributes
    ----------
    share_after_visit
        Share of its prize that a stop keeps with each visit within :data:`FORTNIGHT_DAYS`.
    overdue_days
        Days without a visit after which a place gains.
    gain_a_day
        What it gains with each further day, in mean prizes of all places.
    most_gain
        The most that it gains, in mean prizes.
    """

    share_after_visit: float = 0.8
    overdue_days: float = 7.0
    gain_a_day: float = 0.1
    most_gain: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.share_after_visit <= 1:
            raise GisError("the share that is left after a visit must lie between 0 and 1")
        if not (0 <= self.overdue_days < np.inf and 0 <= self.gain_a_day < np.inf and 0 <= self.most_gain < np.inf):
            raise GisError("days and gains of overdue places must be finite and not negative")


def stop_prizes(
    expected: ArrayLike, visits: ArrayLike, days_unseen: ArrayLike, rules: PrizeRules | None = None
) -> Floats:
    """Return the prizes of stops.

    Parameters
    ----------
    expected
        Harm that is expected at each stop in the time of the patrol, for instance incidents, shape ``(n,)``.
    visits
        Visits within the last fortnight, shape ``(n,)``.
    days_unseen
        Days since the last visit; inf where there was none, shape ``(n,)``.
    rules
        The rules; without, the default ones.

    Raises
    ------
    GisError
        If numbers are negative or missing, or not as many of each.

    Examples
    --------
    >>> stop_prizes([4, 4, 0], [0, 2, 0], [3, 2, float("inf")]).round(2).tolist()
    [4.0, 2.56, 5.33]
    """
    given = rules or PrizeRules()
    harm, seen, days = (np.asarray(values, dtype=np.float64).ravel() for values in (expected, visits, days_unseen))
    if not harm.size == seen.size == days.size:
        raise GisError("give the expected harm, the visits and the days without one of each stop")
    if np.isnan(days).any() or (days < 0).any() or not (np.isfinite(harm).all() and np.isfinite(seen).all()):
        raise GisError("expected harm, visits and days must be numbers; only days may be infinite")
    if (harm < 0).any() or (seen < 0).any():
        raise GisError("expected harm and visits must not be negative")
    if not harm.size:
        return harm
    gain = np.clip((days - given.overdue_days) * given.gain_a_day, 0.0, given.most_gain) if given.gain_a_day else 0.0
    prizes: Floats = harm * given.share_after_visit**seen + gain * harm.mean()
    return prizes


def stays_s(expected: ArrayLike) -> NDArray[np.int64]:
    """Return how long to stay, in seconds: 12 minutes where least is expected up to 16 where most is, by rank.

    Examples
    --------
    >>> stays_s([0.0, 5.0, 1.0]).tolist()
    [720, 960, 840]
    """
    harm = np.asarray(expected, dtype=np.float64).ravel()
    if np.isnan(harm).any():
        raise GisError("the expected harm of each stop must be a number")
    levels, level = np.unique(harm, return_inverse=True)
    share = level.ravel() / max(levels.size - 1, 1)
    return np.asarray(np.round(SHORTEST_STAY_S + share * (LONGEST_STAY_S - SHORTEST_STAY_S)), dtype=np.int64)


def fresh_windows(
    windows: Sequence[tuple[int, int]], starts_s: Sequence[int], *, apart_s: int = 300
) -> tuple[tuple[int, int], ...]:
    """Return windows without the times at which a team began there within the last fortnight.

    Parameters
    ----------
    windows
        When a stay may begin, (first, last) both included, in seconds.
    starts_s
        When stays began there within the last :data:`FORTNIGHT_DAYS`, on the same clock.
    apart_s
        By how many seconds at least the next must begin sooner or later.

    Returns
    -------
    tuple
        The windows that are left, in order; the windows as they were where nothing would be left, since a stop at a
        time that could be guessed is better than none.

    Examples
    --------
    >>> fresh_windows([(0, 1800)], [600], apart_s=300)
    ((0, 300), (900, 1800))
    """
    if apart_s < 0:
        raise GisError("the seconds between stays must not be negative")
    left = sorted(windows)
    for start in starts_s:
        low, high = start - apart_s, start + apart_s
        cut = [piece for a, b in left for piece in ((a, min(b, low)), (max(a, high), b)) if piece[0] <= piece[1]]
        left = sorted(set(cut)) if apart_s else left
    return tuple(left) if left else tuple(sorted(windows))


def repeated(starts_s: ArrayLike, before_s: ArrayLike, *, apart_s: int = 300) -> NDArray[np.bool_]:
    """Return which starts lie less than ``apart_s`` from one of the starts before, at the same stop; shape of the first.

    Examples
    --------
    >>> repeated([1000, 2000], [1200]).tolist()
    [True, False]
    """
    now = np.asarray(starts_s, dtype=np.float64).ravel()
    before = np.asarray(before_s, dtype=np.float64).ravel()
    return np.asarray((np.abs(now[:, None] - before[None, :]) < apart_s).any(axis=1), dtype=bool)


def repetition_penalties(
    prizes: ArrayLike, starts_s: Sequence[int], before_s: Sequence[Sequence[int]], *, share: float = 0.5
) -> Floats:
    """Return what planned stays lose for coming at the minute of one within the fortnight: ``share`` of their prize.

    Parameters
    ----------
    prizes, starts_s
        Prize and start of each planned stay, shape ``(k,)``.
    before_s
        For each of these stops the starts within the last :data:`FORTNIGHT_DAYS`.
    share
        Share of the prize that is lost.
    """
    worth = np.asarray(prizes, dtype=np.float64).ravel()
    if not worth.size == len(starts_s) == len(before_s):
        raise GisError("give the prize, the start and the starts before of each stay")
    again = [bool(repeated([start], before)[0]) for start, before in zip(starts_s, before_s, strict=True)]
    return worth * share * np.array(again, dtype=np.float64)
