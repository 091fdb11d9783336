"""Cases of the demonstration: made-up hazards taken through the closed loop by made-up people, in every state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.schemas.cases import ActionIn
from api.security.people import Actor
from api.services.cases.actions import take_action
from api.services.cases.filing import propose_case
from api.services.departments import department_of
from api.store import cases, cities, hazards, people
from api.store.models import Case, Person

CODE = "330681"
HANDLERS = {"demo-handler": "urban_management", "demo-traffic": "traffic_police"}
_HANDLED_BY = {"VEN": "demo-handler", "ENV": "demo-handler", "TRF": "demo-traffic"}
_MOST = 24
_LOOKED_AT = 120


@dataclass(frozen=True)
class Step:
    """Who does what so many hours after the step before; ``H`` is the handler of the leading department."""

    who: str
    action: str
    hours: float
    note: str = ""
    amount: float | None = None


_FILE = (Step("demo-dispatcher", "file", 0.4), Step("demo-dispatcher", "dispatch", 0.3))
_HANDLE = (*_FILE, Step("H", "accept", 0.5), Step("H", "start", 0.5))
_ANSWER = (
    *_HANDLE,
    Step("H", "answer", 2, "已处置（虚构）"),
    Step("demo-dispatcher", "send_to_check", 0.5),
)
_PASS = Step("demo-inspector", "pass", 3, "放学时段复查，已消除（虚构）")
CLOSED: tuple[tuple[Step, ...], ...] = (
    (*_ANSWER, _PASS),
    (*_ANSWER, _PASS, Step("demo-inspector", "rate", 20)),
    (
        *_ANSWER,
        Step("demo-inspector", "rework", 4, "复查时又见（虚构）"),
        Step("H", "answer", 5, "再次处置（虚构）"),
        Step("demo-dispatcher", "send_to_check", 1),
        _PASS,
    ),
)
OPEN: tuple[tuple[Step, ...], ...] = (
    (),
    (Step("demo-inspector", "verify", 2, "情况属实（虚构）"),),
    _FILE[:1],
    _FILE,
    _HANDLE[:3],
    _HANDLE,
    (*_FILE, Step("H", "return", 1, "不属本部门职责（虚构）")),
    (*_HANDLE, Step("H", "ask_extension", 2, "业主外出（虚构）", 2)),
    (*_HANDLE, Step("H", "ask_suspension", 3, "道路施工（虚构）"), Step("demo-dispatcher", "grant_suspension", 2)),
    _ANSWER,
    (*_HANDLE, Step("demo-dispatcher", "urge", 30, "请尽快处置（虚构）")),
    (Step("demo-dispatcher", "reject", 2, "不在控制范围内（虚构）"),),
)


def add_cases(session: Session) -> None:
    """Let some hazards become cases, unless there are cases already, or people of the demonstration who are real."""
    city = cities.get_city(session, CODE)
    if cases.any_case(session, city.id):
        return
    actors = {name: actor_of(session, name) for name in ("demo-inspector", "demo-dispatcher", *HANDLERS)}
    made = {True: 0, False: 0}
    for hazard in hazards.first_hazards(session, city, sorted(_HANDLED_BY), _LOOKED_AT):
        if sum(made.values()) == _MOST:
            break
        is_open = hazard.status == "open"
        case = propose_case(session, actors["demo-inspector"], hazard, at=hazard.observed_at)
        if case is None:
            continue
        ways = OPEN if is_open else CLOSED
        _walk(session, actors, case, ways[made[is_open] % len(ways)])
        made[is_open] += 1


def give_departments(session: Session) -> None:
    """Put the demonstration's handlers, liaison officer and leader into their departments."""
    for name, code in (HANDLERS | {"demo-liaison": "urban_management", "demo-leader": "urban_management"}).items():
        person = people.get_person(session, name)
        if person is not None and person.invented and person.department_id is None:
            person.department_id = department_of(session, code).id
    session.flush()


def actor_of(session: Session, name: str) -> Actor:
    """Return somebody of the demonstration as whoever does something; nobody where they are not there."""
    person = people.get_person(session, name)
    if person is None:
        return Actor()
    found: Person = person
    roles = frozenset(people.roles_of(session, found.id))
    return Actor(found.id, found.uuid, found.name, found.display_name, roles, found.department_id)


def _walk(session: Session, actors: dict[str, Actor], case: Case, way: tuple[Step, ...]) -> None:
    identity, moment, category = case.uuid, case.received_at, case.category
    for step in way:
        moment += dt.timedelta(hours=step.hours)
        actor = actors[_HANDLED_BY[category] if step.who == "H" else step.who]
        given = ActionIn(
            action=step.action, note=step.note, amount=step.amount, score=5 if step.action == "rate" else None
        )
        take_action(session, actor, identity, given, None, at=moment)
