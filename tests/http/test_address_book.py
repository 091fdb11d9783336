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


def change_department(office: Office, code: str, **more: Any) -> Any:
    """Change a department that keeps its names."""
    shown = office.client.get(f"/api/v1/departments/{code}", headers=office.headers["adm"])
    names = [{key: one[key] for key in ("name", "language", "alias")} for one in shown.json()["names"]]
    return put(office, f"/api/v1/departments/{code}", {"names": names} | more, shown.headers["ETag"])


def test_departments_of_a_rule_that_ended_do_not_block_filing(office: Office) -> None:
    first, second, third = (office.case(70, y, category="ENV") for y in (0, 5, 10))
    rule = office.show(first)["rule"]
    lead, assisting = rule["lead"], rule["assisting"]
    gone, *others = assisting
    assert lead != "health"
    assert "health" not in assisting
    assert change_department(office, gone, valid_to=YESTERDAY, successor="health").status_code == 200
    filed = office.do(first, "dis", "file")
    assert sorted(filed["assisting"]) == sorted(["health", *others])
    assert filed["log"][-1]["details"]["ended"] == {gone: "health"}
    typed = assert_problem(office.ask(second, "dis", "file", departments=[gone]), 422)
    assert typed["errors"][0]["where"] == "body.departments"
    assert change_department(office, "health", valid_to=YESTERDAY).status_code == 200
    filed = office.do(second, "dis", "file")
    assert sorted(filed["assisting"]) == sorted(others)
    assert filed["log"][-1]["details"]["ended"] == {gone: None}
    assert change_department(office, lead, valid_to=YESTERDAY, successor="police").status_code == 200
    for case in (third, first):  # one to be filed, one to be dispatched
        action = "file" if case == third else "dispatch"
        problem = assert_problem(office.ask(case, "dis", action), 422)
        assert problem["errors"][0]["where"] == "body.department"
        assert "choose 'police', which took over" in problem["detail"]
        assert office.do(case, "dis", action, department="police")["lead"] == "police"


def test_a_department_works_from_its_first_day_on(office: Office) -> None:
    later = {"names": [{"name": "水利局"}], "valid_from": TOMORROW}
    assert put(office, "/api/v1/departments/water", later).status_code == 200
    case = office.case()
    problem = assert_problem(office.ask(case, "dis", "file", department="water"), 422)
    assert f"begins on {TOMORROW}" in problem["detail"]
    assert change_department(office, "health", valid_to=YESTERDAY, successor="water").status_code == 200
    han = office.person("han")
    moved = office.client.patch(
        f"/api/v1/people/{han['id']}", json={"department": "water"},
        headers=office.headers["adm"] | {"If-Match": f'"{han["version"]}"'},
    )  # fmt: skip
    assert moved.json()["department"] == "water"  # its people are known before its first day
    convening = [one["code"] for one in office.get("/api/v1/departments", "vie")["departments"] if one["is_convenor"]]
    assert len(convening) == 1
    shown = office.client.get(f"/api/v1/departments/{convening[0]}", headers=office.headers["adm"])
    assert change_department(office, convening[0], is_convenor=True).status_code == 200, shown.text
    refused = assert_problem(change_department(office, "water", is_convenor=True), 422)
    assert refused["errors"][0]["where"] == "body.is_convenor"
    assert convening[0] in refused["detail"]
    assert change_department(office, convening[0]).status_code == 200
    assert change_department(office, "water", is_convenor=True, valid_from=None).status_code == 200
    assert change_department(office, "water", is_convenor=True, valid_from=None, valid_to=YESTERDAY).status_code == 200
    assert (
        change_department(office, convening[0], is_convenor=True).status_code == 200
    )  # in place of one that has ended
    now_convening = [
        one["code"] for one in office.get("/api/v1/departments", "vie")["departments"] if one["is_convenor"]
    ]
    assert now_convening == convening


def test_a_rule_names_departments_that_are_and_places_that_there_are(office: Office) -> None:
    rules = office.get("/api/v1/filing-rules", "dis")["filing_rules"]
    rule = next(r for r in rules if (r["category"], r["subtype"]) == ("VEN", ""))
    body = {name: rule[name] for name in rule if name not in {"id", "version", "built_in"}}
    assert change_department(office, "health", valid_to=YESTERDAY, successor="police").status_code == 200
    for wrong, where in (
        ({"place_kind": "district", "place": "999999999"}, "body.place"),
        ({"place_kind": "cell", "place": "nowhere"}, "body.place"),
        ({"place_kind": "school", "place": "nowhere"}, "body.place"),
        ({"place_kind": "school", "place": str(uuid.uuid4())}, "body.place"),
        ({"lead": "health"}, "body.lead"),
        ({"assisting": ["nobody"]}, "body.assisting"),
    ):
        refused = assert_problem(put(office, f"/api/v1/filing-rules/{uuid.uuid4()}", body | wrong), 422)
        assert refused["errors"][0]["where"] == where, wrong
    cell = office.show(office.case())["cell_code"]
    own = body | {"place_kind": "cell", "place": cell, "lead": "police"}
    assert put(office, f"/api/v1/filing-rules/{uuid.uuid4()}", own).status_code == 200
