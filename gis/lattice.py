"""The city's lattice: cells of one size in one metric plane, shared by all perimeters, and official unit grids.

A generated cell is about 10,000 m² with sides of 100 m, as the unit grids (单元网格) of GB/T 30428.1 are. The lattice
is anchored in the origin of the 3-degree plane that the city lies in, so a cell and its code depend on the place
alone and never on which perimeter was built first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadGeometryError, GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

_SLIVER_M2 = 1e-6  # pieces below a square millimetre are rounding


@dataclass(frozen=True)
class Lattice:
    """Square cells of ``cell_m`` metres in the 3-degree plane on ``meridian_deg``."""

    meridian_deg: float
    cell_m: float

    def __post_init__(self) -> None:
        if not 1 <= self.cell_m <= 100_000:
            raise GisError(f"a cell side of {self.cell_m} m cannot be used; it must lie between 1 and 100,000 m")

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
    """
    x, y = crs.project(lon, lat, lattice.crs)
    column = np.floor(x / lattice.cell_m).astype(np.int64)
    row = np.floor(y / lattice.cell_m).astype(np.int64)
    return column, row


def cell_polygons(column: ArrayLike, row: ArrayLike, lattice: Lattice) -> Shapes:
    """Return the squares of cells in WGS 84, shape ``(n,)``."""
    boxes = _boxes(np.asarray(column, dtype=np.int64), np.asarray(row, dtype=np.int64), lattice)
    return crs.unproject_geometries(boxes, lattice.crs)


def cell_codes(prefix: str, column: ArrayLike, row: ArrayLike, lattice: Lattice) -> NDArray[np.object_]:
    """Return the codes of generated cells: ``<prefix>-<cell size>-<column>-<row>``.

    The sequence of an official code is numbered from west to east within a community and would change whenever a
    perimeter is added; and a generated code must not pass for one that the city has assigned: so these differ.

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
    holes
        What is left out of each zone, such as its campus, shape ``(n,)``; None: nothing.

    Returns
    -------
    CellPieces
        Pieces by zone, row and column; their union is the zone.
    """
    flat = _flat(zones, holes, lattice.crs)
    zone, column, row = _candidates(flat, lattice.cell_m)
    boxes = _boxes(column, row, lattice)
    shapely.prepare(flat)
    whole = shapely.contains_properly(flat[zone], boxes)
    touched = whole | shapely.intersects(flat[zone], boxes)
    zone, column, row, boxes, whole = zone[touched], column[touched], row[touched], boxes[touched], whole[touched]
    pieces = boxes.copy()
    cut = np.flatnonzero(~whole)
    pieces[cut] = _areal(shapely.intersection(flat[zone[cut]], boxes[cut]))
    keep = shapely.area(pieces) > _SLIVER_M2
    zone, column, row, pieces = zone[keep], column[keep], row[keep], pieces[keep]
    order = np.lexsort((column, row, zone))
    zone, column, row, pieces = zone[order], column[order], row[order], pieces[order]
    return CellPieces(zone, column, row, crs.unproject_geometries(pieces, lattice.crs), _true_area(pieces, lattice.crs))


def cut_unit_grids(zones: Shapes, units: Shapes, *, holes: Shapes | None = None) -> UnitPieces:
    """Cut zones into official unit grids; what no unit covers is left out.

    Parameters
    ----------
    zones, holes
        As for :func:`cut_cells`.
    units
        Polygons in WGS 84 without overlaps, shape ``(m,)``.
    """
    if not len(zones) or not len(units):
        nothing = np.empty(0, dtype=np.int64)
        return UnitPieces(nothing, nothing, np.empty(0, dtype=object), np.empty(0))
    west, _, east, _ = shapely.total_bounds(zones)
    plane = crs.metric_crs((west + east) / 2, 0.0)
    flat = _flat(zones, holes, plane)
    flat_units = crs.project_geometries(units, plane)
    zone, unit = shapely.STRtree(flat_units).query(flat, predicate="intersects").astype(np.int64)
    pieces = _areal(shapely.intersection(flat[zone], flat_units[unit]))
    keep = shapely.area(pieces) > _SLIVER_M2
    zone, unit, pieces = zone[keep], unit[keep], pieces[keep]
    order = np.lexsort((unit, zone))
    zone, unit, pieces = zone[order], unit[order], pieces[order]
    return UnitPieces(zone, unit, crs.unproject_geometries(pieces, plane), _true_area(pieces, plane))


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


def _flat(zones: Shapes, holes: Shapes | None, plane: str) -> Shapes:
    shapes = np.asarray(zones, dtype=object)
    bad = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if bad.any():
        raise BadGeometryError(f"zone {int(np.flatnonzero(bad)[0])} is missing or empty")
    if holes is not None:
        shapes = shapely.difference(shapes, np.asarray(holes, dtype=object))
    return crs.project_geometries(shapes, plane)


def _candidates(flat: Shapes, cell_m: float) -> tuple[Integers, Integers, Integers]:
    """Return zone, column and row of every cell that a zone's box meets."""
    bounds = shapely.bounds(flat) / cell_m
    first = np.floor(bounds[:, :2]).astype(np.int64)
    wide, high = (np.floor(bounds[:, 2:]).astype(np.int64) - first + 1).T
    zone = np.repeat(np.arange(len(flat)), wide * high)
    start = np.repeat(np.cumsum(wide * high) - wide * high, wide * high)
    place = np.arange(len(zone)) - start
    column = first[zone, 0] + place % wide[zone]
    row = first[zone, 1] + place // wide[zone]
    return zone, column, row


def _boxes(column: Integers, row: Integers, lattice: Lattice) -> Shapes:
    x, y, side = column * lattice.cell_m, row * lattice.cell_m, lattice.cell_m
    out: Shapes = shapely.box(x, y, x + side, y + side)
    return out


def _areal(shapes: Shapes) -> Shapes:
    """Return only the areas of what an intersection gave: lines and points where edges touch fall away."""
    out = shapes.copy()
    for at in np.flatnonzero(shapely.get_type_id(shapes) == 7):
        parts = shapely.get_parts(shapes[at])
        out[at] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), (3, 6))])
    return out


def _true_area(flat: Shapes, plane: str) -> Floats:
    if not len(flat):
        return np.empty(0)
    middle = shapely.get_coordinates(shapely.centroid(flat))
    area: Floats = shapely.area(flat) / crs.point_scale(middle[:, 0], middle[:, 1], plane) ** 2
    return area
