"""Counselling rooms and stations, their use by month, pupils of schools, and targets."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import City, Facility, FacilityTargets, FacilityUse, PupilCount, School
from api.store.spatial import Bounds, meets_bbox
from api.vocabulary import fold


def facilities_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return a page of facilities in the box with the UUID of their school."""
    query = (
        sa.select(
            Facility.id, Facility.uuid, Facility.kind, Facility.levels, Facility.name, Facility.address,
            Facility.opened_on, Facility.closed_on, Facility.invented, Facility.location, School.uuid.label("school"),
        )
        .outerjoin(School, School.id == Facility.school_id)
        .where(Facility.id > after)
    )  # fmt: skip
    if bounds is not None:
        query = query.where(meets_bbox(Facility.location, bounds))
    return session.execute(query.order_by(Facility.id).limit(limit)).all()


def facilities_of(session: Session, city: City) -> Sequence[Facility]:
    """Return the facilities of a city."""
    return session.scalars(sa.select(Facility).where(Facility.city_id == city.id).order_by(Facility.id)).all()


def by_key(session: Session, city: City) -> dict[str, int]:
    """Return facilities by folded identifier of their source, and by folded name where only one has it."""
    rows = session.execute(
        sa.select(Facility.id, Facility.source_key, Facility.name).where(Facility.city_id == city.id)
    ).all()
    often = Counter(fold(name) for _, _, name in rows)
    names = {fold(name): number for number, _, name in rows if often[fold(name)] == 1}
    return names | {fold(key): number for number, key, _ in rows if key}


def uses(session: Session, city: City, first: dt.date, last: dt.date) -> Sequence[tuple[int, dt.date, int]]:
    """Return facility, month and visits of the months that begin in some days."""
    rows = session.execute(
        sa.select(FacilityUse.facility_id, FacilityUse.month, FacilityUse.visits)
        .where(FacilityUse.city_id == city.id, FacilityUse.month >= first, FacilityUse.month <= last)
        .order_by(FacilityUse.month, FacilityUse.facility_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def pupils(session: Session, city: City) -> dict[int, int]:
    """Return the number of pupils by school."""
    rows = session.execute(
        sa.select(PupilCount.school_id, sa.func.max(PupilCount.pupils))
        .where(PupilCount.city_id == city.id)
        .group_by(PupilCount.school_id)
    )
    return {row[0]: row[1] for row in rows}


def targets(session: Session, city: City) -> FacilityTargets | None:
    """Return the targets that a city set itself."""
    return session.scalar(sa.select(FacilityTargets).where(FacilityTargets.city_id == city.id))
