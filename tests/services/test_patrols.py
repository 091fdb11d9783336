"""Patrol plans of the demonstration's made-up schools and incidents, and their files."""

from __future__ import annotations

import datetime as dt
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from icalendar import Calendar
from sqlalchemy.engine import Engine

from api.errors import BadInputError
from api.services import demo
from api.services.patrols.candidates import Candidate
from api.services.patrols.files import write_plan
from api.services.patrols.memory import Memory, with_memory
from api.services.patrols.planning import PatrolPlan, plan_day
from api.services.patrols.requests import PlanRequest, TeamWanted
from api.services.patrols.views import made_document
from api.settings import Settings
from api.store import migrate
from api.store.engine import make_engine, reading, writing
from api.store.models import EscortPost
from tests.commands.test_commands import Campus

DAY = dt.date(2026, 11, 25)
CAR = TeamWanted(mode="car")
WANTED = PlanRequest(DAY, (CAR,) * 3, 15 * 3600 + 1800, 17 * 3600 + 1800, city="330681", exact=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Settings]]:
    settings = Settings(data=tmp_path_factory.mktemp("patrols") / "data")
    engine = make_engine(settings.resolved_database_url)
    migrate.upgrade(engine)
    with writing(engine) as session:
        demo.load(session, settings)
        session.execute(sa.delete(EscortPost))  # those have tests over HTTP; here teams may choose
    yield engine, settings
    engine.dispose()


def planned(town: tuple[Engine, Settings], wanted: PlanRequest = WANTED) -> PatrolPlan:
    engine, settings = town
    with reading(engine) as session:
        return plan_day(session, settings, wanted, iterations=200, seed=4)


def test_every_stay_is_within_duty_and_dismissal(town: tuple[Engine, Settings]) -> None:
    found = planned(town)
    seen: set[int] = set()
    for route in found.plan.routes:
        free_at = WANTED.from_s
        for visit in route.visits:
            assert visit.stop is not None
            stop = found.stops[visit.stop]
            assert visit.stop not in seen
            seen.add(visit.stop)
            assert visit.arrives_s >= free_at
            assert any(first <= visit.starts_s <= last for first, last in stop.windows)
            assert visit.leaves_s - visit.starts_s == stop.stay_s
            assert 12 * 60 <= stop.stay_s <= 16 * 60 or stop.kind == "hazard"
            free_at = visit.leaves_s
        assert route.returns_s <= WANTED.to_s
        assert len(found.ways[route.team]) == (len(route.visits) + 1 if route.visits else 0)
    assert len(seen) > 6
    assert seen | {left.stop for left in found.plan.left_out} == set(range(len(found.stops)))
    assert planned(town).plan.routes == found.plan.routes


def test_the_files_say_the_same_and_count_nothing(town: tuple[Engine, Settings]) -> None:
    found = made_document(planned(town))
    document = json.loads(write_plan(found, "geojson"))
    stops = [one["properties"] for one in document["features"] if one["properties"]["is"] == "stop"]
    assert {one["priority"] for one in stops} <= {"high", "middle", "low"}
    assert not [one for one in document["features"] if {"prize", "count"} & set(one["properties"])]
    root = ET.fromstring(write_plan(found, "gpx"))
    points = root.findall(".//{http://www.topografix.com/GPX/1/1}rtept")
    assert len(points) == len(stops)
    for language, word in (("zh", "第 1 组"), ("en", "Team 1")):
        page = write_plan(found, "html", language).decode()
        assert word in page
        assert "http" not in page.replace("http://www.w3.org", "")
        assert page.count('class="time"') == len(stops)
    events = Calendar.from_ical(write_plan(found, "ics")).walk("VEVENT")
    assert len({str(event["uid"]) for event in events}) == len(stops)
    assert sum(len(event.walk("VALARM")) for event in events) == len({one["team"] for one in stops})


def test_days_hours_and_wishes_that_cannot_be_are_answered_in_words(town: tuple[Engine, Settings]) -> None:
    for change, word in (
        ({"day": dt.date(2026, 11, 28)}, "no school day"),
        ({"from_s": 8 * 3600, "to_s": 9 * 3600}, "no school is left"),
        ({"teams": ()}, "1 to 50 teams"),
        ({"teams": (TeamWanted(mode="boat"),)}, "boat"),
        ({"from_s": 17 * 3600, "to_s": 16 * 3600}, "after its beginning"),
        ({"teams": (TeamWanted(start=(0.0, 0.0)),)}, "depot"),
    ):
        with pytest.raises(BadInputError, match=word):
            planned(town, PlanRequest(**{**WANTED.__dict__, **change}))


def test_the_command_writes_each_kind_and_refuses_the_rest(town: tuple[Engine, Settings], tmp_path: Path) -> None:
    campus = Campus(town[1].data.parent)
    given = ("--date", "2026-11-25", "--teams", "2", "--from", "15:30", "--to", "17:30", "--city", "330681")
    done = campus("patrol", "plan", *given, "--seconds", "1", "--out", str(tmp_path / "plan.html"))
    assert done.returncode == 0, done.stderr
    assert "2 teams at" in done.stdout
    assert (tmp_path / "plan.html").stat().st_size > 3000
    for bad in (("--out", "plan.pdf"), ("--from", "noon"), ("--depot", "somewhere"), ("--date", "2026-13-01")):
        asked = [*given, "--out", str(tmp_path / "no.gpx"), *bad]
        failed = campus("patrol", "plan", *asked)
        assert (failed.returncode, len(failed.stderr.strip().splitlines())) == (2, 1), bad


def test_the_fortnight_before_makes_prizes_fall_and_forgotten_schools_come_first() -> None:
    def gate(name: str, school: int, prize: float) -> Candidate:
        return Candidate(
            "gate", f"gate:{name}", name, name, 120.0, 29.0, 900, ((57_600, 60_000),), prize, school_id=school
        )

    places = [gate("a", 1, 10.0), gate("b", 2, 1.0), gate("b2", 2, 2.0)]
    memory = Memory(starts={"gate:a": [58_000, 59_000]}, unseen_days={1: 1}, planned_days=9)
    found = with_memory(places, memory, PlanRequest(DAY, (CAR,), 57_600, 63_000, every_days=10))
    assert [round(one.prize, 2) for one in found] == [6.4, 1.0, 8.4]  # a fifth less a visit; b gains at its best gate
    assert [one.overdue for one in found] == [False, False, True]
    assert all(abs(first - start) >= 300 for first, _ in found[0].windows[1:] for start in (58_000, 59_000))
    assert found[0].windows == ((57_600, 57_700), (58_300, 58_700), (59_300, 60_000))
    none = with_memory(places, Memory(), PlanRequest(DAY, (CAR,), 57_600, 63_000))
    assert [one.prize for one in none] == [10.0, 1.0, 2.0]
    assert with_memory([], memory, WANTED) == []
