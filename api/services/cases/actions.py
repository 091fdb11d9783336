"""Doing something with a case: held against the table, kept in its flow log, and its clocks set."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, CampusError, ConflictError, ForbiddenError, Problem, StaleError
from api.schemas.cases import ActionIn, CaseIn
from api.security.people import Actor
from api.services.cases.filing import report_case
from api.services.cases.machine import GUARDS, MOVES, OVER, Doer, Facts, Move, after, allowed, in_name_of, why_not
from api.services.cases.timing import calendar_of, extend, is_late, move_clocks
from api.services.cases.views import case_detail, case_for, doer_of, facts_of, what_happened
from api.services.departments import department_of, standing_for
from api.services.messages.cases import tell_of_action
from api.settings import Settings
from api.store import cases
from api.store.models import Case, CaseEntry, Department, Hazard
from api.store.models.base import now

_NEEDED = {"note": "note", "department": "department", "amount": "amount", "into": "into", "score": "score",
           "departments": "departments"}  # fmt: skip
# guards that say who somebody is, and not how the case stands
_PERSONAL = {"not_asker", "not_handler", "first_extension", "second_extension"}


def add_case(session: Session, actor: Actor, given: CaseIn, settings: Settings) -> tuple[dict[str, Any], bool]:
    """Report a case, and show it; the same UUID again creates nothing."""
    case, created = report_case(session, actor, given, settings)
    session.expire_all()
    return case_detail(session, actor, case), created


def take_action(
    session: Session,
    actor: Actor,
    identity: uuid.UUID,
    given: ActionIn,
    version: int | None,
    *,
    at: dt.datetime | None = None,
) -> tuple[dict[str, Any], bool]:
    """Do something with a case; the same UUID again does nothing and answers how the case stands.

    Of two people who act at once one comes second (the case is locked) and hears what the other did.

    Parameters
    ----------
    version
        That of the case as the person saw it; None: whatever it is at, then the table alone decides.
    at
        When it is done; now, but for the demonstration.

    Returns
    -------
    case, done
        The case as it stands, and whether something was done.

    Raises
    ------
    NotFoundError
        Where there is no such case, or none that they see.
    StaleError, ConflictError
        Where somebody else acted meanwhile, or its state does not take the action; ``more`` says what happened.
    ForbiddenError
        Where it is not for them.
    BadInputError
        Where something that the action needs is not there.
    """
    case = case_for(session, actor, identity, lock=True)
    known = None if given.id is None else cases.known_entry(session, given.id)
    if known is not None:
        if (known.case_id, known.person_id, known.content_hash) != (case.id, actor.id, given.fingerprint()):
            raise ConflictError("this id belongs to another action; send this one under a new id")
        return case_detail(session, actor, case), False
    facts = facts_of(session, [case])[case.id]
    doer = doer_of(session, actor)
    if version is not None and version != case.version:
        raise _told(
            StaleError("somebody else acted on this case meanwhile; see what happened"),
            session, doer, case, facts, since=version,
        )  # fmt: skip
    move = MOVES.get(given.action)
    if move is None:
        what = f"there is no action {given.action!r}"
        raise BadInputError(what, problems=[Problem("body.action", what)])
    _require(session, doer, case, facts, move)
    _require_needs(move, given)
    if move.action == "pass" and (lacking := _lacks_photo(session, case)) is not None:
        raise _told(ConflictError(lacking), session, doer, case, facts)
    moment = at or now()
    new = after(facts, move, doer)
    entry = _entry(session, actor, case, move, given, moment)
    entry.department_id = in_name_of(facts, move, doer)
    entry.details = _effects(session, actor, case, move, given, moment)
    _settle(session, case, facts, new, move, moment)
    case.version += 1
    entry.to_state, entry.case_version = case.state, case.version
    session.add(entry)
    if case.filed_at is not None:
        cases.add_parties(case, (case.lead_id,))
    cases.set_handlers(case, new.handlers, new.handling_departments)
    session.flush()
    tell_of_action(session, case, entry)
    session.expire_all()
    return case_detail(session, actor, case), True


def _require(session: Session, doer: Doer, case: Case, facts: Facts, move: Move) -> None:
    """Refuse what the table does not allow, and say why, and what is allowed."""
    kind, what = why_not(move, facts, doer)
    if not kind:
        return
    error: CampusError
    if kind == "state":
        error = ConflictError(f"a case that is {what} does not take the action {move.action}")
    elif kind == "who":
        error = ForbiddenError(f"the action {move.action} is not for you, but for {what}")
    else:
        kind_of = ForbiddenError if what in _PERSONAL else ConflictError
        error = kind_of(GUARDS[what])
    raise _told(error, session, doer, case, facts)


def _told(
    error: CampusError, session: Session, doer: Doer, case: Case, facts: Facts, *, since: int | None = None
) -> CampusError:
    """Return an error that also says how the case stands, what may be done, and what happened last."""
    lines = what_happened(session, case, case.version - 1 if since is None else since)
    error.more = {
        "state": case.state,
        "version": case.version,
        "allowed_actions": [move.action for move in allowed(facts, doer)],
        "happened": lines,
    }
    return error


def _require_needs(move: Move, given: ActionIn) -> None:
    missing = [need for need in move.needs if not getattr(given, _NEEDED[need])]
    if missing:
        raise BadInputError(
            f"the action {move.action!r} needs {', '.join(missing)}",
            problems=[Problem(f"body.{need}", "it is needed for this action") for need in missing],
        )


def _entry(session: Session, actor: Actor, case: Case, move: Move, given: ActionIn, moment: dt.datetime) -> CaseEntry:
    """Return the line of the flow log of an action, as the case stands before it."""
    ends_step = move.target is not None and move.target != "suspended"
    return CaseEntry(
        uuid=given.id or uuid.uuid4(),
        case_id=case.id,
        number=cases.last_number(session, case.id) + 1,
        action=move.action,
        from_state=case.state,
        person_id=actor.id,
        at=moment,
        said_at=given.at,
        note=given.note,
        step_due_at=case.step_due_at,
        late=ends_step and is_late(case, moment),
        content_hash=given.fingerprint(),
    )


def _settle(session: Session, case: Case, old: Facts, new: Facts, move: Move, moment: dt.datetime) -> None:
    """Bring the record to what the table says comes of the action."""
    case.state, case.rung, case.reworks, case.returns = new.state, new.rung, new.reworks, new.returns
    if new.asked is None:
        case.asked = None
    if new.state == old.state:
        return
    move_clocks(case, old.state, calendar_of(session, case), moment)
    if move.action == "pass":
        case.closed_at = moment
        own = None if case.hazard_id is None else session.get(Hazard, case.hazard_id)
        for hazard in (*cases.hazards_of_merged(session, case.id), own):
            if hazard is not None and hazard.status == "open":
                hazard.status = "resolved"
                hazard.version += 1


def _effects(
    session: Session, actor: Actor, case: Case, move: Move, given: ActionIn, moment: dt.datetime
) -> dict[str, Any]:
    """Do what an action does beside moving the case; return what the flow log keeps of it."""
    action = move.action
    if action == "file":
        return _file(session, case, given)
    if action in {"dispatch", "redispatch"}:
        return _dispatch(session, case, given)
    if action == "assist":
        found = [department_of(session, code, "body.departments") for code in given.departments or []]
        _require_apart(case.lead_id, found)
        cases.add_assisting(session, case, [one.id for one in found])
        return {"departments": [one.code for one in found]}
    if action in {"ask_extension", "ask_suspension"}:
        asked: dict[str, Any] = {"kind": action.removeprefix("ask_"), "by": actor.id, "by_name": actor.display_name}
        asked |= {"note": given.note, "at": moment.isoformat()}
        if action == "ask_extension":
            _require_amount(case, given)
            asked |= {"amount": given.amount, "unit": case.rule["limits"]["handle"]["unit"]}
        case.asked = asked
        return {name: asked[name] for name in ("amount", "unit") if name in asked}
    if action in {"grant_first_extension", "grant_second_extension"} and case.asked is not None:
        granted = {"amount": case.asked["amount"], "unit": case.asked["unit"]}
        extend(case, float(case.asked["amount"]), calendar_of(session, case))
        return granted
    if action == "merge" and given.into is not None:
        return _merge(session, actor, case, given.into, moment)
    if action == "rate":
        case.score = given.score
        return {"score": given.score}
    return {}


def _require_amount(case: Case, given: ActionIn) -> None:
    unit = case.rule["limits"]["handle"]["unit"]
    if given.amount is not None and unit.endswith("days") and given.amount != int(given.amount):
        what = "days are counted as whole ones"
        raise BadInputError(what, problems=[Problem("body.amount", what)])


def _lacks_photo(session: Session, case: Case) -> str | None:
    """Say that the case's rule wants a photo of how it is now before it is closed, where there is none."""
    if not case.rule["close_needs_photo"] or case.hazard_id is None or case.filed_at is None:
        return None
    taken = cases.photos_come_since(session, case.hazard_id, case.filed_at)
    if any(moment >= case.filed_at for moment in taken):
        return None
    if taken:
        return (
            "the photos that came were taken before the case was filed: take one now, on a phone whose clock is right"
        )
    return "by its filing rule the case needs a photo of how it is now before it is closed"


