"""Cases of the demonstration: made-up hazards taken through the closed loop by made-up people, in every state."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.schemas.cases import ActionIn
from api.schemas.photos import PhotoIn
from api.security.people import Actor
from api.services import photos
from api.services.cases.actions import take_action
from api.services.cases.filing import propose_case
from api.services.demo.pictures import gate_scene
from api.services.departments import department_of
from api.settings import Settings
from api.store import cases, cities, hazards, people
from api.store.models import Case, Hazard, Person
from api.store.models.base import now

CODE = "330681"
HANDLERS = {"demo-handler": "urban_management", "demo-traffic": "traffic_police"}
_HANDLED_BY = {"VEN": "demo-handler", "ENV": "demo-handler", "TRF": "demo-traffic"}
_OVER, _OPEN = 10, 14
_APART = 5  # of the hazards that are over, one of so many at first: cases of every month


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
# hours since the last step of each open case: some have just come, some are late
_SINCE_H = (1.0, 3.0, 0.5, 2.0, 5.0, 20.0, 4.0, 10.0, 30.0, 2.0, 60.0, 48.0)
_PHOTO_SPACE = uuid.UUID("9f0c7c36-3e0a-4f6e-8c0b-0d6a3f1d2b57")


def add_cases(session: Session, settings: Settings) -> None:
    """Let some hazards become cases, unless there are cases already, or people of the demonstration who are real.

    Those that are over are as old as their hazards; those that are open were reported in the last days.
    """
    city = cities.get_city(session, CODE)
    if cases.any_case(session, city.id):
        return
    actors = {name: actor_of(session, name) for name in ("demo-inspector", "demo-dispatcher", *HANDLERS)}
    known = hazards.hazards_by_age(session, city, sorted(_HANDLED_BY))
    over = [hazard for hazard in known if hazard.status != "open"]
    spread = itertools.chain.from_iterable(over[start::_APART] for start in range(_APART))
    latest = [hazard for hazard in reversed(known) if hazard.status == "open"]
    for found, ways, most in ((spread, CLOSED, _OVER), (latest, OPEN, _OPEN)):
        made = 0
        for hazard in found:
            way, moment = ways[made % len(ways)], hazard.observed_at
            if ways is OPEN:
                moment = now() - dt.timedelta(hours=_SINCE_H[made % len(OPEN)] + sum(step.hours for step in way))
            case = propose_case(session, actors["demo-inspector"], hazard, at=moment)
            if case is not None:
                _walk(session, actors, case, hazard, way, settings)
                made += 1
            if made == most:
                break


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


def _walk(
    session: Session,
    actors: dict[str, Actor],
    case: Case,
    hazard: Hazard,
    way: tuple[Step, ...],
    settings: Settings,
) -> None:
    identity, moment, category = case.uuid, case.received_at, case.category
    handler = actors[_HANDLED_BY[category]]
    _photograph(session, actors["demo-inspector"], hazard, moment, gone=False, settings=settings)
    for step in way:
        moment += dt.timedelta(hours=step.hours)
        if step.action == "answer":
            _photograph(session, handler, hazard, moment, gone=True, settings=settings)
        actor = handler if step.who == "H" else actors[step.who]
        given = ActionIn(
            action=step.action, note=step.note, amount=step.amount, score=5 if step.action == "rate" else None
        )
        take_action(session, actor, identity, given, None, at=moment)


def _photograph(
    session: Session, actor: Actor, hazard: Hazard, at: dt.datetime, *, gone: bool, settings: Settings
) -> None:
    """Add a drawn picture of how it was, or of how it is now."""
    given = PhotoIn(
        id=uuid.uuid5(_PHOTO_SPACE, f"{hazard.uuid} {at.isoformat()}"),
        taken_at=at,
        caption="绘制（虚构）",
    )
    picture = gate_scene(hazard.category, hazard.id, gone=gone)
    photos.add_invented_photo(session, actor, hazard, given, picture, settings)
