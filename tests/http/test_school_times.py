"""Minutes after dismissal follow timetables, the calendar and campuses; groups that may be shown stay as they are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.services.releases import release_anew
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import AuditEntry, City, Incident, IncidentGroup, School
from tests.http.invented_town import CITY, assert_problem, place
from tests.http.test_school_editing import Headers, a_school, square, tag

Found = dict[str, tuple[str | None, int | None, bool]]


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Headers:
    return sign_in(client, "dis")


def incidents(town: Engine) -> Found:
    """Return by key the school (its last letter) that an incident is set against, its minutes, and whether assumed."""
    columns = (Incident.source_key, School.name, Incident.minutes_after_dismissal, Incident.dismissal_assumed)
    with reading(town) as session:
        rows = session.execute(sa.select(*columns).outerjoin(School, School.id == Incident.school_id)).all()
    return {key: (None if name is None else name[-1], minutes, assumed) for key, name, minutes, assumed in rows}


def assert_groups_are_true(town: Engine, before_min: int = 30, after_min: int = 60) -> int:
    """Hold every group against its members, and return how many incidents have a group."""
    with reading(town) as session:
        groups = session.scalars(sa.select(IncidentGroup)).all()
        members = session.scalars(sa.select(Incident).where(Incident.group_id.is_not(None))).all()
        for group in groups:
            inside = [member for member in members if member.group_id == group.id]
            assert len(inside) == group.count >= 3
            assert not any(member.serious for member in inside)
            after = [
                m.minutes_after_dismissal is not None and -before_min <= m.minutes_after_dismissal <= after_min
                for m in inside
            ]
            assert group.after_school is None or set(after) == {group.after_school}
    return len(members)


def groups(town: Engine) -> list[tuple[Any, ...]]:
    """Return everything that is said of the groups, with their ids."""
    with reading(town) as session:
        return [tuple(row) for row in session.execute(sa.select(*sa.inspect(IncidentGroup).columns)).all()]


def school_of(client: TestClient, letter: str) -> str:
    features = client.get("/api/v1/schools").json()["features"]
    return next(str(f["id"]) for f in features if f["properties"]["name"].endswith(letter))


def set_calendar(client: TestClient, office: Headers, days: list[dict[str, Any]]) -> None:
    path = "/api/v1/school-calendar"
    answer = client.put(path, json={"terms": [], "days": days}, headers=office | tag(client, path))
    assert answer.status_code == 200, answer.text


def test_minutes_follow_timetables_and_the_calendar(
    client: TestClient, town: Engine, office: Headers, settings: Settings
) -> None:
    before = incidents(town)
    assert before["c0"] == ("A", 20, True)
    assert before["l1"] == ("B", 20, True)
    assert assert_groups_are_true(town) >= 5  # of the crowded cell; whether three are enough, a secret decides
    shown = groups(town)
    path = f"/api/v1/schools/{school_of(client, 'A')}"
    table = {"dismissals": [{"weekday": 2, "grades": "", "dismissal": "15:30"}]}
    assert client.post(f"{path}/timetable", json=table, headers=office).status_code == 201
    found = incidents(town)
    assert [found[f"c{n}"] for n in range(5)] == [("A", 50 + n, False) for n in range(5)]
    assert found["s1"] == ("A", 51, False)  # what is sealed too
    assert {k: v for k, v in found.items() if v[0] == "B"} == {k: v for k, v in before.items() if v[0] == "B"}
    assert groups(town) == shown

    early = {"dismissals": [{"weekday": 2, "grades": "", "dismissal": "12:00"}]}
    answer = client.patch(f"{path}/timetable", json=early, headers=office | tag(client, f"{path}/timetable"))
    assert answer.status_code == 200, answer.text
    assert incidents(town)["c4"] == ("A", 264, False)
    assert groups(town) == shown

    with writing(town) as session:  # by a command, for a city whose timetables came after its incidents
        city = session.scalars(sa.select(City)).one()
        release_anew(session, city, settings, dt.date(2026, 11, 23))
    assert assert_groups_are_true(town) >= 5
    with reading(town) as session:
        assert session.scalars(sa.select(IncidentGroup.after_school).where(IncidentGroup.count == 5)).all() == [False]
        told = session.execute(
            sa.select(AuditEntry.subject, AuditEntry.after).where(AuditEntry.action == "release")
        ).one()
        assert told.subject == "cities"
        assert CITY in told.after
    shown = groups(town)

    set_calendar(client, office, [{"day": "2026-11-03", "is_school_day": False, "name": "invented holiday"}])
    found = incidents(town)
    assert {found[key][1] for key in found if key not in {"l2"}} == {None}
    assert found["l2"] == ("B", 20, True)
    set_calendar(client, office, [{"day": "2026-11-03", "is_school_day": True, "as_weekday": 5, "name": "as a Friday"}])
    found = incidents(town)
    assert found["c0"] == ("A", None, False)  # its timetable names no Friday
    assert found["x0"] == ("B", 20, True)
    set_calendar(client, office, [])
    assert client.delete(f"{path}/timetable", headers=office | tag(client, f"{path}/timetable")).status_code == 204
    assert incidents(town) == before
    assert groups(town) == shown


def test_minutes_follow_the_nearest_campus(client: TestClient, town: Engine, office: Headers) -> None:
    before = incidents(town)
    school = a_school(500, 20, name="invented C")
    assert client.post("/api/v1/schools", json=school, headers=office).status_code == 201
    path = f"/api/v1/schools/{school['id']}"
    table = {"dismissals": [{"weekday": day, "grades": "", "dismissal": "16:10"} for day in (2, 3)]}
    assert client.post(f"{path}/timetable", json=table, headers=office).status_code == 201
    found = incidents(town)
    assert found["l1"] == found["l2"] == ("C", 10, False)
    assert {k: v for k, v in found.items() if v[0] != "C"} == {k: v for k, v in before.items() if k not in {"l1", "l2"}}
    away = {"campuses": [{"boundary": square(3000, 0)}]}
    answer = client.patch(path, json=away, headers=office | tag(client, path))
    assert answer.status_code == 200, answer.text
    assert incidents(town) == before


def test_the_assumed_dismissal_is_that_of_the_settings(
    town: Engine, settings: Settings, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    early = settings.model_copy(update={"dismissal": "15:00"})
    with TestClient(create_app(early, town), follow_redirects=False) as client:
        lon, lat = place(-120, 20)
        said = {"id": str(uuid.uuid4()), "type": "fight", "lon": lon, "lat": lat, "serious": False}
        said["occurred_from"] = "2026-11-05T15:45:00+08:00"
        headers = sign_in(client, "pol")
        answer = client.post("/api/v1/incidents", json=said, headers=headers)
        assert answer.status_code == 201, answer.text
        with reading(town) as session:
            reported = session.scalar(sa.select(Incident).where(Incident.uuid == uuid.UUID(said["id"])))
            assert reported is not None
            assert (reported.minutes_after_dismissal, reported.dismissal_assumed) == (45, True)
        assert incidents(town)["c0"] == ("A", 20, True)  # what came in before stays until school time is set anew
        set_calendar(client, sign_in(client, "dis"), [])
        assert incidents(town)["c0"] == ("A", 80, True)
        # a batch of the field app takes the same way
        batch = said | {"id": str(uuid.uuid4())}
        answer = client.post("/api/v1/sync", json={"records": [{"kind": "incident", "data": batch}]}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert_problem(client.put("/api/v1/school-calendar", json={"terms": []}, headers=headers), 403)
