"""Sealed incidents: who sees them, for how long, and what a report may hold. All data invented."""

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

from api.store.engine import writing
from api.store.models import City, SealedRequest
from api.store.models.base import now
from api.store.spatial import to_element
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem, place

SignIn = Callable[[TestClient, str], Headers]
DAY = "from=2026-11-03&to=2026-11-03"
SEE = f"/api/v1/incidents?{DAY}&purpose=an+invented+inquiry"


def an_incident(**more: Any) -> dict[str, Any]:
    lon, lat = place(20, 220)
    return {
        "id": str(uuid.uuid4()),
        "type": "fight",
        "lon": lon,
        "lat": lat,
        "occurred_from": "2026-11-03T16:20:00+08:00",
    } | more


def ask(client: TestClient, headers: Headers, **more: Any) -> Any:
    body = {
        "id": str(uuid.uuid4()),
        "purpose": "an invented inquiry",
        "first_day": "2026-11-03",
        "last_day": "2026-11-03",
    }
    return client.post("/api/v1/sealed-requests", json=body | more, headers=headers)


def decide(client: TestClient, headers: Headers, identity: str, decision: str = "approve", **more: Any) -> Any:
    body = {"decision": decision} | more
    return client.post(f"/api/v1/sealed-requests/{identity}/decision", json=body, headers=headers)


def test_police_see_detail_and_lists_hold_no_place(client: TestClient, sign_in: SignIn) -> None:
    police = sign_in(client, "pol")
    rows = client.get(SEE, headers=police).json()["incidents"]
    assert len(rows) == 13
    assert {row["serious"] for row in rows} == {True, False}
    assert not any({"lon", "lat", "geometry"} & set(row) for row in rows)
    one = client.get(f"/api/v1/incidents/{rows[0]['id']}?purpose=an+invented+inquiry", headers=police)
    assert {"lon", "lat"} < set(one.json())
    assert one.headers["cache-control"] == "no-store"


def test_a_view_without_a_purpose_is_refused(client: TestClient, sign_in: SignIn) -> None:
    police = sign_in(client, "pol")
    for purpose in ("", "&purpose=", "&purpose=abc", "&purpose=%20%20%20%20%20%20", "&purpose=abcde%00"):
        assert_problem(client.get(f"/api/v1/incidents?{DAY}{purpose}", headers=police), 422)
    for bad in (
        "from=2026-11-04&to=2026-11-03",
        "from=2020-01-01&to=2026-01-01",
        "from=9999-12-31&to=9999-12-31",
        "from=x",
    ):
        assert_problem(client.get(f"/api/v1/incidents?{bad}&purpose=an+invented+inquiry", headers=police), 422)


def test_from_request_to_expiry(client: TestClient, town: Engine, sign_in: SignIn) -> None:
    liaison, leader = sign_in(client, "lia"), sign_in(client, "lea")
    assert_problem(client.get(SEE, headers=liaison), 403)
    asked = ask(client, liaison)
    assert (asked.status_code, asked.json()["status"]) == (201, "requested")
    assert_problem(client.get(SEE, headers=liaison), 403)
    assert_problem(decide(client, liaison, asked.json()["id"]), 403)
    approved = decide(client, leader, asked.json()["id"], hours=2)
    assert approved.json()["status"] == "approved"
    until = dt.datetime.fromisoformat(approved.json()["valid_until"])
    assert dt.timedelta(hours=1.9) < until - now() <= dt.timedelta(hours=2)
    rows = client.get(SEE, headers=liaison).json()["incidents"]
    assert rows
    assert not any(row["serious"] for row in rows), "serious ones are for the police alone"
    assert_problem(client.get(SEE.replace("to=2026-11-03", "to=2026-11-04"), headers=liaison), 403)
    assert_problem(client.get(SEE, headers=sign_in(client, "han")), 403)
    assert_problem(decide(client, leader, asked.json()["id"], "refuse"), 409)
    with writing(town) as session:
        session.execute(sa.update(SealedRequest).values(valid_until=now() - dt.timedelta(seconds=1)))
    assert_problem(client.get(SEE, headers=liaison), 403)
    one = rows[0]["id"]
    assert_problem(client.get(f"/api/v1/incidents/{one}?purpose=an+invented+inquiry", headers=liaison), 404)


