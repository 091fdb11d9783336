"""Campus → control zone: every point within d metres of the campus, in true metres on the ellipsoid.

Each campus is laid flat on a transverse Mercator plane whose meridian runs through the campus itself. Only the
difference of longitude enters that projection, so thousands of campuses anywhere on Earth go through one call, and the
scale differs from 1 by less than 1e-6 up to 9 km from the meridian: plane metres are true metres there.

The zone's outline is the campus outline moved outwards: each edge by d, each outward corner as an arc. GEOS' own buffer
is not used for that: it drops dents shallower than d / 100 from the outline first, which moves the edge of a 200 m zone
outwards by up to 2 m, and its interface offers no way to ask for less. It is used to take the loops out of the outline
(a buffer of width 0 keeps what the outline goes round).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast, overload

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadCoordinatesError, BadGeometryError, GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

LARGEST_DISTANCE_M = 10_000.0
LARGEST_EXTENT_DEG = 0.25
LARGEST_LATITUDE_DEG = 89.0
_EARTH_RADIUS_M = 6_371_000.0
_LONGEST_STEP = 1.125
# numpy, PROJ and GEOS let go of the interpreter over arrays, so that threads share the work; arrays of some hundred
# campuses stay in the processor's cache.
_THREADS = 2
_CHUNK = 400
_PLANE = crs.meridian_crs(0.0)
_FALSE_EASTING_M = 500_000.0


def control_zones(boundaries: ArrayLike, distance_m: ArrayLike, *, tolerance_m: float = 0.01) -> Shapes:
    """Return the control zone of each campus: every point within a distance of it, the campus included.

    Parameters
    ----------
    boundaries
        Polygons or multipolygons in WGS 84, shape ``(n,)``; edges are straight in longitude and latitude (RFC 7946).
        A campus on the antimeridian may come whole or in two parts.
    distance_m
        Distance in metres on the ellipsoid, up to 10 km: one for all, or one for each.
    tolerance_m
        How far the zone's edge may lie from the exact distance. The corners of the drawn arcs lie on the exact curve,
        their chords up to the tolerance inside it.

    Returns
    -------
    ndarray of object
        Valid polygons or multipolygons in WGS 84, shape ``(n,)``; one that crosses the antimeridian is cut there.
        Dents and courtyards are filled as far as the distance reaches.

    Raises
    ------
    BadGeometryError
        For what is no polygon, is empty, crosses itself, spans more than 0.25 degrees, or lies within a degree of a
        pole; the text names the first one by its index from 0.
    GisError
        For a distance that is not above 0 and at most 10 km, or a tolerance that is not above 0.

    Examples
    --------
    >>> campus = shapely.box(120.240, 29.710, 120.242, 29.712)
    >>> zone = control_zones([campus], 200.0)[0]
    >>> lon_m, lat_m = 111_320 * np.cos(np.radians(29.711)), 110_860
    >>> [round((b - a) * m) for a, b, m in zip(zone.bounds[:2], campus.bounds[:2], (lon_m, lat_m))]
    [200, 200]
    """
    shapes = _checked(boundaries)
    distances = _distances(distance_m, shapes.size)
    if not tolerance_m > 0:
        msg = f"the tolerance must be above 0 metres, not {tolerance_m}"
        raise GisError(msg)
    if not shapes.size:
        return shapes
    near, lon0 = _about_own_meridian(shapes)

    def zones_of(first: int) -> Shapes:
        some = slice(first, first + _CHUNK)
        flat, y0 = _flatten(near[some])
        return _unflatten(_grown(flat, distances[some], tolerance_m), lon0[some], y0, tolerance_m)

    with ThreadPoolExecutor(_THREADS) as pool:
        return np.concatenate(list(pool.map(zones_of, range(0, shapes.size, _CHUNK))))


@overload
def campus_disc(lon: float, lat: float, radius_m: float) -> shapely.Polygon | shapely.MultiPolygon: ...
@overload
def campus_disc(lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike) -> Shapes: ...
def campus_disc(lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike) -> shapely.Polygon | shapely.MultiPolygon | Shapes:
    """Return the disc that stands for a campus of which only a point and a radius are known.

    Parameters
    ----------
    lon, lat
        The point, WGS 84 degrees: numbers, or arrays of shape ``(n,)``.
    radius_m
        Radius in metres, up to 10 km.

    Returns
    -------
    Polygon, or ndarray of object
        WGS 84; corners on the circle, chords at most 1 cm inside it.

    Examples
    --------
    >>> disc = campus_disc(120.24, 29.71, 80.0)
    >>> disc.geom_type, disc.contains(shapely.Point(120.24, 29.71))
    ('Polygon', True)
    """
    one = all(np.ndim(v) == 0 for v in (lon, lat, radius_m))
    lons, lats, radii = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=float)) for v in (lon, lat, radius_m)))
    wrong = np.flatnonzero(~((np.abs(lons) <= 180) & (np.abs(lats) <= LARGEST_LATITUDE_DEG)))
    if wrong.size:
        at = wrong[0]
        msg = f"coordinate {at}: ({lons[at]}, {lats[at]}) is not a longitude and latitude below {LARGEST_LATITUDE_DEG}°"
        raise BadCoordinatesError(msg)
    radii = _distances(radii, lons.size)
    corners = 4 * quadrant_segments(radii)
    owner = np.repeat(np.arange(lons.size), corners)
    angle = 2 * np.pi * _count_within(corners) / corners[owner]
    xy = radii[owner, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    discs = shapely.polygons(shapely.linearrings(xy, indices=owner))
    _, y0 = crs.project(np.zeros(lons.size), lats, _PLANE)
    out = _unflatten(discs, lons, y0, 0.01)
    return cast(shapely.Polygon, out[0]) if one else out


def true_area_m2(geometries: Shapes) -> Floats:
    """Return the area on the ellipsoid of WGS 84 shapes some kilometres wide, in square metres.

    Each is laid on a plane about its own longitude, where the scale is 1 to 1e-6 as far as 9 km.

    Examples
    --------
    >>> true_area_m2(np.array([shapely.box(120.240, 29.710, 120.241, 29.711)])).round(1).tolist()
    [10726.2]
    """
    dense = crs.densify_edges(geometries)
    coordinates, owner = shapely.get_coordinates(dense, return_index=True)
    bounds = shapely.bounds(dense)
    middle = (bounds[:, 0] + bounds[:, 2]) / 2
    x, y = crs.project(coordinates[:, 0] - middle[owner], coordinates[:, 1], _PLANE)
    return np.asarray(shapely.area(shapely.set_coordinates(dense, np.column_stack([x, y]))), dtype=np.float64)


# ----------------------------------------------------------------------------------------------------- what goes in


def _checked(boundaries: ArrayLike) -> Shapes:
    shapes = np.atleast_1d(np.array(boundaries, dtype=object))
    if shapes.ndim != 1:
        msg = f"boundaries must be one row of polygons; their shape is {shapes.shape}"
        raise BadGeometryError(msg)
    no_shape = ~np.asarray(shapely.is_geometry(shapes), dtype=bool)
    _refuse(no_shape, lambda i: f"is not a geometry but {type(shapes[i]).__name__}")
    polygonal = np.isin(shapely.get_type_id(shapes), [3, 6])
    _refuse(~polygonal, lambda i: f"must be a polygon or multipolygon, not a {shapes[i].geom_type}")
    _refuse(shapely.is_empty(shapes), lambda _: "is empty")
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    off = ~((np.abs(coordinates[:, 0]) <= 180) & (np.abs(coordinates[:, 1]) <= LARGEST_LATITUDE_DEG))
    _refuse(
        np.bincount(owner[off], minlength=shapes.size) > 0,
        lambda _: f"has a vertex that is not a longitude and latitude within ±{LARGEST_LATITUDE_DEG:g}°",
    )
    _refuse(~shapely.is_valid(shapes), lambda i: f"is broken: {shapely.is_valid_reason(shapes[i])}; mend it first")
    return shapes


def _refuse(wrong: NDArray[np.bool_], why: Callable[[int], str]) -> None:
    if np.any(wrong):
        first = int(np.flatnonzero(wrong)[0])
        msg = f"boundary {first} {why(first)}"
        raise BadGeometryError(msg)


def _distances(distance_m: ArrayLike, size: int) -> Floats:
    try:
        distances = np.array(np.broadcast_to(np.asarray(distance_m, dtype=float), (size,)))
    except (TypeError, ValueError) as error:
        msg = f"there must be one distance for all, or one for each of the {size}"
        raise GisError(msg) from error
    wrong = np.flatnonzero(~((distances > 0) & (distances <= LARGEST_DISTANCE_M)))
    if wrong.size:
        msg = f"distance {wrong[0]} is {distances[wrong[0]]:g} m; it must be above 0 and at most {LARGEST_DISTANCE_M:g}"
        raise GisError(msg)
    return distances


# ------------------------------------------------------------------------------------------------- plane and back


def _about_own_meridian(shapes: Shapes) -> tuple[Shapes, Floats]:
    """Return the campuses with longitudes counted from a vertex of their own, and that vertex's longitude."""
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    first = np.searchsorted(owner, np.arange(shapes.size))
    lon0 = coordinates[first, 0]
    lon = coordinates[:, 0] - lon0[owner]
    lon -= 360.0 * np.round(lon / 360.0)  # the other side of the antimeridian is near, too
    out = np.array(shapely.set_coordinates(shapes.copy(), np.column_stack([lon, coordinates[:, 1]])), dtype=object)
    bounds = shapely.bounds(out)
    extent = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    _refuse(
        extent > LARGEST_EXTENT_DEG, lambda i: f"spans {extent[i]:.3g} degrees; a campus spans {LARGEST_EXTENT_DEG}"
    )
    return out, lon0


