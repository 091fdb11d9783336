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
class _Points:
    """The vertices of outlines and their crossings with the lattice's lines, in the order of the rings.

    ``u`` are plane coordinates in cells; a crossing enters ``entered`` (column, row) at ``s_in`` and leaves the cell
    before at ``s_out``, both counted along the cell's border from its south-western corner, a side being 1.
    """

    u: Floats
    lonlat: Floats
    ring: Integers
    crossing: Flags
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
    parts, part_zone = shapely.get_parts(flat, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    ring_zone = part_zone[ring_part]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    lonlat = shapely.get_coordinates(shapes)
    # Zones on the left: outlines counterclockwise, courtyards clockwise.
    outline = np.append(True, ring_part[1:] != ring_part[:-1])
    turned = shapely.is_ccw(rings) != outline
    if turned.any():
        back = turned[ring]
        size = np.bincount(ring, minlength=len(rings))
        start = np.cumsum(size) - size
        mirror = (2 * start + size - 1)[ring] - np.arange(len(ring))
        order = np.where(back, mirror, np.arange(len(ring)))
        xy, lonlat = xy[order], lonlat[order]
    points, doubtful = _with_crossings(xy / cell_m, lonlat, ring, plane, cell_m)
    return _settled(points, ring_zone, doubtful, candidates, cell_m, plane)


def _with_crossings(u: Floats, lonlat: Floats, ring: Integers, plane: str, cell_m: float) -> tuple[_Points, Integers]:
    """Put the crossings with the lattice's lines into outlines; return the rings where their order is in doubt, too."""
    begins = np.flatnonzero(ring[1:] == ring[:-1])  # an edge runs from each vertex but the closing one
    a, b = u[begins], u[begins + 1]
    low, high = np.floor(a).astype(np.int64), np.floor(b).astype(np.int64)
    steps = high - low
    touching = (u == np.floor(u)).any(axis=1)

    found = []
    for axis in (0, 1):
        count = np.abs(steps[:, axis])
        edge = np.repeat(np.arange(len(begins)), count)
        number = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
        up = steps[edge, axis] > 0
        line = np.where(up, low[edge, axis] + 1 + number, low[edge, axis] - number)
        t = (line - a[edge, axis]) / (b[edge, axis] - a[edge, axis])
        other = a[edge, 1 - axis] + t * (b[edge, 1 - axis] - a[edge, 1 - axis])
        at = np.empty((len(edge), 2))
        at[:, axis], at[:, 1 - axis] = line, other
        move = np.zeros((len(edge), 2), dtype=np.int64)
        move[:, axis] = np.where(up, 1, -1)
        found.append((edge, t, at, move))
    edge, t, at, move = (np.concatenate(both) for both in zip(*found, strict=True))
    order = np.lexsort((t, edge))
    edge, t, at, move = edge[order], t[order], at[order], move[order]
    same = edge[1:] == edge[:-1]
    doubtful = np.concatenate(
        [ring[touching], ring[begins[edge[1:][same & (np.diff(t) < 1e-9)]]]]  # through a corner
    )
    # The cell entered: the edge's first cell and all the moves on this edge so far.
    total = np.cumsum(move, axis=0)
    opening = np.flatnonzero(np.append(True, ~same)) if len(edge) else np.empty(0, dtype=np.int64)
    moved_before = np.repeat((total - move)[opening], np.diff(np.append(opening, len(edge))), axis=0)
    entered = low[edge] + total - moved_before

    lon, lat = crs.unproject(at[:, 0] * cell_m, at[:, 1] * cell_m, plane)
    # The closing vertex goes; a crossing goes behind the vertex that its edge begins at.
    keeps = np.zeros(len(u), dtype=bool)
    keeps[begins] = True
    place = np.searchsorted(begins, begins[edge]) + 1
    flags = np.insert(np.zeros(len(begins), dtype=bool), place, True)
    cells = np.zeros((len(flags), 2), dtype=np.int64)
    cells[flags] = entered
    s_in, s_out = np.zeros(len(flags)), np.zeros(len(flags))
    s_in[flags] = _along_border(at - entered, move)
    s_out[flags] = _along_border(at - (entered - move), -move)
    return (
        _Points(
            np.insert(a, place, at, axis=0),
            np.insert(lonlat[keeps], place, np.column_stack([lon, lat]), axis=0),
            np.insert(ring[begins], place, ring[begins[edge]]),
            flags,
            cells,
            s_in,
            s_out,
        ),
        np.unique(doubtful),
    )


def _along_border(within: Floats, inwards: Integers) -> Floats:
    """Return how far along a cell's border a point on it lies, for the side that a move inwards crosses."""
    x, y = np.clip(within[:, 0], 0, 1), np.clip(within[:, 1], 0, 1)
    sides = [inwards[:, 1] > 0, inwards[:, 0] < 0, inwards[:, 1] < 0]  # south, east, north; else west
    return np.select(sides, [x, 1 + y, 3 - x], 4 - y)


def _settled(
    points: _Points, ring_zone: Integers, doubtful: Integers, candidates: Candidates, cell_m: float, plane: str
) -> CutOutlines:
    rings = len(ring_zone)
    size = np.bincount(points.ring, minlength=rings)
    start = np.cumsum(size) - size
    crossings = np.flatnonzero(points.crossing)
    crossed = np.bincount(points.ring[crossings], minlength=rings) > 0

    # Turn each ring so that it starts at its first crossing; rings without any lie in one cell.
    first = np.zeros(rings, dtype=np.int64)
    first[points.ring[crossings[::-1]]] = crossings[::-1]
    place = np.arange(len(points.ring)) - start[points.ring]
    shift = np.where(crossed, first - start, 0)
    order = start[points.ring] + (place + shift[points.ring]) % size[points.ring]
    order = order[crossed[points.ring]]
    heads = np.flatnonzero(points.crossing[order])
    head = order[heads]
    run_ring = points.ring[head]
    # A run ends where the next of its ring begins.
    after = np.arange(len(head)) + 1
    last = np.append(run_ring[1:] != run_ring[:-1], True) if len(head) else np.empty(0, dtype=bool)
    ring_first_run = np.searchsorted(run_ring, run_ring)
    after[last] = ring_first_run[last]
    tail = head[after] if len(head) else head

    def candidate(zone: Integers, cell: Integers) -> Integers:
        column, row = (cell - candidates.first[zone]).T
        at: Integers = candidates.start[zone] + row * candidates.wide[zone] + column
        return at

    run_cell = candidate(ring_zone[run_ring], points.entered[head])
    runs = np.bincount(run_cell, minlength=len(candidates.zone))
    left = runs > 1
    inner = np.flatnonzero(~crossed)
    left[candidate(ring_zone[inner], np.floor(points.u[start[inner]]).astype(np.int64))] = True
    zone_left = np.zeros(len(candidates.first), dtype=bool)
    zone_left[ring_zone[doubtful]] = True
    left |= zone_left[candidates.zone]

    # Runs alone in their cells, closed along the border.
    alone = np.flatnonzero(~left[run_cell])
    cell = run_cell[alone]
    s_out, s_in = points.s_out[tail[alone]], points.s_in[head[alone]]
    s_in = np.where(s_in <= s_out, s_in + 4, s_in)
    corner = np.floor(s_out).astype(np.int64) + 1
    corners = np.maximum(np.ceil(s_in).astype(np.int64) - corner, 0)
    run_size = np.diff(np.append(heads, len(order)))[alone]
    sizes = run_size + 1 + corners
    begin = np.cumsum(sizes) - sizes
    piece = np.repeat(np.arange(len(alone)), sizes)
    number = np.arange(len(piece)) - begin[piece]
    on_run = number < run_size[piece]
    on_border = number > run_size[piece]
    source = np.where(on_run, 0, tail[alone][piece])
    source[on_run] = order[heads[alone][piece[on_run]] + number[on_run]]
    u, lonlat = points.u[source], points.lonlat[source]
    which = (corner[piece] + number - run_size[piece] - 1)[on_border] % 4
    ends = np.column_stack([candidates.column[cell], candidates.row[cell]])[piece[on_border]]
    ends = ends + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])[which]
    u[on_border] = ends
    lonlat[on_border] = np.column_stack(crs.unproject(ends[:, 0] * cell_m, ends[:, 1] * cell_m, plane))

    area, length, x, y = _moments(
        u, piece, begin, sizes, np.column_stack([candidates.column[cell], candidates.row[cell]])
    )
    geometry = np.asarray(shapely.polygons(shapely.linearrings(lonlat, indices=piece)), dtype=object)
    return CutOutlines(
        cell,
        geometry,
        area * cell_m**2,
        length * cell_m,
        x * cell_m,
        y * cell_m,
        empty=(runs == 0) & ~left,
        open=left,
    )


def _moments(
    u: Floats, piece: Integers, begin: Integers, sizes: Integers, origin: Integers
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return area, length and centroid of closed outlines (the shoelace formula, counted from a corner nearby)."""
    if not len(begin):
        return np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    p = u - origin[piece]
    following = np.arange(1, len(p) + 1)
    following[begin + sizes - 1] = begin
    q = p[following]
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    twice = np.add.reduceat(cross, begin)
    sums = np.add.reduceat((p + q) * cross[:, None], begin, axis=0)
    safe = np.where(np.abs(twice) > 1e-15, 3 * twice, np.inf)
    length = np.add.reduceat(np.hypot(*(q - p).T), begin)
    return twice / 2, length, origin[:, 0] + sums[:, 0] / safe, origin[:, 1] + sums[:, 1] / safe
