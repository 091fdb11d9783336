"""Who is told of what, on both databases: in the transaction of what happened, and by a clock that is turned."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.jobs.worker import Worker
from api.settings import Settings, Webhook
from api.store.engine import reading
from api.store.models import AuditEntry, Notice, OutboxEntry
from tests import loops
from tests.http.case_office import Office, SignIn
from tests.http.conftest import ENGLISH
from tests.http.invented_town import assert_problem


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def kinds(office: Office, name: str, **more: Any) -> list[str]:
    return [one["kind"] for one in office.get("/api/v1/messages?limit=1000", name)["messages"]]


def turn(engine: Engine, settings: Settings, moment: dt.datetime) -> None:
    loops.run(Worker(engine, settings, clock=lambda: moment).once())


def test_those_concerned_are_told_and_nobody_else(office: Office) -> None:
    case = office.case()
    office.bring(case, "dispatched")
    said = office.get("/api/v1/messages", "han")
    assert said["unread"] == 1
    number = office.show(case)["number"]
    assert said["messages"][0]["text"].startswith(f"Case {number} (")
    assert "has been dispatched to your department" in said["messages"][0]["text"]
    assert said["messages"][0]["link"] == f"/board#case={case}"
    assert kinds(office, "pol") == kinds(office, "ins") == kinds(office, "vie") == []
    office.do(case, "han", "return", note="not ours")
    assert kinds(office, "dis") == ["case_returned"]
    office.do(case, "dis", "redispatch", department="police")
    assert kinds(office, "han") == ["case_dispatched"]
    chinese = office.client.get("/api/v1/messages", headers=office.headers["dis"] | {"Accept-Language": "zh"})
    assert "被退回，请改派" in chinese.json()["messages"][0]["text"]
    first = said["messages"][0]["id"]
    read = office.client.post("/api/v1/messages/read", json={"ids": [first]}, headers=office.headers["dis"])
    assert read.json() == {"unread": 1}  # it is another's, and stays unread
    read = office.client.post("/api/v1/messages/read", json={"ids": [first]}, headers=office.headers["han"])
    assert read.json() == {"unread": 0}
    assert_problem(office.client.post("/api/v1/messages/read", json={}, headers=office.headers["han"]), 422)


def test_those_whose_case_ends_or_goes_elsewhere_are_told_of_it(office: Office) -> None:
    void, merged, into, rejected, assisted = (office.case(x) for x in (70, 72, 74, 76, 78))
    assist = {"departments": ["urban_management"], "department": "police"}
    office.do(into, "dis", "file", **assist)
    office.do(into, "dis", "dispatch")
    assert kinds(office, "han") == ["case_assist"]  # who assists hears of it at dispatch
    for case in (void, merged):
        office.do(case, "dis", "file", departments=[])
        office.do(case, "dis", "dispatch")
    office.do(void, "dis", "void", note="entered twice")
    office.do(merged, "dis", "merge", into=into)
    office.do(rejected, "dis", "reject", note="no hazard")
    assert kinds(office, "han")[:2] == ["case_merged", "case_void"]
    assert "case_rejected" not in kinds(office, "han")
    assert kinds(office, "ins") == ["case_rejected", "case_merged", "case_void"]  # who reported all of them
    assert kinds(office, "other") == kinds(office, "dis") == []  # nobody is told of what they did themselves
    said = office.client.get("/api/v1/messages", headers=office.headers["ins"] | {"Accept-Language": "zh"}).json()
    assert "不予立案" in said["messages"][0]["text"]
    office.do(assisted, "dis", "file", **assist)
    office.do(assisted, "dis", "dispatch")
    office.do(assisted, "dis", "merge", into=into)
    assert kinds(office, "han")[:2] == ["case_merged", "case_assist"]  # who was to assist hears of the end too


def test_a_department_hears_of_a_case_from_its_dispatch_on_and_again_when_it_goes_to_another(office: Office) -> None:
    urged, void, merged, into = (office.case(x) for x in (70, 72, 74, 76))
    helped = office.case(78)
    for case in (urged, void, merged):
        office.do(case, "dis", "file", departments=[])
    office.do(helped, "dis", "file", department="health", departments=["urban_management"])
    address = "/api/v1/departments/urban_management/duties"
    duty = {"duty": "liaison", "person": office.person("lia")["id"], "starts_on": "2026-01-01"}
    tag = {"If-Match": f'"{office.get(address, "adm")["version"]}"'}
    held = office.client.put(address, json={"duties": [duty]}, headers=office.headers["adm"] | tag)
    assert held.status_code == 200, held.text
    office.do(urged, "lea", "urge", note="the dispatch is due")
    office.do(void, "dis", "void", note="entered twice")
    office.do(merged, "dis", "merge", into=into)
    assert kinds(office, "han") == kinds(office, "lia") == []
    assert kinds(office, "dis") == ["case_urged"]  # it is the office that the case waits for
    han = office.person("han")
    moved = {"json": {"department": "health"}, "headers": office.headers["adm"] | {"If-Match": f'"{han["version"]}"'}}
    assert office.client.patch(f"/api/v1/people/{han['id']}", **moved).status_code == 200
    office.do(helped, "dis", "dispatch")
    assert (kinds(office, "han"), kinds(office, "lia")) == (["case_dispatched"], ["case_assist"])
    office.do(helped, "han", "return", note="not ours")
    office.do(helped, "dis", "redispatch", department="police")
    assert (kinds(office, "han"), kinds(office, "lia")) == (["case_dispatched"], ["case_assist", "case_assist"])


def test_a_case_that_goes_on_or_to_its_check_is_told_of(office: Office) -> None:
    case = office.case()
    office.bring(case, "in_progress")
    office.do(case, "han", "ask_suspension", note="the pipe comes in spring")
    office.do(case, "dis", "grant_suspension")
    office.do(case, "dis", "resume")
    assert kinds(office, "han")[0] == "case_resumed"
    office.do(case, "han", "answer", note="done")
    office.do(case, "dis", "send_to_check")
    assert kinds(office, "ins") == ["case_to_check"]  # no inspector walks the cell: who reported it
    cells = [f["properties"]["code"] for f in office.get("/api/v1/cells?limit=1000", "adm")["features"]]
    walked = f"/api/v1/people/{office.person('other')['id']}/cells"
    tag = office.client.get(walked, headers=office.headers["adm"]).headers["ETag"]
    headers = office.headers["dis"] | {"If-Match": tag}
    assert office.client.put(walked, json={"cells": cells}, headers=headers).status_code == 200
    office.do(case, "other", "rework", note="still there")
    office.do(case, "han", "answer", note="done again")
    office.do(case, "dis", "send_to_check")
    assert kinds(office, "other") == ["case_to_check"]
    assert kinds(office, "ins") == ["case_to_check"]
    office.do(case, "other", "pass", note="gone")
    assert kinds(office, "ins") == ["case_closed", "case_to_check"]
    assert kinds(office, "other") == ["case_to_check"]


def test_an_action_that_is_refused_tells_nobody(office: Office) -> None:
    case = office.case()
    assert_problem(office.ask(case, "dis", "dispatch"), 409)
    assert kinds(office, "han") == []


def test_what_is_due_is_told_once_when_the_clock_says_so(office: Office, town: Engine, settings: Settings) -> None:
    case = office.case()
    office.bring(case, "accepted")
    due = dt.datetime.fromisoformat(office.show(case)["step_due_at"])
    start = dt.datetime.now(dt.UTC)
    turn(town, settings, start)
    assert kinds(office, "han") == ["case_dispatched"]
    for _ in range(2):
        turn(town, settings, due - dt.timedelta(minutes=1))
        assert kinds(office, "han") == ["case_due_soon", "case_dispatched"]
    for _ in range(2):
        turn(town, settings, due + dt.timedelta(minutes=1))
        assert kinds(office, "han") == ["case_overdue", "case_due_soon", "case_dispatched"]


def test_a_substitute_is_told_too(office: Office) -> None:
    people = {p["name"]: p["id"] for p in office.get("/api/v1/people", "adm")["people"]}
    absence = {"id": str(uuid.uuid4()), "person": people["han"], "starts_on": "2026-01-01", "ends_on": "2100-01-01"}
    body = absence | {"substitute": people["pol"]}
    assert office.client.post("/api/v1/absences", json=body, headers=office.headers["dis"]).status_code == 201
    office.bring(office.case(), "dispatched")
    assert kinds(office, "pol") == kinds(office, "han") == ["case_dispatched"]
    later = absence | {"id": str(uuid.uuid4()), "substitute": people["dis"]}
    assert office.client.post("/api/v1/absences", json=later, headers=office.headers["dis"]).status_code == 201
    office.bring(office.case(), "dispatched")
    assert len(kinds(office, "han")) == 2
    assert kinds(office, "dis") == []  # in nobody's place are they told of what they did themselves


def test_notices_and_joint_actions_are_told(office: Office, town: Engine, settings: Settings) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(hours=12)
    notice = {
        "id": str(uuid.uuid4()),
        "title": "invented",
        "to": ["urban_management"],
        "answer_by": tomorrow.isoformat(),
    }
    assert office.client.post("/api/v1/notices", json=notice, headers=office.headers["dis"]).status_code == 201
    assert kinds(office, "lia") == ["notice_received"]
    assert kinds(office, "han") == []
    for _ in range(2):  # an answer that is due within a day and is not there is asked for by the clock, once
        turn(town, settings, dt.datetime.now(dt.UTC))
        assert kinds(office, "lia") == ["notice_reminder", "notice_received"]
    answer = {"id": str(uuid.uuid4()), "text": "done"}
    address = f"/api/v1/notices/{notice['id']}/answers"
    assert office.client.post(address, json=answer, headers=office.headers["lia"]).status_code == 201
    assert kinds(office, "dis") == ["notice_answered"]
    school = office.get("/api/v1/schools", "adm")["features"][0]["id"]
    action = {
        "id": str(uuid.uuid4()), "title": "invented", "schools": [school], "starts_on": "2026-12-01",
        "ends_on": "2026-12-05", "departments": [{"department": "urban_management"}],
    }  # fmt: skip
    assert office.client.post("/api/v1/actions", json=action, headers=office.headers["dis"]).status_code == 201
    said = office.get("/api/v1/messages", "lia")["messages"][0]
    assert (said["kind"], said["link"]) == ("action_planned", f"/actions#action={action['id']}")


def test_an_event_and_its_outbox_are_kept_together_or_not_at_all(
    town: Engine, settings: Settings, sign_in: SignIn
) -> None:
    hook = {"name": "office", "kind": "wecom", "url": "http://127.0.0.1:9/hook"}
    hooks = (
        Webhook.model_validate(hook),
        Webhook.model_validate(hook | {"name": "health", "departments": ["health"]}),
    )
    with_hooks = settings.model_copy(update={"webhooks": hooks, "smtp_host": "127.0.0.1"})
    with TestClient(create_app(with_hooks, town), headers=ENGLISH) as client:
        office = Office(client, sign_in)
        email = {"email": "han@example.org"}
        assert client.put("/api/v1/me/email", json=email, headers=office.headers["han"]).json()["email_is_sent"] is True
        office.bring(office.case(), "dispatched")
        with reading(town) as session:
            found = {(row.target, row.kind, row.state) for row in session.scalars(sa.select(OutboxEntry))}
        assert found == {("email", "case_dispatched", "waiting"), ("office", "case_dispatched", "waiting")}
        past = {"id": str(uuid.uuid4()), "title": "x", "to": ["health"], "answer_by": "2020-01-01T00:00:00Z"}
        assert_problem(client.post("/api/v1/notices", json=past, headers=office.headers["lia"]), 422)
        with reading(town) as session:  # what failed left neither the record nor anything to be sent
            assert session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 0
            assert session.scalar(sa.select(sa.func.count()).select_from(OutboxEntry)) == 2
        shown = office.get("/api/v1/outbox?state=waiting", "adm")
        assert shown["counts"]["waiting"] == 2
        assert shown["channels"] == {"email": True, "robots": ["office", "health"]}
        assert "example.org" not in str(shown)


def test_an_address_is_seen_by_its_owner_and_administrators_alone(office: Office, town: Engine) -> None:
    body = {"email": "han@example.org"}
    assert office.client.put("/api/v1/me/email", json=body, headers=office.headers["han"]).status_code == 200
    assert_problem(office.client.put("/api/v1/me/email", json={"email": "a b@c"}, headers=office.headers["han"]), 422)
    assert office.get("/api/v1/me/email", "han")["email"] == "han@example.org"
    assert "han@example.org" in str(office.get("/api/v1/people", "adm"))
    assert "example.org" not in str(office.get("/api/v1/people", "dis"))
    with reading(town) as session:
        lines = session.scalars(sa.select(AuditEntry.after).where(AuditEntry.subject == "people")).all()
    assert "example.org" not in str(lines)
