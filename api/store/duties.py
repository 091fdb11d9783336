"""Who acts for whom today: duties held, deputies that come in for them, and substitutes of people who are away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from api.store.models import Absence, DepartmentDuty, Person, PersonRole

Duty = tuple[int, str]  # department, and leader or liaison


def substitutes(session: Session, people: Collection[int], today: dt.date) -> dict[int, int | None]:
    """Return those of some people who are away today, and who substitutes; None where nobody does."""
    other = aliased(Person)
    rows = session.execute(
        sa.select(Absence.person_id, other.id)
        .outerjoin(other, sa.and_(other.id == Absence.substitute_id, other.disabled.is_(False)))
        .where(Absence.person_id.in_(sorted(people)), Absence.starts_on <= today, Absence.ends_on >= today)
        .order_by(Absence.id)
    ).all()
    return {row[0]: row[1] for row in rows}


def substituted_by(session: Session, person_id: int, today: dt.date) -> set[int]:
    """Return the people who are away today and whom somebody substitutes for."""
    query = sa.select(Absence.person_id).join(Person, Person.id == Absence.person_id)
    query = query.where(Absence.substitute_id == person_id, Absence.starts_on <= today, Absence.ends_on >= today)
    named = set(session.scalars(query.where(Person.disabled.is_(False))))
    if not named:
        return named
    in_place = substitutes(session, named, today)  # of two absences the one written last counts, as for messages
    return {person for person in named if in_place.get(person) == person_id}


def in_effect(session: Session, departments: Collection[int], today: dt.date) -> dict[Duty, set[int]]:
    """Return who has the duties of departments today: whoever holds one, and the deputies where nobody is there for it.

    Nobody is there where nobody holds the duty today, or whoever does is away and has no substitute.
    """
    query = (
        sa.select(DepartmentDuty.department_id, DepartmentDuty.duty, DepartmentDuty.person_id, DepartmentDuty.is_deputy)
        .join(Person, Person.id == DepartmentDuty.person_id)
        .where(DepartmentDuty.department_id.in_(sorted(departments)), Person.disabled.is_(False))
        .where(*_on(today))
    )
    holders: dict[Duty, set[int]] = {}
    deputies: dict[Duty, set[int]] = {}
    for department, duty, person, is_deputy in session.execute(query):
        (deputies if is_deputy else holders).setdefault((department, duty), set()).add(person)
    if not deputies:
        return holders
    away = substitutes(session, set().union(*holders.values()), today)
    gone = {person for person, other in away.items() if other is None}
    out = dict(holders)
    for which, others in deputies.items():
        held_by = holders.get(which, set())
        if not held_by - gone:
            out[which] = held_by | others
    return out


def duties_of_people(session: Session, people: Collection[int], today: dt.date) -> set[int]:
    """Return the departments of which some people have a duty today, deputies where they come in for it."""
    query = sa.select(DepartmentDuty.department_id)
    query = query.where(DepartmentDuty.person_id.in_(sorted(people)), *_on(today))
    named = set(session.scalars(query))
    if not named:
        return named
    return {department for (department, _), theirs in in_effect(session, named, today).items() if theirs & set(people)}


def departments_and_roles(session: Session, people: Collection[int]) -> list[tuple[int | None, frozenset[str]]]:
    """Return the department and the roles of each of some people."""
    query = sa.select(Person.id, Person.department_id, PersonRole.role).outerjoin(
        PersonRole, PersonRole.person_id == Person.id
    )
    found: dict[int, tuple[int | None, set[str]]] = {}
    for person, department, role in session.execute(query.where(Person.id.in_(sorted(people)))):
        found.setdefault(person, (department, set()))[1].add(role or "")
    return [(department, frozenset(roles)) for department, roles in found.values()]


def _on(today: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DepartmentDuty.starts_on <= today,
        sa.or_(DepartmentDuty.ends_on.is_(None), DepartmentDuty.ends_on >= today),
    )
