"""How long something may take: working hours, working days and natural time, with days off, make-up days and stops.

Pure functions: the moment is always given. Local times are those of the city; moments carry their zone.

Sources
-------
Civil Code of the People's Republic of China, art. 201: of a period in days the day it begins on does not count, one in
hours begins at once; art. 203: its last day ends at 24:00, or where there are business hours when business ends. The
units are those of the GB/T 30428 family (工作时, 工作日, 自然时, 自然日).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["working_hours", "working_days", "hours", "days"]
UNITS: tuple[Unit, ...] = ("working_hours", "working_days", "hours", "days")
Hours = tuple[tuple[dt.time, dt.time], ...]

OFFICE_HOURS: Hours = ((dt.time(8, 30), dt.time(12)), (dt.time(13, 30), dt.time(17, 30)))
LONGEST_DAYS = 4000  # days that are looked at before a calendar counts as one on which nobody works


@dataclass(frozen=True)
class Limit:
    """How long something may take: an amount (whole for days), and the time it is counted in."""

    amount: float
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if self.amount < 0 or (self.unit.endswith("days") and self.amount != int(self.amount)):
            raise ValueError("a limit is a number of hours, or a whole number of days, and not below 0")


@dataclass(frozen=True)
class Stop:
    """A time during which a clock stands still; without an end it still does."""

    start: dt.datetime
    end: dt.datetime | None = None


@dataclass(frozen=True)
class WorkCalendar:
    """When an office works.

    Attributes
    ----------
    time_zone
        The city's.
    hours
        The spans of a working day, in order, by local time.
    hours_of_year
        Those of years that differ.
    weekend
        Weekdays without work, 1 = Monday.
    days_off
        Public holidays, and the working days that are moved away for them.
    make_up_days
        Days of the weekend that are worked instead (调休上班日).
    """

    time_zone: ZoneInfo
    hours: Hours = OFFICE_HOURS
    hours_of_year: Mapping[int, Hours] = field(default_factory=dict)
    weekend: frozenset[int] = frozenset({6, 7})
    days_off: frozenset[dt.date] = frozenset()
    make_up_days: frozenset[dt.date] = frozenset()


def is_working_day(day: dt.date, calendar: WorkCalendar) -> bool:
    """Return whether a day is worked: a make-up day always, a day off never, else by the week."""
    if day in calendar.make_up_days:
        return True
    return day not in calendar.days_off and day.isoweekday() not in calendar.weekend


def day_spans(day: dt.date, calendar: WorkCalendar) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return when is worked on a day, as moments in UTC; nothing on a day off."""
    if not is_working_day(day, calendar):
        return []
    hours = calendar.hours_of_year.get(day.year, calendar.hours)
    return [(_moment(day, start, calendar), _moment(day, end, calendar)) for start, end in hours]


def due_at(start: dt.datetime, limit: Limit, calendar: WorkCalendar, stops: Sequence[Stop] = ()) -> dt.datetime | None:
    """Return when a limit is reached.

    Hours run from the start on, and not during stops. Of days the first does not count, nor does a day on which the
    clock stood still at some time of it (of a working day: of its working hours); the last ends with its business.

    Parameters
    ----------
    start
        When the clock began to run.
    limit, calendar
        How long it may run, and when it does.
    stops
        When it stood still.

    Returns
    -------
    datetime or None
        In UTC; None where it cannot be said because the clock stands still.

    Raises
    ------
    ValueError
        For a calendar on which nobody works.

    Examples
    --------
    A stall on the Wednesday before National Day 2026, at 17:00: half an hour is left, then there are seven days off,
    so eight working hours end with the business of Thursday the 8th, which has seven and a half of them:

    >>> calendar = WorkCalendar(
    ...     ZoneInfo("Asia/Shanghai"), days_off=frozenset(dt.date(2026, 10, day) for day in range(1, 8))
    ... )
    >>> moment = due_at(
    ...     dt.datetime(2026, 9, 30, 17, tzinfo=calendar.time_zone), Limit(8, "working_hours"), calendar
    ... )
    >>> moment.astimezone(calendar.time_zone).isoformat()
    '2026-10-08T17:30:00+08:00'
    """
    begin = start.astimezone(dt.UTC)
    if limit.unit.endswith("days"):
        return _due_by_days(begin, int(limit.amount), limit.unit, calendar, stops)
    left = dt.timedelta(hours=limit.amount)
    if not left:
        return begin
    for span_start, span_end in _running(begin, limit.unit, calendar, stops):
        if span_end is None or span_end - span_start >= left:
            return span_start + left
        left -= span_end - span_start
    return None


