"""The plan of an afternoon: checked, searched, timed and explained."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from pyvrp import Solution

from gis.errors import GisError
from gis.patrols.encoding import Encoding, encode, types_of, worths
from gis.patrols.enumerating import all_routes
from gis.patrols.plans import LeftOut, Plan, Progress, Route
from gis.patrols.problem import Problem, check, eligible, must_be_in, whole_seconds
from gis.patrols.reasons import cheapest_exchange, hopeless, no_room, worth_of
from gis.patrols.recombining import best_set
from gis.patrols.searching import Chosen, Ended, chosen_of, search
from gis.patrols.timing import Rows, Task, goes_on, ready, task_of, timed

_BREAK = -1
_BREAK_PLACES = 20  # each is a client more for the search; afterwards the break is had where the team is anyway
_MOST_ROUTES = 30_000  # about a second
_SEARCHING = 0.97  # of the time; the rest is for the reasons


def plan_patrols(
    problem: Problem,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    progress: Callable[[Progress], bool | None] | None = None,
    stopwatch: Callable[[], float] = time.perf_counter,
) -> Plan:
    """Return the plan with the highest prize that was found; posts that must be manned come before all prizes.

    Parameters
    ----------
    problem
        Stops, teams and travel times.
    seconds
        About how long to take in all.
    iterations
        Limit to the iterations of the search. No search is made where all routes can be tried. With this limit alone the same problem and seed give the same plan: no
        clock is looked at. With a limit of time the rounds of the search end by the clock, and the plan depends on the
        machine and its load.
    seed
        Of the random numbers.
    progress
        Is called with each better plan, now and then between, and at the end; if it returns True, the search ends and
        the best plan so far is given.
    stopwatch
        Seconds since any moment.

    Raises
    ------
    GisError
        If there is no limit at all, or the problem contradicts itself. A problem that cannot be met in full does not:
        its plan says which posts are unmanned (:attr:`gis.patrols.plans.Plan.unmanned`).
    """
    if seconds is None and iterations is None:
        raise GisError("give a limit of seconds, or of iterations for a plan that comes out the same again")
    if (seconds is not None and not seconds >= 0) or (iterations is not None and iterations < 0):
        raise GisError("limits of seconds and iterations must not be negative")
    check(problem)
    started, tables = stopwatch(), whole_seconds(problem)
    travel: dict[str, Rows] = {mode: table.tolist() for mode, table in tables.items()}
    rests = [_rests(problem, travel, team) for team in range(len(problem.teams))]
    out = hopeless(problem, travel, rests)
    active = [i for i in range(len(problem.stops)) if i not in out]
    orders: list[list[Task]] = [list(own[:1]) for own in rests]
    made, ended = 0, None  # type: int, Ended | Literal["optimal"] | None
    exact = _exact(problem, travel, active) if active else None
    if exact is not None:
        found, ended = exact, "optimal"
    elif active:
        encoding = encode(problem, tables, active, rests)

        def told(done: int, best: Solution) -> bool:
            if progress is None:
                return False
            share = max(
                (stopwatch() - started) / max(seconds, 1e-9) if seconds is not None else 0.0,
                done / max(iterations, 1) if iterations is not None else 0.0,
            )
            now = _by_team(encoding, chosen_of(best))
            return progress(_progress(problem, now, min(share, 1.0), done)) is True

        chosen, made, ended = search(
            encoding,
            seed=seed,
            iterations=iterations,
            seconds=None if seconds is None else max(0.0, seconds * _SEARCHING - (stopwatch() - started)),
            clock=stopwatch,
            told=told,
        )
        found = {
            team: _settled(problem, travel, team, [_whole(problem, task) for task in tasks])
            for team, tasks in _by_team(encoding, chosen).items()
        }
    else:
        found = {}
    for team, tasks in found.items():
        orders[team] = tasks
    _fill(problem, travel, orders, active)
    while _exchanged(problem, travel, orders, active):
        _fill(problem, travel, orders, active)
    if progress is not None:
        progress(_progress(problem, dict(enumerate(orders)), 1.0, made))
    return _plan(problem, travel, orders, out, made, ended)


def _rests(problem: Problem, travel: Mapping[str, Rows], team: int) -> list[Task]:
    """Return the ways in which a team may have its break, the first one possible without any stop."""
    who = problem.teams[team]
    rest = who.rest
    if rest is None:
        return []
    dear = sorted(problem.stops, key=lambda stop: (not stop.required, -stop.prize))[:_BREAK_PLACES]
    known = [who.start, who.end, *(stop.location for stop in dear)]
    places = list(dict.fromkeys(known)) if rest.location is None else [rest.location]
    window = ((rest.earliest_s, rest.latest_s),)
    ways = [Task(_BREAK, place, rest.seconds, window) for place in places]
    able = [task for task in ways if timed(travel[who.mode], who, team, [task]) is not None]
    if not able:
        raise GisError(f"team {team} cannot have its break and be at its end in time, even without any stop")
    return able


def _settled(problem: Problem, travel: Mapping[str, Rows], team: int, order: list[Task]) -> list[Task]:
    """Return the order with a break that is bound to no place put where the team is anyway, if that is as quick."""
    who = problem.teams[team]
    rest, rows = who.rest, travel[who.mode]
    if rest is None or rest.location is not None:
        return order
    rest_of = [task for task in order if task.stop >= 0]
    tried = [order]
    for at in range(len(rest_of) + 1):
        place = rest_of[at - 1].location if at else who.start
        pause = Task(_BREAK, place, rest.seconds, ((rest.earliest_s, rest.latest_s),))
        tried.append([*rest_of[:at], pause, *rest_of[at:]])
    kept = [(route.travel_s, route.returns_s, k) for k, o in enumerate(tried) if (route := timed(rows, who, team, o))]
    return tried[min(kept)[2]] if kept else order


def _exact(problem: Problem, travel: Mapping[str, Rows], active: list[int]) -> dict[int, list[Task]] | None:
    """Return the tasks of each team in the best plan, where so few routes are possible that all can be tried."""
    types = types_of(problem, active)
    found = all_routes(problem, travel, active, types, most=_MOST_ROUTES)
    if found is None:
        return None
    worth, grain = worths(problem, active)
    ways = sum(sorted((route.travel_s for route in found), reverse=True)[: len(problem.teams)]) + 1.0
    chosen = best_set(
        [frozenset(task.stop for task in route.tasks if task.stop >= 0) for route in found],
        [route.kind for route in found],
        [len(teams) for teams in types],
        worth,
        -np.array([route.travel_s for route in found]) * (grain / 4.0 / ways),
    )
    if chosen is None:
        return None
    free = [list(teams) for teams in types]
    return {free[found[k].kind].pop(0): list(found[k].tasks) for k in chosen}


def _whole(problem: Problem, task: Task) -> Task:
    """Return the task with all windows of its stop: an earlier one may do as well."""
    return task if task.stop < 0 else task_of(task.stop, problem.stops[task.stop])


def _by_team(encoding: Encoding, chosen: Chosen) -> dict[int, list[Task]]:
    """Return routes by team; of teams that are alike the first gets the first."""
    free = [list(teams) for teams in encoding.types]
    return {free[kind].pop(0): [encoding.tasks[c] for c in clients] for kind, clients in chosen}


def _progress(problem: Problem, given: Mapping[int, list[Task]], done: float, iterations: int) -> Progress:
    stops = [tuple(t.stop for t in given.get(k, ()) if t.stop >= 0) for k in range(len(problem.teams))]
    flat = [i for own in stops for i in own]
    return Progress(
        done,
        iterations,
        float(sum(problem.stops[i].prize for i in flat)),
        sum(must_be_in(problem, i) for i in flat),
        tuple(stops),
    )


def _fill(problem: Problem, travel: Mapping[str, Rows], orders: list[list[Task]], active: list[int]) -> None:
    """Put in what fits without anything having to go, so that nothing is left out for want of search."""
    worth, _ = worths(problem, active)
    inside = {task.stop for order in orders for task in order}
    for i in sorted(set(active) - inside, key=lambda i: (-worth[i], i)):
        task, best = task_of(i, problem.stops[i]), None
        for team in eligible(problem, i):
            who, order = problem.teams[team], orders[team]
            rows, since = travel[who.mode], ready(travel[who.mode], who, order)
            for at in range(len(order) + 1):
                if not goes_on(rows, who, since[at], [task, *order[at:]]):
                    continue
                after = order[at].location if at < len(order) else who.end
                more = rows[since[at][1]][task.location] + rows[task.location][after] - rows[since[at][1]][after]
                if best is None or more < best[0]:
                    best = (more, team, [*order[:at], task, *order[at:]])
        if best is not None:
            orders[best[1]] = best[2]


def _exchanged(problem: Problem, travel: Mapping[str, Rows], orders: list[list[Task]], active: list[int]) -> bool:
    """Put in a stop that is worth more than what it displaces, if there is one: nobody could be told why it is out."""
    worth, _ = worths(problem, active)
    inside = {task.stop for order in orders for task in order}
    for i in sorted(set(active) - inside, key=lambda i: (-worth[i], i)):
        found = cheapest_exchange(problem, travel, orders, i)
        if found is not None and found.loss[:2] < worth_of(problem, [i]):
            orders[found.team] = found.order
            return True
    return False


def _plan(
    problem: Problem,
    travel: Mapping[str, Rows],
    orders: list[list[Task]],
    out: dict[int, LeftOut],
    made: int,
    ended: Ended | Literal["optimal"] | None,
) -> Plan:
    routes: list[Route] = []
    for team, order in enumerate(orders):
        who = problem.teams[team]
        only_break = all(task.stop < 0 for task in order)
        route = timed(travel[who.mode], who, team, [] if only_break else order)
        if route is None:
            raise AssertionError(f"the route of team {team} cannot be kept: {order}")
        routes.append(route)
    kept = [[] if not route.visits else order for route, order in zip(routes, orders, strict=True)]
    inside = {stop for route in routes for stop in route.stops}
    left = [
        out[i] if i in out else no_room(problem, travel, kept, i) for i in range(len(problem.stops)) if i not in inside
    ]
    prize = float(np.sum([problem.stops[i].prize for i in sorted(inside)]))
    return Plan(tuple(routes), tuple(left), prize, made, ended or "nothing to plan")