def _flatten(shapes: Shapes) -> tuple[Shapes, Floats]:
    """Return the campuses in planes of their own, with the northings that were taken off."""
    out = crs.densify_edges(shapes)
    coordinates, owner = shapely.get_coordinates(out, return_index=True)
    x, y = crs.project(coordinates[:, 0], coordinates[:, 1], _PLANE)
    y0 = y[np.searchsorted(owner, np.arange(shapes.size))]
    # Small numbers leave the most digits to the corners where edges meet.
    flat = shapely.set_coordinates(out, np.column_stack([x - _FALSE_EASTING_M, y - y0[owner]]))
    return np.asarray(flat, dtype=object), y0


def _unflatten(flat: Shapes, lon0: Floats, y0: Floats, tolerance_m: float) -> Shapes:
    _, lat = crs.unproject(np.full(y0.shape, _FALSE_EASTING_M), y0, _PLANE)
    bend = np.tan(np.radians(np.minimum(np.abs(lat) + 0.3, 89.5))) / (8 * _EARTH_RADIUS_M)
    longest = np.minimum(crs.LONGEST_EDGE_M, np.sqrt(0.1 * tolerance_m / np.maximum(bend, 1e-12)))
    out = shapely.segmentize(flat, longest)
    coordinates, owner = shapely.get_coordinates(out, return_index=True)
    lon, lat = crs.unproject(coordinates[:, 0] + _FALSE_EASTING_M, coordinates[:, 1] + y0[owner], _PLANE)
    lon += lon0[owner]
    return crs.cut_at_antimeridian(np.asarray(shapely.set_coordinates(out, np.column_stack([lon, lat])), dtype=object))


