"""What each collection needs besides the file's own fields before its rows are written, and what follows after."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.schemas.records import NOT_YET, lies_ahead
from api.services import grids, hazards, incidents
from api.services.imports.rows import Rows
from api.services.imports.schools import districts_by_name
from api.services.imports.values import fold_name
from api.settings import Settings
from api.store import cities, facilities, releases, schools
from api.store.bulk import Values
from api.store.models import (
    Building,
    Cell,
    City,
    District,
    Facility,
    FacilityUse,
    Gate,
    Hazard,
    Incident,
    Place,
    Premises,
    PupilCount,
    StallArea,
    Street,
)
from api.store.spatial import as_multipolygons
from api.vocabulary import fold
from gis.geodesic import pairs_within
from gis.lattice import parse_unit_code
from gis.readers.report import RowProblem

GATE_REACH_M = 100.0  # a gate without a named school belongs to the nearest campus within this distance

Derived = Mapping[str, Values]


@dataclass(frozen=True)
class Writer:
    """How one collection is kept.

    ``derive`` returns the columns of the table for rows, and may refuse rows through ``rows.problems``;
    ``after`` is told which ids are new and which changed, and where they all are, in the same transaction.
    """

    table: sa.Table
    derive: Callable[[Session, City, Rows], Derived]
    after: Callable[[Session, City, list[int], list[int], NDArray[np.object_]], None] | None = None
    arrival: str | None = None  # a moment that is that of the import where the file does not say it, and then stays


def _of_city(city: City, rows: Rows) -> dict[str, Values]:
    return {"city_id": [city.id] * len(rows)}


def _refuse_what_lies_ahead(rows: Rows, field: str, moments: Iterable[dt.datetime | None]) -> None:
    """Refuse rows of what has not happened yet: a year mistyped, or a plan among the records."""
    for number, moment in zip(rows.number, moments, strict=True):
        if moment is not None and lies_ahead(moment):
            rows.problems.append(RowProblem(int(number), field, "in_the_future", NOT_YET, "refused"))


def _hazards(session: Session, city: City, rows: Rows) -> Derived:
    columns = rows.columns
    _refuse_what_lies_ahead(rows, "observed_at", columns["observed_at"])
    return {
        **_of_city(city, rows),
        **{name: columns[name] for name in ("category", "subtype", "status", "name", "note", "address")},
        "severity": [int(value) for value in columns["severity"]],
        "observed_at": columns["observed_at"],
        "position_error_m": columns["position_error_m"],
        "cell_id": hazards.cells_at(session, city, *shapely.get_coordinates(rows.geometry).T),
        "location": rows.geometry,
    }


def _premises(session: Session, city: City, rows: Rows) -> Derived:
    names = (
        "name", "categories", "address", "licence", "licensed_from", "licence_expires", "closed_on", "opening_hours",
        "position_error_m",
    )  # fmt: skip
    footprints = rows.columns.get("footprint", np.full(len(rows), None, dtype=object))
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "location": rows.geometry,
        "footprint": as_multipolygons(footprints),
    }


def _facilities(session: Session, city: City, rows: Rows) -> Derived:
    names = ("name", "kind", "levels", "address", "opened_on", "closed_on")
    owners = _named_schools(session, city, rows)
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "school_id": owners,
        "location": rows.geometry,
    }


def _facility_uses(session: Session, city: City, rows: Rows) -> Derived:
    """Find the facility of each row, and its month: 2026-09, 2026/9 or 2026年9月."""
    known = facilities.by_key(session, city)
    found: list[int | None] = []
    months: list[dt.date | None] = []
    for number, key, text in zip(rows.number, rows.columns["facility"], rows.columns["month"], strict=True):
        found.append(known.get(fold(str(key))))
        months.append(_month(str(text)))
        if found[-1] is None:
            detail = f"there is no facility {str(key)[:60]!r}, or more than one of that name"
            rows.problems.append(RowProblem(int(number), "facility", "unknown_facility", detail, "refused"))
        if months[-1] is None:
            detail = f"{str(text)[:20]!r} is no month; write it as 2026-09"
            rows.problems.append(RowProblem(int(number), "month", "bad_month", detail, "refused"))
    return {**_of_city(city, rows), "facility_id": found, "month": months, "visits": rows.columns["visits"]}


def _month(text: str) -> dt.date | None:
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})(?:月|[-/.]\d{1,2}(?:[ T].*)?)?", text.strip())
    if match is None or not 1 <= int(match[2]) <= 12 or not 1970 <= int(match[1]) <= 2200:
        return None
    return dt.date(int(match[1]), int(match[2]), 1)


def _pupils(session: Session, city: City, rows: Rows) -> Derived:
    return {
        **_of_city(city, rows), "school_id": _named_schools(session, city, rows), "pupils": rows.columns["pupils"],
    }  # fmt: skip


def _incidents(session: Session, city: City, rows: Rows, settings: Settings) -> Derived:
    releases.hold(session, city)  # before rows change: whoever gathers them waits, or has ended
    columns = rows.columns
    ends = [
        first if last is None else last
        for first, last in zip(columns["occurred_from"], columns["occurred_to"], strict=True)
    ]
    for number, first, last in zip(rows.number, columns["occurred_from"], ends, strict=True):
        if last < first:
            rows.problems.append(
                RowProblem(int(number), "occurred_to", "bad_interval", "the end lies before the beginning", "refused")
            )
    _refuse_what_lies_ahead(rows, "occurred_from", ends)
    described = incidents.describe(
        session,
        city,
        settings,
        kinds=columns["kind"],
        serious=columns["serious"],
        first=columns["occurred_from"],
        points=rows.geometry,
    )
    return {
        **_of_city(city, rows),
        "kind": columns["kind"],
        "occurred_from": columns["occurred_from"],
        "occurred_to": ends,
        "location": rows.geometry,
        **described,
    }


def _streets(session: Session, city: City, rows: Rows) -> Derived:
    names = ["name", "highway", "oneway", "maxspeed_kmh"]
    names += [name for name in ("foot", "car", "node_ids") if name in rows.columns]  # what only some sources say
    return {**_of_city(city, rows), **{name: rows.columns[name] for name in names}, "line": rows.geometry}


def _buildings(session: Session, city: City, rows: Rows) -> Derived:
    names = ("name", "levels")
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "outline": as_multipolygons(rows.geometry),
    }


def _places(session: Session, city: City, rows: Rows) -> Derived:
    alternatives = [
        value if isinstance(value, list) else [part.strip() for part in str(value).split(";") if part.strip()]
        for value in rows.columns["alt_names"]
    ]
    names = ("name", "kind", "address")
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "alt_names": alternatives,
        "location": rows.geometry,
    }


def _districts(session: Session, city: City, rows: Rows) -> Derived:
    names = ("code", "name", "name_en", "kind")
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "boundary": as_multipolygons(rows.geometry),
    }


def _stall_areas(session: Session, city: City, rows: Rows) -> Derived:
    """Find the township of each area in which food stalls are not allowed."""
    known = districts_by_name(cities.districts_of(session, city))
    found = [known.get(fold_name(str(name))) for name in rows.columns["district"]]
    first, last = rows.columns["valid_from"], rows.columns["valid_to"]
    for number, name, there, begin, end in zip(rows.number, rows.columns["district"], found, first, last, strict=True):
        if there is None:
            detail = f"there is no township {str(name)[:60]!r}; import the townships first"
            rows.problems.append(RowProblem(int(number), "district", "unknown_district", detail, "refused"))
        if begin is not None and end is not None and end < begin:
            rows.problems.append(
                RowProblem(int(number), "valid_to", "bad_interval", "the end lies before the beginning", "refused")
            )
    return {
        "district_id": found, "valid_from": first, "valid_to": last, "boundary": as_multipolygons(rows.geometry),
    }  # fmt: skip


def _cells(session: Session, city: City, rows: Rows) -> Derived:
    for number, code in zip(rows.number, rows.columns["code"], strict=True):
        try:
            unit = parse_unit_code(str(code))
        except ValueError as error:
            rows.problems.append(RowProblem(int(number), "code", "bad_unit_code", str(error), "refused"))
        else:
            if city.code.isdigit() and len(city.code) == 6 and unit.county != city.code:
                detail = f"the code belongs to county {unit.county}, not to {city.code}"
                rows.problems.append(RowProblem(int(number), "code", "foreign_code", detail, "refused"))
    _refuse_overlaps(rows)
    names = ("code", "responsible", "starts_on", "ends_on")
    return {
        **_of_city(city, rows),
        **{name: rows.columns[name] for name in names},
        "kind": ["unit"] * len(rows),
        "district_id": grids.districts_of_cells(
            cities.districts_of(session, city), list(map(str, rows.columns["code"])), rows.geometry
        ),
        "outline": as_multipolygons(rows.geometry),
    }


def _refuse_overlaps(rows: Rows) -> None:
    """Report pairs of cells that share more than a thousandth: unit grids have no overlaps (GB/T 30428.1)."""
    shapes = rows.geometry
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = first < second
    first, second = first[pair], second[pair]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    for a, b in zip(first[shared > smaller * 1e-3], second[shared > smaller * 1e-3], strict=True):
        detail = f"the cell overlaps that of row {rows.number[a]}"
        rows.problems.append(RowProblem(int(rows.number[b]), "geometry", "overlap", detail, "refused"))


def _named_schools(session: Session, city: City, rows: Rows) -> list[int | None]:
    """Find the school that each row names, None where it names none; one that is not known refuses the row."""
    owner: list[int | None] = [None] * len(rows)
    named: dict[str, int | None] = {}
    for at, key in enumerate(rows.columns["school"]):
        if key is None:
            continue
        if key not in named:
            school = schools.find_school(session, str(key), city.id)
            named[key] = None if school is None else school.id
        owner[at] = named[key]
        if owner[at] is None:
            detail = f"there is no school {str(key)[:60]!r}, or more than one of that name"
            rows.problems.append(RowProblem(int(rows.number[at]), "school", "unknown_school", detail, "refused"))
    return owner


def _gates(session: Session, city: City, rows: Rows) -> Derived:
    """Find the school of each gate: the one that is named, or that whose campus is nearest."""
    owner = _named_schools(session, city, rows)
    nameless = [at for at, key in enumerate(rows.columns["school"]) if key is None]
    if nameless:
        _nearest_schools(session, city, rows, nameless, owner)
    return {
        "school_id": owner,
        "name": rows.columns["name"],
        "kind": rows.columns["kind"],
        "location": rows.geometry,
    }


def _nearest_schools(session: Session, city: City, rows: Rows, nameless: list[int], owner: list[int | None]) -> None:
    campuses = schools.campuses_frame(session, city)
    if len(campuses):
        pairs = pairs_within(rows.geometry[nameless], campuses["boundary"].to_numpy(dtype=object), GATE_REACH_M)
        nearest = pd.DataFrame(
            {"point": pairs.point_index, "campus": pairs.boundary_index, "distance_m": pairs.distance_m}
        )
        for point, campus in (
            nearest.sort_values("distance_m").drop_duplicates("point")[["point", "campus"]].itertuples(index=False)
        ):
            owner[nameless[point]] = int(campuses["school_id"].iloc[campus])
    for at in nameless:
        if owner[at] is None:
            detail = f"no school is named, and no campus lies within {GATE_REACH_M:g} m"
            rows.problems.append(RowProblem(int(rows.number[at]), "school", "unknown_school", detail, "refused"))


def _link_hazards(
    session: Session, city: City, new: list[int], changed: list[int], points: NDArray[np.object_]
) -> None:
    hazards.tie_to_schools(session, city, new + changed, points, changed=changed)


def _link_around_gates(
    session: Session, city: City, new: list[int], changed: list[int], points: NDArray[np.object_]
) -> None:
    owners = session.scalars(sa.select(Gate.school_id).where(Gate.id.in_(new + changed)).distinct()).all()
    schools.touch(session, owners)
    hazards.link_around(session, city, owners)


def _place_in_districts(
    session: Session, city: City, new: list[int], changed: list[int], points: NDArray[np.object_]
) -> None:
    grids.place_in_districts(session, city)


def _rebuild_on_units(
    session: Session, city: City, new: list[int], changed: list[int], points: NDArray[np.object_]
) -> None:
    """Put existing perimeters onto the unit grids that have just come or changed."""
    from api.store.grids import perimeter_distances

    grids.rebuild_for(session, city, list(perimeter_distances(session, city)))


def writers(settings: Settings) -> dict[str, Writer]:
    """Return the writers of the collections that live in one table."""
    tables: dict[str, Any] = {
        "hazards": (Hazard, _hazards, _link_hazards),
        "premises": (Premises, _premises, None),
        "facilities": (Facility, _facilities, None),
        "facility_uses": (FacilityUse, _facility_uses, None),
        "pupils": (PupilCount, _pupils, None),
        "incidents": (Incident, partial(_incidents, settings=settings), None),
        "streets": (Street, _streets, None),
        "buildings": (Building, _buildings, None),
        "places": (Place, _places, None),
        "districts": (District, _districts, _place_in_districts),
        "stall_areas": (StallArea, _stall_areas, None),
        "cells": (Cell, _cells, _rebuild_on_units),
        "gates": (Gate, _gates, _link_around_gates),
    }
    return {
        name: Writer(
            model.__table__,
            derive,
            after,
            arrival="observed_at" if model is Hazard else None,
        )
        for name, (model, derive, after) in tables.items()
    }
