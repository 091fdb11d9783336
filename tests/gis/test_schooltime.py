"""Dismissal, school days, term breaks and make-up days, by hand-made cases."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gis.schooltime import SchoolCalendar, count_school_days, minutes_after_dismissal, timetable_weekdays

AUTUMN = SchoolCalendar(
    terms=[(dt.date(2026, 9, 1), dt.date(2027, 1, 22))],
    holidays=frozenset(dt.date(2026, 10, day) for day in range(1, 8)),
    make_up_days={dt.date(2026, 10, 10): 3},
)
TABLE = {day: [15 * 60 + 30, 16 * 60 + 10] for day in range(1, 5)} | {5: [15 * 60]}


def test_weekdays_are_those_of_iso_8601() -> None:
    days = [dt.date(2026, 11, 23) + dt.timedelta(days=n) for n in range(7)]
    assert timetable_weekdays(days, SchoolCalendar()).tolist() == [1, 2, 3, 4, 5, 0, 0]


def test_the_nearest_of_several_dismissals_counts() -> None:
    times = ["2026-11-24T15:20", "2026-11-24T15:49", "2026-11-24T15:51", "2026-11-27T16:10"]
    assert minutes_after_dismissal(times, [0] * 4, [TABLE], AUTUMN).tolist() == [-10, 19, -19, 70]


def test_a_make_up_saturday_follows_the_weekday_it_makes_up() -> None:
    assert minutes_after_dismissal(["2026-10-10T16:10"], [0], [TABLE], AUTUMN).tolist() == [0]


def test_no_school_gives_no_minutes() -> None:
    times = ["2026-10-02T16:10", "2026-08-31T16:10", "2027-01-23T16:10", "2026-11-28T16:10", "2026-11-24T16:10"]
    school = [0, 0, 0, 0, -1]
    assert np.isnan(minutes_after_dismissal(times, school, [TABLE], AUTUMN)).all()
    assert np.isnan(minutes_after_dismissal(times, [0] * 5, [{}], AUTUMN)).all()
    assert minutes_after_dismissal([], [], [], AUTUMN).tolist() == []


def test_school_days_are_counted_with_holidays_and_make_up_days() -> None:
    # 22 weekdays of October 2026, less five on the holiday week's Thursday to Wednesday, and one Saturday made up
    assert count_school_days(dt.date(2026, 10, 1), dt.date(2026, 10, 31), AUTUMN) == 22 - 5 + 1
    assert count_school_days(dt.date(2026, 7, 1), dt.date(2026, 8, 31), AUTUMN) == 0
    assert count_school_days(dt.date(2026, 10, 2), dt.date(2026, 10, 1), AUTUMN) == 0
