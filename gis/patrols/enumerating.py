"""All routes of a small problem: from them the best plan follows without a search.

After school the windows are short and the stays long, so that a team makes few of them: often there are only some
thousand routes. Of routes with the same stops and the same last one, the one that is ready first is as good as any
(dynamic programming over sets, Held and Karp 1962, J. SIAM 10, 196–210).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gis.patrols.problem import NEVER, Break, Problem, Team, eligible
from gis.patrols.timing import Rows, Task, first_start, task_of

_BREAK = -1


class Found(NamedTuple):
    """A route: type of team, tasks in order, and seconds of way."""

    kind: int
    tasks: tuple[Task, ...]
    travel_s: int


class _State(NamedTuple):
    now: int
    place: int
    moved: int
    tasks: tuple[Task, ...]


def all_routes(
    problem: Problem,
    travel: Mapping[str, Rows],
    active: Sequence[int],
    types: Sequence[Sequence[int]],
    *,
    most: int,
) -> list[Found] | None:
    """Return a route for each set of stops that each type of team can do, or None if more than ``most`` are met."""
    found: list[Found] = []
    met = 0
    for kind, teams in enumerate(types):
        team = problem.teams[teams[0]]
        rows = travel[team.mode]
        tasks = [task_of(i, problem.stops[i]) for i in active if teams[0] in eligible(problem, i)]
        layer = {(frozenset[int](), -2): _State(team.begins_s, team.start, 0, ())}
        best: dict[frozenset[int], Found] = {}
        while layer:
            following: dict[tuple[frozenset[int], int], _State] = {}
            for (done, _), state in layer.items():
                _keep(best, done, state, team, rows, kind)
                for task in [task for task in [*tasks, *_rest(team.rest, state.place)] if task.stop not in done]:
                    after = _after(state, task, rows, team)
                    if after is None:
                        continue
                    key = (done | {task.stop}, task.stop if task.stop >= 0 else -3 - task.location)
                    before = following.get(key)
                    if before is None or (after.now, after.moved) < (before.now, before.moved):
                        following[key] = after
                if met + len(following) > most:
                    return None
            met += len(following)
            layer = following
        found += best.values()
    return found


def _rest(rest: Break | None, place: int) -> list[Task]:
    if rest is None:
        return []
    where = place if rest.location is None else rest.location
    return [Task(_BREAK, where, rest.seconds, ((rest.earliest_s, rest.latest_s),))]


def _after(state: _State, task: Task, rows: Rows, team: Team) -> _State | None:
    step = rows[state.place][task.location]
    start = first_start(task.windows, state.now + step) if step < NEVER else None
    if start is None or start + task.service_s > team.ends_s:
        return None
    return _State(start + task.service_s, task.location, state.moved + step, (*state.tasks, task))


def _keep(
    best: dict[frozenset[int], Found], done: frozenset[int], state: _State, team: Team, rows: Rows, kind: int
) -> None:
    if not done - {_BREAK} or (team.rest is not None and _BREAK not in done):
        return
    home = rows[state.place][team.end]
    moved = state.moved + home
    before = best.get(done)
    if state.now + home <= team.ends_s and (before is None or moved < before.travel_s):
        best[done] = Found(kind, state.tasks, moved)
