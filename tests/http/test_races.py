"""Several people, or one phone twice, at the same moment: one change wins, one record is made. All data invented."""

from __future__ import annotations

import ast
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.departments import department_of
from api.store.departments import get_department
from api.store.engine import reading, writing
from tests.http.conftest import Headers
from tests.http.invented_town import PASSWORD, place

SignIn = Callable[[TestClient, str], Headers]
AT_ONCE = 4  # as many as write at once


def together(client: TestClient, *requests: dict[str, Any]) -> list[Any]:
    """Send requests that set out at the same moment, and return what each was answered."""
    start = threading.Barrier(len(requests))

    def send(request: dict[str, Any]) -> Any:
        start.wait()
        return client.request(**request)

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


@pytest.fixture
def people(client: TestClient, sign_in: SignIn) -> dict[str, Headers]:
    return {name: sign_in(client, name) for name in ("ins", "dis", "adm", "lia", "lea")}


def spot(x: float = 70) -> dict[str, float]:
    lon, lat = place(x, 0)
    return {"lon": lon, "lat": lat}


def first_version(client: TestClient, path: str, headers: Headers) -> Headers:
    return headers | {"If-Match": client.get(path, headers=headers).headers["ETag"]}


def test_of_changes_to_one_version_one_wins_and_the_others_hear_of_it(
    client: TestClient, town: Engine, people: dict[str, Headers]
) -> None:
    hazard, person = str(uuid.uuid4()), str(uuid.uuid4())
    client.post("/api/v1/hazards", json={"id": hazard, "category": "VEN"} | spot(), headers=people["ins"])
    account = {"id": person, "name": "spare", "roles": ["viewer"], "password": PASSWORD}
    client.post("/api/v1/people", json=account, headers=people["adm"])
    rules = client.get("/api/v1/filing-rules", headers=people["dis"]).json()["filing_rules"]
    rule = {name: value for name, value in rules[0].items() if name not in {"id", "version", "built_in"}}
    cells = [f["properties"]["code"] for f in client.get("/api/v1/cells").json()["features"]]
    rule |= {"place_kind": "cell", "place": cells[0]}
    rule_path = f"/api/v1/filing-rules/{uuid.uuid4()}"
    assert client.put(rule_path, json=rule, headers=people["dis"] | {"If-Match": '"0"'}).status_code == 200
    ways: list[tuple[str, str, str, Callable[[int], dict[str, Any]]]] = [
        ("PATCH", f"/api/v1/hazards/{hazard}", "ins", lambda n: {"note": f"invented {n}"}),
        ("PATCH", f"/api/v1/people/{person}", "adm", lambda n: {"display_name": f"invented {n}"}),
        # what was there already, given again, is a change as well: the others know nothing of it
        ("PUT", f"/api/v1/people/{person}/cells", "dis", lambda _: {"cells": cells[:1]}),
        ("PUT", rule_path, "dis", lambda n: rule | {"min_severity": 1 + n % 3}),
        ("PUT", "/api/v1/departments/justice/duties", "dis", lambda n: {"duties": []}),
        ("PUT", "/api/v1/working-calendar/2031", "dis", lambda _: year),
    ]
    year = client.get("/api/v1/working-calendar/2031", headers=people["dis"]).json()
    year = {name: year[name] for name in ("hours", "days", "confirmed", "source")}
    for method, path, who, body in ways:
        for _ in range(3):
            match = first_version(client, path, people[who])
            sent = {"method": method, "url": path, "headers": match}
            answers = together(client, *(sent | {"json": body(n)} for n in range(AT_ONCE)))
            statuses = Counter(answer.status_code for answer in answers)
            made = match["If-Match"] == '"0"'  # of those who make it at once the others may also find it made
            late = statuses[412] + (statuses[409] if made else 0)
            assert (statuses[200], late) == (1, AT_ONCE - 1), (path, statuses, [a.text[:200] for a in answers])
            assert client.request(method, path, json=body(0), headers=people[who]).status_code == 428


