"""The city's lattice: cells of one size in one metric plane, shared by all perimeters, and official unit grids.

A generated cell is about 10,000 m² with sides of 100 m, as the unit grids (单元网格) of GB/T 30428.1 are. The lattice
is anchored in the origin of the 3-degree plane that the city lies in, so a cell and its code depend on the place
alone and never on which perimeter was built first.

Zones have edges straight in longitude and latitude (RFC 7946), the lattice has lines straight in the plane; edges are
densified on the way in and out, so that the two agree within a millimetre.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadGeometryError, GisError
from gis.outlines import Candidates, candidate_cells, cut_outlines
from gis.perimeters import true_area_m2

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

_SLIVER_M2 = 1e-3  # pieces below ten square centimetres,
_SLIVER_M = 1e-3  # or thinner than a millimetre on average, are rounding: edges are true to half of that
_SLIVER_DEG2 = 1e-13  # the same in square degrees, roughly
_POLYGON, _MULTIPOLYGON = 3, 6
_NEAR_ANTIMERIDIAN_DEG = 179.0
_THREADS = 2  # numpy, PROJ and GEOS let go of the interpreter over arrays, so that threads share the work;
_CHUNK = 400  # arrays of some hundred zones stay in the processor's cache


@dataclass(frozen=True)
class Lattice:
    """Square cells of ``cell_m`` metres in the 3-degree plane on ``meridian_deg``."""

    meridian_deg: float
    cell_m: float

    def __post_init__(self) -> None:
        if not 1 <= self.cell_m <= 100_000:
            raise GisError(f"a cell side of {self.cell_m} m cannot be used; it must lie between 1 and 100,000 m")
        if not abs(self.meridian_deg) <= 180:
            raise GisError(f"a lattice cannot stand on the meridian {self.meridian_deg}; it must lie within ±180°")

    @property
    def crs(self) -> str:
        """The metric plane, as a PROJ string."""
        return crs.meridian_crs(self.meridian_deg)


@dataclass(frozen=True)
class CellPieces:
    """Zones cut into cells: which zone, which cell, the piece in WGS 84, and its true area in square metres."""

    zone_index: Integers
    column: Integers
    row: Integers
    geometry: Shapes
    area_m2: Floats


@dataclass(frozen=True)
class UnitPieces:
    """Zones cut into official unit grids; ``unit_index`` is the position of the unit."""

    zone_index: Integers
    unit_index: Integers
    geometry: Shapes
    area_m2: Floats


class UnitCode(NamedTuple):
    """The parts of a unit grid's code of 15 digits (GB/T 30428.1)."""

    county: str
    township: str
    community: str
    sequence: str


def lattice_for(lon: float, lat: float, cell_m: float) -> Lattice:
    """Return the lattice of a city around a place."""
    return Lattice(crs.metric_meridian_deg(lon), cell_m)


def cells_of(lon: ArrayLike, lat: ArrayLike, lattice: Lattice) -> tuple[Integers, Integers]:
    """Return column and row of the cell that holds each point; western and southern sides belong to the cell.

    Parameters
    ----------
    lon, lat
        WGS 84 degrees, shape ``(n,)``.

    Returns
    -------
    column, row
        Counted eastwards and northwards from the plane's origin; rows are negative south of the equator.

    Examples
    --------
    >>> column, row = cells_of([120.24, 120.2402], [29.71, 29.71], Lattice(120.0, 100.0))
    >>> column.tolist(), row.tolist()
    ([5232, 5232], [32879, 32879])
    """
    x, y = crs.project(lon, lat, lattice.crs)
    column = np.floor(x / lattice.cell_m).astype(np.int64)
    row = np.floor(y / lattice.cell_m).astype(np.int64)
    return column, row


def cell_polygons(column: ArrayLike, row: ArrayLike, lattice: Lattice) -> Shapes:
    """Return the squares of cells in WGS 84, shape ``(n,)``; neighbours share their corners to the last digit.

    Sides above 100 m get vertices in between. A square across the antimeridian comes in two parts.
    """
    columns, rows = np.atleast_1d(np.asarray(column, np.int64)), np.atleast_1d(np.asarray(row, np.int64))
    if not columns.size:
        return np.empty(0, dtype=object)
    parts = int(np.ceil(lattice.cell_m / crs.LONGEST_EDGE_M))
    rising, zero, one = np.arange(parts) / parts, np.zeros(parts), np.ones(parts)
    x = (columns[:, None] + np.concatenate([rising, one, 1 - rising, zero])) * lattice.cell_m
    y = (rows[:, None] + np.concatenate([zero, rising, one, 1 - rising])) * lattice.cell_m
    lon, lat = crs.unproject(x, y, lattice.crs)
    squares = np.asarray(shapely.polygons(np.stack([_beside(lon, lattice), lat], axis=-1)), dtype=object)
    return crs.cut_at_antimeridian(squares)


