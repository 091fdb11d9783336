"""Aoristic weights, by hand; the schools and their calendars are invented."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gis.aoristic import share_after_dismissal, spread_over_slices, unknown_times, weekly_rhythm
from gis.density import WeekSlices
from gis.errors import GisError
from gis.schooltime import SchoolCalendar

AFTERNOON = WeekSlices(bands_min=((900, 960), (960, 1020), (1020, 1080)), weekdays=(1, 2, 3, 4, 5))
CALENDAR = SchoolCalendar(
    terms=[(dt.date(2026, 9, 1), dt.date(2027, 1, 22))],
    holidays=frozenset({dt.date(2026, 10, 6)}),
    make_up_days={dt.date(2026, 10, 10): 2},  # a Saturday on which Tuesday's lessons are made up
)
USUAL = {day: [16 * 60] for day in (1, 2, 3, 4)} | {5: [15 * 60]}
GRADES = {day: [15 * 60 + 30, 16 * 60, 17 * 60 + 30] for day in range(1, 6)}


def minute_by_minute(start: str, end: str, week: WeekSlices) -> np.ndarray:
    moments = np.arange(np.datetime64(start, "m"), np.datetime64(end, "m"))
    index = week.index_of_times(moments)
    return np.bincount(index[index >= 0], minlength=len(week)) / moments.size


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23T15:50", "2026-11-23T17:20"),  # within a Monday
        ("2026-11-27T14:00", "2026-11-30T16:30"),  # over a weekend
        ("2026-11-25T15:00", "2026-11-27T15:01"),
        ("2026-11-19T00:00", "2026-12-05T07:13"),  # more than two weeks
        ("1969-12-29T15:59", "1970-01-02T16:01"),
    ],
)
def test_an_interval_is_spread_as_minute_by_minute(start, end):
    spread = spread_over_slices([start], [end], AFTERNOON)
    np.testing.assert_allclose(spread[0], minute_by_minute(start, end, AFTERNOON), atol=1e-12)


def test_a_known_moment_counts_whole_and_an_unknown_one_is_no_zero():
    spread = spread_over_slices(
        ["2026-11-24T16:00", "2026-11-24T18:00", "NaT", "2026-11-24T16:00"],
        ["2026-11-24T16:00", "2026-11-24T18:00", "2026-11-24T16:00", "NaT"],
        AFTERNOON,
    )
    assert spread[0].tolist() == [0] * 4 + [1] + [0] * 10
    assert spread[1].tolist() == [0] * 15
    assert np.isnan(spread[2:]).all()


def test_the_rhythm_of_the_week_holds_every_incident_once():
    rng = np.random.default_rng(1)
    start = np.datetime64("2026-01-01T00:00", "m") + rng.integers(0, 400_000, 30_000)
    end = start + rng.integers(0, 20_000, 30_000)
    rhythm = weekly_rhythm(start, end)
    assert rhythm.shape == (7, 24)
    assert rhythm.sum() == pytest.approx(30_000)
    one = weekly_rhythm(["2026-11-29T23:30", "NaT"], ["2026-11-30T01:00", "NaT"])
    assert one[6, 23] == pytest.approx(1 / 3)
    assert one[0, 0] == pytest.approx(2 / 3)
    assert one.sum() == pytest.approx(1)
    assert not weekly_rhythm([], []).any()


AFTER_SCHOOL = [
    # Tuesday 13 October: from 15:30 to 17:00 it is after school
    ("2026-10-13T15:30", "2026-10-13T17:00", 0, 1.0),
    ("2026-10-13T16:59", "2026-10-13T16:59", 0, 1.0),
    ("2026-10-13T17:00", "2026-10-13T17:00", 0, 0.0),
    ("2026-10-13T15:00", "2026-10-13T16:00", 0, 0.5),
    ("2026-10-13T00:00", "2026-10-14T00:00", 0, 90 / 1440),
    # a Friday with early dismissal
    ("2026-10-16T14:30", "2026-10-16T15:30", 0, 1.0),
    # the holiday, the weekend, and days outside the term
    ("2026-10-06T15:30", "2026-10-06T17:00", 0, 0.0),
    ("2026-10-17T15:30", "2026-10-17T17:00", 0, 0.0),
    ("2027-01-25T15:30", "2027-01-25T17:00", 0, 0.0),
    # over the end of the term: the last Friday counts, the holidays do not
    ("2027-01-22T14:30", "2027-01-29T14:30", 0, 90 / (7 * 1440)),
    # the make-up Saturday runs by Tuesday's timetable
    ("2026-10-10T15:30", "2026-10-10T17:00", 0, 1.0),
    ("2026-10-09T00:00", "2026-10-12T00:00", 0, 180 / (3 * 1440)),
    # grades dismissed one after the other: 15:00–16:30, 15:30–17:00 and 17:00–18:30 make one window of 3.5 hours
    ("2026-10-13T15:00", "2026-10-13T18:30", 1, 1.0),
    ("2026-10-13T14:00", "2026-10-13T20:00", 1, 3.5 / 6),
]


@pytest.mark.parametrize(("start", "end", "school", "share"), AFTER_SCHOOL)
def test_the_share_after_school(start, end, school, share):
    got = share_after_dismissal([start], [end], [school], [USUAL, GRADES], CALENDAR)
    assert got.tolist() == pytest.approx([share])


def test_windows_that_reach_over_midnight_belong_to_both_days():
    evening = {1: [23 * 60 + 30]}
    start, end = "2026-10-12T23:00", "2026-10-13T00:30"
    assert share_after_dismissal([start], [end], [0], [evening], CALENDAR).tolist() == pytest.approx([1.0])
    late = share_after_dismissal(["2026-10-13T00:10"], ["2026-10-13T00:50"], [0], [evening], CALENDAR)
    assert late.tolist() == pytest.approx([0.5])
    early = {3: [10]}
    before = share_after_dismissal(["2026-10-13T23:40"], ["2026-10-13T23:50"], [0], [early], CALENDAR)
    assert before.tolist() == pytest.approx([1.0])


def test_what_is_not_known_is_nan():
    start = ["2026-10-13T15:30", "NaT", "2026-10-13T15:30", "2026-10-13T15:30"]
    end = ["2026-10-13T17:00", "2026-10-13T17:00", "2026-11-30T15:30", "2026-10-13T17:00"]
    got = share_after_dismissal(start, end, [-1, 0, 0, 1], [USUAL, {}], CALENDAR)
    assert np.isnan(got).all()
    assert share_after_dismissal([], [], [], [USUAL], CALENDAR).shape == (0,)
    assert np.isnan(share_after_dismissal(start[:1], end[:1], [0], [{}], CALENDAR)).all()
    assert np.isnan(share_after_dismissal(start[:1], end[:1], [-1], [], CALENDAR)).all()


def test_midnight_sharp_stands_for_the_whole_day():
    start, end = unknown_times(["2026-10-13T00:00", "2026-10-13T00:00:30", "2026-10-13T16:05"])
    assert (end - start).astype(int).tolist() == [1440, 0, 0]
    assert share_after_dismissal(start, end, [0, 0, 0], [USUAL], CALENDAR).tolist() == pytest.approx([90 / 1440, 0, 1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: spread_over_slices(["2026-10-13T17:00"], ["2026-10-13T16:00"], AFTERNOON),
        lambda: spread_over_slices(["2026-10-13T17:00"], [], AFTERNOON),
        lambda: spread_over_slices([], [], WeekSlices(bands_min=((0, 60),), after_dismissal=True)),
        lambda: share_after_dismissal(["2026-10-13"], ["2026-10-13"], [1], [USUAL], CALENDAR),
        lambda: share_after_dismissal(["2026-10-13"], ["2026-10-13"], [0, 0], [USUAL], CALENDAR),
        lambda: share_after_dismissal(["2026-10-13"], ["2026-10-13"], [0], [USUAL], CALENDAR, before_min=-60),
        lambda: share_after_dismissal(
            ["2026-10-13"], ["2026-10-13"], [0], [USUAL], CALENDAR, before_min=0, after_min=0
        ),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(GisError):
        wrong()
