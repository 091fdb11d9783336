"""Hazards: what ties them to cells and schools, and how they are logged, moved and found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store import cities, grids, hazards, schools
from api.store.models import City
from api.store.spatial import Bounds
from gis.geodesic import distance_m, pairs_within
from gis.lattice import cell_codes, cells_of

_DEGREES_A_KILOMETRE = 0.02  # generous up to 60 degrees of latitude: only to narrow a search


def cells_at(session: Session, city: City, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[int | None]:
    """Return the id of the cell that holds each point; None outside all cells.

    On the border of two official unit grids the lower code holds the point, on the lattice the cell to the
    north-east: each point is in one cell.
    """
    out: list[int | None] = [None] * len(lon)
    if not len(lon):
        return out
    if grids.has_unit_cells(session, city):
        units = grids.unit_cells(session, city, bounds=(lon.min(), lat.min(), lon.max(), lat.max()))
        tree = shapely.STRtree(units["outline"].to_numpy(dtype=object))
        point, unit = tree.query(shapely.points(lon, lat), predicate="intersects")
        ids = units["id"].to_numpy()
        for p, u in sorted(zip(point.tolist(), unit.tolist(), strict=True), reverse=True):
            out[p] = int(ids[u])
        return out
    lattice = cities.lattice_of(city)
    if lattice is None:
        return out
    column, row = cells_of(lon, lat, lattice)
    codes = [str(code) for code in cell_codes(city.code, column, row, lattice)]
    known = grids.cell_ids(session, city, codes)
    return [known.get(code) for code in codes]


def ties(session: Session, city: City, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> pd.DataFrame:
    """Return the schools in whose perimeter each point lies.

    Returns
    -------
    pandas.DataFrame
        point (position in ``lon``), school_id, boundary_distance_m, gate_distance_m (NaN without a gate) and
        gate_id (−1 without one); distances are geodesic metres, 0 on the campus itself.
    """
    point: NDArray[Any] = np.empty(0, dtype=np.int64)
    school: NDArray[Any] = np.empty(0, dtype=np.int64)
    distance: NDArray[np.float64] = np.empty(0)
    distances = grids.perimeter_distances(session, city)
    near = None
    if distances and len(lon):
        margin = max(distances.values()) / 1000 * _DEGREES_A_KILOMETRE
        near = (lon.min() - margin, lat.min() - margin, lon.max() + margin, lat.max() + margin)
        owner, boundary = schools.campus_outlines(session, city, near)
        limit = np.array([distances.get(identity, -1.0) for identity in owner.tolist()])
        owner, boundary, limit = owner[limit >= 0], boundary[limit >= 0], limit[limit >= 0]
        pairs = pairs_within(np.array(shapely.points(lon, lat), dtype=object), boundary, limit)
        point, school, distance = pairs.point_index, owner[pairs.boundary_index], pairs.distance_m
        first = _first_of_each(distance, school, point)  # the nearest of a school's campuses
        point, school, distance = point[first], school[first], distance[first]
    gate_distance, gate = _nearest_gates(session, city, near, point, school, lon, lat)
    return pd.DataFrame(
        {
            "point": point.astype(np.int64),
            "school_id": school.astype(np.int64),
            "boundary_distance_m": distance,
            "gate_distance_m": gate_distance,
            "gate_id": gate,
        }
    )


def _first_of_each(value: NDArray[Any], *keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return where the smallest value of each combination of keys stands, ordered by the last key first."""
    order = np.lexsort((value, *keys))
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    return order[new]


def _nearest_gates(
    session: Session,
    city: City,
    near: Bounds | None,
    point: NDArray[Any],
    school: NDArray[Any],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return for each tie the distance to the nearest gate of its school, and that gate."""
    best, which = np.full(len(point), np.nan), np.full(len(point), -1, dtype=np.int64)
    if near is None or not len(point):
        return best, which
    owner, gate, x, y = schools.gate_places(session, city, near)
    begin, end = np.searchsorted(owner, school, "left"), np.searchsorted(owner, school, "right")
    tie = np.repeat(np.arange(len(point)), end - begin)
    if not len(tie):
        return best, which
    of_tie = np.arange(len(tie)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    at = np.repeat(begin, end - begin) + of_tie
    place = point[tie]
    away = distance_m(lon[place], lat[place], x[at], y[at])
    order = np.lexsort((gate[at], away))  # of two gates as near, the one that has been known longer
    first = order[_first_of_each(np.arange(len(order)), tie[order])]
    best[tie[first]], which[tie[first]] = away[first], gate[at][first]
    return best, which


def link_hazards(
    session: Session,
    city: City,
    *,
    ids: Sequence[int] | None = None,
    bounds: Sequence[Bounds] | None = None,
) -> int:
    """Tie hazards to the cells and schools they lie in: those of some ids, those in some bounds, or all.

    It is called whenever a hazard or a boundary has moved, in the same transaction, so that the distances that are
    stored are always those of what is stored.

    Returns
    -------
    int
        The number of hazards looked at.
    """
    points = hazards.hazard_points(session, city, ids=ids, bounds=bounds)
    lon, lat = points["lon"].to_numpy(dtype=float), points["lat"].to_numpy(dtype=float)
    whole_city = ids is None and bounds is None
    if not len(points) and not whole_city:
        return 0
    cells = cells_at(session, city, lon, lat)
    identity = points["id"].to_numpy(dtype=np.int64)
    before = [None if pd.isna(c) else int(c) for c in points["cell_id"]]
    hazards.set_cells(session, {int(h): new for h, old, new in zip(identity, before, cells, strict=True) if old != new})
    _tie(session, city, identity, lon, lat, ids=None if whole_city else identity.tolist())
    return len(points)


def _tie(
    session: Session,
    city: City,
    identity: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    ids: Sequence[int] | None,
) -> None:
    links = ties(session, city, lon, lat)
    links["hazard_id"] = identity[links["point"].to_numpy(dtype=np.int64)] if len(links) else []
    hazards.replace_links(session, ids, city, links)


def tie_to_schools(
    session: Session, city: City, ids: Sequence[int], points: NDArray[np.object_], *, changed: Sequence[int]
) -> None:
    """Tie hazards at known places to schools; ``changed`` are those of them that have ties from before."""
    xy = hazards.shapely_xy(points)
    _tie(session, city, np.asarray(ids, dtype=np.int64), xy[:, 0], xy[:, 1], ids=changed)


def link_around(session: Session, city: City, school_ids: Sequence[int]) -> int:
    """Tie anew the hazards around some schools, whose gates or boundaries have changed."""
    zones = grids.perimeters_frame(session, city, school_ids=list(school_ids))
    if zones.empty:
        return 0
    return link_hazards(session, city, bounds=[tuple(b) for b in shapely.bounds(zones["zone"].to_numpy(dtype=object))])
