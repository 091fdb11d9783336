"""What a patrol plan is made from: stops, teams, and travel times (team orienteering problem with time windows).

The problem is that of Vansteenwegen, Souffriau and Van Oudheusden (2011, Eur. J. Oper. Res. 209, 1–10) with posts
that must be manned, several windows, skills, breaks, and teams that each start, end and travel in their own way. Times
are whole seconds on any clock, for instance seconds after midnight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gis.errors import GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NEVER = 2**40
"""Seconds that stand for no way, and for the end of all time."""


@dataclass(frozen=True)
class Stop:
    """A place where a team may stand.

    Attributes
    ----------
    location
        Row and column in the travel times.
    prize
        What being there is worth; 0: only worth it where it is required.
    service_s
        Seconds that the team stays.
    windows
        When the stay may begin, (first, last) both included; it may end later. None given: at any time.
    required
        Whether the post must be manned.
    skill
        What a team must be able to do; empty: any team will do.
    """

    location: int
    prize: float = 0.0
    service_s: int = 0
    windows: tuple[tuple[int, int], ...] = ()
    required: bool = False
    skill: str = ""


@dataclass(frozen=True)
class Break:
    """A pause that a team must have, beginning within ``earliest_s`` and ``latest_s``.

    Without a ``location`` it is had where the team is: at a stop, or at its start or end.
    """

    seconds: int
    earliest_s: int
    latest_s: int
    location: int | None = None


@dataclass(frozen=True)
class Team:
    """A team on duty from ``begins_s`` to ``ends_s``, by which time it is at ``end``."""

    start: int
    end: int
    begins_s: int
    ends_s: int
    mode: str = "foot"
    skills: frozenset[str] = frozenset()
    rest: Break | None = None


@dataclass(frozen=True)
class Problem:
    """Stops, teams and travel times.

    Attributes
    ----------
    stops, teams
        Stops and teams; they are spoken of by their index from 0.
    travel_s
        For each mode seconds from location to location, inf where there is no way, shape ``(locations, locations)``.
        Parts of seconds are rounded up. They are those of the quickest ways: none is longer than by way of a third
        location, or a stop that could only be had on the way from another counts as unreachable.
    pinned
        Stops that stay with a team: stop → team.
    dropped
        Stops that are to be left out.
    """

    stops: tuple[Stop, ...]
    teams: tuple[Team, ...]
    travel_s: Mapping[str, Floats]
    pinned: Mapping[int, int] = field(default_factory=dict)
    dropped: frozenset[int] = frozenset()


def whole_seconds(problem: Problem) -> dict[str, Integers]:
    """Return the travel times checked and rounded up, :data:`NEVER` where there is no way."""
    out = {}
    for mode, seconds in problem.travel_s.items():
        table = np.asarray(seconds, dtype=np.float64)
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            raise GisError(f"travel times of mode {mode!r} must be a square table, not of shape {table.shape}")
        if np.isnan(table).any() or (table < 0).any():
            raise GisError(
                f"travel times of mode {mode!r} must not be negative nor missing; inf says that no way leads"
            )
        whole = np.full(table.shape, NEVER, dtype=np.int64)
        near = table < NEVER
        whole[near] = np.ceil(table[near] - 1e-6).astype(np.int64)
        out[mode] = whole
    return out


def check(problem: Problem) -> None:
    """Refuse a problem that contradicts itself.

    Raises
    ------
    GisError
        The text names the stop or the team by its index from 0.
    """
    sizes = {mode: len(seconds) for mode, seconds in problem.travel_s.items()}
    for i, team in enumerate(problem.teams):
        _check_team(i, team, sizes)
    locations = min((sizes[team.mode] for team in problem.teams), default=NEVER)
    for i, stop in enumerate(problem.stops):
        if not 0 <= stop.location < locations:
            raise GisError(f"stop {i} is at location {stop.location}, which the travel times do not have")
        if not 0 <= stop.prize < np.inf or stop.service_s < 0:
            raise GisError(f"stop {i} has a prize or a stay that is negative or not finite")
        if any(first > last for first, last in stop.windows):
            raise GisError(f"a window of stop {i} ends before it begins")
    n = len(problem.stops)
    for stop_index, team_index in problem.pinned.items():
        if not 0 <= stop_index < n or not 0 <= team_index < len(problem.teams):
            raise GisError(f"stop {stop_index} is pinned to team {team_index}; one of them does not exist")
        if stop_index in problem.dropped:
            raise GisError(f"stop {stop_index} is pinned to a team and dropped as well")
    if not all(0 <= i < n for i in problem.dropped):
        raise GisError("a stop that is dropped does not exist")


def _check_team(index: int, team: Team, sizes: Mapping[str, int]) -> None:
    if team.mode not in sizes:
        raise GisError(f"team {index} travels by {team.mode!r}, for which there are no travel times")
    if team.begins_s > team.ends_s:
        raise GisError(f"the duty of team {index} ends before it begins")
    rest = team.rest
    places = [team.start, team.end] + ([] if rest is None or rest.location is None else [rest.location])
    if not all(0 <= place < sizes[team.mode] for place in places):
        raise GisError(f"team {index} starts, ends or rests at a location that the travel times do not have")
    if rest is not None and (rest.seconds < 0 or rest.earliest_s > rest.latest_s):
        raise GisError(f"the break of team {index} is shorter than nothing, or its window ends before it begins")


def eligible(problem: Problem, stop: int) -> list[int]:
    """Return the teams that may be sent to a stop, by skill and by what is pinned."""
    held = problem.pinned.get(stop)
    skill = problem.stops[stop].skill
    return [
        i for i, team in enumerate(problem.teams) if (not skill or skill in team.skills) and (held is None or held == i)
    ]


def must_be_in(problem: Problem, stop: int) -> bool:
    """Return whether a stop counts before all prizes: required, or pinned to a team."""
    return problem.stops[stop].required or stop in problem.pinned
