"""Problems to plan: small ones by hand, and random ones of every sort."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from hypothesis import strategies as st
from scipy.sparse.csgraph import floyd_warshall

from gis.patrols import Break, Problem, Stop, Team

HOUR = 3600


def line(*stops: Stop, teams: int = 1, begins_s: int = 0, ends_s: int = HOUR, places: int = 12) -> Problem:
    """Return stops on a line, a hundred seconds from one location to the next, and teams alike at location 0."""
    at = np.arange(places) * 100.0
    return Problem(stops, (Team(0, 0, begins_s, ends_s),) * teams, {"foot": np.abs(at[:, None] - at[None, :])})


@st.composite
def problems(draw: st.DrawFn, most_stops: int = 9, most_teams: int = 3, breaks: bool = True) -> Problem:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k, places = draw(st.integers(0, most_stops)), draw(st.integers(0, most_teams)), 8
    travel = {}
    for mode, pace in (("foot", 1.0), ("car", 0.3)):
        spot = rng.uniform(0, 1000, (places, 2))
        table = (
            np.hypot(*(spot[:, None] - spot[None, :]).transpose(2, 0, 1))
            * pace
            * rng.uniform(1.0, 1.2, (places, places))
        )
        table[rng.random((places, places)) < 0.5] = np.inf
        table[rng.integers(places), :] = np.inf if rng.random() < 0.3 else 300.0
        np.fill_diagonal(table, 0.0)
        travel[mode] = np.ceil(floyd_warshall(table))
    stops = []
    for _ in range(n):
        opens = np.sort(rng.integers(-500, 5000, 2 * rng.integers(0, 3))).reshape(-1, 2)
        stops.append(
            Stop(
                int(rng.integers(places)),
                float(rng.choice([0.0, 1.0, 2.5, 10.0, rng.random()])),
                int(rng.integers(0, 900)),
                tuple((int(a), int(b)) for a, b in opens),
                bool(rng.random() < 0.2),
                str(rng.choice(["", "", "", "police"])),
            )
        )
    teams = []
    for _ in range(k):
        begins = int(rng.integers(0, 1000))
        end = start = int(rng.integers(places))
        rest = None
        if breaks and rng.random() < 0.3:
            rest = Break(int(rng.integers(0, 400)), begins, begins + 4000, None if rng.random() < 0.5 else start)
        skills = frozenset({"police"}) if rng.random() < 0.4 else frozenset()
        mode = str(rng.choice(["foot", "car"]))
        teams.append(Team(start, end, begins, begins + int(rng.integers(1000, 5000)), mode, skills, rest))
    pinned = {i: int(rng.integers(k)) for i in range(n) if k and rng.random() < 0.15}
    dropped = frozenset(i for i in range(n) if i not in pinned and rng.random() < 0.1)
    return Problem(tuple(stops), tuple(teams), travel, pinned, dropped)


def best_of_all(problem: Problem) -> tuple[int, float]:
    """Return posts manned and prize of the best plan, by trying every one; for few stops, and teams without breaks."""
    n, k = len(problem.stops), len(problem.teams)
    able: dict[tuple[int, frozenset[int]], bool] = {}

    def possible(team: int, stops: frozenset[int]) -> bool:
        if (team, stops) not in able:
            able[team, stops] = any(_kept(problem, team, order) for order in permutations(sorted(stops)))
        return able[team, stops]

    best = (0, 0.0)
    for given in product(range(-1, k), repeat=n):
        sets = [frozenset(i for i in range(n) if given[i] == t) for t in range(k)]
        inside = [i for i in range(n) if given[i] >= 0]
        if any(i in problem.dropped or problem.pinned.get(i, given[i]) != given[i] for i in inside):
            continue
        must = sum(problem.stops[i].required or i in problem.pinned for i in inside)
        value = (must, sum(problem.stops[i].prize for i in inside))
        if value > best and all(possible(t, sets[t]) for t in range(k)):
            best = value
    return best


def _kept(problem: Problem, index: int, order: tuple[int, ...]) -> bool:
    team = problem.teams[index]
    travel, now, at = np.ceil(problem.travel_s[team.mode] - 1e-6), float(team.begins_s), team.start
    for i in order:
        stop = problem.stops[i]
        if stop.skill and stop.skill not in team.skills:
            return False
        now += travel[at, stop.location]
        open_still = [first for first, last in sorted(stop.windows) if now <= last]
        if np.isinf(now) or (stop.windows and not open_still):
            return False
        now, at = max([now, *open_still[:1]]) + stop.service_s, stop.location
    return bool(now + travel[at, team.end] <= team.ends_s)
