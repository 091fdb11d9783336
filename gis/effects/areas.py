"""Which cells of the lattice an action was in, which lie in a ring around it, and which are far enough to compare with."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.effects.displacement import areas_by_distance
from gis.errors import BadGeometryError
from gis.lattice import Lattice


def cells_by_area(
    outline: shapely.Geometry, column: ArrayLike, row: ArrayLike, lattice: Lattice, *, ring_m: float, apart_m: float
) -> NDArray[np.object_]:
    """Return the part that each cell has in the comparison, by the distance of its centre to the action's outline.

    Parameters
    ----------
    outline
        Polygon or multipolygon in WGS 84; a cell whose centre lies in it, or on its edge, belongs to the action.
    column, row
        Cells of the lattice, shape ``(n,)``.
    ring_m
        Width of the ring around the outline, metres.
    apart_m
        Width of the strip beyond the ring that belongs to neither, metres.

    Returns
    -------
    numpy.ndarray
        :class:`~gis.effects.displacement.Area`, shape ``(n,)``.

    Raises
    ------
    BadGeometryError
        If the outline is empty.

    Examples
    --------
    >>> from gis.lattice import cells_of, lattice_for
    >>> lattice = lattice_for(120.24, 29.71, 100.0)
    >>> column, row = cells_of([120.24], [29.71], lattice)
    >>> outline = shapely.box(120.239, 29.709, 120.241, 29.711)
    >>> cells_by_area(outline, column + [0, 2, 4, 30], row + [0, 0, 0, 0], lattice, ring_m=200, apart_m=200)
    array([<Area.ACTION: 'A'>, <Area.RING: 'B'>, <Area.NEITHER: '-'>,
           <Area.CONTROL: 'C'>], dtype=object)
    """
    if shapely.is_empty(outline):
        raise BadGeometryError("the area of the action is empty")
    flat = crs.project_geometries(crs.densify_edges(np.array([outline], dtype=object)), lattice.crs)[0]
    middle = (np.column_stack([np.asarray(column), np.asarray(row)]) + 0.5) * lattice.cell_m
    shapely.prepare(flat)
    away = np.atleast_1d(shapely.distance(flat, shapely.points(middle)))
    return areas_by_distance(away, 0.0, ring_m, apart_m)
