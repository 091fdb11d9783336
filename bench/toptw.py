"""Patrol planning on the public instances of the team orienteering problem with time windows.

``python -m bench.toptw [--seconds 10] [--teams 1,2,3,4] [--instances c101,…] [--seed 0] [--cpu]``: each instance is planned on
one core and every route is checked by :mod:`bench.patrol_checker`. The mean gap to the reference must be at most 0.3 %,
none above 2 %, and some plans better than the reference. The whole run takes 120 times the seconds, so that
``python -m bench`` leaves it out. With ``--cpu`` seconds are those of the processor, for a machine that others load as well.

Distances are cut to one decimal for Solomon's instances and to two for Cordeau's, as in the literature (Vansteenwegen
et al. 2009, Comput. Oper. Res. 36, 3281–3290); the tour ends by the closing time of the depot.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from bench.patrol_checker import faults
from gis.patrols import Problem, Stop, Team, plan_patrols

DATA = Path(os.environ.get("CAMPUS_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "toptw"
MOST_MEAN_PERCENT = 0.3
MOST_PERCENT = 2.0


def read(file: Path, teams: int) -> Problem:
    """Return an instance; its seconds are tenths (Solomon) or hundredths (Cordeau) of its unit."""
    rows = [[float(word) for word in line.split()] for line in file.read_text().splitlines()[2:] if line.strip()]
    unit = 100 if file.stem.startswith("pr") else 10
    xy = np.array([row[1:3] for row in rows])
    apart = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    stops = tuple(
        Stop(i, row[4], round(row[3] * unit), ((round(row[-2] * unit), round(row[-1] * unit)),))
        for i, row in enumerate(rows)
        if i > 0
    )
    team = Team(0, 0, round(rows[0][-2] * unit), round(rows[0][-1] * unit))
    return Problem(stops, (team,) * teams, {"foot": np.floor(apart * unit + 1e-9)})


def reference() -> dict[tuple[str, int], float]:
    with (DATA / "reference.csv").open(newline="") as lines:
        return {(row["instance"], int(row["teams"])): float(row["value"]) for row in csv.DictReader(lines)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--teams", default="1,2,3,4")
    parser.add_argument("--instances", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true")
    given = parser.parse_args()
    given.teams = [int(teams) for teams in given.teams.split(",")]
    names = sorted(file.stem for file in DATA.glob("*.txt"))
    given.instances = given.instances.split(",") if given.instances else names
    return given


def main() -> int:
    given, known = arguments(), reference()
    clock = time.process_time if given.cpu else time.perf_counter
    gaps, wrong, better, longest = [], 0, 0, 0.0
    print(f"{'instance':<10}{'teams':>6}{'prize':>8}{'reference':>11}{'gap %':>8}{'s':>7}{'iterations':>12}")
    for name in given.instances:
        for teams in given.teams:
            problem, started = read(DATA / f"{name}.txt", teams), clock()
            plan = plan_patrols(problem, seconds=given.seconds, seed=given.seed, stopwatch=clock)
            took = clock() - started
            found = faults(problem, plan)
            wrong += bool(found)
            best = known[name, teams]
            gap = 100.0 * (best - plan.prize) / best
            gaps.append(gap)
            better, longest = better + (gap < 0), max(longest, took)
            text = "  " + "; ".join(found) if found else ""
            print(
                f"{name:<10}{teams:>6}{plan.prize:>8.0f}{best:>11.0f}{gap:>8.2f}{took:>7.1f}{plan.iterations:>12}{text}",
                flush=True,
            )
    mean, worst = float(np.mean(gaps)), max(gaps)
    good = not wrong and mean <= MOST_MEAN_PERCENT and worst <= MOST_PERCENT and better > 0
    print(
        f"{len(gaps)} plans of {given.seconds:g} s (the longest took {longest:.1f} s): mean gap {mean:.3f} %, "
        f"worst {worst:.2f} %, {better} better than the reference, {sum(g == 0 for g in gaps)} equal, "
        f"{wrong} that cannot be kept: {'met' if good else 'MISSED'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
