"""A plan of after-school patrols for one day: places and streets brought together, and solved."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.services.patrols.candidates import Candidate, candidates
from api.services.patrols.memory import memory_of, with_memory
from api.services.patrols.requests import PlanRequest, check_request, duty_of
from api.services.questions import wanted_city
from api.settings import Settings
from api.store import ground
from api.store.models import City
from gis.patrols import Break, Plan, Problem, Progress, Stop, Team, plan_patrols
from gis.streets import ModeNetwork, TravelTimes, Way, build_network, for_mode, travel_times, ways_between
from gis.streets.modes import MODES, Mode

_AROUND_DEG = 0.02  # streets are looked for so far beyond the stops
_FARTHEST_DEG = 1.0  # a depot farther than this from every stop is a mistake
_OFF_STREET_M = 150.0  # farther from a street, a start is spoken of


@dataclass(frozen=True)
class Limits:
    """When the search ends: by a clock, or (for a plan that comes out the same again) by iterations."""

    seconds: float | None = None
    iterations: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class ByHand:
    """What a planner decided: stop → team (from 0), stops that stay out."""

    pinned: Mapping[int, int] = field(default_factory=dict)
    dropped: frozenset[int] = frozenset()


@dataclass(frozen=True)
class PatrolPlan:
    """A plan with its places.

    Attributes
    ----------
    stops
        As in the plan's indexes.
    ways
        Of each team, in the order of its route.
    starts
        Of each team, (lon, lat).
    detours_s
        By stop that is in: by how much the way of its team is longer for it, seconds.
    """

    city: str
    time_zone: str
    wanted: PlanRequest
    stops: tuple[Candidate, ...]
    plan: Plan
    ways: tuple[tuple[Way, ...], ...]
    starts: tuple[tuple[float, float], ...]
    detours_s: Mapping[int, int]
    warnings: tuple[str, ...]


def limits_for(seconds: float | None, iterations: int | None, seed: int | None, stops: int) -> Limits:
    """Return the limits of a search: with a seed by iterations, so that the same input gives the same plan.

    Examples
    --------
    >>> limits_for(None, None, 7, 80)
    Limits(seconds=None, iterations=5000, seed=7)
    """
    if iterations is not None:
        return Limits(None, iterations, seed or 0)
    if seed is not None:
        return Limits(None, int(np.clip(400_000 // max(stops, 1), 1_000, 20_000)), seed)
    return Limits(10.0 if seconds is None else seconds, None, 0)


def plan_day(
    session: Session,
    settings: Settings,
    wanted: PlanRequest,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int | None = None,
) -> PatrolPlan:
    """Return the best plan that was found for a day.

    Raises
    ------
    BadInputError
        Where hours, teams, mode or depot make no sense, or there is nothing to be planned on that day.
    """
    check_request(wanted)
    city = wanted_city(session, wanted.city)
    found = day_candidates(session, city, settings, wanted)
    return solve(session, city, wanted, found, limits_for(seconds, iterations, seed, len(found)))


def day_candidates(
    session: Session, city: City, settings: Settings, wanted: PlanRequest, *, without: int | None = None
) -> list[Candidate]:
    """Return the places of a day, with what the fortnight before says of them."""
    memory = memory_of(session, city, wanted, without=without)
    return with_memory(candidates(session, city, settings, wanted), memory, wanted)


def solve(
    session: Session,
    city: City,
    wanted: PlanRequest,
    stops: Sequence[Candidate],
    limits: Limits,
    by_hand: ByHand | None = None,
    progress: Callable[[Progress], bool | None] | None = None,
) -> PatrolPlan:
    """Return who stands where and when; what a planner decided by hand stays as it is.

    Raises
    ------
    BadInputError
        Where a depot lies far from every stop.
    """
    held = by_hand or ByHand()
    starts, ends = _depots(wanted, stops)
    places = np.array([(one.lon, one.lat) for one in stops] + starts + ends)
    networks = _networks(session, city, wanted, places)
    travel = {mode: travel_times(ways, *places.T) for mode, ways in networks.items()}
    n, teams = len(stops), len(wanted.teams)
    problem = Problem(
        stops=tuple(
            Stop(at, one.prize, one.stay_s, one.windows, one.required, one.skill) for at, one in enumerate(stops)
        ),
        teams=tuple(
            Team(
                n + at,
                n + teams + at,
                *duty_of(wanted, team),
                team.mode,
                team.skills,
                None if team.rest is None else Break(*team.rest),
            )
            for at, team in enumerate(wanted.teams)
        ),
        travel_s={mode: one.seconds for mode, one in travel.items()},
        pinned=held.pinned,
        dropped=held.dropped,
    )
    plan = plan_patrols(
        problem, seconds=limits.seconds, iterations=limits.iterations, seed=limits.seed, progress=progress
    )
    plan = _posts_to_their_end(plan, problem, stops, travel)
    ways = _ways(plan, wanted, networks, places, n, teams)
    detours = _detours(plan, problem, travel)
    told = _warnings(wanted, stops, travel, n)
    return PatrolPlan(city.name, city.time_zone, wanted, tuple(stops), plan, ways, tuple(starts), detours, told)


def _detours(plan: Plan, problem: Problem, travel: Mapping[str, TravelTimes]) -> dict[int, int]:
    out = {}
    for route in plan.routes:
        team = problem.teams[route.team]
        seconds = travel[team.mode].seconds
        path = [team.start, *(visit.location for visit in route.visits), team.end]
        for at, visit in enumerate(route.visits, 1):
            if visit.stop is not None:
                before, here, after = path[at - 1 : at + 2]
                out[visit.stop] = round(float(seconds[before, here] + seconds[here, after] - seconds[before, after]))
    return out


def _depots(
    wanted: PlanRequest, stops: Sequence[Candidate]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return where each team starts and ends: as asked, or at the best stop of each of the best schools."""
    lon, lat = np.array([one.lon for one in stops]), np.array([one.lat for one in stops])
    apart = _apart(stops, len(wanted.teams))
    starts, ends = [], []
    for number, (team, at) in enumerate(zip(wanted.teams, apart, strict=True), 1):
        start = team.start or (stops[at].lon, stops[at].lat)
        end = team.end or start
        for place in (start, end):
            if np.hypot(lon - place[0], lat - place[1]).min() > _FARTHEST_DEG:
                raise BadInputError(
                    f"the depot of team {number} lies far from every school; give longitude and latitude, as 120.24,29.71"
                )
        starts.append(start)
        ends.append(end)
    return starts, ends


