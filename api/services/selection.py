"""The incidents that a question asks for, each with the share of it that fits: known intervals are spread over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.incident_table import MINUTES_A_DAY, IncidentTable, day_number, table_of
from api.services.questions import Places, Question, cell_keys, cells_of_keys, checked_kinds, places_of
from api.services.school_times import Table, dismissals
from api.settings import Settings
from api.store import cities
from api.store.incidents import CountedIncidents
from api.store.models import City
from gis.aoristic import share_after_dismissal, spread_over_slices
from gis.density import WeekSlices
from gis.lattice import Lattice
from gis.schooltime import SchoolCalendar

Floats = NDArray[np.float64]
_WEEK_MIN = 7 * MINUTES_A_DAY
_HOURS = WeekSlices(bands_min=tuple((60 * hour, 60 * hour + 60) for hour in range(24)))


@dataclass(frozen=True, eq=False)
class WindowHours:
    """Which share of each hour of the week lies in a window around the dismissals of schools.

    ``school`` are ids, rising; ``shares`` has a row for each, shape ``(schools, 168)``, Monday's first hour first.
    """

    school: NDArray[np.int64]
    shares: Floats

    @classmethod
    def of(cls, school: NDArray[np.int64], tables: Sequence[Table], window: tuple[int, int]) -> WindowHours:
        """Return the hours of a window, minutes after dismissal, by the schools' timetables."""
        found = [
            (row, (day - 1) * MINUTES_A_DAY + minute)
            for row, table in enumerate(tables)
            for day, minutes in table.items()
            for minute in minutes
        ]
        row, dismissal = np.array(found, dtype=np.int64).reshape(-1, 2).T
        inside = np.zeros((len(tables), 168))
        hour = np.arange(168) * 60
        for week in (-_WEEK_MIN, 0, _WEEK_MIN):  # what begins on Sunday night ends on Monday
            opens, closes = (dismissal[:, None] + minute + week for minute in window)
            np.add.at(inside, row, np.clip(np.minimum(closes, hour + 60) - np.maximum(opens, hour), 0, None) / 60)
        return cls(school, np.minimum(inside, 1.0))  # windows of several grades may lie upon each other


