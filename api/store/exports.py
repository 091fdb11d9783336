"""Collections as frames for files: the columns of each, and ``geometry``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.hazards import in_reach_of
from api.store.models import Campus, Cell, City, District, Gate, Hazard, Perimeter, Premises, School
from api.store.spatial import Bounds, meets_bbox, to_shapes


def _columns(model: Any, *names: str) -> list[Any]:
    return [getattr(model, name).label(name) for name in names]


def _select(*columns: Any) -> Any:
    return sa.select(*columns)


def _of_schools(model: Any, geometry: Any, *columns: Any) -> Any:
    query = _select(*columns, geometry.label("geometry")).join(School, School.id == model.school_id)
    return query.outerjoin(District, District.id == School.district_id).order_by(model.id)


def _query(name: str) -> tuple[Any, Any, Any]:
    """Return the query of a collection, its geometry column, and the column of its city."""
    district = District.name.label("district")
    if name == "schools":
        said = _columns(School, "name", "name_en", "stages", "address", "opened_on", "closed_on", "intervals_days")
        own = [Campus.name.label("campus"), *_columns(Campus, "known_as", "radius_m", "invented")]
        key = [School.uuid.label("uuid"), School.source_key.label("id")]
        return _of_schools(Campus, Campus.boundary, *key, *said, district, *own), Campus.boundary, School.city_id
    if name == "gates":
        said = [Gate.uuid.label("uuid"), Gate.source_key.label("id"), School.name.label("school")]
        query = _of_schools(Gate, Gate.location, *said, *_columns(Gate, "name", "kind", "invented"))
        return query, Gate.location, School.city_id
    if name == "perimeters":
        said = [School.uuid.label("school_uuid"), School.name.label("school")]
        own = _columns(Perimeter, "distance_m", "campus_cut_out", "area_m2")
        return _of_schools(Perimeter, Perimeter.zone, *said, *own), Perimeter.zone, School.city_id
    if name == "cells":
        said = _columns(Cell, "code", "kind", "responsible", "starts_on", "ends_on")
        return _select(*said, Cell.outline.label("geometry")).order_by(Cell.id), Cell.outline, Cell.city_id
    if name == "premises":
        said = _columns(
            Premises, "name", "categories", "address", "licence", "licensed_from", "licence_expires", "closed_on",
            "opening_hours", "position_error_m", "invented",
        )  # fmt: skip
        key = [Premises.uuid.label("uuid"), Premises.source_key.label("id")]
        query = _select(*key, *said, Premises.location.label("geometry")).order_by(Premises.id)
        return query, Premises.location, Premises.city_id
    said = _columns(District, "code", "name", "name_en", "kind")
    query = _select(*said, District.boundary.label("geometry")).where(District.boundary.is_not(None))
    return query.order_by(District.code), District.boundary, District.city_id


def frame(session: Session, name: str, city: City, bounds: Bounds | None, *, limit: int) -> pd.DataFrame:
    """Return the rows of a collection of a city that meet a box, or all of them."""
    query, geometry, owner = _query(name)
    query = query.where(owner == city.id)
    if bounds is not None:
        query = query.where(meets_bbox(geometry, bounds))
    return _read(session, query.limit(limit))


def hazards_frame(
    session: Session,
    city: City,
    bounds: Bounds | None,
    *,
    categories: Sequence[str],
    statuses: Sequence[str],
    of_inspector: int | None,
    limit: int,
) -> pd.DataFrame:
    """Return hazards of a city with the codes of their cells; see :func:`api.store.hazards.hazards_page`."""
    said = _columns(
        Hazard, "category", "subtype", "severity", "status", "name", "note", "address", "observed_at",
        "position_error_m", "invented",
    )  # fmt: skip
    key = [Hazard.uuid.label("uuid"), Hazard.source_key.label("id")]
    query = _select(*key, *said, Cell.code.label("cell"), Hazard.location.label("geometry"))
    query = query.outerjoin(Cell, Cell.id == Hazard.cell_id).where(Hazard.city_id == city.id)
    if bounds is not None:
        query = query.where(meets_bbox(Hazard.location, bounds))
    if categories:
        query = query.where(Hazard.category.in_(list(categories)))
    if statuses:
        query = query.where(Hazard.status.in_(list(statuses)))
    if of_inspector is not None:
        query = query.where(in_reach_of(of_inspector))
    return _read(session, query.order_by(Hazard.id).limit(limit))


def _read(session: Session, query: Any) -> pd.DataFrame:
    result = session.execute(query)
    table = pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
    table["geometry"] = to_shapes(table["geometry"])
    return table
