"""Cases over HTTP, on both databases: from a hazard's proposal to the verified end, and what is refused on the way."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading
from api.store.models import AuditEntry, Case, CaseEntry, Hazard
from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem, place

CHINESE = {"Accept-Language": "zh"}


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
    another = body | {"id": str(uuid.uuid4())}
    twice = assert_problem(office.client.post("/api/v1/cases", json=another, headers=office.headers["dis"]), 409)
    assert twice["case"] == body["id"]


def test_what_is_reported_far_outside_the_city_is_nobodys(office: Office) -> None:
    """At 0, 0, in Paris, and with longitude and latitude the wrong way round: a hazard, a case, and moving a hazard."""
    lon, lat = place(70, 0)
    hazard = office.hazard()
    tag = office.client.get(f"/api/v1/hazards/{hazard}", headers=office.headers["ins"]).headers["etag"]
    for x, y in ((0, 0), (2.35, 48.85), (lat, lon if abs(lon) <= 90 else 89.0)):
        where = {"lon": x, "lat": y}
        body = {"id": str(uuid.uuid4()), "category": "VEN", "name": "invented"} | where
        answers = [
            office.client.post(f"/api/v1/{kind}", json=body, headers=office.headers["ins"])
            for kind in ("hazards", "cases")
        ]
        headers = office.headers["ins"] | {"If-Match": tag}
        answers.append(office.client.patch(f"/api/v1/hazards/{hazard}", json=where, headers=headers))
        for answer in answers:
            problem = assert_problem(answer, 422)
            assert "far outside the city" in problem["detail"]
            assert problem["errors"][0]["where"] == "body.lon"


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


def test_what_was_merged_is_over_with_the_case_that_went_on(office: Office) -> None:
    hazards = [office.hazard(70 + n, 0) for n in range(3)]
    first, second, third = (str(found["id"]) for one in hazards if (found := office.case_of(one)) is not None)
    office.do(third, "dis", "merge", into=second)
    office.do(second, "dis", "merge", into=first)
    office.bring(first, "closed")
    kept = [office.get(f"/api/v1/hazards/{one}", "dis")["properties"]["status"] for one in hazards]
    assert kept == ["resolved"] * 3
    live = office.case(70, 5)
    for over in (first, second):
        refused = assert_problem(office.ask(live, "dis", "merge", into=over), 422)
        assert refused["errors"][0]["where"] == "body.into"
    assert office.do(first, "ins", "rate", score=5)["state"] == "rated"
    assert_problem(office.ask(live, "dis", "merge", into=first), 422)
    office.bring(live, "filed")
    lead = office.do(live, "dis", "urge")["lead"]
    refused = assert_problem(office.ask(live, "dis", "assist", departments=["police", lead]), 422)
    assert refused["errors"][0]["where"] == "body.departments"
