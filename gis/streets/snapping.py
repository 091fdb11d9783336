"""Places joined to the nearest street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import crs
from gis.errors import BadCoordinatesError
from gis.geodesic import quick_distance_m
from gis.streets.network import ModeNetwork

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Snapped:
    """Places and where they join the network; all arrays have the shape ``(k,)``.

    Attributes
    ----------
    lon, lat
        The places, WGS 84.
    edge
        The edge that each one joins, −1 where none is near enough.
    along
        How far along the edge its line is joined, 0 to 1.
    foot_lon, foot_lat
        That point on the edge; NaN without an edge.
    access_m
        Metres between the place and that point; NaN without an edge.
    """

    lon: Floats
    lat: Floats
    edge: Integers
    along: Floats
    foot_lon: Floats
    foot_lat: Floats
    access_m: Floats


def snap(ways: ModeNetwork, lon: ArrayLike, lat: ArrayLike, *, farthest_m: float = 1_000.0) -> Snapped:
    """Return where places join the nearest edge that the mode may use.

    Parameters
    ----------
    ways
        The network of the mode.
    lon, lat
        Places in degrees, WGS 84, shape ``(k,)``.
    farthest_m
        Metres beyond which a place is not joined.

    Raises
    ------
    BadCoordinatesError
        If coordinates are not finite or of different lengths.
    """
    east, north = np.asarray(lon, dtype=float).ravel(), np.asarray(lat, dtype=float).ravel()
    if east.size != north.size or not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise BadCoordinatesError("give one finite longitude and one finite latitude per place")
    edge = np.full(east.size, -1, dtype=np.int64)
    along, foot_lon, foot_lat, access = (np.full(east.size, np.nan) for _ in range(4))
    usable = np.flatnonzero(ways.snappable)
    if usable.size and east.size:
        network = ways.network
        points = np.asarray(shapely.points(*crs.project(east, north, network.plane)), dtype=object)
        tree = shapely.STRtree(network.lines[usable])
        place, nearest = tree.query_nearest(points, max_distance=farthest_m, all_matches=True)
        # Several edges end at one junction: the first in the network, so that the choice does not hang on the tree.
        order = np.lexsort((usable[nearest], place))
        place, first = np.unique(place[order], return_index=True)
        chosen = usable[nearest[order][first]]
        edge[place] = chosen
        lines = network.lines[chosen]
        along[place] = np.clip(shapely.line_locate_point(lines, points[place], normalized=True), 0.0, 1.0)
        feet = shapely.get_coordinates(shapely.line_interpolate_point(lines, along[place], normalized=True))
        foot_lon[place], foot_lat[place] = crs.unproject(feet[:, 0], feet[:, 1], network.plane)
        access[place] = quick_distance_m(east[place], north[place], foot_lon[place], foot_lat[place])
    return Snapped(east, north, edge, along, foot_lon, foot_lat, access)
