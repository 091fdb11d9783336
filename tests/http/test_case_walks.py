"""Random people do random things with a case, through the service and on both databases: what the records say holds."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError
from api.schemas.cases import ActionIn, CaseIn
from api.security.people import Actor
from api.services.cases.actions import add_case, take_action
from api.services.cases.machine import IN_HAND, MOVES, allowed
from api.services.cases.views import doer_of, facts_of
from api.services.departments import department_of
from api.settings import Settings
from api.store import people
from api.store.cases import handlers_of
from api.store.engine import reading, writing
from api.store.models import Case, CaseEntry
from tests.cases.test_machine import FOLLOWS
from tests.http.case_office import Office, SignIn
from tests.http.conftest import PEOPLE
from tests.http.invented_town import place

BEGIN = dt.datetime(2026, 9, 28, 1, tzinfo=dt.UTC)  # a Monday morning before National Day
STEPS = 70
ENDS = {"void", "merge", "reject", "discard"}


def somebody(town: Engine) -> dict[str, Actor]:
    with writing(town) as session:
        offices = {code: department_of(session, code).id for code in ("urban_management", "health")}
        actors = {}
        for name, role in PEOPLE.items():
            person = people.get_person(session, name)
            assert person is not None
            roles = frozenset({role} | ({"dispatcher", "inspector"} if name == "han" else set()))
            office = {"han": "urban_management", "lia": "health"}.get(name)
            roles = frozenset({"handler"}) if name == "lia" else roles
            actors[name] = Actor(person.id, person.uuid, name, name, roles, None if office is None else offices[office])
    return actors


def an_action(chance: random.Random, action: str) -> ActionIn:
    more: dict[str, Any] = {}
    if chance.random() < 0.9:
        more["note"] = "invented"
    if action in {"redispatch", "dispatch"} and chance.random() < 0.9:
        more["department"] = chance.choice(["urban_management", "health"])
    if action == "assist":
        more["departments"] = ["police"]
    if action == "ask_extension":
        more["amount"] = chance.choice([1, 4, 8])
    if action == "rate":
        more["score"] = chance.randint(1, 5)
    return ActionIn(action=action, id=uuid.uuid4(), **more)


def something_allowed(
    chance: random.Random, town: Engine, identity: uuid.UUID, actors: dict[str, Actor]
) -> tuple[str, str] | None:
    """Return somebody and something they may do now, rather something that moves the case."""
    with reading(town) as session:
        case = session.scalars(sa.select(Case).where(Case.uuid == identity)).one()
        facts = facts_of(session, [case])[case.id]
        doers = {name: doer_of(session, actor) for name, actor in sorted(actors.items())}
    ways = [(name, move) for name, doer in doers.items() for move in allowed(facts, doer)]
    moving = [(name, move) for name, move in ways if move.target is not None and move.action not in ENDS]
    found = moving if moving and chance.random() < 0.6 else ways
    if not found:
        return None
    name, move = chance.choice(found)
    return name, move.action


@pytest.mark.parametrize("seed", range(4))
def test_random_walks_keep_every_line_and_reach_no_illegal_state(town: Engine, settings: Settings, seed: int) -> None:
    chance, actors, moment = random.Random(seed), somebody(town), BEGIN
    lon, lat = place(70, 0)
    identity = uuid.uuid4()
    with writing(town) as session:
        add_case(
            session, actors["dis"], CaseIn(id=identity, category="VEN", lon=lon, lat=lat, draft=seed % 2 == 1), settings
        )
    done: list[tuple[str, str]] = []
    for step in range(STEPS):
        name, action = chance.choice(sorted(actors)), chance.choice(sorted(MOVES))
        if chance.random() < 0.8:
            name, action = something_allowed(chance, town, identity, actors) or (name, action)
        if action in ENDS and step < STEPS - 10:
            continue  # what ends a case early is tried at the end only, or most walks would be short
        moment += dt.timedelta(minutes=chance.randint(1, 600))
        try:
            with writing(town) as session:
                given = an_action(chance, action)
                _, was_done = take_action(session, actors[name], identity, given, None, at=moment)
                assert was_done
        except (ConflictError, ForbiddenError, NotFoundError, BadInputError):
            continue
        done.append((action, name))
    with reading(town) as session:
        case = session.scalars(sa.select(Case).where(Case.uuid == identity)).one()
        lines = session.scalars(
            sa.select(CaseEntry).where(CaseEntry.case_id == case.id).order_by(CaseEntry.number)
        ).all()
    names = {actor.id: name for name, actor in actors.items()}
    assert [(line.action, names[line.person_id]) for line in lines[1:]] == done
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert [line.case_version for line in lines] == list(range(1, len(lines) + 1))
    assert len(done) > 8, "the walk goes nowhere"
    in_hand: set[int | None] = set()
    departments: set[int | None] = set()
    state = lines[0].to_state
    for line in lines[1:]:
        assert line.from_state == state
        assert line.to_state == state or line.to_state in FOLLOWS[state]
        state = line.to_state
        if line.action in IN_HAND:
            in_hand.add(line.person_id)
            departments.add(line.department_id)
        if line.action in {"pass", "rework"}:
            assert line.person_id not in in_hand
            assert line.department_id is None or line.department_id not in departments
    assert case.state == state
    assert handlers_of(case) == (in_hand, departments)
    assert case.reworks == sum(line.action == "rework" for line in lines)
    if case.filed_at is not None and case.state not in {"suspended", "void", "merged"}:
        assert case.due_at is not None


def test_several_people_walk_at_once_over_http(client: TestClient, sign_in: SignIn) -> None:
    """Everybody does what they are offered, all at the same cases: refused or done, and every line is kept once."""
    office = Office(client, sign_in)
    cases = [office.case(60 + 5 * n, 0) for n in range(2)]

    def walk(name: str) -> Counter[tuple[str, int]]:
        chance, answers = random.Random(name), Counter[tuple[str, int]]()
        for _ in range(9):
            case = chance.choice(cases)
            shown = client.get(f"/api/v1/cases/{case}", headers=office.headers[name])
            offered = shown.json()["properties"]["allowed_actions"] if shown.status_code == 200 else []
            moves = [one for one in offered if one not in {*ENDS, "comment"}] or ["comment"]
            body = an_action(chance, chance.choice(moves)).model_dump(mode="json", exclude_none=True)
            match = {"If-Match": shown.headers["ETag"]} if "ETag" in shown.headers and chance.random() < 0.5 else {}
            answer = client.post(f"/api/v1/cases/{case}/actions", json=body, headers=office.headers[name] | match)
            answers[case, answer.status_code] += 1
            if answer.status_code in {409, 412}:  # who comes second hears what happened, and what they may do
                assert {"state", "version", "allowed_actions", "happened"} <= set(answer.json())
        return answers

    people_at_work = ["dis", "adm", "han", "ins", "lea", "pol"]
    with ThreadPoolExecutor(len(people_at_work)) as pool:
        answers = sum(pool.map(walk, people_at_work), Counter[tuple[str, int]]())
    assert {status for _, status in answers} <= {201, 403, 404, 409, 412, 422}
    for case in cases:
        said = office.show(case)
        assert [line["number"] for line in said["log"]] == list(range(1, len(said["log"]) + 1))
        assert len(said["log"]) == 1 + answers[case, 201]  # what was acknowledged is there, and nothing else
        assert said["version"] == len(said["log"])
        state = "reported"
        for line in said["log"][1:]:
            assert line["from"] == state
            state = line["to"]
        assert said["state"] == state
