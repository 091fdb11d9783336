"""Joint actions over HTTP, on both databases: planned, changed, followed, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem, place

ROUND_A = [[list(place(x, y)) for x, y in ((-100, -100), (120, -100), (120, 100), (-100, 100), (-100, -100))]]


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def plan(**more: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid.uuid4()),
        "title": "stalls at dismissal, invented",
        "starts_on": "2026-11-01",
        "ends_on": "2027-03-31",
        "categories": ["VEN"],
        "departments": [
            {"department": "market_supervision", "people": 4, "vehicles": 1},
            {"department": "urban_management", "people": 8, "vehicles": 2, "lead": True},
        ],
        "area": {"type": "Polygon", "coordinates": ROUND_A},
    }
    return {name: value for name, value in (body | more).items() if value is not None}


def test_an_action_is_planned_changed_and_listed(office: Office) -> None:
    body = plan()
    answers = [office.client.post("/api/v1/actions", json=body, headers=office.headers["dis"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    said = answers[0].json()["properties"]
    assert (said["people"], said["vehicles"], said["area_of"], said["version"]) == (12, 3, "outline", 1)
    assert [one["department"] for one in said["departments"] if one["lead"]] == ["urban_management"]
    assert answers[0].json()["geometry"]["type"] == "MultiPolygon"
    assert_problem(
        office.client.post("/api/v1/actions", json=body | {"title": "x"}, headers=office.headers["dis"]), 409
    )
    address = f"/api/v1/actions/{body['id']}"
    change = {"report": "43 stalls moved, invented", "ends_on": "2026-11-20"}
    assert_problem(office.client.patch(address, json=change, headers=office.headers["dis"]), 428)
    match = office.headers["dis"] | {"If-Match": '"1"'}
    changed = office.client.patch(address, json=change, headers=match)
    assert changed.status_code == 200, changed.text
    assert changed.headers["ETag"] == '"2"'
    assert (changed.json()["properties"]["state"], changed.json()["properties"]["ends_on"]) == (
        "reported",
        "2026-11-20",
    )
    assert_problem(office.client.patch(address, json={"cancelled": True}, headers=match), 412)
    listed = office.get("/api/v1/actions?from=2026-11-10&to=2026-11-10", "vie")["features"]
    assert [one["id"] for one in listed] == [body["id"]]
    assert office.get("/api/v1/actions?from=2026-12-01", "vie")["features"] == []
    assert office.get("/api/v1/actions?bbox=0,0,1,1", "vie")["features"] == []
    assert len(office.get("/api/v1/actions?department=market_supervision", "vie")["features"]) == 1
    assert office.get("/api/v1/actions?department=health", "vie")["features"] == []
    second = plan(title="another")
    assert office.client.post("/api/v1/actions", json=second, headers=office.headers["adm"]).status_code == 201
    page = office.client.get("/api/v1/actions?limit=1", headers=office.headers["ins"])
    assert [one["id"] for one in page.json()["features"]] == [second["id"]]
    following = page.headers["Link"].split(";")[0].strip("<>")
    assert [one["id"] for one in office.get(following, "ins")["features"]] == [body["id"]]


def test_an_area_is_made_of_schools_or_cells(office: Office) -> None:
    school = next(
        s for s in office.get("/api/v1/schools", "adm")["features"] if "invented A" in s["properties"]["name"]
    )
    of_school = office.client.post(
        "/api/v1/actions", json=plan(area=None, schools=[school["id"]]), headers=office.headers["dis"]
    )
    assert of_school.status_code == 201, of_school.text
    assert of_school.json()["properties"]["chosen"] == {"schools": [school["id"]]}
    codes = [f["properties"]["code"] for f in office.get("/api/v1/cells?limit=3", "adm")["features"]]
    of_cells = office.client.post("/api/v1/actions", json=plan(area=None, cells=codes), headers=office.headers["dis"])
    assert of_cells.json()["properties"]["area_of"] == "cells"
    for wrong in ({"cells": ["nowhere"]}, {"schools": [str(uuid.uuid4())]}):
        problem = assert_problem(
            office.client.post("/api/v1/actions", json=plan(area=None, **wrong), headers=office.headers["dis"]), 422
        )
        assert problem["errors"][0]["where"] == f"body.{next(iter(wrong))}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"area": None},
        {"cells": ["x"]},
        {"ends_on": "2026-10-01"},
        {"ends_on": "2028-10-01"},
        {"departments": []},
        {"departments": [{"department": "health"}, {"department": "health"}]},
        {"departments": [{"department": "nobody"}]},
        {"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
        {"area": {"type": "Polygon", "coordinates": [[[500, 500], [501, 500], [501, 501], [500, 500]]]}},
        {"area": {"type": "Point", "coordinates": [120, 30]}},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_named(office: Office, wrong: dict[str, Any]) -> None:
    body = plan(**wrong) if wrong.get("area", 0) is not None else plan(area=None)
    problem = assert_problem(office.client.post("/api/v1/actions", json=body, headers=office.headers["dis"]), 422)
    assert problem["errors"]


def test_progress_counts_what_falls_in_the_area_and_the_days(office: Office) -> None:
    body = plan()
    assert office.client.post("/api/v1/actions", json=body, headers=office.headers["dis"]).status_code == 201
    inside, done = office.case(70, 0), office.case(60, 20)
    office.case(250, 90)  # near the other school
    office.case(70, 30, category="ENV")  # of another category
    office.bring(inside, "dispatched")
    office.bring(done, "closed")
    lon, lat = place(75, 5)
    for outcome in ("done", "nothing_found"):
        visit = {"id": str(uuid.uuid4()), "started_at": "2026-11-27T16:00:00+08:00", "lon": lon, "lat": lat}
        answer = office.client.post(
            "/api/v1/inspections", json=visit | {"outcome": outcome}, headers=office.headers["ins"]
        )
        assert answer.status_code == 201, answer.text
    said = office.get(f"/api/v1/actions/{body['id']}/progress", "vie")
    assert said["cases"] == {"cases": 2, "brought_in": 0, "found": 2, "done": 1, "open": 1, "overdue": 0}
    by = {row["department"]: row for row in said["by_department"]}
    assert (by["urban_management"]["done"], by["market_supervision"]["cases"]) == (1, 0)
    assert [row["category"] for row in said["by_category"]] == ["VEN"]
    assert (said["inspections"]["inspections"], said["inspections"]["nothing_found"]) == (2, 1)
    shown = office.get(f"/api/v1/actions/{body['id']}/cases", "han")["features"]
    assert {one["id"] for one in shown} == {inside, done}
    assert office.get(f"/api/v1/actions/{body['id']}/cases", "pol")["features"] == []  # not of their department
    late = plan(starts_on="2027-03-01")
    assert office.client.post("/api/v1/actions", json=late, headers=office.headers["dis"]).status_code == 201
    ahead = office.get(f"/api/v1/actions/{late['id']}/progress", "vie")["cases"]
    assert (ahead["brought_in"], ahead["done"]) == (1, 0)  # the closed one is over before it begins
