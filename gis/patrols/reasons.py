"""Why stops are not in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gis.patrols.plans import LeftOut, Reason
from gis.patrols.problem import NEVER, Problem, eligible, must_be_in
from gis.patrols.timing import Rows, Task, goes_on, lateness_s, ready, task_of, timed

_LONGEST_TRIED = 4  # stops in a row that are tried to go; then the whole route


def hopeless(problem: Problem, travel: Mapping[str, Rows], rests: Sequence[Sequence[Task]]) -> dict[int, LeftOut]:
    """Return the stops that cannot be in any plan.

    Parameters
    ----------
    problem, travel
        The problem and its whole seconds.
    rests
        The ways in which each team may have its break; none for a team without.
    """
    out = {}
    for i, stop in enumerate(problem.stops):
        reason = None
        if i in problem.dropped:
            reason = Reason.DROPPED
        elif not must_be_in(problem, i) and stop.prize == 0:
            reason = Reason.NO_PRIZE
        elif not (teams := eligible(problem, i)):
            reason = Reason.NO_TEAM
        elif not any(_has_way(problem, travel, i, team) for team in teams):
            reason = Reason.UNREACHABLE
        elif not any(fits_alone(problem, travel, i, team, rests[team]) for team in teams):
            reason = Reason.WINDOW
        if reason is not None:
            out[i] = LeftOut(i, reason, must=must_be_in(problem, i) and reason is not Reason.DROPPED)
    return out


def _has_way(problem: Problem, travel: Mapping[str, Rows], stop: int, team: int) -> bool:
    who, place = problem.teams[team], problem.stops[stop].location
    return bool(travel[who.mode][who.start][place] < NEVER and travel[who.mode][place][who.end] < NEVER)


def fits_alone(problem: Problem, travel: Mapping[str, Rows], stop: int, team: int, rests: Sequence[Task]) -> bool:
    """Return whether a team could go to a stop if it had nothing else to do but its break."""
    who, task = problem.teams[team], task_of(stop, problem.stops[stop])
    pauses = list(rests)
    if who.rest is not None and who.rest.location is None:
        pauses.append(rests[0]._replace(location=task.location))
    orders = [[task]] if who.rest is None else [o for rest in pauses for o in ([rest, task], [task, rest])]
    return any(timed(travel[who.mode], who, team, order) is not None for order in orders)


@dataclass(frozen=True)
class Exchange:
    """What a stop would cost: the posts that must be manned and the prizes that go, and the route that is left."""

    loss: tuple[int, float, int]
    team: int
    gone: tuple[int, ...]
    order: list[Task]


def cheapest_exchange(
    problem: Problem, travel: Mapping[str, Rows], routes: Sequence[Sequence[Task]], stop: int
) -> Exchange | None:
    """Return for which stops in a row, all of one route, a stop can be had with the least loss."""
    task, best = task_of(stop, problem.stops[stop]), None
    for team in eligible(problem, stop):
        who, route = problem.teams[team], list(routes[team])
        rows, since = travel[who.mode], ready(travel[who.mode], who, route)
        for begin, end in _stretches(len(route)):
            gone = [one.stop for one in route[begin:end] if one.stop >= 0]
            loss = (*worth_of(problem, gone), len(gone))
            if best is not None and loss >= best.loss:
                continue
            kept = [one for one in route[begin:end] if one.stop < 0]
            for order in [[task]] if not kept else [[*kept, task], [task, *kept]]:
                if goes_on(rows, who, since[begin], [*order, *route[end:]]):
                    best = Exchange(loss, team, tuple(gone), [*route[:begin], *order, *route[end:]])
                    break
    return best


def no_room(problem: Problem, travel: Mapping[str, Rows], routes: Sequence[Sequence[Task]], stop: int) -> LeftOut:
    """Return what would have to go for a stop that could be in, and how late the teams would be if nothing went."""
    task, least = task_of(stop, problem.stops[stop]), NEVER
    for team in eligible(problem, stop):
        who, route = problem.teams[team], list(routes[team])
        for at in range(len(route) + 1):
            least = min(least, lateness_s(travel[who.mode], who, [*route[:at], task, *route[at:]]))
    must, extra = must_be_in(problem, stop), None if least >= NEVER else least
    best = cheapest_exchange(problem, travel, routes, stop)
    if best is None:
        return LeftOut(stop, Reason.NO_ROOM, must, None, (), extra)
    return LeftOut(stop, Reason.NO_ROOM, must, best.team, best.gone, extra)


def _stretches(length: int) -> list[tuple[int, int]]:
    short = [(a, b) for n in range(1, _LONGEST_TRIED + 1) for a in range(length - n + 1) for b in (a + n,)]
    return [*short, (0, length)]


def worth_of(problem: Problem, stops: Sequence[int]) -> tuple[int, float]:
    """Return how many posts among stops must be manned, and their prizes: what counts first comes first."""
    return sum(must_be_in(problem, i) for i in stops), sum(problem.stops[i].prize for i in stops)
