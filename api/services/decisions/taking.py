"""Holding a meeting, deciding, and striking off what was carried out."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem, StaleError
from api.schemas.decisions import DecisionActionIn, DecisionIn, DecisionPatch, MeetingIn, MeetingPatch
from api.security.people import Actor
from api.services.cities import today_in
from api.services.decisions import views
from api.services.decisions.records import became, make_record
from api.services.departments import department_of, is_known
from api.services.identities import identity_warnings
from api.services.meetings.city import meeting_city
from api.services.meetings.periods import read_period
from api.settings import Settings
from api.store import cities, inspections
from api.store import decisions as store
from api.store.models import City, Decision, DecisionEntry, Meeting
from api.store.models.base import now
from api.store.models.decisions import OPEN_STATES
from api.store.records import claim


def list_meetings(
    session: Session, city_code: str | None, *, before: int, limit: int
) -> tuple[dict[str, Any], int | None]:
    """Return a city's meetings, the newest first, with how many decisions each took and are still open."""
    city = meeting_city(session, city_code)
    rows = store.meetings_page(session, city, before=before, limit=limit + 1)
    following = rows[limit - 1][0].id if len(rows) > limit else None
    shown = [views.meeting_view(one) | {"decisions": int(n), "open": int(still)} for one, n, still in rows[:limit]]
    return {"city": city.code, "meetings": shown}, following


def show_meeting(session: Session, actor: Actor, code: str, city_code: str | None) -> dict[str, Any]:
    """Return the meeting about a period: its decisions, and what became of those of earlier ones."""
    city = meeting_city(session, city_code)
    terms = cities.calendar_of(session, city).terms
    return views.about(session, actor, city, read_period(code, terms), terms)


