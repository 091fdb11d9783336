"""The search: rounds of PyVRP's iterated local search from different starts, and the best plan from all their routes.

One long search sticks in a plan that is a few per cent below the best. Short ones from random starts see many more
good routes, and :func:`gis.patrols.recombining.recombine` puts the best of them together after each round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from pyvrp import (
    CostEvaluator,
    IteratedLocalSearch,
    PenaltyManager,
    PenaltyParams,
    RandomNumberGenerator,
    Solution,
)
from pyvrp import Route as VrpRoute
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

from gis.patrols.beam import good_routes
from gis.patrols.encoding import Encoding
from gis.patrols.recombining import recombine

Chosen = tuple[tuple[int, tuple[int, ...]], ...]  # (type of team, clients in order) of each route
Ended = Literal["iterations", "time", "caller"]

ROUNDS = 8
# Rounds that go on from the best plan; the others start anew. With few teams there is little to recombine, and only new
# starts lead away from a plan that is stuck.
_FROM_BEST_OF_FEW, _FROM_BEST_OF_MANY = frozenset([5, 7]), frozenset(range(2, ROUNDS))
_MANY_TEAMS = 3
_FEW_TEAMS, _ENOUGH_FOR_BEAMS_S = 4, 2.0
_BEST_OF_BEAMS = 400  # routes of each type of team
_LOOK_EVERY = 50  # iterations between looks at the clock
_SHARE_OF_SEARCH = 0.97  # of the time of a round; the rest is for recombining
_PENALTIES = PenaltyParams(solutions_between_updates=100, target_feasible=0.2, max_penalty=1e9)
_FIRST_PENALTY = 60.0  # mean prizes that a whole duty's delay costs at first
# A single team's route is short: every other round it is perturbed less, in many more iterations.
_PERTURBATION_OF_ONE, _PERTURBATION = PerturbationParams(1, 15), PerturbationParams(1, 40)
_HISTORY = 100
_MOST_ROUTES = 60_000


@dataclass
class _Watch(IteratedLocalSearchCallbacks):
    """Keeps every route that can be driven, and says when to stop."""

    encoding: Encoding
    clock: Callable[[], float]
    ends: float
    most: int | None
    told: Callable[[int, Solution], bool]
    iterations: int = 0
    in_round: int = 0
    round_ends: float = np.inf
    round_most: float = np.inf
    ended: Ended | None = None
    best: Solution | None = None
    routes: dict[tuple[int, frozenset[int]], tuple[int, tuple[int, ...]]] = field(default_factory=dict)

    def on_iteration(self, current: Solution, candidate: Solution, best: Solution, cost: CostEvaluator) -> None:
        self.iterations += 1
        self.in_round += 1
        self.collect(candidate)

    def on_best(self, best: Solution) -> None:
        if best.is_feasible():
            self.offer(best)

    def offer(self, solution: Solution) -> None:
        if self.best is None or better(solution, self.best):
            self.best = solution
            self.tell()

    def tell(self) -> None:
        if self.best is not None and self.told(self.iterations, self.best):
            self.ended = "caller"

    def collect(self, solution: Solution) -> None:
        if len(self.routes) >= _MOST_ROUTES:
            return
        tasks, known = self.encoding.tasks, self.routes
        for route in solution.routes():
            if route.has_time_warp():
                continue
            clients = tuple([step.idx for step in route if step.is_client()])
            key = (route.vehicle_type(), frozenset([tasks[c].stop for c in clients]))
            before = known.get(key)
            if before is None or (before[1] != clients and route.distance() < before[0]):
                known[key] = (route.distance(), clients)

    def __call__(self, best_cost: int) -> bool:
        """Return whether the round is over, as PyVRP's stopping criteria do."""
        if self.ended is None and self.most is not None and self.iterations >= self.most:
            self.ended = "iterations"
        if self.ended is not None or self.in_round >= self.round_most:
            return True
        if self.in_round % _LOOK_EVERY:
            return False
        if self.in_round:
            self.tell()
        now = self.clock()
        if now >= self.ends:
            self.ended = "time"
        return self.ended is not None or now >= self.round_ends


def better(one: Solution, other: Solution) -> bool:
    """Return whether a plan has more prizes, or as many with a shorter way."""
    return (one.prizes(), -one.distance()) > (other.prizes(), -other.distance())


