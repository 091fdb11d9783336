"""Coordinate reference systems: into WGS 84 and back, and the metric plane in which work is done.

Chinese maps shift their coordinates. GCJ-02 (AMap, Tencent) is off by about 510 m at Zhuji and BD-09 (Baidu) by
about 1,134 m, so an unconverted point flips every decision about distance. The forward shift is that of the library
``coordTransform``; its inverse is found by fixed-point iteration, since the one-step inverses in common use are up
to 2.3 m off.

GCJ-02 differs from WGS 84 in mainland China only, but its outline was never published. Here, as in ``coordTransform``,
it is the rectangle 73.66–135.05° E, 3.86–53.55° N (:data:`GCJ02_BOX`), which holds Hong Kong, Macao, Taiwan and parts
of the neighbouring countries too. Outside it GCJ-02 is WGS 84, and BD-09 keeps Baidu's own shift alone. In a strip of
some 700 m along the rectangle's edge the way back is not unique: the rectangle is asked of the coordinates given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import coordTransform  # type: ignore[import-untyped]
import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError, ProjError

from gis.errors import BadCoordinatesError, UnknownCrsError

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

GEOD = pyproj.Geod(ellps="WGS84")
WGS84 = "wgs84"
SHIFTED = ("gcj02", "bd09")
GCJ02_BOX = (73.66, 3.86, 135.05, 53.55)
"""West, south, east and north of the rectangle in which GCJ-02 is shifted, degrees."""
ACCEPTED = "wgs84, cgcs2000, gcj02 (高德, 火星), bd09 (百度), EPSG:<number>, ESRI:<number>, or the WKT of a .prj file"
_GEOGRAPHIC = ("wgs84", "cgcs2000", *SHIFTED)
_ALIASES = {
    "wgs84": WGS84,
    "4326": WGS84,
    "epsg:4326": WGS84,
    "ogc:crs84": WGS84,
    "crs84": WGS84,
    "gps": WGS84,
    "cgcs2000": "cgcs2000",
    "4490": "cgcs2000",
    "epsg:4490": "cgcs2000",
    "国家2000": "cgcs2000",
    "gcj02": "gcj02",
    "火星": "gcj02",
    "火星坐标": "gcj02",
    "火星坐标系": "gcj02",
    "amap": "gcj02",
    "高德": "gcj02",
    "腾讯": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
    "baidu": "bd09",
    "百度": "bd09",
}
LONGEST_EDGE_M = 100.0
_METRES_A_DEGREE = 111_700.0  # the longest degree there is, so that edges come out shorter than asked
_MULTIPOLYGON = 6
_ITERATIONS = 12
_CLOSE_DEG = 1e-10  # about 0.01 mm
_Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]


def parse_crs(text: str) -> str:
    """Return the canonical name of a coordinate reference system.

    Parameters
    ----------
    text
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` (or what people call them), an authority code such as
        ``EPSG:4549``, or WKT.

    Returns
    -------
    str
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"``, ``"bd09"``, ``"EPSG:n"`` or the like, or the WKT as it came.

    Raises
    ------
    UnknownCrsError
        For anything else.

    Examples
    --------
    >>> parse_crs("WGS-84"), parse_crs("EPSG:4490"), parse_crs("百度"), parse_crs("epsg:4549")
    ('wgs84', 'cgcs2000', 'bd09', 'EPSG:4549')
    """
    given = text.strip()
    folded = given.casefold().replace("-", "").replace("_", "").replace(" ", "")
    if folded in _ALIASES:
        return _ALIASES[folded]
    number = re.fullmatch(r"\d{4,6}", given)
    try:
        known = pyproj.CRS.from_epsg(int(given)) if number else pyproj.CRS.from_user_input(given)
    except (CRSError, ValueError, OverflowError):
        shown = given if len(given) <= 60 else given[:57] + "..."
        msg = f"the coordinate reference system {shown!r} is not known; use {ACCEPTED}"
        raise UnknownCrsError(msg) from None
    if not (known.is_geographic or known.is_projected):
        msg = f"the coordinate reference system {known.name!r} does not say where on Earth it is; use {ACCEPTED}"
        raise UnknownCrsError(msg)
    authority = known.to_authority(min_confidence=70)  # 70: all parameters agree, whatever the name
    if authority is None:
        return given
    name = ":".join(authority)
    return _ALIASES.get(name.casefold(), name)


def metric_meridian_deg(lon: float) -> float:
    """Return the central meridian of the 3-degree zone that a longitude lies in.

    Examples
    --------
    >>> metric_meridian_deg(120.24), metric_meridian_deg(-111.83)
    (120.0, -111.0)
    """
    nearest = float(np.floor(lon / 3.0 + 0.5) * 3.0)
    return -180.0 if nearest >= 180.0 else nearest


def meridian_crs(meridian_deg: float) -> str:
    """Return the PROJ string of the 3-degree Gauss–Krüger plane on a meridian (scale 1, WGS 84, metres)."""
    return (
        f"+proj=tmerc +lat_0=0 +lon_0={meridian_deg:g} +k=1 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m +no_defs +type=crs"
    )


def metric_crs(lon: float, lat: float) -> str:
    """Return the metric plane for work around a place; ``lat`` is there for symmetry and plays no part.

    The projection is conformal: true metres are plane metres divided by :func:`point_scale`, to better than a
    millimetre over a kilometre.
    """
    return meridian_crs(metric_meridian_deg(lon))


def project(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return plane coordinates (in the units of ``crs``) of WGS 84 degrees; arrays of one shape.

    Raises
    ------
    BadCoordinatesError
        Where a point has no place in the plane; the text names the first one by its index from 0.
    """
    return _transform(lon, lat, crs, inverse=False)


def unproject(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return WGS 84 degrees of plane coordinates; arrays of one shape; the inverse of :func:`project`."""
    return _transform(x, y, crs, inverse=True)


def project_geometries(geometries: Shapes, crs: str) -> Shapes:
    """Return WGS 84 geometries in the plane ``crs``; each vertex is projected, edges are not densified.

    An edge straight in longitude and latitude (RFC 7946) is bent in the plane by L² tan φ / 8R: 0.3 mm for 100 m and
    34 mm for 1 km at 60° N. Densify longer edges first where that matters.
    """
    return _each_vertex(geometries, lambda x, y: _transform(x, y, crs, inverse=False, check=False), crs)


def unproject_geometries(geometries: Shapes, crs: str) -> Shapes:
    """Return plane geometries in WGS 84."""
    return _each_vertex(geometries, lambda x, y: _transform(x, y, crs, inverse=True, check=False), crs)


def densify_edges(geometries: Shapes) -> Shapes:
    """Return WGS 84 geometries with vertices at most 100 m apart, put in straight in longitude and latitude.

    After :func:`project_geometries` their edges lie within 0.4 mm of where they should up to 60° of latitude.
    """
    array = np.array(geometries, dtype=object, copy=True)
    # GEOS 3.14 crashes when it densifies a multipolygon with an empty part (seen with shapely 2.2).
    parts, owner = shapely.get_parts(array, return_index=True)
    hollow = shapely.is_empty(parts)
    for i in np.unique(owner[hollow & (shapely.get_type_id(array)[owner] == _MULTIPOLYGON)]):
        array[i] = shapely.multipolygons(parts[(owner == i) & ~hollow])
    return np.asarray(shapely.segmentize(array, LONGEST_EDGE_M / _METRES_A_DEGREE), dtype=object)


def cut_at_antimeridian(shapes: Shapes) -> Shapes:
    """Return polygons whose longitudes run on beyond ±180° cut there, as RFC 7946 wants it (section 3.1.9).

    Shapes that stay within ±180° come back as they are; the others become multipolygons within ±180°.
    """
    out = np.array(shapes, dtype=object, copy=True)
    bounds = shapely.bounds(out)
    for i in np.flatnonzero((bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0)):
        parts: list[shapely.Geometry] = []
        for west in (-540.0, -180.0, 180.0):
            piece = shapely.intersection(out[i], shapely.box(west, -90.0, west + 360.0, 90.0))
            moved = shapely.set_coordinates(piece, shapely.get_coordinates(piece) - [west + 180.0, 0.0])
            parts += [part for part in shapely.get_parts(moved) if part.geom_type == "Polygon" and not part.is_empty]
        out[i] = shapely.multipolygons(parts)
    return out


def point_scale(x: ArrayLike, y: ArrayLike, crs: str) -> Floats:
    """Return the point scale factor k of a conformal plane at plane coordinates: plane metres per true metre."""
    lon, lat = unproject(x, y, crs)
    if not lon.size:
        return lon
    factors = _projection(crs).get_factors(lon, lat, errcheck=True)
    return np.asarray(factors.meridional_scale, dtype=float)


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: str, *, bad: Literal["raise", "nan"] = "raise") -> tuple[Floats, Floats]:
    """Return WGS 84 longitude and latitude of coordinates in ``crs``.

    Parameters
    ----------
    x, y
        Easting and northing, or longitude and latitude, in that order whatever the CRS says; shape ``(n,)``.
    crs
        As :func:`parse_crs` takes it.
    bad
        Where a coordinate is not finite or not on Earth: raise, or return NaN there (for a report by row).

    Returns
    -------
    lon, lat
        Degrees. CGCS2000 is taken as WGS 84: they agree to well under a metre. GCJ-02 and BD-09 are inverted to
        better than 1 mm.

    Raises
    ------
    BadCoordinatesError
        Where a coordinate is not finite or not on Earth; the text names the first one by its index from 0.

    Examples
    --------
    >>> lon, lat = to_wgs84([120.2], [29.7], "高德")
    >>> lon.round(4).tolist(), lat.round(4).tolist()
    ([120.1955], [29.7024])
    """
    name = parse_crs(crs)
    given = _pair(x, y)
    good = _on_earth(*given) if name in _GEOGRAPHIC else np.isfinite(given[0]) & np.isfinite(given[1])
    # PROJ would answer infinity for what is not good; the shifts would answer nonsense.
    first, second = (np.where(good, values, 0.0) for values in given)
    if name in SHIFTED:
        lon, lat = _unshift(first, second, name)
    elif name in _GEOGRAPHIC:
        lon, lat = first, second
    else:
        lon, lat = _transform(first, second, name, inverse=True, check=False)
    good = good & _on_earth(lon, lat)
    if bad == "raise":
        _complain(*given, good, f"is not a place on Earth in {name[:60]}; longitude and latitude swapped, or metres?")
    return np.where(good, lon, np.nan), np.where(good, lat, np.nan)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return coordinates in ``crs`` of WGS 84 degrees; the inverse of :func:`to_wgs84`."""
    name = parse_crs(crs)
    first, second = _pair(lon, lat)
    _complain(first, second, _on_earth(first, second), "is not a longitude and latitude in degrees")
    if name in SHIFTED:
        return _shift(first, second, name)
    if name in _GEOGRAPHIC:
        return first.copy(), second.copy()
    return project(first, second, name)


def geometries_to_wgs84(geometries: Shapes, crs: str) -> Shapes:
    """Return geometries of any kind in WGS 84; each vertex is converted, heights are dropped. See :func:`to_wgs84`.

    Raises
    ------
    BadCoordinatesError
        Where a vertex cannot be converted; the text names the geometry by its index from 0.
    """
    name = parse_crs(crs)
    return _each_vertex(geometries, lambda x, y: to_wgs84(x, y, name, bad="nan"), name)


def _each_vertex(geometries: Shapes, convert: _Shift, crs: str) -> Shapes:
    array = np.array(geometries, dtype=object, copy=True)
    before, owner = shapely.get_coordinates(array, return_index=True)
    x, y = convert(before[:, 0], before[:, 1])
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        lon, lat = before[wrong[0]]
        msg = f"geometry {owner[wrong[0]]}: its vertex ({lon:.12g}, {lat:.12g}) has no place on Earth ({crs[:60]})"
        raise BadCoordinatesError(msg)
    out: Shapes = np.asarray(shapely.set_coordinates(array, np.column_stack([x, y])), dtype=object)
    return out


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    try:
        first = np.atleast_1d(np.asarray(x, dtype=float))
        second = np.atleast_1d(np.asarray(y, dtype=float))
    except (TypeError, ValueError) as error:
        msg = "coordinates must be numbers; turn texts such as 120°14′12″E into degrees first"
        raise BadCoordinatesError(msg) from error
    if first.shape != second.shape:
        msg = f"there must be as many x as y; their shapes are {first.shape} and {second.shape}"
        raise BadCoordinatesError(msg)
    return first, second


def _on_earth(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    good: NDArray[np.bool_] = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # False where not finite
    return good


def _complain(x: Floats, y: Floats, good: NDArray[np.bool_], reason: str) -> None:
    if not good.all():
        wrong = np.flatnonzero(~good.ravel())
        more = f" ({wrong.size} such in all)" if wrong.size > 1 else ""
        where = f"({x.ravel()[wrong[0]]:.12g}, {y.ravel()[wrong[0]]:.12g})"
        raise BadCoordinatesError(f"coordinate {wrong[0]}, {where}, {reason}{more}")


def _shift(lon: Floats, lat: Floats, name: str) -> tuple[Floats, Floats]:
    forward = coordTransform.wgs84_to_gcj02 if name == "gcj02" else coordTransform.wgs84_to_bd09
    return _forward(forward, lon, lat)


def _forward(function: Callable[..., object], lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = np.asarray(function(lon.ravel(), lat.ravel()), dtype=float)
    return x.reshape(lon.shape), y.reshape(lon.shape)


def _unshift(x: Floats, y: Floats, name: str) -> tuple[Floats, Floats]:
    if name == "bd09":
        x, y = _invert(x, y, lambda lon, lat: _forward(coordTransform.gcj02_to_bd09, lon, lat))
    west, south, east, north = GCJ02_BOX
    inside = (x > west) & (x < east) & (y > south) & (y < north)
    lon, lat = x.copy(), y.copy()
    lon[inside], lat[inside] = _invert(x[inside], y[inside], _gcj02_extended)
    return lon, lat


def _gcj02_extended(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift by what holds at the rectangle's edge beyond it: a round that leaves it would else jump to and fro."""
    west, south, east, north = GCJ02_BOX
    near_lon = np.clip(lon, np.nextafter(west, east), np.nextafter(east, west))
    near_lat = np.clip(lat, np.nextafter(south, north), np.nextafter(north, south))
    x, y = _forward(coordTransform.wgs84_to_gcj02, near_lon, near_lat)
    return lon + (x - near_lon), lat + (y - near_lat)


def _invert(x: Floats, y: Floats, shift: _Shift) -> tuple[Floats, Floats]:
    """Invert a shift by fixed-point iteration: each round takes away what the last guess still misses.

    The shifts change by less than 2 % of a step, so a round gains 1.7 digits or more.
    """
    lon, lat = x.copy(), y.copy()
    for _ in range(_ITERATIONS):
        there_x, there_y = shift(lon, lat)
        missing_x, missing_y = x - there_x, y - there_y
        lon += missing_x
        lat += missing_y
        if not lon.size or max(np.abs(missing_x).max(), np.abs(missing_y).max()) < _CLOSE_DEG:
            break
    return lon, lat


def _transform(
    first: ArrayLike, second: ArrayLike, crs: str, *, inverse: bool, check: bool = True
) -> tuple[Floats, Floats]:
    given = _pair(first, second)
    x, y = (np.asarray(values, dtype=float) for values in _transformer(crs, inverse).transform(*given))
    if check:
        _complain(*given, np.isfinite(x) & np.isfinite(y), f"has no place on Earth or in the plane ({crs[:60]})")
    return x, y


@lru_cache(maxsize=256)
def _transformer(crs: str, inverse: bool) -> pyproj.Transformer:
    """Return a transformer that all threads share; pyproj keeps one PROJ object for each thread inside (since 3.1)."""
    ends = (crs, "EPSG:4326") if inverse else ("EPSG:4326", crs)
    try:
        return pyproj.Transformer.from_crs(*ends, always_xy=True)
    except (CRSError, ProjError):
        raise UnknownCrsError(f"{crs[:60]!r} cannot be turned into WGS 84; use {ACCEPTED}") from None


@lru_cache(maxsize=256)
def _projection(crs: str) -> pyproj.Proj:
    return pyproj.Proj(crs)
