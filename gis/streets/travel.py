"""Travel times among many places, and the way between two of them.

Places are put into the network where they join it: their edge is cut there, so that two on one edge need not go by a
junction. Shortest paths are Dijkstra's (:func:`scipy.sparse.csgraph.dijkstra`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from gis import crs
from gis.geodesic import distance_m
from gis.streets.contraction import least, without_passed_nodes
from gis.streets.network import ModeNetwork
from gis.streets.snapping import Snapped, snap

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DETOUR = 1.3
"""Way over straight line in street networks; Boscoe, Henry and Zdeb (2012, Prof. Geogr. 64, 188–196) found 1.42 for
roads of a whole country, towns with closer streets lie near 1.3."""

_CHUNK = 64  # sources at a time: the distances to all junctions must fit into memory
_NOTHING_S = 1e-9  # an edge of no time would be no edge for scipy
_KMH = 3.6
_AT_JUNCTION_M = 1.0
_APART_DEG = 1e-7


@dataclass(frozen=True)
class TravelTimes:
    """Seconds from each of ``k`` places to each.

    Attributes
    ----------
    seconds
        Row: from, column: to; 0 on the diagonal, inf where there is no way, shape ``(k, k)``.
    estimated
        Where a straight line times :data:`DETOUR` was taken, since one of the two is not near any street, same shape.
    snapped
        Where the places join the network.
    """

    seconds: Floats
    estimated: Flags
    snapped: Snapped

    @property
    def unreachable(self) -> Integers:
        """Pairs of places (from, to) without a way, shape ``(pairs, 2)``."""
        return np.argwhere(np.isinf(self.seconds)).astype(np.int64)


@dataclass(frozen=True)
class Way:
    """The way between two places.

    Attributes
    ----------
    seconds, length_m
        Time and length with the walks to and from the street; inf where there is no way.
    line
        LineString, WGS 84, from place to place; empty where there is no way.
    streets
        Rows of the streets in the frame of the network, in the order of the way.
    estimated
        Whether this is a straight line, since one of the two is not near any street.
    """

    seconds: float
    length_m: float
    line: shapely.LineString
    streets: tuple[int, ...]
    estimated: bool


@dataclass(frozen=True)
class _Arcs:
    """Directed pieces of edges; nodes from ``n`` on are places."""

    tail: Integers
    head: Integers
    seconds: Floats
    edge: Integers
    begin: Floats
    finish: Floats
    nodes: int

    @cached_property
    def by_tail(self) -> Integers:
        """The arcs in the order of their first nodes."""
        return np.argsort(self.tail, kind="stable")

    @cached_property
    def _tails(self) -> Integers:
        return self.tail[self.by_tail]

    def span(self, tail: int) -> tuple[int, int]:
        """Return where the arcs from a node begin and end in :attr:`by_tail`."""
        return int(np.searchsorted(self._tails, tail)), int(np.searchsorted(self._tails, tail, side="right"))


def travel_times(ways: ModeNetwork, lon: ArrayLike, lat: ArrayLike, *, farthest_m: float = 1_000.0) -> TravelTimes:
    """Return the seconds from every place to every other.

    A place is walked to at :attr:`gis.streets.modes.Mode.access_kmh`. Where one of the two is not within
    ``farthest_m`` of a street, the straight line times :data:`DETOUR` is travelled at the mode's usual speed and
    flagged.

    Parameters
    ----------
    ways
        The network of the mode.
    lon, lat
        Places in degrees, WGS 84, shape ``(k,)``.
    farthest_m
        Metres to a street beyond which a place counts as having none.

    Raises
    ------
    BadCoordinatesError
        If coordinates are not finite or of different lengths.
    """
    places = snap(ways, lon, lat, farthest_m=farthest_m)
    k = places.edge.size
    joined = np.flatnonzero(places.edge >= 0)
    seconds = np.full((k, k), np.inf)
    if joined.size:
        arcs = _arcs(ways, places, joined)
        between = _shortest(arcs, ways.network.lon.size, joined.size)
        walk = places.access_m[joined] * (_KMH / ways.mode.access_kmh)
        seconds[np.ix_(joined, joined)] = between + walk[:, None] + walk[None, :]
    far = places.edge < 0
    estimated = far[:, None] | far[None, :]
    if far.any():
        straight = distance_m(places.lon[:, None], places.lat[:, None], places.lon[None, :], places.lat[None, :])
        seconds[estimated] = straight[estimated] * (DETOUR * _KMH / ways.mode.fallback_kmh)
    same = (places.lon[:, None] == places.lon[None, :]) & (places.lat[:, None] == places.lat[None, :])
    seconds[same] = 0.0
    estimated[same] = False
    return TravelTimes(seconds, estimated, places)


def way_between(
    ways: ModeNetwork, start: tuple[float, float], end: tuple[float, float], *, farthest_m: float = 1_000.0
) -> Way:
    """Return the quickest way between two places, for drawing; ``start`` and ``end`` are (lon, lat), WGS 84."""
    return ways_between(ways, [start[0], end[0]], [start[1], end[1]], [(0, 1)], farthest_m=farthest_m)[0]


def ways_between(
    ways: ModeNetwork,
    lon: ArrayLike,
    lat: ArrayLike,
    pairs: Sequence[tuple[int, int]],
    *,
    farthest_m: float = 1_000.0,
) -> list[Way]:
    """Return the quickest ways between pairs of places, for drawing.

    Parameters
    ----------
    ways, lon, lat, farthest_m
        As for :func:`travel_times`.
    pairs
        Indexes of the places that each way leads from and to.
    """
    places = snap(ways, lon, lat, farthest_m=farthest_m)
    joined = np.flatnonzero(places.edge >= 0)
    node = np.full(places.edge.size, -1, dtype=np.int64)
    node[joined] = ways.network.lon.size + np.arange(joined.size)
    arcs = _arcs(ways, places, joined) if joined.size else None
    matrix = None if arcs is None else _matrix(arcs)
    trees: dict[int, tuple[Floats, Integers]] = {}
    out = []
    for a, b in pairs:
        start, end = (float(places.lon[a]), float(places.lat[a])), (float(places.lon[b]), float(places.lat[b]))
        if start == end:
            out.append(Way(0.0, 0.0, shapely.LineString([start, end]), (), False))
        elif arcs is None or node[a] < 0 or node[b] < 0:
            straight = float(distance_m(*start, *end)) * DETOUR
            line = shapely.LineString([start, end])
            out.append(Way(straight * _KMH / ways.mode.fallback_kmh, straight, line, (), True))
        else:
            if a not in trees:
                trees[a] = dijkstra(matrix, indices=int(node[a]), return_predecessors=True)
            walk_m = float(places.access_m[a] + places.access_m[b])
            out.append(_way(ways, arcs, trees[a], (int(node[a]), int(node[b])), (start, end), walk_m))
    return out


def _way(
    ways: ModeNetwork,
    arcs: _Arcs,
    tree: tuple[Floats, Integers],
    nodes: tuple[int, int],
    ends: tuple[tuple[float, float], tuple[float, float]],
    walk_m: float,
) -> Way:
    """Return the way to a node of a tree of shortest paths, with the walks to and from the street."""
    seconds, before = tree
    if np.isinf(seconds[nodes[1]]):
        return Way(np.inf, np.inf, shapely.LineString(), (), False)
    path = [nodes[1]]
    while path[-1] != nodes[0]:
        path.append(int(before[path[-1]]))
    path.reverse()
    taken = [_quickest(arcs, u, v) for u, v in pairwise(path)]
    coordinates, length = [np.array([ends[0]])], walk_m
    for arc in taken:
        coordinates.append(_drawn(ways, int(arcs.edge[arc]), float(arcs.begin[arc]), float(arcs.finish[arc])))
        length += float(abs(arcs.finish[arc] - arcs.begin[arc]) * ways.network.length_m[arcs.edge[arc]])
    coordinates.append(np.array([ends[1]]))
    points = np.concatenate(coordinates)
    apart = np.ones(len(points), dtype=bool)
    apart[1:] = np.abs(np.diff(points, axis=0)).max(axis=1) > _APART_DEG
    line = shapely.LineString(points[apart] if apart.sum() > 1 else points[:2])
    rows = [int(ways.network.street[arcs.edge[arc]]) for arc in taken]
    streets = tuple(row for i, row in enumerate(rows) if i == 0 or row != rows[i - 1])
    return Way(float(seconds[nodes[1]]) + walk_m * _KMH / ways.mode.access_kmh, length, line, streets, False)


def _arcs(ways: ModeNetwork, places: Snapped, joined: Integers) -> _Arcs:
    """Return whole edges, and the pieces of those that places join, in the directions that are allowed."""
    network, n = ways.network, ways.network.lon.size
    edge = np.flatnonzero(np.isfinite(ways.forward_s) | np.isfinite(ways.backward_s))
    tail, head = [network.start[edge]], [network.end[edge]]
    edges, begin, finish = [edge], [np.zeros(edge.size)], [np.ones(edge.size)]
    order = np.lexsort((joined, places.along[joined], places.edge[joined]))
    at, place = places.edge[joined][order], joined[order]
    along, node = places.along[place], n + order
    first = np.ones(at.size, dtype=bool)
    first[1:] = at[1:] != at[:-1]
    last = np.roll(first, -1)
    # Each place is tied to what lies before it on its edge; the last one also to the end.
    tail.append(np.where(first, network.start[at], np.roll(node, 1)))
    head.append(node)
    edges.append(at)
    begin.append(np.where(first, 0.0, np.roll(along, 1)))
    finish.append(along)
    tail.append(node[last])
    head.append(network.end[at[last]])
    edges.append(at[last])
    begin.append(along[last])
    finish.append(np.ones(int(last.sum())))
    u, v, e = np.concatenate(tail), np.concatenate(head), np.concatenate(edges)
    f, t = np.concatenate(begin), np.concatenate(finish)
    wait = np.append(ways.wait_s, np.zeros(joined.size))
    waits = wait[u] + wait[v]
    # Who stands at a junction may take every street there, also if the nearest edge is a one-way street.
    short = np.minimum(_AT_JUNCTION_M / network.length_m[e], 0.499)
    free = (np.arange(e.size) >= edge.size) & ((t < short) | (f > 1.0 - short))
    either = np.fmin(ways.forward_s, ways.backward_s)[e]
    ahead = _part(np.where(free, either, ways.forward_s[e]), t - f) + waits
    back = _part(np.where(free, either, ways.backward_s[e]), t - f) + waits
    seconds = np.concatenate([ahead, back])
    good = np.isfinite(seconds)
    return _Arcs(
        tail=np.concatenate([u, v])[good],
        head=np.concatenate([v, u])[good],
        seconds=np.maximum(seconds[good], _NOTHING_S),
        edge=np.concatenate([e, e])[good],
        begin=np.concatenate([f, t])[good],
        finish=np.concatenate([t, f])[good],
        nodes=n + joined.size,
    )


def _part(seconds: Floats, share: Floats) -> Floats:
    out = np.full(seconds.size, np.inf)
    np.multiply(seconds, share, out=out, where=np.isfinite(seconds))
    return out


def _matrix(arcs: _Arcs) -> csr_array:
    tail, head, seconds = least(arcs.tail, arcs.head, arcs.seconds)
    return csr_array((seconds, (tail, head)), shape=(arcs.nodes, arcs.nodes))


def _quickest(arcs: _Arcs, tail: int, head: int) -> int:
    first, last = arcs.span(tail)
    among = arcs.by_tail[first:last]
    among = among[arcs.head[among] == head]
    return int(among[np.argmin(arcs.seconds[among])])


def _shortest(arcs: _Arcs, first_place: int, places: int) -> Floats:
    is_place = np.arange(arcs.nodes) >= first_place
    tail, head, seconds = without_passed_nodes(arcs.tail, arcs.head, arcs.seconds, is_place)
    used = is_place.copy()
    used[tail] = used[head] = True
    number = np.cumsum(used) - 1
    matrix = csr_array((seconds, (number[tail], number[head])), shape=(int(used.sum()),) * 2)
    sources = number[first_place:]
    out = np.empty((places, places))
    for at in range(0, places, _CHUNK):
        out[at : at + _CHUNK] = dijkstra(matrix, indices=sources[at : at + _CHUNK])[:, sources]
    return out


def _drawn(ways: ModeNetwork, edge: int, begin: float, finish: float) -> Floats:
    piece = substring(ways.network.lines[edge], begin, finish, normalized=True)
    x, y = shapely.get_coordinates(piece).T
    return np.column_stack(crs.unproject(x, y, ways.network.plane))
