"""Which incidents may be counted in public, and how finely: groups of at least k that are only ever counted together.

The incidents of one lattice cell are gathered into *groups*. A group says of its members only what all of them share
(its *description*): the cell, a calendar period, and perhaps the type, whether it was after school, and the hour and
weekday. Every number that is shown is a sum of whole groups.

**Differences of queries.** Let a question (days, types, weekdays, hours, after school, one cell or all) be answered
by the sum of the groups whose description implies it. Groups are disjoint and a question takes a group whole or not
at all, so answers, and all sums and differences of answers, are integer combinations of the sizes of groups: whoever
asks everything learns at most each group's size and description. The incidents that two nested questions differ by
are those of a set of groups: none, or at least k. There is no finer difference to ask for.

**Uncertain times.** Of an incident that is known to lie in an interval, a group says only what holds of every moment of
it. The whole interval lies in the group's period; an hour is said where it lies in that hour; "after school" means
*surely* after school, wholly in the window. So it is counted by no question that it need not answer, and it waits for
its group until its last day is past.

**Time.** Groups do not change and are only added, so today's map and next week's differ by whole groups as well. They
do not follow when school time changes: "after school" means by the school time that was known when a group was made.
Else whoever moves a dismissal by five minutes and asks again would be told what happened in these five minutes.
Where a record is corrected so that its group's description is no longer true of it, the whole group is taken back and
the members that remain are grouped anew: at least k go, and none or at least k come. (What cannot be hidden: whoever
kept both maps and *knows* that nothing else came in sees how many were corrected.)

**Minimality.** A rule that shows whatever reaches k would say of each cell without a group that it holds fewer (Wong,
Fu, Wang & Pei, *Minimality attack in privacy preserving data publishing*, VLDB 2007). So the size from which a group
is made is k, k + 1 or k + 2, drawn by a keyed hash for each place and description: the same whenever it is tried
again, and unknown without the secret. Nobody who sees no group can exclude k or k + 1 incidents. Incidents without a
group are in no number at all, so no total gives them away. And of the members of a group any finer part may be as
many as k, since the threshold of that part may have been higher than k; none of its parts need hold any.

**Periods** are those of the calendar, never the first and last day of the members: both ends would be known to hold
an incident. Weeks are cut at the end of a month, so that months, half-years and years are made of whole ones. The
levels that gather what is left of a half-year, a year and all years do so at every end of a month (a half-year), over
what is past by then; their thresholds are drawn anew each time, for they would else be known from the first group.

What it does not guard against: knowledge of single incidents from elsewhere, such as one's own reports, and the same
incidents released anew on a lattice of another size.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

JITTER = 3
"""The size from which a group is made is k plus a number below this."""

BEGINNING = np.datetime64("1900-01-01", "D")
"""Where the period of a group begins that holds incidents of any year."""

_NO_END = np.datetime64("9999-12-31", "D")
_DAY = np.timedelta64(1, "D")

Period = Literal["week", "month", "half", "year", "all"]
Integers = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Level:
    """What groups of one level say of their members, beside the cell.

    ``number`` keeps its thresholds apart from those of the others; ``step`` is the part of the period that must be
    over before its incidents are gathered.
    """

    number: int
    period: Period
    step: Period
    after_school: bool = False
    kind: bool = False
    time_of_week: bool = False


CHAIN = (
    Level(1, "week", "week", after_school=True, kind=True, time_of_week=True),
    Level(2, "week", "week", after_school=True, time_of_week=True),
    Level(3, "month", "month", after_school=True, kind=True, time_of_week=True),
    Level(4, "month", "month", after_school=True, time_of_week=True),
    Level(5, "half", "month", after_school=True, time_of_week=True),
    Level(6, "week", "week", after_school=True),
    Level(7, "month", "month", after_school=True, kind=True),
    Level(8, "month", "month", after_school=True),
    Level(9, "half", "month", after_school=True, kind=True),
    Level(10, "half", "month", after_school=True),
    Level(11, "year", "month", after_school=True),
    Level(12, "all", "half", after_school=True),
    Level(13, "all", "half"),
)
"""From fine to coarse; a number is never given again. See docs/decisions/0008 for what was measured."""


@dataclass(frozen=True)
class Groups:
    """Descriptions of groups, arrays of one length; what is not said of a group is None, or 0 and −1 below.

    Attributes
    ----------
    column, row
        Cell of the lattice.
    count
        Members, at least k.
    first_day, last_day
        The calendar period that holds all members, ``datetime64[D]``.
    kind
        Type, or None.
    after_school
        1: all were surely after school; 0: of none that is sure; −1 where nothing is said.
    weekday
        1 = Monday … 7 = Sunday, or 0 where it is not said.
    hour
        0 … 23, or −1 where it is not said.
    """

    column: Integers
    row: Integers
    count: Integers
    first_day: Days
    last_day: Days
    kind: NDArray[np.object_]
    after_school: Integers
    weekday: Integers
    hour: Integers

    def __len__(self) -> int:
        return len(self.count)


@dataclass(frozen=True)
class Incidents:
    """Incidents without a group, arrays of one length.

    Attributes
    ----------
    column, row
        Cell of the lattice, ``int64``.
    day, last_day
        The first and the last day in the city's own time on which it may have happened, ``datetime64[D]``.
    kind
        Type, as text.
    after_school
        Whether it was surely in the window around dismissal.
    weekday
        Of the first day; 1 = Monday … 7 = Sunday.
    hour
        0 … 23; −1 where it may have been in more than one.
    """

    column: Integers
    row: Integers
    day: Days
    kind: NDArray[np.object_]
    after_school: NDArray[np.bool_]
    weekday: Integers
    hour: Integers
    last_day: Days

    @classmethod
    def of(
        cls,
        column: ArrayLike,
        row: ArrayLike,
        day: ArrayLike,
        kind: ArrayLike,
        after_school: ArrayLike,
        weekday: ArrayLike,
        hour: ArrayLike,
        last_day: ArrayLike | None = None,
    ) -> Incidents:
        """Return incidents of arrays or lists; without last days, each is known to have been on its day.

        Raises
        ------
        GisError
            If they are not of one length, or one ends before it begins or has an hour on more than one day.
        """
        made = cls(
            np.asarray(column, dtype=np.int64),
            np.asarray(row, dtype=np.int64),
            np.asarray(day, dtype="datetime64[D]"),
            np.asarray(kind, dtype=object),
            np.asarray(after_school, dtype=bool),
            np.asarray(weekday, dtype=np.int64),
            np.asarray(hour, dtype=np.int64),
            np.asarray(day if last_day is None else last_day, dtype="datetime64[D]"),
        )
        if len({len(values) for values in vars(made).values()}) > 1:
            raise GisError("columns of incidents must be of one length")
        if np.any((made.last_day < made.day) | ((made.last_day > made.day) & (made.hour >= 0))):
            raise GisError("an incident ends before it begins, or is said to be in an hour of more than one day")
        return made

    def __len__(self) -> int:
        return len(self.column)


def start_of_week(day: ArrayLike) -> Days:
    """Return the Monday of each day's ISO week.

    Examples
    --------
    >>> str(start_of_week("2026-11-22")), str(start_of_week("2026-11-23"))
    ('2026-11-16', '2026-11-23')
    """
    days = np.asarray(day, dtype="datetime64[D]")
    back = weekdays_of(days) - 1
    return np.asarray(days - back.astype("timedelta64[D]"), dtype="datetime64[D]")


def weekdays_of(day: ArrayLike) -> Integers:
    """Return the ISO weekday of each day, 1 = Monday … 7 = Sunday.

    Examples
    --------
    >>> weekdays_of(["2026-11-22", "2026-11-23"]).tolist()
    [7, 1]
    """
    days = np.asarray(day, dtype="datetime64[D]").astype(np.int64)
    return np.asarray((days + 3) % 7 + 1, dtype=np.int64)  # 1970-01-01 was a Thursday


def group_incidents(
    incidents: Incidents, *, k: int, key: bytes, until: dt.date | np.datetime64 | str, chain: Sequence[Level] = CHAIN
) -> tuple[Integers, Groups]:
    """Gather incidents into groups of at least k.

    Parameters
    ----------
    incidents
        Incidents without a group; serious ones must not be among them.
    k
        The smallest count that may be shown.
    key
        The secret of the thresholds, up to 64 bytes; the same at every release.
    until
        A day; only weeks (and months …) that ended before it are released.
    chain
        The levels in their order; at each, those that share what it says form one group, all of them together.

    Returns
    -------
    group : numpy.ndarray
        The group of each incident; −1: it stays without one.
    groups : Groups
        What is published of the groups.

    Raises
    ------
    GisError
        If k is below 1, or the chain is empty.

    Examples
    --------
    >>> five = Incidents.of([7] * 5, [9] * 5, ["2026-11-03"] * 5, ["fight"] * 5, [True] * 5, [2] * 5, [16] * 5)
    >>> group, groups = group_incidents(five, k=3, key=b"secret", until="2026-11-09")
    >>> group.tolist(), groups.count.tolist(), groups.hour.tolist(), groups.first_day.astype(str).tolist()
    ([0, 0, 0, 0, 0], [5], [16], ['2026-11-02'])
    """
    if k < 1:
        raise GisError(f"k is {k}; it must be 1 or more")
    if not chain:
        raise GisError("there must be a level at which incidents are gathered")
    group = np.full(len(incidents), -1, dtype=np.int64)
    _, cell = np.unique((incidents.column << 32) + incidents.row, return_inverse=True)
    kind, names = pd.factorize(incidents.kind)
    closed_before = start_of_week(np.asarray(until, dtype="datetime64[D]"))
    parts: list[Groups] = []
    made = 0
    for level in chain:
        rest = np.flatnonzero(group < 0)
        first, last = periods(incidents.day[rest], level, closed_before)
        over = (incidents.day[rest] >= first) & (incidents.last_day[rest] <= last)
        if level.time_of_week:
            over &= incidents.hour[rest] >= 0
        rest, first, last = rest[over], first[over], last[over]
        alike = _number_alike(incidents, level, rest, cell, kind, len(names), first)
        _, example, member, count = np.unique(alike, return_index=True, return_inverse=True, return_counts=True)
        found = _described(incidents, level, rest[example], count, first[example], last[example])
        chosen = np.flatnonzero(_large_enough(found, level, k, key))
        number = np.full(len(found), -1, dtype=np.int64)
        number[chosen] = made + np.arange(chosen.size)
        group[rest] = number[member]
        made += chosen.size
        parts.append(Groups(**{name: values[chosen] for name, values in vars(found).items()}))
    return group, Groups(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})


def _number_alike(
    incidents: Incidents, level: Level, rest: Integers, cell: Integers, kind: Integers, kinds: int, first: Days
) -> Integers:
    """Return a number for each incident that is the same for those of which a level says the same."""
    starts, start = np.unique(first, return_inverse=True)
    alike = cell[rest] * len(starts) + start
    if level.kind:
        alike = alike * kinds + kind[rest]
    if level.after_school:
        alike = alike * 2 + incidents.after_school[rest]
    if level.time_of_week:
        alike = (alike * 8 + incidents.weekday[rest]) * 24 + incidents.hour[rest]
    return alike


def _described(
    incidents: Incidents, level: Level, example: Integers, count: Integers, first: Days, last: Days
) -> Groups:
    size = len(example)
    return Groups(
        incidents.column[example],
        incidents.row[example],
        count.astype(np.int64),
        first,
        last,
        incidents.kind[example] if level.kind else np.full(size, None, dtype=object),
        incidents.after_school[example].astype(np.int64) if level.after_school else np.full(size, -1, dtype=np.int64),
        incidents.weekday[example] if level.time_of_week else np.zeros(size, dtype=np.int64),
        incidents.hour[example] if level.time_of_week else np.full(size, -1, dtype=np.int64),
    )


def periods(day: Days, level: Level, closed_before: Days) -> tuple[Days, Days]:
    """Return the first and last day of the period of each day at a level, so far as its steps are over.

    Parameters
    ----------
    day
        Days, ``datetime64[D]``.
    level
        The level.
    closed_before
        A Monday; only what ended before it is over.
    """
    start, end = _calendar(day, level.period)
    over = _calendar(closed_before, level.step)[0] - _DAY
    return start, np.minimum(end, over)


def _calendar(day: Days, period: Period) -> tuple[Days, Days]:
    month = day.astype("datetime64[M]")
    if period == "all":
        return np.full(day.shape, BEGINNING), np.full(day.shape, _NO_END)
    if period == "week":
        monday = start_of_week(day)
        end_of_month = (month + np.timedelta64(1, "M")).astype("datetime64[D]") - _DAY
        return np.maximum(monday, month.astype("datetime64[D]")), np.minimum(monday + 6 * _DAY, end_of_month)
    months = {"month": 1, "half": 6, "year": 12}[period]
    start = (month.astype(np.int64) // months * months).astype("datetime64[M]")
    return start.astype("datetime64[D]"), np.asarray(
        (start + np.timedelta64(months, "M")).astype("datetime64[D]") - _DAY, dtype="datetime64[D]"
    )


def _large_enough(found: Groups, level: Level, k: int, key: bytes) -> NDArray[np.bool_]:
    """Return which groups reach their threshold; the hash is only asked where it matters."""
    enough = found.count >= k + JITTER - 1
    unsure = np.flatnonzero((found.count >= k) & ~enough)
    if unsure.size:
        kinds = {name: _number_of(name) for name in set(found.kind[unsure].tolist())}
        said = np.column_stack(
            [
                np.full(unsure.size, level.number),
                found.column[unsure],
                found.row[unsure],
                found.first_day[unsure].astype(np.int64),
                found.last_day[unsure].astype(np.int64),
                np.array([kinds[name] for name in found.kind[unsure].tolist()], dtype=np.int64),
                found.after_school[unsure],
                found.weekday[unsure],
                found.hour[unsure],
            ]
        ).astype("<i8")
        width = said.shape[1] * 8
        raw = said.tobytes()
        drawn = b"".join(
            hashlib.blake2b(raw[at : at + width], key=key, digest_size=8).digest() for at in range(0, len(raw), width)
        )
        threshold = k + (np.frombuffer(drawn, dtype="<u8") % JITTER).astype(np.int64)
        enough[unsure] = found.count[unsure] >= threshold
    return enough


def _number_of(name: str | None) -> int:
    return 0 if name is None else int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest())
