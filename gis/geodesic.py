"""True metres: geodesic distances on the WGS 84 ellipsoid, from points to points and to boundaries.

The foot of the shortest line is found in a local metric plane (conformal, see :mod:`gis.crs`), and the line is then
measured by Karney's geodesics (J. Geodesy 87, 2013) as in ``pyproj.Geod``. Edges are straight in longitude and
latitude (RFC 7946); long ones get more vertices before they are projected. Up to 60° of latitude a distance is then
exact to better than :data:`RESOLUTION_M`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadCoordinatesError, BadGeometryError, GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

RESOLUTION_M = 0.0005
"""Distances are exact to this: a point that is nearer to a boundary lies on it."""

_MARGIN = 1.005  # a degree is at least 0.995 of what the boxes take it for; nothing is lost before the exact test
_SMALLEST_GROUP_M = 100.0
_RASTER = 512  # cells a side
_FARTHEST_LAT_DEG = 89.0


@dataclass(frozen=True)
class NearestOnBoundary:
    """For each pair the distance in metres (0 inside or on the boundary) and the foot of the measured line."""

    distance_m: Floats
    lon: Floats
    lat: Floats


@dataclass(frozen=True)
class PairsWithin:
    """Pairs of points and boundaries, ordered by point and then boundary, with the measured lines."""

    point_index: Integers
    boundary_index: Integers
    distance_m: Floats
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        return len(self.point_index)


def distance_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Return the geodesic distance between points, metres; degrees in, arrays that broadcast.

    Examples
    --------
    >>> distance_m(120.24, 29.71, 120.242, 29.71).round(2).item()
    193.53
    """
    a, b, c, d = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (lon1, lat1, lon2, lat2)))
    _, _, length = crs.GEOD.inv(a, b, c, d)
    return np.asarray(length, dtype=float)


def quick_distance_m(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Return about what :func:`distance_m` does, several times as fast: to tell which of some places is nearest.

    Gauss's mid-latitude formula, with the ellipsoid's two radii of curvature: a micrometre off over a kilometre, and
    of no use across ±180° or continents.
    """
    middle = np.radians((lat1 + lat2) / 2.0)
    w2 = 1.0 - crs.GEOD.es * np.sin(middle) ** 2
    north = np.radians(lat2 - lat1) * crs.GEOD.a * (1.0 - crs.GEOD.es) / w2**1.5
    east = np.radians(lon2 - lon1) * crs.GEOD.a * np.cos(middle) / np.sqrt(w2)
    return np.asarray(np.hypot(north, east), dtype=float)


def bearing_deg(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Return the azimuth at the first point towards the second, degrees clockwise from north, in [0, 360).

    Examples
    --------
    >>> bearing_deg(120.24, 29.71, [120.25, 120.24, 120.23], [29.71, 29.70, 29.71]).round(2).tolist()
    [90.0, 180.0, 270.0]
    """
    a, b, c, d = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (lon1, lat1, lon2, lat2)))
    azimuth, _, _ = crs.GEOD.inv(a, b, c, d)
    return np.asarray(azimuth, dtype=float) % 360.0


def nearest_on_boundaries(points: Shapes, boundaries: Shapes) -> NearestOnBoundary:
    """Measure each point to the boundary of the same position.

    Parameters
    ----------
    points
        Points in WGS 84, shape ``(n,)``.
    boundaries
        Polygons, multipolygons or lines in WGS 84, shape ``(n,)``; shapes of some kilometres, not of a country. The
        courtyard of a polygon with a hole is outside it. A shape that comes several times is projected once.

    Returns
    -------
    NearestOnBoundary
        Geodesic metres; for a point inside a polygon or on its edge 0, with the point itself as the foot.

    Raises
    ------
    BadGeometryError
        Where a point or boundary is missing or empty, or there are not as many of one as of the other.
    BadCoordinatesError
        Where a coordinate is not finite.

    Examples
    --------
    >>> campus = shapely.box(120.240, 29.710, 120.242, 29.712)
    >>> places = shapely.points([120.241, 120.242, 120.244], [29.711, 29.711, 29.711])
    >>> nearest_on_boundaries(places, np.array([campus, campus, campus])).distance_m.round(2).tolist()
    [0.0, 0.0, 193.53]
    """
    points, boundaries = _shapes(points), _shapes(boundaries)
    if points.shape != boundaries.shape:
        msg = f"there must be as many points as boundaries; there are {points.size} and {boundaries.size}"
        raise BadGeometryError(msg)
    _refuse_bad("point", points)
    _refuse_bad("boundary", boundaries)
    _, first, which = np.unique([id(shape) for shape in boundaries], return_index=True, return_inverse=True)
    planes = _Planes(boundaries[first])
    xy = shapely.get_coordinates(points)
    each = np.arange(len(points))
    return _measure(xy[:, 0], xy[:, 1], planes, each, which.ravel().astype(np.int64), np.full(len(points), np.inf))


