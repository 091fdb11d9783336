"""The areas without stalls that townships drew: they come before the distance of the rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.geodesic import nearest_on_boundaries

Floats = NDArray[np.float64]


class Edge(NamedTuple):
    """Which places lie in an area, how far they are from its edge in metres, and the foot there."""

    inside: NDArray[np.bool_]
    edge_m: Floats
    foot: Floats


@dataclass(frozen=True)
class Area:
    """All that one township drew and that is in force."""

    shape: shapely.Geometry

    def measure(self, lon: Floats, lat: Floats) -> Edge:
        """Return where places lie in or outside the area; its edge is part of it."""
        edge = shapely.boundary(self.shape)
        lines = np.full(len(lon), edge, dtype=object)
        found = nearest_on_boundaries(np.array(shapely.points(lon, lat), dtype=object).reshape(-1), lines)
        within = shapely.intersects_xy(self.shape, lon, lat) | (found.distance_m == 0)
        return Edge(within, found.distance_m, np.column_stack([found.lon, found.lat]))

    def places_in_or_near(self, lon: Floats, lat: Floats, error_m: Floats) -> NDArray[np.int64]:
        """Return the positions of places in the area, or nearer to it than they may be off."""
        west, south, east, north = shapely.bounds(self.shape)
        slack = error_m / 110_500.0
        slack_x = slack / np.cos(np.radians(np.minimum(np.abs(lat) + slack, 89.0)))
        near = (lon >= west - slack_x) & (lon <= east + slack_x) & (lat >= south - slack) & (lat <= north + slack)
        at = np.flatnonzero(near)
        found = self.measure(lon[at], lat[at])
        return at[found.inside | (found.edge_m < error_m[at])]


def areas_in_force(township_areas: pd.DataFrame | None, on: dt.date) -> dict[str, Area]:
    """Return for each township (its code) the areas that it drew and that are in force on a day.

    Parameters
    ----------
    township_areas
        ``district`` (code), ``boundary`` (polygon in WGS 84), ``valid_from``, ``valid_to`` (days or None).
    """
    shapes: dict[str, list[Any]] = {}
    if township_areas is not None:
        row: Any
        for row in township_areas.itertuples():
            begun = pd.isna(row.valid_from) or row.valid_from <= on
            ended = not pd.isna(row.valid_to) and row.valid_to < on
            if begun and not ended:
                shapes.setdefault(str(row.district), []).append(row.boundary)
    return {district: Area(shapely.union_all(some)) for district, some in shapes.items()}
