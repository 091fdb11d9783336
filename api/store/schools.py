"""Schools, campuses, gates and timetables, as frames for ``gis`` and as records."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.models import Campus, Case, City, District, Gate, Incident, Inspection, School, Timetable
from api.store.spatial import Bounds, meets_bbox, to_shapes


def is_open(on: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition that a school is not closed by a day."""
    return sa.or_(School.closed_on.is_(None), School.closed_on > on)


def without_district(session: Session, city: City) -> list[int]:
    """Return the schools of a city that are in no township."""
    return list(session.scalars(sa.select(School.id).where(School.city_id == city.id, School.district_id.is_(None))))


def campuses_frame(
    session: Session,
    city: City,
    *,
    bounds: Bounds | None = None,
    school_ids: Sequence[int] | None = None,
    open_on: dt.date | None = None,
) -> pd.DataFrame:
    """Return campuses: id, uuid, school_id, name, known_as, radius_m, boundary (WGS 84).

    ``open_on`` leaves out those of schools that are closed by that day.
    """
    query = (
        sa.select(
            Campus.id, Campus.uuid, Campus.school_id, Campus.name, Campus.known_as, Campus.radius_m, Campus.boundary
        )
        .join(School, School.id == Campus.school_id)
        .where(School.city_id == city.id)
        .order_by(Campus.id)
    )
    if bounds is not None:
        query = query.where(meets_bbox(Campus.boundary, bounds))
    if school_ids is not None:
        query = query.where(Campus.school_id.in_(list(school_ids)))
    if open_on is not None:
        query = query.where(is_open(open_on))
    frame = pd.DataFrame(
        session.execute(query).all(),
        columns=["id", "uuid", "school_id", "name", "known_as", "radius_m", "boundary"],
        dtype=object,
    )
    frame["boundary"] = to_shapes(frame["boundary"])
    return frame


def campus_outlines(session: Session, city: City, bounds: Bounds) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return the schools and boundaries of the campuses that meet a box, as two arrays."""
    rows = session.execute(
        sa.select(Campus.school_id, Campus.boundary)
        .join(School, School.id == Campus.school_id)
        .where(School.city_id == city.id, meets_bbox(Campus.boundary, bounds))
        .order_by(Campus.id)
    ).all()
    return np.array([row[0] for row in rows], dtype=np.int64), to_shapes(row[1] for row in rows)


def gate_places(
    session: Session, city: City, bounds: Bounds
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the school, id, longitude and latitude of the gates in a box, as four arrays ordered by school."""
    rows = session.execute(
        sa.select(Gate.school_id, Gate.id, sa.func.ST_X(Gate.location), sa.func.ST_Y(Gate.location))
        .join(School, School.id == Gate.school_id)
        .where(School.city_id == city.id, meets_bbox(Gate.location, bounds))
        .order_by(Gate.school_id, Gate.id)
    ).all()
    school, gate, x, y = zip(*rows, strict=True) if rows else ((), (), (), ())
    return np.array(school, np.int64), np.array(gate, np.int64), np.array(x, float), np.array(y, float)


