"""The clocks of a case: what begins, stands still, and is due, whenever its state changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from api.schemas.filing import WorkYearIn
from api.security.people import Actor
from api.services.cases.calendar import set_year, work_calendar
from api.services.cases.clocks import Stop, WorkCalendar, due_at, longer
from api.services.cases.machine import OVER, STATES
from api.services.cases.rules import limit_of
from api.store import cases, cities
from api.store.models import NEVER, Case, CaseEntry, City

_DUE = ("step_due_at", "due_at")


def calendar_of(session: Session, case: Case) -> WorkCalendar:
    """Return when the offices of a case's city work."""
    return work_calendar(session, cities.city_of(session, case.city_id))


def is_late(case: Case, moment: dt.datetime) -> bool:
    """Return whether the step that a case is in is overdue."""
    return case.step_due_at is not None and moment > case.step_due_at


def move_clocks(case: Case, old: str, calendar: WorkCalendar, moment: dt.datetime) -> None:
    """Set the clocks of a case that has come from the state ``old`` to the one it is in.

    A step's clock goes on where both states share it, and through a suspension; else a new one begins.
    """
    before, now_in = STATES[old].clock, STATES[case.state].clock
    if case.state == "suspended":
        _stop(case, moment)
    elif old == "suspended" and now_in:
        _go_on(case, moment)
    elif now_in != before or (old == "draft" and now_in):
        case.step_started_at = moment if now_in else None
        case.stops = {**case.stops, "step": []}
        case.extensions = {**case.extensions, "step": 0}
    if case.state == "filed":
        case.filed_at = moment
    settle(case, calendar)
    if case.is_open and case.state in OVER:
        case.is_open, case.queue_at = False, moment


def settle(case: Case, calendar: WorkCalendar) -> None:
    """Compute anew when the step and the whole case are due."""
    step = "handle" if case.state == "suspended" else STATES[case.state].clock
    case.step_due_at = None
    if step and case.step_started_at is not None:
        limit = limit_of(case.rule, step)
        if step == "handle":
            limit = longer(limit, case.extensions.get("step", 0))
        case.step_due_at = due_at(case.step_started_at, limit, calendar, _stops(case, "step"))
    if case.filed_at is not None and case.closed_at is None:
        case.due_at = due_at(case.filed_at, limit_of(case.rule, "overall"), calendar, _stops(case, "overall"))
    if case.state not in OVER:
        running = () if case.state in {"draft", "suspended"} else (case.step_due_at, case.due_at)
        case.queue_at = min((due for due in running if due is not None), default=NEVER)


def extend(case: Case, amount: float, calendar: WorkCalendar) -> None:
    """Give a case more time, in the unit of its limit of handling.

    The overall clock stands still for as long, from when handling was due to when it now is: so limits in different
    units (four working hours, two working days) are lengthened by the same.
    """
    was_due = case.step_due_at
    case.extensions = {
        **case.extensions,
        "amounts": [*case.extensions.get("amounts", []), amount],
        "step": case.extensions.get("step", 0) + amount,
    }
    settle(case, calendar)
    if was_due is not None and case.step_due_at is not None:
        pause = [was_due.isoformat(), case.step_due_at.isoformat()]
        case.stops = {**case.stops, "overall": [*case.stops.get("overall", []), pause]}
        settle(case, calendar)


def set_work_year(
    session: Session, actor: Actor, city_code: str | None, year: int, given: WorkYearIn, version: int | None
) -> dict[str, Any]:
    """Replace a year of a city's calendar (``version`` None: whatever it is at), and set the clocks of open cases."""
    city = cities.get_city(session, city_code)
    document = set_year(session, city, year, given, version)
    return document | {"cases_moved": settle_open_cases(session, actor, city)}


def settle_open_cases(session: Session, actor: Actor, city: City) -> int:
    """Compute anew when a city's open cases are due, because its calendar has changed; return how many moved.

    Each that moved says so in its flow log.
    """
    calendar = work_calendar(session, city)
    moved = 0
    for case in cases.open_cases(session, city.id):
        before = (case.step_due_at, case.due_at)
        settle(case, calendar)
        if before != (case.step_due_at, case.due_at):
            case.version += 1
            moved += 1
            session.add(_calendar_line(session, actor, case, before))
    session.flush()
    return moved


def _calendar_line(
    session: Session, actor: Actor, case: Case, before: tuple[dt.datetime | None, dt.datetime | None]
) -> CaseEntry:
    old = {name: None if moment is None else moment.isoformat() for name, moment in zip(_DUE, before, strict=True)}
    return CaseEntry(
        case_id=case.id,
        number=cases.last_number(session, case.id) + 1,
        action="calendar",
        from_state=case.state,
        to_state=case.state,
        person_id=actor.id,
        department_id=actor.department_id,
        details={"was": old},
        step_due_at=case.step_due_at,
        case_version=case.version,
    )


def _stops(case: Case, which: str) -> list[Stop]:
    pairs: list[list[str | None]] = case.stops.get(which, [])
    return [
        Stop(dt.datetime.fromisoformat(start), None if end is None else dt.datetime.fromisoformat(end))
        for start, end in pairs
        if start is not None
    ]


def _stop(case: Case, moment: dt.datetime) -> None:
    pause: list[Any] = [moment.isoformat(), None]
    case.stops = {which: [*case.stops.get(which, []), pause] for which in ("step", "overall")}


def _go_on(case: Case, moment: dt.datetime) -> None:
    case.stops = {
        which: [[start, moment.isoformat() if end is None else end] for start, end in pairs]
        for which, pairs in case.stops.items()
    }
