"""The case, joint action or notice that a decision becomes, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.schemas.actions import JointActionIn, TakingPartIn
from api.schemas.cases import ActionIn, CaseIn
from api.schemas.decisions import DecisionIn
from api.schemas.filing import LimitIn
from api.schemas.notices import NoticeIn
from api.security.people import Actor
from api.services.actions.records import action_of, plan_action, state_of
from api.services.cases.actions import take_action
from api.services.cases.filing import report_case
from api.services.cases.machine import OVER, STATES
from api.services.cases.views import case_for
from api.services.cities import today_in
from api.services.notices.views import missing_departments, notice_for
from api.services.notices.writing import write_notice
from api.settings import Settings
from api.store import notices
from api.store.models import Case, City, Decision, JointAction, Notice
from api.store.models.base import now

_LONGEST_LIMIT = 1_000
_ACTION_STATES = {
    "planned": ("计划中", "Planned"),
    "under_way": ("进行中", "Under way"),
    "ended": ("已结束", "Ended"),
    "reported": ("已总结", "Reported"),
    "cancelled": ("已取消", "Cancelled"),
}


@dataclass(frozen=True)
class Became:
    """What a decision became: how it is called, how far it is, and whether it shows by itself that it was carried out.

    ``hinders`` is the reason why the decision cannot be struck off yet, whatever else shows that it was carried out.
    """

    kind: str
    id: str
    name: str
    zh: str
    en: str
    done: bool
    hinders: str = ""


def make_record(
    session: Session, actor: Actor, city: City, decision: Decision, given: DecisionIn, settings: Settings
) -> None:
    """Make the record that a decision becomes, or tie the one that it is about.

    Raises
    ------
    BadInputError, NotFoundError, ConflictError
        As the services of cases, joint actions and notices say.
    """
    identity = uuid.uuid5(given.id, given.becomes)
    if given.becomes == "case":
        case = _case(session, actor, city, identity, given, settings)
        decision.case_id, decision.category = case.id, case.category
    elif given.becomes == "action":
        decision.action_id = _action(session, actor, city, identity, given).id
    else:
        decision.notice_id = _notice(session, actor, city, identity, given).id


def _case(
    session: Session, actor: Actor, city: City, identity: uuid.UUID, given: DecisionIn, settings: Settings
) -> Case:
    if given.existing is not None:
        known = case_for(session, actor, given.existing)
        _require_city(known.city_id, city)
        take_action(session, actor, known.uuid, ActionIn(action="comment", note=_short(given)), None)
        return case_for(session, actor, given.existing)
    hazard = given.hazard
    place = {} if hazard else {"category": given.category, "lon": given.lon, "lat": given.lat}
    case, _ = report_case(
        session,
        actor,
        CaseIn(
            id=identity, hazard=hazard, name=given.problem[:200], note=given.measure, address=given.address, **place
        ),
        settings,
    )
    _require_city(case.city_id, city)
    limit = _limit(given.due_on, city)
    filing = ActionIn(
        action="file",
        department=given.department,
        departments=given.assisting,
        limits={"handle": limit, "overall": limit},
        note=given.problem,
    )
    take_action(session, actor, identity, filing, None)
    take_action(session, actor, identity, ActionIn(action="dispatch"), None)
    return case_for(session, actor, identity)


def _limit(due_on: dt.date, city: City) -> LimitIn:
    """Return the time until the end of a day, as the limit of a case."""
    hours = (_end_of(due_on, city) - now()).total_seconds() / 3600
    if hours <= _LONGEST_LIMIT:
        return LimitIn(amount=round(hours, 2), unit="hours")
    return LimitIn(amount=min(int(hours // 24), _LONGEST_LIMIT), unit="days")


def _end_of(day: dt.date, city: City) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(city.time_zone))


def _action(session: Session, actor: Actor, city: City, identity: uuid.UUID, given: DecisionIn) -> JointAction:
    if given.existing is not None:
        known = action_of(session, given.existing)
        _require_city(known.city_id, city)
        return known
    starts_on = given.starts_on or today_in(city, now())
    parts = [
        TakingPartIn(department=given.department, lead=True),
        *(TakingPartIn(department=one) for one in given.assisting),
    ]
    try:
        planned = JointActionIn(
            id=identity, city=city.code, title=given.problem[:200], purpose=given.measure, starts_on=starts_on,
            ends_on=given.due_on, categories=[given.category] if given.category else [], departments=parts,
            schools=given.schools,
        )  # fmt: skip
    except ValueError:
        what = "a joint action begins before its deadline, and lasts a year at most"
        raise BadInputError(what, problems=[Problem("body.starts_on", what)]) from None
    plan_action(session, actor, planned)
    return action_of(session, identity)


def _notice(session: Session, actor: Actor, city: City, identity: uuid.UUID, given: DecisionIn) -> Notice:
    if given.existing is not None:
        return notice_for(session, actor, given.existing)
    said = NoticeIn(
        id=identity, title=given.problem[:200], body=_short(given), to=[given.department, *given.assisting],
        category=given.category, lon=given.lon, lat=given.lat, address=given.address, wants_answer=True,
        answer_by=_end_of(given.due_on, city),
    )  # fmt: skip
    write_notice(session, actor, said)
    return notice_for(session, actor, identity)


def _short(given: DecisionIn) -> str:
    return "\n".join(one for one in (given.problem, given.measure, f"→ {given.due_on.isoformat()}") if one)


def _require_city(city_id: int, city: City) -> None:
    if city_id != city.id:
        what = "the record lies in another city than the meeting"
        raise BadInputError(what, problems=[Problem("body.existing", what)])


def became(session: Session, record: Any, city: City) -> Became:
    """Return how far the record of a decision is."""
    if isinstance(record, Case):
        state = STATES[record.state]
        done = record.state in {"closed", "rated"}
        hinders = "" if done or record.state in OVER else "its case is not closed yet"
        return Became("case", str(record.uuid), record.number or "", state.zh, state.en, done, hinders)
    if isinstance(record, JointAction):
        code = state_of(record, today_in(city, now()))
        zh, en = _ACTION_STATES[code]
        hinders = "its joint action has not ended yet" if code in {"planned", "under_way"} else ""
        return Became("action", str(record.uuid), record.title, zh, en, code == "reported", hinders)
    missing = len(missing_departments(session, record))
    of = len(notices.recipient_rows(session, record.id))
    zh, en = f"已办 {of - missing}/{of}", f"{of - missing} of {of} done"
    return Became("notice", str(record.uuid), record.title, zh, en, bool(of) and not missing)
