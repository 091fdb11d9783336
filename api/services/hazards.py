"""Hazards: what ties them to cells and schools, and how they are logged, moved and found."""

from __future__ import annotations

from collections.abc import Sequence

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
    units = grids.unit_cells(session, city)
    out: list[int | None] = [None] * len(lon)
    if not units.empty:
        tree = shapely.STRtree(units["outline"].to_numpy(dtype=object))
        point, unit = tree.query(shapely.points(lon, lat), predicate="intersects")
        ids = units["id"].to_numpy()
        for p, u in sorted(zip(point.tolist(), unit.tolist(), strict=True), reverse=True):
            out[p] = int(ids[u])
        return out
    lattice = cities.lattice_of(city)
    if lattice is None or not len(lon):
        return out
    known = grids.cell_ids(session, city)
    column, row = cells_of(lon, lat, lattice)
    return [known.get(str(code)) for code in cell_codes(city.code, column, row, lattice)]


def ties(session: Session, city: City, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> pd.DataFrame:
    """Return the schools in whose perimeter each point lies.

    Returns
    -------
    pandas.DataFrame
        point (position in ``lon``), school_id, boundary_distance_m, gate_distance_m (NaN without a gate) and
        gate_id (−1 without one); distances are geodesic metres, 0 on the campus itself.
    """
    columns = ["point", "school_id", "boundary_distance_m", "gate_distance_m", "gate_id"]
    distances = grids.perimeter_distances(session, city)
    if not distances or not len(lon):
        return pd.DataFrame({name: np.empty(0) for name in columns})
    margin = max(distances.values()) / 1000 * _DEGREES_A_KILOMETRE
    near = (lon.min() - margin, lat.min() - margin, lon.max() + margin, lat.max() + margin)
    campuses = schools.campuses_frame(session, city, bounds=near)
    campuses = campuses[campuses["school_id"].isin(distances)].reset_index(drop=True)
    if campuses.empty:
        return pd.DataFrame({name: np.empty(0) for name in columns})
    limit = campuses["school_id"].map(distances).to_numpy(dtype=float)
    pairs = pairs_within(
        np.array(shapely.points(lon, lat), dtype=object), campuses["boundary"].to_numpy(dtype=object), limit
    )
    found = pd.DataFrame(
        {
            "point": pairs.point_index,
            "school_id": campuses["school_id"].to_numpy(dtype=np.int64)[pairs.boundary_index],
            "boundary_distance_m": pairs.distance_m,
        }
    )
    found = found.groupby(["point", "school_id"], as_index=False, sort=True).min()  # the nearest of its campuses
    gates = schools.gates_frame(session, city, bounds=near)
    return _with_gates(found, gates, lon, lat)


def _with_gates(
    found: pd.DataFrame, gates: pd.DataFrame, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> pd.DataFrame:
    """Add the nearest gate of each tie's school, by geodesic distance."""
    found["gate_distance_m"], found["gate_id"] = np.nan, -1
    if gates.empty or found.empty:
        return found
    place = hazards.shapely_xy(gates["location"].to_numpy(dtype=object))
    pool = pd.DataFrame(
        {
            "school_id": gates["school_id"].astype(int),
            "gate_id": gates["id"].astype(int),
            "x": place[:, 0],
            "y": place[:, 1],
        }
    )
    both = found[["point", "school_id"]].reset_index(names="tie").merge(pool, on="school_id")
    point = both["point"].to_numpy(dtype=np.int64)
    both["distance_m"] = distance_m(lon[point], lat[point], both["x"].to_numpy(), both["y"].to_numpy())
    nearest = both.sort_values(["tie", "distance_m", "gate_id"]).drop_duplicates("tie").set_index("tie")
    found.loc[nearest.index, "gate_distance_m"] = nearest["distance_m"]
    found.loc[nearest.index, "gate_id"] = nearest["gate_id"]
    return found


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
