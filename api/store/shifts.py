"""The shifts of patrol teams, who is in them, and what they said of their stops."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Hazard, PatrolCheck, PatrolMember, PatrolPlan, PatrolShift, PatrolStop, Person


def get_shift(session: Session, identity: uuid_module.UUID, *, lock: bool = False) -> PatrolShift | None:
    """Return the shift of a UUID; locked where it is about to change."""
    query = sa.select(PatrolShift).where(PatrolShift.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def shifts_page(
    session: Session,
    *,
    of_person: int | None,
    city_id: int | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    plan_id: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[PatrolShift]:
    """Return a page of shifts by id; ``of_person``: only those that a person is in."""
    query = sa.select(PatrolShift).where(PatrolShift.id > after)
    if of_person is not None:
        own = sa.select(PatrolMember.shift_id).where(PatrolMember.person_id == of_person)
        query = query.where(PatrolShift.id.in_(own))
    if city_id is not None:
        query = query.where(PatrolShift.city_id == city_id)
    if first is not None:
        query = query.where(PatrolShift.day >= first)
    if last is not None:
        query = query.where(PatrolShift.day <= last)
    if plan_id is not None:
        query = query.where(PatrolShift.plan_id == plan_id)
    return session.scalars(query.order_by(PatrolShift.id).limit(limit)).all()


def members_of(session: Session, shift_ids: Iterable[int]) -> dict[int, list[Person]]:
    """Return the people of shifts."""
    rows = session.execute(
        sa.select(PatrolMember.shift_id, Person)
        .join(Person, Person.id == PatrolMember.person_id)
        .where(PatrolMember.shift_id.in_(sorted(set(shift_ids))))
        .order_by(Person.name)
    )
    out: dict[int, list[Person]] = {}
    for shift, person in rows:
        out.setdefault(shift, []).append(person)
    return out


def set_members(session: Session, shift_id: int, person_ids: Iterable[int]) -> None:
    """Replace the people of a shift."""
    wanted = set(person_ids)
    known = session.scalars(sa.select(PatrolMember).where(PatrolMember.shift_id == shift_id)).all()
    for one in known:
        if one.person_id not in wanted:
            session.delete(one)
    there = {one.person_id for one in known}
    session.add_all(PatrolMember(shift_id=shift_id, person_id=one) for one in sorted(wanted - there))
    session.flush()


def is_member(session: Session, shift_id: int, person_id: int) -> bool:
    """Return whether somebody is in a shift."""
    return session.get(PatrolMember, (shift_id, person_id)) is not None


def is_member_of_plan(session: Session, plan_id: int, person_id: int) -> bool:
    """Return whether somebody is in a shift of a plan."""
    query = (
        sa.select(PatrolMember.shift_id)
        .join(PatrolShift, PatrolShift.id == PatrolMember.shift_id)
        .where(PatrolShift.plan_id == plan_id, PatrolMember.person_id == person_id)
    )
    return session.scalar(query.limit(1)) is not None


def plan_of_shift(session: Session, shift: PatrolShift) -> PatrolPlan | None:
    """Return the plan of a shift."""
    return None if shift.plan_id is None else session.get(PatrolPlan, shift.plan_id)


def get_check(session: Session, identity: uuid_module.UUID) -> PatrolCheck | None:
    """Return the check of a UUID."""
    return session.scalar(sa.select(PatrolCheck).where(PatrolCheck.uuid == identity))


def checks_of(session: Session, shift_ids: Iterable[int]) -> Sequence[PatrolCheck]:
    """Return what teams said, by shift and in the order of their own times."""
    wanted = sorted(set(shift_ids))
    return session.scalars(
        sa.select(PatrolCheck)
        .where(PatrolCheck.shift_id.in_(wanted))
        .order_by(PatrolCheck.shift_id, PatrolCheck.at, PatrolCheck.id)
    ).all()


def stop_uuids(session: Session, ids: Iterable[int]) -> dict[int, uuid_module.UUID]:
    """Return the UUIDs of stops by id."""
    wanted = sorted(set(ids))
    rows = session.execute(sa.select(PatrolStop.id, PatrolStop.uuid).where(PatrolStop.id.in_(wanted)))
    return {row.id: row.uuid for row in rows}


def hazard_uuids(session: Session, ids: Iterable[int]) -> dict[int, uuid_module.UUID]:
    """Return the UUIDs of hazards by id."""
    wanted = sorted(set(ids))
    rows = session.execute(sa.select(Hazard.id, Hazard.uuid).where(Hazard.id.in_(wanted)))
    return {row.id: row.uuid for row in rows}
