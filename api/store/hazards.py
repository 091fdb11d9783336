"""Hazards and what ties them to cells and schools."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.bulk import insert_rows, read_typed
from api.store.models import Cell, CellInspector, City, Gate, Hazard, HazardSchool, School, Source
from api.store.spatial import Bounds, meets_bbox, to_shapes

_MANY = 500  # ids in one condition; beyond that all of a city's are taken


def hazard_points(
    session: Session, city: City, *, ids: Sequence[int] | None = None, bounds: Sequence[Bounds] | None = None
) -> pd.DataFrame:
    """Return hazards as points: id, cell_id (NaN: none), lon, lat; of some ids, or those that meet any of some bounds."""
    columns = {
        "id": (Hazard.id, np.int64),
        "cell_id": (Hazard.cell_id, np.float64),
        "lon": (sa.func.ST_X(Hazard.location), np.float64),
        "lat": (sa.func.ST_Y(Hazard.location), np.float64),
    }
    conditions: list[Any] = [Hazard.city_id == city.id]
    if ids is not None and len(ids) <= _MANY:
        conditions.append(Hazard.id.in_(list(ids)))
    if bounds is not None and len(bounds) <= _MANY:
        conditions.append(sa.or_(sa.false(), *(meets_bbox(Hazard.location, b) for b in bounds)))
    frame = pd.DataFrame(read_typed(session, columns, *conditions, order_by=Hazard.id))
    if ids is not None and len(ids) > _MANY:
        frame = frame[frame["id"].isin(list(ids))]
    return frame.reset_index(drop=True)


def shapely_xy(points: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return points as an array of x and y, shape ``(n, 2)``."""
    out: NDArray[np.float64] = shapely.get_coordinates(points) if len(points) else np.empty((0, 2))
    return out


def set_cells(session: Session, changed: Mapping[int, int | None]) -> None:
    """Put hazards into cells: hazard id → cell id."""
    if not changed:
        return
    table: Any = Hazard.__table__
    session.execute(
        sa.update(table).where(table.c.id == sa.bindparam("_id")).values(cell_id=sa.bindparam("_cell")),
        [{"_id": hazard, "_cell": cell} for hazard, cell in changed.items()],
    )


def replace_links(session: Session, hazard_ids: Sequence[int] | None, city: City, links: pd.DataFrame) -> None:
    """Replace the ties of hazards (None: all of the city's; none named: only add) to schools.

    ``links`` has hazard_id, school_id, boundary_distance_m, gate_distance_m (NaN: no gate), gate_id (−1: none).
    """
    clean = sa.delete(HazardSchool)
    if hazard_ids is None:
        clean = clean.where(HazardSchool.hazard_id.in_(sa.select(Hazard.id).where(Hazard.city_id == city.id)))
        session.execute(clean)
    else:
        for start in range(0, len(hazard_ids), _MANY):
            session.execute(clean.where(HazardSchool.hazard_id.in_(list(hazard_ids[start : start + _MANY]))))
    gate_distance = [None if np.isnan(d) else float(d) for d in links["gate_distance_m"]]
    insert_rows(
        session,
        HazardSchool.__table__,  # type: ignore[arg-type]
        {
            "hazard_id": links["hazard_id"].to_numpy(),
            "school_id": links["school_id"].to_numpy(),
            "boundary_distance_m": links["boundary_distance_m"].to_numpy(),
            "gate_distance_m": gate_distance,
            "gate_id": [None if g < 0 else int(g) for g in links["gate_id"]],
        },
    )


