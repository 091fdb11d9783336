"""Perimeters, cells and their pieces."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.bulk import insert_rows
from api.store.models import Campus, Cell, CellPiece, City, Gate, Perimeter, School
from api.store.records import reserve_ids
from api.store.spatial import Bounds, as_multipolygons, meets_bbox, to_shapes

_FEW = 500  # codes in one condition


def has_unit_cells(session: Session, city: City) -> bool:
    """Return whether a city has official unit grids that are in force."""
    query = sa.select(Cell.id).where(Cell.city_id == city.id, Cell.kind == "unit", Cell.ends_on.is_(None))
    return session.scalar(query.limit(1)) is not None


def unit_cells(session: Session, city: City, *, bounds: Bounds | None = None) -> pd.DataFrame:
    """Return the official unit grids of a city that are in force, those that meet a box or all: id, code, outline."""
    query = sa.select(Cell.id, Cell.code, Cell.outline).where(
        Cell.city_id == city.id, Cell.kind == "unit", Cell.ends_on.is_(None)
    )
    if bounds is not None:
        query = query.where(meets_bbox(Cell.outline, bounds))
    rows = session.execute(query.order_by(Cell.code)).all()
    frame = pd.DataFrame(rows, columns=["id", "code", "outline"], dtype=object)
    frame["outline"] = to_shapes(frame["outline"])
    return frame


def cell_ids(session: Session, city: City, codes: Sequence[str] | None = None) -> dict[str, int]:
    """Return the ids of a city's cells by code; a few codes are looked up, for many all of the city's are read."""
    query = sa.select(Cell.code, Cell.id).where(Cell.city_id == city.id)
    if codes is not None and len(codes) <= _FEW:
        query = query.where(Cell.code.in_(list(codes)))
    return dict(session.execute(query).all())


def add_lattice_cells(
    session: Session,
    city: City,
    *,
    codes: Sequence[str],
    columns: NDArray[np.int64],
    rows: NDArray[np.int64],
    outlines: NDArray[np.object_],
    districts: Sequence[int | None],
) -> dict[str, int]:
    """Add lattice cells that are not there yet; return the ids of all the codes."""
    known = cell_ids(session, city)
    new = [i for i, code in enumerate(codes) if code not in known]
    if new:
        ids = reserve_ids(session, Cell.__table__, len(new))  # type: ignore[arg-type]
        insert_rows(
            session,
            Cell.__table__,  # type: ignore[arg-type]
            {
                "id": ids,
                "city_id": [city.id] * len(new),
                "code": [codes[i] for i in new],
                "kind": ["lattice"] * len(new),
                "lattice_column": columns[new],
                "lattice_row": rows[new],
                "district_id": [districts[i] for i in new],
                "outline": as_multipolygons(outlines[new]),
            },
        )
        known.update({codes[i]: int(identity) for i, identity in zip(new, ids, strict=True)})
    return known


def cells_in_districts(session: Session, city: City) -> pd.DataFrame:
    """Return all cells of a city with their townships: id, code, district_id (None: in none), outline."""
    query = sa.select(Cell.id, Cell.code, Cell.district_id, Cell.outline).where(Cell.city_id == city.id)
    frame = pd.DataFrame(
        session.execute(query.order_by(Cell.id)).all(), columns=["id", "code", "district_id", "outline"], dtype=object
    )
    frame["outline"] = to_shapes(frame["outline"])
    return frame


def put_into_districts(session: Session, districts: Mapping[int, int | None]) -> None:
    """Write the townships of cells, by their ids; they follow from what is drawn, so that no log tells of each."""
    table = Cell.__table__
    statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(district_id=sa.bindparam("_at"))  # type: ignore[arg-type]
    if districts:
        session.execute(statement, [{"_id": one, "_at": at} for one, at in districts.items()])


def remove_perimeters(session: Session, school_ids: Sequence[int]) -> None:
    """Take away the perimeters of schools, with their pieces."""
    session.execute(sa.delete(Perimeter).where(Perimeter.school_id.in_(list(school_ids))))


def remove_unused_lattice_cells(session: Session, city: City) -> int:
    """Take away lattice cells that no perimeter reaches any more; return how many."""
    used = sa.select(CellPiece.cell_id)
    result = session.execute(
        sa.delete(Cell).where(Cell.city_id == city.id, Cell.kind == "lattice", Cell.id.not_in(used))
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def perimeters_frame(
    session: Session,
    city: City,
    *,
    bounds: Bounds | None = None,
    school_ids: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return perimeters: id, uuid, school_id, school uuid and name, distance_m, area_m2, zone (WGS 84)."""
    query = (
        sa.select(
            Perimeter.id,
            Perimeter.uuid,
            Perimeter.school_id,
            School.uuid.label("school_uuid"),
            School.name.label("school_name"),
            Perimeter.distance_m,
            Perimeter.campus_cut_out,
            Perimeter.area_m2,
            Perimeter.invented,
            Perimeter.zone,
        )
        .join(School, School.id == Perimeter.school_id)
        .where(School.city_id == city.id)
        .order_by(Perimeter.id)
    )
    if bounds is not None:
        query = query.where(meets_bbox(Perimeter.zone, bounds))
    if school_ids is not None:
        query = query.where(Perimeter.school_id.in_(list(school_ids)))
    result = session.execute(query)
    frame = pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
    frame["zone"] = to_shapes(frame["zone"])
    return frame