def hold_meeting(session: Session, actor: Actor, given: MeetingIn) -> tuple[dict[str, Any], bool]:
    """Write down that a meeting is held; the same UUID again creates nothing.

    Raises
    ------
    ConflictError
        Where there is a meeting about that period already.
    """
    city = meeting_city(session, given.city)
    claim(session, given.id)
    known = store.get_meeting(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint():
            raise ConflictError("a meeting with this id is there already, and says something else")
        return views.meeting_view(known), False
    if store.meeting_about(session, city, given.period) is not None:
        raise ConflictError("there is a meeting about this period already; change that one")
    _require_departments(session, given.present)
    meeting = _new_meeting(session, actor, city, given.period, given.id, given.held_on)
    for name in ("kind", "place", "chair", "present", "summary"):
        setattr(meeting, name, getattr(given, name))
    meeting.content_hash = given.fingerprint()
    session.flush()
    return views.meeting_view(meeting) | _warnings(given.summary), True


def _new_meeting(
    session: Session, actor: Actor, city: City, code: str, identity: uuid.UUID, held_on: dt.date
) -> Meeting:
    period = read_period(code, cities.calendar_of(session, city).terms)
    meeting = Meeting(
        uuid=identity, city_id=city.id, period=period.code, first_day=period.first, last_day=period.last,
        held_on=held_on, source_id=inspections.person_source(session, actor.name).id,
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    return meeting


def change_meeting(
    session: Session, code: str, city_code: str | None, change: MeetingPatch, version: int
) -> dict[str, Any]:
    """Change what is written of a meeting that is still at ``version``."""
    city = meeting_city(session, city_code)
    meeting = store.meeting_about(session, city, code)
    if meeting is None:
        raise NotFoundError("no meeting about this period is on record")
    if meeting.version != version:
        raise StaleError("somebody else changed the meeting meanwhile; read it again")
    _require_departments(session, change.present or [])
    for name in ("held_on", "kind", "place", "chair", "present", "summary"):
        value = getattr(change, name)
        if value is not None:
            setattr(meeting, name, value)
    meeting.version += 1
    session.flush()
    return views.meeting_view(meeting) | _warnings(meeting.summary)


def _require_departments(session: Session, codes: list[str]) -> None:
    wrong = next((code for code in codes if not is_known(session, code)), None)
    if wrong is not None:
        what = f"there is no department {wrong!r}"
        raise BadInputError(what, problems=[Problem("body.present", what)])


def _warnings(*texts: str) -> dict[str, Any]:
    found = identity_warnings({str(n): text for n, text in enumerate(texts)})
    return {"warnings": found} if found else {}


def decide(
    session: Session, actor: Actor, code: str, given: DecisionIn, settings: Settings
) -> tuple[dict[str, Any], bool]:
    """Take a decision in the meeting about a period; the same UUID again creates nothing.

    Raises
    ------
    ConflictError
        Where the UUID belongs to another decision.
    BadInputError
        Where the deadline has passed, or a department or record cannot be used.
    """
    city = meeting_city(session, given.city)
    claim(session, given.id)
    known = store.get_decision(session, given.id)
    if known is not None:
        if known.decider_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("a decision with this id is there already, and says something else")
        return _shown(session, actor, city, known), False
    today = today_in(city, now())
    _require_deadline(given.due_on, today)
    meeting_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{city.code} {code}")
    claim(session, meeting_id)  # two who decide at once do not both open the meeting, and number in turn
    meeting = store.meeting_about(session, city, code) or _new_meeting(session, actor, city, code, meeting_id, today)
    decision = Decision(
        uuid=given.id, meeting_id=meeting.id, number=store.next_number(session, meeting), problem=given.problem,
        measure=given.measure, category=given.category, department_id=department_of(session, given.department).id,
        due_on=given.due_on, becomes=given.becomes, decider_id=actor.id, content_hash=given.fingerprint(),
        source_id=inspections.person_source(session, actor.name).id,
    )  # fmt: skip
    helpers = [department_of(session, one, "body.assisting").id for one in given.assisting]
    make_record(session, actor, city, decision, given, settings)
    session.add(decision)
    session.flush()
    store.set_assisting(session, decision, helpers)
    _note(session, actor, decision, "decide", given.id, "")
    session.flush()
    return _shown(session, actor, city, decision) | _warnings(given.problem, given.measure), True


def _require_deadline(due_on: dt.date, today: dt.date) -> None:
    if due_on < today:
        what = "the deadline lies in the past"
        raise BadInputError(what, problems=[Problem("body.due_on", what)])


def _note(
    session: Session, actor: Actor, decision: Decision, action: str, identity: uuid.UUID, note: str,
    details: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    session.add(
        DecisionEntry(
            uuid=identity, decision_id=decision.id, action=action, person_id=actor.id,
            department_id=actor.department_id, note=note, details=details or {},
        )
    )  # fmt: skip


def _shown(session: Session, actor: Actor, city: City, decision: Decision) -> dict[str, Any]:
    return views.view(session, actor, city, [decision])[0]


def decision_of(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Decision:
    """Return the decision of a UUID.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    decision = store.get_decision(session, identity, lock=lock)
    if decision is None:
        raise NotFoundError("there is no such decision")
    return decision


def require_open(decision: Decision) -> None:
    """Refuse what can be done only with a decision that is still to be struck off.

    Raises
    ------
    ConflictError
        Where it is struck off or withdrawn.
    """
    if decision.state not in OPEN_STATES:
        raise ConflictError("the decision is struck off or withdrawn; open it again first")


def city_of(session: Session, decision: Decision) -> City:
    """Return the city whose meeting took a decision."""
    return cities.city_of(session, store.meetings_of(session, [decision])[decision.meeting_id].city_id)


def show_decision(session: Session, actor: Actor, identity: uuid.UUID) -> dict[str, Any]:
    """Return one decision."""
    decision = decision_of(session, identity)
    return _shown(session, actor, city_of(session, decision), decision)


def change_decision(
    session: Session, actor: Actor, identity: uuid.UUID, change: DecisionPatch, version: int
) -> dict[str, Any]:
    """Change a decision that is still at ``version`` and not struck off; what it was stays in its log."""
    decision = decision_of(session, identity, lock=True)
    city = city_of(session, decision)
    if decision.version != version:
        raise StaleError("somebody else changed the decision meanwhile; read it again")
    require_open(decision)
    was: dict[str, Any] = {}
    if change.due_on is not None and change.due_on != decision.due_on:
        _require_deadline(change.due_on, today_in(city, now()))
        was["due_on"], decision.due_on = decision.due_on.isoformat(), change.due_on
    for name in ("problem", "measure"):
        value = getattr(change, name)
        if value is not None and value != getattr(decision, name):
            was[name] = getattr(decision, name)
            setattr(decision, name, value)
    if change.department is not None:
        department = department_of(session, change.department)
        if department.id != decision.department_id:
            was["department"] = store.departments_at(session, [decision.department_id])[decision.department_id]
            decision.department_id = department.id
    if change.assisting is not None:
        was["assisting"] = [code for _, code in store.assisting(session, [decision]).get(decision.id, [])]
        wanted = [department_of(session, one, "body.assisting").id for one in dict.fromkeys(change.assisting)]
        store.set_assisting(session, decision, [one for one in wanted if one != decision.department_id])
    decision.version += 1
    _note(session, actor, decision, "change", uuid.uuid4(), change.note, {"was": was})
    session.flush()
    return _shown(session, actor, city, decision) | _warnings(decision.problem, decision.measure, change.note)


def act(session: Session, actor: Actor, identity: uuid.UUID, given: DecisionActionIn) -> tuple[dict[str, Any], bool]:
    """Say that a decision is carried out, strike it off, open it again or withdraw it; the same UUID does nothing twice.

    Raises
    ------
    ForbiddenError
        Where it is not for them: whoever carried it out does not strike it off.
    ConflictError
        Where its state does not take it, or nothing shows that it was carried out.
    """
    claim(session, given.id)
    decision = decision_of(session, identity, lock=True)
    city = city_of(session, decision)
    known = store.get_entry(session, given.id)
    if known is not None:
        if (known.decision_id, known.person_id, known.action) != (decision.id, actor.id, given.action):
            raise ConflictError("this id belongs to another action; send this one under a new id")
        return _shown(session, actor, city, decision), False
    if given.action != "reopen":
        require_open(decision)
    elif decision.state in OPEN_STATES:
        raise ConflictError("the decision is still to be carried out")
    details = _act(session, actor, city, decision, given)
    decision.version += 1
    _note(session, actor, decision, given.action, given.id, given.note, details)
    session.flush()
    return _shown(session, actor, city, decision) | _warnings(given.note), True


def _act(session: Session, actor: Actor, city: City, decision: Decision, given: DecisionActionIn) -> dict[str, Any]:
    helpers = store.assisting(session, [decision]).get(decision.id, [])
    if given.action == "report":
        if not views.may_report(actor, decision, helpers):
            raise ForbiddenError(
                "the departments that carry a decision out say that it is done, or the office for them"
            )
        decision.state = "reported"
        return {}
    if given.action != "strike":
        if not actor.roles & views.OFFICE:
            raise ForbiddenError("your roles do not allow this")
        decision.state = "open" if given.action == "reopen" else "withdrawn"
        return {}
    log = store.entries(session, [decision]).get(decision.id, [])
    files = store.files(session, [decision]).get(decision.id, [])
    said_done = views.those_who_said_done(log, files)
    if not views.may_strike(actor, decision, helpers, said_done):
        raise ForbiddenError("whoever carried a decision out, or belongs to its departments, does not strike it off")
    proof = _proof(session, city, decision)
    decision.state = "struck"
    return {"proof": proof}


def _proof(session: Session, city: City, decision: Decision) -> list[str]:
    """Return what shows that a decision was carried out: its record, and files brought since it was opened last.

    Raises
    ------
    ConflictError
        Where nothing does.
    """
    log = [entry for entry, _ in store.entries(session, [decision]).get(decision.id, [])]
    opened = max((entry.at for entry in log if entry.action in {"decide", "reopen"}), default=decision.created_at)
    files = [row.name for row in store.files(session, [decision]).get(decision.id, []) if row.created_at >= opened]
    record = next((became(session, one, city) for one in store.records_of(session, [decision]).values()), None)
    if record is not None and record.hinders:
        raise ConflictError(record.hinders)
    if record is not None and record.done:
        return [f"{record.kind}: {record.name}", *files]
    if not files:
        raise ConflictError(
            "nothing shows yet that it was carried out: its case closed, its action reported, all answers, or a file"
        )
    return files
