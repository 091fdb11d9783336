"""GeoJSON (RFC 7946 and its forerunner of 2008), whole or one feature a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import WGS84
from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.encodings import decode
from gis.readers.report import Limits, RowProblem, Table, shorten
from gis.readers.shapes import check_shapes, file_crs

_TYPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
_POSITION = re.compile(r": line \d+ column \d+ \(char \d+\)$")
_REASONS = (
    ("closed linestring", "a ring of the polygon is not closed"),
    ("Expected two or three coordinates", "a position does not have two or three numbers"),
    ("must be number", "a position has something that is not a number"),
    ("must be array", "the coordinates are not nested as the type needs"),
    ("'coordinates' not found", "there are no coordinates"),
    ("overflow", "a number is too large"),
    ("point array must contain", "a line or ring has too few positions"),
    ("Invalid number of points", "a line or ring has too few positions"),
)
_RECORD_SEPARATOR = "\x1e"
Json = dict[str, Any]


def read_geojson(
    path: Path, *, crs: str | None = None, encoding: str | None = None, limits: Limits | None = None
) -> Table:
    """Read features; the index of the frame is the number of the feature, from 1.

    The CRS is WGS 84 unless the file has a ``crs`` member of the standard of 2008.

    Parameters
    ----------
    path
        A FeatureCollection, a Feature, a bare geometry, or features one a line (also with record separators).
    crs
        The CRS that the person named.
    encoding
        The encoding that the person named; UTF-8 is the rule.
    limits
        How much is read.

    Raises
    ------
    UnreadableFileError
        Where the file is no JSON (with line and column), no GeoJSON, or too large.
    EmptyInputError
        Where it has no features.
    """
    limits = limits or Limits()
    text, codec, problems = decode(path.read_bytes(), name=path.name, encoding=encoding)
    features, member, wrong = _features(text.removeprefix("\ufeff"), path)
    problems += wrong
    if not features:
        msg = f"{path.name}: the file has no features"
        raise EmptyInputError(msg)
    if len(features) > limits.rows:
        msg = f"{path.name}: {len(features):,} features are more than the {limits.rows:,} that are read; split the file"
        raise UnreadableFileError(msg)
    name, wrong = _crs(member, crs)
    problems += wrong
    rows = np.arange(1, len(features) + 1)
    geometry, wrong = _geometries(features, limits)
    geometry, unusable = check_shapes(geometry, rows, most_vertices=limits.vertices)
    problems += wrong + unusable
    frame = _frame(features, problems)
    frame.index = pd.Index(rows)
    return Table(frame, geometry, name, codec, problems=sorted(problems, key=lambda p: p.row or 0))


def _features(text: str, path: Path) -> tuple[list[Any], Any, list[RowProblem]]:
    """Return the features, the ``crs`` member (``...`` where there is none), and broken lines."""
    if text.startswith(_RECORD_SEPARATOR):
        return _lines(text.replace(_RECORD_SEPARATOR, "\n"), path)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "after document" in str(error):
            return _lines(text, path)
        raise _not_json(path, error) from None
    if not isinstance(document, dict):
        msg = f"{path.name}: this is JSON, but not GeoJSON: a {type(document).__name__} where an object is needed"
        raise UnreadableFileError(msg)
    kind = document.get("type")
    member = document.get("crs", ...)
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            msg = f'{path.name}: the FeatureCollection has no list "features"'
            raise UnreadableFileError(msg)
        return features, member, []
    if kind == "Feature":
        return [document], member, []
    if isinstance(kind, str) and kind in _TYPES:
        return [{"type": "Feature", "properties": {}, "geometry": document}], member, []
    msg = f"{path.name}: this is JSON, but not GeoJSON: {_other_json(document)}"
    raise UnreadableFileError(msg)


def _lines(text: str, path: Path) -> tuple[list[Any], Any, list[RowProblem]]:
    features: list[Any] = []
    problems: list[RowProblem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.isspace():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if not features:  # pretty-printed or broken JSON, not one feature a line
                raise _not_json(path, error, line=number) from None
            detail = f"line {number}, column {error.colno}: {_POSITION.sub('', str(error))}"
            problems.append(RowProblem(len(features) + 1, None, "broken_json", detail, "refused"))
            found = None
        if not features and not (isinstance(found, dict) and found.get("type") == "Feature"):
            msg = f"{path.name}, line {number}: a GeoJSON feature is needed on each line, not {shorten(line, 40)!r}"
            raise UnreadableFileError(msg)
        features.append(found)
    return features, ..., problems


def _not_json(path: Path, error: orjson.JSONDecodeError, line: int | None = None) -> UnreadableFileError:
    what = _POSITION.sub("", str(error))
    return UnreadableFileError(
        f"{path.name}, line {line or error.lineno}, column {error.colno}: the JSON is broken here ({what}); "
        "is the file complete?"
    )


def _other_json(document: Json) -> str:
    if document.get("type") == "Topology":
        return "it is TopoJSON; convert it to GeoJSON"
    if "elements" in document and "version" in document:
        return "it is an answer of Overpass; save it as GeoJSON or as .osm"
    if any(key in document for key in ("geometryType", "spatialReference", "rings")):
        return "it is Esri JSON; convert it to GeoJSON"
    keys = ", ".join(repr(shorten(key, 20)) for key in list(document)[:6])
    return f"it has {keys or 'nothing'}, but no type FeatureCollection or Feature"


def _crs(member: Any, asked: str | None) -> tuple[str | None, list[RowProblem]]:
    if member is ...:
        return WGS84, []
    if member is None:  # by the standard of 2008: nothing may be assumed
        return None, []
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.strip():
        return file_crs(name, asked=asked)
    return file_crs(f"crs member {shorten(member, 40)}", asked=asked)


def _geometries(features: list[Any], limits: Limits) -> tuple[NDArray[np.object_], list[RowProblem]]:
    texts = np.full(len(features), None, dtype=object)
    problems: list[RowProblem] = []

    def refuse(row: int, code: str, detail: str) -> None:
        problems.append(RowProblem(row, "geometry", code, detail, "refused"))

    for row, feature in enumerate(features, start=1):
        if feature is None:
            continue  # a broken line, said already
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            refuse(row, "not_a_feature", f"not a GeoJSON feature: {shorten(feature, 50)}")
            continue
        geometry = feature.get("geometry")
        if geometry is None:
            refuse(row, "no_geometry", "the feature has no geometry")
            continue
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(kind, str) or kind not in _TYPES:
            refuse(row, "unknown_geometry", f"not a geometry of GeoJSON: {shorten(geometry, 50)}")
        elif kind == "GeometryCollection" and _nested(geometry):
            refuse(row, "nested_collection", "a GeometryCollection inside another is not read; save simple shapes")
        else:
            texts[row - 1] = orjson.dumps(geometry)
    shapes = shapely.from_geojson(texts, on_invalid="ignore")
    out = np.empty(len(texts), dtype=object)
    out[:] = shapes
    failed = shapely.is_missing(out) & np.array([text is not None for text in texts])
    for at in np.flatnonzero(failed):
        out[at], problem = _reread(features[at]["geometry"], int(at) + 1)
        problems.append(problem)
    return out, problems


def _nested(collection: Json) -> bool:
    parts = collection.get("geometries")
    if not isinstance(parts, list):
        return False
    return any(isinstance(part, dict) and part.get("type") == "GeometryCollection" for part in parts)


def _reread(geometry: Json, row: int) -> tuple[shapely.Geometry | None, RowProblem]:
    """Close the rings of a polygon that could not be read; else say why it could not."""
    try:
        shapely.from_geojson(orjson.dumps(geometry))
    except shapely.errors.GEOSException as error:
        said = str(error)
    else:
        said = "it cannot be read"
    if "closed linestring" in said:
        try:
            closed = shapely.from_geojson(orjson.dumps({"type": geometry["type"], "coordinates": _close(geometry)}))
        except (shapely.errors.GEOSException, TypeError, KeyError, IndexError):
            pass
        else:
            detail = "a ring was not closed; its first vertex was added at the end"
            return closed, RowProblem(row, "geometry", "ring_closed", detail, "mended")
    reason = next((text for sign, text in _REASONS if sign in said), shorten(said, 100))
    detail = f"the {geometry['type']} cannot be read: {reason}"
    return None, RowProblem(row, "geometry", "broken_geometry", detail, "refused")


def _close(geometry: Json) -> Any:
    def rings(polygon: list[Any]) -> list[Any]:
        return [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in polygon]

    if geometry["type"] == "Polygon":
        return rings(geometry["coordinates"])
    return [rings(polygon) for polygon in geometry["coordinates"]]


def _frame(features: list[Any], problems: list[RowProblem]) -> pd.DataFrame:
    records: list[Json] = []
    for row, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if properties is not None and not isinstance(properties, dict):
            detail = f"the properties are not an object: {shorten(properties, 50)}"
            problems.append(RowProblem(row, None, "broken_properties", detail, "refused"))
            properties = None
        record = {key: _plain(value) for key, value in properties.items()} if properties else {}
        if isinstance(feature, dict) and "id" not in record and isinstance(feature.get("id"), str | int):
            record["id"] = feature["id"]
        records.append(record)
    frame = pd.DataFrame.from_records(records, index=range(len(records)))
    return frame.astype(object).where(frame.notna(), None)


def _plain(value: Any) -> Any:
    """Return a property as a cell: a list of plain values joined by semicolons, anything nested as JSON."""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ";".join("" if item is None else str(item) for item in value)
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return value
