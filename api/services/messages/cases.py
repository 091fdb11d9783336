"""What people are told of cases: when something is done with one, and when a step is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.services.cases.machine import STATES
from api.services.cities import today_in
from api.services.messages.telling import Event, tell
from api.store import cases, cities, messages
from api.store.models import Case, CaseEntry, City, ToldDue

# action → kinds of message, and who is told of each: the office, the leading department, those that assist, who decides,
# who checks, or who reported the case; whoever stands in two rows is told by the first
_TOLD: dict[str, tuple[tuple[str, str], ...]] = {
    "dispatch": (("case_dispatched", "lead"), ("case_assist", "assisting")),
    "redispatch": (("case_dispatched", "lead"), ("case_assist", "assisting")),
    "return": (("case_returned", "office"),),
    "answer": (("case_answered", "office"),),
    "rework": (("case_rework", "lead"),),
    "urge": (("case_urged", "lead and leader"),),
    "assist": (("case_assist", "assisting"),),
    "supervise": (("case_supervised", "lead and leader"),),
    "circulate": (("case_circulated", "lead and leader"),),
    "ask_extension": (("case_asked", "decides"),),
    "ask_suspension": (("case_asked", "office"),),
    "grant_first_extension": (("case_granted", "lead"),),
    "grant_second_extension": (("case_granted", "lead"),),
    "grant_suspension": (("case_granted", "lead"),),
    "refuse_request": (("case_refused", "lead"),),
    "void": (("case_void", "lead"), ("case_void", "assisting"), ("case_void", "reporter")),
    "merge": (("case_merged", "lead"), ("case_merged", "assisting"), ("case_merged", "reporter")),
    "take_back": (("case_taken_back", "lead"),),
    "resume": (("case_resumed", "lead"),),
    "reject": (("case_rejected", "reporter"),),
    "send_to_check": (("case_to_check", "checks"),),
    "pass": (("case_closed", "reporter"),),
}
_UNDISPATCHED = frozenset({"draft", "reported", "verified", "filed"})  # no department has been told of the case yet
# who is told in place of departments as long as they have not been
_INSTEAD = {"lead": None, "assisting": None, "lead and leader": "office"}
_IN_DEPARTMENT = frozenset({"accept", "handle"})  # steps that the leading department has to do; the others the office's
SOON_SHARE = 4  # a step is due soon in its last quarter at the earliest
_READ = 200  # of what is due soon, some have so short a step that it is too early yet
LATEST = dt.timedelta(days=7)  # what is overdue longer than this was told of before, or comes from an import


def tell_of_action(session: Session, case: Case, entry: CaseEntry) -> None:
    """Tell those concerned of what somebody has done with a case; never the doer."""
    rows = _TOLD.get(entry.action, ())
    if not rows:
        return
    city = cities.city_of(session, case.city_id)
    today = today_in(city, entry.at)
    told = entry.from_state not in _UNDISPATCHED or entry.action == "dispatch"
    for kind, named in rows:
        whom = named if told else _INSTEAD.get(named, named)
        if whom is None:
            continue
        event = _event(session, case, city, whom, today, key=f"case {entry.uuid}", kind=kind)
        if not told:
            event = replace(event, departments=frozenset())
        tell(session, replace(event, not_to=entry.person_id), today=today, moment=entry.at)


def tell_of_dues(session: Session, moment: dt.datetime, *, soon: dt.timedelta, most: int = 20) -> int:
    """Tell of steps that are due soon, and of those that are overdue, once each; return how many cases that were.

    At most ``most`` of each kind: whoever calls it comes again until there is none left, in a transaction of its own.
    """
    coming = [
        case
        for case in messages.dues_to_tell(session, "soon", moment, moment + soon, _READ)
        if _is_soon(case, moment, soon)
    ]
    over = messages.dues_to_tell(session, "over", moment - LATEST, moment, most)
    return sum(_tell_of_due(session, case, "soon", "case_due_soon", moment) for case in coming[:most]) + sum(
        _tell_of_due(session, case, "over", "case_overdue", moment) for case in over
    )


def _is_soon(case: Case, moment: dt.datetime, soon: dt.timedelta) -> bool:
    if case.step_due_at is None or case.step_started_at is None:
        return False
    return moment >= case.step_due_at - min(soon, (case.step_due_at - case.step_started_at) / SOON_SHARE)


def _tell_of_due(session: Session, case: Case, way: str, kind: str, moment: dt.datetime) -> int:
    due = case.step_due_at
    if due is None:
        return 0
    city = cities.city_of(session, case.city_id)
    today = today_in(city, moment)
    in_department = STATES[case.state].clock in _IN_DEPARTMENT
    whom = ("lead and leader" if way == "over" else "lead") if in_department else "office"
    event = _event(session, case, city, whom, today, key=f"{way} {case.uuid} {due:%Y%m%dT%H%M%S}", kind=kind)
    session.add(ToldDue(case_id=case.id, kind=way, due_at=due))
    tell(session, event, today=today, moment=moment)
    return 1


def _event(session: Session, case: Case, city: City, whom: str, today: dt.date, *, key: str, kind: str) -> Event:
    people, departments = _concerned(session, case, whom, today)
    return Event(
        key=key,
        kind=kind,
        subject="case",
        identity=case.uuid,
        said=_said(case, city),
        people=frozenset(people),
        departments=frozenset(departments),
    )


def _said(case: Case, city: City) -> dict[str, Any]:
    due = case.step_due_at or case.due_at
    return {
        "number": case.number or str(case.uuid)[:8],
        "category": case.category,
        "due": None if due is None else due.isoformat(),
        "zone": city.time_zone,
    }


def _concerned(session: Session, case: Case, whom: str, today: dt.date) -> tuple[set[int], set[int]]:
    """Return the people and the departments that are told."""
    lead = set() if case.lead_id is None or case.filed_at is None else {case.lead_id}
    if whom == "office" or (whom == "decides" and not case.extensions.get("amounts")):
        return messages.people_with(session, "dispatcher"), lead
    if whom == "decides":
        return messages.people_with(session, "leader"), lead
    if whom in {"reporter", "checks"}:
        checkers = messages.checkers_of(session, case.cell_id) if whom == "checks" else set()
        return checkers or messages.who_can_sign_in(session, {case.reporter_id}), set()
    if whom == "assisting":
        helping = cases.assisting_ids(session, case.id)
        return messages.people_of(session, helping, {"handler"}) | messages.on_duty(
            session, helping, {"liaison"}, today
        ), helping
    people = messages.people_of(session, lead, {"handler"}) | messages.on_duty(session, lead, {"liaison"}, today)
    if whom == "lead and leader":
        people |= messages.on_duty(session, lead, {"leader"}, today)
    return people, lead
