"""Where the rows of a file are: coordinates and shapes into WGS 84, with everything wrong reported by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from api.errors import BadInputError
from api.services.imports.fields import COORDINATES, Shape
from gis import crs as crs_module
from gis.errors import BadGeometryError
from gis.readers.columns import match_columns
from gis.readers.coordinates import looks_swapped, mend_polygon, parse_coordinates, parse_pair
from gis.readers.files import Table
from gis.readers.report import RowProblem

_TYPES: dict[Shape, tuple[str, ...]] = {
    "point": ("Point",),
    "line": ("LineString",),
    "polygon": ("Polygon", "MultiPolygon"),
    "campus": ("Polygon", "MultiPolygon", "Point"),
}


@dataclass(frozen=True)
class Located:
    """Shapes of the rows: in WGS 84, and raw in the source's own CRS; None where a row has none that can be used."""

    geometry: NDArray[np.object_]
    raw: NDArray[np.object_]
    crs: str
    problems: list[RowProblem]


def locate(
    table: Table,
    shape: Shape,
    *,
    crs: str | None,
    given: dict[str, str],
    area: shapely.Geometry | None,
) -> Located:
    """Return the shapes of a table's rows in WGS 84.

    Parameters
    ----------
    table
        The file as it was read.
    shape
        What the collection holds.
    crs
        The CRS that the person named; it is needed where the file carries none, and wins where both are there.
    given
        ``field → column`` for the coordinate columns.
    area
        The city's area; points outside are refused. None: no check.

    Raises
    ------
    BadInputError
        Where no CRS is known, or where a table has no coordinate columns.
    """
    if crs is None and table.crs is None:
        raise BadInputError(
            "the file does not say which coordinate reference system it is in; say so with "
            "--crs wgs84|cgcs2000|gcj02|bd09|EPSG:n"
        )
    source = crs_module.parse_crs(crs) if crs is not None else table.crs
    assert source is not None  # noqa: S101 - one of the two is there
    rows = table.frame.index.to_numpy()
    problems: list[RowProblem] = []
    if crs is not None and table.crs is not None and source != table.crs:
        detail = f"the file says {table.crs[:60]}, but {source} was asked for and used"
        problems.append(RowProblem(None, None, "crs_overridden", detail, "warning"))
    raw = table.geometry.copy() if table.geometry is not None else _points_of_columns(table, given, problems)
    _refuse_missing(raw, rows, problems)
    if table.geometry is not None or shape != "point":  # points of columns are what they should be
        raw = _right_type(raw, rows, shape, problems)
    if shape in {"polygon", "campus"}:
        _mend(raw, rows, problems)
    geometry = _to_wgs84(raw, rows, source, problems)
    if area is not None:
        _check_area(geometry, rows, area, problems)
    return Located(geometry, raw, source, problems)


def _points_of_columns(table: Table, given: dict[str, str], problems: list[RowProblem]) -> NDArray[np.object_]:
    matched = match_columns(list(table.frame.columns), COORDINATES, given)
    if "longitude" in matched and "latitude" in matched:
        lon, lat, wrong = parse_coordinates(table.frame[matched["longitude"]], table.frame[matched["latitude"]])
    elif "location" in matched:
        lon, lat, wrong = parse_pair(table.frame[matched["location"]])
    else:
        columns = ", ".join(str(c) for c in table.frame.columns)
        raise BadInputError(
            f"no columns for longitude and latitude were found; the file has: {columns}. "
            "Name them with --map longitude=COLUMN --map latitude=COLUMN"
        )
    problems += wrong
    out = np.full(len(table.frame), None, dtype=object)
    known = np.isfinite(lon) & np.isfinite(lat)
    out[known] = shapely.points(lon[known], lat[known])
    return out


def _refuse_missing(raw: NDArray[np.object_], rows: NDArray[np.int64], problems: list[RowProblem]) -> None:
    said = {p.row for p in problems if p.severity == "refused"}
    missing = shapely.is_missing(raw) | shapely.is_empty(raw)
    for at in np.flatnonzero(missing):
        raw[at] = None
        if int(rows[at]) not in said:
            problems.append(RowProblem(int(rows[at]), "geometry", "no_position", "the row has no position", "refused"))