def pairs_within(
    points: Shapes, boundaries: Shapes, limit_m: ArrayLike, *, point_margin_m: ArrayLike = 0.0
) -> PairsWithin:
    """Return every pair of point and boundary that are within a distance, the limit itself included.

    Parameters
    ----------
    points
        Points in WGS 84, shape ``(n,)``.
    boundaries
        Polygons, multipolygons or lines in WGS 84, shape ``(m,)``.
    limit_m
        Metres, one number or one for each boundary.
    point_margin_m
        Metres added to the limit, one number or one for each point: how far off the point may be.

    Returns
    -------
    PairsWithin
        Geodesic metres and the foot of each measured line.

    Raises
    ------
    BadGeometryError
        Where a point or boundary is missing or empty.
    BadCoordinatesError
        Where a coordinate is not finite.
    GisError
        Where a limit or margin is not a number.
    """
    points = _shapes(points)
    _refuse_bad("point", points)
    xy = shapely.get_coordinates(points)
    return pairs_of_places(xy[:, 0], xy[:, 1], boundaries, limit_m, point_margin_m=point_margin_m)


def pairs_of_places(
    lon: Floats, lat: Floats, boundaries: Shapes, limit_m: ArrayLike, *, point_margin_m: ArrayLike = 0.0
) -> PairsWithin:
    """Return what :func:`pairs_within` does, for places given as degrees in WGS 84, shape ``(n,)``.

    Raises
    ------
    BadCoordinatesError
        Where a coordinate is not finite or not on Earth; the text names the first one by its index from 0.
    """
    lon, lat, boundaries = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float), _shapes(boundaries)
    wrong = np.flatnonzero(~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)))
    if wrong.size:
        msg = f"place {wrong[0]}, ({lon[wrong[0]]:.12g}, {lat[wrong[0]]:.12g}), is not on Earth"
        raise BadCoordinatesError(msg)
    _refuse_bad("boundary", boundaries)
    limit = np.broadcast_to(np.asarray(limit_m, dtype=float), boundaries.shape)
    margin = np.broadcast_to(np.asarray(point_margin_m, dtype=float), lon.shape)
    if not (np.isfinite(limit).all() and np.isfinite(margin).all()):
        msg = "a distance limit or its margin is not a number of metres"
        raise GisError(msg)
    found = [np.empty((2, 0), dtype=np.int64), *_candidates(lon, lat, boundaries, limit, margin)]
    point, boundary = np.concatenate(found, axis=1)
    near = np.flatnonzero(~_surely_far(lon, lat, shapely.bounds(boundaries), point, boundary, limit, margin))
    point, boundary = point[near], boundary[near]
    most = limit[boundary] + margin[point]
    measured = _measure(lon, lat, _Planes(boundaries), point, boundary, most)
    near = np.flatnonzero(measured.distance_m <= most)
    keep = near[np.lexsort((boundary[near], point[near]))]
    return PairsWithin(point[keep], boundary[keep], measured.distance_m[keep], measured.lon[keep], measured.lat[keep])


class _Planes:
    """Boundaries in the metric plane of the zone that each lies in."""

    def __init__(self, boundaries: Shapes) -> None:
        bounds = shapely.bounds(boundaries)
        middle = (bounds[:, 0] + bounds[:, 2]) / 2
        self.meridian = np.array([crs.metric_meridian_deg(lon) for lon in middle])
        self.shapes = np.empty(len(boundaries), dtype=object)
        dense = crs.densify_edges(boundaries)
        for meridian in np.unique(self.meridian):
            here = self.meridian == meridian
            self.shapes[here] = crs.project_geometries(dense[here], crs.meridian_crs(meridian))


def _candidates(lon: Floats, lat: Floats, boundaries: Shapes, limit: Floats, margin: Floats) -> Iterator[Integers]:
    """Yield pairs whose boxes, widened by the limit, meet: all that are near enough, and some that are not.

    Points with like margins are searched together, so that a few with a coarse position do not widen the search for
    all.
    """
    if not len(lon) or not len(boundaries):
        return
    group = np.ceil(np.log2(np.maximum(margin, _SMALLEST_GROUP_M)))
    for size in np.unique(group):
        here = np.flatnonzero(group == size)
        bounds, owner = _boxes(boundaries, np.maximum(limit + margin[here].max(), 0.0))
        here = here[_perhaps_in_a_box(lon[here], lat[here], bounds)]
        points = np.array(shapely.points(lon[here], lat[here]), dtype=object)
        found = shapely.STRtree(points).query(shapely.box(*bounds.T))
        pair = np.stack([here[found[1]], owner[found[0]]]).astype(np.int64)
        yield np.unique(pair, axis=1) if len(owner) > len(boundaries) else pair


def _boxes(boundaries: Shapes, reach: Floats) -> tuple[Floats, Integers]:
    """Return boxes around boundaries, and whose each is: one that crosses the antimeridian comes on both sides."""
    bounds = shapely.bounds(boundaries)
    dy = (reach + 1.0) * _MARGIN / 110_574.0  # the shortest degree of latitude, at the equator
    steepest = np.maximum(np.abs(bounds[:, 1]), np.abs(bounds[:, 3])) + dy
    polar = steepest >= _FARTHEST_LAT_DEG  # every longitude is near
    dx = np.where(polar, 360.0, dy / np.cos(np.radians(np.minimum(steepest, _FARTHEST_LAT_DEG))))
    wide = bounds + np.column_stack([-dx, -dy, dx, dy])
    east, west = np.flatnonzero(wide[:, 0] < -180.0), np.flatnonzero(wide[:, 2] > 180.0)
    turn = np.array([360.0, 0.0, 360.0, 0.0])
    return (
        np.concatenate([wide, wide[east] + turn, wide[west] - turn]),
        np.concatenate([np.arange(len(boundaries)), east, west]),
    )