def _file(session: Session, case: Case, given: ActionIn) -> dict[str, Any]:
    """File a case as proposed, or with what the dispatcher changes of it; the case's copy of the rule says what.

    Of the departments that assist by the rule, those that have ended meanwhile are replaced by who took over, or left
    out, and what is returned says so (``ended``); one that was chosen must be in force, and so must the lead.
    """
    changed: dict[str, Any] = {}
    ended: dict[str, str | None] = {}
    if given.department is not None and given.department != case.rule["lead"]:
        changed["lead"] = given.department
    if given.departments is not None and given.departments != case.rule["assisting"]:
        changed["assisting"] = list(dict.fromkeys(given.departments))
    else:
        standing = {code: standing_for(session, code) for code in case.rule["assisting"]}
        found = {code: None if one is None else one.code for code, one in standing.items()}
        ended = {code: other for code, other in found.items() if other != code}
        if ended:
            lead = changed.get("lead", case.rule["lead"])
            codes = dict.fromkeys(one.code for one in standing.values() if one is not None)
            changed["assisting"] = [code for code in codes if code != lead]
    if given.urgency is not None and given.urgency != case.rule["urgency"]:
        changed["urgency"] = given.urgency
    if given.limits:
        limits = {step: limit.model_dump() for step, limit in given.limits.items()}
        changed["limits"] = {**case.rule["limits"], **limits}
    case.rule = {**case.rule, **changed, "changed": sorted(changed)}
    case.urgency = case.rule["urgency"]
    case.lead_id = _leading(session, case, case.rule["lead"]).id
    assisting = [department_of(session, code, "body.departments") for code in case.rule["assisting"]]
    if given.departments is not None:
        _require_apart(case.lead_id, assisting)
    cases.add_assisting(session, case, [one.id for one in assisting])
    return changed | ({"ended": ended} if ended else {})


