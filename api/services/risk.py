"""Risk for the coming weeks by cell of the schools' perimeters, and what it comes from. For the police.

Cells are ranked by long memory, the default (docs/decisions/0012): incidents of all years and hours, fading with a half-life
of four years. The risk model says what counts cannot: how many incidents to expect, and the share of each cause.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.schemas.geojson import features
from api.services.incident_table import MINUTES_A_DAY, IncidentTable, table_of
from api.services.memory import Answers
from api.services.questions import wanted_city
from api.services.selection import shares_after_school
from api.services.study_area import study_cells
from api.settings import Settings
from api.store import ground, hazards, premises
from api.store.models import City
from gis import crs as reference_systems
from gis.errors import EmptyInputError
from gis.lattice import cell_polygons
from gis.risk import RiskSurface, fit_risk, predict_risk
from gis.streets.network import build_network
from gis.surfaces import History, StudyArea, history_of_intervals

HALF_LIFE_DAYS = 4 * 365
SHARES = (0.01, 0.02, 0.05, 0.2)  # of the area; what is beyond the last is left out
FEWEST_OF_A_CATEGORY = 5
JUNCTIONS = "junctions"  # a name beside the categories of hazards and premises
_ARMS_OF_A_JUNCTION = 3
_TOLD = 3
_MOST_KEPT = 8

Near = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class Ranked:
    """What ranks the cells, their past counts, and the surface of the model or why there is none."""

    memory: NDArray[np.float64]
    past: NDArray[np.float64]
    surface: RiskSurface | str


_worked_out = Answers(most=_MOST_KEPT)  # fitting takes seconds in a large city
_lasting = Answers(most=_MOST_KEPT)  # premises and junctions, which hardly change


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
        k past incidents), ``causes`` (name and share), ``factors`` (category of hazards or premises, or junctions → times), ``schools``,
        ``schools_en``. The collection says ``cells``, ``method``, ``uncertain`` (how many incidents of uncertain time
        count by the share of theirs that lies after school) and, where the model could not be fitted, ``reason``.
    """
    city = wanted_city(session, city_code)
    around = study_cells(session, city)
    area = StudyArea(around.column, around.row, around.lattice.cell_m, finer=1)
    day = (today - dt.date(1970, 1, 1)).days
    table = table_of(session, city)
    uncertain = np.count_nonzero(table.end_min[table.uncertain] <= day * MINUTES_A_DAY)
    near = _surroundings(session, city, around.lattice.crs, today)
    before = int(np.count_nonzero(table.day < day))  # what comes in today is looked at tomorrow
    key = (
        str(session.get_bind().engine.url),
        city.uuid,
        around.version,
        before,
        table.changes.altered,
        day,
        days,
        _digest(near),
    )

    def work_out() -> Ranked:
        history = history_of(session, settings, city, table, around.lattice.cell_m).between(-(10**9), day)
        memory, past = _long_memory(history, area, day)
        return Ranked(memory, past, _model(history, area, day, days, near))

    known = _worked_out.of(key, work_out)
    memory, past, found = known.memory, known.past, known.surface
    order = np.lexsort((np.arange(len(area)), -memory))
    shown = order[: max(1, int(np.ceil(len(area) * SHARES[-1])))]
    shown = shown[memory[shown] > 0]
    properties = [
        {
            "code": around.codes[at],
            "rank": rank,
            "top": next(share for share in SHARES if rank <= max(1, np.ceil(len(area) * share))),
            **around.named([at]),
        }
        | _told(found, at, hidden=past[at] < settings.k_anonymity)
        for rank, at in enumerate(shown.tolist(), 1)
    ]
    document = features(
        [p["code"] for p in properties],
        cell_polygons(around.column[shown], around.row[shown], around.lattice),
        properties,
    )
    why = found if isinstance(found, str) else None
    said = {"cells": len(area), "days": days, "method": "long_memory", "as_of": today.isoformat(), "reason": why}
    return document | said | {"uncertain": int(uncertain)}