def cell_codes(prefix: str, column: ArrayLike, row: ArrayLike, lattice: Lattice) -> NDArray[np.object_]:
    """Return the codes of generated cells: ``<prefix>-<cell size>-<column>-<row>``.

    The sequence of an official code is numbered from west to east within a community and would change whenever a
    perimeter is added; and a generated code must not pass for one that the city has assigned: so these differ, by their
    hyphens and length, from any 15 digits. Rows south of the equator are negative: ``-100-5231--12``.

    Examples
    --------
    >>> cell_codes("330681", [5231], [32875], Lattice(120.0, 100.0)).tolist()
    ['330681-100-5231-32875']
    """
    size = f"{lattice.cell_m:g}"
    columns, rows = np.asarray(column).tolist(), np.asarray(row).tolist()
    out = np.empty(len(columns), dtype=object)
    out[:] = [f"{prefix}-{size}-{c}-{r}" for c, r in zip(columns, rows, strict=True)]
    return out


def cut_cells(zones: Shapes, lattice: Lattice, *, holes: Shapes | None = None) -> CellPieces:
    """Cut zones into cells of the lattice, clipped at the zones' edges.

    Parameters
    ----------
    zones
        Polygons or multipolygons in WGS 84, shape ``(n,)``.
    lattice
        The city's lattice.
    holes
        What is left out of each zone, such as its campus, shape ``(n,)``; None, or None for a zone: nothing.

    Returns
    -------
    CellPieces
        Pieces by zone, row and column: valid polygons and multipolygons without overlaps; their union is the zone
        (scraps below 10 cm², or thinner than a millimetre, are dropped). A zone's pieces do not depend on the other zones.

    Raises
    ------
    BadGeometryError
        For a zone that is missing, empty, broken or no polygon, or a broken hole; the text names the first one by its
        index from 0.
    """
    shapes = _without_holes(zones, holes)
    with ThreadPoolExecutor(_THREADS) as pool:
        # At least one chunk, so that no zones make empty arrays of the right types.
        made = list(pool.map(lambda first: _cut(shapes, first, lattice), range(0, max(len(shapes), 1), _CHUNK)))
    zone, column, row, geometry, area = (np.concatenate(arrays) for arrays in zip(*made, strict=True))
    return CellPieces(zone, column, row, geometry, area)


def cut_unit_grids(zones: Shapes, units: Shapes, *, holes: Shapes | None = None) -> UnitPieces:
    """Cut zones into official unit grids; what no unit covers is left out.

    Parameters
    ----------
    zones, holes
        As for :func:`cut_cells`.
    units
        Polygons or multipolygons in WGS 84 without overlaps, shape ``(m,)``.

    Returns
    -------
    UnitPieces
        Pieces by zone and unit, cut along the official borders as they are given.

    Raises
    ------
    BadGeometryError
        As :func:`cut_cells`, for units too.
    """
    shapes, grids = _without_holes(zones, holes), _polygons(units, "unit grid")
    if not len(shapes) or not len(grids):
        nothing = np.empty(0, dtype=np.int64)
        return UnitPieces(nothing, nothing, np.empty(0, dtype=object), np.empty(0))
    zone, unit = shapely.STRtree(grids).query(shapes, predicate="intersects").astype(np.int64)
    order = np.lexsort((unit, zone))
    zone, unit = zone[order], unit[order]
    shapely.prepare(shapes)
    cut = np.flatnonzero(~shapely.covers(shapes[zone], grids[unit]))
    pieces = grids[unit]
    pieces[cut] = _areal(shapely.intersection(shapes[zone[cut]], grids[unit[cut]]), _SLIVER_DEG2)
    area = true_area_m2(pieces)
    keep = area > _SLIVER_M2
    return UnitPieces(zone[keep], unit[keep], pieces[keep], area[keep])


def parse_unit_code(code: str) -> UnitCode:
    """Return the parts of an official unit grid's code.

    Raises
    ------
    GisError
        Where it is not 15 digits.

    Examples
    --------
    >>> parse_unit_code("330681001002003")
    UnitCode(county='330681', township='001', community='002', sequence='003')
    """
    text = code.strip()
    if len(text) != 15 or not text.isascii() or not text.isdigit():
        raise GisError(
            f"the unit grid code {text[:40]!r} must have 15 digits: 6 county, 3 township, 3 community, 3 sequence"
        )
    return UnitCode(text[:6], text[6:9], text[9:12], text[12:])


