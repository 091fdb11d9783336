"""Places and campuses near each other, with the distances to the wall and to the nearest gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import GisError
from gis.geodesic import RESOLUTION_M, distance_m, pairs_of_places, quick_distance_m

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Shapes = NDArray[np.object_]

COARSEST_M = 50_000.0
"""A place further off than this is looked for no further: any school at all may be near it."""

_REACHES_M = (2_000.0, 50_000.0)
_LONGEST_DEGREE_M = 111_700.0


@dataclass(frozen=True)
class SchoolSet:
    """The schools that premises are held against.

    Attributes
    ----------
    boundaries, boundary_school, boundary_error_m
        Campus polygons in WGS 84, the school of each (its position below), and how far off each may be in metres.
    stages, opened_on, district
        For each school: stage codes, opening day or None, township code or None.
    gates, gate_school
        Gate points in WGS 84, and the school of each.
    """

    boundaries: Shapes
    boundary_school: Integers
    boundary_error_m: Floats
    stages: tuple[tuple[str, ...], ...]
    opened_on: tuple[dt.date | None, ...]
    district: tuple[str | None, ...]
    gates: Shapes
    gate_school: Integers

    def campuses(self, keep: Booleans) -> SchoolSet:
        """Return the set with some of the campuses; schools keep their positions."""
        return replace(
            self,
            boundaries=self.boundaries[keep],
            boundary_school=self.boundary_school[keep],
            boundary_error_m=self.boundary_error_m[keep],
        )


@dataclass(frozen=True)
class Places:
    """Premises as arrays, in the order of the frame that they come from."""

    identity: NDArray[Any]
    lon: Floats
    lat: Floats
    error_m: Floats
    licensed_from: NDArray[np.datetime64]
    licence_expires: NDArray[np.object_]


@dataclass(frozen=True)
class Pairs:
    """Places and campuses near each other: positions, the wall's foot and its error, and the nearest gate (or −1).

    A gate is taken to be as exact as the wall that it is nearest to.
    """

    place: Integers
    school: Integers
    boundary_m: Floats
    boundary_error_m: Floats
    foot: Floats
    gate_m: Floats
    gate_error_m: Floats
    gate: Integers

    def only(self, keep: Integers | Booleans) -> Pairs:
        """Return some of the pairs."""
        keep = np.flatnonzero(keep) if keep.dtype == bool else keep  # counted once for all arrays
        return Pairs(*(getattr(self, name)[keep] for name in _ARRAYS))

    def beside(self, *more: Pairs) -> Pairs:
        """Return these pairs and more of them."""
        return Pairs(*(np.concatenate([getattr(part, name) for part in (self, *more)]) for name in _ARRAYS))


_ARRAYS = tuple(field.name for field in fields(Pairs))


def places_of(frame: pd.DataFrame, at: Integers) -> Places:
    """Return some rows of a frame of places as arrays."""
    rows = frame.iloc[at]
    return Places(
        identity=rows["id"].to_numpy(),
        lon=rows["lon"].to_numpy(dtype=float),
        lat=rows["lat"].to_numpy(dtype=float),
        error_m=rows["position_error_m"].to_numpy(dtype=float),
        licensed_from=days(rows["licensed_from"]),
        licence_expires=rows["licence_expires"].to_numpy(dtype=object),
    )


def days(values: object) -> NDArray[np.datetime64]:
    """Return days as numpy has them, NaT for what is missing."""
    array = np.array(values, dtype=object)
    missing = pd.isna(array)
    if missing.all():
        return np.full(len(array), "NaT", dtype="datetime64[D]")
    array[missing] = None
    return array.astype("datetime64[D]")


def pairs_near(
    lon: Floats, lat: Floats, error_m: Floats, schools: SchoolSet, reach_m: float, *, gates: bool = True
) -> Pairs:
    """Return the pairs of place and campus that may lie within reach, given the errors of both.

    Raises
    ------
    GisError
        Where a position error is not a number of metres.
    """
    wrong = np.flatnonzero(~(np.isfinite(error_m) & (error_m >= 0)))
    if wrong.size:
        raise GisError(f"the position error of place {wrong[0]} is {error_m[wrong[0]]}; it must be metres, 0 or more")
    found = pairs_of_places(
        lon,
        lat,
        schools.boundaries,
        reach_m + schools.boundary_error_m + _gates_outside_m(schools) + RESOLUTION_M,
        point_margin_m=np.minimum(error_m, COARSEST_M),
    )
    boundary = found.boundary_index
    pairs = Pairs(
        place=found.point_index,
        school=schools.boundary_school[boundary],
        boundary_m=found.distance_m,
        boundary_error_m=schools.boundary_error_m[boundary],
        foot=np.column_stack([found.lon, found.lat]),
        gate_m=np.full(len(boundary), np.nan),
        gate_error_m=np.zeros(len(boundary)),
        gate=np.full(len(boundary), -1, dtype=np.int64),
    )
    return with_gates(pairs, lon, lat, schools) if gates else pairs


def nearest_pairs(lon: Floats, lat: Floats, schools: SchoolSet) -> Pairs:
    """Return for each place the pair with its nearest campus; beyond 50 km, with the nearest corner of a campus."""
    left = np.arange(len(lon))
    out = pairs_near(lon[:0], lat[:0], lon[:0], schools, 0.0, gates=False)
    if not len(schools.boundaries):
        return out
    for reach in _REACHES_M:
        near = pairs_near(lon[left], lat[left], np.zeros(len(left)), schools, reach, gates=False)
        order = np.lexsort((near.boundary_m, near.place))
        found = near.only(order[first_of_each(near.place[order])])
        out = out.beside(replace(found, place=left[found.place]))
        left = np.delete(left, found.place)
    out = out.beside(*(_nearest_corner(int(at), lon, lat, schools) for at in left))
    return with_gates(out, lon, lat, schools)


def _nearest_corner(at: int, lon: Floats, lat: Floats, schools: SchoolSet) -> Pairs:
    xy, boundary = shapely.get_coordinates(schools.boundaries, return_index=True)
    away = distance_m(lon[at], lat[at], xy[:, 0], xy[:, 1])
    best = np.array([np.argmin(away)])
    return Pairs(
        place=np.array([at]),
        school=schools.boundary_school[boundary[best]],
        boundary_m=away[best],
        boundary_error_m=schools.boundary_error_m[boundary[best]],
        foot=xy[best],
        gate_m=np.array([np.nan]),
        gate_error_m=np.zeros(1),
        gate=np.array([-1]),
    )


def first_of_each(ordered: Integers) -> Booleans:
    """Return where a new value begins."""
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def with_gates(pairs: Pairs, lon: Floats, lat: Floats, schools: SchoolSet) -> Pairs:
    """Return the pairs with the school's gate that is nearest in a straight line."""
    if not len(schools.gates) or not len(pairs.place):
        return pairs
    xy = shapely.get_coordinates(schools.gates)
    pair, gate = _each_of(pairs.school, schools.gate_school)
    place = pairs.place[pair]
    away = quick_distance_m(lon[place], lat[place], xy[gate, 0], xy[gate, 1])
    order = np.lexsort((away, pair))
    best = order[first_of_each(pair[order])]
    gate_m, gate_error_m, nearest = pairs.gate_m.copy(), pairs.gate_error_m.copy(), pairs.gate.copy()
    at, place, gate = pair[best], place[best], gate[best]
    gate_m[at] = distance_m(lon[place], lat[place], xy[gate, 0], xy[gate, 1])
    gate_error_m[at] = schools.boundary_error_m[_walls_of_gates(schools)[0][gate]]
    nearest[at] = gate
    return replace(pairs, gate_m=gate_m, gate_error_m=gate_error_m, gate=nearest)


