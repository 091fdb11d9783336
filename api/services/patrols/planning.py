"""A plan of after-school patrols for one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.services.patrols.stops import Candidate, candidates
from api.services.questions import wanted_city
from api.settings import Settings
from api.store import ground
from gis.patrols import Plan, Problem, Stop, Team, plan_patrols
from gis.streets import build_network, for_mode, travel_times, way_between
from gis.streets.modes import MODES

MOST_TEAMS = 50
_AROUND_DEG = 0.02  # streets are looked for so far beyond the stops
_FARTHEST_DEG = 1.0  # a depot farther than this from every stop is a mistake


@dataclass(frozen=True)
class PlanRequest:
    """What is to be planned: hours are seconds after midnight; ``depot`` is (lon, lat), None: at the best stops."""

    day: dt.date
    teams: int
    from_s: int
    to_s: int
    depot: tuple[float, float] | None = None
    mode: str = "foot"
    city: str | None = None


@dataclass(frozen=True)
class Leg:
    """A way between two places of a route, WGS 84."""

    line: shapely.LineString
    length_m: float
    seconds: float
    estimated: bool


@dataclass(frozen=True)
class PatrolPlan:
    """A plan with its places: ``stops`` as in the plan's indexes, ``legs`` of each team, ``depots`` of each team."""

    city: str
    wanted: PlanRequest
    stops: tuple[Candidate, ...]
    plan: Plan
    legs: tuple[tuple[Leg, ...], ...]
    depots: tuple[tuple[float, float], ...]
    warnings: tuple[str, ...]


def plan_day(
    session: Session,
    settings: Settings,
    wanted: PlanRequest,
    *,
    seconds: float | None,
    iterations: int | None = None,
    seed: int = 0,
) -> PatrolPlan:
    """Return the best plan that was found.

    Raises
    ------
    BadInputError
        Where hours, teams, mode or depot make no sense, or there is nothing to be planned on that day.
    """
    _check(wanted)
    city = wanted_city(session, wanted.city)
    stops = candidates(session, city, settings, wanted.day, (wanted.from_s, wanted.to_s))
    lon, lat = np.array([one.lon for one in stops]), np.array([one.lat for one in stops])
    if wanted.depot is None:
        best = _apart(stops, wanted.teams)
        depots = [(stops[at].lon, stops[at].lat) for at in best]
    else:
        depots = [wanted.depot] * wanted.teams
        if np.hypot(lon - wanted.depot[0], lat - wanted.depot[1]).min() > _FARTHEST_DEG:
            raise BadInputError("the depot lies far from every school; give longitude and latitude, as 120.24,29.71")
    places = [(one.lon, one.lat) for one in stops] + depots
    x, y = np.array(places).T
    box = (x.min() - _AROUND_DEG, y.min() - _AROUND_DEG, x.max() + _AROUND_DEG, y.max() + _AROUND_DEG)
    streets = ground.ways(session, city, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    ways = for_mode(build_network(streets), MODES[wanted.mode])
    travel = travel_times(ways, x, y)
    problem = Problem(
        stops=tuple(Stop(n, one.prize, one.stay_s, one.windows) for n, one in enumerate(stops)),
        teams=tuple(
            Team(len(stops) + n, len(stops) + n, wanted.from_s, wanted.to_s, wanted.mode) for n in range(wanted.teams)
        ),
        travel_s={wanted.mode: travel.seconds},
    )
    plan = plan_patrols(problem, seconds=seconds, iterations=iterations, seed=seed)
    legs = []
    for route in plan.routes:
        home = len(stops) + route.team
        path = [home, *(visit.location for visit in route.visits), home] if route.visits else []
        found = [way_between(ways, places[a], places[b]) for a, b in pairwise(path)]
        legs.append(tuple(Leg(way.line, way.length_m, way.seconds, way.estimated) for way in found))
    return PatrolPlan(
        city.name,
        wanted,
        tuple(stops),
        plan,
        tuple(legs),
        tuple(depots),
        _warnings(stops, bool(travel.estimated.any())),
    )


def _check(wanted: PlanRequest) -> None:
    if not 1 <= wanted.teams <= MOST_TEAMS:
        raise BadInputError(f"plan for 1 to {MOST_TEAMS} teams, not for {wanted.teams}")
    if wanted.mode not in MODES:
        raise BadInputError(f"teams go by {', '.join(MODES)}; {wanted.mode!r} is not known")
    if not 0 <= wanted.from_s < wanted.to_s <= 24 * 3600:
        raise BadInputError("the end of duty must lie after its beginning, on the same day")


def _apart(stops: list[Candidate], teams: int) -> list[int]:
    """Return the best stop of each of the best schools, one a team; where there are more teams, again from the first."""
    first: dict[str, int] = {}
    for at, one in enumerate(stops):
        first.setdefault(one.school or one.name, at)
    chosen = list(first.values())
    return [chosen[n % len(chosen)] for n in range(teams)]


def _warnings(stops: list[Candidate], estimated: bool) -> tuple[str, ...]:
    out = []
    assumed = len({one.school for one in stops if one.assumed})
    if assumed:
        out.append(f"{assumed} schools have no timetable for this day: the usual dismissal of the city is assumed")
    if estimated:
        out.append("some places are not near any street: straight lines with a detour of 1.3 are taken")
    return tuple(out)