def _require_apart(lead: int | None, assisting: Sequence[Department]) -> None:
    """Refuse to let the department that leads assist with its own case."""
    both = next((one for one in assisting if one.id == lead), None)
    if both is not None:
        what = f"the department {both.code!r} leads the case; name others to assist"
        raise BadInputError(what, problems=[Problem("body.departments", what)])


def _leading(session: Session, case: Case, code: str) -> Department:
    """Return the department that is to lead a case; where one that nobody chose has ended, say what to do."""
    try:
        return department_of(session, code)
    except BadInputError as error:
        if code != case.rule["lead"] or "lead" in case.rule["changed"]:
            raise
        successor = standing_for(session, code)
        what = f"{error}; choose another department to lead the case"
        if successor is not None:
            what = f"by its rule the case goes to {code!r}, which has ended; choose {successor.code!r}, which took over"
        raise BadInputError(what, problems=[Problem("body.department", what)]) from None


def _dispatch(session: Session, case: Case, given: ActionIn) -> dict[str, Any]:
    code = given.department or case.rule["lead"]
    department = department_of(session, code) if given.department else _leading(session, case, code)
    if given.action == "redispatch" and department.id == case.lead_id and not given.note:
        what = "say why it goes to the same department again"
        raise BadInputError(what, problems=[Problem("body.note", what)])
    case.lead_id = department.id
    return {"department": code}


def _merge(session: Session, actor: Actor, case: Case, into: uuid.UUID, moment: dt.datetime) -> dict[str, Any]:
    """Merge a case into another, which says so in its own flow log; both keep all of their lines."""
    if into == case.uuid:
        what = "a case is not merged into itself"
        raise BadInputError(what, problems=[Problem("body.into", what)])
    target = cases.get_case(session, into, lock=True)
    if target is None or target.city_id != case.city_id or target.state == "draft" or target.state in OVER:
        what = "there is no such case that could go on"
        raise BadInputError(what, problems=[Problem("body.into", what)])
    case.merged_into_id = target.id
    target.version += 1
    session.add(
        CaseEntry(
            case_id=target.id,
            number=cases.last_number(session, target.id) + 1,
            action="absorb",
            from_state=target.state,
            to_state=target.state,
            person_id=actor.id,
            department_id=actor.department_id,
            at=moment,
            details={"merged": str(case.uuid)},
            case_version=target.version,
        )
    )
    return {"into": str(into)}