def risky_cells(
    session: Session, settings: Settings, city: City, today: dt.date, share: float
) -> list[tuple[str, int, int]]:  # fmt: skip
    """Return the cells of the highest risk (code, column, row), the highest first: a share of all, without the model.

    Cells with fewer than k incidents in all are left out: to name them would give somebody away.

    Raises
    ------
    NotFoundError
        Where the schools have no perimeters yet.
    """
    around = study_cells(session, city)
    day = (today - dt.date(1970, 1, 1)).days
    table = table_of(session, city)
    history = history_of(session, settings, city, table, around.lattice.cell_m).between(-(10**9), day)
    memory, past = _long_memory(history, StudyArea(around.column, around.row, around.lattice.cell_m, finer=1), day)
    order = np.lexsort((np.arange(len(around)), -memory))[: max(1, int(np.ceil(len(around) * share)))]
    return [
        (around.codes[at], int(around.column[at]), int(around.row[at]))
        for at in order.tolist()
        if memory[at] > 0 and past[at] >= settings.k_anonymity
    ]


def _digest(near: Near) -> str:
    content = hashlib.sha256()
    for name, places in sorted(near.items()):
        content.update(name.encode())
        for xy in places:
            content.update(np.ascontiguousarray(xy).tobytes())
    return content.hexdigest()


def history_of(session: Session, settings: Settings, city: City, table: IncidentTable, cell_m: float) -> History:
    """Return a city's incidents at the centres of their cells: nothing here needs their points.

    Of those of uncertain time the share counts that lies after school.
    """

    def work_out() -> History:
        x, y = ((part.astype(np.float64) + 0.5) * cell_m for part in (table.column, table.row))
        start, end = (minute.astype("datetime64[m]") for minute in (table.start_min, table.end_min))
        return history_of_intervals(x, y, start, end, shares_after_school(session, settings, city, table))

    window = (settings.after_school_before_min, settings.after_school_after_min)
    known: History = table.answers.of(("history", window, cell_m), work_out)
    return known


def _long_memory(history: History, area: StudyArea, day: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return fading counts of all hours, and plain ones, by cell."""
    fine = area.fine_cells(history.x_m, history.y_m)
    weights = history.weight * 0.5 ** ((day - history.day) / HALF_LIFE_DAYS)
    return area.surface(fine, weights), np.rint(area.surface(fine, history.weight))


def _surroundings(session: Session, city: City, crs: str, today: dt.date) -> Near:
    """Return the open hazards and premises of each category that is not rare, and street junctions, in the plane."""
    kinds, lonlat = hazards.open_places(session, city)
    database = str(session.get_bind().engine.url)
    lasting = _lasting.of(
        (database, city.uuid, crs, today, premises.state(session, city), ground.version(session)),
        lambda: _by_kind(*premises.open_places(session, city, today), crs) | _junctions(session, city, crs),
    )
    return _by_kind([[kind] for kind in kinds], lonlat, crs) | lasting


def _by_kind(kinds: Sequence[Sequence[str]], lonlat: NDArray[np.float64], crs: str) -> Near:
    """Return the places of each kind that is not rare, in the plane; a place may be of several kinds."""
    owner = np.repeat(np.arange(len(kinds)), [len(own) for own in kinds])
    names, number = np.unique([kind for own in kinds for kind in own], return_inverse=True)
    x, y = reference_systems.project(lonlat[:, 0], lonlat[:, 1], crs) if len(lonlat) else (np.zeros(0), np.zeros(0))
    places = {str(name): owner[number == at] for at, name in enumerate(names)}
    return {name: (x[at], y[at]) for name, at in places.items() if at.size >= FEWEST_OF_A_CATEGORY}


def _junctions(session: Session, city: City, crs: str) -> Near:
    """Return where at least three ways meet."""
    streets = ground.ways(session, city)
    if streets.empty:
        return {}
    network = build_network(streets)
    arms = np.bincount(np.concatenate([network.start, network.end]), minlength=len(network.lon))
    at = arms >= _ARMS_OF_A_JUNCTION
    return {JUNCTIONS: reference_systems.project(network.lon[at], network.lat[at], crs)} if at.any() else {}


def _model(
    history: History, area: StudyArea, day: int, days: int, near: Near
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
