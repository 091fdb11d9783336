"""Clocks: against cases computed by hand, and against a slow count of minutes or days."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.services.cases.clocks import UNITS, Limit, Stop, Unit, WorkCalendar, due_at, is_working_day, longer, used

CHINA = ZoneInfo("Asia/Shanghai")
# 国务院办公厅关于2026年部分节假日安排的通知 (2025-11-04)
OFF = [
    *((1, day) for day in (1, 2, 3)),
    *((2, day) for day in range(15, 24)),
    *((4, day) for day in (4, 5, 6)),
    *((5, day) for day in range(1, 6)),
    *((6, day) for day in (19, 20, 21)),
    *((9, day) for day in (25, 26, 27)),
    *((10, day) for day in range(1, 8)),
]
ON = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
OFFICE = WorkCalendar(
    CHINA,
    days_off=frozenset(dt.date(2026, *day) for day in OFF),
    make_up_days=frozenset(dt.date(2026, *day) for day in ON),
)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def local(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def test_days_of_the_week_holidays_and_make_up_days() -> None:
    worked = {day: is_working_day(dt.date(2026, 10, day), OFFICE) for day in range(1, 13)}
    assert [day for day, works in worked.items() if works] == [8, 9, 10, 12]  # the 10th is a Saturday made up


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2026-11-03T09:00", 1, "working_hours", "2026-11-03 10:00"),
        ("2026-11-03T11:30", 1, "working_hours", "2026-11-03 14:00"),  # over the noon break
        ("2026-11-03T16:45", 8, "working_hours", "2026-11-04 17:15"),  # 0.75 + 7.25 of the next day
        ("2026-11-06T17:00", 1, "working_hours", "2026-11-09 09:00"),  # Friday: the rest on Monday
        ("2026-11-07T03:00", 1, "working_hours", "2026-11-09 09:30"),  # a report of Saturday night
        ("2026-11-03T08:30", 3.5, "working_hours", "2026-11-03 12:00"),  # the end of a span is due, not the next start
        ("2026-09-30T17:00", 8, "working_hours", "2026-10-08 17:30"),  # National Day: seven days off
        ("2026-10-09T17:00", 1, "working_hours", "2026-10-10 09:00"),  # the Saturday after is made up
        ("2026-09-18T17:30", 7.5, "working_hours", "2026-09-20 17:30"),  # and the Sunday before
        ("2026-09-30T10:00", 1, "working_days", "2026-10-08 17:30"),
        ("2026-09-30T10:00", 3, "working_days", "2026-10-10 17:30"),  # the make-up Saturday counts
        ("2026-09-30T10:00", 4, "working_days", "2026-10-12 17:30"),  # the Sunday after does not
        ("2026-02-13T16:00", 2, "working_days", "2026-02-24 17:30"),  # Spring Festival: the 14th, then the 24th
        ("2026-09-30T20:00", 48, "hours", "2026-10-02 20:00"),  # safety: whatever the calendar says
        ("2026-09-30T20:00", 7, "days", "2026-10-08 00:00"),
        ("2026-11-03T09:00", 0, "working_days", "2026-11-03 09:00"),
        ("2026-11-03T09:00", 0, "hours", "2026-11-03 09:00"),
    ],
)
def test_limits_computed_by_hand(start: str, amount: float, unit: Unit, due: str) -> None:
    assert local(due_at(at(start), Limit(amount, unit), OFFICE)) == due


@pytest.mark.parametrize(
    ("stop", "amount", "unit", "due"),
    [
        # suspended from 10:00 to 15:00: 1.5 before it, 2.5 after it, half an hour on the next day
        (("2026-11-03T10:00", "2026-11-03T15:00"), 4.5, "working_hours", "2026-11-04 09:00"),
        (("2026-11-03T10:00", "2026-11-03T15:00"), 4, "hours", "2026-11-03 17:30"),
        # a stop outside working hours stops no clock of working time
        (("2026-11-03T18:00", "2026-11-04T08:00"), 8, "working_hours", "2026-11-04 09:00"),
        (("2026-11-03T18:00", "2026-11-04T08:00"), 2, "working_days", "2026-11-05 17:30"),
        (("2026-11-04T11:00", "2026-11-04T11:30"), 2, "working_days", "2026-11-06 17:30"),
        (("2026-11-03T10:00", None), 4, "working_hours", None),
        (("2026-11-03T12:30", None), 3.5, "working_hours", "2026-11-03 12:00"),  # it was due before it stood still
        (("2026-11-05T10:00", None), 2, "working_days", None),
    ],
)
def test_stops_computed_by_hand(stop: tuple[str, str | None], amount: float, unit: Unit, due: str | None) -> None:
    stops = [Stop(at(stop[0]), None if stop[1] is None else at(stop[1]))]
    assert local(due_at(at("2026-11-03T08:30"), Limit(amount, unit), OFFICE, stops)) == due


def test_an_extension_lengthens_by_its_own_unit() -> None:
    limit = longer(Limit(7, "working_days"), 8)
    assert limit == Limit(15, "working_days")
    assert local(due_at(at("2026-11-02T10:00"), limit, OFFICE)) == "2026-11-23 17:30"


@pytest.mark.parametrize(("amount", "unit"), [(-1, "hours"), (1.5, "days"), (0.5, "working_days")])
def test_what_is_no_limit_is_refused(amount: float, unit: Unit) -> None:
    with pytest.raises(ValueError, match="a limit is"):
        Limit(amount, unit)


def test_on_a_calendar_without_work_nothing_is_ever_due() -> None:
    never = WorkCalendar(CHINA, weekend=frozenset(range(1, 8)))
    for unit in ("working_hours", "working_days"):
        with pytest.raises(ValueError, match="nobody works"):
            due_at(at("2026-11-03T09:00"), Limit(1, unit), never)


# --- the slow reference: one minute after the other ---------------------------------------------------------------

MINUTE = dt.timedelta(minutes=1)


def stands(minute: dt.datetime, stops: list[Stop]) -> bool:
    return any(stop.start <= minute and (stop.end is None or minute < stop.end) for stop in stops)


def is_worked(minute: dt.datetime, calendar: WorkCalendar) -> bool:
    here = minute.astimezone(calendar.time_zone)
    hours = calendar.hours_of_year.get(here.year, calendar.hours)
    return is_working_day(here.date(), calendar) and any(start <= here.time() < end for start, end in hours)


def slow_due(start: dt.datetime, limit: Limit, calendar: WorkCalendar, stops: list[Stop]) -> dt.datetime | None:
    """Return when a limit is reached by looking at each minute of 40 days."""
    left, first = round(limit.amount * 60), start.astimezone(calendar.time_zone).date()
    if limit.unit.endswith("days"):
        left = round(limit.amount)
    if not left:
        return start
    minute, touched, last = start.astimezone(dt.UTC), False, None
    day = first
    for _ in range(40 * 24 * 60):
        here = minute.astimezone(calendar.time_zone).date()
        counts = limit.unit in {"hours", "days"} or is_worked(minute, calendar)
        if limit.unit.endswith("days"):
            if here != day:
                if last is not None and not touched:
                    left -= 1
                    if not left:
                        return last
                day, touched, last = here, False, None
            if counts and here != first:
                touched = touched or stands(minute, stops)
                last = minute + MINUTE
        elif counts and not stands(minute, stops):
            left -= 1
            if not left:
                return minute + MINUTE
        minute += MINUTE
    return None


MINUTES = st.integers(0, 12 * 24 * 60)
SPANS = st.lists(st.tuples(MINUTES, st.integers(1, 3 * 24 * 60)), max_size=3)
FIRST = dt.datetime(2026, 9, 24, tzinfo=dt.UTC)


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    days = st.sets(st.integers(0, 20), max_size=8)
    off, on = draw(days), draw(days)
    edges = sorted(draw(st.sets(st.integers(0, 24 * 4 - 1), min_size=2, max_size=4)))
    times = [dt.time(edge // 4, edge % 4 * 15) for edge in edges[: len(edges) // 2 * 2]]
    base = dt.date(2026, 9, 24)
    return WorkCalendar(
        ZoneInfo(draw(st.sampled_from(["Asia/Shanghai", "America/Phoenix", "Asia/Kathmandu"]))),
        hours=tuple(zip(times[::2], times[1::2], strict=True)),
        days_off=frozenset(base + dt.timedelta(days=n) for n in off - on),
        make_up_days=frozenset(base + dt.timedelta(days=n) for n in on),
    )


@settings(max_examples=40, deadline=None)
@given(
    calendar=calendars(),
    start=MINUTES,
    amount=st.integers(0, 20),
    unit=st.sampled_from(UNITS),
    spans=SPANS,
    forever=st.none() | MINUTES,
)
@example(OFFICE, 6 * 24 * 60, 8, "working_hours", [], None)
@example(OFFICE, 6 * 24 * 60, 5, "working_days", [(9 * 24 * 60, 60)], None)
def test_every_limit_is_reached_when_the_slow_count_says(
    calendar: WorkCalendar, start: int, amount: int, unit: Unit, spans: list[tuple[int, int]], forever: int | None
) -> None:
    begin = FIRST + start * MINUTE
    stops = [Stop(FIRST + a * MINUTE, FIRST + (a + length) * MINUTE) for a, length in spans]
    if forever is not None:
        stops.append(Stop(FIRST + forever * MINUTE))
    limit = Limit(amount / 4 if unit.endswith("hours") else amount % 7, unit)
    due = due_at(begin, limit, calendar, stops)
    slow = slow_due(begin, limit, calendar, stops)
    if slow is None:
        assert due is None or due > begin + dt.timedelta(days=39)
        return
    assert due == slow
    if limit.amount:
        assert used(begin, due, unit, calendar, stops) == pytest.approx(limit.amount)
        assert used(begin, due - MINUTE, unit, calendar, stops) < limit.amount
