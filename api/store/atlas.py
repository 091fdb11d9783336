"""Pages of what a map shows, narrowed by box and ordered by id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Campus,
    Cell,
    CellInspector,
    CellPiece,
    City,
    District,
    Gate,
    Hazard,
    Perimeter,
    Person,
    Premises,
    School,
    Source,
    Street,
)
from api.store.spatial import Bounds, meets_bbox, to_shapes

_SCHOOL = (
    School.id,
    School.uuid,
    School.city_id,
    School.name,
    School.name_en,
    School.stages,
    School.address,
    School.opened_on,
    School.closed_on,
    School.intervals_days,
    School.version,
    School.invented,
    District.name.label("district_name"),
    Source.name.label("source_name"),
)


def _page(query: Any, identity: Any, after: int, limit: int) -> Any:
    return query.where(identity > after).order_by(identity).limit(limit)


def _schools() -> Any:
    return (
        sa.select(*_SCHOOL)
        .outerjoin(District, District.id == School.district_id)
        .outerjoin(Source, Source.id == School.source_id)
    )


def schools_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return schools with a campus in the box."""
    query = _schools()
    if bounds is not None:
        query = query.where(School.id.in_(sa.select(Campus.school_id).where(meets_bbox(Campus.boundary, bounds))))
    return session.execute(_page(query, School.id, after, limit)).all()


def school_row(session: Session, identity: uuid.UUID) -> Any | None:
    """Return one school."""
    return session.execute(_schools().where(School.uuid == identity)).one_or_none()


def boundaries_of(session: Session, school_ids: Sequence[int]) -> list[tuple[int, shapely.Geometry]]:
    """Return the campuses of schools."""
    rows = session.execute(
        sa.select(Campus.school_id, Campus.boundary).where(Campus.school_id.in_(list(school_ids))).order_by(Campus.id)
    ).all()
    return list(zip([r.school_id for r in rows], to_shapes(r.boundary for r in rows), strict=True))


def distances_of(session: Session, school_ids: Sequence[int]) -> dict[int, float]:
    """Return the widths of the perimeters of schools, metres."""
    rows = session.execute(
        sa.select(Perimeter.school_id, Perimeter.distance_m).where(Perimeter.school_id.in_(list(school_ids)))
    )
    return dict(rows.all())


def perimeters_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return perimeters in the box."""
    query = sa.select(
        Perimeter.id,
        Perimeter.uuid,
        Perimeter.distance_m,
        Perimeter.zone,
        School.uuid.label("school_uuid"),
        School.name.label("school_name"),
    ).join(School, School.id == Perimeter.school_id)
    if bounds is not None:
        query = query.where(meets_bbox(Perimeter.zone, bounds))
    return session.execute(_page(query, Perimeter.id, after, limit)).all()


def cells_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return cells in the box."""
    query = sa.select(Cell.id, Cell.uuid, Cell.code, Cell.kind, Cell.outline)
    if bounds is not None:
        query = query.where(meets_bbox(Cell.outline, bounds))
    return session.execute(_page(query, Cell.id, after, limit)).all()


def schools_of_cells(session: Session, cell_ids: Sequence[int]) -> dict[int, list[tuple[uuid.UUID, str]]]:
    """Return the schools whose perimeters reach into cells."""
    rows = session.execute(
        sa.select(CellPiece.cell_id, School.uuid, School.name)
        .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
        .join(School, School.id == Perimeter.school_id)
        .where(CellPiece.cell_id.in_(list(cell_ids)))
        .order_by(School.id)
    )
    out: dict[int, list[tuple[uuid.UUID, str]]] = {}
    for cell_id, identity, name in rows:
        out.setdefault(cell_id, []).append((identity, name))
    return out


def open_hazards_of_cells(session: Session, cell_ids: Sequence[int]) -> dict[int, int]:
    """Return the number of open hazards in cells."""
    rows = session.execute(
        sa.select(Hazard.cell_id, sa.func.count())
        .where(Hazard.cell_id.in_(list(cell_ids)), Hazard.status == "open")
        .group_by(Hazard.cell_id)
    )
    return {cell_id: count for cell_id, count in rows if cell_id is not None}


def inspectors_of_cells(session: Session, cell_ids: Sequence[int]) -> dict[int, str]:
    """Return the inspectors of cells by their shown names."""
    rows = session.execute(
        sa.select(CellInspector.cell_id, Person.display_name)
        .join(Person, Person.id == CellInspector.person_id)
        .where(CellInspector.cell_id.in_(list(cell_ids)))
        .order_by(CellInspector.id)
    )
    return dict(rows.all())


def gates_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return gates in the box."""
    query = sa.select(
        Gate.id,
        Gate.uuid,
        Gate.name,
        Gate.kind,
        Gate.invented,
        Gate.location,
        School.uuid.label("school_uuid"),
        School.name.label("school_name"),
    ).join(School, School.id == Gate.school_id)
    if bounds is not None:
        query = query.where(meets_bbox(Gate.location, bounds))
    return session.execute(_page(query, Gate.id, after, limit)).all()


def premises_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Sequence[Any]:
    """Return premises in the box."""
    query = sa.select(
        Premises.id,
        Premises.uuid,
        Premises.name,
        Premises.categories,
        Premises.address,
        Premises.closed_on,
        Premises.version,
        Premises.invented,
        Premises.location,
    )
    if bounds is not None:
        query = query.where(meets_bbox(Premises.location, bounds))
    return session.execute(_page(query, Premises.id, after, limit)).all()


def streets_page(
    session: Session, *, bounds: Bounds | None, without: Sequence[str], after: int, limit: int
) -> Sequence[Any]:
    """Return streets in the box, without some kinds of highway."""
    query = sa.select(Street.id, Street.highway, Street.name, Street.line)
    if without:
        query = query.where(Street.highway.not_in(list(without)))
    if bounds is not None:
        query = query.where(meets_bbox(Street.line, bounds))
    return session.execute(_page(query, Street.id, after, limit)).all()


def streets_of_city(session: Session, city: City, bounds: Bounds | None = None) -> Sequence[Any]:
    """Return all streets of a city: highway, name, line."""
    query = sa.select(Street.highway, Street.name, Street.line).where(Street.city_id == city.id)
    if bounds is not None:
        query = query.where(meets_bbox(Street.line, bounds))
    return session.execute(query).all()


def campus_bounds(session: Session, city: City) -> Bounds | None:
    """Return the box of a city's campuses; None where there is none."""
    rows = session.scalars(
        sa.select(Campus.boundary).join(School, School.id == Campus.school_id).where(School.city_id == city.id)
    ).all()
    if not rows:
        return None
    west, south, east, north = shapely.total_bounds(to_shapes(rows))
    return float(west), float(south), float(east), float(north)


def any_from_osm(session: Session, city: City) -> bool:
    """Return whether a city's streets come from OpenStreetMap, whose licence asks for a credit."""
    query = sa.select(Street.id).join(Source, Source.id == Street.source_id)
    return session.scalar(query.where(Street.city_id == city.id, Source.kind == "osm").limit(1)) is not None
