"""Patrol plans: cases whose best plan is known, what is said of the stops left out, and what holds of every plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.patrol_checker import faults
from gis.errors import GisError
from gis.patrols import Break, Plan, Problem, Progress, Reason, Stop, Team, plan_patrols
from tests.conftest import skip_or_fail
from tests.gis.patrols.problems import HOUR, best_of_all, line, problems


def planned(problem: Problem, iterations: int = 400, seed: int = 0) -> Plan:
    plan = plan_patrols(problem, iterations=iterations, seed=seed)
    assert faults(problem, plan) == []
    return plan


def reasons(plan: Plan) -> dict[int, Reason]:
    return {one.stop: one.reason for one in plan.left_out}


def test_all_stops_are_in_where_there_is_time() -> None:
    plan = planned(line(Stop(1, 5), Stop(2, 5), Stop(3, 5)))
    assert plan.prize == 15
    assert plan.routes[0].travel_s == 600
    assert plan.left_out == ()


def test_the_better_of_two_ends_is_chosen() -> None:
    problem = line(Stop(1, 3, 60), Stop(11, 10, 60), ends_s=2260)
    assert planned(problem).routes[0].stops == (1,)
    assert planned(replace(problem, stops=(Stop(1, 30, 60), Stop(11, 10, 60)))).routes[0].stops == (0,)


def test_one_great_prize_gives_way_to_many_small_ones() -> None:
    problem = line(Stop(11, 10, 60), *(Stop(place, 3, 60) for place in (1, 2, 3, 4)), ends_s=2300)
    plan = planned(problem)
    assert sorted(plan.routes[0].stops) == [1, 2, 3, 4]
    (left,) = plan.left_out
    assert (left.reason, left.team, set(left.displaces)) == (Reason.NO_ROOM, 0, {1, 2, 3, 4})
    assert left.least_extra_s == 11 * 200 + 5 * 60 - 2300


def test_times_are_told() -> None:
    plan = planned(line(Stop(2, 1, 600, ((1000, 1100),)), Stop(5, 1, 60, ((3000, 3100),)), begins_s=100))
    route = plan.routes[0]
    first, second = route.visits
    assert (route.leaves_s, first.arrives_s, first.waits_s, first.starts_s, first.leaves_s) == (
        800,
        1000,
        0,
        1000,
        1600,
    )
    assert (second.arrives_s, second.waits_s, second.starts_s, second.leaves_s) == (1900, 1100, 3000, 3060)
    assert route.returns_s == 3560


def test_a_later_window_does_as_well() -> None:
    morning, noon = (0, 150), (2000, 2100)
    both = line(Stop(1, 1, 300, (morning, noon)), Stop(2, 1, 300, ((100, 250),)))
    plan = planned(both)
    assert plan.routes[0].stops == (1, 0)
    assert plan.routes[0].visits[1].starts_s == 2000


def test_two_teams_share_what_one_cannot_do() -> None:
    at_once = [Stop(place, 10, 900, ((1000, 1100),)) for place in (2, 9)]
    assert planned(line(*at_once)).prize == 10
    plan = planned(line(*at_once, teams=2))
    assert sorted(route.stops for route in plan.routes) == [(0,), (1,)]


def test_a_required_post_comes_before_any_prize() -> None:
    problem = line(Stop(2, 1, 600, ((1000, 1100),), required=True), Stop(9, 1e6, 600, ((1000, 1100),)))
    plan = planned(problem)
    assert plan.routes[0].stops == (0,)
    assert plan.left_out[0].displaces == (0,)
    assert plan.unmanned == ()


def test_more_posts_than_teams_are_named_and_the_possible_is_planned() -> None:
    posts = [Stop(place, place, 600, ((1000, 1000),), required=True) for place in (1, 5, 9)]
    plan = planned(line(*posts, teams=2))
    assert sorted(stop for route in plan.routes for stop in route.stops) == [1, 2]
    assert [(one.stop, one.reason) for one in plan.unmanned] == [(0, Reason.NO_ROOM)]


def test_every_reason_is_told() -> None:
    problem = line(
        Stop(1, 5),
        Stop(1, 0.0),
        Stop(1, 5, skill="police"),
        Stop(11, 5),
        Stop(1, 5, 60, ((HOUR + 1, HOUR + 2),)),
        Stop(3, 5),
        Stop(1, 5, HOUR, required=True),
    )
    cut = {"foot": problem.travel_s["foot"].copy()}
    cut["foot"][:11, 11] = np.inf
    plan = planned(replace(problem, travel_s=cut, dropped=frozenset({5})))
    assert reasons(plan) == {
        1: Reason.NO_PRIZE,
        2: Reason.NO_TEAM,
        3: Reason.UNREACHABLE,
        4: Reason.WINDOW,
        5: Reason.DROPPED,
        6: Reason.WINDOW,
    }
    assert [one.stop for one in plan.unmanned] == [6]


def test_each_team_keeps_to_its_skill_its_way_and_its_duty() -> None:
    at = np.arange(12) * 100.0
    slow = np.abs(at[:, None] - at[None, :])
    teams = (
        Team(0, 0, 0, 1000, "foot", frozenset({"school"})),
        Team(11, 0, 0, 600, "car", frozenset({"police"})),
    )
    stops = (Stop(2, 1, skill="school"), Stop(2, 1, skill="police"), Stop(9, 1), Stop(4, 1))
    plan = planned(Problem(stops, teams, {"foot": slow, "car": slow / 2}))
    assert plan.prize == 4
    assert 0 in plan.routes[0].stops
    assert {1, 2} <= set(plan.routes[1].stops)


@pytest.mark.parametrize("location", [None, 0, 3])
def test_a_break_is_had_in_its_time_and_place(location: int | None) -> None:
    problem = line(Stop(3, 5, 600), Stop(6, 5, 600), ends_s=4000)
    team = replace(problem.teams[0], rest=Break(900, 1000, 2000, location))
    plan = planned(replace(problem, teams=(team,)))
    assert plan.prize == 10
    (rest,) = [visit for visit in plan.routes[0].visits if visit.stop is None]
    assert 1000 <= rest.starts_s <= 2000
    assert location is None or rest.location == location


def test_what_is_pinned_stays_and_what_is_dropped_goes() -> None:
    problem = line(Stop(1, 1), Stop(2, 1), Stop(3, 100), teams=2)
    plan = planned(replace(problem, pinned={0: 1, 1: 0}, dropped=frozenset({2})))
    assert (plan.routes[0].stops, plan.routes[1].stops) == ((1,), (0,))
    assert reasons(plan) == {2: Reason.DROPPED}


def test_no_stops_and_no_teams_are_plans_too() -> None:
    assert planned(line()).routes[0].visits == ()
    plan = planned(line(Stop(1, 5), Stop(2, 5, required=True), teams=0))
    assert plan.routes == ()
    assert set(reasons(plan).values()) == {Reason.NO_TEAM}
    assert [one.stop for one in plan.unmanned] == [1]


def test_zero_prizes_are_no_reason_to_go() -> None:
    plan = planned(line(Stop(1), Stop(2), Stop(3, required=True)))
    assert plan.routes[0].stops == (2,)
    assert set(reasons(plan).values()) == {Reason.NO_PRIZE}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"travel_s": {"car": np.zeros((3, 3))}}, "no travel times"),
        ({"travel_s": {"foot": np.zeros((3, 2))}}, "square"),
        ({"travel_s": {"foot": np.full((12, 12), np.nan)}}, "missing"),
        ({"stops": (Stop(99),)}, "location 99"),
        ({"stops": (Stop(1, -1.0),)}, "negative"),
        ({"stops": (Stop(1, np.nan),)}, "not finite"),
        ({"stops": (Stop(1, 1.0, 0, ((5, 4),)),)}, "ends before it begins"),
        ({"teams": (Team(0, 0, 5, 4),)}, "ends before it begins"),
        ({"teams": (Team(0, 99, 0, 4),)}, "do not have"),
        ({"teams": (Team(0, 0, 0, 100, rest=Break(200, 0, 100)),)}, "cannot have its break"),
        ({"pinned": {0: 7}}, "does not exist"),
        ({"pinned": {0: 0}, "dropped": frozenset({0})}, "dropped as well"),
        ({"dropped": frozenset({7})}, "does not exist"),
    ],
)
def test_contradictions_are_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(GisError, match=text):
        plan_patrols(replace(line(Stop(1, 1)), **change), iterations=1)


def test_a_limit_is_needed() -> None:
    with pytest.raises(GisError, match="limit"):
        plan_patrols(line(Stop(1, 1)))
    with pytest.raises(GisError, match="negative"):
        plan_patrols(line(Stop(1, 1)), seconds=-1)


def crowd(n: int = 40, seed: int = 3, wide_s: int = 4000) -> Problem:
    rng = np.random.default_rng(seed)
    spot = rng.uniform(0, 1500, (n + 1, 2))
    travel = np.hypot(*(spot[:, None] - spot[None, :]).transpose(2, 0, 1))
    opens = rng.integers(0, 5000, n)
    stops = tuple(
        Stop(i + 1, float(rng.integers(1, 30)), 600, ((int(a), int(a) + wide_s),)) for i, a in enumerate(opens)
    )
    return Problem(stops, (Team(0, 0, 0, 2 * HOUR),) * 3, {"foot": travel})


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    assert planned(crowd(), 500, seed=5) == planned(crowd(), 500, seed=5)


def test_few_routes_are_all_tried() -> None:
    seen: list[Progress] = []
    plan = plan_patrols(crowd(wide_s=300), seconds=60.0, progress=seen.append)
    assert faults(crowd(wide_s=300), plan) == []
    assert (plan.ended_by, plan.iterations, [one.done for one in seen]) == ("optimal", 0, [1.0])
    assert seen[0].prize == plan.prize == float(sum(crowd().stops[i].prize for own in seen[0].stops for i in own))


def test_progress_is_told_and_never_gets_worse() -> None:
    seen: list[Progress] = []
    plan = plan_patrols(crowd(), iterations=400, progress=seen.append)
    assert [one.prize for one in seen] == sorted(one.prize for one in seen)
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1].prize <= plan.prize
    assert plan.iterations == 400
    assert plan.ended_by == "iterations"


def test_the_caller_may_end_the_search_and_has_the_best_so_far() -> None:
    seen: list[Progress] = []

    def enough(now: Progress) -> bool:
        seen.append(now)
        return now.iterations >= 100

    plan = plan_patrols(crowd(), iterations=100_000, progress=enough)
    assert faults(crowd(), plan) == []
    assert plan.ended_by == "caller"
    assert plan.iterations < 300
    assert plan.prize >= seen[-1].prize


def test_the_search_ends_by_the_watch() -> None:
    ticks = iter(range(10**9))
    plan = plan_patrols(crowd(), seconds=200.0, stopwatch=lambda: float(next(ticks)))
    assert plan.ended_by == "time"
    assert faults(crowd(), plan) == []


def test_no_time_at_all_still_gives_a_plan() -> None:
    plan = plan_patrols(crowd(), seconds=0.0)
    assert faults(crowd(), plan) == []
    assert plan.prize > 0


@given(problems())
@settings(max_examples=60, deadline=None)
def test_every_plan_can_be_kept(problem: Problem) -> None:
    try:
        planned(problem, 40)
    except GisError as error:
        assert "cannot have its break" in str(error)  # noqa: PT017 - the random teams may have too short a duty


@given(problems())
@settings(max_examples=40, deadline=None)
def test_nothing_is_left_out_for_less(problem: Problem) -> None:
    bare = replace(problem, teams=tuple(replace(team, rest=None) for team in problem.teams))

    def worth(stops: tuple[int, ...]) -> tuple[int, float]:
        return sum(bare.stops[i].required or i in bare.pinned for i in stops), sum(bare.stops[i].prize for i in stops)

    for left in planned(bare, 20).left_out:
        if left.reason is Reason.NO_ROOM:
            assert worth((left.stop,)) <= worth(left.displaces)
            assert left.least_extra_s is None or left.least_extra_s > 0


@given(problems(most_stops=5, most_teams=2, breaks=False))
@settings(max_examples=60, deadline=None)
def test_small_problems_are_planned_at_their_best(problem: Problem) -> None:
    plan = planned(problem, 240)
    inside = {i for route in plan.routes for i in route.stops}
    manned = sum(problem.stops[i].required or i in problem.pinned for i in inside)
    most, prize = best_of_all(problem)
    assert manned == most
    assert plan.prize == pytest.approx(prize, abs=1e-6)


@given(st.integers(0, 1000), st.data())
@settings(max_examples=15, deadline=None)
def test_pinned_stops_of_a_plan_stay(seed: int, data: st.DataObject) -> None:
    problem = crowd(15, seed)
    plan = planned(problem, 60)
    pinned = {route.stops[0]: route.team for route in plan.routes if route.stops}
    dropped = frozenset(data.draw(st.sets(st.sampled_from(sorted(set(range(15)) - set(pinned))), max_size=4)))
    again = planned(replace(problem, pinned=pinned, dropped=dropped), 60)
    assert again.unmanned == ()
    for stop, team in pinned.items():
        assert stop in again.routes[team].stops


@pytest.mark.shared
def test_a_public_instance_is_planned_at_its_optimum(shared_data: Path) -> None:
    if not (shared_data / "toptw" / "c101.txt").is_file():
        skip_or_fail("c101.txt is not there")
    from bench.toptw import read

    problem = read(shared_data / "toptw" / "c101.txt", 1)
    assert planned(problem, 2000).prize == 320
