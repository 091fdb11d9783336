"""What came of patrols: planned against done, how much each cell got by week, and whether incidents moved."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.schemas.geojson import features
from api.security.people import Actor
from api.services.questions import Question, cell_keys, wanted_city
from api.services.selection import by_week, select
from api.settings import Settings
from api.store import cities, grids, patrols
from api.store.models import City
from gis.aoristic import is_whole
from gis.effects.differences import FEWEST, difference_in_differences
from gis.effects.displacement import weighted_displacement
from gis.effects.matching import comparable_units, pre_trend
from gis.effects.words import Statement, Subject, say_difference, say_displacement, say_pre_trend
from gis.errors import GisError
from gis.hotspots import queen_neighbours
from gis.lattice import Lattice, cell_codes, cell_polygons, cells_of
from gis.patrols.dosage import Stay, dosage, kept, stays_of
from gis.schooltime import count_school_days

LONGEST_DAYS = 400
_MANNED_SHARE = 0.5  # of its window, from which on a post counts as manned
_EACH = 3  # comparable cells for each treated one
_SUBJECT = Subject("有巡逻的网格", "cells with patrols", "放学时段事件", "incidents after school")
_TOO_FEW = {
    "zh": "数量太少，不能显示，也不能判断。",
    "en": "Too few to be shown, or to say anything.",
}


def results(
    session: Session,
    actor: Actor,
    settings: Settings,
    city_code: str | None,
    first: dt.date,
    last: dt.date,
    weeks_before: int,
) -> dict[str, Any]:
    """Return what came of the published plans of a period.

    Returns
    -------
    dict
        ``planned`` (stops, kept, minutes, minutes done, posts due and manned, by plan and in all), ``dosage`` (a
        FeatureCollection of cells with minutes and stays by week) and ``effect`` (sentences with their numbers, for the
        police; None for everybody else, and where it cannot be told a reason).
    """
    if not first <= last or (last - first).days > LONGEST_DAYS:
        raise BadInputError(f"the period ends after it begins, and lasts up to {LONGEST_DAYS} days")
    city = wanted_city(session, city_code)
    zone = ZoneInfo(city.time_zone)
    stays = _stays(session, city, first, last)
    lattice = cities.lattice_of(city)
    cells = _dosage(stays, lattice, zone) if lattice is not None else {}
    effect: dict[str, Any] | None = None
    if "police" in actor.roles and lattice is not None:
        effect = _effect(session, settings, city, lattice, set(cells), first, last, weeks_before)
    return {
        "city": city.code,
        "from": first.isoformat(),
        "to": last.isoformat(),
        **_planned(session, city, first, last, stays, zone),
        "dosage": _cells_document(city, lattice, cells),
        "effect": effect,
    }


_Known = dict[tuple[int, int | None], list[Stay]]  # by shift and stop; stop None: without one


def _stays(session: Session, city: City, first: dt.date, last: dt.date) -> dict[str, Any]:
    events: dict[int, list[tuple[int | None, str, float]]] = defaultdict(list)
    places: dict[tuple[int, int | None], tuple[float, float]] = {}
    findings = 0
    for check, _ in patrols.checks_between(session, city.id, first, last):
        findings += check.event == "finding"
        if check.event in ("arrive", "leave"):
            events[check.shift_id].append((check.stop_id, check.event, check.at.timestamp()))
            if check.lon is not None and check.lat is not None and check.event == "arrive":
                places.setdefault((check.shift_id, check.stop_id), (check.lon, check.lat))
    by_stop: _Known = defaultdict(list)
    for shift, said in events.items():
        for stay in stays_of(said):
            stop = stay.place if isinstance(stay.place, int) else None
            by_stop[shift, stop].append(stay)
    return {"by_stop": by_stop, "places": places, "findings": findings, "stops": {}}


def _planned(
    session: Session, city: City, first: dt.date, last: dt.date, stays: dict[str, Any], zone: ZoneInfo
) -> dict[str, Any]:
    days: dict[str, dict[str, float]] = {}
    total: dict[str, float] = defaultdict(float)
    for stop, day, shift in patrols.planned_stops(session, city.id, first, last):
        row: dict[str, float] = {}
        if stop.team is not None:
            midnight = dt.datetime.combine(day, dt.time(), zone).timestamp()
            found = kept(
                (midnight + stop.starts_s, midnight + stop.leaves_s), stays["by_stop"].get((shift, stop.id), [])
            )
            row |= {
                "stops": 1,
                "kept": found.came,
                "minutes": (stop.leaves_s - stop.starts_s) / 60,
                "minutes_done": found.inside_s / 60,
            }
            if stop.required:
                row["manned"] = found.came and found.share >= _MANNED_SHARE
        if stop.required:
            row["posts"] = 1
        own = days.setdefault(day.isoformat(), defaultdict(float))
        for name, value in row.items():
            own[name] += value
            total[name] += value
    return {
        "planned": _whole(total) | {"findings": stays["findings"]},
        "days": [{"day": day} | _whole(own) for day, own in sorted(days.items())],
    }  # fmt: skip


def _whole(row: dict[str, float]) -> dict[str, int]:
    return {name: round(row.get(name, 0)) for name in ("stops", "kept", "minutes", "minutes_done", "posts", "manned")}


def _dosage(stays: dict[str, Any], lattice: Lattice, zone: ZoneInfo) -> dict[Any, Any]:
    """Return weeks, minutes and stays by cell; a stay is where the phone said that it was."""
    cells, weeks, minutes = [], [], []
    for key, own in stays["by_stop"].items():
        place = stays["places"].get(key)
        if place is None:
            continue
        column, row = cells_of([place[0]], [place[1]], lattice)
        for stay in own:
            cells.append((int(column[0]), int(row[0])))
            weeks.append(_monday(dt.datetime.fromtimestamp(stay.begins_s, zone).date()).toordinal())
            minutes.append(stay.seconds / 60)
    return dict(dosage(cells, weeks, minutes))


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _cells_document(city: City, lattice: Lattice | None, cells: dict[Any, Any]) -> dict[str, Any]:
    if lattice is None or not cells:
        return {"type": "FeatureCollection", "features": []}
    column, row = np.array(list(cells), dtype=np.int64).T
    codes = [str(code) for code in cell_codes(city.code, column, row, lattice)]
    properties = [
        {
            "code": code, "minutes": round(float(minutes.sum())), "stays": int(stays.sum()),
            "weeks": [
                {"week": _week(int(week)), "minutes": round(float(length)), "stays": int(number)}
                for week, length, number in zip(weeks, minutes, stays, strict=True)
            ],
        }
        for code, (weeks, minutes, stays) in zip(codes, cells.values(), strict=True)
    ]  # fmt: skip
    return features(codes, cell_polygons(column, row, lattice), properties)


def _week(ordinal: int) -> str:
    year, week, _ = dt.date.fromordinal(ordinal).isocalendar()
    return f"{year}-W{week:02}"


def _effect(
    session: Session,
    settings: Settings,
    city: City,
    lattice: Lattice,
    treated: set[tuple[int, int]],
    first: dt.date,
    last: dt.date,
    weeks_before: int,
) -> dict[str, Any]:
    """Return sentences on cells with patrols beside comparable ones, and on the ring around them.

    The weeks before the first patrol stand against the weeks with patrols; whole weeks, so that nothing can be worked
    out from two periods that differ by a day. What is below k, or too little to tell, is not shown at all.
    """
    area = grids.lattice_cells(session, city)
    if not area or not treated:
        return {
            "reason": "nobody was on patrol in this period" if not treated else "the schools have no perimeters yet"
        }
    place = shapely.get_coordinates(shapely.point_on_surface(np.array([cell.shape for cell in area], dtype=object)))
    column, row = cells_of(place[:, 0], place[:, 1], lattice)
    begin = _monday(first) - dt.timedelta(weeks=weeks_before)
    weeks = ((_monday(last) - begin).days // 7) + 1
    counts = _counts(session, settings, city, lattice, column, row, begin, weeks)
    days = _school_days(session, city, begin, weeks)
    acted = np.array([cell in treated for cell in zip(column.tolist(), row.tolist(), strict=True)])
    near = queen_neighbours(column, row).sum_with_self(acted.astype(np.float64)) > 0
    ring = near & ~acted
    try:
        return {"statements": _statements(counts, days, acted, ring, weeks_before, settings.k_anonymity)}
    except GisError as error:
        return {"reason": str(error)}


def _statements(
    counts: NDArray[np.float64], days: NDArray[np.float64], acted: NDArray[np.bool_], ring: NDArray[np.bool_],
    before: int, k: int,
) -> list[dict[str, Any]]:  # fmt: skip
    least = max(k, FEWEST)
    others = ~ring
    chosen = comparable_units(counts[others][:, :before], days[:before], acted[others], each=_EACH)
    at = np.flatnonzero(others)
    control = np.zeros(len(acted), dtype=bool)
    control[at[chosen.units]] = True
    used = acted.copy()
    used[at[chosen.unmatched]] = False
    part = used | control
    out = []
    found = difference_in_differences(counts[part], days, used[part], before)
    shown = min(found.treated_before, found.treated_after, found.control_before, found.control_after) >= least
    out.append(_said("difference", say_difference(found, _SUBJECT), shown=shown))
    if shown:
        out.append(
            _said("trend", say_pre_trend(pre_trend(counts[part][:, :before], days[:before], used[part])), shown=True)
        )
    three = [(counts[mask, :before].sum(), counts[mask, before:].sum()) for mask in (used, ring, control)]
    if min(min(pair) for pair in three) >= least:
        moved = weighted_displacement([pair[0] for pair in three], [pair[1] for pair in three])
        out.append(_said("displacement", say_displacement(moved, _SUBJECT), shown=True))
    else:
        out.append({"about": "displacement", "enough": False, "wdq": None} | _TOO_FEW)
    return out


def _said(about: str, statement: Statement, *, shown: bool) -> dict[str, Any]:
    if not shown:
        return {"about": about, "enough": False} | _TOO_FEW
    numbers = {
        name: round(float(value), 4) if np.isfinite(value) else None for name, value in statement.numbers.items()
    }
    return {"about": about, "enough": statement.enough, "zh": statement.zh, "en": statement.en, "numbers": numbers}


def _counts(
    session: Session,
    settings: Settings,
    city: City,
    lattice: Lattice,
    column: NDArray[np.int64],
    row: NDArray[np.int64],
    begin: dt.date,
    weeks: int,
) -> NDArray[np.float64]:
    """Return incidents that were surely after school by cell and week, shape ``(cells, weeks)``."""
    last = begin + dt.timedelta(weeks=weeks) - dt.timedelta(days=1)
    asked = Question(first=begin, last=last, after_school=True, city=city.code)
    found = select(session, settings, city, lattice, asked)
    at, week, share = by_week(session, settings, city, found)
    sure = is_whole(share)  # exact tests count whole incidents
    at, week = at[sure], week[sure]
    keys, wanted = cell_keys(column, row), cell_keys(found.table.column[at], found.table.row[at])
    order = np.argsort(keys)
    place = order[np.searchsorted(keys, wanted, sorter=order).clip(max=len(keys) - 1)]
    inside = keys[place] == wanted
    sums = np.bincount(place[inside] * weeks + week[inside], minlength=len(keys) * weeks)
    return sums.reshape(len(keys), weeks).astype(np.float64)


def _school_days(session: Session, city: City, begin: dt.date, weeks: int) -> NDArray[np.float64]:
    calendar = cities.calendar_of(session, city)
    mondays = [begin + dt.timedelta(weeks=n) for n in range(weeks)]
    return np.array([count_school_days(day, day + dt.timedelta(days=6), calendar) for day in mondays], dtype=float)