def test_pages_of_a_list_do_not_tell_how_many_there_are_that_one_may_not_see(
    client: TestClient, sign_in: SignIn
) -> None:
    liaison = sign_in(client, "lia")
    decide(client, sign_in(client, "lea"), ask(client, liaison).json()["id"])
    address, found, cursors = f"{SEE}&limit=2", [], []
    while address:
        answer = client.get(address, headers=liaison)
        found += [row["id"] for row in answer.json()["incidents"]]
        address = answer.links.get("next", {}).get("url", "")
        cursors += [int(address.rpartition("cursor=")[2])] if address else []
    assert len(found) == len(set(found)) == 9
    assert cursors == [2, 4, 6, 8]  # how many were shown, and nothing of the table


def test_a_request_sent_again_must_say_the_same(client: TestClient, sign_in: SignIn) -> None:
    liaison, identity = sign_in(client, "lia"), str(uuid.uuid4())
    assert ask(client, liaison, id=identity).status_code == 201
    assert ask(client, liaison, id=identity).status_code == 200
    assert_problem(ask(client, liaison, id=identity, last_day="2026-11-30"), 409)


def test_a_serious_incident_is_not_even_known_of(client: TestClient, sign_in: SignIn) -> None:
    leader, liaison, police = (sign_in(client, name) for name in ("lea", "lia", "pol"))
    serious = next(row["id"] for row in client.get(SEE, headers=police).json()["incidents"] if row["serious"])
    decide(client, leader, ask(client, liaison).json()["id"])
    hidden = client.get(f"/api/v1/incidents/{serious}?purpose=an+invented+inquiry", headers=liaison)
    unknown = client.get(f"/api/v1/incidents/{uuid.uuid4()}?purpose=an+invented+inquiry", headers=liaison)
    assert assert_problem(hidden, 404) == assert_problem(unknown, 404)


def test_nobody_decides_on_their_own_request_and_sees_those_of_others(client: TestClient, sign_in: SignIn) -> None:
    leader, liaison, handler = (sign_in(client, name) for name in ("lea", "lia", "han"))
    own = ask(client, leader).json()["id"]
    assert_problem(decide(client, leader, own), 403)
    asked = ask(client, liaison).json()["id"]
    assert {r["id"] for r in client.get("/api/v1/sealed-requests", headers=leader).json()["requests"]} == {own, asked}
    assert client.get("/api/v1/sealed-requests", headers=handler).json()["requests"] == []
    assert_problem(decide(client, leader, str(uuid.uuid4())), 404)
    assert_problem(decide(client, leader, asked, "perhaps"), 422)
    assert_problem(decide(client, leader, asked, hours=1000), 422)


def test_a_report_is_sealed_at_once_and_answered_by_a_receipt(
    client: TestClient, inspector: Headers, sign_in: SignIn
) -> None:
    body = an_incident(note="an invented quarrel", people_count=2, age_band="14 to 15")
    first = client.post("/api/v1/incidents", json=body, headers=inspector)
    assert first.status_code == 201
    assert "quarrel" not in first.text
    again = client.post("/api/v1/incidents", json=body, headers=inspector)
    assert (again.status_code, again.json()["id"]) == (200, body["id"])
    for other in ({"type": "bullying"}, {"note": "another"}, {"people_count": 3}, {"serious": True}):
        assert_problem(client.post("/api/v1/incidents", json=body | other, headers=inspector), 409)
    stranger = client.post("/api/v1/incidents", json=body, headers=sign_in(client, "other"))
    assert "quarrel" not in stranger.text
    assert_problem(stranger, 409)
    assert_problem(client.get(SEE, headers=inspector), 403)
    shown = client.get(
        f"/api/v1/incidents/{body['id']}?purpose=an+invented+inquiry", headers=sign_in(client, "pol")
    ).json()
    assert (shown["note"], shown["people_count"], shown["age_band"]) == ("an invented quarrel", 2, "14 to 15")
    assert shown["minutes_after_dismissal"] == 20
    serious = client.post("/api/v1/incidents", json=an_incident(type="coercion"), headers=inspector)
    assert serious.json()["urgent"] is True


