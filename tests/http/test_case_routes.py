"""Cases over HTTP, on both databases: from a hazard's proposal to the verified end, and what is refused on the way."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading, writing
from api.store.models import AuditEntry, Case, CaseEntry, Hazard
from tests.http.conftest import PEOPLE, Headers
from tests.http.invented_town import assert_problem, place

SignIn = Callable[[TestClient, str], Headers]
CHINESE = {"Accept-Language": "zh"}


class Office:
    """Everybody signed in, with a handler of urban management and one of the police."""

    def __init__(self, client: TestClient, sign_in: SignIn) -> None:
        self.client = client
        self.headers = {name: sign_in(client, name) for name in PEOPLE}
        admin = self.headers["adm"]
        people = {p["name"]: p for p in client.get("/api/v1/people", headers=admin).json()["people"]}
        for name, department in {"han": "urban_management", "pol": "police", "lia": "urban_management"}.items():
            answer = client.patch(
                f"/api/v1/people/{people[name]['id']}",
                json={"department": department},
                headers=admin | {"If-Match": f'"{people[name]["version"]}"'},
            )
            assert answer.json()["department"] == department, answer.text

    def hazard(self, x: float = 70, y: float = 0, **more: Any) -> str:
        lon, lat = place(x, y)
        body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "name": "invented"} | more
        answer = self.client.post("/api/v1/hazards", json=body, headers=self.headers["ins"])
        assert answer.status_code == 201, answer.text
        return str(body["id"])

    def case_of(self, hazard: str) -> dict[str, Any] | None:
        found = self.get(f"/api/v1/cases?hazard={hazard}", "dis")["features"]
        return found[0] if found else None

    def case(self, x: float = 70, y: float = 0, **more: Any) -> str:
        found = self.case_of(self.hazard(x, y, **more))
        assert found is not None
        return str(found["id"])

    def get(self, path: str, name: str) -> Any:
        answer = self.client.get(path, headers=self.headers[name])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def show(self, case: str, name: str = "dis") -> dict[str, Any]:
        said: dict[str, Any] = self.get(f"/api/v1/cases/{case}", name)["properties"]
        return said

    def ask(self, case: str, name: str, action: str, headers: Headers | None = None, **more: Any) -> Any:
        return self.client.post(
            f"/api/v1/cases/{case}/actions",
            json={"action": action} | more,
            headers=self.headers[name] | (headers or {}),
        )

    def do(self, case: str, name: str, action: str, **more: Any) -> dict[str, Any]:
        answer = self.ask(case, name, action, **more)
        assert answer.status_code == 201, (action, answer.text)
        said: dict[str, Any] = answer.json()["properties"]
        return said

    def bring(self, case: str, state: str) -> dict[str, Any]:
        """Bring a reported case to a state by the usual way."""
        way: list[tuple[str, str, dict[str, Any]]] = [
            ("dis", "file", {}), ("dis", "dispatch", {}), ("han", "accept", {}), ("han", "start", {}),
            ("han", "answer", {"note": "done"}), ("dis", "send_to_check", {}), ("ins", "pass", {"note": "gone"}),
        ]  # fmt: skip
        said = self.show(case)
        for name, action, more in way:
            if said["state"] == state:
                return said
            said = self.do(case, name, action, **more)
        assert said["state"] == state
        return said


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_a_hazard_proposes_a_case_with_its_reason(office: Office) -> None:
    hazard = office.hazard(subtype="food_stall")
    case = office.case_of(hazard)
    assert case is not None
    said = office.show(case["id"])
    assert (said["state"], said["lead"], said["urgency"]) == ("reported", "urban_management", "ordinary")
    assert said["assisting"] == ["township", "market_supervision"]
    assert said["hazard"] == hazard
    assert "综合行政执法局" in said["rule"]["reason"]["zh"]
    assert "Urban management" in said["rule"]["reason"]["en"]
    assert said["number"].startswith("330681-")
    assert said["allowed_actions"][:3] == ["verify", "file", "reject"]
    assert [line["action"] for line in said["log"]] == ["propose"]
    # outside every perimeter the built-in rule proposes nothing; the office may still report it
    far = office.hazard(0, 900)
    assert office.case_of(far) is None
    body = {"id": str(uuid.uuid4()), "hazard": far}
    answers = [office.client.post("/api/v1/cases", json=body, headers=office.headers["dis"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"] == body["id"]
    assert_problem(office.client.post("/api/v1/cases", json=body | {"note": "x"}, headers=office.headers["dis"]), 409)


def test_a_hazard_of_an_outbox_proposes_a_case_too(office: Office) -> None:
    lon, lat = place(70, 0)
    data = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "FAC"}
    data["observed_at"] = "2026-11-03T16:20:00+08:00"
    for state in ("created", "duplicate"):
        answer = office.client.post(
            "/api/v1/sync", json={"records": [{"kind": "hazard", "data": data}]}, headers=office.headers["ins"]
        )
        assert answer.json()["answers"][0]["state"] == state
    found = office.get(f"/api/v1/cases?hazard={data['id']}", "dis")["features"]
    assert len(found) == 1
    said = found[0]["properties"]
    assert at(said["observed_at"]) == at(data["observed_at"])  # its own time beside that of receipt
    assert at(said["received_at"]) > at("2026-11-20T00:00:00+08:00")


def test_from_report_to_verified_end(office: Office, town: Engine) -> None:
    hazard = office.hazard()
    found = office.case_of(hazard)
    assert found is not None
    case = found["id"]
    office.do(case, "ins", "verify", note="seen again")
    filed = office.do(case, "dis", "file")
    assert at(filed["due_at"]) > at(filed["filed_at"])
    assert filed["step"] == "dispatch"
    assert office.do(case, "dis", "dispatch")["step"] == "accept"
    assert "accept" in office.show(case, "han")["allowed_actions"]
    assert office.do(case, "han", "accept")["step"] == "handle"
    office.do(case, "han", "start")
    office.do(case, "han", "answer", note="the stall was moved")
    office.do(case, "dis", "send_to_check")
    again = office.do(case, "ins", "rework", note="it is back")
    assert (again["state"], again["reworks"]) == ("in_progress", 1)
    office.do(case, "han", "answer", note="moved again")
    office.do(case, "dis", "send_to_check")
    closed = office.do(case, "ins", "pass", note="gone at dismissal")
    assert closed["state"] == "closed"
    assert closed["closed_at"]
    with reading(town) as session:
        assert session.scalar(sa.select(Hazard.status).where(Hazard.uuid == uuid.UUID(hazard))) == "resolved"
    rated = office.do(case, "ins", "rate", score=5)
    assert (rated["state"], rated["score"], rated["allowed_actions"]) == ("rated", 5, ["comment"])
    actions = [line["action"] for line in rated["log"]]
    assert actions == ["propose", "verify", "file", "dispatch", "accept", "start", "answer", "send_to_check", "rework",
                       "answer", "send_to_check", "pass", "rate"]  # fmt: skip
    assert [line["number"] for line in rated["log"]] == list(range(1, 14))
    with reading(town) as session:  # every change is in the audit log
        lines = session.scalar(
            sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.subject == "case_entries")
        )
        assert lines == 13


def test_nobody_checks_what_they_handled(office: Office) -> None:
    case = office.case()
    admin = office.headers["adm"]
    han = next(p for p in office.get("/api/v1/people", "adm")["people"] if p["name"] == "han")
    both = {"roles": ["handler", "dispatcher", "inspector"]}
    changed = office.client.patch(
        f"/api/v1/people/{han['id']}", json=both, headers=admin | {"If-Match": f'"{han["version"]}"'}
    )
    assert changed.status_code == 200
    office.bring(case, "answered")
    office.do(case, "han", "send_to_check")
    for action in ("pass", "rework"):
        problem = assert_problem(office.ask(case, "han", action, note="mine"), 403)
        assert "does not check it" in problem["detail"]
        assert "pass" not in problem["allowed_actions"]
    assert office.do(case, "dis", "pass", note="seen")["state"] == "closed"


def test_what_is_refused_says_what_is_allowed_and_why(office: Office) -> None:
    case = office.case()
    office.bring(case, "dispatched")
    wrong_state = assert_problem(office.ask(case, "dis", "file"), 409)
    assert "dispatched" in wrong_state["detail"]
    assert wrong_state["state"] == "dispatched"
    assert "urge" in wrong_state["allowed_actions"]
    assert wrong_state["happened"][-1]["action"] == "dispatch"
    assert_problem(office.ask(case, "dis", "accept"), 403)
    assert_problem(office.ask(case, "han", "return"), 422)
    assert_problem(office.ask(case, "dis", "explode"), 422)
    assert_problem(office.ask(case, "pol", "accept"), 404)  # not a case of their department
    assert_problem(office.ask(str(uuid.uuid4()), "dis", "file"), 404)
    chinese = office.ask(case, "dis", "file", headers=CHINESE).json()
    assert chinese["detail"] == "案卷状态为“已派遣”，不能进行“立案”"
    assert len(office.show(case)["log"]) == 3


def test_the_same_action_again_does_nothing(office: Office) -> None:
    case = office.case()
    once = {"id": str(uuid.uuid4()), "note": "as proposed"}
    first, second = (office.ask(case, "dis", "file", **once) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert_problem(office.ask(case, "dis", "file", **once | {"note": "other"}), 409)
    assert_problem(office.ask(case, "adm", "file", **once), 409)


def test_of_two_who_act_on_what_they_saw_one_hears_what_happened(office: Office) -> None:
    case = office.case()
    seen = office.client.get(f"/api/v1/cases/{case}", headers=office.headers["dis"]).headers["ETag"]
    first = office.ask(case, "dis", "file", headers={"If-Match": seen})
    assert first.status_code == 201
    problem = assert_problem(office.ask(case, "adm", "reject", headers={"If-Match": seen}, note="no"), 412)
    assert [line["action"] for line in problem["happened"]] == ["file"]
    assert problem["happened"][0]["by"] == "dis"
    assert problem["state"] == "filed"


def test_of_many_at_once_one_wins(office: Office, town: Engine) -> None:
    case = office.case()
    office.bring(case, "filed")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: office.ask(case, "dis" if n % 2 else "adm", "dispatch"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["happened"][-1]["action"] == "dispatch"
    with reading(town) as session:
        numbers = session.scalars(
            sa.select(CaseEntry.number)
            .join(Case, Case.id == CaseEntry.case_id)
            .where(Case.uuid == uuid.UUID(case))
            .order_by(CaseEntry.number)
        ).all()
    assert numbers == [1, 2, 3]


def test_who_sees_which_case(office: Office) -> None:
    case = office.case()
    for name, sees in {"dis": True, "adm": True, "lea": True, "ins": True, "han": False, "pol": False}.items():
        listed = {f["id"] for f in office.get("/api/v1/cases", name)["features"]}
        assert (case in listed) == sees, name
        answer = office.client.get(f"/api/v1/cases/{case}", headers=office.headers[name])
        assert answer.status_code == (200 if sees else 404), name
    assert_problem(office.client.get(f"/api/v1/cases/{case}", headers=office.headers["vie"]), 403)
    office.bring(case, "filed")  # now it is urban management's
    for name, sees in {"han": True, "lia": True, "pol": False}.items():
        assert (case in {f["id"] for f in office.get("/api/v1/cases", name)["features"]}) == sees, name
    office.do(case, "dis", "urge")
    office.do(case, "dis", "assist", departments=["police"])
    assert office.show(case, "pol")["assisting"] == ["market_supervision", "police", "township"]


def test_a_draft_is_its_writers_alone(office: Office) -> None:
    lon, lat = place(70, 0)
    body = {"id": str(uuid.uuid4()), "category": "ENV", "subtype": "litter", "lon": lon, "lat": lat, "draft": True}
    made = office.client.post("/api/v1/cases", json=body, headers=office.headers["ins"])
    assert made.json()["properties"]["state"] == "draft"
    assert_problem(office.client.get(f"/api/v1/cases/{body['id']}", headers=office.headers["dis"]), 404)
    assert body["id"] not in {f["id"] for f in office.get("/api/v1/cases", "dis")["features"]}
    office.do(str(body["id"]), "ins", "report")
    assert office.show(str(body["id"]))["lead"] == "urban_management"


def test_return_redispatch_and_the_dispatchers_changes(office: Office) -> None:
    case = office.case()
    limits = {"handle": {"amount": 2, "unit": "working_days"}}
    filed = office.do(case, "dis", "file", departments=[], urgency="urgent", limits=limits, note="harder than it looks")
    assert (filed["urgency"], filed["assisting"], filed["rule"]["changed"]) == (
        "urgent", [], ["assisting", "limits", "urgency"],
    )  # fmt: skip
    assert filed["rule"]["limits"]["handle"] == limits["handle"]
    assert filed["rule"]["limits"]["accept"]["amount"] == 1
    office.do(case, "dis", "dispatch")
    back = office.do(case, "han", "return", note="it is a shop")
    assert (back["state"], back["returns"], back["step"]) == ("returned", 1, "dispatch")
    assert_problem(office.ask(case, "dis", "redispatch"), 422)
    assert_problem(office.ask(case, "dis", "redispatch", department="ministry_of_magic"), 422)
    assert office.do(case, "dis", "redispatch", department="market_supervision")["lead"] == "market_supervision"
    assert_problem(
        office.ask(case, "han", "accept"), 403
    )  # they still see it, because they had it, but it is not theirs


def test_extensions_first_by_the_office_then_by_a_leader(office: Office) -> None:
    case = office.case()
    start = office.bring(case, "in_progress")
    assert_problem(office.ask(case, "dis", "grant_first_extension"), 409)
    asked = office.do(case, "han", "ask_extension", note="the owner is away", amount=4)
    assert (asked["asked"]["amount"], asked["asked"]["unit"]) == (4, "working_hours")
    assert "by" not in asked["asked"]
    assert_problem(office.ask(case, "han", "ask_extension", note="more", amount=4), 409)
    first = office.do(case, "dis", "grant_first_extension")
    assert at(first["step_due_at"]) > at(start["step_due_at"])
    assert at(first["due_at"]) >= at(start["due_at"])
    assert first["asked"] is None
    office.do(case, "han", "ask_extension", note="still away", amount=8)
    assert_problem(office.ask(case, "dis", "grant_first_extension"), 403)
    office.do(case, "lea", "grant_second_extension")
    assert office.show(case)["extended_by"] == [4, 8]
    problem = assert_problem(office.ask(case, "han", "ask_extension", note="and again", amount=1), 409)
    assert "twice" in problem["detail"]


def test_suspension_stops_the_clocks(office: Office) -> None:
    case = office.case()
    office.bring(case, "in_progress")
    office.do(case, "han", "ask_suspension", note="the road is dug up")
    office.do(case, "lea", "refuse_request", note="not yet")
    office.do(case, "han", "ask_suspension", note="it still is")
    still = office.do(case, "dis", "grant_suspension")
    assert (still["state"], still["due_at"], still["step_due_at"]) == ("suspended", None, None)
    going = office.do(case, "han", "resume")
    assert going["due_at"]
    assert going["step_due_at"]
    assert len(going["suspended"]) == 1


def test_void_merge_and_the_ladder(office: Office) -> None:
    first, second, third = office.case(70, 0), office.case(75, 0), office.case(75, 3)
    assert second in office.show(first)["perhaps_the_same"]
    assert_problem(office.ask(first, "dis", "merge", into=first), 422)
    merged = office.do(second, "dis", "merge", into=first)
    assert (merged["state"], merged["merged_into"]) == ("merged", first)
    assert office.show(first)["log"][-1]["details"] == {"merged": second}
    assert_problem(office.ask(third, "dis", "merge", into=second), 422)
    assert office.do(third, "dis", "void", note="a test")["state"] == "void"
    office.bring(first, "dispatched")
    assert_problem(office.ask(first, "lea", "supervise", note="x"), 409)
    office.do(first, "lea", "urge")
    office.do(first, "dis", "assist", departments=["police"])
    assert_problem(office.ask(first, "lea", "circulate", note="x"), 409)
    office.do(first, "lea", "supervise", note="by Friday")
    assert office.do(first, "lea", "circulate", note="in the weekly brief")["rung"] == "circulated"
    climbed = [(line["action"], line["by"]) for line in office.show(first)["log"][-4:]]
    assert climbed == [("urge", "lea"), ("assist", "dis"), ("supervise", "lea"), ("circulate", "lea")]


def test_a_hazard_near_a_closed_case_is_its_recurrence(office: Office, town: Engine) -> None:
    first = office.case(70, 0)
    office.bring(first, "closed")
    assert office.show(office.case(100, 0))["recurrence_of"] == first
    assert office.show(office.case(100, 0, category="ENV"))["recurrence_of"] is None
    assert office.show(office.case(-90, 0))["recurrence_of"] is None  # 160 m away
    assert len(office.show(first)["recurrences"]) == 1
    with writing(town) as session:  # as if it had been closed two months ago
        case = session.scalars(sa.select(Case).where(Case.uuid == uuid.UUID(first))).one()
        assert case.closed_at is not None
        case.closed_at -= dt.timedelta(days=60)
    assert office.show(office.case(100, 0))["recurrence_of"] is None


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
        assert at(office.show(case)["due_at"]) > at(before["due_at"])
        assert_problem(office.client.put(address, json=new, headers=office.headers["dis"] | {"If-Match": '"0"'}), 412)
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
    said = office.get(f"/api/v1/cases/indicators?from={day}&to={day}&by=department&ids=true", "dis")
    total = said["total"]
    assert total["counts"] == {
        "accepted": 6, "filed": 5, "due": 5, "closed": 4, "on_time": 3, "overdue": 1, "closed_in_period": 4,
        "reworked": 0, "recurred": 0,
    }  # fmt: skip
    assert total["rates"]["closing"] == {"n": 4, "N": 5, "rate": 0.8}
    assert total["rates"]["on_time"] == {"n": 3, "N": 5, "rate": 0.6}
    assert total["rates"]["rework"] == {"n": 0, "N": 4, "rate": None}  # fewer than five: no percentage
    assert total["top_types"] == [{"category": "VEN", "subtype": "", "count": 6}]
    assert total["ids"]["overdue"] == [cases[4]]
    assert [(group["key"], group["counts"]["accepted"]) for group in said["groups"]] == [
        ("urban_management", 5), (None, 1),
    ]  # fmt: skip
    assert {entry["code"] for entry in said["definitions"]} >= set(total["counts"])
    for by in ("district", "school", "category"):
        office.get(f"/api/v1/cases/indicators?from={day}&to={day}&by={by}", "vie")
    nothing = office.get(f"/api/v1/cases/indicators?from={day}&to={day}&ids=true", "vie")["total"]
    assert nothing["counts"] == total["counts"]
    assert set(map(tuple, nothing["ids"].values())) == {()}
    backwards = office.client.get(
        "/api/v1/cases/indicators?from=2026-02-01&to=2026-01-01", headers=office.headers["dis"]
    )
    assert_problem(backwards, 422)
    assert_problem(
        office.client.get("/api/v1/cases/indicators?from=0001-01-01&to=9999-12-31", headers=office.headers["dis"]), 422
    )


def test_the_machine_is_told_to_whoever_draws_it(office: Office) -> None:
    said = office.get("/api/v1/cases/machine", "han")
    assert {"code": "suspended", "zh": "已挂账", "en": "Suspended", "clock": None, "final": False} in said["states"]
    assert next(a for a in said["actions"] if a["action"] == "pass")["only_if"][0]["code"] == "not_handler"
    assert {"code": "health", "zh": "卫生健康局", "en": "Health", "is_convenor": False} in said["departments"]
