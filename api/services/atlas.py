"""What the map shows: schools, perimeters, cells, gates, premises and streets in a box, as GeoJSON documents."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.schemas.geojson import features, geometry_fragments
from api.store import atlas, cities, grids, hazards, schools
from api.store.models import City, School
from api.store.spatial import Bounds, to_shapes

_DRAWN_DEG = 5e-6  # half a metre


class Page(NamedTuple):
    """A document, and the cursor of the next one where there is more."""

    document: dict[str, Any]
    next_cursor: int | None


def _paged(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], int | None]:
    """Cut one row more than was asked for off, and return where to go on."""
    return (rows[:limit], int(rows[limit - 1].id)) if len(rows) > limit else (rows, None)


def schools_page(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return schools in a box, with their campuses as one geometry."""
    rows, following = _paged(atlas.schools_page(session, bounds=bounds, after=after, limit=limit + 1), limit)
    ids = [row.id for row in rows]
    shapes: dict[int, list[shapely.Geometry]] = {}
    for school_id, boundary in atlas.boundaries_of(session, ids):
        shapes.setdefault(school_id, []).append(boundary)
    counts = hazards.open_hazards_by_school(session, ids)
    distances = atlas.distances_of(session, ids)
    geometry = np.array([shapely.union_all(shapes[i]) if i in shapes else None for i in ids] or [], dtype=object)
    points = shapely.get_coordinates(shapely.point_on_surface(geometry)) if len(ids) else np.empty((0, 2))
    properties = [
        {
            **_school_properties(row),
            "campuses": len(shapes.get(row.id, [])),
            "perimeter_distance_m": distances.get(row.id),
            "open_hazards": sum(counts.get(row.id, {}).values()),
            "point": [round(float(x), 7) for x in point],
        }
        for row, point in zip(rows, points, strict=True)
    ]
    return Page(features([row.uuid for row in rows], geometry, properties), following)


def _school_properties(row: Any) -> dict[str, Any]:
    return {
        "name": row.name,
        "name_en": row.name_en,
        "stages": row.stages,
        "district_name": row.district_name,
        "address": row.address,
        "invented": row.invented,
        "source": row.source_name,
    }


