"""Cutting outlines along the lines of a lattice, many zones in one pass over arrays.

Where an outline crosses a line it leaves one cell and enters the next. The run between two crossings lies in one cell,
with the zone on its left. A cell that one run passes through holds one piece of the zone: the run, and then the cell's
border from where the run leaves, counterclockwise, to where it came in. (That is Weiler and Atherton's clipping, 1977,
for the one case that nearly all cells of a perimeter are.) A cell that no run enters is the zone's or is not. The rest,
cells with several runs or with a ring inside them, is left to GEOS by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gis import crs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]

_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


@dataclass(frozen=True)
class Candidates:
    """The cells of every zone's box, ordered by zone, row and column.

    Attributes
    ----------
    zone, column, row
        Arrays over the cells.
    first, wide, start
        Arrays over the zones: the box's lowest column and row, its width in cells, and where its cells start.
    """

    zone: Integers
    column: Integers
    row: Integers
    first: Integers
    wide: Integers
    start: Integers


@dataclass(frozen=True)
class CutOutlines:
    """What outlines alone could settle.

    Attributes
    ----------
    cell
        Which candidate each piece fills in part.
    geometry
        The pieces, WGS 84.
    area, length, x, y
        Area, length of the outline, and centroid of the pieces, in the plane.
    empty
        Flags over the candidates: no run enters, so that the cell is wholly inside its zone or wholly outside.
    open
        Flags over the candidates: left to the caller.
    """

    cell: Integers
    geometry: Shapes
    area: Floats
    length: Floats
    x: Floats
    y: Floats
    empty: Flags
    open: Flags


@dataclass(frozen=True)
class _Outlines:
    """All rings, vertex after vertex, the closing one included; ``u`` in cells from the zone's first cell."""

    u: Floats
    lonlat: Floats
    ring: Integers
    zone: Integers  # of each ring
    start: Integers  # of each ring
    edges: Integers  # of each ring


@dataclass(frozen=True)
class _Crossings:
    """Crossings of outlines with the lattice's lines, in the order of the rings.

    ``edge`` is the vertex that the crossed edge begins at, ``entered`` the cell (column, row) entered. ``s_in`` and
    ``s_out`` tell where on the border of the cell entered, and of the cell left, counted from its south-western corner
    counterclockwise, a side being 1.
    """

    edge: Integers
    u: Floats
    entered: Integers
    s_in: Floats
    s_out: Floats


def candidate_cells(flat: Shapes, cell_m: float) -> Candidates:
    """Return every cell that the box of a plane zone meets."""
    # A hole may leave nothing of a zone: its bounds are NaN, and no cell is a candidate.
    bounds = np.nan_to_num(shapely.bounds(flat), nan=0.0) / cell_m
    first = np.floor(bounds[:, :2]).astype(np.int64)
    wide, high = ((np.floor(bounds[:, 2:]).astype(np.int64) - first + 1) * ~shapely.is_empty(flat)[:, None]).T
    start = np.cumsum(wide * high) - wide * high
    zone = np.repeat(np.arange(len(flat)), wide * high)
    place = np.arange(len(zone)) - start[zone]
    column, row = first[zone, 0] + place % wide[zone], first[zone, 1] + place // wide[zone]
    return Candidates(zone, column, row, first, wide, start)


def cut_outlines(shapes: Shapes, flat: Shapes, candidates: Candidates, cell_m: float, plane: str) -> CutOutlines:
    """Cut zones into cells as far as their outlines alone settle it.

    Parameters
    ----------
    shapes, flat
        The zones in WGS 84 and in the plane: valid polygons and multipolygons of the same vertices.
    candidates
        The cells of the zones' boxes.
    cell_m
        Side of a cell; no edge of a piece should be so long that it bends (see :data:`gis.crs.LONGEST_EDGE_M`).
    plane
        The PROJ string of the plane.
    """
    outlines = _outlines(shapes, flat, candidates, cell_m)
    crossings, doubtful = _crossings(outlines)
    return _settled(outlines, crossings, doubtful, candidates, cell_m, plane)


