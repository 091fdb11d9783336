"""Broken polygons: mended where nothing that matters is lost, and what was done is said."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.errors import BadGeometryError

LARGEST_CHANGE = 0.01
"""Share of the area that mending may change; more means that the shape is not what was meant."""
_LARGEST_GAP = 0.01
_LINES = {"LineString", "LinearRing"}
_POLYGONS = {"Polygon", "MultiPolygon"}


def mend_polygon(geometry: BaseGeometry | None) -> tuple[BaseGeometry, str | None]:
    """Mend a polygon that is not valid, if that is safe.

    Repeated vertices are taken out, an outline drawn as a line is closed, spikes and touching rings are cut with
    ``make_valid`` (method ``structure``). What is left over as points and lines is dropped.

    Parameters
    ----------
    geometry
        A Polygon or MultiPolygon, or an outline drawn as a line, in any CRS.

    Returns
    -------
    geometry, what_was_done
        A valid Polygon or MultiPolygon, and in words what was done; None where nothing was needed.

    Raises
    ------
    BadGeometryError
        Where the shape is empty or no area, has coordinates that are not finite, or mending would change its area by
        1 % or more, as with a bow tie.

    Examples
    --------
    >>> square = shapely.Polygon([(0, 0), (0, 4), (4, 4), (4, 0), (2, 0), (2, -1), (2, 0)])
    >>> mended, done = mend_polygon(square)
    >>> mended.area, done
    (16.0, 'Ring Self-intersection at 2 0 mended, area unchanged')
    """
    if geometry is None or geometry.is_empty:
        msg = "the polygon is empty"
        raise BadGeometryError(msg)
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        msg = "the polygon has coordinates that are infinite or not numbers"
        raise BadGeometryError(msg)
    done: list[str] = []
    if geometry.geom_type in _LINES:
        geometry = _close(geometry, done)
    if geometry.geom_type not in _POLYGONS:
        msg = f"a {geometry.geom_type} is not a polygon"
        raise BadGeometryError(msg)
    if not shapely.is_valid(geometry):
        geometry = _mend(geometry, done)
    if not geometry.area > 0:
        msg = "the polygon has no area"
        raise BadGeometryError(msg)
    return geometry, "; ".join(done) or None


def _close(line: BaseGeometry, done: list[str]) -> BaseGeometry:
    vertices = shapely.get_coordinates(line)
    gap = float(np.hypot(*(vertices[-1] - vertices[0])))
    if len(vertices) < 3 or gap > _LARGEST_GAP * line.length:
        msg = "the outline is a line whose ends do not meet; close it"
        raise BadGeometryError(msg)
    done.append("the outline was a line and was closed" if gap else "the outline was a closed line")
    try:
        return shapely.Polygon(vertices)
    except (ValueError, shapely.errors.GEOSException):
        msg = "the outline has too few vertices for a polygon"
        raise BadGeometryError(msg) from None


def _mend(geometry: BaseGeometry, done: list[str]) -> BaseGeometry:
    reason = shapely.is_valid_reason(geometry).replace("[", " at ").replace("]", "")
    before = geometry.area
    count = shapely.get_num_coordinates(geometry)
    plain = shapely.remove_repeated_points(geometry)
    removed = int(count - shapely.get_num_coordinates(plain))
    if removed and shapely.is_valid(plain):
        done.append(f"{removed} repeated vertices were taken out")
        return plain
    try:
        made: BaseGeometry = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    except shapely.errors.GEOSException:
        msg = f"the polygon is broken ({reason}) and cannot be mended; draw it again"
        raise BadGeometryError(msg) from None
    mended = _polygons_only(made)
    after = mended.area
    if mended.is_empty or before <= 0 or abs(after - before) >= LARGEST_CHANGE * max(before, after):
        change = (
            f"{abs(after - before) / max(before, after):.1%} of its area" if max(before, after) > 0 else "all of it"
        )
        msg = f"the polygon is broken ({reason}); mending would change {change}; draw it again"
        raise BadGeometryError(msg)
    share = abs(after - before) / before
    changed = f"area changed by {share:.2g}" if share >= 1e-6 else "area unchanged"
    done.append(f"{reason} mended, {changed}")
    return mended


def _polygons_only(geometry: BaseGeometry) -> BaseGeometry:
    if geometry.geom_type in _POLYGONS:
        return geometry
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons: BaseGeometry = shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
    return polygons