def school_detail(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return one school with campuses, gates, timetable and its hazards by category."""
    row = atlas.school_row(session, identity)
    if row is None:
        raise NotFoundError("there is no such school")
    city = session.get_one(City, row.city_id)
    campuses = schools.campuses_frame(session, city, school_ids=[row.id])
    shape = shapely.union_all(campuses["boundary"].to_numpy(dtype=object)) if len(campuses) else None
    point = None if shape is None else shapely.point_on_surface(shape)
    by_category = hazards.open_hazards_by_school(session, [row.id]).get(row.id, {})
    properties = {
        **_school_properties(row),
        "point": None if point is None else [round(point.x, 7), round(point.y, 7)],
        "perimeter_distance_m": atlas.distances_of(session, [row.id]).get(row.id),
        "open_hazards": sum(by_category.values()),
        "hazards_by_category": by_category,
        "cells": grids.count_cells(session, row.id),
        "opened_on": row.opened_on,
        "closed_on": row.closed_on,
        "intervals_days": row.intervals_days,
        "version": row.version,
        "campuses": [_campus_view(c) for c in campuses.itertuples()],
        "gates": gates_of(session, city, row.id),
        "timetable": timetable_of(session, row.id),
    }
    document = features([row.uuid], np.array([shape], dtype=object), [properties])
    return dict(document["features"][0])


def _campus_view(campus: Any) -> dict[str, Any]:
    middle = campus.boundary.centroid
    return {
        "uuid": str(campus.uuid),
        "name": campus.name,
        "known_as": campus.known_as,
        "radius_m": campus.radius_m,
        "point": [round(middle.x, 7), round(middle.y, 7)] if campus.known_as == "point" else None,
        "boundary": geometry_fragments([campus.boundary])[0],
    }


def gates_of(session: Session, city: City, school_id: int) -> list[dict[str, Any]]:
    """Return a school's gates."""
    frame: Any = schools.gates_frame(session, city, school_ids=[school_id])
    return [gate_view(gate, gate.location) for gate in frame.itertuples()]


def gate_view(gate: Any, place: shapely.Point) -> dict[str, Any]:
    """Return what is said of a gate."""
    return {
        "uuid": str(gate.uuid),
        "name": gate.name,
        "kind": gate.kind,
        "lon": place.x,
        "lat": place.y,
        "invented": gate.invented,
    }


def timetable_of(session: Session, school_id: int) -> list[dict[str, Any]]:
    """Return a school's dismissals by weekday and grades."""
    return [
        {
            "weekday": row.weekday,
            "grades": row.grades,
            "dismissal": row.dismissal.strftime("%H:%M"),
            "invented": row.invented,
        }
        for row in schools.timetable_rows(session, school_id)
    ]


def known_school(session: Session, identity: uuid.UUID) -> tuple[School, City]:
    """Return a school and its city.

    Raises
    ------
    NotFoundError
        Where there is no such school.
    """
    school = schools.find_school(session, identity)
    if school is None:
        raise NotFoundError("there is no such school")
    return school, session.get_one(City, school.city_id)


def perimeter_of(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return the perimeter of a school as a feature."""
    school, city = known_school(session, identity)
    frame = grids.perimeters_frame(session, city, school_ids=[school.id])
    if frame.empty:
        raise NotFoundError("the school has no perimeter yet; build it: campus grid build")
    row = frame.iloc[0]
    properties = {
        "school": str(row.school_uuid),
        "school_name": row.school_name,
        "distance_m": row.distance_m,
        "area_m2": round(row.area_m2, 2),
        "campus_cut_out": bool(row.campus_cut_out),
        "cells": grids.count_cells(session, school.id),
        "version": school.version,
    }
    return dict(features([row.uuid], frame["zone"].to_numpy(dtype=object), [properties])["features"][0])


def perimeters_in(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return perimeters in a box, to half a metre for drawing; :func:`perimeter_of` has them exact."""
    rows, following = _paged(atlas.perimeters_page(session, bounds=bounds, after=after, limit=limit + 1), limit)
    properties = [
        {"school": str(r.school_uuid), "school_name": r.school_name, "distance_m": r.distance_m} for r in rows
    ]
    zones = shapely.simplify(to_shapes(r.zone for r in rows), _DRAWN_DEG) if rows else np.empty(0, dtype=object)
    return Page(features([r.uuid for r in rows], zones, properties), following)


def cells_in(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return grid cells in a box, with the schools whose perimeters they share and their open hazards."""
    rows, following = _paged(atlas.cells_page(session, bounds=bounds, after=after, limit=limit + 1), limit)
    ids = [row.id for row in rows]
    sharing = atlas.schools_of_cells(session, ids)
    counts = atlas.open_hazards_of_cells(session, ids)
    inspectors = atlas.inspectors_of_cells(session, ids)
    properties = [
        {
            "code": row.code,
            "kind": row.kind,
            "schools": [{"uuid": str(u), "name": n} for u, n in sharing.get(row.id, [])],
            "hazards": counts.get(row.id, 0),
            "inspector": inspectors.get(row.id),
        }
        for row in rows
    ]
    return Page(features([r.uuid for r in rows], to_shapes(r.outline for r in rows), properties), following)


def gates_in(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return gates in a box."""
    rows, following = _paged(atlas.gates_page(session, bounds=bounds, after=after, limit=limit + 1), limit)
    properties = [
        {
            "name": r.name,
            "kind": r.kind,
            "school": str(r.school_uuid),
            "school_name": r.school_name,
            "invented": r.invented,
        }
        for r in rows
    ]
    return Page(features([r.uuid for r in rows], to_shapes(r.location for r in rows), properties), following)


def premises_in(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return premises in a box."""
    rows, following = _paged(atlas.premises_page(session, bounds=bounds, after=after, limit=limit + 1), limit)
    properties = [
        {
            "name": r.name,
            "categories": r.categories,
            "address": r.address,
            "closed_on": r.closed_on,
            "version": r.version,
            "invented": r.invented,
        }
        for r in rows
    ]
    return Page(features([r.uuid for r in rows], to_shapes(r.location for r in rows), properties), following)


_MINOR = ("footway", "path", "cycleway", "steps", "track", "pedestrian", "service", "bridleway", "corridor")
_SMALL = (*_MINOR, "residential", "living_street", "unclassified", "road")


def streets_in(session: Session, *, bounds: Bounds | None, zoom: int, after: int, limit: int) -> Page:
    """Return streets in a box, thinned by zoom level: small streets from 14 on, footways and drives from 16 on."""
    without = _SMALL if zoom < 14 else _MINOR if zoom < 16 else ()
    rows, following = _paged(
        atlas.streets_page(session, bounds=bounds, without=without, after=after, limit=limit + 1), limit
    )
    tolerance_deg = 360.0 / 256 / 2**zoom / 2  # half a pixel
    lines = shapely.simplify(to_shapes(r.line for r in rows), tolerance_deg) if rows else np.empty(0, dtype=object)
    properties = [{"highway": r.highway, "name": r.name} for r in rows]
    return Page(features([r.id for r in rows], lines, properties), following)


def view_bounds(session: Session) -> list[float] | None:
    """Return the box of the first city's campuses, which the map opens on; None where there is no school."""
    for city in cities.all_cities(session):
        box = atlas.campus_bounds(session, city)
        if box is not None:
            return [round(v, 6) for v in box]
    return None