def test_a_report_from_nowhere_or_of_days_to_come_is_refused_in_words(
    client: TestClient, inspector: Headers, town: Engine
) -> None:
    later = (now() + dt.timedelta(days=2)).isoformat()
    soon = (now() + dt.timedelta(hours=20)).isoformat()
    for more, where, words in (
        ({"lon": 0, "lat": 0}, "body.lon", "far outside the city's area"),
        ({"lon": 2.35, "lat": 48.8}, "body.lon", "far outside the city's area"),
        ({"occurred_from": later}, "body.occurred_from", "more than a day ahead"),
        ({"occurred_to": later}, "body.occurred_from", "more than a day ahead"),
    ):
        refused = client.post("/api/v1/incidents?lang=en", json=an_incident(**more), headers=inspector)
        problem = assert_problem(refused, 422)
        assert words in problem["detail"]
        assert problem["errors"][0]["where"] == where
    assert client.post("/api/v1/incidents", json=an_incident(occurred_to=soon), headers=inspector).status_code == 201
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        city.area = to_element(shapely.MultiPolygon([shapely.box(*place(-1000, -1000), *place(1000, 1000))]))
    # just across the boundary is still reported: two kilometres, as many to the east as to the north
    for x, y, status in (
        (1500, 0, 201),
        (2980, 0, 201),
        (3020, 0, 422),
        (0, 2980, 201),
        (0, 3020, 422),
        (9000, 0, 422),
    ):
        lon, lat = place(x, y)
        sent = client.post("/api/v1/incidents", json=an_incident(lon=lon, lat=lat), headers=inspector)
        assert sent.status_code == status, sent.text


def test_there_is_no_field_for_a_student(client: TestClient, inspector: Headers) -> None:
    for field in ("student", "name", "victim_name", "class", "student_number", "photo", "face"):
        assert_problem(
            client.post("/api/v1/incidents", json=an_incident(**{field: "invented"}), headers=inspector), 422
        )
    for bad in (
        {"type": "volcano"},
        {"lon": 620},
        {"occurred_to": "2026-11-03T15:00:00+08:00"},
        {"occurred_from": "2026-11-03T16:00:00"},
        {"people_count": -1},
        {"age_band": "7"},
        {"note": "a\x00b"},
    ):
        assert_problem(client.post("/api/v1/incidents", json=an_incident(**bad), headers=inspector), 422)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("身份证11010519491231002X", ["identity_number"]),
        ("电话 138 0000 0000", ["telephone"]),
        ("+86-13800000000，11010519491231002x", ["identity_number", "telephone"]),
        ("订单110105194912310021", []),
        ("营业执照 91330681MA2XXXXXXX，座机 0575-87000000", []),
        ("213800000000 and 1380000000", []),
    ],
)
def test_numbers_that_name_a_person_are_warned_of(
    client: TestClient, inspector: Headers, text: str, codes: list[str]
) -> None:
    answer = client.post("/api/v1/incidents", json=an_incident(note=text), headers=inspector)
    assert [w["code"] for w in answer.json()["warnings"]] == codes
    lon, lat = place(70, 0)
    hazard = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "note": text}
    logged = client.post("/api/v1/hazards", json=hazard, headers=inspector).json()
    assert [w["code"] for w in logged.get("warnings", [])] == codes
