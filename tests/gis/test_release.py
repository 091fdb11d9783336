"""Groups of incidents, attacked by differences of questions; all incidents are invented."""

from __future__ import annotations

import datetime as dt
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GisError
from gis.release import CHAIN, Groups, Incidents, Level, group_incidents, periods, start_of_week

EXAMPLES = int(os.environ.get("CAMPUS_FUZZ_EXAMPLES", "3")) * 10
KINDS = ["fight", "bullying", "robbery"]
DAY_0 = np.datetime64("2026-08-24")
Question = tuple[int, int, frozenset[str], frozenset[int], bool]


def invented(rng: np.random.Generator, size: int) -> Incidents:
    day = DAY_0 + rng.integers(0, 100, size).astype("timedelta64[D]")
    weekday = (day.astype(np.int64) + 3) % 7 + 1
    after = rng.random(size) < 0.6
    # a part may have been in more than one hour, a part of these on any of several days, and hardly any is sure then
    unsure = rng.random(size) < 0.2
    last_day = day + np.where(unsure & (rng.random(size) < 0.5), rng.integers(1, 40, size), 0).astype("timedelta64[D]")
    after &= ~(unsure & (rng.random(size) < 0.8))
    hour = np.where(unsure, -1, np.where(after, 16, rng.integers(10, 22, size)))
    return Incidents.of(
        rng.integers(0, 3, size), rng.integers(0, 2, size), day, rng.choice(KINDS, size), after, weekday, hour, last_day
    )


def questions(rng: np.random.Generator, size: int) -> list[Question]:
    """Return questions of every kind that the interface takes: days, types, weekdays, after school."""
    out: list[Question] = []
    for _ in range(size):
        first, last = sorted(rng.integers(-10, 115, 2).tolist())
        if rng.random() < 0.2:
            first, last = -100_000, 100_000
        kinds = frozenset(rng.choice(KINDS, rng.integers(0, 4), replace=False).tolist())
        weekdays = frozenset((rng.choice(7, rng.integers(1, 8), replace=False) + 1).tolist())
        out.append((first, last, kinds, weekdays if rng.random() < 0.3 else frozenset(), bool(rng.random() < 0.4)))
    return out


def wider(one: Question, other: Question) -> Question:
    """Return a question that takes what either of two takes."""
    kinds = one[2] | other[2] if one[2] and other[2] else frozenset[str]()
    weekdays = one[3] | other[3] if one[3] and other[3] else frozenset[int]()
    return min(one[0], other[0]), max(one[1], other[1]), kinds, weekdays, one[4] and other[4]


def narrower(one: Question, other: Question) -> Question:
    """Return a question that takes what both of two take; an empty set would stand for all."""
    kinds = one[2] & other[2] or frozenset({"of no type"}) if one[2] and other[2] else one[2] | other[2]
    weekdays = one[3] & other[3] or frozenset({-1}) if one[3] and other[3] else one[3] | other[3]
    return max(one[0], other[0]), min(one[1], other[1]), kinds, weekdays, one[4] or other[4]


def matches(incidents: Incidents, asked: Question) -> np.ndarray:
    """Return which incidents a question is surely about: whichever of their days it was."""
    first, last, kinds, weekdays, after = asked
    begin, end = ((day - DAY_0).astype(int) for day in (incidents.day, incidents.last_day))
    return np.array(
        [
            first <= day <= until <= last
            and (not kinds or kind in kinds)
            and (not weekdays or {(weekday - 1 + n) % 7 + 1 for n in range(until - day + 1)} <= weekdays)
            and (not after or was_after)
            for day, until, kind, weekday, was_after in zip(
                begin, end, incidents.kind, incidents.weekday, incidents.after_school, strict=True
            )
        ],
        dtype=bool,
    )


def answers(groups: Groups, asked: Question) -> np.ndarray:
    """Return which groups answer a question: those of which all that is said lies in it."""
    first, last, kinds, weekdays, after = asked
    begin, end = (groups.first_day - DAY_0).astype(int), (groups.last_day - DAY_0).astype(int)
    return np.array(
        [
            first <= begin[i]
            and end[i] <= last
            and (not kinds or groups.kind[i] in kinds)
            and (not weekdays or len(weekdays) == 7 or groups.weekday[i] in weekdays)
            and (not after or groups.after_school[i] == 1)
            for i in range(len(groups))
        ],
        dtype=bool,
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(0, 400), k=st.integers(2, 5), key=st.binary(max_size=64))
def test_what_is_said_of_a_group_is_true_of_all_its_members_and_each_has_k(
    seed: int, size: int, k: int, key: bytes
) -> None:
    incidents = invented(np.random.default_rng(seed), size)
    until = np.datetime64("2026-11-11")
    group, groups = group_incidents(incidents, k=k, key=key, until=until)
    assert np.array_equal(np.bincount(group[group >= 0], minlength=len(groups)), groups.count)
    assert np.all(groups.count >= k)
    for at, number in enumerate(group):
        if number < 0:
            continue
        assert (incidents.column[at], incidents.row[at]) == (groups.column[number], groups.row[number])
        assert groups.first_day[number] <= incidents.day[at]
        assert incidents.last_day[at] <= groups.last_day[number]
        assert incidents.last_day[at] < start_of_week(until)
        assert groups.kind[number] in {None, incidents.kind[at]}
        assert groups.after_school[number] in {-1, int(incidents.after_school[at])}
        assert groups.weekday[number] in {0, incidents.weekday[at]}
        assert groups.hour[number] in {-1, incidents.hour[at]}
        if groups.hour[number] >= 0:
            assert incidents.hour[at] >= 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(0, 400), k=st.integers(2, 5))