# ------------------------------------------------------------------------------------------------------- growing


def _grown(flat: Shapes, distances: Floats, tolerance_m: float) -> Shapes:
    """Return the plane shapes grown by their distances."""
    parts, owner = shapely.get_parts(flat, return_index=True)
    parts = shapely.orient_polygons(shapely.remove_repeated_points(parts))
    segments = quadrant_segments(distances, tolerance_m)
    solid, simple = _moved_out(shapely.get_exterior_ring(parts), distances[owner], np.pi / 2 / segments[owner])
    single = np.bincount(owner, minlength=flat.size) == 1
    grown = np.empty(flat.size, dtype=object)
    grown[single] = solid[single[owner]]
    if not single.all():
        many = ~single[owner]
        where, group = np.unique(owner[many], return_inverse=True)
        grown[where] = shapely.multipolygons(solid[many], indices=group)
    looped = np.bincount(owner[~simple], minlength=flat.size) > 0
    looped |= ~single
    grown[looped] = shapely.buffer(grown[looped], 0.0)
    # A courtyard narrower than 2 d is filled. The few that are wider are worked out one campus at a time.
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    bounds = shapely.bounds(rings)
    width = np.minimum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    courtyard = np.append(False, ring_part[1:] == ring_part[:-1])  # the first ring of a polygon is its outline
    for i in np.unique(owner[ring_part[courtyard & (width > 2 * distances[owner[ring_part]])]]):
        grown[i] = _with_courtyards(parts[owner == i], distances[i], int(segments[i]))
    return grown


