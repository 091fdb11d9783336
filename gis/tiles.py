"""Vector tiles: what a map is drawn from, cut into squares of the Web Mercator pyramid.

Mapbox Vector Tile specification 2.1. For drawing only: distances are never measured on what comes out of here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.errors import BadCoordinatesError

EXTENT = 4096  # units along an edge of a tile
MARGIN = 80  # units kept beyond each edge, so that lines and edges do not end in view
DEEPEST = 15  # further in, tiles of this level are drawn larger: a unit is then 0.3 m on the equator
_UNITS_PER_PIXEL = EXTENT / 256


@dataclass(frozen=True)
class TileLayer:
    """Features of one kind: geometries in WGS 84 and their properties, of one length."""

    geometry: NDArray[np.object_]
    properties: Sequence[Mapping[str, Any]]


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the box of a tile with its margin: west, south, east, north in degrees.

    Raises
    ------
    BadCoordinatesError
        Where there is no such tile.

    Examples
    --------
    >>> [round(v, 2) for v in tile_bounds(0, 0, 0)]
    [-180.0, -85.62, 180.0, 85.62]
    """
    if not 0 <= z <= DEEPEST:
        msg = f"there is no level {z}: levels are 0 to {DEEPEST}"
        raise BadCoordinatesError(msg)
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        msg = f"there is no tile {z}/{x}/{y}: columns and rows of this level are 0 to {2**z - 1}"
        raise BadCoordinatesError(msg)
    share = MARGIN / EXTENT
    west, east = ((x + step) / 2**z * 360.0 - 180.0 for step in (-share, 1 + share))
    north, south = (
        float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + step) / 2**z))))) for step in (-share, 1 + share)
    )
    return max(west, -180.0), south, min(east, 180.0), north


def in_tile_units(geometry: NDArray[np.object_], z: int, x: int, y: int) -> NDArray[np.object_]:
    """Return WGS 84 geometries in a tile's units: from the upper left corner, y downwards, not cut yet."""

    def moved(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        sine = np.sin(np.radians(np.clip(lonlat[:, 1], -85.0511287, 85.0511287)))
        across = (lonlat[:, 0] / 360.0 + 0.5) * 2**z - x
        down = (0.5 - np.arctanh(sine) / (2 * np.pi)) * 2**z - y
        return np.column_stack((across, down)) * EXTENT

    out: NDArray[np.object_] = shapely.transform(geometry, moved)
    return out


def vector_tile(layers: Mapping[str, TileLayer], z: int, x: int, y: int) -> bytes:
    """Return one tile; empty where nothing lies in it.

    What is smaller than a pixel is left out, and lines and edges are simplified to half a pixel, but on the deepest level,
    which is drawn larger.

    Parameters
    ----------
    layers
        Name → features, in the order in which they are to be kept.
    z, x, y
        Level, column from the west, row from the north.
    """
    written = []
    for name, layer in layers.items():
        shapes = in_tile_units(layer.geometry, z, x, y)
        tolerance = 0.0 if z >= DEEPEST else _UNITS_PER_PIXEL / 2
        if tolerance:
            shapes = shapely.simplify(shapes, tolerance, preserve_topology=False)
        shapes = shapely.clip_by_rect(shapes, -MARGIN, -MARGIN, EXTENT + MARGIN, EXTENT + MARGIN)
        shapes = shapely.set_precision(shapely.make_valid(shapes), 1.0)
        areas = shapely.get_dimensions(shapes) == 2
        seen = ~shapely.is_empty(shapes) & ~(areas & (shapely.area(shapes) < (tolerance * 2) ** 2))
        features = [
            {"geometry": shape, "properties": dict(properties)}
            for shape, properties, keep in zip(shapes, layer.properties, seen, strict=True)
            if keep
        ]
        if features:
            written.append({"name": name, "features": features})
    if not written:
        return b""
    options = {"y_coord_down": True, "extents": EXTENT}
    encoded: bytes = mapbox_vector_tile.encode(written, default_options=options)
    return encoded