def _gates_outside_m(schools: SchoolSet) -> Floats:
    """Return how far from each wall its gates may lie: a wall that is a disc around a point need not have them."""
    campus, outside_m = _walls_of_gates(schools)
    out = np.zeros(len(schools.boundaries))
    np.maximum.at(out, campus[campus >= 0], outside_m[campus >= 0])
    return out


def _walls_of_gates(schools: SchoolSet) -> tuple[Integers, Floats]:
    """Return for each gate the campus that it is nearest to (−1: none is here), and an upper bound of the metres."""
    campus, away_m = np.full(len(schools.gates), -1, dtype=np.int64), np.zeros(len(schools.gates))
    gate, wall = _each_of(schools.gate_school, schools.boundary_school)
    away = shapely.distance(schools.gates[gate], schools.boundaries[wall]) * _LONGEST_DEGREE_M
    order = np.lexsort((away, gate))
    best = order[first_of_each(gate[order])]
    campus[gate[best]], away_m[gate[best]] = wall[best], away[best]
    return campus, away_m


def _each_of(wanted: Integers, owners: Integers) -> tuple[Integers, Integers]:
    """Return the positions in ``wanted`` and in ``owners`` of all that are equal, ordered by the first."""
    by_owner = np.argsort(owners, kind="stable")
    ordered = owners[by_owner]
    begin = np.searchsorted(ordered, wanted, side="left")
    count = np.searchsorted(ordered, wanted, side="right") - begin
    first = np.repeat(np.arange(len(wanted)), count)
    rank = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, by_owner[begin[first] + rank]