def used(start: dt.datetime, end: dt.datetime, unit: Unit, calendar: WorkCalendar, stops: Sequence[Stop] = ()) -> float:
    """Return how much of a limit has been used between two moments: hours, or whole days, by its unit."""
    begin, until = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    if unit.endswith("days"):
        ends = itertools.takewhile(lambda moment: moment <= until, _day_ends(begin, unit, calendar, stops, until))
        return float(sum(1 for _ in ends))
    total = dt.timedelta()
    for span_start, span_end in _running(begin, unit, calendar, stops):
        if span_start >= until:
            break
        total += min(until, span_end or until) - span_start
    return total / dt.timedelta(hours=1)


def longer(limit: Limit, by: float) -> Limit:
    """Return a limit with more of its own unit: what an approved extension gives."""
    return Limit(limit.amount + by, limit.unit)


def _moment(day: dt.date, time: dt.time, calendar: WorkCalendar) -> dt.datetime:
    return dt.datetime.combine(day, time, calendar.time_zone).astimezone(dt.UTC)


def _days_from(moment: dt.datetime, calendar: WorkCalendar) -> Iterator[dt.date]:
    first = moment.astimezone(calendar.time_zone).date()
    return (first + dt.timedelta(days=n) for n in range(LONGEST_DAYS))


def _open_spans(
    begin: dt.datetime, unit: Unit, calendar: WorkCalendar
) -> Iterator[tuple[dt.datetime, dt.datetime | None]]:
    """Yield when a clock of hours runs if nothing stops it."""
    if unit == "hours":
        yield begin, None
        return
    for day in _days_from(begin, calendar):
        for start, end in day_spans(day, calendar):
            if end > begin:
                yield max(start, begin), end
    raise ValueError("on this calendar nobody works")


def _running(
    begin: dt.datetime, unit: Unit, calendar: WorkCalendar, stops: Sequence[Stop]
) -> Iterator[tuple[dt.datetime, dt.datetime | None]]:
    """Yield when a clock of hours runs, without its stops; ends where a stop does not."""
    ordered = sorted(stops, key=lambda stop: stop.start)
    never = min((stop.start for stop in ordered if stop.end is None), default=None)
    for span_start, span_end in _open_spans(begin, unit, calendar):
        at = span_start
        if never is not None and at >= never:
            return
        for stop in ordered:
            if stop.end is not None and stop.end <= at:
                continue
            if span_end is not None and stop.start >= span_end:
                break
            if stop.start > at:
                yield at, stop.start
            if stop.end is None:
                return
            at = max(at, stop.end)
        if span_end is None or at < span_end:
            yield at, span_end


def _due_by_days(
    begin: dt.datetime, amount: int, unit: Unit, calendar: WorkCalendar, stops: Sequence[Stop]
) -> dt.datetime | None:
    if not amount:
        return begin
    return next(itertools.islice(_day_ends(begin, unit, calendar, stops, None), amount - 1, None), None)


def _day_ends(
    begin: dt.datetime, unit: Unit, calendar: WorkCalendar, stops: Sequence[Stop], until: dt.datetime | None
) -> Iterator[dt.datetime]:
    """Yield the ends of the days that count, from the day after the first on; up to ``until``, where it is given."""
    never = min((stop.start for stop in stops if stop.end is None), default=None)
    days = itertools.islice(_days_from(begin, calendar), 1, None)
    for day in days:
        spans = day_spans(day, calendar) if unit == "working_days" else [_whole(day, calendar)]
        if not spans:
            continue
        if (until is not None and spans[-1][1] > until) or (never is not None and spans[-1][1] > never):
            return
        if not any(_overlap(span, stop) for span in spans for stop in stops):
            yield spans[-1][1]
    if until is None:
        raise ValueError("on this calendar nobody works")


def _whole(day: dt.date, calendar: WorkCalendar) -> tuple[dt.datetime, dt.datetime]:
    return _moment(day, dt.time(), calendar), _moment(day + dt.timedelta(days=1), dt.time(), calendar)


def _overlap(span: tuple[dt.datetime, dt.datetime], stop: Stop) -> bool:
    return stop.start < span[1] and (stop.end is None or stop.end > span[0]) and stop.start != stop.end
