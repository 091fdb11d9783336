"""Departments and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Department, DepartmentDuty, DepartmentName, Person


def get_department(session: Session, code: str, *, lock: bool = False) -> Department | None:
    """Return the department of a code; locked, nobody else changes it until the transaction ends."""
    query = sa.select(Department).where(Department.code == code)
    return session.scalar(query.with_for_update() if lock else query)


def all_departments(session: Session) -> Sequence[Department]:
    """Return all departments, by code."""
    return session.scalars(sa.select(Department).order_by(Department.code)).all()


def convenor(session: Session) -> Department | None:
    """Return the department that convenes the meetings: the committee's office."""
    return session.scalar(sa.select(Department).where(Department.is_convenor.is_(True)).order_by(Department.id))


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
