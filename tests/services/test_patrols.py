"""Patrol plans of the demonstration's made-up schools and incidents, and their files."""

from __future__ import annotations

import datetime as dt
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from api.errors import BadInputError
from api.services import demo
from api.services.patrols.files import write_plan
from api.services.patrols.planning import PatrolPlan, PlanRequest, plan_day
from api.settings import Settings
from api.store import migrate
from api.store.engine import make_engine, reading, writing
from tests.commands.test_commands import Campus

DAY = dt.date(2026, 11, 25)
WANTED = PlanRequest(DAY, 3, 15 * 3600 + 1800, 17 * 3600 + 1800, mode="car", city="330681")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Settings]]:
    settings = Settings(data=tmp_path_factory.mktemp("patrols") / "data")
    engine = make_engine(settings.resolved_database_url)
    migrate.upgrade(engine)
    with writing(engine) as session:
        demo.load(session, settings)
    yield engine, settings
    engine.dispose()


def planned(town: tuple[Engine, Settings], wanted: PlanRequest = WANTED) -> PatrolPlan:
    engine, settings = town
    with reading(engine) as session:
        return plan_day(session, settings, wanted, seconds=None, iterations=200, seed=4)


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
            assert 12 * 60 <= stop.stay_s <= 16 * 60
            free_at = visit.leaves_s
        assert route.returns_s <= WANTED.to_s
        assert len(found.legs[route.team]) == (len(route.visits) + 1 if route.visits else 0)
    assert len(seen) > 6
    assert seen | {left.stop for left in found.plan.left_out} == set(range(len(found.stops)))
    assert planned(town).plan.routes == found.plan.routes


def test_the_files_say_the_same_and_count_nothing(town: tuple[Engine, Settings]) -> None:
    found = planned(town)
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


def test_days_hours_and_wishes_that_cannot_be_are_answered_in_words(town: tuple[Engine, Settings]) -> None:
    for change, word in (
        ({"day": dt.date(2026, 11, 28)}, "no school day"),
        ({"from_s": 8 * 3600, "to_s": 9 * 3600}, "no school is left"),
        ({"teams": 0}, "1 to 50 teams"),
        ({"mode": "boat"}, "boat"),
        ({"from_s": 17 * 3600, "to_s": 16 * 3600}, "after its beginning"),
        ({"depot": (0.0, 0.0)}, "depot"),
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
