"""From lines on a map to a network: streets are cut where they meet, and each piece gets its time in each direction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis import crs
from gis.errors import BadGeometryError, GisError
from gis.geodesic import quick_distance_m
from gis.streets.modes import MAIN_ROADS, Mode

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]

_NEEDED = ("highway", "oneway", "foot", "car")
_GRID_DEG = 1e-7  # OpenStreetMap's own resolution, about a centimetre
_KMH = 3.6


@dataclass(frozen=True)
class Network:
    """Junctions and the edges between them; ``n`` junctions, ``m`` edges.

    Attributes
    ----------
    lon, lat
        Junctions and ends of streets, WGS 84, shape ``(n,)``.
    start, end
        Junctions of each edge along its line, shape ``(m,)``.
    length_m
        Geodesic length of each edge, shape ``(m,)``.
    lines
        The edges, LineStrings in the metric plane ``plane``, shape ``(m,)``.
    street
        Row of the street in the frame that the network was built from, shape ``(m,)``.
    highway, oneway, foot, car, maxspeed_kmh
        As the streets have them, shape ``(m,)``.
    main_road
        Whether a junction lies on a main road, shape ``(n,)``.
    plane
        PROJ string of the metric plane (:func:`gis.crs.metric_crs`).
    """

    lon: Floats
    lat: Floats
    start: Integers
    end: Integers
    length_m: Floats
    lines: Shapes
    street: Integers
    highway: NDArray[np.object_]
    oneway: Integers
    foot: Flags
    car: Flags
    maxspeed_kmh: Floats
    main_road: Flags
    plane: str


@dataclass(frozen=True)
class ModeNetwork:
    """A network as one mode sees it.

    Attributes
    ----------
    network, mode
        What it was made from.
    forward_s, backward_s
        Seconds along and against each edge, without junctions; inf where that is not allowed, shape ``(m,)``.
    wait_s
        Half of what each junction costs: every edge that touches it carries one half, shape ``(n,)``.
    snappable
        Whether places may be joined to an edge: not to fragments that lead nowhere, shape ``(m,)``.
    """

    network: Network
    mode: Mode
    forward_s: Floats
    backward_s: Floats
    wait_s: Floats
    snappable: Flags


def build_network(streets: gpd.GeoDataFrame) -> Network:
    """Return the network of streets, cut wherever they share a node.

    Parameters
    ----------
    streets
        LineStrings with the columns ``highway``, ``oneway`` (−1, 0, 1 along the line), ``foot``, ``car`` and perhaps
        ``maxspeed_kmh`` (NaN where unknown) and ``node_ids`` (one per vertex). Streets meet where they share a node;
        where a street has no nodes, or not one per vertex, where its vertices have the coordinates of others to 1e-7
        degrees. A crossing without a common vertex is a bridge. Any CRS; without one WGS 84 is taken. Lines of no length or missing are left out.

    Raises
    ------
    GisError
        If a column is missing.
    BadGeometryError
        If there is another shape than a LineString.
    """
    missing = [name for name in _NEEDED if name not in streets.columns]
    if missing:
        raise GisError(f"streets need the columns {', '.join(_NEEDED)}; there is no {', '.join(missing)}")
    shapes = np.asarray(streets.geometry.values, dtype=object)
    kept = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    wrong = kept[shapely.get_type_id(shapes[kept]) != shapely.GeometryType.LINESTRING]
    if wrong.size:
        raise BadGeometryError(f"row {wrong[0]} is a {shapes[wrong[0]].geom_type}; streets must be LineStrings")
    shapes = shapely.force_2d(shapes[kept])
    if streets.crs is not None and streets.crs != "EPSG:4326":
        shapes = crs.geometries_to_wgs84(shapes, streets.crs.to_string())
    points, row = shapely.get_coordinates(shapes, return_index=True)
    node = _nodes(streets, kept, points, row)
    return _cut(streets, kept, points, row, node)


def _nodes(streets: gpd.GeoDataFrame, kept: Integers, points: Floats, row: Integers) -> Integers:
    """Return a number for each vertex, the same where streets meet."""
    rounded = np.round(points / _GRID_DEG).astype(np.int64)
    _, place = np.unique(rounded, axis=0, return_inverse=True)
    place = place.ravel()
    if "node_ids" not in streets.columns or not kept.size:
        return np.asarray(place, dtype=np.int64)
    counts = np.bincount(row, minlength=kept.size)
    named = [ids if isinstance(ids, (list, tuple, np.ndarray)) else [] for ids in streets["node_ids"].to_numpy()[kept]]
    told = np.array([len(ids) for ids in named]) == counts
    known = told[row]
    _, number = np.unique([node for ids in compress(named, told) for node in ids], return_inverse=True)
    node = np.empty(place.size, dtype=np.int64)
    node[known] = number.ravel()
    # Streets without their nodes join those that have them where their vertices lie, else one another.
    at_place = np.full(int(place.max()) + 1, -1, dtype=np.int64)
    at_place[place[known][::-1]] = node[known][::-1]
    found = at_place[place[~known]]
    node[~known] = np.where(found >= 0, found, place[~known] + number.size)
    return node


def _cut(streets: gpd.GeoDataFrame, kept: Integers, points: Floats, row: Integers, node: Integers) -> Network:
    same = row[1:] == row[:-1]
    ends = np.ones(row.size, dtype=bool)
    if row.size:
        ends[1:-1] = ~(same[:-1] & same[1:])
    times = np.bincount(node)
    cuts = ends | (times[node] > 1)
    at = np.flatnonzero(cuts)
    starts, stops = at[:-1], at[1:]
    whole = row[starts] == row[stops]
    starts, stops = starts[whole], stops[whole]
    step = np.zeros(row.size)
    if row.size > 1:
        lon, lat = points[:, 0], points[:, 1]
        step[1:] = np.where(same, quick_distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]), 0.0)
    total = np.cumsum(step)
    length = total[stops] - total[starts]
    long_enough = length > 0
    starts, stops, length = starts[long_enough], stops[long_enough], length[long_enough]
    size = stops - starts + 1
    owner = np.repeat(np.arange(size.size), size)
    vertex = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + np.repeat(starts, size)
    plane = crs.metric_crs(*(points.mean(axis=0) if len(points) else (0.0, 0.0)))
    x, y = crs.project(points[:, 0], points[:, 1], plane) if len(points) else (np.empty(0), np.empty(0))
    lines = (
        shapely.linestrings(np.column_stack([x, y])[vertex], indices=owner) if size.size else np.empty(0, dtype=object)
    )
    used, inverse = np.unique(node[np.concatenate([starts, stops])], return_inverse=True)
    first = np.zeros(times.size, dtype=np.int64)
    first[node[::-1]] = np.arange(node.size)[::-1]
    street = kept[row[starts]]
    highway = streets["highway"].to_numpy(dtype=object)[street]
    start, end = inverse[: starts.size], inverse[starts.size :]
    main = np.zeros(used.size, dtype=bool)
    on_main = np.array([kind in MAIN_ROADS for kind in highway], dtype=bool)
    main[start[on_main]] = main[end[on_main]] = True
    limit = (
        streets["maxspeed_kmh"].to_numpy(dtype=float, na_value=np.nan)[street] if "maxspeed_kmh" in streets else None
    )
    return Network(
        lon=points[first[used], 0],
        lat=points[first[used], 1],
        start=start.astype(np.int64),
        end=end.astype(np.int64),
        length_m=length,
        lines=np.asarray(lines, dtype=object),
        street=street,
        highway=highway,
        oneway=streets["oneway"].to_numpy(dtype=np.int64)[street],
        foot=streets["foot"].to_numpy(dtype=bool)[street],
        car=streets["car"].to_numpy(dtype=bool)[street],
        maxspeed_kmh=np.full(street.size, np.nan) if limit is None else limit,
        main_road=main,
        plane=plane,
    )


def for_mode(network: Network, mode: Mode, *, least_part: float = 0.01) -> ModeNetwork:
    """Return the network with the seconds that a mode needs.

    Parameters
    ----------
    network
        The network.
    mode
        The mode.
    least_part
        Share of the mode's junctions that a part must hold, within which one gets from everywhere to everywhere, so
        that places are joined to it. Courtyards that are drawn but joined to nothing are so passed over.
    """
    speed = speeds_kmh(network, mode)
    seconds = np.full(speed.size, np.inf)
    np.divide(network.length_m * _KMH, speed, out=seconds, where=speed > 0)
    with_line = (network.oneway >= 0) | (not mode.obeys_oneway)
    against = (network.oneway <= 0) | (not mode.obeys_oneway)
    forward, backward = np.where(with_line, seconds, np.inf), np.where(against, seconds, np.inf)
    usable, n = speed > 0, network.lon.size
    streets_met = np.bincount(network.start[usable], minlength=n) + np.bincount(network.end[usable], minlength=n)
    junction = streets_met >= 3
    wait = np.where(junction, (mode.junction_s + mode.crossing_s * network.main_road) / 2.0, 0.0)
    return ModeNetwork(
        network, mode, forward, backward, wait, _snappable(network, forward, backward, usable, least_part)
    )


def speeds_kmh(network: Network, mode: Mode) -> Floats:
    """Return the speed of a mode on each edge in km/h, 0 where it may not go, shape ``(m,)``."""
    classes, inverse = np.unique(network.highway.astype(str), return_inverse=True)
    speed = np.array([mode.speeds_kmh.get(str(kind), mode.other_kmh) for kind in classes])[inverse.ravel()]
    if mode.obeys_limit:
        speed = np.fmin(speed, np.where(network.maxspeed_kmh > 0, network.maxspeed_kmh, np.inf))
    allowed = {"foot": network.foot, "car": network.car, "bicycle": network.foot | network.car}[mode.access]
    return np.where(allowed, speed, 0.0)


def _snappable(network: Network, forward: Floats, backward: Floats, usable: Flags, least_part: float) -> Flags:
    n = network.lon.size
    if not usable.any():
        return usable
    ahead, back = np.isfinite(forward), np.isfinite(backward)
    tail = np.concatenate([network.start[ahead], network.end[back]])
    head = np.concatenate([network.end[ahead], network.start[back]])
    _, part = connected_components(coo_array((np.ones(tail.size), (tail, head)), shape=(n, n)), connection="strong")
    touched = np.zeros(n, dtype=bool)
    touched[tail] = touched[head] = True
    size = np.bincount(part[touched], minlength=part.max() + 1)
    large = (size >= least_part * touched.sum())[part]
    return np.asarray(usable & large[network.start] & large[network.end], dtype=bool)
