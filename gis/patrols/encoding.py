"""A patrol problem in the words of PyVRP (Wouda, Lan and Kool 2024, INFORMS J. Comput. 36, 943–955), and back.

Teams that are alike are one type of vehicle. A stop with several windows is a group of clients of which at most one is
visited. Stops that a team may not have are so far away for it that they never pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyvrp import Client, ClientGroup, Depot, Location, ProblemData, VehicleType

from gis.patrols.problem import NEVER, Integers, Problem, Team, eligible, must_be_in
from gis.patrols.timing import Task

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PRIZE_IN_DUTIES = 1.0  # what the mean prize is worth in seconds of way, in longest duties


@dataclass(frozen=True)
class Encoding:
    """A problem for PyVRP.

    Attributes
    ----------
    data
        For PyVRP; a unit of its prize is ``1 / scale`` of ours.
    tasks
        What each client stands for.
    types
        The teams of each type of vehicle.
    resting
        The clients that are a break, by type; empty for a type without.
    worth
        Prizes of stops such that all optional ones together do not outweigh one that must be in, shape ``(stops,)``.
    grain
        No two plans differ in worth by less, unless they are worth the same.
    mean_prize, horizon
        In PyVRP's units: the mean prize of an optional stop, and the longest duty.
    """

    data: ProblemData
    tasks: tuple[Task, ...]
    types: tuple[tuple[int, ...], ...]
    resting: tuple[tuple[int, ...], ...]
    worth: Floats
    grain: float
    mean_prize: float
    horizon: int


def encode(
    problem: Problem,
    travel: Mapping[str, Integers],
    active: Sequence[int],
    rests: Sequence[Sequence[Task]],
) -> Encoding:
    """Return the problem of the active stops for PyVRP; ``rests`` as in :func:`gis.patrols.reasons.hopeless`."""
    worth, grain = worths(problem, active)
    scaled, mean, horizon = _scaled(problem, active)
    duty = min(team.begins_s for team in problem.teams), max(team.ends_s for team in problem.teams)
    types = types_of(problem, active)
    tasks: list[Task] = []
    clients: list[Client] = []
    groups: list[ClientGroup] = []
    for i in active:
        stop, first = problem.stops[i], len(tasks)
        known = sorted(stop.windows) or [(-NEVER, NEVER)]
        windows = [window for window in known if window[1] >= duty[0] and window[0] <= duty[1]]
        for window in windows:
            tasks.append(Task(i, stop.location, stop.service_s, (window,)))
            clients.append(_client(tasks[-1], len(clients), duty, scaled[i], len(groups) if len(windows) > 1 else None))
        if len(windows) > 1:
            groups.append(ClientGroup(list(range(first, len(tasks))), required=False))
    resting: list[tuple[int, ...]] = []
    for teams in types:
        first, ways = len(tasks), rests[teams[0]]
        resting.append(tuple(range(first, first + len(ways))))
        group = len(groups) if len(ways) > 1 else None
        for task in ways:
            tasks.append(task)
            clients.append(_client(task, len(clients), duty, 0, group, required=len(ways) == 1))
        if group is not None:
            groups.append(ClientGroup(list(resting[-1]), required=True))
    beyond = int(2 * sum(scaled.values()) + 4 * horizon)
    places = [task.location for task in tasks]
    vehicles: list[VehicleType] = []
    tables = []
    for k, teams in enumerate(types):
        team = problem.teams[teams[0]]
        vehicles.append(_vehicle(team, len(teams), k, duty[0]))
        places += [team.start, team.end]
    for teams, own in zip(types, resting, strict=True):
        may = {i for i in active if teams[0] in eligible(problem, i)}
        shut = np.zeros(len(places), dtype=bool)
        shut[: len(tasks)] = [task.stop not in may and c not in own for c, task in enumerate(tasks)]
        tables.append(_tables(travel[problem.teams[teams[0]].mode], places, shut, beyond, 2 * horizon + 1))
    data = ProblemData(
        [Location(0.0, 0.0) for _ in places],
        clients,
        [Depot(place) for place in range(len(tasks), len(places))],
        vehicles,
        [way for way, _ in tables],
        [seconds for _, seconds in tables],
        groups,
    )
    return Encoding(data, tuple(tasks), tuple(types), tuple(resting), worth, grain, mean, horizon)


def _tables(travel: Integers, places: Sequence[int], shut: Flags, far: int, long: int) -> tuple[Any, Any]:
    """Return ways and times of one type of teams; what it may not have is beyond reach."""
    seconds = travel[np.ix_(places, places)].copy()
    seconds[shut, :] = seconds[:, shut] = NEVER
    np.fill_diagonal(seconds, 0)
    none = seconds >= NEVER
    return np.where(none, far, seconds), np.where(none, long, seconds)


def worths(problem: Problem, active: Sequence[int]) -> tuple[Floats, float]:
    """Return what stops are worth, those that must be in before all others, and the least difference."""
    optional = [problem.stops[i].prize for i in active if not must_be_in(problem, i)]
    before = 1.0 + float(np.ceil(sum(problem.stops[i].prize for i in active)))
    worth = np.array([stop.prize + before * must_be_in(problem, i) for i, stop in enumerate(problem.stops)])
    prizes = np.array([problem.stops[i].prize for i in active] or optional)
    if prizes.size and np.array_equal(prizes, np.round(prizes)) and prizes.max() < 2**31:
        common = int(np.gcd.reduce(prizes.astype(np.int64)))
        return worth, float(np.gcd(common, int(before))) if len(optional) < len(active) else float(max(common, 1))
    return worth, 1e-6 * float(prizes.max(initial=1.0))


def _scaled(problem: Problem, active: Sequence[int]) -> tuple[dict[int, int], float, int]:
    """Return prizes in seconds of way: too few, and the search saves way instead; far too many, and it goes astray."""
    horizon = max((team.ends_s - team.begins_s for team in problem.teams), default=0) + 1
    optional = [problem.stops[i].prize for i in active if not must_be_in(problem, i)]
    mean = float(np.mean(optional)) if optional and sum(optional) > 0 else 1.0
    unit = _PRIZE_IN_DUTIES * horizon / mean
    out = {i: max(1, round(problem.stops[i].prize * unit)) for i in active}
    before = sum(out.values()) + horizon * len(problem.teams) + 1
    return {i: p + before * must_be_in(problem, i) for i, p in out.items()}, mean * unit, horizon


def types_of(problem: Problem, active: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the teams that are alike, in the order of the first of each type."""
    held = {team for stop, team in problem.pinned.items() if stop in set(active)}
    alike: dict[object, list[int]] = {}
    for i, team in enumerate(problem.teams):
        alone = i if team.rest is not None or i in held else -1
        alike.setdefault((team, alone), []).append(i)
    return [tuple(teams) for teams in alike.values()]


def _client(
    task: Task, location: int, duty: tuple[int, int], prize: int, group: int | None, *, required: bool = False
) -> Client:
    early, late = (min(max(when, duty[0]), duty[1]) - duty[0] for when in task.windows[0])
    return Client(
        location,
        service_duration=task.service_s,
        tw_early=early,
        tw_late=late,
        prize=prize,
        required=required and group is None,
        group=group,
    )


def _vehicle(team: Team, count: int, profile: int, origin: int) -> VehicleType:
    return VehicleType(
        count,
        start_depot=2 * profile,
        end_depot=2 * profile + 1,
        tw_early=team.begins_s - origin,
        tw_late=team.ends_s - origin,
        unit_distance_cost=1,
        profile=profile,
    )