def search(
    encoding: Encoding,
    *,
    seed: int,
    iterations: int | None,
    seconds: float | None,
    clock: Callable[[], float],
    told: Callable[[int, Solution], bool],
) -> tuple[Chosen, int, Ended]:
    """Return the routes of the best plan that was found, how many iterations were made, and what ended them.

    With a limit of iterations alone all that happens follows from the problem and the seed. ``told`` is called with
    the iterations and the best solution so far; it returns whether to stop.
    """
    data, started = encoding.data, clock()
    ends = np.inf if seconds is None else started + seconds
    watch = _Watch(encoding, clock, ends, iterations, told)
    nothing = _idle(encoding)
    watch.offer(nothing)
    neighbours = compute_neighbours(data, NeighbourhoodParams())
    first = _FIRST_PENALTY * encoding.mean_prize / encoding.horizon
    manager = PenaltyManager(([], first, first), _PENALTIES)
    _single(encoding, watch)
    teams = sum(len(alike) for alike in encoding.types)
    if teams <= _FEW_TEAMS and (seconds is None or seconds >= _ENOUGH_FOR_BEAMS_S):
        _from_beams(encoding, watch)
        _recombined(encoding, watch, None if seconds is None else seconds / (2 * ROUNDS))
    from_best = _FROM_BEST_OF_MANY if teams >= _MANY_TEAMS else _FROM_BEST_OF_FEW
    for k in range(ROUNDS):
        perturbation = _PERTURBATION_OF_ONE if teams == 1 and k % 2 == 0 else _PERTURBATION
        rng = RandomNumberGenerator(seed=(seed * ROUNDS + k) % 2**32)
        method = LocalSearch(data, rng, neighbours, PerturbationManager(perturbation))
        for operator in OPERATORS:
            if operator.supports(data):
                method.add_operator(operator(data))
        start = method(Solution.make_random(data, rng), manager.cost_evaluator(), exhaustive=True)
        if k in from_best and watch.best is not None:
            start = watch.best
        elif start.is_feasible():
            watch.offer(start)
        else:
            start = nothing
        watch.in_round = 0
        if seconds is not None:
            now = clock()
            watch.round_ends = now + (ends - now) / (ROUNDS - k) * _SHARE_OF_SEARCH
        if iterations is not None:
            watch.round_most = -(-(iterations - watch.iterations) // (ROUNDS - k))
        params = IteratedLocalSearchParams(2**31, _HISTORY, True, watch)
        IteratedLocalSearch(data, manager, method, start, params).run(watch, collect_stats=False)
        _recombined(encoding, watch, None if seconds is None else max(0.05, (ends - clock()) / (ROUNDS - k)))
        if watch.ended is not None:
            break
    assert watch.best is not None  # noqa: S101 - doing nothing is a plan
    ended: Ended = "iterations" if seconds is None else "time"
    return chosen_of(watch.best), watch.iterations, watch.ended or ended


def _single(encoding: Encoding, watch: _Watch) -> None:
    """Keep the routes of a single stop: with them, recombining can always trade one stop for another."""
    data = encoding.data
    for kind, own in enumerate(encoding.resting):
        for client, task in enumerate(encoding.tasks):
            if task.stop < 0:
                continue
            orders = [[client]] if not own else [order for c in own for order in ([c, client], [client, c])]
            for order in orders:
                route = VrpRoute(data, order, kind)
                if route.is_feasible():
                    watch.collect(Solution(data, [route]))


def _from_beams(encoding: Encoding, watch: _Watch) -> None:
    """Keep good routes of each type of team without a break."""
    for kind, own in enumerate(encoding.resting):
        if own:
            continue
        for clients in good_routes(encoding, kind, _BEST_OF_BEAMS):
            route = VrpRoute(encoding.data, list(clients), kind)
            if route.is_feasible():
                watch.collect(Solution(encoding.data, [route]))


def _idle(encoding: Encoding) -> Solution:
    """Return the plan of no stops, in which teams only have their breaks."""
    routes = [VrpRoute(encoding.data, [_rest(encoding, k)], k) for k, own in enumerate(encoding.resting) if own]
    return Solution(encoding.data, routes)


def _rest(encoding: Encoding, kind: int) -> int:
    """Return the break that a team can have if it does nothing else."""
    for client in encoding.resting[kind]:
        if VrpRoute(encoding.data, [client], kind).is_feasible():
            return client
    return encoding.resting[kind][0]


def _recombined(encoding: Encoding, watch: _Watch, seconds: float | None) -> None:
    best = watch.best
    if best is None:
        return
    tasks, found = encoding.tasks, list(watch.routes.items())
    ready = [one for one in found if not encoding.resting[one[0][0]] or -1 in one[0][1]]
    now = sum(encoding.worth[tasks[c].stop] for _, clients in chosen_of(best) for c in clients if tasks[c].stop >= 0)
    chosen = recombine(
        [stops - {-1} for (_, stops), _ in ready],
        [kind for (kind, _), _ in ready],
        [len(teams) for teams in encoding.types],
        encoding.worth,
        float(now) + encoding.grain,
        seconds=seconds,
    )
    if chosen is None:
        return
    routes = [VrpRoute(encoding.data, list(ready[c][1][1]), ready[c][0][0]) for c in chosen if ready[c][1][1]]
    used = {route.vehicle_type() for route in routes}
    routes += [
        VrpRoute(encoding.data, [_rest(encoding, k)], k)
        for k, own in enumerate(encoding.resting)
        if own and k not in used
    ]
    solution = Solution(encoding.data, routes)
    if solution.is_feasible():
        watch.offer(solution)


def chosen_of(solution: Solution) -> Chosen:
    """Return the type of team and the clients in order of each route."""
    return tuple(
        (route.vehicle_type(), tuple(step.idx for step in route if step.is_client())) for route in solution.routes()
    )
