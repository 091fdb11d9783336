"""Departments and their names."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from api.store.cases import FINAL
from api.store.cities import local_day
from api.store.models import Absence, Case, Department, DepartmentDuty, DepartmentName, Person
from api.store.models.base import now

_ENDED = sa.select(Department.id).where(Department.valid_to < sa.bindparam("today"))  # asked with every case shown


def get_department(session: Session, code: str, *, lock: bool = False) -> Department | None:
    """Return the department of a code; locked, nobody else changes it until the transaction ends."""
    query = sa.select(Department).where(Department.code == code)
    return session.scalar(query.with_for_update() if lock else query)


def id_of_department(session: Session, code: str) -> int | None:
    """Return the id of the department of a code, ended or not; None where there is none."""
    return session.scalar(sa.select(Department.id).where(Department.code == code))


def all_departments(session: Session) -> Sequence[Department]:
    """Return all departments, by code."""
    return session.scalars(sa.select(Department).order_by(Department.code)).all()


def convenor(session: Session) -> Department | None:
    """Return the department that convenes the meetings: the committee's office; one that has ended if there is no other."""
    has_ended = sa.case((Department.valid_to < local_day(session, now()), 1), else_=0)
    query = sa.select(Department).where(Department.is_convenor.is_(True)).order_by(has_ended, Department.id)
    return session.scalar(query.limit(1))


def names_of_departments(session: Session) -> Sequence[DepartmentName]:
    """Return the names and aliases of all departments, the last first."""
    return session.scalars(sa.select(DepartmentName).order_by(DepartmentName.id.desc())).all()


def duties_of(session: Session, department_id: int) -> Sequence[Any]:
    """Return the duties of a department with who holds them, the first to begin first."""
    return session.execute(
        sa.select(DepartmentDuty, Person.uuid, Person.display_name)
        .join(Person, Person.id == DepartmentDuty.person_id)
        .where(DepartmentDuty.department_id == department_id)
        .order_by(DepartmentDuty.duty, DepartmentDuty.starts_on, DepartmentDuty.id)
    ).all()


def ended_departments(session: Session, today: dt.date) -> set[int]:
    """Return the departments that are none any more."""
    return set(session.scalars(_ENDED, {"today": today}))


def names_of(session: Session, department_id: int) -> Sequence[DepartmentName]:
    """Return all names and aliases that a department has or had."""
    query = sa.select(DepartmentName).where(DepartmentName.department_id == department_id)
    return session.scalars(query.order_by(DepartmentName.id)).all()


def open_cases_led(session: Session) -> dict[int, int]:
    """Return how many cases that were filed and have not come to their end each department leads."""
    query = sa.select(Case.lead_id, sa.func.count()).where(Case.filed_at.is_not(None), Case.state.not_in(FINAL))
    rows = session.execute(query.where(Case.lead_id.is_not(None)).group_by(Case.lead_id)).all()
    return {int(lead): int(number) for lead, number in rows if lead is not None}


def duties_on(session: Session, day: dt.date) -> Sequence[Any]:
    """Return who holds which duty of which department on a day: the duty, UUID and shown name, leaders first."""
    return session.execute(
        sa.select(DepartmentDuty, Person.uuid, Person.display_name)
        .join(Person, Person.id == DepartmentDuty.person_id)
        .where(DepartmentDuty.starts_on <= day, Person.disabled.is_(False))
        .where(sa.or_(DepartmentDuty.ends_on.is_(None), DepartmentDuty.ends_on >= day))
        .order_by(DepartmentDuty.department_id, DepartmentDuty.duty, DepartmentDuty.is_deputy, DepartmentDuty.starts_on)
    ).all()


def absences(
    session: Session, *, last: dt.date | None, first: dt.date, people: Collection[int] | None
) -> Sequence[Any]:
    """Return absences that meet ``first`` … ``last``, of some people or of all, with names and UUIDs of both."""
    other = aliased(Person)
    query = (
        sa.select(Absence, Person.uuid, Person.display_name, other.uuid, other.display_name)
        .join(Person, Person.id == Absence.person_id)
        .outerjoin(other, other.id == Absence.substitute_id)
        .where(Absence.ends_on >= first)
    )
    if last is not None:
        query = query.where(Absence.starts_on <= last)
    if people is not None:
        query = query.where(Absence.person_id.in_(sorted(people)))
    return session.execute(query.order_by(Absence.starts_on, Absence.id)).all()


def get_absence(session: Session, identity: uuid.UUID) -> Absence | None:
    """Return the absence of a UUID."""
    return session.scalar(sa.select(Absence).where(Absence.uuid == identity))
