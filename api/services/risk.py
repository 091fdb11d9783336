"""Risk for the coming weeks by cell of the schools' perimeters, and what it comes from. For the police.

Cells are ranked by long memory, the default (docs/decisions/0012): incidents of all years and hours, fading with a half-life
of four years. The risk model says what counts cannot: how many incidents to expect, and the share of each cause.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.schemas.geojson import features
from api.services.heatmaps import wanted_city
from api.settings import Settings
from api.store import atlas, cities, grids, hazards, incidents
from api.store.models import City
from gis import crs as reference_systems
from gis.errors import EmptyInputError
from gis.lattice import cell_polygons, cells_of
from gis.risk import RiskSurface, fit_risk, predict_risk
from gis.surfaces import History, StudyArea, group_by_hours

HALF_LIFE_DAYS = 4 * 365
SHARES = (0.01, 0.02, 0.05, 0.2)  # of the area; what is beyond the last is left out
FEWEST_OF_A_CATEGORY = 5
_TOLD = 3
_fitted: dict[str, RiskSurface | str] = {}  # the last surface of this process: fitting takes seconds in a large city


def risk(session: Session, settings: Settings, *, city_code: str | None, days: int, today: dt.date) -> dict[str, Any]:
    """Return the fifth of the cells with the highest risk as GeoJSON, the highest first.

    Parameters
    ----------
    days
        Length of the time to come, from today on.

    Returns
    -------
    dict
        A FeatureCollection; properties ``code``, ``rank`` (1 …), ``top`` (the smallest of 0.01, 0.02, 0.05, 0.2 of the
        area that it belongs to), ``expected`` incidents after school (None where the model cannot be fitted, or below
        k past incidents), ``causes`` (name and share), ``factors`` (hazard category → times), ``schools``. The
        collection says ``cells``, ``method`` and, where the model could not be fitted, ``reason``.
    """
    city = wanted_city(session, city_code)
    lattice = cities.lattice_of(city)
    around = grids.lattice_cells(session, city)
    if lattice is None or not around:
        raise NotFoundError("the schools have no perimeters yet; build them: campus grid build")
    place = shapely.get_coordinates(shapely.point_on_surface(np.array([cell.shape for cell in around], dtype=object)))
    column, row = cells_of(place[:, 0], place[:, 1], lattice)
    area = StudyArea(column, row, lattice.cell_m)
    day = (today - dt.date(1970, 1, 1)).days
    history = _history(session, city, settings, lattice.cell_m).between(-(10**9), day)
    memory, past = _long_memory(history, area, day)
    near = _hazards(session, city, lattice.crs)
    found = _fitted.get(key := _key(session, city, day, days, history, near))
    if found is None:
        found = _model(history, area, day, days, near)
        _fitted.clear()
        _fitted[key] = found
    order = np.lexsort((np.arange(len(area)), -memory))
    shown = order[: max(1, int(np.ceil(len(area) * SHARES[-1])))]
    shown = shown[memory[shown] > 0]
    schools = atlas.schools_of_cells(session, [around[at].id for at in shown])
    properties = [
        {
            "code": around[at].code,
            "rank": rank,
            "top": next(share for share in SHARES if rank <= max(1, np.ceil(len(area) * share))),
            "schools": [name for _, name in schools.get(around[at].id, [])],
        }
        | _told(found, int(at), hidden=past[at] < settings.k_anonymity)
        for rank, at in enumerate(shown, 1)
    ]
    document = features([p["code"] for p in properties], cell_polygons(column[shown], row[shown], lattice), properties)
    why = found if isinstance(found, str) else None
    return document | {"cells": len(area), "days": days, "method": "long_memory", "reason": why}


def _key(session: Session, city: City, day: int, days: int, history: History, near: dict[str, Any]) -> str:
    """Return what the surface of a city depends on: the question, and all that was counted."""
    content = hashlib.sha256()
    for part in (
        history.x_m,
        history.y_m,
        history.day,
        history.group,
        *(xy for places in near.values() for xy in places),
    ):
        content.update(np.ascontiguousarray(part).tobytes())
    return f"{session.get_bind()} {city.id} {day} {days} {sorted(near)} {content.hexdigest()}"


def _history(session: Session, city: City, settings: Settings, cell_m: float) -> History:
    """Return a city's incidents at the centres of their cells: nothing here needs their points."""
    rows = incidents.cells_and_times(session, city)
    zone = ZoneInfo(city.time_zone)
    times = np.array([r.occurred_from.astimezone(zone).replace(tzinfo=None) for r in rows], dtype="datetime64[m]")
    minutes = np.array([np.nan if r.minutes_after_dismissal is None else r.minutes_after_dismissal for r in rows])
    after_school = (minutes >= -settings.after_school_before_min) & (minutes <= settings.after_school_after_min)
    cells = np.array([(r.lattice_column, r.lattice_row) for r in rows], dtype=np.float64).reshape(-1, 2)
    x, y = ((cells + 0.5) * cell_m).T
    return History(x, y, times.astype("datetime64[D]").astype(np.int64), group_by_hours(times, after_school))


def _long_memory(history: History, area: StudyArea, day: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return fading counts of all hours, and plain ones, by cell."""
    fine = area.fine_cells(history.x_m, history.y_m)
    weights = 0.5 ** ((day - history.day) / HALF_LIFE_DAYS)
    return area.surface(fine, weights), area.surface(fine)


def _hazards(
    session: Session, city: City, crs: str
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:  # fmt: skip
    """Return the open hazards of each category that is not rare, in the plane."""
    kinds, lonlat = hazards.open_places(session, city)
    found = {}
    for kind in sorted(set(kinds)):
        own = np.array([one == kind for one in kinds])
        if own.sum() >= FEWEST_OF_A_CATEGORY:
            found[kind] = reference_systems.project(lonlat[own, 0], lonlat[own, 1], crs)
    return found


def _model(
    history: History, area: StudyArea, day: int, days: int, near: dict[str, Any]
) -> RiskSurface | str:  # fmt: skip
    """Return the surface of the risk model, or why there is none."""
    if not len(history):
        return "there is no incident yet"
    try:
        return predict_risk(fit_risk(history, area, day, hazards=near), history, day, days)
    except EmptyInputError as error:
        return str(error)


def _told(found: RiskSurface | str, at: int, *, hidden: bool) -> dict[str, Any]:
    if isinstance(found, str) or hidden:
        return {"expected": None, "causes": [], "factors": {}}
    largest: Sequence[int] = np.argsort(-found.shares[at])[:_TOLD].tolist()
    categories = found.causes[len(found.causes) - found.factors.shape[1] :]
    return {
        "expected": float(f"{found.expected[at]:.2g}"),
        "causes": [
            {"cause": found.causes[n], "share": round(float(found.shares[at][n]), 2)}
            for n in largest
            if found.shares[at][n] >= 0.01
        ],
        "factors": {name: round(float(times), 2) for name, times in zip(categories, found.factors[at], strict=True)},
    }