# ------------------------------------------------------------------------------------------------ what comes in


def _polygons(given: ArrayLike, what: str) -> Shapes:
    shapes = np.atleast_1d(np.array(given, dtype=object))
    if shapes.ndim != 1:
        raise BadGeometryError(f"{what}s must be one row of polygons; their shape is {shapes.shape}")
    _refuse(~np.asarray(shapely.is_geometry(shapes), dtype=bool), what, lambda _: "is missing or empty, or no geometry")
    _refuse(shapely.is_empty(shapes), what, lambda _: "is missing or empty")
    areal = np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON))
    _refuse(~areal, what, lambda i: f"is no polygon but {str(shapes[i])[:40]}")
    _refuse(
        ~shapely.is_valid(shapes), what, lambda i: f"is broken: {shapely.is_valid_reason(shapes[i])}; mend it first"
    )
    return shapes


def _refuse(wrong: NDArray[np.bool_], what: str, why: Callable[[int], str]) -> None:
    if np.any(wrong):
        at = int(np.flatnonzero(wrong)[0])
        raise BadGeometryError(f"{what} {at} {why(at)}")


def _with_holes(holes: ArrayLike, size: int) -> tuple[Shapes, Integers]:
    """Return the holes there are and the zones they are for."""
    cut = np.atleast_1d(np.array(holes, dtype=object))
    if cut.shape != (size,):
        raise BadGeometryError(f"there must be one hole, or None, for each of the {size} zones, not {cut.size}")
    filled = np.array([h is not None and not getattr(h, "is_empty", False) for h in cut], dtype=bool)
    at = np.flatnonzero(filled)
    stand_in = cut.copy()
    stand_in[~filled] = shapely.box(0, 0, 1, 1)  # so that a complaint names the index of the caller's array
    return _polygons(stand_in, "hole")[at], at


def _without_holes(zones: ArrayLike, holes: ArrayLike | None) -> Shapes:
    shapes = _polygons(zones, "zone")
    if holes is not None:
        cut, at = _with_holes(holes, len(shapes))
        shapes[at] = shapely.difference(shapes[at], cut)
    return shapes


# ------------------------------------------------------------------------------------------------------- cutting


def _cut(zones: Shapes, first: int, lattice: Lattice) -> tuple[Integers, Integers, Integers, Shapes, Floats]:
    """Return zone, column, row, piece and true area for the zones of a chunk."""
    shapes = crs.densify_edges(zones[first : first + _CHUNK])
    flat = crs.project_geometries(shapes, lattice.crs)
    cells = candidate_cells(flat, lattice.cell_m)
    geometry = np.empty(len(cells.zone), dtype=object)
    plane_area, whole = np.zeros(len(cells.zone)), np.zeros(len(cells.zone), dtype=bool)
    middle = np.column_stack([cells.column + 0.5, cells.row + 0.5]) * lattice.cell_m
    shapely.prepare(flat)

    left, scrap = np.ones(len(cells.zone), dtype=bool), np.empty(0, dtype=np.int64)
    valid = shapely.is_valid(flat)
    simple = valid & (np.abs(shapely.bounds(shapes)[:, ::2]).max(axis=1) < _NEAR_ANTIMERIDIAN_DEG)
    if lattice.cell_m <= crs.LONGEST_EDGE_M and len(flat):
        made = cut_outlines(shapes, flat, cells, lattice.cell_m, lattice.crs)
        geometry[made.cell], plane_area[made.cell] = made.geometry, made.area
        middle[made.cell] = np.column_stack([made.x, made.y])
        empty = np.flatnonzero(made.empty)
        whole[empty] = shapely.contains_xy(flat[cells.zone[empty]], middle[empty, 0], middle[empty, 1])
        plane_area[whole] = lattice.cell_m**2
        broken = made.cell[~shapely.is_valid(made.geometry) | (made.area < 0)]
        left = made.open | ~simple[cells.zone]
        left[broken] = True
        scrap = made.cell[~_is_piece(made.area, made.length) & ~left[made.cell]]
    at = np.flatnonzero(left)
    _meet_at_antimeridian(flat, valid, first)
    _cut_by_geos(flat, cells, lattice, at, geometry, plane_area, whole, middle)

    # Whatever went wrong in a zone, its pieces would not add up.
    apart = np.abs(np.bincount(cells.zone, plane_area, len(flat)) - shapely.area(flat))
    wrong = apart > 1e-8 * shapely.area(flat) + _SLIVER_M2
    if wrong.any():
        again = np.flatnonzero(wrong[cells.zone] & ~left)
        _cut_by_geos(flat, cells, lattice, again, geometry, plane_area, whole, middle)
    plane_area[scrap[~wrong[cells.zone[scrap]]]] = 0.0
    some = np.flatnonzero(plane_area > 0)
    column, row, whole, geometry = cells.column[some], cells.row[some], whole[some], geometry[some]
    geometry[whole] = cell_polygons(column[whole], row[whole], lattice)
    area = plane_area[some] / crs.point_scale(middle[some, 0], middle[some, 1], lattice.crs) ** 2
    return cells.zone[some] + first, column, row, geometry, area


