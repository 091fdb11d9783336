"""Why stops are not in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    orders = [[task]] if who.rest is None else [o for rest in rests for o in ([rest, task], [task, rest])]
    return any(timed(travel[who.mode], who, team, order) is not None for order in orders)


def no_room(problem: Problem, travel: Mapping[str, Rows], routes: Sequence[Sequence[Task]], stop: int) -> LeftOut:
    """Return what would have to go for a stop that could be in, and how late the teams would be if nothing went."""
    task = task_of(stop, problem.stops[stop])
    least, best = NEVER, None
    for team in eligible(problem, stop):
        who, route = problem.teams[team], list(routes[team])
        rows, since = travel[who.mode], ready(travel[who.mode], who, route)
        for at in range(len(route) + 1):
            least = min(least, lateness_s(rows, who, [*route[:at], task, *route[at:]]))
        for begin, end in _stretches(len(route)):
            gone = [one.stop for one in route[begin:end] if one.stop >= 0]
            loss = (*_worth(problem, gone), len(gone))
            if best is not None and loss >= best[0]:
                continue
            kept = [one for one in route[begin:end] if one.stop < 0]
            orders = [[task]] if not kept else [[*kept, task], [task, *kept]]
            if any(goes_on(rows, who, since[begin], [*order, *route[end:]]) for order in orders):
                best = (loss, team, tuple(gone))
    must = must_be_in(problem, stop)
    extra = None if least >= NEVER else least
    if best is None:
        return LeftOut(stop, Reason.NO_ROOM, must, None, (), extra)
    return LeftOut(stop, Reason.NO_ROOM, must, best[1], best[2], extra)


def _stretches(length: int) -> list[tuple[int, int]]:
    short = [(a, b) for n in range(1, _LONGEST_TRIED + 1) for a in range(length - n + 1) for b in (a + n,)]
    return [*short, (0, length)]


def _worth(problem: Problem, stops: Sequence[int]) -> tuple[int, float]:
    """Return how many posts among stops must be manned, and their prizes: what counts first comes first."""
    return sum(must_be_in(problem, i) for i in stops), sum(problem.stops[i].prize for i in stops)
