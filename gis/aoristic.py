"""Incidents of which only an interval is known: spread over the hours in which they may have happened.

Between the moment when all was well and the moment when it was found, every minute is as likely as any other
(Ratcliffe 2002, J. Quant. Criminol. 18, 23–43). Times are local wall-clock times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.density import MINUTES_A_DAY, WeekSlices
from gis.errors import GisError
from gis.schooltime import SchoolCalendar, timetable_weekdays

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MINUTES_A_WEEK = 7 * MINUTES_A_DAY
_ALMOST = 1e-9  # shares are sums of parts
LONGEST_DAYS = 31
_CHUNK = 20_000


def spread_over_slices(start: ArrayLike, end: ArrayLike, week: WeekSlices) -> Floats:
    """Return which share of each incident falls into each slice of the week.

    Parameters
    ----------
    start, end
        Interval of each incident, ``datetime64`` to the minute, shape ``(n,)``; the same moment twice where the time
        is known. NaT where it is not known at all.
    week
        Slices by clock time.

    Returns
    -------
    numpy.ndarray
        Shares, shape ``(n, slices)``. A row sums to 1 if the slices cover the interval, to less if part of it lies
        outside them, and is NaN where start or end is not known.

    Raises
    ------
    GisError
        If an interval ends before it starts, lengths differ, or the slices count from dismissal.

    Examples
    --------
    Found on Monday at 17:20, all well at 15:50:

    >>> hours = WeekSlices(bands_min=((900, 960), (960, 1020), (1020, 1080)), weekdays=(1, 2))
    >>> spread_over_slices(["2026-11-23T15:50"], ["2026-11-23T17:20"], hours).round(3).tolist()
    [[0.111, 0.667, 0.222, 0.0, 0.0, 0.0]]
    """
    if week.after_dismissal:
        raise GisError("these slices count from dismissal: use share_after_dismissal")
    first, last, known = _intervals(start, end)
    begin = np.array([(day - 1) * MINUTES_A_DAY + band[0] for day in week.weekdays for band in week.bands_min])
    finish = np.array([(day - 1) * MINUTES_A_DAY + band[1] for day in week.weekdays for band in week.bands_min])
    length = finish - begin
    monday = 3 * MINUTES_A_DAY  # 1970-01-01 was a Thursday
    out = np.full((known.size, begin.size), np.nan)
    for at in range(0, known.size, _CHUNK):
        here = np.flatnonzero(known[at : at + _CHUNK]) + at
        moments = np.stack([first[here], last[here]]) + monday
        weeks, rest = np.divmod(moments, MINUTES_A_WEEK)
        passed = weeks[..., None] * length + np.clip(rest[..., None] - begin, 0, length)
        out[here] = (passed[1] - passed[0]) / (last[here] - first[here])[:, None]
    return out


def weekly_rhythm(start: ArrayLike, end: ArrayLike) -> Floats:
    """Return incidents by weekday (rows, Monday first) and hour (columns), shape ``(7, 24)``.

    Incidents of unknown time are left out; the table sums to the number of the others.
    """
    hours = WeekSlices(bands_min=tuple((hour * 60, hour * 60 + 60) for hour in range(24)))
    begin, finish = np.atleast_1d(np.asarray(start)), np.atleast_1d(np.asarray(end))
    total = np.zeros(len(hours))
    for at in range(0, max(begin.size, finish.size), _CHUNK):
        total += np.nansum(spread_over_slices(begin[at : at + _CHUNK], finish[at : at + _CHUNK], hours), axis=0)
    return total.reshape(7, 24)


def share_after_dismissal(
    start: ArrayLike,
    end: ArrayLike,
    school: ArrayLike,
    dismissals: Sequence[Mapping[int, Sequence[int]]],
    calendar: SchoolCalendar,
    *,
    before_min: int = 30,
    after_min: int = 60,
    weekdays: Collection[int] = (),
) -> Floats:
    """Return which share of each incident falls after school: from before a dismissal until after it.

    Parameters
    ----------
    start, end
        Interval of each incident, shape ``(n,)``; see :func:`spread_over_slices`.
    school
        Index into ``dismissals`` of the school that each incident is set against, −1 for none, shape ``(n,)``.
    dismissals
        For each school: weekday → minutes after midnight of its dismissals.
    calendar
        The calendar that all these schools keep.
    before_min, after_min
        How long before and after a dismissal it is after school; windows of several grades are joined. Either may be
        negative: −30 and 60 is from half an hour to an hour after dismissal.
    weekdays
        Only the dismissals of these ISO weekdays of the calendar day count; none: of all.

    Returns
    -------
    numpy.ndarray
        Shares from 0 to 1, shape ``(n,)``; NaN where the time is not known or the interval is longer than 31 days,
        and where there is no school or it has no dismissal on any weekday.

    Raises
    ------
    GisError
        If an interval ends before it starts, lengths differ, or the window has no length.
    """
    if max(abs(before_min), abs(after_min)) > MINUTES_A_DAY or not 0 < before_min + after_min <= MINUTES_A_DAY:
        raise GisError(f"after school from {before_min} min before to {after_min} min after dismissal makes no sense")
    first, last, known = _intervals(start, end)
    index = np.atleast_1d(np.asarray(school, dtype=np.int64)).ravel()
    if index.size != known.size:
        raise GisError(f"{known.size} intervals but {index.size} schools; give one per incident")
    if index.size and (index.min() < -1 or index.max() >= len(dismissals)):
        raise GisError(f"schools {index.min()} to {index.max()} are asked for; there are 0 to {len(dismissals) - 1}")
    told = np.array([any(len(m) for m in table.values()) for table in dismissals] + [False])
    usable = known & told[index] & (last - first <= LONGEST_DAYS * MINUTES_A_DAY)
    out = np.full(known.size, np.nan)
    at = np.flatnonzero(usable)
    if not at.size:
        return out
    # windows may begin the day before, or end the day after, the interval's own days
    day = first[at] // MINUTES_A_DAY - 1
    count = (last[at] - 1) // MINUTES_A_DAY + 1 - day + 1
    row = np.repeat(np.arange(at.size), count)
    each = np.repeat(day, count) + np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    weekday = timetable_weekdays(each.astype("datetime64[D]"), calendar)
    if weekdays:
        weekday[~np.isin((each + 3) % 7 + 1, list(weekdays))] = 0
    ends = _dismissal_table(dismissals)[index[at[row]], weekday] + (each * MINUTES_A_DAY)[:, None]
    reached = np.full(row.size, -np.inf)
    minutes = np.zeros(row.size)
    for moment in ends.T:  # the grades' dismissals in order; a window starts where the one before it ends
        opens = np.maximum(moment - before_min, reached)
        closes = moment + after_min
        inside = np.minimum(closes, last[at[row]]) - np.maximum(opens, first[at[row]])
        minutes += np.where(np.isnan(moment), 0.0, np.maximum(inside, 0.0))
        reached = np.fmax(reached, closes)
    out[at] = np.minimum(np.bincount(row, minutes, at.size) / (last[at] - first[at]), 1.0)
    return out


def is_whole(share: ArrayLike) -> NDArray[np.bool_]:
    """Return which shares are all of an incident, but for rounding; one that is not known (NaN) is not."""
    whole: NDArray[np.bool_] = np.asarray(share) > 1 - _ALMOST
    return whole


def unknown_times(times: ArrayLike) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return intervals for moments of which those at midnight sharp stand for an unknown time of the day.

    Many registers write 00:00 where only the day is known. Such an incident may have happened at any time of its day;
    all others happened when they say.

    Parameters
    ----------
    times
        Local moments, ``datetime64``, shape ``(n,)``.

    Returns
    -------
    start, end
        ``datetime64[m]``, shape ``(n,)``.
    """
    start = np.atleast_1d(np.asarray(times, dtype="datetime64[s]"))
    midnight = start == start.astype("datetime64[D]")
    minute = start.astype("datetime64[m]")
    return minute, np.where(midnight, minute + np.timedelta64(MINUTES_A_DAY, "m"), minute)


