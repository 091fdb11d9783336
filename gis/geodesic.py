"""True metres: geodesic distances on the WGS 84 ellipsoid, from points to points and to boundaries.

The foot of the shortest line is found in a local metric plane (conformal, see :mod:`gis.crs`), and the line is then
measured by Karney's geodesics (J. Geodesy 87, 2013) as in ``pyproj.Geod``. Edges are straight in longitude and
latitude (RFC 7946); long ones get more vertices before they are projected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadGeometryError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

LONGEST_EDGE_DEG = 0.001  # about 100 m: a straight edge in degrees bends by less than 0.3 mm from one in the plane
_MARGIN = 1.005  # a 3-degree plane stretches by 0.04 % at most; more than enough to lose nothing before the exact test


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


def bearing_deg(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Return the azimuth at the first point towards the second, degrees clockwise from north, in [0, 360)."""
    a, b, c, d = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (lon1, lat1, lon2, lat2)))
    azimuth, _, _ = crs.GEOD.inv(a, b, c, d)
    return np.asarray(azimuth, dtype=float) % 360.0


def densify(boundaries: Shapes) -> Shapes:
    """Return boundaries with vertices added on edges longer than about 100 m, straight in degrees."""
    out: Shapes = shapely.segmentize(np.asarray(boundaries, dtype=object), LONGEST_EDGE_DEG)
    return out


def nearest_on_boundaries(points: Shapes, boundaries: Shapes) -> NearestOnBoundary:
    """Measure each point to the boundary of the same position.

    Parameters
    ----------
    points
        Points in WGS 84, shape ``(n,)``.
    boundaries
        Polygons, multipolygons or lines in WGS 84, shape ``(n,)``; lines of a kilometre or two, not of a country.

    Returns
    -------
    NearestOnBoundary
        Geodesic metres; for a point inside a polygon 0, with the point itself as the foot.

    Raises
    ------
    BadGeometryError
        Where a point or boundary is missing or empty.
    """
    points, boundaries = np.asarray(points, dtype=object), np.asarray(boundaries, dtype=object)
    _refuse_missing(points, boundaries)
    planes = _Planes(boundaries)
    return _measure(points, planes, np.arange(len(points)), np.arange(len(points)))


def pairs_within(points: Shapes, boundaries: Shapes, limit_m: ArrayLike) -> PairsWithin:
    """Return every pair of point and boundary that are within a distance, the limit itself included.

    Parameters
    ----------
    points
        Points in WGS 84, shape ``(n,)``.
    boundaries
        Polygons, multipolygons or lines in WGS 84, shape ``(m,)``.
    limit_m
        Metres, one number or one for each boundary.

    Returns
    -------
    PairsWithin
        Geodesic metres and the foot of each measured line.
    """
    points, boundaries = np.asarray(points, dtype=object), np.asarray(boundaries, dtype=object)
    limit = np.broadcast_to(np.asarray(limit_m, dtype=float), boundaries.shape)
    if not len(points) or not len(boundaries):
        nothing = np.empty(0)
        return PairsWithin(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing, nothing)
    _refuse_missing(points, boundaries)
    point, boundary = _candidates(points, boundaries, limit)
    measured = _measure(points, _Planes(boundaries), point, boundary)
    keep = measured.distance_m <= limit[boundary]
    order = np.lexsort((boundary[keep], point[keep]))
    return PairsWithin(
        point[keep][order],
        boundary[keep][order],
        measured.distance_m[keep][order],
        measured.lon[keep][order],
        measured.lat[keep][order],
    )


class _Planes:
    """Boundaries in the metric plane of the zone that each lies in."""

    def __init__(self, boundaries: Shapes) -> None:
        bounds = shapely.bounds(boundaries)
        middle = (bounds[:, 0] + bounds[:, 2]) / 2
        self.meridian = np.array([crs.metric_meridian_deg(lon) for lon in middle])
        self.shapes = np.empty(len(boundaries), dtype=object)
        dense = densify(boundaries)
        for meridian in np.unique(self.meridian):
            here = self.meridian == meridian
            self.shapes[here] = crs.project_geometries(dense[here], crs.meridian_crs(meridian))


def _candidates(points: Shapes, boundaries: Shapes, limit: Floats) -> tuple[Integers, Integers]:
    """Return pairs whose boxes, widened by the limit, meet: all that are near enough, and some that are not."""
    bounds = shapely.bounds(boundaries)
    steepest = np.clip(np.maximum(np.abs(bounds[:, 1]), np.abs(bounds[:, 3])) + 0.1, 0, 89.0)
    dy = limit * _MARGIN / 110_500.0  # the shortest degree of latitude is 110,574 m
    dx = dy / np.cos(np.radians(steepest))
    boxes = shapely.box(bounds[:, 0] - dx, bounds[:, 1] - dy, bounds[:, 2] + dx, bounds[:, 3] + dy)
    found = shapely.STRtree(points).query(boxes)
    boundary, point = found[0].astype(np.int64), found[1].astype(np.int64)
    return point, boundary


def _measure(points: Shapes, planes: _Planes, point: Integers, boundary: Integers) -> NearestOnBoundary:
    xy = shapely.get_coordinates(points)
    lon, lat = xy[point, 0], xy[point, 1]
    foot_lon, foot_lat = lon.copy(), lat.copy()
    distance = np.zeros(len(point))
    for meridian in np.unique(planes.meridian[boundary]) if len(boundary) else ():
        here = np.flatnonzero(planes.meridian[boundary] == meridian)
        plane = crs.meridian_crs(meridian)
        x, y = crs.project(lon[here], lat[here], plane)
        shapes = planes.shapes[boundary[here]]
        shapely.prepare(planes.shapes)
        from_here = shapely.points(x, y)
        line = shapely.shortest_line(from_here, shapes)
        foot = shapely.get_coordinates(line)[1::2]
        outside = shapely.length(line) > 0
        out = here[outside]
        foot_lon[out], foot_lat[out] = crs.unproject(foot[outside, 0], foot[outside, 1], plane)
        distance[out] = distance_m(lon[out], lat[out], foot_lon[out], foot_lat[out])
    return NearestOnBoundary(distance, foot_lon, foot_lat)


def _refuse_missing(points: Shapes, boundaries: Shapes) -> None:
    for name, shapes in (("point", points), ("boundary", boundaries)):
        bad = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if bad.any():
            raise BadGeometryError(f"{name} {int(np.flatnonzero(bad)[0])} is missing or empty")
