"""Whether a joint action worked, and rises offered as drafts, on both databases: with planted effects, and with too few."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.actions.effect import effect
from api.services.grids import place_in_districts
from api.services.notices.trends import trends
from api.services.releases import release_incidents
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import Cell, City, District, Hazard, Incident
from api.store.spatial import to_element, to_shape
from tests.http.case_office import Office, SignIn
from tests.http.invented_town import place

TODAY = dt.date(2026, 11, 27)
START, END = dt.date(2026, 10, 5), dt.date(2026, 10, 11)
WEEKS = 6
ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 27, 4, tzinfo=dt.UTC)


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def plan(office: Office, **more: Any) -> uuid.UUID:
    """Plan an action around school A: west of the middle between both schools."""
    corners = [list(place(x, y)) for x, y in ((-260, -260), (140, -260), (140, 260), (-260, 260), (-260, -260))]
    body = {
        "id": str(uuid.uuid4()), "title": "invented", "starts_on": str(START), "ends_on": str(END), "categories": ["VEN"],
        "departments": [{"department": "police"}], "area": {"type": "Polygon", "coordinates": [corners]},
    } | more  # fmt: skip
    answer = office.client.post("/api/v1/actions", json=body, headers=office.headers["dis"])
    assert answer.status_code == 201, answer.text
    return uuid.UUID(str(body["id"]))


def cells_of_town(engine: Engine) -> tuple[list[Any], int]:
    with reading(engine) as session:
        city = session.scalars(sa.select(City)).one()
        rows = session.execute(sa.select(Cell.lattice_column, Cell.lattice_row, Cell.outline).order_by(Cell.code)).all()
        return [(r[0], r[1], to_shape(r[2]).centroid) for r in rows], city.id


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(16, 10), ZONE)


def weeks() -> list[tuple[dt.date, bool]]:
    """Return the Mondays of the weeks before and after, and whether they lie after."""
    before = [(START - dt.timedelta(weeks=n + 1), False) for n in range(WEEKS)]
    return before + [(END + dt.timedelta(days=1, weeks=n), True) for n in range(WEEKS)]


def test_a_planted_effect_is_found_and_said_with_its_numbers(office: Office, town: Engine, settings: Settings) -> None:
    cells, city = cells_of_town(town)
    action = plan(office)
    west = place(140, 0)[0]
    dice = np.random.default_rng(5)
    with writing(town) as session:
        for _, _, middle in cells:
            treated = middle.x < west
            for monday, after in weeks():
                for n in range(int(dice.poisson(0.6 if treated and after else 3.0))):
                    session.add(
                        Hazard(
                            city_id=city,
                            category="VEN",
                            observed_at=noon(monday + dt.timedelta(days=n % 5)),
                            location=to_element(shapely.Point(middle.x, middle.y)),
                        )
                    )
    with reading(town) as session:
        said = effect(session, settings, action, outcome="hazards", weeks=WEEKS, sealed=False, at=NOW)
    difference = said["difference"]
    assert said["reason"] is None
    assert difference["enough"] is True
    assert 0.1 < difference["numbers"]["ratio"] < 0.35  # planted: 0.2
    assert "fewer than to be expected" in difference["en"]
    assert "少" in difference["zh"]
    assert said["pre_trend"] is not None
    assert said["cells"]["action"] > 0
    assert said["cells"]["compared"] > 0
    assert "inspections in the area before" in said["warnings"][0]["en"]
    over_http = office.get(f"/api/v1/actions/{action}/effect?weeks={WEEKS}", "vie")
    assert over_http["outcome"] == "hazards"


def test_too_few_say_so_and_too_early_too(office: Office, town: Engine, settings: Settings) -> None:
    action = plan(office)
    with reading(town) as session:
        said = effect(session, settings, action, outcome="hazards", weeks=WEEKS, sealed=False, at=NOW)
    few = said["reason"] is not None or not said["difference"]["enough"] or said["difference"] is None
    assert few
    later = plan(office, starts_on="2026-11-20", ends_on="2026-12-20")
    cancelled = plan(office)
    office.client.patch(
        f"/api/v1/actions/{cancelled}", json={"cancelled": True}, headers=office.headers["dis"] | {"If-Match": '"1"'}
    )
    with reading(town) as session:
        for identity, code in ((later, "too_early"), (cancelled, "cancelled")):
            said = effect(session, settings, identity, outcome="hazards", weeks=WEEKS, sealed=False, at=NOW)
            assert said["reason"]["code"] == code


def test_incidents_are_counted_by_released_groups_for_everybody_but_the_police(
    office: Office, town: Engine, settings: Settings
) -> None:
    cells, city = cells_of_town(town)
    action = plan(office)
    dice = np.random.default_rng(6)
    with writing(town) as session:
        for column, row, middle in cells:
            for monday, _ in weeks()[:3] + weeks()[WEEKS : WEEKS + 3]:
                for n in range(int(dice.poisson(7))):
                    moment = noon(monday + dt.timedelta(days=n % 5))
                    session.add(
                        Incident(
                            city_id=city,
                            kind="fight",
                            occurred_from=moment,
                            occurred_to=moment,
                            weekday=moment.isoweekday(),
                            hour=moment.hour,
                            minutes_after_dismissal=10,
                            lattice_column=column,
                            lattice_row=row,
                            location=to_element(shapely.Point(middle.x, middle.y)),
                        )
                    )
        session.flush()
        release_incidents(session, session.scalars(sa.select(City)).one(), settings, TODAY)
    with reading(town) as session:
        exact, groups = (
            effect(session, settings, action, outcome="incidents", weeks=3, sealed=sealed, at=NOW)
            for sealed in (True, False)
        )
    assert (exact["basis"], groups["basis"]) == ("exact", "groups")
    assert exact["displacement"] is not None
    names = ("A0", "A1", "B0", "B1", "C0", "C1")
    counted = (groups["displacement"] or {"numbers": {}})["numbers"]
    shown = [int(counted.get(name) or 0) for name in names]
    assert all(n == 0 or n >= settings.k_anonymity for n in shown)  # every number is a sum of whole groups
    assert sum(shown) <= sum(exact["displacement"]["numbers"][name] for name in names)


def test_a_rise_beyond_the_usual_is_offered_as_a_draft_once(office: Office, town: Engine) -> None:
    monday = dt.date(2026, 11, 16)
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        cell = session.scalars(sa.select(Cell).order_by(Cell.code)).first()
        assert cell is not None
        drawn = {"code": "330681999", "name": "虚构镇", "name_en": "Invented Town", "boundary": cell.outline}
        session.add(District(city_id=city.id, **drawn))
        session.flush()
        place_in_districts(session, city)
        middle = to_shape(cell.outline).centroid
        for week in range(27):
            for n in range(14 if week == 0 else 2):
                day = monday - dt.timedelta(weeks=week) + dt.timedelta(days=n % 5)
                session.add(
                    Hazard(
                        city_id=city.id,
                        category="ENV",
                        cell_id=cell.id,
                        observed_at=noon(day),
                        location=to_element(shapely.Point(middle.x, middle.y)),
                    )
                )
    with reading(town) as session:
        found = trends(session, city_code=None, at=NOW)
    assert found["week"] == "2026-W47"
    (rise,) = found["trends"]
    assert (rise["category"], rise["district"], rise["notice"]) == ("ENV", "330681999", None)
    assert "11月16日至22日 14 起" in rise["text"]["zh"]  # it is written in the week after, and read later still
    assert ": 14 on 16–22 November (" in rise["text"]["en"]
    assert "本周" not in rise["text"]["zh"]
    assert "beyond the usual variation" in rise["text"]["en"]
    assert rise["numbers"]["observed"] == 14
    assert office.get("/api/v1/notices", "adm")["notices"] == []  # nothing is sent by itself
    draft = {"id": str(uuid.uuid4()), "title": rise["title"]["zh"], "draft": True, "category": "ENV",
             "trend": {name: rise[name] for name in ("category", "district", "week")}}  # fmt: skip
    assert office.client.post("/api/v1/notices", json=draft, headers=office.headers["lia"]).status_code == 201
    with reading(town) as session:
        assert trends(session, city_code=None, at=NOW)["trends"][0]["notice"] == draft["id"]
    assert "trends" in office.get("/api/v1/notices/trends", "lia")
