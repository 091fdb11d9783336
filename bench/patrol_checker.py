"""Whether a patrol plan can be kept, reckoned without a line of the planner's code.

Every time, sum and promise is worked out again from the problem: who travels how long, who starts within which window,
who is where at the end of duty, what is collected.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any


def faults(problem: Any, plan: Any) -> list[str]:
    """Return what is wrong with a plan, in words; none for a plan that can be kept."""
    found: list[str] = []
    visited = Counter(v.stop for route in plan.routes for v in route.visits if v.stop is not None)
    found += [f"stop {i} is visited {n} times" for i, n in visited.items() if n > 1]
    if [route.team for route in plan.routes] != list(range(len(problem.teams))):
        found.append("there is not one route for each team")
    left = [one.stop for one in plan.left_out]
    if sorted([*visited, *left]) != list(range(len(problem.stops))):
        found.append("stops are neither in nor left out, or both")
    found += [f"stop {i} was dropped and is in" for i in problem.dropped if i in visited]
    prize = sum(problem.stops[i].prize for i in visited)
    if not math.isclose(prize, plan.prize, rel_tol=1e-9, abs_tol=1e-9):
        found.append(f"the prize is {prize}, not {plan.prize}")
    unmanned = {one.stop for one in plan.unmanned}
    for i, stop in enumerate(problem.stops):
        must = (stop.required or i in problem.pinned) and i not in problem.dropped
        if (must and i not in visited) != (i in unmanned):
            found.append(f"stop {i} is unmanned and not named, or named and manned")
    for route in plan.routes:
        found += [f"team {route.team}: {text}" for text in route_faults(problem, route)]
    return found


def route_faults(problem: Any, route: Any) -> list[str]:
    """Return what is wrong with the route of one team."""
    team, found = problem.teams[route.team], []
    travel = problem.travel_s[team.mode]
    now, at = route.leaves_s, team.start
    if route.visits and now < team.begins_s:
        found.append(f"leaves at {now}, before its duty")
    for visit in route.visits:
        needs = float(travel[at][visit.location])
        if visit.arrives_s < now + needs - 1e-6:
            found.append(f"arrives at {visit.location} after {visit.arrives_s - now} s on a way of {needs} s")
        if not visit.arrives_s <= visit.starts_s <= visit.leaves_s:
            found.append(f"its times at {visit.location} are out of order")
        found += _stay_faults(problem, team, route.team, visit)
        now, at = visit.leaves_s, visit.location
    if route.visits:
        if route.returns_s < now + float(travel[at][team.end]) - 1e-6:
            found.append("returns sooner than its way allows")
        if route.returns_s > team.ends_s:
            found.append(f"returns at {route.returns_s}, after its duty")
    breaks = [visit for visit in route.visits if visit.stop is None]
    if len(breaks) != (1 if team.rest is not None and route.visits else 0):
        found.append(f"has {len(breaks)} breaks")
    return found


def _stay_faults(problem: Any, team: Any, index: int, visit: Any) -> list[str]:
    found, stays = [], visit.leaves_s - visit.starts_s
    if visit.stop is None:
        rest = team.rest
        if rest is None or not rest.earliest_s <= visit.starts_s <= rest.latest_s or stays < rest.seconds:
            found.append("has its break too soon, too late or too short")
        elif rest.location is not None and rest.location != visit.location:
            found.append("has its break elsewhere")
        return found
    stop = problem.stops[visit.stop]
    if stop.location != visit.location:
        found.append(f"meets stop {visit.stop} elsewhere")
    if stays < stop.service_s:
        found.append(f"stays {stays} s at stop {visit.stop}, not {stop.service_s}")
    if stop.windows and not any(first <= visit.starts_s <= last for first, last in stop.windows):
        found.append(f"starts at stop {visit.stop} at {visit.starts_s}, in no window")
    if stop.skill and stop.skill not in team.skills:
        found.append(f"lacks the skill {stop.skill!r} for stop {visit.stop}")
    if problem.pinned.get(visit.stop, index) != index:
        found.append(f"takes stop {visit.stop}, which is pinned to another team")
    return found
