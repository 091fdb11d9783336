"""Schools from a file: one row a campus, several rows a school."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services import grids
from api.services.imports.rows import SEPARATOR, Rows, raw_bytes
from api.services.imports.values import fold_name
from api.settings import Settings
from api.store import cities
from api.store.bulk import insert_rows
from api.store.models import Campus, City, School, Source
from api.store.records import Known, known_records, reserve_ids, update_records
from api.store.spatial import as_multipolygons
from gis.perimeters import campus_disc
from gis.readers.report import RowProblem

_SCHOOL = ("name", "name_en", "stages", "address", "opened_on", "intervals_days")


def prepare_schools(session: Session, city: City, rows: Rows, settings: Settings) -> Rows:
    """Turn points into discs of a stated radius, and find each school's township."""
    points = shapely.get_type_id(rows.geometry) == 0
    radius = np.array([settings.point_radius_m if r is None else float(r) for r in rows.columns["radius_m"]])
    rows.columns["known_as"] = np.where(points, "point", "polygon").astype(object)
    if "outline" in rows.columns:  # only a building is drawn, not the grounds around it: a coarse boundary
        rows.columns["known_as"][(rows.columns.pop("outline") == "building") & ~points] = "building"
    rows.columns["radius_m"] = np.array([r if p else None for r, p in zip(radius, points, strict=True)], dtype=object)
    shapes = rows.geometry.copy()
    if points.any():
        xy = shapely.get_coordinates(rows.geometry[points])
        shapes[points] = campus_disc(xy[:, 0], xy[:, 1], radius[points])
    rows.geometry = as_multipolygons(shapes)
    rows.columns["district_id"] = _districts(session, city, rows)
    return rows


def districts_by_name(known: pd.DataFrame) -> dict[str, int]:
    """Return the ids of townships by what a file may call them, folded: their names and their codes."""
    return {
        fold_name(str(word)): int(identity)
        for column in ("name", "code")
        for word, identity in zip(known[column], known["id"], strict=True)
    }


def _districts(session: Session, city: City, rows: Rows) -> NDArray[np.object_]:
    """Return the township of each row: the one named, else the one whose boundary holds the campus."""
    known = cities.districts_of(session, city)
    out = np.full(len(rows), None, dtype=object)
    by_name = districts_by_name(known)
    for at, name in enumerate(rows.columns["district"]):
        if name is None:
            continue
        out[at] = by_name.get(fold_name(str(name)))
        if out[at] is None and by_name:
            detail = f"there is no township {str(name)[:60]!r}; the position decides"
            rows.problems.append(RowProblem(int(rows.number[at]), "district", "unknown_district", detail, "warning"))
    open_rows = np.flatnonzero([value is None for value in out])
    out[open_rows] = cities.districts_at(known, shapely.point_on_surface(rows.geometry[open_rows]))
    return out


def school_key(key: str) -> str:
    """Return the key of the school that a campus row belongs to."""
    return key.split(SEPARATOR, 1)[0]


def write_schools(
    session: Session,
    city: City,
    rows: Rows,
    source: Source,
    *,
    known: dict[str, Known],
) -> None:
    """Write schools and campuses; perimeters that are built already follow their campuses."""
    schools = known_records(session, School.__table__, School.city_id == city.id)  # type: ignore[arg-type]
    keys = [school_key(key) for key in rows.key]
    first: dict[str, int] = {}
    for at, key in enumerate(keys):
        first.setdefault(key, at)
    new = [key for key in first if key not in schools]
    ids = reserve_ids(session, School.__table__, len(new))  # type: ignore[arg-type]
    _insert_schools(session, city, rows, source, new, first, ids)
    identity = {key: k.id for key, k in schools.items()} | dict(zip(new, ids.tolist(), strict=True))
    old = [key for key in first if key in schools]
    update_records(
        session,
        School.__table__,  # type: ignore[arg-type]
        [
            {"id": identity[key], "source_id": source.id, "source_row": int(rows.number[first[key]])}
            | {name: rows.columns[name][first[key]] for name in (*_SCHOOL, "district_id")}
            for key in old
        ],
        keep_where_none=("intervals_days",),  # a file that is silent of them leaves what the office has set
    )
    fresh = [at for at, key in enumerate(rows.key) if key not in known]
    stale = [at for at, key in enumerate(rows.key) if key in known]
    raw = raw_bytes(rows)
    _insert_campuses(session, rows, source, fresh, [identity[keys[at]] for at in fresh], raw)
    update_records(
        session,
        Campus.__table__,  # type: ignore[arg-type]
        [_campus_row(rows, at, known[rows.key[at]].id, identity[keys[at]], source, raw) for at in stale],
    )
    session.flush()
    grids.rebuild_for(session, city, sorted({identity[key] for key in old}))


def _insert_schools(
    session: Session, city: City, rows: Rows, source: Source, new: Sequence[str], first: dict[str, int], ids: Any
) -> None:
    at = [first[key] for key in new]
    insert_rows(
        session,
        School.__table__,  # type: ignore[arg-type]
        {
            "id": ids,
            "uuid": [uuid.uuid4() for _ in new],
            "city_id": [city.id] * len(new),
            **{name: [rows.columns[name][i] for i in at] for name in (*_SCHOOL, "district_id")},
            "intervals_days": [rows.columns["intervals_days"][i] or {} for i in at],
            "invented": [source.invented] * len(new),
            "source_id": [source.id] * len(new),
            "source_key": list(new),
            "source_row": [int(rows.number[i]) for i in at],
        },
    )


def _insert_campuses(
    session: Session, rows: Rows, source: Source, at: Sequence[int], owners: Sequence[int], raw: Sequence[Any]
) -> None:
    insert_rows(
        session,
        Campus.__table__,  # type: ignore[arg-type]
        {
            "school_id": list(owners),
            "name": [rows.columns["campus"][i] for i in at],
            "known_as": [rows.columns["known_as"][i] for i in at],
            "radius_m": [rows.columns["radius_m"][i] for i in at],
            "boundary": rows.geometry[list(at)],
            "invented": [source.invented] * len(at),
            "source_id": [source.id] * len(at),
            "source_key": [rows.key[i] for i in at],
            "source_row": [int(rows.number[i]) for i in at],
            "content_hash": [rows.content[i] for i in at],
            "raw_geometry": [raw[i] for i in at],
        },
    )


def _campus_row(rows: Rows, at: int, identity: int, owner: int, source: Source, raw: Sequence[Any]) -> dict[str, Any]:
    return {
        "id": identity,
        "school_id": owner,
        "name": rows.columns["campus"][at],
        "known_as": rows.columns["known_as"][at],
        "radius_m": rows.columns["radius_m"][at],
        "boundary": rows.geometry[at],
        "source_id": source.id,
        "source_row": int(rows.number[at]),
        "content_hash": rows.content[at],
        "raw_geometry": raw[at],
    }


def known_campuses(session: Session, city: City) -> dict[str, Known]:
    """Return the campuses of a city that came from a source, by their source key."""
    of_city = sa.select(School.id).where(School.city_id == city.id)
    return known_records(session, Campus.__table__, Campus.school_id.in_(of_city))  # type: ignore[arg-type]