def gates_frame(
    session: Session, city: City, *, bounds: Bounds | None = None, school_ids: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return gates: id, uuid, school_id, name, kind, invented, location (WGS 84)."""
    query = (
        sa.select(Gate.id, Gate.uuid, Gate.school_id, Gate.name, Gate.kind, Gate.invented, Gate.location)
        .join(School, School.id == Gate.school_id)
        .where(School.city_id == city.id)
        .order_by(Gate.id)
    )
    if bounds is not None:
        query = query.where(meets_bbox(Gate.location, bounds))
    if school_ids is not None:
        query = query.where(Gate.school_id.in_(list(school_ids)))
    frame = pd.DataFrame(
        session.execute(query).all(),
        columns=["id", "uuid", "school_id", "name", "kind", "invented", "location"],
        dtype=object,
    )
    frame["location"] = to_shapes(frame["location"])
    return frame


def schools_frame(
    session: Session, city: City, *, school_ids: Sequence[int] | None = None, open_on: dt.date | None = None
) -> pd.DataFrame:
    """Return schools (those open on a day, if one is given): id, uuid, source_key, name, name_en, stages, address, opened_on, district code and name."""
    query = (
        sa.select(
            School.id,
            School.uuid,
            School.source_key,
            School.name,
            School.name_en,
            School.stages,
            School.address,
            School.opened_on,
            School.district_id,
            District.code.label("district_code"),
            District.name.label("district_name"),
            School.invented,
        )
        .outerjoin(District, District.id == School.district_id)
        .where(School.city_id == city.id)
        .order_by(School.id)
    )
    if school_ids is not None:
        query = query.where(School.id.in_(list(school_ids)))
    if open_on is not None:
        query = query.where(is_open(open_on))
    result = session.execute(query)
    return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)


def find_school(session: Session, key: str | uuid_module.UUID, city_id: int | None = None) -> School | None:
    """Return the school of a UUID, a source key or a name; None where there is none, or more than one.

    With a city only its schools are looked at: names are the same in many cities.
    """
    there = [] if city_id is None else [School.city_id == city_id]
    try:
        identity = key if isinstance(key, uuid_module.UUID) else uuid_module.UUID(key)
    except ValueError:
        for condition in (School.source_key == key, School.name == key):
            found = session.scalars(sa.select(School).where(condition, *there).limit(2)).all()
            if len(found) == 1:
                return found[0]
        return None
    return session.scalar(sa.select(School).where(School.uuid == identity, *there))


def dismissals_of(session: Session, school_ids: Sequence[int] | None = None) -> dict[int, dict[int, list[int]]]:
    """Return for each school with a timetable: weekday → minutes after midnight of its dismissals."""
    query = sa.select(Timetable.school_id, Timetable.weekday, Timetable.dismissal)
    if school_ids is not None:
        query = query.where(Timetable.school_id.in_(list(school_ids)))
    tables: dict[int, dict[int, list[int]]] = {}
    for school_id, weekday, dismissal in session.execute(query):
        minutes = dismissal.hour * 60 + dismissal.minute
        tables.setdefault(school_id, {}).setdefault(weekday, []).append(minutes)
    return tables


def timetable_rows(session: Session, school_id: int) -> Sequence[Any]:
    """Return a school's timetable, by weekday and grades."""
    return session.scalars(
        sa.select(Timetable).where(Timetable.school_id == school_id).order_by(Timetable.weekday, Timetable.grades)
    ).all()


def school_for_change(session: Session, identity: uuid_module.UUID) -> School | None:
    """Return the school of a UUID, held until the transaction ends: nobody else changes it, or its parts, meanwhile."""
    return session.scalar(sa.select(School).where(School.uuid == identity).with_for_update())


def touch(session: Session, school_ids: Sequence[int]) -> None:
    """Say that parts of schools have changed: whoever read them before has an old version."""
    session.execute(sa.update(School).where(School.id.in_(list(school_ids))).values(version=School.version + 1))


def key_is_free(session: Session, city: City, key: str) -> bool:
    """Return whether no school of a city is known by a source key."""
    return session.scalar(sa.select(School.id).where(School.city_id == city.id, School.source_key == key)) is None


def campuses_of(session: Session, school_id: int) -> Sequence[Campus]:
    """Return the campuses of a school."""
    return session.scalars(sa.select(Campus).where(Campus.school_id == school_id).order_by(Campus.id)).all()


def gates_of(session: Session, school_id: int) -> Sequence[Gate]:
    """Return the gates of a school."""
    return session.scalars(sa.select(Gate).where(Gate.school_id == school_id).order_by(Gate.id)).all()


def get_gate(session: Session, identity: uuid_module.UUID) -> Gate | None:
    """Return the gate of a UUID."""
    return session.scalar(sa.select(Gate).where(Gate.uuid == identity))


def is_told_of(session: Session, school_id: int) -> bool:
    """Return whether inspections, cases or incidents tell of a school, which would lose it."""
    return any(
        session.scalar(sa.select(model.id).where(model.school_id == school_id).limit(1)) is not None
        for model in (Inspection, Case, Incident)
    )