def _apart(stops: Sequence[Candidate], teams: int) -> list[int]:
    """Return the best stop of each of the best schools, one a team; where there are more teams, again from the first."""
    first: dict[str, int] = {}
    for at, one in enumerate(stops):
        first.setdefault(one.school or one.name, at)
    chosen = list(first.values())
    return [chosen[n % len(chosen)] for n in range(teams)]


def _networks(session: Session, city: City, wanted: PlanRequest, places: NDArray[np.float64]) -> dict[str, ModeNetwork]:
    west, south = places.min(axis=0) - _AROUND_DEG
    east, north = places.max(axis=0) + _AROUND_DEG
    streets = ground.ways(session, city, (float(west), float(south), float(east), float(north)))
    network = build_network(streets)
    modes = dict.fromkeys(team.mode for team in wanted.teams)
    return {name: for_mode(network, _paced(MODES[name], wanted.pace.get(name, 1.0))) for name in modes}


def _paced(mode: Mode, pace: float) -> Mode:
    """Return a mode that is so many times as fast."""
    if pace == 1.0:
        return mode
    speeds = {kind: speed * pace for kind, speed in mode.speeds_kmh.items()}
    return replace(mode, speeds_kmh=speeds, other_kmh=mode.other_kmh * pace)


def _posts_to_their_end(
    plan: Plan, problem: Problem, stops: Sequence[Candidate], travel: Mapping[str, TravelTimes]
) -> Plan:
    """Return the plan in which a team whose last stop is a post stays until the post's window or its own duty ends."""
    routes = []
    for route in plan.routes:
        last = route.visits[-1] if route.visits else None
        until = None if last is None or last.stop is None else stops[last.stop].until_s
        if last is None or until is None:
            routes.append(route)
            continue
        team = problem.teams[route.team]
        home = int(np.ceil(travel[team.mode].seconds[last.location, team.end] - 1e-6))
        leaves = max(last.leaves_s, min(until, team.ends_s - home))
        routes.append(
            replace(route, visits=(*route.visits[:-1], replace(last, leaves_s=leaves)), returns_s=leaves + home)
        )
    return replace(plan, routes=tuple(routes))


def _ways(
    plan: Plan,
    wanted: PlanRequest,
    networks: Mapping[str, ModeNetwork],
    places: NDArray[np.float64],
    n: int,
    teams: int,
) -> tuple[tuple[Way, ...], ...]:
    """Return the way of each leg of each team."""
    legs: list[list[tuple[int, int]]] = []
    for route in plan.routes:
        path = [n + route.team, *(visit.location for visit in route.visits), n + teams + route.team]
        legs.append(list(itertools.pairwise(path)) if route.visits else [])
    found: dict[tuple[str, int, int], Way] = {}
    for mode, ways in networks.items():
        pairs = sorted({leg for team, own in zip(wanted.teams, legs, strict=True) if team.mode == mode for leg in own})
        if pairs:
            drawn = ways_between(ways, places[:, 0], places[:, 1], pairs)
            found |= {(mode, *pair): way for pair, way in zip(pairs, drawn, strict=True)}
    return tuple(tuple(found[team.mode, *leg] for leg in own) for team, own in zip(wanted.teams, legs, strict=True))


def _warnings(
    wanted: PlanRequest, stops: Sequence[Candidate], travel: Mapping[str, TravelTimes], n: int
) -> tuple[str, ...]:
    out = []
    assumed = len({one.school for one in stops if one.assumed})
    if assumed:
        out.append(f"{assumed} schools have no timetable for this day: the usual dismissal of the city is assumed")
    if any(one.estimated[:n, :n].any() for one in travel.values()):
        out.append("some places are not near any street: straight lines with a detour of 1.3 are taken")
    for at, team in enumerate(wanted.teams):
        if team.start is None:  # at a stop, wherever that is
            continue
        snapped = travel[team.mode].snapped
        off = float(snapped.access_m[n + at])
        if snapped.edge[n + at] < 0:
            out.append(
                f"the start of team {at + 1} is not near any street, perhaps in water: straight lines with a detour of 1.3 are taken"
            )
        elif off > _OFF_STREET_M:
            out.append(f"the start of team {at + 1} lies {round(off)} m from the nearest street: check it on the map")
    return tuple(out)
