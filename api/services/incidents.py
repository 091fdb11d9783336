"""Incidents: set against school time and the lattice when they come in, and counted by cell for maps."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.school_times import set_against_dismissal
from api.settings import Settings
from api.store import cities
from api.store.bulk import Values
from api.store.models import City
from api.vocabulary import vocabulary
from gis.lattice import cells_of


def describe(
    session: Session,
    city: City,
    settings: Settings,
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
    against = set_against_dismissal(session, city, settings, points, moments, time_known)
    xy = shapely.get_coordinates(points)
    lattice = cities.lattice_of(city)
    assert lattice is not None  # noqa: S101 - a city with a located record has a lattice
    column, row = cells_of(xy[:, 0], xy[:, 1], lattice)
    types = vocabulary().incident_types
    return {
        "school_id": [None if school < 0 else school for school in against.school.tolist()],
        "minutes_after_dismissal": [None if np.isnan(m) else round(m) for m in against.minutes.tolist()],
        "dismissal_assumed": against.assumed,
        "weekday": local.dt.isocalendar().day.to_numpy(dtype=int),
        "hour": local.dt.hour.to_numpy(dtype=int),
        "time_known": time_known,
        "lattice_column": column,
        "lattice_row": row,
        "serious": [types[kind].serious or bool(said) for kind, said in zip(kinds, serious, strict=True)],
    }