def _outlines(shapes: Shapes, flat: Shapes, candidates: Candidates, cell_m: float) -> _Outlines:
    parts, part_zone = shapely.get_parts(flat, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    zone = part_zone[ring_part]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    lonlat = shapely.get_coordinates(shapes)
    size = np.bincount(ring, minlength=len(rings))
    start = np.cumsum(size) - size
    # Zones on the left: outlines counterclockwise, courtyards clockwise.
    outline = np.append(True, ring_part[1:] != ring_part[:-1])[: len(rings)]
    turned = shapely.is_ccw(rings) != outline
    if turned.any():
        mirror = (2 * start + size - 1)[ring] - np.arange(len(ring))
        order = np.where(turned[ring], mirror, np.arange(len(ring)))
        xy, lonlat = xy[order], lonlat[order]
    u = xy / cell_m
    u -= candidates.first[zone].astype(float)[ring]  # exact: floor(u) stays the same cell
    return _Outlines(u, lonlat, ring, zone, start, size - 1)


def _crossings(outlines: _Outlines) -> tuple[_Crossings, Integers]:
    """Return the crossings, and the rings in which their order is in doubt."""
    u, ring = outlines.u, outlines.ring
    low = np.floor(u)
    touching = (u[:, 0] == low[:, 0]) | (u[:, 1] == low[:, 1])
    steps = low[1:] - low[:-1]
    crossed = np.flatnonzero(((steps[:, 0] != 0) | (steps[:, 1] != 0)) & (ring[1:] == ring[:-1]))
    a, b, from_cell, moves = u[crossed], u[crossed + 1], low[crossed], steps[crossed]
    found = []
    for axis in (0, 1):
        count = np.abs(moves[:, axis]).astype(np.int64)
        of = np.repeat(np.arange(len(crossed)), count)
        number = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        up = moves[of, axis] > 0
        line = np.where(up, from_cell[of, axis] + 1 + number, from_cell[of, axis] - number)
        t = (line - a[of, axis]) / (b[of, axis] - a[of, axis])
        at, move = np.empty((len(of), 2)), np.zeros((len(of), 2), dtype=np.int64)
        at[:, axis], at[:, 1 - axis] = line, a[of, 1 - axis] + t * (b[of, 1 - axis] - a[of, 1 - axis])
        move[:, axis] = np.where(up, 1, -1)
        found.append((of, t, at, move))
    of, t, at, move = (np.concatenate(both) for both in zip(*found, strict=True))
    order = np.lexsort((t, of))
    of, t, at, move = of[order], t[order], at[order], move[order]
    same = of[1:] == of[:-1]
    corner = of[1:][same & (np.diff(t) < 1e-9)]  # which line comes first, where an edge runs through a corner?
    # The cell entered: the edge's first cell and all the moves on this edge so far.
    total = np.cumsum(move, axis=0)
    opening = np.flatnonzero(np.append(True, ~same)[: len(of)])
    before = np.repeat((total - move)[opening], np.diff(np.append(opening, len(of))), axis=0)
    entered = from_cell[of].astype(np.int64) + total - before
    s_in, s_out = _along_border(at - entered, move), _along_border(at - (entered - move), -move)
    doubtful = np.unique(np.concatenate([ring[touching], ring[crossed[corner]]]))
    return _Crossings(crossed[of], at, entered, s_in, s_out), doubtful


def _along_border(within: Floats, inwards: Integers) -> Floats:
    """Return how far along a cell's border a point on it lies, for the side that a move inwards crosses."""
    x, y = np.clip(within[:, 0], 0, 1), np.clip(within[:, 1], 0, 1)
    sides = [inwards[:, 1] > 0, inwards[:, 0] < 0, inwards[:, 1] < 0]  # south, east, north; else west
    return np.select(sides, [x, 1 + y, 3 - x], 4 - y)


def _settled(
    outlines: _Outlines, crossings: _Crossings, doubtful: Integers, candidates: Candidates, cell_m: float, plane: str
) -> CutOutlines:
    def candidate(zone: Integers, cell: Integers) -> Integers:
        at: Integers = candidates.start[zone] + cell[:, 1] * candidates.wide[zone] + cell[:, 0]
        return at

    # A run begins at each crossing, and ends at the next of its ring.
    ring = outlines.ring[crossings.edge]
    run = np.arange(len(ring))
    last = np.append(ring[1:] != ring[:-1], True)[: len(ring)]
    tail = np.where(last, np.searchsorted(ring, ring), run + 1)
    run_cell = candidate(outlines.zone[ring], crossings.entered)
    runs = np.bincount(run_cell, minlength=len(candidates.zone))

    left = runs > 1
    whole_rings = np.setdiff1d(np.arange(len(outlines.zone)), ring)  # without a crossing: within one cell
    inner = np.floor(outlines.u[outlines.start[whole_rings]]).astype(np.int64)
    left[candidate(outlines.zone[whole_rings], inner)] = True
    zone_left = np.zeros(len(candidates.first), dtype=bool)
    zone_left[outlines.zone[doubtful]] = True
    left |= zone_left[candidates.zone]

    # Runs alone in their cells, closed along the border.
    head = run[~left[run_cell]]
    tail, wraps, cell = tail[head], last[head], run_cell[head]
    origin = np.column_stack([candidates.column[cell], candidates.row[cell]])
    s_out, s_in = crossings.s_out[tail], crossings.s_in[head]
    s_in = np.where(s_in <= s_out, s_in + 4, s_in)
    corner = np.floor(s_out).astype(np.int64) + 1
    corners = np.maximum(np.ceil(s_in).astype(np.int64) - corner, 0)
    corner_at = _CORNERS[(corner[:, None] + np.arange(4)) % 4] + origin[:, None, :]
    geometry = _closed(outlines, crossings, head, tail, wraps, corners, corner_at, candidates.first, cell_m, plane)
    local = corner_at - candidates.first[candidates.zone[cell]][:, None, :]
    area, length, x, y = _moments(outlines, crossings, head, tail, wraps, corners, local)
    first = candidates.first[candidates.zone[cell]]
    return CutOutlines(
        cell,
        geometry,
        area * cell_m**2,
        length * cell_m,
        (x + first[:, 0]) * cell_m,
        (y + first[:, 1]) * cell_m,
        empty=(runs == 0) & ~left,
        open=left,
    )


def _closed(
    outlines: _Outlines,
    crossings: _Crossings,
    head: Integers,
    tail: Integers,
    wraps: Flags,
    corners: Integers,
    corner_at: Integers,
    first: Integers,
    cell_m: float,
    plane: str,
) -> Shapes:
    """Return the polygons of runs: a crossing, vertices, the next crossing, corners of the cell."""
    ring = outlines.ring[crossings.edge[head]]
    start, edges = outlines.start[ring], outlines.edges[ring]
    after = crossings.edge[head] + 1
    vertices = crossings.edge[tail] + 1 - after
    vertices[wraps] += edges[wraps]
    sizes = vertices + 2 + corners
    piece = np.repeat(np.arange(len(head)), sizes)
    begin = np.cumsum(sizes) - sizes
    number = np.arange(len(piece)) - begin[piece] - 1
    source = after[piece] + number
    source = np.where(source >= (start + edges)[piece], source - edges[piece], source)
    # Crossings and corners stand behind the vertices in the table.
    border = corner_at[np.arange(4) < corners[:, None]]
    count = len(outlines.lonlat)
    source[begin] = count + head
    source[begin + vertices + 1] = count + tail
    source[number > vertices[piece]] = count + len(crossings.edge) + np.arange(len(border))
    # The same plane point has the same degrees to the last digit, whichever piece it belongs to.
    own = crossings.u + first[outlines.zone[outlines.ring[crossings.edge]]]
    xy = np.concatenate([own, border]) * cell_m
    lon, lat = crs.unproject(xy[:, 0], xy[:, 1], plane)
    table = np.concatenate([outlines.lonlat, np.column_stack([lon, lat])])
    return np.asarray(shapely.polygons(shapely.linearrings(table[source], indices=piece)), dtype=object)


def _moments(
    outlines: _Outlines,
    crossings: _Crossings,
    head: Integers,
    tail: Integers,
    wraps: Flags,
    corners: Integers,
    corner_at: Integers,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return area, length of the outline and centroid of closed runs (the shoelace formula)."""
    u = outlines.u
    ring = outlines.ring[crossings.edge[head]]
    start, end = outlines.start[ring], outlines.start[ring] + outlines.edges[ring]
    after, to = crossings.edge[head] + 1, crossings.edge[tail]
    edges = _edge_moments(u[:-1], u[1:])
    direct = ~wraps & (to < after)  # both crossings on one edge
    sums = _sums_between(edges, after, np.where(wraps, end, to))
    sums[:, wraps] += _sums_between(edges, start[wraps], to[wraps])
    out_of, into = crossings.u[head], crossings.u[tail]
    sums += _edge_moments(out_of, u[after]) + _edge_moments(u[to], into)
    sums[:, direct] = _edge_moments(out_of[direct], into[direct])
    at = into
    for i in range(4):
        more = corners > i
        following = np.where(more[:, None], corner_at[:, i], at)
        sums += _edge_moments(at, following)
        at = following
    sums += _edge_moments(at, out_of)
    twice, length, x, y = sums
    safe = np.where(np.abs(twice) > 1e-12, 3 * twice, np.inf)
    return twice / 2, length, x / safe, y / safe


def _sums_between(values: Floats, first: Integers, end: Integers) -> Floats:
    """Return the sums of columns from first to before end: of no others, so that company changes no last digit."""
    sums = np.zeros((len(values), len(first)))
    some = np.flatnonzero(end > first)
    if len(some):
        spans = np.column_stack([first[some], end[some]]).ravel()
        # The column more lets a span end where the columns do.
        more = np.column_stack([values, np.zeros(len(values))])
        sums[:, some] = np.add.reduceat(more, spans, axis=1)[:, ::2]
    return sums


def _edge_moments(p: Floats, q: Floats) -> Floats:
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    length = np.hypot(q[:, 0] - p[:, 0], q[:, 1] - p[:, 1])
    return np.stack([cross, length, (p[:, 0] + q[:, 0]) * cross, (p[:, 1] + q[:, 1]) * cross])