def _perhaps_in_a_box(lon: Floats, lat: Floats, bounds: Floats) -> NDArray[np.bool_]:
    """Return which points fall in a cell, of a raster over all boxes, that a box touches.

    Most places of a city are near no school: to sort them out here is far cheaper than to make points of them.
    """
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    scale = _RASTER / (high - low)
    begin = ((bounds[:, :2] - low) * scale).astype(np.int64)
    end = ((bounds[:, 2:] - low) * scale).astype(np.int64) + 1
    count = np.zeros((_RASTER + 2, _RASTER + 2), dtype=np.int32)
    for column, row, sign in ((begin, begin, 1), (begin, end, -1), (end, begin, -1), (end, end, 1)):
        np.add.at(count, (column[:, 0], row[:, 1]), sign)
    touched = count.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32) > 0
    x, y = (lon - low[0]) * scale[0], (lat - low[1]) * scale[1]
    over = (x >= 0) & (x <= _RASTER) & (y >= 0) & (y <= _RASTER)
    over[over] = touched[x[over].astype(np.int64), y[over].astype(np.int64)]
    return over  # type: ignore[no-any-return]


def _surely_far(
    lon: Floats, lat: Floats, bounds: Floats, point: Integers, boundary: Integers, limit: Floats, margin: Floats
) -> NDArray[np.bool_]:
    """Return which pairs are too far apart even from the box of the boundary: cheaper than to measure them."""
    x, y, (west, south, east, north) = lon[point], lat[point], bounds[boundary].T
    dy = np.maximum(np.maximum(south - y, y - north), 0.0) * 110_574.0
    dx = np.maximum(np.maximum(west - x, x - east), 0.0)
    dx[dx > 180.0] = 0.0  # over the antimeridian: let it be measured
    steepest = np.maximum(np.abs(y), np.maximum(np.abs(south), np.abs(north)))
    dx *= np.cos(np.radians(steepest)) * 111_319.0
    far: NDArray[np.bool_] = np.hypot(dx, dy) > (limit[boundary] + margin[point] + 1.0) * _MARGIN
    return far


def _measure(
    lon: Floats, lat: Floats, planes: _Planes, point: Integers, boundary: Integers, most_m: Floats
) -> NearestOnBoundary:
    """Measure pairs; what is plainly further than ``most_m`` comes out as infinite."""
    foot_lon, foot_lat = lon[point], lat[point]
    distance = np.zeros(len(point))
    meridian_of = planes.meridian[boundary]
    for meridian in np.unique(meridian_of):
        here = np.flatnonzero(meridian_of == meridian)
        plane = crs.meridian_crs(meridian)
        used, which = _distinct(point[here], len(lon))
        places = np.array(shapely.points(*crs.project(lon[used], lat[used], plane)), dtype=object)
        line = shapely.shortest_line(planes.shapes[boundary[here]], places[which])
        length = shapely.length(line)
        plainly_far = length > (most_m[here] + 1.0) * _MARGIN * _stretch(lon[point[here]] - meridian)
        distance[here[plainly_far]] = np.inf
        outside = (length > RESOLUTION_M) & ~plainly_far
        foot = shapely.get_coordinates(line[outside])[0::2]
        out = here[outside]
        foot_lon[out], foot_lat[out] = crs.unproject(foot[:, 0], foot[:, 1], plane)
        distance[out] = distance_m(lon[point[out]], lat[point[out]], foot_lon[out], foot_lat[out])
    return NearestOnBoundary(distance, foot_lon, foot_lat)


def _distinct(values: Integers, size: int) -> tuple[Integers, Integers]:
    """Return the distinct values, all below a size, and the position of each value among them."""
    there = np.zeros(size, dtype=bool)
    there[values] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[values]


def _stretch(away_deg: Floats) -> Floats:
    """Return what a transverse Mercator plane stretches at most, so many degrees from its meridian."""
    off = np.abs((away_deg + 180.0) % 360.0 - 180.0)
    near = off < 80.0
    return np.where(near, 1.0 / np.cos(np.radians(np.where(near, off, 0.0))), np.inf)


def _shapes(shapes: Shapes) -> Shapes:
    array = np.asarray(shapes, dtype=object)
    return array if array.ndim == 1 else array.ravel()


def _refuse_bad(name: str, shapes: Shapes) -> None:
    bad = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if bad.any():
        msg = f"{name} {int(np.flatnonzero(bad)[0])} is missing or empty"
        raise BadGeometryError(msg)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if wrong.size:
        msg = f"{name} {int(owner[wrong[0]])} has a coordinate that is not a number"
        raise BadCoordinatesError(msg)