def perimeter_distances(session: Session, city: City) -> dict[int, float]:
    """Return the distance of each school's perimeter, by school id."""
    rows = session.execute(
        sa.select(Perimeter.school_id, Perimeter.distance_m)
        .join(School, School.id == Perimeter.school_id)
        .where(School.city_id == city.id)
    )
    return dict(rows.all())


class Width(NamedTuple):
    """How a perimeter is drawn: so many metres around the campus, with the campus or without it."""

    distance_m: float
    campus_cut_out: bool


def perimeter_widths(session: Session, school_ids: Sequence[int]) -> dict[int, Width]:
    """Return how the perimeters of schools are drawn, by school id; schools without one are left out."""
    rows = session.execute(
        sa.select(Perimeter.school_id, Perimeter.distance_m, Perimeter.campus_cut_out).where(
            Perimeter.school_id.in_(list(school_ids))
        )
    )
    return {school: Width(distance, cut_out) for school, distance, cut_out in rows}


def add_pieces(
    session: Session,
    *,
    perimeter_ids: NDArray[np.int64],
    cell_ids_of_pieces: NDArray[np.int64],
    areas_m2: NDArray[np.float64],
    pieces: NDArray[np.object_],
) -> None:
    """Add the pieces of perimeters."""
    insert_rows(
        session,
        CellPiece.__table__,  # type: ignore[arg-type]
        {
            "perimeter_id": perimeter_ids,
            "cell_id": cell_ids_of_pieces,
            "area_m2": areas_m2,
            "piece": as_multipolygons(pieces),
        },
    )


def count_cells(session: Session, school_id: int) -> int:
    """Return in how many cells a school's perimeter lies."""
    count = session.scalar(
        sa.select(sa.func.count(CellPiece.id))
        .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
        .where(Perimeter.school_id == school_id)
    )
    return int(count or 0)


def codes_around(session: Session, city: City, schools: int) -> list[str]:
    """Return the codes of the cells around the first schools of a city."""
    first = sa.select(School.id).where(School.city_id == city.id).order_by(School.id).limit(schools)
    query = (
        sa.select(Cell.code)
        .distinct()
        .join(CellPiece, CellPiece.cell_id == Cell.id)
        .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
        .where(Perimeter.school_id.in_(first))
    )
    return list(session.scalars(query.order_by(Cell.code)))


class LatticeCell(NamedTuple):
    """A cell of a city's lattice that shares a perimeter."""

    id: int
    code: str
    shape: shapely.Geometry


def lattice_cells(session: Session, city: City) -> list[LatticeCell]:
    """Return the cells of a city's own lattice around its schools, ordered by code."""
    query = sa.select(Cell.id, Cell.code, Cell.outline).where(Cell.city_id == city.id, Cell.kind == "lattice")
    rows = session.execute(query.order_by(Cell.code)).all()
    shapes = to_shapes(row.outline for row in rows)
    return [LatticeCell(row.id, row.code, shape) for row, shape in zip(rows, shapes, strict=True)]


def cells_of_school(session: Session, city: City, school: uuid_module.UUID) -> list[tuple[int, int]]:
    """Return column and row of the lattice's cells that a school's perimeter reaches into."""
    query = (
        sa.select(Cell.lattice_column, Cell.lattice_row)
        .join(CellPiece, CellPiece.cell_id == Cell.id)
        .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
        .join(School, School.id == Perimeter.school_id)
        .where(School.uuid == school, School.city_id == city.id, Cell.kind == "lattice")
    )
    return [(column or 0, row or 0) for column, row in session.execute(query)]


class AreaCell(NamedTuple):
    """A cell of a city's lattice around its schools, without its outline."""

    id: int
    code: str
    column: int
    row: int


def area_cells(session: Session, city: City) -> list[AreaCell]:
    """Return the cells of a city's own lattice around its schools, ordered by code."""
    query = sa.select(Cell.id, Cell.code, Cell.lattice_column, Cell.lattice_row).where(
        Cell.city_id == city.id, Cell.kind == "lattice"
    )
    rows = session.execute(query.order_by(Cell.code))
    return [AreaCell(identity, code, column or 0, row or 0) for identity, code, column, row in rows]


def school_cells(session: Session, city: City) -> list[tuple[int, int]]:
    """Return each cell of a perimeter with the school whose it is: cell id, school id; schools in order."""
    query = (
        sa.select(CellPiece.cell_id, Perimeter.school_id)
        .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
        .join(School, School.id == Perimeter.school_id)
        .where(School.city_id == city.id)
        .order_by(School.id)
    )
    return [(cell, school) for cell, school in session.execute(query)]


def area_version(session: Session, city: City) -> tuple[int, ...]:
    """Return numbers that change when a city's perimeters, schools, campuses or gates come, go or are changed."""
    out: list[int] = []
    for query in (
        sa.select(sa.func.count(), sa.func.max(School.id), sa.func.sum(School.version)).where(
            School.city_id == city.id
        ),
        sa.select(sa.func.count(), sa.func.max(Perimeter.id), sa.func.sum(Perimeter.version))
        .join(School, School.id == Perimeter.school_id)
        .where(School.city_id == city.id),
        sa.select(sa.func.count(), sa.func.max(Campus.id), sa.func.sum(Campus.version))
        .join(School, School.id == Campus.school_id)
        .where(School.city_id == city.id),
        sa.select(sa.func.count(), sa.func.max(Gate.id), sa.func.sum(Gate.version))
        .join(School, School.id == Gate.school_id)
        .where(School.city_id == city.id),
    ):
        out += [int(value or 0) for value in session.execute(query).one()]
    return tuple(out)