def _moved_out(rings: Shapes, distances: Floats, steps: Floats) -> tuple[Shapes, NDArray[np.bool_]]:
    """Return polygons whose outlines are the given rings (counterclockwise) moved outwards, loops and all.

    And return which outlines have no loops, since the ring has no inward corner.

    The outline is the boundary of the ring's inside plus, for each edge, the strip beside it and, for each outward
    corner, the sector at it. Every point of the grown shape is gone round once or more, and no other point is.
    """
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.append(ring[1:] != ring[:-1], True)
    xy, ring = xy[~last], ring[~last]  # the closing vertex
    size = np.bincount(ring, minlength=rings.size)
    start = np.cumsum(size) - size
    place = np.arange(ring.size) - start[ring]
    after = start[ring] + (place + 1) % size[ring]
    before = start[ring] + (place - 1) % size[ring]
    d = distances[ring]

    edge = xy[after] - xy
    length = np.hypot(edge[:, 0], edge[:, 1])
    along = edge / length[:, None]
    back = along[before]
    turn = np.arctan2(back[:, 0] * along[:, 1] - back[:, 1] * along[:, 0], (back * along).sum(axis=1))

    # What stands at each vertex: an arc of so many chords, or at an inward corner the end of one moved edge, the
    # vertex itself and the start of the next; where the moved edges meet, their meeting point alone does.
    outward = turn > 0
    reach = d * np.tan(np.minimum(np.abs(turn), 3.1) / 2)
    meeting = ~outward & (reach <= length) & (reach <= length[before])
    chords = np.where(outward, _chords(turn / steps[ring]), 2).astype(np.int64)
    chords[meeting] = 0
    which = np.repeat(np.arange(ring.size), chords + 1)
    number = _count_within(chords + 1)

    heading = np.arctan2(-back[:, 0], back[:, 1])  # of the outward normal of the edge before
    share = number / np.maximum(chords, 1)[which]
    angle = heading[which] + turn[which] * share
    radius = d[which].copy()
    radius[~outward[which] & ~meeting[which] & (number == 1)] = 0.0
    at_meeting = meeting[which]
    angle[at_meeting] += turn[which][at_meeting] / 2
    radius[at_meeting] /= np.cos(turn[which][at_meeting] / 2)
    points = xy[which] + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    moved = np.asarray(shapely.polygons(shapely.linearrings(points, indices=ring[which])), dtype=object)
    return moved, np.bincount(ring[turn < 0], minlength=rings.size) == 0


def _with_courtyards(parts: Shapes, distance_m: float, segments: int) -> shapely.Geometry:
    """Return the zone of one campus of which some courtyard is wider than the distance reaches."""
    rings = np.concatenate([shapely.get_rings(part) for part in parts])
    ends = np.concatenate([np.stack([xy[:-1], xy[1:]], axis=1) for xy in map(shapely.get_coordinates, rings)])
    # One edge at a time has no dents that GEOS could drop.
    edges = np.asarray(shapely.linestrings(ends), dtype=object)
    beside = shapely.buffer(shapely.multilinestrings(edges), distance_m, quad_segs=segments)
    return shapely.union_all(np.array([beside, *parts], dtype=object))


def quadrant_segments(distance_m: ArrayLike, tolerance_m: float = 0.01) -> Integers:
    """Return how many chords a quarter circle is drawn with, so that they keep to the tolerance.

    Examples
    --------
    >>> quadrant_segments([50.0, 200.0]).tolist()
    [48, 96]
    """
    sagitta = np.minimum(0.85 * tolerance_m / np.asarray(distance_m, dtype=float), 1 - np.cos(np.pi / 8))
    segments: Integers = np.ceil(np.pi / 2 / (2 * np.arccos(1 - sagitta) / _LONGEST_STEP)).astype(np.int64)
    return segments


def _chords(steps: Floats) -> Floats:
    """Return the chords for an arc of so many steps: to the nearest whole number, as GEOS does, but no chord too long.

    GEOS draws one chord for an arc of 1.4 steps, which lies twice as far inside the arc as the others do.
    """
    nearest = np.maximum(np.floor(steps + 0.5), 1)
    return nearest + (steps > _LONGEST_STEP * nearest)


def _count_within(sizes: Integers) -> Integers:
    """Return 0, 1, … anew for each group of a size."""
    starts = np.cumsum(sizes) - sizes
    counts: Integers = np.arange(sizes.sum()) - np.repeat(starts, sizes)
    return counts