def test_the_same_record_sent_several_times_at_once_is_made_once(
    client: TestClient, town: Engine, people: dict[str, Headers]
) -> None:
    moment = "2026-11-03T16:00:00+08:00"
    days = {"purpose": "an invented purpose", "first_day": "2026-11-03", "last_day": "2026-11-03"}
    known = str(uuid.uuid4())
    client.post("/api/v1/hazards", json={"id": known, "category": "SHP"} | spot(), headers=people["ins"])
    ways: list[tuple[str, str, dict[str, Any]]] = [
        ("hazards", "ins", {"category": "VEN"} | spot()),
        ("inspections", "ins", {"started_at": moment} | spot()),
        ("incidents", "ins", {"type": "fight", "occurred_from": moment} | spot()),
        ("sightings", "ins", {"hazard": known, "observed_at": moment}),
        ("cases", "ins", {"category": "VEN"} | spot(400)),
        ("sealed-requests", "lia", days),
        ("people", "adm", {"name": "twin", "roles": ["viewer"], "password": PASSWORD}),
    ]
    for path, who, body in ways:
        record = {"id": str(uuid.uuid4())} | body
        sent = {"method": "POST", "url": f"/api/v1/{path}", "json": record, "headers": people[who]}
        answers = together(client, *[sent] * AT_ONCE)
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 200: AT_ONCE - 1}, (path, statuses, [a.text[:200] for a in answers])
    with reading(town) as session:
        made = session.scalar(sa.text("SELECT count(*) FROM hazards WHERE reporter_id IS NOT NULL"))
        assert made == 2


def test_of_two_decisions_on_a_request_one_is_taken(client: TestClient, people: dict[str, Headers]) -> None:
    days = {"purpose": "an invented purpose", "first_day": "2026-11-03", "last_day": "2026-11-03"}
    for _ in range(3):
        asked = str(uuid.uuid4())
        client.post("/api/v1/sealed-requests", json={"id": asked} | days, headers=people["lia"])
        sent = {"method": "POST", "url": f"/api/v1/sealed-requests/{asked}/decision", "headers": people["lea"]}
        answers = together(client, *(sent | {"json": {"decision": d}} for d in ("approve", "refuse") * 2))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses[200] == 1, [a.text for a in answers]
        assert statuses[409] + statuses[412] == 3, statuses


SERVICES = Path(__file__).parents[2] / "api" / "services"
# looked up by a client's UUID otherwise: a photo tries again when it was beaten, and a question makes nothing
NOT_CLAIMED = {"photos/records.py:add_photo", "photos/records.py:_record", "field/outbox.py:_photo"}


def looks_up_what_was_sent(call: ast.expr) -> bool:
    """Return whether this is ``….get(session, given.id)``."""
    return isinstance(call, ast.Call) and [ast.unparse(one) for one in call.args] == ["session", "given.id"]


def test_every_record_of_a_client_s_uuid_is_claimed_before_it_is_looked_up() -> None:
    found, missing = 0, []
    for path in sorted(SERVICES.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            lookups = [
                node
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "known"
                and looks_up_what_was_sent(node.value)
            ]
            name = f"{path.relative_to(SERVICES).as_posix()}:{function.name}"
            if not lookups or name in NOT_CLAIMED:
                continue
            found += 1
            claims = [node.lineno for node in ast.walk(function) if ast.unparse(node) == "claim(session, given.id)"]
            if not claims or min(claims) > lookups[0].lineno:
                missing.append(name)
    assert found > 8, "the search finds nothing any more"
    assert missing == [], "of the same record sent twice at once the second would be answered 409"


def test_a_department_that_several_are_the_first_to_name_is_written_once(town: Engine) -> None:
    start = threading.Barrier(AT_ONCE)

    def name_it(_: int) -> int:
        start.wait()
        with writing(town) as session:
            return department_of(session, "civil_affairs").id

    with reading(town) as session:
        assert get_department(session, "civil_affairs") is None
    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert len(set(threads.map(name_it, range(AT_ONCE)))) == 1