def get_hazard(session: Session, identity: uuid_module.UUID, *, lock: bool = False) -> Hazard | None:
    """Return the hazard of a UUID; locked, nobody else changes it until the transaction ends."""
    query = sa.select(Hazard).where(Hazard.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def hazards_by_age(session: Session, city: City, categories: Sequence[str]) -> Sequence[Hazard]:
    """Return the hazards of some categories, the oldest first."""
    query = sa.select(Hazard).where(Hazard.city_id == city.id, Hazard.category.in_(list(categories)))
    return session.scalars(query.order_by(Hazard.observed_at, Hazard.id)).all()


def _with_cell_and_source() -> Any:
    return (
        sa.select(Hazard, Cell.code, Source.name)
        .outerjoin(Cell, Cell.id == Hazard.cell_id)
        .outerjoin(Source, Source.id == Hazard.source_id)
    )


def hazard_row(session: Session, identity: uuid_module.UUID) -> Any | None:
    """Return a hazard with the code of its cell and the name of its source."""
    return session.execute(_with_cell_and_source().where(Hazard.uuid == identity)).one_or_none()


def in_reach_of(inspector: int) -> sa.ColumnElement[bool]:
    """Return the condition that a hazard is an inspector's: of their cells, their reports, a city without assignments."""
    walked = sa.select(CellInspector.cell_id).where(CellInspector.person_id == inspector)
    assigned = sa.select(Cell.city_id).join(CellInspector, CellInspector.cell_id == Cell.id)
    return sa.or_(Hazard.cell_id.in_(walked), Hazard.reporter_id == inspector, Hazard.city_id.not_in(assigned))


def hazards_page(
    session: Session,
    *,
    city: City | None = None,
    school: uuid_module.UUID | None = None,
    bounds: Bounds | None = None,
    categories: Sequence[str] = (),
    statuses: Sequence[str] = (),
    of_inspector: int | None = None,
    walked_by: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Any]:
    """Return a page of hazards (hazard, cell code, source), ordered by id and beginning after the id ``after``.

    ``walked_by`` limits them to a person's cells and reports, ``of_inspector`` to these and to cities whose cells are
    assigned to nobody.
    """
    query = _with_cell_and_source().where(Hazard.id > after)
    if city is not None:
        query = query.where(Hazard.city_id == city.id)
    if school is not None:
        near = sa.select(HazardSchool.hazard_id).join(School, School.id == HazardSchool.school_id)
        query = query.where(Hazard.id.in_(near.where(School.uuid == school)))
    if bounds is not None:
        query = query.where(meets_bbox(Hazard.location, bounds))
    if categories:
        query = query.where(Hazard.category.in_(list(categories)))
    if statuses:
        query = query.where(Hazard.status.in_(list(statuses)))
    if walked_by is not None:
        walked = sa.select(CellInspector.cell_id).where(CellInspector.person_id == walked_by)
        query = query.where(sa.or_(Hazard.cell_id.in_(walked), Hazard.reporter_id == walked_by))
    if of_inspector is not None:
        query = query.where(in_reach_of(of_inspector))
    return session.execute(query.order_by(Hazard.id).limit(limit)).all()


def schools_of_hazard(session: Session, hazard_id: int) -> Sequence[Any]:
    """Return the schools in whose perimeter a hazard lies, nearest first, with distances and the nearest gate."""
    return session.execute(
        sa.select(
            School.uuid,
            School.name,
            HazardSchool.boundary_distance_m,
            HazardSchool.gate_distance_m,
            Gate.name.label("gate_name"),
        )
        .join(School, School.id == HazardSchool.school_id)
        .outerjoin(Gate, Gate.id == HazardSchool.gate_id)
        .where(HazardSchool.hazard_id == hazard_id)
        .order_by(HazardSchool.boundary_distance_m)
    ).all()


def open_hazards_by_school(session: Session, school_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return for each school the number of its open hazards by category."""
    rows = session.execute(
        sa.select(HazardSchool.school_id, Hazard.category, sa.func.count())
        .join(Hazard, Hazard.id == HazardSchool.hazard_id)
        .where(HazardSchool.school_id.in_(list(school_ids)), Hazard.status == "open")
        .group_by(HazardSchool.school_id, Hazard.category)
    )
    counts: dict[int, dict[str, int]] = {}
    for school_id, category, count in rows:
        counts.setdefault(school_id, {})[category] = count
    return counts


def distances_to_school(
    session: Session, school: uuid_module.UUID, hazard_ids: Sequence[int]
) -> dict[int, tuple[float, float | None, str | None]]:
    """Return for each hazard the distance to a school's boundary and nearest gate, and that gate's name."""
    rows = session.execute(
        sa.select(HazardSchool.hazard_id, HazardSchool.boundary_distance_m, HazardSchool.gate_distance_m, Gate.name)
        .join(School, School.id == HazardSchool.school_id)
        .outerjoin(Gate, Gate.id == HazardSchool.gate_id)
        .where(School.uuid == school, HazardSchool.hazard_id.in_(list(hazard_ids)))
    )
    return {hazard_id: (boundary, gate, name) for hazard_id, boundary, gate, name in rows}


def open_places(session: Session, city: City) -> tuple[list[str], NDArray[np.float64]]:
    """Return category and place (longitude, latitude; shape ``(n, 2)``) of a city's open hazards."""
    rows = session.execute(
        sa.select(Hazard.category, Hazard.location).where(Hazard.city_id == city.id, Hazard.status == "open")
    ).all()
    return [row.category for row in rows], shapely.get_coordinates(to_shapes(row.location for row in rows))


def how_many(session: Session, city: City) -> int:
    """Return the number of a city's hazards."""
    return session.scalar(sa.select(sa.func.count()).select_from(Hazard).where(Hazard.city_id == city.id)) or 0
