"""Which shapes lie within some metres of each other; for sorting out a map, not for evidence.

Plane distances in the 3-degree Gauss–Krüger zone are at most 0.04 % too long, 1 mm in 3 m; what a rule is judged by
comes from :mod:`gis.geodesic`.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import meridian_crs, metric_meridian_deg, project_geometries

Shapes = NDArray[np.object_]
_M_PER_DEGREE = 110_500.0  # of latitude, at the equator, where it is least


def near_pairs(
    first: Shapes, second: Shapes, limit_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the pairs of shapes at most ``limit_m`` apart.

    Parameters
    ----------
    first, second
        Shapes in WGS 84 degrees, shapes ``(n,)`` and ``(m,)``.
    limit_m
        Largest distance in metres, itself included.

    Returns
    -------
    tuple of numpy.ndarray
        Index into ``first``, index into ``second``, distance in metres, ordered by both indices.
    """
    none = np.zeros(0, dtype=np.intp)
    if not len(first) or not len(second):
        return none, none, np.zeros(0)
    west, south, east, north = shapely.bounds(second).T
    pad_lat = limit_m / _M_PER_DEGREE
    pad_lon = pad_lat / np.maximum(
        np.cos(np.radians(np.minimum(np.maximum(abs(south), abs(north)) + pad_lat, 89.9))), 1e-3
    )
    boxes = shapely.box(west - pad_lon, south - pad_lat, east + pad_lon, north + pad_lat)
    of_second, of_first = shapely.STRtree(first).query(boxes)
    apart = _distances_m(first[of_first], second[of_second])
    close = apart <= limit_m
    of_first, of_second, apart = of_first[close], of_second[close], apart[close]
    order = np.lexsort((of_second, of_first))
    return of_first[order], of_second[order], apart[order]


def _distances_m(first: Shapes, second: Shapes) -> NDArray[np.float64]:
    if not len(first):
        return np.zeros(0)
    lon = shapely.get_x(shapely.centroid(first))
    meridian = np.array([metric_meridian_deg(float(x)) for x in np.round(lon, 3)])
    apart = np.zeros(len(first))
    for zone in np.unique(meridian):
        here = meridian == zone
        plane = meridian_crs(float(zone))
        apart[here] = shapely.distance(project_geometries(first[here], plane), project_geometries(second[here], plane))
    return apart
