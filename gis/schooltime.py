"""School days, dismissal, and how long after it something happened.

Times here are local wall-clock times of the city; weekdays count from 1 = Monday to 7 = Sunday, as ISO 8601 does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class SchoolCalendar:
    """Which days are school days, and by which weekday's timetable they run.

    Attributes
    ----------
    terms
        First and last day of each term; without any, every week of the year counts.
    holidays
        Days without school inside a term.
    make_up_days
        School days outside the usual week (调休), with the weekday whose timetable they follow.
    """

    terms: Sequence[tuple[dt.date, dt.date]] = ()
    holidays: frozenset[dt.date] = frozenset()
    make_up_days: Mapping[dt.date, int] = field(default_factory=dict)


def timetable_weekdays(days: ArrayLike, calendar: SchoolCalendar) -> NDArray[np.int8]:
    """Return by which weekday's timetable each day runs; 0 where there is no school.

    Parameters
    ----------
    days
        Days as ``datetime64[D]``, any shape.
    calendar
        The school's or the city's calendar.

    Examples
    --------
    A Saturday on which Tuesday's lessons are made up, and the holiday it pays for:

    >>> import datetime as dt
    >>> calendar = SchoolCalendar(
    ...     terms=[(dt.date(2026, 9, 1), dt.date(2027, 1, 22))],
    ...     holidays=frozenset({dt.date(2026, 10, 6)}),
    ...     make_up_days={dt.date(2026, 10, 10): 2},
    ... )
    >>> timetable_weekdays(["2026-10-10", "2026-10-06", "2026-10-12", "2026-08-31"], calendar).tolist()
    [2, 0, 1, 0]
    """
    day = np.asarray(days, dtype="datetime64[D]")
    weekday = ((day.astype(np.int64) + 3) % 7 + 1).astype(np.int8)  # 1970-01-01 was a Thursday
    school = weekday <= 5
    if calendar.terms:
        in_term = np.zeros(day.shape, dtype=bool)
        for first, last in calendar.terms:
            in_term |= (day >= np.datetime64(first)) & (day <= np.datetime64(last))
        school &= in_term
    if calendar.holidays:
        school &= ~np.isin(day, np.array(sorted(calendar.holidays), dtype="datetime64[D]"))
    out = np.where(school, weekday, 0).astype(np.int8)
    for made_up, follows in calendar.make_up_days.items():
        out[day == np.datetime64(made_up)] = follows
    return out


def local_times(seconds: ArrayLike, zone: tzinfo) -> NDArray[np.datetime64]:
    """Return moments by the clock of a time zone, ``datetime64[s]``, of whole seconds since 1970 in UTC.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> local_times([1_796_054_400], ZoneInfo("Asia/Shanghai")).astype(str).tolist()
    ['2026-12-01T00:00:00']
    """
    moments = pd.to_datetime(np.asarray(seconds, dtype=np.int64), unit="s", utc=True)
    return np.asarray(moments.tz_convert(zone).tz_localize(None).to_numpy(), dtype="datetime64[s]")


def minutes_after_dismissal(
    times: ArrayLike, school: ArrayLike, dismissals: Sequence[Mapping[int, Sequence[int]]], calendar: SchoolCalendar
) -> NDArray[np.float64]:
    """Return how many minutes after dismissal each moment lies; negative before it.

    Where grades are dismissed one after the other, the dismissal nearest to the moment counts.

    Parameters
    ----------
    times
        Local moments, ``datetime64``, shape ``(n,)``.
    school
        Index into ``dismissals`` of the school that each moment is set against, −1 for none, shape ``(n,)``.
    dismissals
        For each school: weekday → minutes after midnight of its dismissals.
    calendar
        The calendar that all these schools keep.

    Returns
    -------
    numpy.ndarray
        Minutes, shape ``(n,)``; NaN where there is no school that day or no dismissal is known.
    """
    moment = np.asarray(times, dtype="datetime64[s]")
    index = np.asarray(school, dtype=np.int64)
    weekday = timetable_weekdays(moment.astype("datetime64[D]"), calendar)
    minute = (moment - moment.astype("datetime64[D]")).astype(np.int64) / 60.0
    most = max((len(m) for table in dismissals for m in table.values()), default=0)
    out = np.full(moment.shape, np.nan)
    if not most:
        return out
    ends = np.full((len(dismissals) + 1, 8, most), np.nan)  # the last row, and weekday 0, stay empty: no school
    for row, table in enumerate(dismissals):
        for day, minutes in table.items():
            ends[row, day, : len(minutes)] = minutes
    difference = minute[:, None] - ends[index, weekday]
    known = ~np.isnan(difference).all(axis=1)
    nearest = np.nanargmin(np.abs(difference[known]), axis=1)
    out[known] = difference[known, :][np.arange(len(nearest)), nearest]
    return out


def count_school_days(first: dt.date, last: dt.date, calendar: SchoolCalendar) -> int:
    """Return how many school days lie between two days, both included; 0 where ``last`` is before ``first``."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"), dtype="datetime64[D]")
    return int(np.count_nonzero(timetable_weekdays(days, calendar)))
