"""Departments as data, who holds which duty, who is away and who substitutes, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem

TODAY = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()  # where the invented town lies
YESTERDAY, TOMORROW = (str(TODAY + dt.timedelta(days=by)) for by in (-1, 1))


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def ids(office: Office) -> dict[str, str]:
    return {p["name"]: p["id"] for p in office.get("/api/v1/people", "adm")["people"]}


def entry(office: Office, code: str, name: str = "han") -> dict[str, Any]:
    book = office.get("/api/v1/address-book", name)["departments"]
    found: dict[str, Any] = next(one for one in book if one["code"] == code)
    return found


def put(office: Office, path: str, body: dict[str, Any], tag: str = '"0"') -> Any:
    return office.client.put(path, json=body, headers=office.headers["adm"] | {"If-Match": tag})


def test_the_book_names_who_is_on_duty_and_who_substitutes(office: Office) -> None:
    people = ids(office)
    assert entry(office, "urban_management")["missing"] == ["leader", "liaison"]
    duties = [
        {"person": people["lea"], "duty": "leader", "starts_on": "2026-01-01"},
        {"person": people["lia"], "duty": "liaison", "starts_on": "2026-01-01"},
        {"person": people["han"], "duty": "liaison", "deputy": True, "starts_on": "2026-01-01", "ends_on": TOMORROW},
        {"person": people["pol"], "duty": "liaison", "deputy": True, "starts_on": "2025-01-01", "ends_on": YESTERDAY},
    ]
    assert put(office, "/api/v1/departments/urban_management/duties", {"duties": duties}, '"1"').status_code == 200
    absence = {"id": str(uuid.uuid4()), "starts_on": YESTERDAY, "ends_on": TOMORROW, "substitute": people["han"]}
    states = [office.client.post("/api/v1/absences", json=absence, headers=office.headers["lia"]).status_code
              for _ in range(2)]  # fmt: skip
    assert states == [201, 200]
    found = entry(office, "urban_management")
    assert found["missing"] == []
    assert [one["name"] for one in found["leader"]] == ["lea"]
    liaison, deputy = found["liaison"]
    assert (liaison["name"], liaison["away"]) == ("lia", {"until": TOMORROW, "substitute": "han"})
    assert (deputy["name"], deputy["deputy"]) == ("han", True)
    assert "email" not in str(found)
    mine = office.get("/api/v1/absences", "lia")
    assert [one["substitute_name"] for one in mine["absences"]] == ["han"]
    assert {one["name"] for one in mine["colleagues"]} == {"han", "lia"}
    assert office.get("/api/v1/absences", "pol")["absences"] == []
    address = f"/api/v1/absences/{absence['id']}"
    assert_problem(office.client.delete(address, headers=office.headers["pol"]), 404)
    assert office.client.delete(address, headers=office.headers["dis"]).status_code == 204
    assert entry(office, "urban_management")["liaison"][0]["away"] is None


def test_absences_that_make_no_sense_are_refused(office: Office) -> None:
    people = ids(office)
    days = {"starts_on": TOMORROW, "ends_on": TOMORROW}
    for wrong, status in (
        ({"substitute": people["lia"]}, 422),
        ({"substitute": str(uuid.uuid4())}, 422),
        ({"ends_on": YESTERDAY}, 422),
        ({"person": people["han"]}, 403),
    ):
        body = {"id": str(uuid.uuid4())} | days | wrong
        assert_problem(office.client.post("/api/v1/absences", json=body, headers=office.headers["lia"]), status)


def test_a_department_that_ended_is_named_and_its_cases_are_dispatched_again(office: Office) -> None:
    case = office.case()
    office.bring(case, "accepted")
    shown = office.client.get("/api/v1/departments/urban_management", headers=office.headers["adm"])
    assert {one["name"] for one in shown.json()["names"]} >= {"综合行政执法局", "城管"}
    assert_problem(office.ask(case, "dis", "take_back", note="too early"), 409)
    names = [
        {"name": "综合行政执法局", "valid_to": YESTERDAY},
        {"name": "城市管理局（已撤）", "valid_from": str(TODAY)},
        {"name": "城管", "alias": True},
    ]
    ended = {"names": names, "valid_to": YESTERDAY, "successor": "market_supervision"}
    address = "/api/v1/departments/urban_management"
    assert_problem(put(office, address, ended | {"successor": "urban_management"}, shown.headers["ETag"]), 422)
    assert put(office, address, ended, shown.headers["ETag"]).status_code == 200
    assert_problem(put(office, address, ended, shown.headers["ETag"]), 412)
    listed = {one["code"]: one for one in office.get("/api/v1/departments", "han")["departments"]}["urban_management"]
    assert (listed["zh"], listed["ended_on"], listed["open_cases"]) == ("城市管理局（已撤）", YESTERDAY, 1)
    assert "take_back" in office.show(case)["allowed_actions"]
    office.do(case, "dis", "take_back", note="the department has ended")
    assert office.get("/api/v1/messages", "han")["messages"][0]["kind"] == "case_taken_back"
    problem = assert_problem(office.ask(case, "dis", "redispatch", department="urban_management"), 422)
    assert problem["errors"][0]["where"] == "body.department"
    assert "ended on" in problem["detail"]
    assert "market_supervision" in problem["detail"]
    again = office.do(case, "dis", "redispatch", department="market_supervision")
    assert (again["state"], again["lead"]) == ("dispatched", "market_supervision")
    notice = {"id": str(uuid.uuid4()), "title": "invented", "to": ["urban_management"]}
    refused = office.client.post("/api/v1/notices", json=notice, headers=office.headers["dis"])
    assert assert_problem(refused, 422)["errors"][0]["where"] == "body.to"


def test_a_department_of_the_city_is_added(office: Office) -> None:
    body = {"names": [{"name": "水利局"}, {"name": "Water", "language": "en"}]}
    assert put(office, "/api/v1/departments/water", body).status_code == 200
    added = {one["code"]: one for one in office.get("/api/v1/departments", "vie")["departments"]}["water"]
    assert (added["zh"], added["en"], added["is_convenor"]) == ("水利局", "Water", False)
    wrong = {"names": [{"name": "x", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}]}
    assert_problem(put(office, "/api/v1/departments/other", wrong), 422)
    assert_problem(office.client.get("/api/v1/departments/nowhere", headers=office.headers["adm"]), 404)
