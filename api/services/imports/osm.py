"""An OpenStreetMap extract: schools with campuses and gates, premises, streets, places and buildings, in one import."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.services.cities import settle_lattice
from api.services.imports.fields import collections
from api.services.imports.report import ImportReport
from api.services.imports.rows import SEPARATOR, Rows
from api.services.imports.run import ImportOptions, write_rows
from api.settings import Settings
from api.store.models import City
from api.store.spatial import to_shape
from gis.readers.osm import read_osm
from gis.readers.report import RowProblem

_CUT = 300  # characters; what is longer in a tag is cut, not refused


def import_osm(
    session: Session, city: City, path: Path, options: ImportOptions, settings: Settings
) -> list[ImportReport]:
    """Import an extract; what lies outside the city's area is left out, and said once a collection.

    The objects' own identifiers are the keys: the same extract again changes nothing, a newer one updates.
    """
    extract = read_osm(path)
    known = collections()
    area = None if city.area is None else to_shape(city.area)
    schools = extract.schools
    campus = [
        "" if key == osm_id and n == 1 else f"{osm_id}/{n}"
        for key, osm_id, n in zip(schools["school_key"], schools["osm_id"], schools["n"], strict=True)
    ]
    parts: dict[str, tuple[geopandas.GeoDataFrame, Sequence[str], Mapping[str, Sequence[Any]]]] = {
        "schools": (
            schools,
            [key + (SEPARATOR + part if part else "") for key, part in zip(schools["school_key"], campus, strict=True)],
            {
                "name": [
                    _cut(zh or name or f"({osm_id})", 200)
                    for zh, name, osm_id in zip(schools["name_zh"], schools["name"], schools["school_key"], strict=True)
                ],
                "name_en": [_cut(name, 200) for name in schools["name_en"]],
                "campus": campus,
                "stages": list(schools["stages"]),
                "district": [None] * len(schools),
                "address": [_cut(text, _CUT) for text in schools["address"]],
                "opened_on": [None] * len(schools),
                "radius_m": [None] * len(schools),
                "intervals_days": [None] * len(schools),
                "outline": list(schools["outline"]),
            },
        ),
        "gates": (
            extract.gates,
            [f"{g}@{s}" for g, s in zip(extract.gates["osm_id"], extract.gates["school_key"], strict=True)],
            {
                "school": list(extract.gates["school_key"]),
                "name": [_cut(name, 200) for name in extract.gates["name"]],
                "kind": [_gate_kind(kind) for kind in extract.gates["kind"]],
            },
        ),
        "premises": (
            extract.premises,
            list(extract.premises["osm_id"]),
            {
                "name": [_cut(name, 200) for name in extract.premises["name"]],
                "categories": list(extract.premises["categories"]),
                "address": [_cut(text, _CUT) for text in extract.premises["address"]],
                "opening_hours": [_cut(text, 200) for text in extract.premises["opening_hours"]],
                **{
                    name: [None] * len(extract.premises)
                    for name in ("licensed_from", "licence_expires", "closed_on", "position_error_m")
                },
                "licence": [""] * len(extract.premises),
                "footprint": list(extract.premises["footprint"]),
            },
        ),
        "streets": (
            extract.streets,
            list(extract.streets["osm_id"]),
            {
                "name": [_cut(name, 200) for name in extract.streets["name"]],
                "highway": list(extract.streets["highway"]),
                "oneway": [int(value) for value in extract.streets["oneway"]],
                "foot": [bool(value) for value in extract.streets["foot"]],
                "car": [bool(value) for value in extract.streets["car"]],
                "maxspeed_kmh": [
                    None if v is None or np.isnan(v) else float(v) for v in extract.streets["maxspeed_kmh"]
                ],
                "node_ids": list(extract.streets["node_ids"]),
            },
        ),
        "buildings": (
            extract.buildings,
            list(extract.buildings["osm_id"]),
            {
                "name": [_cut(name, 200) for name in extract.buildings["name"]],
                "levels": [None if np.isnan(v) else float(v) for v in extract.buildings["levels"]],
            },
        ),
        "places": (
            extract.places,
            _numbered(extract.places),
            {
                "name": [_cut(name, 200) for name in extract.places["name"]],
                "alt_names": [[_cut(n, 200) for n in names] for names in extract.places["alt_names"]],
                "kind": [_cut(kind, 32) for kind in extract.places["kind"]],
                "address": [_cut(text, _CUT) for text in extract.places["address"]],
            },
        ),
    }
    everything = np.concatenate([shapely.get_coordinates(frame.geometry.to_numpy()) for frame, _, _ in parts.values()])
    if len(everything):
        settle_lattice(city, everything)
    reports = []
    for name, (frame, keys, columns) in parts.items():
        problems = [_of_one_object(p) for p in extract.problems] if name == "schools" else []
        rows = _rows(known[name], frame, keys, columns, area, problems)
        reports.append(write_rows(session, city, known[name], rows, path, _lenient(options), settings))
        session.flush()
    return reports


def _lenient(options: ImportOptions) -> ImportOptions:
    """Return options that keep what is good: one broken outline among thousands is reported, not a reason to stop."""
    return ImportOptions(
        keep_going=True, dry_run=options.dry_run, actor=options.actor, invented=options.invented, kind="osm"
    )


def _of_one_object(problem: RowProblem) -> RowProblem:
    """Return what is wrong with one object as a warning: it is left out, and the file as a whole is good."""
    severity = "warning" if problem.severity == "refused" else problem.severity
    return RowProblem(problem.row, problem.field, problem.code, problem.detail, severity)


def _cut(text: object, longest: int) -> str:
    return "" if text is None else str(text)[:longest]


def _gate_kind(kind: str) -> str:
    return kind if kind in {"main", "vehicle", "closed"} else "gate"


def _numbered(places: geopandas.GeoDataFrame) -> list[str]:
    """Return a key for each place: an object with a name and an address gives two places."""
    seen: dict[str, int] = {}
    keys = []
    for osm_id, kind, name in zip(places["osm_id"], places["kind"], places["name"], strict=True):
        key = f"{osm_id}:{kind}:{hashlib.blake2b(str(name).encode(), digest_size=6).hexdigest()}"
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key}:{seen[key]}")
    return keys


def _rows(
    collection: Any,
    frame: geopandas.GeoDataFrame,
    keys: Sequence[str],
    columns: Mapping[str, Sequence[Any]],
    area: shapely.Geometry | None,
    problems: list[RowProblem],
) -> Rows:
    count = len(frame)
    table: dict[str, np.ndarray[Any, Any]] = {}
    for name, values in columns.items():
        table[name] = np.empty(count, dtype=object)
        for at, value in enumerate(values):
            table[name][at] = value
    geometry = frame.geometry.to_numpy().astype(object)
    shapes = shapely.to_wkb(geometry, byte_order=1)
    content = np.empty(count, dtype=object)
    for at in range(count):
        said = SEPARATOR.join(str(values[at]) for values in table.values())
        content[at] = hashlib.blake2b(said.encode(errors="replace") + shapes[at], digest_size=16).hexdigest()
    key = np.empty(count, dtype=object)
    key[:] = list(keys)
    rows = Rows(
        collection=collection,
        columns=table,
        geometry=geometry,
        raw=geometry,
        number=np.arange(1, count + 1),
        key=key,
        content=content,
        crs="wgs84",
        encoding="utf-8",
        read=count,
        problems=problems,
    )
    if area is None or not count:
        return rows
    shapely.prepare(area)
    inside = shapely.intersects(area, geometry)
    if not inside.all():
        detail = f"{int((~inside).sum())} {collection.name} lie outside the city's area and are left out"
        problems.append(RowProblem(None, "geometry", "outside_area", detail, "warning"))
        rows = rows.only(inside)
        rows.refused = count - len(rows)
    return rows
