"""Hazards and inspections over HTTP, on both databases."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading
from api.store.models import Hazard, Inspection
from tests.http.invented_town import GATES, MARKUP, SCHOOLS, assert_problem, campus, place

GEOD = pyproj.Geod(ellps="WGS84")
Headers = dict[str, str]


def count(engine: Engine, model: Any) -> int:
    with reading(engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def a_hazard(x: float, y: float, **more: Any) -> dict[str, Any]:
    lon, lat = place(x, y)
    return {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "name": "invented"} | more


def log(client: TestClient, inspector: Headers, hazard: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/v1/hazards", json=hazard, headers=inspector)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def away_from_campus(lon: float, lat: float, school: str) -> float:
    """Return the distance by brute force: to points 5 mm apart along the boundary; 0 inside."""
    shape = campus(*SCHOOLS[school])
    if shape.covers(shapely.Point(lon, lat)):
        return 0.0
    corners = shapely.get_coordinates(shape)
    steps = np.linspace(0, 1, 20_001)[:, None]
    xy = np.vstack([a + (b - a) * steps for a, b in itertools.pairwise(corners)])
    return float(GEOD.inv(np.full(len(xy), lon), np.full(len(xy), lat), xy[:, 0], xy[:, 1])[2].min())


def assert_ties(feature: dict[str, Any], x: float, y: float) -> None:
    """Hold the schools and distances of an answer against brute force."""
    lon, lat = place(x, y)
    expected = {key: away_from_campus(lon, lat, key) for key in SCHOOLS}
    said = {entry["name"][-1]: entry for entry in feature["properties"]["schools"]}
    assert set(said) == {key for key, away in expected.items() if away <= 200}
    for key, entry in said.items():
        assert entry["boundary_distance_m"] == pytest.approx(expected[key], abs=0.01)
        gates = {name: GEOD.inv(lon, lat, *place(*at))[2] for name, at in GATES.items() if name[0] == key}
        nearest = min(gates, key=lambda name: gates[name])
        assert entry["gate_name"] == nearest
        assert entry["gate_distance_m"] == pytest.approx(gates[nearest], abs=0.01)


def test_where_the_map_is_closed_no_way_leads_to_the_hazards_of_others(
    closed_client: TestClient, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    ins, other, office = (sign_in(closed_client, name) for name in ("ins", "other", "dis"))
    people = closed_client.get("/api/v1/people", headers=office).json()["people"]
    cells = closed_client.get("/api/v1/cells?limit=1000", headers=office).json()["features"]
    address = f"/api/v1/people/{next(p['id'] for p in people if p['name'] == 'other')}/cells"
    match = office | {"If-Match": closed_client.get(address, headers=office).headers["ETag"]}
    codes = [cell["properties"]["code"] for cell in cells]
    assert closed_client.put(address, json={"cells": codes}, headers=match).status_code == 200
    lon, lat = place(70, 0)
    mine, theirs = str(uuid.uuid4()), str(uuid.uuid4())
    for identity, who, said in ((mine, ins, "said by me"), (theirs, other, "said by them")):
        body = {"id": identity, "lon": lon, "lat": lat, "category": "VEN", "note": said, "name": said}
        assert closed_client.post("/api/v1/hazards", json=body, headers=who).status_code == 201
    near = f"/api/v1/hazards/nearby?lon={lon}&lat={lat}&category=VEN"
    edit = {"id": str(uuid.uuid4()), "hazard": mine, "version": 1, "severity": 3}
    records = [{"kind": "hazard_edit", "data": edit | {"hazard": identity}} for identity in (mine, theirs)]
    for path in ("/api/v1/hazards?limit=1000", near, "/api/v1/heatmap", f"/api/v1/hazards/{theirs}"):
        answer = closed_client.get(path, headers=ins)
        assert "said by them" not in answer.text, path
        assert ("said by me" in answer.text) == (answer.status_code == 200), path
        assert "said by them" in closed_client.get(path, headers=other).text, path
    sent = closed_client.post("/api/v1/sync", json={"records": records}, headers=ins)  # an id of one's own edit
    assert [one["state"] for one in sent.json()["answers"]] == ["created", "conflict"]
    assert "said by them" not in sent.text


def test_the_same_hazard_again_creates_nothing(client: TestClient, town: Engine, inspector: Headers) -> None:
    before = count(town, Hazard)
    hazard = a_hazard(70, 0, note=MARKUP)
    first = client.post("/api/v1/hazards", json=hazard, headers=inspector)
    again = client.post("/api/v1/hazards", json=hazard, headers=inspector)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    assert first.headers["content-type"].startswith("application/geo+json")
    assert first.json()["id"] == hazard["id"]
    assert first.json()["properties"]["cell_code"]
    assert count(town, Hazard) == before + 1
    assert client.get(f"/api/v1/hazards/{hazard['id']}").json() == first.json()


@pytest.mark.parametrize("change", [{"category": "TRF"}, {"lon": 120.2405}])
def test_a_contradiction_is_refused(
    client: TestClient, town: Engine, inspector: Headers, change: dict[str, Any]
) -> None:
    hazard = a_hazard(70, 0)
    stored = log(client, inspector, hazard)
    assert_problem(client.post("/api/v1/hazards", json=hazard | change, headers=inspector), 409)
    assert client.get(f"/api/v1/hazards/{hazard['id']}").json() == stored


def test_a_change_needs_the_etag_of_what_was_read(client: TestClient, inspector: Headers) -> None:
    address = f"/api/v1/hazards/{log(client, inspector, a_hazard(70, 0))['id']}"
    change = {"note": "one", "severity": 3}
    assert_problem(client.patch(address, json=change, headers=inspector), 428)
    for stale in ('"7"', 'W/"7"', "*x", '"-1"', '"٣"', '"²"', "9" * 30):
        header = {name: value.encode() for name, value in (inspector | {"If-Match": stale}).items()}
        assert_problem(client.patch(address, json=change, headers=header), 412)
    weak = {"If-Match": 'W/"1"'}  # as a server in front makes it, when it compresses
    changed = client.patch(address, json=change, headers=inspector | weak)
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert (changed.json()["properties"]["note"], changed.json()["properties"]["severity"]) == ("one", 3)
    assert_problem(client.patch(address, json={"note": "two"}, headers=inspector | {"If-Match": '"1"'}), 412)
    assert client.get(address).json() == changed.json()
    nobodys = f"/api/v1/hazards/{uuid.UUID(int=1)}"
    assert_problem(client.patch(nobodys, json=change, headers=inspector | {"If-Match": '"1"'}), 404)


def test_distances_are_those_of_where_the_hazard_lies_now(client: TestClient, inspector: Headers) -> None:
    hazard = log(client, inspector, a_hazard(70, 3))
    assert_ties(hazard, 70, 3)
    address = f"/api/v1/hazards/{hazard['id']}"
    for version, (x, y) in enumerate([(155.0, -20.0), (300.0, 10.0), (0.0, 900.0), (-70.0, 80.0)], start=1):
        lon, lat = place(x, y)
        moved = client.patch(address, json={"lon": lon, "lat": lat}, headers=inspector | {"If-Match": f'"{version}"'})
        assert moved.status_code == 200, moved.text
        assert_ties(moved.json(), x, y)
        assert client.get(address).json() == moved.json()
        assert (moved.json()["properties"]["cell_code"] is None) == (y == 900)


def test_another_category_does_not_keep_a_subtype_of_the_old_one(client: TestClient, inspector: Headers) -> None:
    hazard = log(client, inspector, a_hazard(70, 0, subtype="food_stall"))
    changed = client.patch(
        f"/api/v1/hazards/{hazard['id']}", json={"category": "TRF"}, headers=inspector | {"If-Match": '"1"'}
    )
    assert changed.status_code == 200
    assert (changed.json()["properties"]["category"], changed.json()["properties"]["subtype"]) == ("TRF", "")


def test_a_bad_subtype_is_named(client: TestClient, inspector: Headers) -> None:
    body = assert_problem(
        client.post("/api/v1/hazards", json=a_hazard(70, 0, subtype="volcano"), headers=inspector), 422
    )
    assert body["errors"][0]["where"] == "body.subtype"
    assert "food_stall" in body["errors"][0]["what"]


BAD = {
    "NaN": '{"id": ID, "lon": NaN, "lat": 29.7, "category": "VEN"}',
    "infinity": '{"id": ID, "lon": 120.2, "lat": Infinity, "category": "VEN"}',
    "1e999": '{"id": ID, "lon": 1e999, "lat": 29.7, "category": "VEN"}',
    "not on Earth": '{"id": ID, "lon": 620.2, "lat": 29.7, "category": "VEN"}',
    "swapped": '{"id": ID, "lon": 29.7, "lat": 120.2, "category": "VEN"}',
    "NUL in the name": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "name": "a\\u0000b"}',
    "NUL in the subtype": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "subtype": "a\\u0000b"}',
    "NUL in the category": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "V\\u0000"}',
    "half a character": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "name": "\\ud800"}',
    "half a character in the category": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "\\ud800"}',
    "half a character as a field": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "\\ud800": 1}',
    "extra field": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "colour": "red"}',
    "unknown category": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "volcano"}',
    "severity": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "severity": 4}',
    "no UUID": '{"id": "7", "lon": 120.2, "lat": 29.7, "category": "VEN"}',
    "time without a zone": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "observed_at": "2026-11-03T16:00"}',
    "year 1": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "observed_at": "0001-01-01T00:00:00+14:00"}',
    "long name": '{"id": ID, "lon": 120.2, "lat": 29.7, "category": "VEN", "name": "' + "x" * 201 + '"}',
    "not JSON": "{",
    "a list": "[]",
    "nothing": "",
    "deep": "[" * 100_000,
}


def test_what_cannot_be_a_hazard_is_refused_and_said_why(client: TestClient, town: Engine, inspector: Headers) -> None:
    before = count(town, Hazard)
    headers = inspector | {"Content-Type": "application/json"}
    for what, text in BAD.items():
        answer = client.post("/api/v1/hazards", content=text.replace("ID", f'"{uuid.uuid4()}"'), headers=headers)
        body = assert_problem(answer, 422 if what != "deep" else answer.status_code)
        assert answer.status_code in {400, 422}, what
        if answer.status_code == 422:
            assert all(error["where"] and error["what"] for error in body["errors"]), what
    assert count(town, Hazard) == before


def test_bad_changes_are_refused(client: TestClient, inspector: Headers) -> None:
    hazard = log(client, inspector, a_hazard(70, 0))
    address = f"/api/v1/hazards/{hazard['id']}"
    for change in (
        {"lon": 120.2},
        {"lon": 120.2, "lat": None},
        {"lon": 181, "lat": 0},
        {"subtype": "volcano"},
        {"status": "eaten"},
        {"note": "a\x00b"},
        {"subtype": "\x00"},
        {"version": 7},
    ):
        body = assert_problem(client.patch(address, json=change, headers=inspector | {"If-Match": '"1"'}), 422)
        assert body["errors"], change
    assert client.get(address).json() == hazard


def test_places_at_the_ends_of_the_earth_are_no_reason_to_break(client: TestClient, inspector: Headers) -> None:
    for lon, lat in ((0, 90), (180, 0), (-180, -90), (-60, 0), (30.24, 0)):
        body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
        answer = client.post("/api/v1/hazards", json=body, headers=inspector)
        assert answer.status_code in {201, 422}, answer.text
        if answer.status_code == 201:
            assert answer.json()["properties"]["schools"] == []
        near = {"lon": lon, "lat": lat, "category": "VEN", "within_m": 1000}
        assert client.get("/api/v1/hazards/nearby", params=near).status_code == 200


def test_hazards_nearby_come_nearest_first_and_are_open_and_of_the_category(
    client: TestClient, inspector: Headers
) -> None:
    lon, lat = place(700, 700)
    near = log(client, inspector, a_hazard(710, 700))
    far = log(client, inspector, a_hazard(700, 660))
    log(client, inspector, a_hazard(700, 702, category="TRF"))
    log(client, inspector, a_hazard(700, 760))
    gone = log(client, inspector, a_hazard(701, 700))
    closing = inspector | {"If-Match": '"1"'}
    assert client.patch(f"/api/v1/hazards/{gone['id']}", json={"status": "gone"}, headers=closing).status_code == 200
    found = client.get("/api/v1/hazards/nearby", params={"lon": lon, "lat": lat, "category": "摊贩"}).json()["features"]
    assert [f["id"] for f in found] == [near["id"], far["id"]]
    assert found[0]["properties"]["distance_m"] == pytest.approx(GEOD.inv(lon, lat, *place(710, 700))[2], abs=0.01)


def test_hazards_of_a_school_come_with_their_distances(client: TestClient) -> None:
    schools = client.get("/api/v1/schools").json()["features"]
    identity = next(s for s in schools if s["properties"]["name"].endswith("A"))
    school = identity["properties"].get("uuid") or identity["id"]
    found = client.get("/api/v1/hazards", params={"school": school}).json()["features"]
    assert {f["properties"]["name"][-1] for f in found} == {"1", "2", "3"}
    for feature in found:
        lon, lat = feature["geometry"]["coordinates"]
        expected = away_from_campus(lon, lat, "A")
        assert feature["properties"]["boundary_distance_m"] == pytest.approx(expected, abs=0.02)


def an_inspection(**more: Any) -> dict[str, Any]:
    lon, lat = place(0, 0)
    return {"id": str(uuid.uuid4()), "started_at": "2026-11-03T16:00:00+08:00", "lon": lon, "lat": lat} | more


def test_an_inspection_is_logged_once_and_listed_for_whom_it_is(
    client: TestClient, town: Engine, inspector: Headers, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    hazard = log(client, inspector, a_hazard(70, 0))
    school = hazard["properties"]["schools"][0]["uuid"]
    inspection = an_inspection(school=school, hazard=hazard["id"], answers={"是否占道": True, "count": 3})
    first = client.post("/api/v1/inspections", json=inspection, headers=inspector)
    again = client.post("/api/v1/inspections", json=inspection, headers=inspector)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["school"], first.json()["hazard"]) == (school, hazard["id"])
    assert first.json()["answers"] == inspection["answers"]
    assert count(town, Inspection) == 1
    other = sign_in(client, "other")
    theirs = an_inspection()
    assert client.post("/api/v1/inspections", json=theirs, headers=other).status_code == 201

    def listed(headers: Headers) -> list[str]:
        return [row["id"] for row in client.get("/api/v1/inspections", headers=headers).json()["inspections"]]

    assert listed(inspector) == [inspection["id"]]
    assert listed(other) == [theirs["id"]]
    assert listed(sign_in(client, "dis")) == [inspection["id"], theirs["id"]]


def test_bad_inspections_are_refused(client: TestClient, town: Engine, inspector: Headers) -> None:
    for more in (
        {"ended_at": "2026-11-03T15:00:00+08:00"},
        {"lat": None},
        {"school": str(uuid.UUID(int=1))},
        {"hazard": str(uuid.UUID(int=1))},
        {"lon": None, "lat": None},
        {"outcome": "eaten"},
        {"note": "a\x00b"},
        {"colour": "red"},
        {"answers": {"a\x00": 1}},
        {"answers": {"a": {"b": ["\x00"]}}},
        {"answers": {"a": float("nan")}},
        {"answers": {"a": "\ud800"}},
        {"started_at": "2026-11-03T16:00:00"},
    ):
        body = json_with_oddities(an_inspection(**more))
        headers = inspector | {"Content-Type": "application/json"}
        assert_problem(client.post("/api/v1/inspections", content=body, headers=headers), 422)
    assert count(town, Inspection) == 0


def json_with_oddities(value: Any) -> str:
    """Return JSON as a careless client writes it: with NaN, and with halves of characters."""
    import json

    return json.dumps(value, ensure_ascii=True, allow_nan=True)


def test_an_inspection_of_somebody_else_is_not_given_out(
    client: TestClient, inspector: Headers, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    inspection = an_inspection(note="invented, and not for others")
    assert client.post("/api/v1/inspections", json=inspection, headers=inspector).status_code == 201
    answer = client.post(
        "/api/v1/inspections", json=an_inspection(id=inspection["id"]), headers=sign_in(client, "other")
    )
    assert "not for others" not in answer.text
    assert_problem(answer, 409)
