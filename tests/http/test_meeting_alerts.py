"""Alerts of the week and effects of joint actions at a meeting, on both databases: planted, recomputed, and with nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.briefs.content import brief_of
from api.services.grids import place_in_districts
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import Cell, City, District, Hazard, HazardSchool, School
from api.store.spatial import to_element, to_shape
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import CITY, assert_problem, place
from tests.http.test_meetings import ZONE, set_terms

MOMENT = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 11, 16)


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def plant(engine: Engine, by_week: list[int], x: float = 0.0, y: float = 120.0) -> None:
    """Log hazards in one cell by week, the last one that of 16 November 2026; one a day, from Monday on."""
    lon, lat = place(x, y)
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        cells = session.scalars(sa.select(Cell).where(Cell.city_id == city.id)).all()
        point = shapely.Point(lon, lat)
        cell = next(one for one in cells if to_shape(one.outline).covers(point))
        school = session.scalars(sa.select(School).order_by(School.id)).first()
        assert school is not None
        for back, n in enumerate(reversed(by_week)):
            for number in range(n):
                day = MONDAY - dt.timedelta(weeks=back) + dt.timedelta(days=number % 5)
                hazard = Hazard(
                    city_id=city.id, category="VEN", status="open", cell_id=cell.id, location=to_element(point), name="invented",
                    observed_at=dt.datetime.combine(day, dt.time(16), ZONE), invented=True,
                )  # fmt: skip
                session.add(hazard)
                session.flush()
                session.add(HazardSchool(hazard_id=hazard.id, school_id=school.id, boundary_distance_m=70.0))


def alerts(office: Office, period: str = "2026-W47", name: str = "vie") -> Any:
    return office.get(f"/api/v1/meetings/{period}/alerts", name)


def test_a_spot_is_new_then_lasting_then_gone_and_a_school_departs_from_its_own_history(
    office: Office, town: Engine, settings: Settings
) -> None:
    set_terms(town, ("2026-02-23", "2026-07-03"), ("2026-08-31", "2027-01-22"))
    nothing = alerts(office)
    assert (nothing["week"], nothing["spots"], nothing["trends"], nothing["schools"]) == ("2026-W47", [], [], [])
    plant(town, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 9])
    said = alerts(office)
    spots = [one for one in said["spots"] if one["kind"] == "hazards"]
    assert [one["state"] for one in spots] == ["new"]
    assert "14 new ones in and around the cell" in spots[0]["en"], "the first was logged in the holidays"
    assert "最近 13 个上课周中 1 周为热点" in spots[0]["zh"]
    school = said["schools"]
    assert len(school) == 1
    assert school[0]["numbers"]["observed"] == 9
    with reading(town) as session:  # counted again by other means
        first = session.scalars(sa.select(School).order_by(School.id)).first()
        assert first is not None
        assert school[0]["id"] == str(first.uuid)
        start, end = (dt.datetime.combine(MONDAY + dt.timedelta(days=n), dt.time(), ZONE) for n in (0, 7))
        n = session.scalar(
            sa.select(sa.func.count())
            .select_from(Hazard)
            .join(HazardSchool, HazardSchool.hazard_id == Hazard.id)
            .where(HazardSchool.school_id == first.id, Hazard.observed_at >= start, Hazard.observed_at < end)
        )
        assert n == 9
    # the same in the brief, in both languages, with its map; a viewer's map is drawn
    with reading(town) as session:
        for language, word in (("zh", "新出现的热点"), ("en", "new hot spot")):
            brief = brief_of(session, settings, "2026-W47", CITY, language=language, viewer="", moment=MOMENT)
            texts = {one.key: one for one in brief.paragraphs}
            assert word in texts["alerts_spots"].text
            assert (texts["alerts"].numbers["schools"], texts["alerts"].numbers["spots"]) == (1, said["spots_of"])
            assert "map_alerts" in {getattr(one, "name", "") for one in brief.blocks}
    drawn = office.client.get("/api/v1/meetings/2026-W47/maps/alerts.svg?lang=en", headers=office.headers["vie"])
    assert drawn.status_code == 200
    assert "Schools unlike their own past" in drawn.text
    # the week after, it has calmed down again: the spot is gone
    assert [one["state"] for one in alerts(office, "2026-W48", "dis")["spots"] if one["kind"] == "hazards"] in (
        [],
        ["gone"],
    )


def test_a_spot_lasts_then_grows_and_is_gone_once_it_is_quiet(office: Office, town: Engine) -> None:
    set_terms(town, ("2026-03-02", "2027-01-22"))
    plant(town, [6] * 13 + list(range(7, 20)) + [0])
    for week, state in (("2026-W33", "lasting"), ("2026-W46", "growing"), ("2026-W47", "gone")):
        assert [one["state"] for one in alerts(office, week)["spots"] if one["kind"] == "hazards"] == [state], week


def test_the_category_that_rises_in_a_township_is_said_at_the_meeting(office: Office, town: Engine) -> None:
    set_terms(town, ("2026-03-02", "2027-01-22"))
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        everywhere = to_element(shapely.MultiPolygon([shapely.box(*place(-5_000, -5_000), *place(5_000, 5_000))]))
        drawn = {"code": "330681999", "name": "虚构镇", "name_en": "Invented Town", "boundary": everywhere}
        session.add(District(city_id=city.id, **drawn))
        session.flush()
        place_in_districts(session, city)
    plant(town, [2, 1] * 13 + [12])
    (rise,) = alerts(office)["trends"]
    assert (rise["category"], rise["district"], rise["numbers"]["observed"]) == ("VEN", "330681999", 12)
    assert "11月16日至22日 12 起" in rise["zh"]
    assert "Invented Town" in rise["en"]
    assert alerts(office, "2026-W46")["trends"] == [], "one or two a week are as usual"


def test_alerts_need_school_and_a_whole_week(office: Office, town: Engine) -> None:
    set_terms(town, ("2026-02-23", "2026-07-03"), ("2026-08-31", "2027-01-22"))
    plant(town, [9])
    holidays = alerts(office, "2026-W32")
    assert (holidays["week"], holidays["school_days"], holidays["spots"], holidays["schools"]) == (
        "2026-W32",
        0,
        [],
        [],
    )
    assert alerts(office, "2020-W53")["week"] == "2020-W53", "the week across New Year"
    assert alerts(office, "2020-12")["week"] == "2020-W52", "the last week that ends in the month"
    future = alerts(office, "2199-W01")
    assert (future["week"], future["spots"]) == (None, [])
    assert_problem(office.client.get("/api/v1/meetings/soon/alerts", headers=office.headers["vie"]), 422)
    assert_problem(office.client.get("/api/v1/meetings/2026-W47/effects", headers=office.headers["ins"]), 403)


def test_the_meeting_says_whether_joint_actions_worked(office: Office, town: Engine, settings: Settings) -> None:
    assert office.get("/api/v1/meetings/2026-W47/effects", "vie") == {"of": 0, "actions": []}
    schools = office.get("/api/v1/schools?limit=1", "dis")["features"]
    body = {
        "id": str(uuid.uuid4()), "city": CITY, "title": "虚构行动", "starts_on": "2026-10-12", "ends_on": "2026-10-18",
        "schools": [schools[0]["id"]], "departments": [{"department": "urban_management", "lead": True}],
    }  # fmt: skip
    answer = office.client.post("/api/v1/actions", json=body, headers=office.headers["dis"])
    assert answer.status_code == 201, answer.text
    plant(town, [4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1])
    said = office.get("/api/v1/meetings/2026-W47/effects", "vie")
    one = said["actions"][0]
    assert (said["of"], one["title"], one["running"]) == (1, "虚构行动", False)
    hazards = one["effects"]["hazards"]
    assert (hazards["since"], hazards["after"]["from"], hazards["after"]["to"]) == ("end", "2026-10-19", "2026-11-22")
    assert one["effects"]["incidents"]["basis"] == "groups", "single incidents never reach a meeting"
    own = office.get(f"/api/v1/actions/{body['id']}/effect?weeks=8", "vie")
    assert own["difference"] is None or own["difference"]["zh"]
    # while it runs it is measured from its start; before its first whole week nothing can be said; nothing later is seen
    running = office.get("/api/v1/meetings/2026-W42/effects", "vie")["actions"][0]
    assert (running["running"], running["effects"]["hazards"]["since"]) == (False, "start")
    assert running["effects"]["hazards"]["after"]["to"] == "2026-10-18"
    assert office.get("/api/v1/meetings/2026-W52/effects", "vie")["actions"] == [], "eight weeks later it is history"
    with reading(town) as session:
        for language in ("zh", "en"):
            brief = brief_of(
                session, settings, "2026-W47", CITY, language=language, viewer="", moment=MOMENT, pictures=False
            )
            text = next(p.text for p in brief.paragraphs if p.key == f"effect_{uuid.UUID(body['id']).hex}")
            assert "虚构行动" in text
            for part in ("difference", "displacement"):
                if hazards[part]:
                    assert hazards[part][language] in text
            assert all(warning[language] in text for warning in hazards["warnings"])
