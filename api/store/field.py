"""Sightings and edits of hazards, checklists, and what a shift takes along."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Cell,
    CellInspector,
    CellPiece,
    Checklist,
    Hazard,
    HazardEdit,
    HazardSchool,
    Inspection,
    Perimeter,
    Person,
    Photo,
    Place,
    School,
    Sighting,
    Term,
)
from api.store.spatial import Bounds, meets_bbox

_MANY = 500


def get_sighting(session: Session, identity: uuid_module.UUID) -> Sighting | None:
    """Return the sighting of a UUID."""
    return session.scalar(sa.select(Sighting).where(Sighting.uuid == identity))


def sightings_of(session: Session, hazard_id: int) -> Sequence[Any]:
    """Return the sightings of a hazard with the shown names of who saw it, the last first."""
    return session.execute(
        sa.select(Sighting, Person.display_name)
        .outerjoin(Person, Person.id == Sighting.person_id)
        .where(Sighting.hazard_id == hazard_id)
        .order_by(Sighting.observed_at.desc(), Sighting.uuid.desc())
        .limit(500)
    ).all()


def last_sighting(session: Session, hazard_id: int) -> Sighting | None:
    """Return what was seen last by the observers' own times; of two at one moment always the same."""
    return session.scalar(
        sa.select(Sighting)
        .where(Sighting.hazard_id == hazard_id)
        .order_by(Sighting.observed_at.desc(), Sighting.uuid.desc())
        .limit(1)
    )


def sighting_counts(session: Session, hazard_ids: Sequence[int]) -> dict[int, tuple[int, dt.datetime]]:
    """Return how often hazards were seen again, and when last, by the id of the hazard."""
    out: dict[int, tuple[int, dt.datetime]] = {}
    for start in range(0, len(hazard_ids), _MANY):
        rows = session.execute(
            sa.select(Sighting.hazard_id, sa.func.count(), sa.func.max(Sighting.observed_at))
            .where(Sighting.hazard_id.in_(list(hazard_ids[start : start + _MANY])))
            .group_by(Sighting.hazard_id)
        )
        out |= {hazard: (int(count), last) for hazard, count, last in rows}
    return out


def first_photos(session: Session, hazard_ids: Sequence[int]) -> dict[int, uuid_module.UUID]:
    """Return the newest photo of each of some hazards."""
    out: dict[int, uuid_module.UUID] = {}
    for start in range(0, len(hazard_ids), _MANY):
        part = list(hazard_ids[start : start + _MANY])
        rows = session.execute(
            sa.select(Photo.hazard_id, Photo.uuid).where(Photo.hazard_id.in_(part)).order_by(Photo.id)
        )
        out |= {hazard: identity for hazard, identity in rows if hazard is not None}
    return out


def known_edit(session: Session, identity: uuid_module.UUID) -> HazardEdit | None:
    """Return the edit of a UUID."""
    return session.scalar(sa.select(HazardEdit).where(HazardEdit.uuid == identity))


def checklist_rows(session: Session) -> Sequence[Checklist]:
    """Return the city's own checklists."""
    return session.scalars(sa.select(Checklist).order_by(Checklist.key)).all()


def checklist_row(session: Session, key: str) -> Checklist | None:
    """Return the city's own checklist of a key."""
    return session.scalar(sa.select(Checklist).where(Checklist.key == key))


def cell_box(session: Session, person_id: int) -> list[Any]:
    """Return the outlines of the cells that a person walks."""
    return list(
        session.scalars(
            sa.select(Cell.outline).join(CellInspector, CellInspector.cell_id == Cell.id)
            .where(CellInspector.person_id == person_id)
        )
    )  # fmt: skip


def schools_walked(session: Session, person_id: int) -> list[int]:
    """Return the schools whose perimeters share a cell that a person walks."""
    return list(
        session.scalars(
            sa.select(School.id)
            .distinct()
            .join(Perimeter, Perimeter.school_id == School.id)
            .join(CellPiece, CellPiece.perimeter_id == Perimeter.id)
            .join(CellInspector, CellInspector.cell_id == CellPiece.cell_id)
            .where(CellInspector.person_id == person_id)
            .order_by(School.id)
        )
    )


def schools_by_id(session: Session, school_ids: Sequence[int]) -> Sequence[School]:
    """Return schools of some ids."""
    return session.scalars(sa.select(School).where(School.id.in_(list(school_ids))).order_by(School.id)).all()