def _right_type(
    raw: NDArray[np.object_], rows: NDArray[np.int64], shape: Shape, problems: list[RowProblem]
) -> NDArray[np.object_]:
    """Take single-part multi-geometries apart, drop heights, and refuse what the collection cannot hold."""
    raw = shapely.force_2d(raw)
    kinds = shapely.get_type_id(raw)
    for multi, single in ((4, "Point"), (5, "LineString")):
        alone = (kinds == multi) & (shapely.get_num_geometries(raw) == 1)
        if single in _TYPES.get(shape, ()) and alone.any():
            raw[alone] = shapely.get_geometry(raw[alone], 0)
    wanted = _TYPES.get(shape, ())
    names = np.array([None if g is None else g.geom_type for g in raw], dtype=object) if shape != "point" else None
    right = shapely.get_type_id(raw) == 0 if names is None else np.isin(names.astype(str), wanted)
    for at in np.flatnonzero(~right & ~shapely.is_missing(raw)):
        kind = raw[at].geom_type
        raw[at] = None
        detail = f"a {kind} where {' or '.join(wanted)} is needed"
        problems.append(RowProblem(int(rows[at]), "geometry", "wrong_geometry", detail, "refused"))
    return raw


def _mend(raw: NDArray[np.object_], rows: NDArray[np.int64], problems: list[RowProblem]) -> None:
    for at in np.flatnonzero(~shapely.is_missing(raw) & ~shapely.is_valid(raw)):
        try:
            raw[at], done = mend_polygon(raw[at])
        except BadGeometryError as error:
            raw[at] = None
            problems.append(RowProblem(int(rows[at]), "geometry", "broken_polygon", str(error), "refused"))
        else:
            problems.append(RowProblem(int(rows[at]), "geometry", "mended_polygon", done or "mended", "mended"))


def _to_wgs84(
    raw: NDArray[np.object_], rows: NDArray[np.int64], source: str, problems: list[RowProblem]
) -> NDArray[np.object_]:
    geometry = raw.copy()
    if source in {"wgs84", "cgcs2000", "gcj02", "bd09"}:
        _refuse_out_of_range(geometry, rows, problems)
    present = ~shapely.is_missing(geometry)
    if not present.any():
        return geometry
    geometry[present] = crs_module.geometries_to_wgs84(geometry[present], source)
    if source not in {"wgs84", "cgcs2000", "gcj02", "bd09"}:
        _refuse_out_of_range(geometry, rows, problems)
    _refuse_nowhere(raw, geometry, rows, problems)
    return geometry


def _refuse_nowhere(
    raw: NDArray[np.object_], geometry: NDArray[np.object_], rows: NDArray[np.int64], problems: list[RowProblem]
) -> None:
    """Refuse 0, 0: programs write it where they know no position, and it lies in the Gulf of Guinea."""
    nowhere = ~shapely.is_missing(geometry) & np.all(shapely.bounds(raw) == 0.0, axis=1)
    for at in np.flatnonzero(nowhere):
        geometry[at] = None
        detail = "0, 0 is what is written where no position is known"
        problems.append(RowProblem(int(rows[at]), "geometry", "no_position", detail, "refused"))


def _refuse_out_of_range(geometry: NDArray[np.object_], rows: NDArray[np.int64], problems: list[RowProblem]) -> None:
    west, south, east, north = shapely.bounds(geometry).T
    with np.errstate(invalid="ignore"):
        wrong = (west < -180) | (east > 180) | (south < -90) | (north > 90)
        swapped = wrong & (south >= -180) & (north <= 180) & (west >= -90) & (east <= 90)
    for at in np.flatnonzero(wrong):
        where = f"longitude {west[at]:.6f}, latitude {south[at]:.6f}"
        geometry[at] = None
        if swapped[at]:
            detail = f"{where}: longitude and latitude look swapped"
            problems.append(RowProblem(int(rows[at]), "geometry", "swapped", detail, "refused"))
        else:
            detail = f"{where}: not a place on Earth; is the coordinate reference system right?"
            problems.append(RowProblem(int(rows[at]), "geometry", "out_of_range", detail, "refused"))


def _check_area(geometry: NDArray[np.object_], rows: NDArray[np.int64], area: Any, problems: list[RowProblem]) -> None:
    shapely.prepare(area)
    present = ~shapely.is_missing(geometry)
    outside = present & ~shapely.intersects(area, geometry)
    if not outside.any():
        return
    at_rows = np.flatnonzero(outside)
    centre = shapely.get_coordinates(shapely.point_on_surface(geometry[outside]))
    swapped = looks_swapped(centre[:, 0], centre[:, 1], area.bounds)
    for at, (lon, lat), turned in zip(at_rows, centre, swapped, strict=True):
        geometry[at] = None
        place = f"{lon:.6f}, {lat:.6f}"
        if turned:
            detail = f"{place}: longitude and latitude look swapped (the other way round it is in the city)"
            problems.append(RowProblem(int(rows[at]), "geometry", "swapped", detail, "refused"))
        else:
            detail = f"{place} is outside the city's area; is the coordinate reference system right?"
            problems.append(RowProblem(int(rows[at]), "geometry", "outside_area", detail, "refused"))