@dataclass(frozen=True, eq=False)
class _SchoolTime:
    """The timetables of the schools that incidents are set against (ids, rising), and the calendar that all keep."""

    school: NDArray[np.int64]
    tables: Sequence[Table]
    calendar: SchoolCalendar

    def index_of(self, school: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the index of schools among these, −1 for none."""
        return np.where(school >= 0, np.searchsorted(self.school, school), -1)

    def hours(self, window: tuple[int, int]) -> WindowHours:
        """Return which share of each hour of the week lies in a window around these dismissals."""
        return WindowHours.of(self.school, self.tables, window)

    def after_dismissal(
        self,
        school: NDArray[np.integer],
        low: NDArray[np.int64],
        high: NDArray[np.int64],
        window: tuple[int, int],
        weekdays: Sequence[int] = (),
    ) -> Floats:
        """Return the share of each interval, minutes since 1970, that lies in a window around its school's dismissals."""
        share = share_after_dismissal(
            low.astype("datetime64[m]"), high.astype("datetime64[m]"), self.index_of(school), self.tables,
            self.calendar, before_min=-window[0], after_min=window[1], weekdays=weekdays,
        )  # fmt: skip
        return np.nan_to_num(share)


@dataclass(frozen=True, eq=False)
class Selection:
    """Incidents that fit a question.

    Attributes
    ----------
    table
        All incidents of the city.
    at
        Indexes of those that fit, rising.
    weight
        The share of each that fits, above 0; None: all are 1.
    question
        What was asked, to remember answers by.
    window
        Where minutes after dismissal are asked for and some times are uncertain: where in the week these lie.
    """

    table: IncidentTable
    at: NDArray[np.int64]
    weight: Floats | None
    question: Question
    window: WindowHours | None = None

    def __len__(self) -> int:
        return len(self.at)

    @property
    def total(self) -> float:
        """How many incidents fit, shares added up."""
        return float(len(self.at)) if self.weight is None else float(self.weight.sum())

    def by_cell(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Return column and row of each cell with incidents, and the sum of their shares."""
        key = cell_keys(self.table.column[self.at], self.table.row[self.at])
        if not key.size:
            none = np.zeros(0, dtype=np.int64)
            return none, none, np.zeros(0)
        once, place = np.unique(key, return_inverse=True)
        return *cells_of_keys(once), np.bincount(place, self.weight, once.size).astype(np.float64)

    def days(self) -> tuple[dt.date, dt.date] | None:
        """Return the first and the last day of the incidents; None where there are none."""
        if not len(self.at):
            return None
        day = self.table.day[self.at]
        zero = dt.date(1970, 1, 1)
        return zero + dt.timedelta(days=int(day.min())), zero + dt.timedelta(days=int(day.max()))


def select(session: Session, settings: Settings, city: City, lattice: Lattice, wanted: Question) -> Selection:
    """Return the incidents that a question asks for; serious ones are never among them.

    Of an incident that is known to lie in an interval, the share of the interval that lies in the period, on the
    weekdays and in the minutes after dismissal counts (aoristic weights, Ratcliffe 2002).
    """
    kinds = checked_kinds(wanted)
    table = table_of(session, city)
    found: Selection = table.answers.of(
        ("select", wanted, settings.after_school_before_min, settings.after_school_after_min),
        lambda: _select(session, settings, city, table, wanted, kinds, places_of(session, city, lattice, wanted)),
    )
    return found


def _select(
    session: Session,
    settings: Settings,
    city: City,
    table: IncidentTable,
    wanted: Question,
    kinds: Sequence[str],
    places: Places,
) -> Selection:
    first, last = period = _minutes_of(wanted)
    at = _in_period(table, first, last)
    if kinds:
        wanted_kind = np.array([name in kinds for name in table.kinds], dtype=bool)
        at = at[wanted_kind[table.kind[at]]] if table.kinds else at
    window = wanted.window(settings)
    if window is not None:
        minutes = table.minutes[at]
        at = at[table.uncertain[at] | ((minutes >= window[0]) & (minutes <= window[1]))]
    if wanted.weekdays:
        on_day = np.isin(np.arange(7) + 1, wanted.weekdays)[(table.day[at] + 3) % 7]
        at = at[table.uncertain[at] | on_day]
    if not places.everywhere:
        at = at[places.holds(table.column[at], table.row[at])]
    loose = np.flatnonzero(table.uncertain[at])
    if not loose.size:
        return Selection(table, at, None, wanted)
    weight = np.ones(at.size)
    low, high = _within(table, at[loose], period)
    known = _school_time(session, settings, city, table)
    weight[loose] = _fitting(known, table, at[loose], low, high, window, wanted.weekdays)
    hours = None
    if window is not None:
        hours = table.answers.of(("hours", settings.dismissal, window), lambda: known.hours(window))
    kept = weight > 1e-9
    return Selection(table, at[kept], weight[kept], wanted, hours)


def _minutes_of(wanted: Question) -> tuple[int | None, int | None]:
    """Return when the period that is asked for begins and ends, minutes since 1970; None where it is open."""
    first = day_number(wanted.first) * MINUTES_A_DAY if wanted.first else None
    last = (day_number(wanted.last) + 1) * MINUTES_A_DAY if wanted.last else None
    return first, last


def _in_period(table: IncidentTable, first: int | None, last: int | None) -> NDArray[np.int64]:
    """Return the incidents that a period holds or cuts, minutes since 1970; the last one not included."""
    if first is None and last is None:
        return np.arange(len(table))
    fits = table.start_min < last if last is not None else np.ones(len(table), dtype=bool)
    if first is not None:
        fits &= table.end_min >= first  # of an interval that ends then no share is left
    return np.flatnonzero(fits)


def _within(
    table: IncidentTable, at: NDArray[np.int64], period: tuple[int | None, int | None]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the part of each interval that lies in the period, minutes since 1970."""
    start, end = table.start_min[at], table.end_min[at]
    low = start if period[0] is None else np.maximum(start, period[0])
    high = end if period[1] is None else np.minimum(end, period[1])
    return low, high


def _fitting(
    known: _SchoolTime,
    table: IncidentTable,
    at: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    window: tuple[int, int] | None,
    weekdays: Sequence[int],
) -> Floats:
    """Return the share of each interval that lies between two minutes, on the weekdays and after dismissal as asked."""
    inside: Floats = (high - low) / (table.end_min[at] - table.start_min[at])
    if window is not None:
        return inside * known.after_dismissal(table.school[at], low, high, window, weekdays)
    if weekdays:
        whole = WeekSlices(bands_min=((0, MINUTES_A_DAY),), weekdays=tuple(sorted(set(weekdays))))
        begin, finish = low.astype("datetime64[m]"), high.astype("datetime64[m]")
        inside = inside * spread_over_slices(begin, finish, whole).sum(axis=1)
    return inside


def _school_time(session: Session, settings: Settings, city: City, table: IncidentTable) -> _SchoolTime:
    def read() -> _SchoolTime:
        ids = np.unique(table.school).astype(np.int64)
        ids = ids[ids >= 0]
        return _SchoolTime(ids, dismissals(session, settings, ids)[1], cities.calendar_of(session, city))

    # a change of school time counts as an alteration of the incidents, so the table is another one then
    known: _SchoolTime = table.answers.of(("school time", settings.dismissal), read)
    return known


def shares_after_school(session: Session, settings: Settings, city: City, table: IncidentTable) -> Floats:
    """Return which share of each incident was after school: 0 or 1 where the moment is known."""
    window = (-settings.after_school_before_min, settings.after_school_after_min)
    share = ((table.minutes >= window[0]) & (table.minutes <= window[1])).astype(np.float64)
    loose = np.flatnonzero(table.uncertain)
    if loose.size:
        low, high = table.start_min[loose], table.end_min[loose]
        known = _school_time(session, settings, city, table)
        share[loose] = known.after_dismissal(table.school[loose], low, high, window)
    return share


def by_week(
    session: Session, settings: Settings, city: City, found: Selection
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return incidents by week from the first day that is asked for: those that may be of several weeks stand in each.

    Returns
    -------
    at, week, share
        Index into the table, week from 0, and the share of the incident that fits the question in this week.
    """
    table, at, wanted = found.table, found.at, found.question
    assert wanted.first is not None  # noqa: S101 - else there is no first week
    begin = day_number(wanted.first) * MINUTES_A_DAY
    low, high = _within(table, at, _minutes_of(wanted))
    first, last = (low - begin) // _WEEK_MIN, (np.maximum(low, high - 1) - begin) // _WEEK_MIN
    weight = np.ones(at.size) if found.weight is None else found.weight
    one = first == last
    many = np.flatnonzero(~one)
    if not many.size:
        return at, first, weight
    count = last[many] - first[many] + 1
    each = np.repeat(many, count)
    week = first[each] + np.arange(each.size) - np.repeat(np.cumsum(count) - count, count)
    opens = begin + week * _WEEK_MIN
    part_low, part_high = np.maximum(low[each], opens), np.minimum(high[each], opens + _WEEK_MIN)
    known = _school_time(session, settings, city, table)
    share = _fitting(known, table, at[each], part_low, part_high, wanted.window(settings), wanted.weekdays)
    return (
        np.concatenate([at[one], at[each]]),
        np.concatenate([first[one], week]),
        np.concatenate([weight[one], share]),
    )


def by_cell_and_hour(found: Selection) -> CountedIncidents:
    """Return incidents by cell, weekday and hour; the shares of intervals add up to fractions."""
    table, at = found.table, found.at
    start, end = table.start_min[at], table.end_min[at]
    moment = start == end
    key = cell_keys(table.column[at], table.row[at])
    slot = ((table.day[at] + 3) % 7) * 24 + (start % MINUTES_A_DAY) // 60
    keys, slots, counts = [key[moment]], [slot[moment]], [np.ones(int(moment.sum()))]
    if not moment.all():
        loose = np.flatnonzero(~moment)
        shares, which = hours_as_asked(found, loose)
        spread = shares[which]
        weight = found.weight[loose] if found.weight is not None else np.ones(loose.size)
        row, hour = np.nonzero(spread)
        keys.append(key[loose[row]])
        slots.append(hour)
        counts.append((spread * weight[:, None])[row, hour])
    all_keys, all_slots, all_counts = (np.concatenate(part) for part in (keys, slots, counts))
    once, place = np.unique(all_keys * 168 + all_slots, return_inverse=True)
    cell, slot = np.divmod(once, 168)
    column, row = cells_of_keys(cell)
    sums = np.bincount(place, all_counts, once.size) if once.size else np.zeros(0)
    return CountedIncidents(column, row, slot // 24 + 1, slot % 24, sums)


def hours_as_asked(found: Selection, loose: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Return how intervals lie in the hours of the week that are asked for.

    Parameters
    ----------
    loose
        Which of the selection: positions in ``found.at``.

    Returns
    -------
    shares, which
        By hour of the week, shape ``(kinds, 168)``, rows adding up to 1 where they can; and the row of each interval.
        Those that begin at the same minute of the week and are as long share a row: most are whole days.
    """
    table, wanted = found.table, found.question
    at = found.at[loose]
    low, high = _within(table, at, _minutes_of(wanted))
    school = np.zeros(at.size, dtype=np.int64)
    if found.window is not None:
        school = np.searchsorted(found.window.school, table.school[at])
    monday = 3 * MINUTES_A_DAY  # 1970-01-01 was a Thursday
    alike = np.stack([(low + monday) % _WEEK_MIN, high - low, school])
    longest, schools = int(alike[1].max(initial=0)) + 1, int(school.max(initial=0)) + 1
    _, one, which = np.unique(
        (alike[0] * longest + alike[1]) * schools + alike[2], return_index=True, return_inverse=True
    )
    spread = spread_over_slices(low[one].astype("datetime64[m]"), high[one].astype("datetime64[m]"), _HOURS)
    if wanted.weekdays:
        spread = spread * np.isin(np.arange(168) // 24 + 1, wanted.weekdays)
    if found.window is not None:
        hours = found.window.shares
        by_day = np.tile(hours.reshape(-1, 7, 24).max(axis=1), 7)
        timed = spread * hours[school[one]]
        other = ~timed.any(axis=1)  # a make-up day keeps the hours of another weekday
        timed[other] = spread[other] * by_day[school[one[other]]]
        spread = timed
    total = spread.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(spread, total, out=np.zeros_like(spread), where=total > 0)
    return shares, which
