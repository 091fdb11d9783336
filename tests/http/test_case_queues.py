"""The board's queues and what is heard of changes, over HTTP and on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.errors import UnavailableError
from api.security.people import Actor
from api.security.sessions import end_all, who_is
from api.services.cases import live as live_module
from api.services.cases.live import Live
from api.store import case_queues, people
from api.store.engine import reading, writing
from api.store.models import Case, Department
from api.store.models.base import now
from tests import loops
from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem, place


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def queue(office: Office, name: str, which: str, more: str = "") -> list[str]:
    found = office.get(f"/api/v1/cases/queue?queue={which}{more}", name)
    return [feature["id"] for feature in found["features"]]


def counts(office: Office, name: str, more: str = "") -> dict[str, int]:
    said: dict[str, int] = office.get(f"/api/v1/cases/queue?counts=true{more}", name)["counts"]
    return said


def assert_counts_are_those_of_the_queues(office: Office, more: str = "") -> None:
    """Count each queue of everybody by walking it, and hold that against what is said beside the list."""
    for name in office.headers:
        if name != "vie":
            said = counts(office, name, more)
            assert said == {which: len(queue(office, name, which, more)) for which in said}, (name, more)


def test_every_case_stands_in_the_queue_of_what_it_waits_for(office: Office, town: Engine) -> None:
    where = {"reported": "new", "filed": "dispatch", "dispatched": "handling", "in_progress": "handling",
             "answered": "check", "awaiting_check": "check", "closed": "closed"}  # fmt: skip
    cases = {state: office.case(60 + 3 * n, 0) for n, state in enumerate(where)}
    for state, case in cases.items():
        office.bring(case, state)
    for name in set(where.values()):
        assert sorted(queue(office, "dis", name)) == sorted(cases[s] for s, q in where.items() if q == name), name
    assert counts(office, "dis") == {
        "open": 6, "mine": 4, "new": 1, "dispatch": 1, "today": counts(office, "dis")["today"], "overdue": 0,
        "returned": 0, "handling": 2, "check": 2,
    }  # fmt: skip
    # what waits for somebody: a handler's own department's, a checker's what they have not handled
    assert sorted(queue(office, "han", "mine")) == sorted([cases["dispatched"], cases["in_progress"]])
    assert sorted(queue(office, "ins", "mine")) == sorted([cases["reported"], cases["awaiting_check"]])
    assert queue(office, "lea", "mine") == []
    office.do(cases["in_progress"], "han", "ask_extension", note="the owner is away", amount=2)
    assert cases["in_progress"] in queue(office, "dis", "mine")
    assert cases["in_progress"] not in queue(office, "lea", "mine")  # the first extension is the office's
    assert queue(office, "pol", "open") == []
    # what suspension stops stands at the end, and nothing is due
    office.do(cases["in_progress"], "dis", "refuse_request", note="no")
    office.do(cases["in_progress"], "han", "ask_suspension", note="the road is dug up")
    office.do(cases["in_progress"], "dis", "grant_suspension")
    assert queue(office, "dis", "open")[-1] == cases["in_progress"]
    with writing(town) as session:  # time passes
        session.execute(
            sa.update(Case).values(queue_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC)).where(Case.state == "filed")
        )
    assert queue(office, "dis", "overdue") == [cases["filed"]] == queue(office, "dis", "open")[:1]
    assert counts(office, "dis")["overdue"] == 1
    # whoever has two duties handled what they would check; a department ends with a case in hand; somebody asks
    office.client.patch(
        f"/api/v1/people/{office.person('han')['id']}",
        json={"roles": ["handler", "inspector"]},
        headers=office.headers["adm"] | {"If-Match": f'"{office.person("han")["version"]}"'},
    )
    office.do(cases["in_progress"], "han", "resume")
    office.do(cases["in_progress"], "han", "ask_extension", note="the owner is away", amount=2)
    lon, lat = place(90, 0)
    body = {"id": str(uuid.uuid4()), "category": "ENV", "lon": lon, "lat": lat, "draft": True}
    assert office.client.post("/api/v1/cases", json=body, headers=office.headers["ins"]).status_code == 201
    assert_counts_are_those_of_the_queues(office)
    assert cases["awaiting_check"] not in queue(office, "han", "mine")
    with writing(town) as session:
        session.execute(
            sa.update(Department).values(valid_to=dt.date(2026, 1, 5)).where(Department.code == "urban_management")
        )
    assert cases["dispatched"] in queue(office, "dis", "mine")
    assert_counts_are_those_of_the_queues(office)


def test_a_queue_is_narrowed_and_walked_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [office.case(40 + 5 * n, 0, name=f"stall-{n}", category="ENV" if n % 2 else "VEN") for n in range(7)]
    numbers = {case: office.show(case)["number"] for case in cases}
    walked: list[str] = []
    address: str | None = "/api/v1/cases/queue?limit=3"
    while address:
        answer = office.client.get(address, headers=office.headers["dis"])
        walked += [feature["id"] for feature in answer.json()["features"]]
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert sorted(walked) == sorted(cases)
    assert len(walked) == 7
    assert sorted(queue(office, "dis", "open", "&category=ENV")) == sorted(cases[1::2])
    assert queue(office, "dis", "open", f"&q={numbers[cases[3]]}") == [cases[3]]
    assert queue(office, "dis", "open", "&q=stall-4") == [cases[4]]
    assert queue(office, "dis", "open", "&q=100%25") == []  # a sign of the pattern language is a sign
    west, south = place(38, -5)
    east, north = place(52, 5)
    assert sorted(queue(office, "dis", "open", f"&bbox={west},{south},{east},{north}")) == sorted(cases[:3])
    assert counts(office, "dis", "&category=ENV")["new"] == 3
    monkeypatch.setattr(case_queues, "_FEW", 2)  # so that seven are many
    for more in ("&category=ENV", f"&q={numbers[cases[3]]}", "&q=STALL", f"&bbox={west},{south},{east},{north}"):
        assert_counts_are_those_of_the_queues(office, more)
    school = office.show(cases[0])["school"]["id"]
    assert len(queue(office, "dis", "open", f"&school={school}")) == 7
    assert queue(office, "dis", "open", f"&school={uuid.uuid4()}&department=nobody&district=999") == []
    office.do(cases[5], "dis", "void", note="a test")
    assert queue(office, "dis", "closed", f"&q={numbers[cases[5]]}") == [cases[5]]
    assert queue(office, "dis", "closed", "&q=stall-5") == [cases[5]]
    for bad in ("cursor=abc", "cursor=20260101T000000.0-99999999999999999999", "queue=nonsense", "limit=1000"):
        assert_problem(office.client.get(f"/api/v1/cases/queue?{bad}", headers=office.headers["dis"]), 422)


def test_a_department_is_found_by_before_its_case_is_filed(office: Office) -> None:
    case, led = office.case(), "&department=urban_management"
    assert queue(office, "dis", "new", led) == queue(office, "dis", "open", led) == [case]
    assert counts(office, "dis", led)["new"] == 1
    assert queue(office, "dis", "open", "&department=health") == []
    listed = office.get("/api/v1/cases?department=urban_management", "dis")["features"]
    assert [one["id"] for one in listed] == [case]
    assert queue(office, "han", "open") == []  # nothing has gone there
    assert_problem(office.client.get(f"/api/v1/cases/{case}", headers=office.headers["han"]), 404)
    office.do(case, "dis", "file", department="health")
    assert queue(office, "dis", "open", led) == []
    assert queue(office, "dis", "open", "&department=health") == [case]


def test_a_substitute_handles_cases_while_the_other_is_away(office: Office) -> None:
    case, later = office.case(), office.case(60)
    assert_problem(office.client.get(f"/api/v1/cases/{case}", headers=office.headers["pol"]), 404)
    absence = {
        "id": str(uuid.uuid4()), "person": office.person("han")["id"], "starts_on": "2026-01-01",
        "ends_on": "2100-01-01", "substitute": office.person("pol")["id"],
    }  # fmt: skip
    assert office.client.post("/api/v1/absences", json=absence, headers=office.headers["dis"]).status_code == 201
    office.bring(later, "dispatched")
    office.bring(case, "dispatched")
    assert queue(office, "pol", "mine") == queue(office, "han", "mine")
    assert counts(office, "pol")["mine"] == 2
    office.do(case, "pol", "accept")
    said = office.do(case, "pol", "start")
    assert [(line["by"], line["department"]) for line in said["log"][-2:]] == [("pol", "urban_management")] * 2
    away = f"/api/v1/absences/{absence['id']}"
    assert office.client.delete(away, headers=office.headers["dis"]).status_code == 204
    for one in (case, later):  # what is lent for days does not stay
        assert_problem(office.client.get(f"/api/v1/cases/{one}", headers=office.headers["pol"]), 404)
        assert_problem(office.ask(one, "pol", "comment", note="late"), 404)
    office.do(case, "han", "answer", note="done")  # their department has it in hand all the while


def test_whoever_had_it_in_hand_goes_on_seeing_it(office: Office) -> None:
    case = office.case()
    office.bring(case, "dispatched")
    office.do(case, "han", "return", note="not ours")
    office.do(case, "dis", "redispatch", department="police")
    assert case in queue(office, "han", "open")
    assert case in queue(office, "pol", "mine") or case in queue(office, "pol", "open")


def actor_of(town: Engine, office: Office, name: str) -> Actor:
    """Return who is behind the bearer token of a name, as a route is told."""
    with reading(town) as session:
        return who_is(session, office.headers[name]["Authorization"].removeprefix("Bearer "), "bearer", now())


async def next_event(stream: AsyncIterator[bytes]) -> tuple[str, int, Any]:
    async for block in stream:
        lines = dict(line.split(": ", 1) for line in block.decode().strip().split("\n") if not line.startswith(":"))
        if "event" in lines:
            return lines["event"], int(lines["id"]), json.loads(lines["data"])
    raise AssertionError("the stream has ended")


async def until_no_connection_is_out(town: Engine) -> None:
    async with asyncio.timeout(30):
        while town.pool.checkedout():
            await asyncio.sleep(0.001)


def test_everybody_hears_of_the_changes_that_they_may_see(
    office: Office, town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes' worth of listeners on one database: what one wrote the other tells."""
    monkeypatch.setattr(live_module, "LOOK_S", 0.02)
    case = office.case()
    dispatcher, handler = actor_of(town, office, "dis"), actor_of(town, office, "han")
    lon, lat = place(70, 0)

    async def listened() -> None:
        live, elsewhere = Live(town), Live(town)
        async with (
            aclosing(live.listen(dispatcher, None)) as office_hears,
            aclosing(elsewhere.listen(handler, None)) as handler_hears,
        ):
            assert (await next_event(office_hears))[0] == "hello"
            _, mark, _ = await next_event(handler_hears)
            body = {"id": str(uuid.uuid4()), "category": "ENV", "lon": lon, "lat": lat, "draft": True}
            office.client.post("/api/v1/cases", json=body, headers=office.headers["ins"])  # nobody hears of a draft
            await asyncio.to_thread(office.do, case, "dis", "verify", note="seen")
            assert (await next_event(office_hears))[2] == {"cases": [case]}
            await asyncio.to_thread(office.do, case, "dis", "file")
            assert (await next_event(handler_hears))[2] == {"cases": [case]}  # theirs now, and nothing before
            await until_no_connection_is_out(town)  # who listens holds none; who looks for them does for a moment
            with writing(town) as session:  # whoever is signed out meanwhile hears nothing more: the stream ends
                person = people.get_person(session, "han")
                assert person is not None
                end_all(session, person)
            await asyncio.to_thread(office.do, case, "dis", "urge")
            assert (await next_event(office_hears))[2] == {"cases": [case]}
            assert [block async for block in handler_hears if b"event" in block] == []
        assert live.listeners == elsewhere.listeners == 0
        missed = live.listen(dispatcher, mark)
        assert (await next_event(missed))[0] == "hello"
        assert case in (await next_event(missed))[2]["cases"]
        live.close()  # the server ends: so does the stream, at once
        assert [block async for block in missed if b"event" in block] == []
        with pytest.raises(UnavailableError):
            live.require_room(dispatcher)

    loops.run(listened())


def test_one_listener_too_many_asks_from_time_to_time_instead(
    office: Office, town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "MOST_EACH", 0)
    answer = office.client.get("/api/v1/cases/changes", headers=office.headers["dis"])
    assert_problem(answer, 503)
    assert_problem(office.client.get("/api/v1/cases/changes", headers=office.headers["vie"]), 403)
    assert_problem(office.client.get("/api/v1/cases/changes"), 401)


def test_a_slow_listener_hears_once_of_much() -> None:
    me = live_module._Listener(live_module._Sight(Actor(1), None))
    me.tell({f"case {n}" for n in range(live_module.MOST_NAMED)}, too_many=False)
    assert (len(me.changed), me.too_many) == (live_module.MOST_NAMED, False)
    me.tell({"one more"}, too_many=False)
    assert (me.changed, me.too_many, me.news.is_set()) == (set(), True, True)
