"""Incidents: set against school time and the lattice when they come in, and counted by cell for maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.settings import Settings
from api.store import cities, schools
from api.store.bulk import Values
from api.store.models import City
from api.vocabulary import vocabulary
from gis import crs
from gis.lattice import cells_of
from gis.schooltime import minutes_after_dismissal

NEAR_SCHOOL_M = 1_000.0  # an incident further from every school is not set against any dismissal


def describe(
    session: Session,
    city: City,
    *,
    kinds: Values,
    serious: Values,
    first: Values,
    points: NDArray[np.object_],
) -> dict[str, Values]:
    """Return what is computed of incidents when they are stored.

    The nearest school within a kilometre, minutes after its dismissal, whether that dismissal is an assumed one,
    weekday and hour of the city's own time, the cell of the lattice, and whether they belong to the sealed layer.
    """
    zone = ZoneInfo(city.time_zone)
    local = pd.to_datetime(pd.Series(list(first)), utc=True).dt.tz_convert(zone).dt.tz_localize(None)
    moments = local.to_numpy(dtype="datetime64[s]")
    time_known = (local.dt.hour * 60 + local.dt.minute).to_numpy() != 0  # midnight sharp: only the day is known
    school, assumed, minutes = _set_against_dismissal(session, city, points, moments)
    minutes = np.where(time_known, minutes, np.nan)
    xy = shapely.get_coordinates(points)
    lattice = cities.lattice_of(city)
    assert lattice is not None  # noqa: S101 - a city with a located record has a lattice
    column, row = cells_of(xy[:, 0], xy[:, 1], lattice)
    types = vocabulary().incident_types
    return {
        "school_id": school,
        "minutes_after_dismissal": [None if np.isnan(m) else round(m) for m in minutes],
        "dismissal_assumed": assumed,
        "weekday": local.dt.isocalendar().day.to_numpy(dtype=int),
        "hour": local.dt.hour.to_numpy(dtype=int),
        "time_known": time_known,
        "lattice_column": column,
        "lattice_row": row,
        "serious": [types[kind].serious or bool(said) for kind, said in zip(kinds, serious, strict=True)],
    }


def _set_against_dismissal(
    session: Session, city: City, points: NDArray[np.object_], moments: NDArray[np.datetime64]
) -> tuple[list[int | None], list[bool], NDArray[np.float64]]:
    campuses = schools.campuses_frame(session, city)
    count = len(points)
    if campuses.empty:
        return [None] * count, [False] * count, np.full(count, np.nan)
    plane = crs.meridian_crs(city.lattice_meridian_deg or 0.0)
    shapes = crs.project_geometries(campuses["boundary"].to_numpy(dtype=object), plane)
    tree = shapely.STRtree(shapes)
    place, campus = tree.query_nearest(
        crs.project_geometries(points, plane), max_distance=NEAR_SCHOOL_M, all_matches=False
    )
    nearest = np.full(count, -1, dtype=np.int64)
    nearest[place] = campuses["school_id"].to_numpy(dtype=np.int64)[campus]
    known = schools.dismissals_of(session)
    ids = sorted(set(nearest[nearest >= 0].tolist()))
    tables: list[Mapping[int, Sequence[int]]] = [known.get(i) or assumed_dismissals() for i in ids]
    position = {identity: at for at, identity in enumerate(ids)}
    index = np.array([position.get(i, -1) for i in nearest.tolist()], dtype=np.int64)
    minutes = minutes_after_dismissal(moments, index, tables, cities.calendar_of(session, city))
    owner: list[int | None] = [None if i < 0 else i for i in nearest.tolist()]
    return owner, [i is not None and i not in known for i in owner], minutes


def assumed_dismissals() -> Mapping[int, Sequence[int]]:
    """Return the dismissal that is assumed, and marked as assumed, for a school without a timetable."""
    hour, minute = (int(part) for part in Settings.model_fields["dismissal"].default.split(":"))
    return {weekday: [hour * 60 + minute] for weekday in range(1, 6)}