def last_visits(session: Session, school_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Return when schools were last inspected and reached."""
    rows = session.execute(
        sa.select(Inspection.school_id, sa.func.max(Inspection.started_at))
        .where(Inspection.school_id.in_(list(school_ids)), Inspection.outcome != "not_reached")
        .group_by(Inspection.school_id)
    )
    return {school: last for school, last in rows if school is not None}


def hazard_visits(session: Session, hazard_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Return when hazards were last inspected."""
    out: dict[int, dt.datetime] = {}
    for start in range(0, len(hazard_ids), _MANY):
        rows = session.execute(
            sa.select(Inspection.hazard_id, sa.func.max(Inspection.started_at))
            .where(Inspection.hazard_id.in_(list(hazard_ids[start : start + _MANY])))
            .group_by(Inspection.hazard_id)
        )
        out |= {hazard: last for hazard, last in rows if hazard is not None}
    return out


def intervals_around(session: Session, hazard_ids: Sequence[int]) -> dict[int, list[dict[str, int]]]:
    """Return the own intervals of the schools in whose perimeter hazards lie, by the id of the hazard."""
    own = {identity: days for identity, days in session.execute(sa.select(School.id, School.intervals_days)) if days}
    out: dict[int, list[dict[str, int]]] = {}
    for start in range(0, len(hazard_ids) if own else 0, _MANY):
        part = list(hazard_ids[start : start + _MANY])
        rows = session.execute(
            sa.select(HazardSchool.hazard_id, HazardSchool.school_id).where(HazardSchool.hazard_id.in_(part))
        )
        for hazard, school in rows:
            if school in own:
                out.setdefault(hazard, []).append(own[school])
    return out


def terms_around(session: Session, school: School, day: dt.date) -> Sequence[Term]:
    """Return the terms that a day lies in: the school's own, or where it has none the city's."""
    query = sa.select(Term).where(Term.city_id == school.city_id, Term.starts_on <= day, Term.ends_on >= day)
    own = session.scalars(query.where(Term.school_id == school.id)).all()
    return own or session.scalars(query.where(Term.school_id.is_(None))).all()


def places_in(session: Session, bounds: Bounds, limit: int) -> Sequence[Any]:
    """Return named places in a box: name, kind, location."""
    return session.execute(
        sa.select(Place.name, Place.kind, Place.location)
        .where(meets_bbox(Place.location, bounds))
        .order_by(Place.id)
        .limit(limit)
    ).all()


def own_reports(session: Session, person_id: int, limit: int) -> Sequence[Hazard]:
    """Return the hazards that a person reported, the last first."""
    return session.scalars(
        sa.select(Hazard).where(Hazard.reporter_id == person_id).order_by(Hazard.id.desc()).limit(limit)
    ).all()


def last_walked(session: Session, city_id: int) -> dict[int, dt.datetime]:
    """Return when somebody was last in each cell of a city: on a visit, reporting a hazard, or seeing one again."""
    return _last_in(session, sa.select(Cell.id).where(Cell.city_id == city_id))


def own_cells_walked(session: Session, person_id: int) -> dict[str, dt.datetime]:
    """Return when somebody, whoever it was, was last in each of the cells that a person walks, by code."""
    last = _last_in(session, sa.select(CellInspector.cell_id).where(CellInspector.person_id == person_id))
    codes = cell_codes(session, list(last))
    return {codes[identity]: moment for identity, moment in last.items()}


def _last_in(session: Session, cells: Any) -> dict[int, dt.datetime]:
    visits = sa.select(Inspection.cell_id, sa.func.max(Inspection.started_at)).where(
        Inspection.cell_id.in_(cells), Inspection.outcome != "not_reached"
    )
    reports = sa.select(Hazard.cell_id, sa.func.max(Hazard.observed_at)).where(
        Hazard.cell_id.in_(cells), Hazard.reporter_id.is_not(None)
    )
    again = (
        sa.select(Hazard.cell_id, sa.func.max(Sighting.observed_at))
        .join(Sighting, Sighting.hazard_id == Hazard.id)
        .where(Hazard.cell_id.in_(cells))
    )
    out: dict[int, dt.datetime] = {}
    for query, cell in ((visits, Inspection.cell_id), (reports, Hazard.cell_id), (again, Hazard.cell_id)):
        for identity, last in session.execute(query.group_by(cell)):
            if identity is not None and (identity not in out or last > out[identity]):
                out[identity] = last
    return out


def walked_cells(session: Session, city_id: int) -> Sequence[Any]:
    """Return the cells of a city that belong to somebody: id, code, and who walks them."""
    return session.execute(
        sa.select(Cell.id, Cell.code, Person.uuid, Person.display_name)
        .join(CellInspector, CellInspector.cell_id == Cell.id)
        .join(Person, Person.id == CellInspector.person_id)
        .where(Cell.city_id == city_id)
        .order_by(Cell.code, Person.id)
    ).all()


def cell_codes(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Return the codes of cells."""
    out: dict[int, str] = {}
    for start in range(0, len(ids), _MANY):
        rows = session.execute(sa.select(Cell.id, Cell.code).where(Cell.id.in_(list(ids[start : start + _MANY]))))
        out |= dict(rows.all())
    return out


def known_codes(session: Session, codes: Sequence[str]) -> set[str]:
    """Return those of some codes that are those of a cell."""
    out: set[str] = set()
    wanted = list(dict.fromkeys(codes))
    for start in range(0, len(wanted), _MANY):
        out |= set(session.scalars(sa.select(Cell.code).where(Cell.code.in_(wanted[start : start + _MANY]))))
    return out
