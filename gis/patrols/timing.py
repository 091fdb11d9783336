"""When a team is where, if it makes its visits in a given order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gis.patrols.plans import Route, Visit
from gis.patrols.problem import NEVER, Stop, Team

Rows = Sequence[Sequence[int]]
"""Whole seconds from place to place; lists, since Python reads them faster than arrays."""


class Task(NamedTuple):
    """A stay at a place: of a stop, or a break (``stop`` is −1)."""

    stop: int
    location: int
    service_s: int
    windows: tuple[tuple[int, int], ...]


def task_of(stop: int, given: Stop) -> Task:
    """Return the task of a stop, its windows in order."""
    return Task(stop, given.location, given.service_s, tuple(sorted(given.windows)) or ((-NEVER, NEVER),))


def first_start(windows: Sequence[tuple[int, int]], arrival_s: int) -> int | None:
    """Return the earliest start at or after an arrival; None after the last window."""
    for first, last in windows:
        if arrival_s <= last:
            return max(arrival_s, first)
    return None


def timed(travel: Rows, team: Team, index: int, tasks: Sequence[Task]) -> Route | None:
    """Return the route with the earliest times, or None if a window, a way or the end of duty fails.

    The team sets off as late as it can without starting its first stay later: it does not wait where it need not.
    """
    if not tasks:
        return Route(index, team.begins_s, (), team.begins_s, 0)
    now, at, visits, moved = team.begins_s, team.start, [], 0
    for task in tasks:
        step = travel[at][task.location]
        start = first_start(task.windows, now + step) if step < NEVER else None
        if start is None:
            return None
        visits.append(
            Visit(task.stop if task.stop >= 0 else None, task.location, now + step, start, start + task.service_s)
        )
        now, at, moved = start + task.service_s, task.location, moved + step
    step = travel[at][team.end]
    if now + step > team.ends_s:
        return None
    first = visits[0]
    late = first.waits_s
    visits[0] = Visit(first.stop, first.location, first.starts_s, first.starts_s, first.leaves_s)
    return Route(index, team.begins_s + late, tuple(visits), now + step, moved + step)


def ready(travel: Rows, team: Team, tasks: Sequence[Task]) -> list[tuple[int, int]]:
    """Return when and where a team is ready before each task and after the last; the tasks must be possible."""
    now, at = team.begins_s, team.start
    out = [(now, at)]
    for task in tasks:
        start = first_start(task.windows, now + travel[at][task.location])
        now, at = (NEVER if start is None else start) + task.service_s, task.location
        out.append((now, at))
    return out


def goes_on(travel: Rows, team: Team, since: tuple[int, int], tasks: Iterable[Task]) -> bool:
    """Return whether a team that is ready at a time and place can do the tasks and be at its end in time."""
    now, at = since
    for task in tasks:
        start = first_start(task.windows, now + travel[at][task.location])
        if start is None or start > team.ends_s:
            return False
        now, at = start + task.service_s, task.location
    return now + travel[at][team.end] <= team.ends_s


def lateness_s(travel: Rows, team: Team, tasks: Sequence[Task]) -> int:
    """Return by how many seconds in all windows and the end of duty are missed, if a late team works on as if in time."""
    now, at, late = team.begins_s, team.start, 0
    for task in tasks:
        step = travel[at][task.location]
        if step >= NEVER:
            return NEVER
        start = first_start(task.windows, now + step)
        if start is None:
            start = task.windows[-1][1]
            late += now + step - start
        now, at = start + task.service_s, task.location
    step = travel[at][team.end]
    return NEVER if step >= NEVER else late + max(0, now + step - team.ends_s)
