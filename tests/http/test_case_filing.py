"""What cases go by, and what is counted of them: filing rules, the working calendar, recurrence, lists, indicators."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import writing
from api.store.models import Case
from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem, place
from tests.photos_sent import two_colours, written


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_a_case_tells_nobody_of_a_hazard_they_may_not_see(closed_client: TestClient, sign_in: SignIn) -> None:
    office = Office(closed_client, sign_in)
    people = {p["name"]: p["id"] for p in office.get("/api/v1/people", "adm")["people"]}
    cells = [f["properties"]["code"] for f in office.get("/api/v1/cells?limit=1000", "adm")["features"]]
    address = f"/api/v1/people/{people['other']}/cells"
    dispatcher = office.headers["dis"]
    match = dispatcher | {"If-Match": closed_client.get(address, headers=dispatcher).headers["ETag"]}
    assert closed_client.put(address, json={"cells": cells}, headers=match).status_code == 200
    lon, lat = place(0, 900)
    hidden = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    assert closed_client.post("/api/v1/hazards", json=hidden, headers=office.headers["other"]).status_code == 201
    body = {"id": str(uuid.uuid4()), "hazard": hidden["id"]}
    assert_problem(closed_client.post("/api/v1/cases", json=body, headers=office.headers["ins"]), 404)


def test_a_rule_may_ask_for_a_photo_before_closing(office: Office) -> None:
    rule = next(
        r
        for r in office.get("/api/v1/filing-rules", "dis")["filing_rules"]
        if (r["category"], r["subtype"]) == ("VEN", "")
    )
    body = {n: rule[n] for n in rule if n not in {"id", "version", "built_in"}} | {"close_needs_photo": True}
    address = f"/api/v1/filing-rules/{rule['id']}"
    assert office.client.put(address, json=body, headers=office.headers["dis"] | {"If-Match": '"0"'}).status_code == 200
    hazard = office.hazard()
    found = office.case_of(hazard)
    assert found is not None
    photos = f"/api/v1/hazards/{hazard}/photos"

    def send(**more: str) -> Any:
        form = {"data": {"id": str(uuid.uuid4())} | more, "files": {"file": ("invented.jpg", written(two_colours()))}}
        return office.client.post(photos, **form, headers=office.headers["han"])

    assert_problem(send(), 403)  # not theirs yet
    office.bring(found["id"], "awaiting_check")
    may = {name: office.show(found["id"], name)["may_add_photo"] for name in ("han", "ins", "dis", "lia")}
    assert may == {"han": True, "ins": True, "dis": True, "lia": False}  # as the server takes them
    refused = assert_problem(office.ask(found["id"], "ins", "pass", note="gone"), 409)["detail"]
    assert refused.startswith("by its filing rule the case needs a photo")
    earlier = dt.datetime.fromisoformat(office.show(found["id"])["filed_at"]) - dt.timedelta(minutes=5)
    assert send(taken_at=earlier.isoformat()).status_code == 201  # it was late, and shows how it was before
    assert "clock is right" in assert_problem(office.ask(found["id"], "ins", "pass", note="gone"), 409)["detail"]
    assert send().status_code == 201
    assert office.do(found["id"], "ins", "pass", note="gone")["state"] == "closed"


def test_a_hazard_near_a_closed_case_is_its_recurrence(office: Office, town: Engine) -> None:
    first = office.case(70, 0)
    office.bring(first, "closed")
    assert office.show(office.case(100, 0))["recurrence_of"] == first
    assert office.show(office.case(100, 0, category="ENV"))["recurrence_of"] is None
    assert office.show(office.case(-90, 0))["recurrence_of"] is None  # 160 m away
    said = office.show(first)
    again = office.show(said["recurrences"][0])
    assert len(said["recurrences"]) == 1
    assert said["numbers"][said["recurrences"][0]] == again["number"]
    assert again["numbers"] == {first: said["number"]}
    assert again["log"][0]["details"] == {"recurrence_of": first}
    with writing(town) as session:  # as if it had been closed two months ago
        case = session.scalars(sa.select(Case).where(Case.uuid == uuid.UUID(first))).one()
        assert case.closed_at is not None
        case.closed_at -= dt.timedelta(days=60)
    assert office.show(office.case(100, 0))["recurrence_of"] is None


def test_what_was_void_or_not_filed_has_not_come_back(office: Office) -> None:
    first = office.case(70, 0)
    office.bring(first, "closed")
    day = office.show(first)["closed_at"][:10]
    around = [(dt.date.fromisoformat(day) + dt.timedelta(days=by)).isoformat() for by in (-1, 1)]

    def recurred() -> int:
        said = office.get(f"/api/v1/cases/indicators?from={around[0]}&to={around[1]}", "dis")
        assert "void or merged apart" in next(one for one in said["definitions"] if one["code"] == "recurred")["en"]
        return int(said["total"]["counts"]["recurred"])

    again, once_more = office.case(75, 0), office.case(75, 5)
    assert [office.show(one)["recurrence_of"] for one in (again, once_more)] == [first, first]
    assert recurred() == 1
    office.do(again, "dis", "void", note="a mistake")
    office.do(once_more, "dis", "reject", note="nothing there")
    assert recurred() == 0


def test_a_rule_that_changes_changes_no_case(office: Office) -> None:
    case = office.case(subtype="food_stall")
    before = office.show(case)["rule"]
    rules = office.get("/api/v1/filing-rules", "dis")["filing_rules"]
    rule = next(r for r in rules if (r["category"], r["subtype"]) == ("VEN", ""))
    assert rule["built_in"]
    body = {n: rule[n] for n in rule if n not in {"id", "version", "built_in"}} | {"lead": "market_supervision"}
    address = f"/api/v1/filing-rules/{rule['id']}"
    admin = office.headers["adm"]
    assert_problem(office.client.put(address, json=body, headers=admin), 428)
    answer = office.client.put(address, json=body, headers=admin | {"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["ETag"], answer.json()["built_in"]) == (200, '"1"', False)
    assert_problem(office.client.put(address, json=body, headers=admin | {"If-Match": '"0"'}), 412)
    assert office.show(case)["rule"] == before
    assert office.show(office.case(60, 0))["lead"] == "market_supervision"
    school = office.get("/api/v1/schools", "dis")["features"][0]["id"]
    at_school = body | {"place_kind": "school", "place": school, "lead": "police", "subtype": "food_stall"}
    own = f"/api/v1/filing-rules/{uuid.uuid4()}"
    assert office.client.put(own, json=at_school, headers=admin | {"If-Match": '"0"'}).status_code == 200
    clash = f"/api/v1/filing-rules/{uuid.uuid4()}"
    assert_problem(office.client.put(clash, json=at_school, headers=admin | {"If-Match": '"0"'}), 409)
    assert_problem(office.client.put(own, json=at_school | {"lead": "x"}, headers=admin | {"If-Match": '"1"'}), 422)
    near = office.show(office.case(0, 60, subtype="food_stall"))
    assert near["lead"] == ("police" if near["school"]["id"] == school else "market_supervision")
    assert office.client.delete(address, headers=admin | {"If-Match": '"1"'}).status_code == 204
    assert office.show(office.case(55, 0))["lead"] == "urban_management"


def test_the_working_calendar_is_read_replaced_and_moves_open_cases(office: Office) -> None:
    address = "/api/v1/working-calendar/2026"
    year = office.client.get(address, headers=office.headers["dis"])
    assert year.headers["ETag"] == '"0"'
    body = year.json()
    assert body["confirmed"]
    assert {"day": "2026-10-10", "working": True, "name": "国庆节调休上班"} in body["days"]
    assert not office.get("/api/v1/working-calendar/2027", "dis")["confirmed"]
    case = office.case()
    before = office.bring(case, "filed")
    new = {name: body[name] for name in ("hours", "days", "source")} | {"confirmed": True}
    received = at(before["due_at"]).astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    new["days"] = [day for day in new["days"] if day["day"] != received.isoformat()]
    new["days"].append({"day": received.isoformat(), "working": False, "name": "invented"})
    if received.year == 2026:
        answer = office.client.put(address, json=new, headers=office.headers["dis"] | {"If-Match": '"0"'})
        assert answer.status_code == 200, answer.text
        assert answer.json()["cases_moved"] >= 1
        moved = office.show(case)
        assert at(moved["due_at"]) > at(before["due_at"])
        assert moved["log"][-1]["action"] == "calendar"
        assert at(moved["log"][-1]["details"]["was"]["due_at"]) == at(before["due_at"])
        assert_problem(office.client.put(address, json=new, headers=office.headers["dis"] | {"If-Match": '"0"'}), 412)
    twice = new | {"days": [new["days"][-1], new["days"][-1]]}
    refused = office.client.put(address, json=twice, headers=office.headers["dis"] | {"If-Match": '"1"'})
    assert assert_problem(refused, 422)["detail"] == f"{received} stands twice in the calendar"
    bad = new | {"hours": [{"start": "10:00", "end": "09:00"}]}
    assert_problem(office.client.put(address, json=bad, headers=office.headers["dis"] | {"If-Match": '"1"'}), 422)


def test_lists_have_a_box_pages_and_filters(office: Office) -> None:
    made = [office.case(70 + 20 * n, 0) for n in range(3)]
    first = office.client.get("/api/v1/cases?limit=2", headers=office.headers["dis"])
    assert first.headers["content-type"].startswith("application/geo+json")
    assert [f["id"] for f in first.json()["features"]] == made[:2]
    assert 'rel="next"' in first.headers["Link"]
    following = first.headers["Link"].split(">")[0].removeprefix("<")
    assert [f["id"] for f in office.client.get(following, headers=office.headers["dis"]).json()["features"]] == made[2:]
    lon, lat = place(80, 0)
    box = f"{lon},{lat - 0.001},{lon + 0.01},{lat + 0.001}"
    assert {f["id"] for f in office.get(f"/api/v1/cases?bbox={box}", "dis")["features"]} == set(made[1:])
    office.bring(made[0], "filed")
    assert [f["id"] for f in office.get("/api/v1/cases?state=filed", "dis")["features"]] == made[:1]
    assert office.get("/api/v1/cases?department=urban_management", "dis")["features"][0]["id"] == made[0]
    assert office.get("/api/v1/cases?overdue=true&category=VEN", "dis")["features"] == []


def test_overdue_and_late_steps_are_seen(office: Office, town: Engine) -> None:
    case = office.case()
    office.bring(case, "dispatched")
    with writing(town) as session:
        row = session.scalars(sa.select(Case).where(Case.uuid == uuid.UUID(case))).one()
        assert row.step_due_at is not None
        row.step_due_at -= dt.timedelta(days=30)
        row.queue_at = row.step_due_at  # where it stands in the queues goes with it
    assert office.show(case)["overdue"]
    assert [f["id"] for f in office.get("/api/v1/cases?overdue=true", "dis")["features"]] == [case]
    assert office.do(case, "han", "accept")["log"][-1]["late"]
    assert not office.show(case)["overdue"]


def test_indicators_count_what_their_definitions_say(office: Office, town: Engine) -> None:
    cases = [office.case(70, n) for n in range(6)]
    for case in cases[:4]:
        office.bring(case, "closed")
    office.bring(cases[4], "dispatched")
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8)))
    with writing(town) as session:
        for n, case in enumerate(cases[:5]):
            row = session.scalars(sa.select(Case).where(Case.uuid == uuid.UUID(case))).one()
            moment = row.closed_at or row.filed_at
            assert moment is not None
            row.due_at = moment - dt.timedelta(seconds=1) if n in {0, 4} else moment
    day = today.date().isoformat()
    said = office.get(f"/api/v1/cases/indicators?from={day}&to={day}&by=department", "dis")
    total = said["total"]
    assert total["counts"] == {
        "accepted": 6, "filed": 5, "due": 5, "closed": 4, "on_time": 3, "overdue": 1, "closed_in_period": 4,
        "reworked": 0, "recurred": 0,
    }  # fmt: skip
    assert total["rates"]["closing"] == {"n": 4, "N": 5, "rate": 0.8}
    assert total["rates"]["on_time"] == {"n": 3, "N": 5, "rate": 0.6}
    assert total["rates"]["rework"] == {"n": 0, "N": 4, "rate": None}  # fewer than five: no percentage
    assert total["top_types"] == [{"category": "VEN", "subtype": "", "count": 6}]
    late = f"/api/v1/cases/indicators/cases?from={day}&to={day}&figure=overdue"
    assert [one["id"] for one in office.get(late, "dis")["features"]] == [cases[4]]
    assert office.get(f"{late}&department=health", "dis")["features"] == []
    assert office.get(late, "pol")["features"] == []  # not a case that they may open
    for figure, n in total["counts"].items():  # what is counted is what is listed
        listed = office.get(f"/api/v1/cases/indicators/cases?from={day}&to={day}&figure={figure}", "dis")
        assert len(listed["features"]) == n, figure
    assert [(group["key"], group["counts"]["accepted"]) for group in said["groups"]] == [
        ("urban_management", 6),  # by the rule until it is filed
    ]  # fmt: skip
    assert {entry["code"] for entry in said["definitions"]} >= set(total["counts"])
    for by in ("district", "school", "category"):
        office.get(f"/api/v1/cases/indicators?from={day}&to={day}&by={by}", "vie")
    file = office.client.get(
        f"/api/v1/cases/indicators.xlsx?from={day}&to={day}&by=department&lang=zh", headers=office.headers["vie"]
    )
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_name("指标").to_python()
    assert sheet[0][:4] == ["分组", "受理", "立案", "应结案"]
    assert sheet[1][:4] == ["合计", 6, 5, 5]
    assert sheet[1][sheet[0].index("结案率")] == 0.8
    assert sheet[1][sheet[0].index("返工率")] == ""  # fewer than five
    meanings = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_name("说明").to_python()
    assert meanings[0] == ["指标", "说明"]
    assert [one[0] for one in meanings[3:]] == [*sheet[0][1:10], *(head for head in sheet[0] if head.endswith("率"))]
    assert ["结案率", "已结案 ÷ 应结案"] in meanings
    backwards = office.client.get(
        "/api/v1/cases/indicators?from=2026-02-01&to=2026-01-01", headers=office.headers["dis"]
    )
    assert_problem(backwards, 422)
    assert_problem(
        office.client.get("/api/v1/cases/indicators?from=0001-01-01&to=9999-12-31", headers=office.headers["dis"]), 422
    )


def test_what_is_gone_missing_or_past_is_named_and_nothing_is_stuck(office: Office, town: Engine) -> None:
    dispatcher = office.headers["dis"]
    rule = office.get("/api/v1/filing-rules", "dis")["filing_rules"][0]
    body = {n: rule[n] for n in rule if n not in {"id", "version", "built_in"}}
    address = f"/api/v1/filing-rules/{rule['id']}"

    def put(**more: Any) -> Any:
        sent = {name: value for name, value in (body | more).items() if value is not None}
        return office.client.put(address, json=sent, headers=dispatcher | {"If-Match": '"0"'})

    # a rule without a department, or with one that there is not
    assert "lead" in str(assert_problem(put(lead=None), 422)["errors"])
    assert "ministry" in assert_problem(put(lead="ministry"), 422)["detail"]
    assert "ministry" in assert_problem(put(assisting=["ministry"]), 422)["detail"]
    assert_problem(put(place_kind="school"), 422)  # a kind of place, and no place
    # limits that nobody could keep
    nothing, longer = {"amount": 0, "unit": "hours"}, {"amount": 40, "unit": "working_days"}
    refused = assert_problem(put(limits=body["limits"] | {"check": nothing}), 422)
    assert refused["detail"] == "a limit of nothing makes every case late at once; give each step some time"
    refused = assert_problem(put(limits=body["limits"] | {"handle": longer, "overall": longer | {"amount": 39}}), 422)
    assert refused["detail"] == "the limit of the whole case is shorter than that of handling"
    # the department of a proposed case was taken away meanwhile: the dispatcher hears which, and names another
    case = office.case()
    with writing(town) as session:
        row = session.scalars(sa.select(Case).where(Case.uuid == uuid.UUID(case))).one()
        row.rule, row.lead_id = {**row.rule, "lead": "gone"}, None
    assert office.show(case)["lead"] == "gone"
    assert queue_of(office, "new") == [case]
    assert "gone" in assert_problem(office.ask(case, "dis", "file"), 422)["detail"]
    assert office.show(case)["state"] == "reported"
    # a limit of nothing is a deadline that has passed when the step begins: late, and still worked on
    limits = {"handle": {"amount": 0, "unit": "hours"}, "accept": {"amount": 0, "unit": "working_hours"}}
    assert_problem(office.ask(case, "dis", "file", limits={"handle": {"amount": -1, "unit": "hours"}}), 422)
    assert_problem(office.ask(case, "dis", "file", limits={"handle": {"amount": 1.5, "unit": "days"}}), 422)
    office.do(case, "dis", "file", department="urban_management", limits=limits)
    office.do(case, "dis", "dispatch")
    assert office.do(case, "han", "accept")["log"][-1]["late"]
    started = office.do(case, "han", "start")
    assert started["overdue"]
    assert queue_of(office, "overdue") == [case]
    assert office.do(case, "han", "answer", note="done")["log"][-1]["late"]


def queue_of(office: Office, name: str) -> list[str]:
    return [one["id"] for one in office.get(f"/api/v1/cases/queue?queue={name}", "dis")["features"]]


def test_the_machine_is_told_to_whoever_draws_it(office: Office) -> None:
    said = office.get("/api/v1/cases/machine", "han")
    assert {"code": "suspended", "zh": "已挂账", "en": "Suspended", "clock": None, "final": False} in said["states"]
    assert next(a for a in said["actions"] if a["action"] == "pass")["only_if"][0]["code"] == "not_handler"
    assert {"code": "health", "zh": "卫生健康局", "en": "Health", "is_convenor": False} in said["departments"]


def test_a_department_has_one_leader_and_one_liaison_at_a_time(office: Office) -> None:
    address = "/api/v1/departments/health/duties"
    assert office.get(address, "han") == {
        "department": "health", "version": 0, "duties": [], "missing": ["leader", "liaison"],
    }  # fmt: skip
    people = {p["name"]: p["id"] for p in office.get("/api/v1/people", "adm")["people"]}
    first = {"person": people["lea"], "duty": "leader", "starts_on": "2020-01-01", "ends_on": "2025-12-31"}
    second = {"person": people["vie"], "duty": "leader", "starts_on": "2026-01-01"}
    deputy = {"person": people["lia"], "duty": "leader", "deputy": True, "starts_on": "2024-01-01"}

    def put(duties: list[dict[str, Any]], version: int) -> Any:
        match = office.headers["dis"] | {"If-Match": f'"{version}"'}
        return office.client.put(address, json={"duties": duties}, headers=match)

    said = put([second, first, deputy], 0)
    assert said.status_code == 200, said.text
    assert said.json()["missing"] == ["liaison"]
    assert [(one["name"], one["deputy"]) for one in said.json()["duties"]] == [
        ("lea", False), ("lia", True), ("vie", False),
    ]  # fmt: skip
    assert_problem(put([first], 0), 412)
    version = said.json()["version"]
    assert_problem(put([first, second | {"starts_on": "2025-12-31"}], version), 422)
    assert_problem(put([first | {"ends_on": None}, second], version), 422)
    assert_problem(put([first | {"person": str(uuid.uuid4())}], version), 422)
    assert [one["name"] for one in put([second], version).json()["duties"]] == ["vie"]
    assert_problem(office.client.get("/api/v1/departments/magic/duties", headers=office.headers["dis"]), 404)