def test_differences_of_questions_hold_none_or_at_least_k(seed: int, size: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    incidents = invented(rng, size)
    group, groups = group_incidents(incidents, k=k, key=rng.bytes(32), until="2026-12-07")
    asked = questions(rng, 12)
    for one in asked:
        for other in asked:
            both, either = narrower(one, other), wider(one, other)
            taken = [answers(groups, question) for question in (both, one, other, either)]
            for inner, outer in ((0, 1), (0, 2), (1, 3), (2, 3)):
                assert np.all(taken[inner] <= taken[outer])
                for cell in {(c, r) for c, r in zip(groups.column, groups.row, strict=True)} | {None}:
                    here = True if cell is None else (groups.column == cell[0]) & (groups.row == cell[1])
                    apart = groups.count[(taken[outer] & ~taken[inner]) & here].sum()
                    assert apart == 0 or apart >= k
            # inclusion and exclusion of two overlapping questions
            rest = groups.count[taken[3]].sum() - groups.count[taken[1] | taken[2]].sum()
            assert rest == 0 or rest >= k
        # no answer counts an incident that the question is not about
        counted = np.isin(group, np.flatnonzero(answers(groups, one)))
        assert not np.any(counted & ~matches(incidents, one))


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(50, 400))
def test_releases_one_after_the_other_only_add_whole_groups(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    incidents, key, k = invented(rng, size), rng.bytes(32), 3
    arrives = (incidents.last_day - DAY_0).astype(int) + rng.integers(0, 40, size)  # some are reported late
    group = np.full(size, -1)
    made = 0
    for week in range(2, 22):
        today = DAY_0 + np.timedelta64(7 * week, "D")
        waiting = np.flatnonzero((group < 0) & (arrives < 7 * week))
        part = Incidents(**{name: values[waiting] for name, values in vars(incidents).items()})
        found, groups = group_incidents(part, k=k, key=key, until=today)
        assert np.all(groups.count >= k)
        group[waiting[found >= 0]] = found[found >= 0] + made
        made += len(groups)
    assert made > 0


def test_thresholds_cannot_be_known_from_outside_and_stay_the_same() -> None:
    """Of cells with k, k + 1 and k + 2 incidents of one description about 1/3, 2/3 and all have a group."""
    chain = (CHAIN[0],)
    shown = {}
    for n in (2, 3, 4, 5):
        cells = 600
        many = Incidents.of(
            np.repeat(np.arange(cells), n), [0] * n * cells, ["2026-11-03"] * n * cells, ["fight"] * n * cells,
            [True] * n * cells, [2] * n * cells, [16] * n * cells,
        )  # fmt: skip
        _, groups = group_incidents(many, k=3, key=b"one", until="2026-11-09", chain=chain)
        _, again = group_incidents(many, k=3, key=b"one", until="2026-11-16", chain=chain)
        _, other = group_incidents(many, k=3, key=b"two", until="2026-11-09", chain=chain)
        assert np.array_equal(groups.column, again.column)
        if n in {3, 4}:
            assert not np.array_equal(groups.column, other.column)
        shown[n] = len(groups) / cells
    assert shown == {2: 0, 3: pytest.approx(1 / 3, abs=0.08), 4: pytest.approx(2 / 3, abs=0.08), 5: 1}


def test_periods_are_those_of_the_calendar_and_over() -> None:
    day = np.array(["2026-08-31", "2026-09-01", "2026-11-29"], dtype="datetime64[D]")
    monday = np.datetime64("2026-11-23")
    assert [str(d) for pair in zip(*periods(day, CHAIN[0], monday), strict=True) for d in pair] == [
        "2026-08-31", "2026-08-31", "2026-09-01", "2026-09-06", "2026-11-23", "2026-11-22",
    ]  # fmt: skip
    first, last = periods(day, Level(10, "half", "month"), monday)
    assert [str(d) for d in first] == ["2026-07-01"] * 3
    assert [str(d) for d in last] == ["2026-10-31"] * 3


def test_bad_input_is_an_error() -> None:
    none = Incidents.of([], [], [], [], [], [], [])
    group, groups = group_incidents(none, k=3, key=b"", until=dt.date(2026, 11, 23))
    assert (len(group), len(groups)) == (0, 0)
    with pytest.raises(GisError, match="k is 0"):
        group_incidents(none, k=0, key=b"", until="2026-11-23")
    with pytest.raises(GisError, match="level"):
        group_incidents(none, k=3, key=b"", until="2026-11-23", chain=())
    with pytest.raises(GisError, match="one length"):
        Incidents.of([1], [], [], [], [], [], [])
    for hour, last_day in ((-1, "2026-11-02"), (16, "2026-11-04")):
        with pytest.raises(GisError, match="ends before it begins, or is said to be in an hour of more than one day"):
            Incidents.of([1], [1], ["2026-11-03"], ["fight"], [False], [2], [hour], [last_day])
