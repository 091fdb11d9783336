"""Cases for other systems: found by number, day and category, and read row by row for a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Case, Department, District, School


@dataclass(frozen=True)
class Asked:
    """Which cases another system asks for; what is empty does not matter."""

    city_id: int
    numbers: Sequence[str] = ()
    categories: Sequence[str] = ()
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    is_open: bool | None = None


def reported_cases(session: Session, asked: Asked, limit: int) -> Sequence[Case]:
    """Return cases that have been reported (no drafts), the latest first."""
    query = sa.select(Case).where(Case.city_id == asked.city_id, Case.state != "draft")
    if asked.numbers:
        query = query.where(Case.number.in_(list(asked.numbers)))
    if asked.categories:
        query = query.where(Case.category.in_(list(asked.categories)))
    if asked.start is not None:
        query = query.where(Case.received_at >= asked.start)
    if asked.end is not None:
        query = query.where(Case.received_at <= asked.end)
    if asked.is_open is not None:
        query = query.where(Case.is_open if asked.is_open else ~Case.is_open)
    return session.scalars(query.order_by(Case.received_at.desc(), Case.id.desc()).limit(limit)).all()


def case_of_external(session: Session, city_id: int, number: str) -> Case | None:
    """Return the case that another system knows by a number."""
    query = sa.select(Case).where(Case.city_id == city_id, Case.external_number == number)
    return session.scalar(query.order_by(Case.id).limit(1))


def case_of_number(session: Session, city_id: int, number: str) -> Case | None:
    """Return the case of one of our numbers."""
    return session.scalar(sa.select(Case).where(Case.city_id == city_id, Case.number == number))


@dataclass(frozen=True)
class Named:
    """A case with the names of what it refers to."""

    case: Case
    department: str | None
    district: str | None
    school: str | None


def cases_with_names(
    session: Session, city_id: int, start: dt.datetime | None, end: dt.datetime | None
) -> Sequence[Named]:
    """Return the cases of a city received in ``[start, end)`` (None: ever), by id, without drafts."""
    query = (
        sa.select(Case, Department.code, District.name, School.name)
        .outerjoin(Department, Department.id == Case.lead_id)
        .outerjoin(District, District.id == Case.district_id)
        .outerjoin(School, School.id == Case.school_id)
        .where(Case.city_id == city_id, Case.state != "draft")
        .order_by(Case.id)
    )
    if start is not None:
        query = query.where(Case.received_at >= start)
    if end is not None:
        query = query.where(Case.received_at < end)
    return [Named(*row) for row in session.execute(query)]
