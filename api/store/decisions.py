"""Meetings that were held, and their decisions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Case,
    City,
    Decision,
    DecisionDepartment,
    DecisionEntry,
    DecisionFile,
    Department,
    JointAction,
    Meeting,
    Notice,
    Person,
)
from api.store.models.decisions import OPEN_STATES


def meeting_about(session: Session, city: City, period: str) -> Meeting | None:
    """Return a city's meeting about a period."""
    return session.scalar(sa.select(Meeting).where(Meeting.city_id == city.id, Meeting.period == period))


def get_meeting(session: Session, identity: uuid.UUID) -> Meeting | None:
    """Return the meeting of a UUID."""
    return session.scalar(sa.select(Meeting).where(Meeting.uuid == identity))


def meetings_page(session: Session, city: City, *, before: int, limit: int) -> Sequence[Any]:
    """Return a page of a city's meetings, the newest first, each with how many decisions were taken and are open."""
    still = sa.func.coalesce(sa.func.sum(sa.case((Decision.state.in_(OPEN_STATES), 1), else_=0)), 0)
    query = (
        sa.select(Meeting, sa.func.count(Decision.id), still)
        .outerjoin(Decision, Decision.meeting_id == Meeting.id)
        .where(Meeting.city_id == city.id)
        .group_by(Meeting.id)
    )
    if before:
        query = query.where(Meeting.id < before)
    return session.execute(query.order_by(Meeting.id.desc()).limit(limit)).all()


def get_decision(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Decision | None:
    """Return the decision of a UUID."""
    query = sa.select(Decision).where(Decision.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def decisions_of(session: Session, meeting: Meeting) -> Sequence[Decision]:
    """Return the decisions of a meeting in their order."""
    query = sa.select(Decision).where(Decision.meeting_id == meeting.id)
    return session.scalars(query.order_by(Decision.number)).all()


def earlier_decisions(
    session: Session, city: City, last_day: dt.date, not_of: int | None, since: dt.datetime, limit: int
) -> Sequence[Decision]:
    """Return decisions of meetings about periods that ended before ``last_day``, or of other kinds that ended with it.

    Those that are still to be struck off, and those on which something was done from ``since`` on; the nearest deadline
    first.
    """
    touched = sa.select(DecisionEntry.decision_id).where(DecisionEntry.at >= since)
    query = (
        sa.select(Decision)
        .join(Meeting, Meeting.id == Decision.meeting_id)
        .where(Meeting.city_id == city.id, Meeting.last_day <= last_day, Meeting.id != (not_of or 0))
        .where(sa.or_(Decision.state.in_(OPEN_STATES), Decision.id.in_(touched)))
    )
    return session.scalars(query.order_by(Decision.due_on, Decision.id).limit(limit)).all()


def next_number(session: Session, meeting: Meeting) -> int:
    """Return the number of the next decision of a meeting."""
    last = session.scalar(sa.select(sa.func.max(Decision.number)).where(Decision.meeting_id == meeting.id))
    return (last or 0) + 1


def meetings_of(session: Session, decisions: Sequence[Decision]) -> dict[int, Meeting]:
    """Return the meetings of decisions by id."""
    wanted = sorted({one.meeting_id for one in decisions})
    return {one.id: one for one in session.scalars(sa.select(Meeting).where(Meeting.id.in_(wanted)))}


def assisting(session: Session, decisions: Sequence[Decision]) -> dict[int, list[tuple[int, str]]]:
    """Return the departments that assist, id and code, by decision."""
    out: dict[int, list[tuple[int, str]]] = {}
    query = (
        sa.select(DecisionDepartment.decision_id, Department.id, Department.code)
        .join(Department, Department.id == DecisionDepartment.department_id)
        .where(DecisionDepartment.decision_id.in_([one.id for one in decisions]))
        .order_by(Department.code)
    )
    for decision, identity, code in session.execute(query):
        out.setdefault(decision, []).append((identity, code))
    return out


def set_assisting(session: Session, decision: Decision, department_ids: Sequence[int]) -> None:
    """Say anew which departments assist."""
    session.flush()
    for row in session.scalars(sa.select(DecisionDepartment).where(DecisionDepartment.decision_id == decision.id)):
        session.delete(row)
    session.flush()
    session.add_all(DecisionDepartment(decision_id=decision.id, department_id=one) for one in department_ids)


def entries(session: Session, decisions: Sequence[Decision]) -> dict[int, list[tuple[DecisionEntry, str]]]:
    """Return what was done with decisions, with the shown name of who did it, the first first, by decision."""
    out: dict[int, list[tuple[DecisionEntry, str]]] = {}
    query = (
        sa.select(DecisionEntry, Person.display_name, Person.name)
        .outerjoin(Person, Person.id == DecisionEntry.person_id)
        .where(DecisionEntry.decision_id.in_([one.id for one in decisions]))
        .order_by(DecisionEntry.id)
    )
    for entry, shown, name in session.execute(query):
        out.setdefault(entry.decision_id, []).append((entry, shown or name or ""))
    return out


def get_entry(session: Session, identity: uuid.UUID) -> DecisionEntry | None:
    """Return the line of a UUID."""
    return session.scalar(sa.select(DecisionEntry).where(DecisionEntry.uuid == identity))


def files(session: Session, decisions: Sequence[Decision]) -> dict[int, list[DecisionFile]]:
    """Return the files of decisions, by decision."""
    out: dict[int, list[DecisionFile]] = {}
    query = sa.select(DecisionFile).where(DecisionFile.decision_id.in_([one.id for one in decisions]))
    for row in session.scalars(query.order_by(DecisionFile.id)):
        out.setdefault(row.decision_id, []).append(row)
    return out


def get_file(session: Session, identity: uuid.UUID) -> DecisionFile | None:
    """Return the file of a UUID."""
    return session.scalar(sa.select(DecisionFile).where(DecisionFile.uuid == identity))


def records_of(session: Session, decisions: Sequence[Decision]) -> dict[tuple[str, int], Case | JointAction | Notice]:
    """Return the cases, joint actions and notices that decisions became, by kind and id."""
    out: dict[tuple[str, int], Case | JointAction | Notice] = {}
    for kind, model in (("case", Case), ("action", JointAction), ("notice", Notice)):
        wanted = sorted({getattr(one, f"{kind}_id") for one in decisions} - {None})
        table: Any = model
        for row in session.scalars(sa.select(table).where(table.id.in_(wanted))) if wanted else ():
            out[kind, row.id] = row
    return out


def departments_at(session: Session, department_ids: Sequence[int]) -> dict[int, str]:
    """Return the codes of departments by id."""
    query = sa.select(Department.id, Department.code).where(Department.id.in_(list(department_ids)))
    return {row.id: row.code for row in session.execute(query)}