def _meet_at_antimeridian(flat: Shapes, valid: NDArray[np.bool_], first: int) -> None:
    """Make one of two parts on either side of the antimeridian, which touch in the plane."""
    for i in np.flatnonzero(~valid):
        flat[i] = shapely.union_all(shapely.get_parts(flat[i]))
        if not flat[i].is_valid:
            raise BadGeometryError(f"zone {first + i} is broken in the plane of the lattice")
    shapely.prepare(flat)


def _cut_by_geos(
    flat: Shapes,
    cells: Candidates,
    lattice: Lattice,
    at: Integers,
    geometry: Shapes,
    plane_area: Floats,
    whole: NDArray[np.bool_],
    middle: Floats,
) -> None:
    """Work out some cells one by one, and write what they are into the arrays."""
    if not len(at):
        return
    side, column, row = lattice.cell_m, cells.column[at], cells.row[at]
    squares = np.asarray(shapely.box(column * side, row * side, (column + 1) * side, (row + 1) * side), dtype=object)
    mine = flat[cells.zone[at]]
    inside = shapely.covers(mine, squares)
    pieces = squares.copy()
    pieces[~inside] = shapely.intersection(mine[~inside], squares[~inside])
    pieces = _areal(pieces, _SLIVER_M2)
    area = shapely.area(pieces)
    whole[at], geometry[at], plane_area[at] = inside, None, np.where(_is_piece(area, shapely.length(pieces)), area, 0)
    cut = np.flatnonzero(~inside & (plane_area[at] > 0))
    geometry[at[cut]] = _out_of_plane(pieces[cut], lattice)
    middle[at[cut]] = shapely.get_coordinates(shapely.centroid(pieces[cut]))


def _is_piece(area: Floats, length: Floats) -> NDArray[np.bool_]:
    big: NDArray[np.bool_] = area > np.maximum(_SLIVER_M2, length / 2 * _SLIVER_M)
    return big


def _areal(shapes: Shapes, smallest: float) -> Shapes:
    """Return only the areas of what an intersection gave: lines and points where edges touch fall away, and scraps."""
    out = shapes.copy()
    mixed = np.flatnonzero(shapely.get_type_id(shapes) != _POLYGON)
    parts, owner = shapely.get_parts(shapes[mixed], return_index=True)
    kept = (shapely.get_type_id(parts) == _POLYGON) & (shapely.area(parts) > smallest)
    parts, owner = parts[kept], owner[kept]
    count = np.bincount(owner, minlength=len(mixed))
    out[mixed] = shapely.Polygon()
    out[mixed[count == 1]] = parts[count[owner] == 1]
    for at in np.flatnonzero(count > 1):
        out[mixed[at]] = shapely.multipolygons(parts[owner == at])
    return out


def _out_of_plane(pieces: Shapes, lattice: Lattice) -> Shapes:
    dense = shapely.segmentize(pieces, crs.LONGEST_EDGE_M) if lattice.cell_m > crs.LONGEST_EDGE_M else pieces
    xy = shapely.get_coordinates(dense)
    lon, lat = crs.unproject(xy[:, 0], xy[:, 1], lattice.crs)
    out = np.array(shapely.set_coordinates(dense.copy(), np.column_stack([_beside(lon, lattice), lat])), dtype=object)
    for i in np.flatnonzero(~shapely.is_valid(out)):  # rounding to degrees can fold what is 1e-8 m wide
        out[i] = _areal(np.array([shapely.make_valid(out[i])], dtype=object), 0.0)[0]
    return crs.cut_at_antimeridian(out)


def _beside(lon: Floats, lattice: Lattice) -> Floats:
    """Let longitudes run on past ±180° beside the lattice's meridian, so that no shape spans the world."""
    near: Floats = lon - 360.0 * np.round((lon - lattice.meridian_deg) / 360.0)
    return near