def _intervals(start: ArrayLike, end: ArrayLike) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Return first and last minute since 1970, at least one minute apart, and which are known."""
    begin = np.atleast_1d(np.asarray(start, dtype="datetime64[m]")).ravel()
    finish = np.atleast_1d(np.asarray(end, dtype="datetime64[m]")).ravel()
    if begin.size != finish.size:
        raise GisError(f"{begin.size} intervals start but {finish.size} end; give one of each per incident")
    known = ~(np.isnat(begin) | np.isnat(finish))
    wrong = np.flatnonzero(known & (finish < begin))
    if wrong.size:
        at = int(wrong[0])
        raise GisError(f"interval {at} ends ({finish[at]}) before it starts ({begin[at]})")
    first = begin.astype(np.int64)
    return first, np.maximum(finish.astype(np.int64), first + 1), known


def _dismissal_table(dismissals: Sequence[Mapping[int, Sequence[int]]]) -> Floats:
    """Return dismissals in order, shape ``(schools + 1, 8, most)``; weekday 0 and the last school have none."""
    most = max(len(minutes) for table in dismissals for minutes in table.values())
    ends = np.full((len(dismissals) + 1, 8, most), np.nan)
    for row, table in enumerate(dismissals):
        for day, minutes in table.items():
            ends[row, day, : len(minutes)] = sorted(minutes)
    return ends
