"""Heat maps of incidents, counted by cell in the database.

People without access to the sealed layer are shown sums of released groups (``gis.release``), so that nothing can be
worked out from several questions. The police, who may see the detail anyway, are shown exact counts, of which each
page hides what is below k (``gis.privacy``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.schemas.geojson import features
from api.settings import Settings
from api.store import atlas, cities, grids, hazards, incidents, schools
from api.store.incidents import CountedIncidents, GroupFilter, IncidentFilter
from api.store.models import City
from api.store.models.base import now
from api.store.spatial import to_shapes
from api.vocabulary import find_code, vocabulary
from gis.density import CellCounts, WeekSlices
from gis.lattice import Lattice, cell_codes, cell_polygons
from gis.maps.heatmap import HeatmapSpec, Tiles
from gis.maps.heatmap import heatmap_page as draw
from gis.maps.text import Text
from gis.privacy import ShownCounts, suppress
from gis.schooltime import SchoolCalendar, timetable_weekdays
from web import FOLDER

_MOST_HAZARDS = 2_000
_MADE_UP = Text("演示数据：时间、隐患等系虚构", "Demonstration: times, hazards and more are made up")


@dataclass(frozen=True)
class HeatRequest:
    """Which incidents a heat map shows; days are those of the city, both included."""

    first: dt.date | None = None
    last: dt.date | None = None
    kinds: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    after_school: bool = False
    by_week: bool = False
    city: str | None = None


def _kinds(wanted: HeatRequest) -> list[str]:
    """Return the codes of the types that are asked for, and refuse questions that cannot be answered."""
    types = vocabulary().incident_types
    codes = []
    for kind in wanted.kinds:
        code = find_code(types, kind)
        if code is None or types[code].serious:
            known = ", ".join(t.code for t in types.values() if not t.serious)
            raise BadInputError(f"the incident type {kind[:60]!r} cannot be mapped; use one of {known}")
        codes.append(code)
    if wanted.first and wanted.last and wanted.last < wanted.first:
        raise BadInputError(f"the period ends ({wanted.last}) before it begins ({wanted.first})")
    for day in (wanted.first, wanted.last):
        if day is not None and not 1900 <= day.year <= 2200:
            raise BadInputError(f"the day {day} cannot be right; use one from 1900 to 2200, as 2026-11-03")
    if any(not 1 <= day <= 7 for day in wanted.weekdays):
        raise BadInputError("a weekday is a number from 1 (Monday) to 7 (Sunday)")
    return codes


def exact_filter(city: City, settings: Settings, wanted: HeatRequest) -> IncidentFilter:
    """Return the filter that takes incidents one by one: its counts are for the police, or for what is made safe."""
    zone = ZoneInfo(city.time_zone)
    midnight = dt.time()
    return IncidentFilter(
        first=None if wanted.first is None else dt.datetime.combine(wanted.first, midnight, zone),
        last=None if wanted.last is None else dt.datetime.combine(wanted.last + dt.timedelta(days=1), midnight, zone),
        kinds=_kinds(wanted),
        weekdays=wanted.weekdays,
        after_school_min=(-settings.after_school_before_min, settings.after_school_after_min)
        if wanted.after_school
        else None,
    )


def _group_filter(settings: Settings, wanted: HeatRequest) -> GroupFilter:
    return GroupFilter(
        least=settings.k_anonymity,
        first=wanted.first,
        last=wanted.last,
        kinds=_kinds(wanted),
        weekdays=wanted.weekdays,
        after_school=wanted.after_school,
    )


def wanted_city(session: Session, code: str | None) -> City:
    """Return the city that is asked for; of several, the one with the most incidents that have been released.

    The exact number would be a way to count: whoever reports could watch at which report the answer turns.
    """
    if code is not None:
        return cities.get_city(session, code)
    known = cities.all_cities(session)
    if not known:
        raise NotFoundError("there is no city yet; import something first")
    return max(known, key=lambda city: incidents.how_many_released(session, city))


def _slices(counted: CountedIncidents, by_week: bool) -> WeekSlices | None:
    """Return the hours and weekdays that the slider steps through; None for a map without one."""
    hour, weekday = counted.hour[counted.hour >= 0], counted.weekday
    if not by_week or not len(hour):
        return None
    hours = range(int(hour.min()), int(hour.max()) + 1)
    days = range(1, 8) if (weekday > 5).any() else range(1, 6)
    return WeekSlices(bands_min=tuple((60 * h, 60 * h + 60) for h in hours), weekdays=tuple(days))


@dataclass(frozen=True)
class _Counts:
    """Counts by cell and slice, what of them may be shown, and the days that they are of."""

    cells: CellCounts
    shown: ShownCounts
    slices: WeekSlices | None = None
    period: tuple[dt.date, dt.date] | None = None


def _by_cell(
    counted: CountedIncidents, lattice: Lattice, slices: WeekSlices | None
) -> tuple[CellCounts, NDArray[np.int64]]:
    """Return counts by cell and slice, and the cells' totals, in which those of no slice are counted too."""
    places = np.column_stack([counted.row, counted.column])
    cells, position = np.unique(places, axis=0, return_inverse=True)
    position = position.ravel()
    totals = np.bincount(position, weights=counted.count, minlength=len(cells)).astype(np.int64)
    if slices is None:
        return CellCounts(lattice, cells[:, 1], cells[:, 0], totals[:, None]), totals
    part = slices.index_of(counted.weekday, np.where(counted.hour < 0, -1, counted.hour * 60))
    timed = part >= 0
    table = np.bincount(
        position[timed] * len(slices) + part[timed], weights=counted.count[timed], minlength=len(cells) * len(slices)
    )
    counts = table.reshape(len(cells), len(slices)).astype(np.int64)
    return CellCounts(lattice, cells[:, 1], cells[:, 0], counts), totals


def _counts(
    session: Session, city: City, lattice: Lattice, settings: Settings, wanted: HeatRequest, *, sealed: bool
) -> _Counts:
    """Count what is asked for: exactly, or by released groups."""
    if sealed:
        exact = exact_filter(city, settings, wanted)
        counted = incidents.count_by_cell(session, city, exact)
        slices = _slices(counted, wanted.by_week)
        cells, _ = _by_cell(counted, lattice, slices)
        zone = ZoneInfo(city.time_zone)
        span = incidents.period_of(session, city, exact)
        period = None if span is None else (span[0].astimezone(zone).date(), span[1].astimezone(zone).date())
        return _Counts(cells, suppress(cells.counts, settings.k_anonymity), slices, period)
    of_groups = _group_filter(settings, wanted)
    counted = incidents.count_groups(session, city, of_groups)
    slices = _slices(counted, wanted.by_week)
    cells, totals = _by_cell(counted, lattice, slices)
    # each of these numbers is a sum of whole groups: nothing has to be hidden for the sake of another
    shown = ShownCounts(
        counts=cells.counts.astype(np.int64),
        cell_totals=totals,
        slice_totals=cells.counts.sum(axis=0).astype(np.int64),
        total=int(totals.sum()),
        k=settings.k_anonymity,
    )
    return _Counts(cells, shown, slices, incidents.period_of_groups(session, city, of_groups))


def cell_counts(
    session: Session, settings: Settings, wanted: HeatRequest, *, sealed: bool
) -> dict[tuple[int, int], int]:
    """Return counts by cell of the lattice (column, row): of released groups, or exact and not yet safe to show."""
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        return {}
    counts = _counts(session, city, lattice, settings, replace(wanted, by_week=False), sealed=sealed)
    totals = counts.cells.counts.sum(axis=1) if sealed else counts.shown.cell_totals
    cells = zip(counts.cells.column.tolist(), counts.cells.row.tolist(), strict=True)
    return dict(zip(cells, totals.tolist(), strict=True))


def incident_cells(session: Session, settings: Settings, wanted: HeatRequest, *, sealed: bool) -> dict[str, Any]:
    """Return the cells that may be shown with their counts, as GeoJSON.

    ``basis`` says what was counted: ``groups``, of which the last day is before ``released_until``, or ``exact``.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        return features([], [], [])
    counts = _counts(session, city, lattice, settings, replace(wanted, by_week=False), sealed=sealed)
    cells, shown = counts.cells, counts.shown
    safe = np.flatnonzero(shown.cell_totals)
    column, row = cells.column[safe], cells.row[safe]
    codes = cell_codes(city.code, column, row, lattice)
    document = features(
        codes,
        cell_polygons(column, row, lattice),
        [{"code": str(code), "count": int(n)} for code, n in zip(codes, shown.cell_totals[safe], strict=True)],
    )
    until = city.incidents_released_until
    basis = {"basis": "exact"} if sealed else {"basis": "groups", "released_until": until and until.isoformat()}
    return document | {"k": settings.k_anonymity, "hidden": shown.hidden_total, "total": shown.total} | basis


def heatmap_page(
    session: Session,
    settings: Settings,
    wanted: HeatRequest,
    *,
    language: str,
    viewer: str,
    sealed: bool,
    of_inspector: int | None = None,
) -> str:
    """Return the heat map of a city's incidents as one page; see ``gis.maps.heatmap``.

    ``sealed`` is for those who may see the sealed layer: exact counts, of which the page hides what is below k;
    ``of_inspector`` limits the hazards beside them to those of an inspector.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        raise NotFoundError("nothing is known of this city yet; import schools and incidents first")
    counts = _counts(session, city, lattice, settings, wanted, sealed=sealed)
    first, last = counts.period or (None, None)
    first, last = wanted.first or first, wanted.last or last
    by_weekday = _school_days(first, last, cities.calendar_of(session, city)) if first and last else {}
    box = atlas.campus_bounds(session, city)
    spec = HeatmapSpec(
        cells=counts.cells,
        slices=counts.slices,
        k=settings.k_anonymity,
        groups=None if sealed else counts.shown,
        released_until=city.incidents_released_until,
        title=Text(f"{city.name}：{_title('zh', wanted)}", f"{city.name_en or city.name}: {_title('en', wanted)}"),
        period=f"{first} – {last}" if first else "",
        school_days=sum(by_weekday.values()) or None,
        school_days_by_weekday=by_weekday or None,
        perimeters=_perimeters(session, city),
        schools=_schools(session, city),
        gates=_gates(session, city),
        hazards=_hazards(session, city, of_inspector),
        streets=_streets(session, city, box),
        tiles=Tiles(settings.tiles_url, settings.tiles_attribution) if settings.tiles_url else None,
        watermark=_watermark(city, viewer),
        credit="© OpenStreetMap contributors" if atlas.any_from_osm(session, city) else "",
        notice=_MADE_UP if incidents.any_invented(session, city) else None,
        language=language,
    )
    return draw(spec, browser_libraries())


def _title(language: str, wanted: HeatRequest) -> str:
    if language == "zh":
        return "放学时段事件热力图" if wanted.after_school else "事件热力图"
    return "incidents after school" if wanted.after_school else "incidents"


def _watermark(city: City, viewer: str) -> str:
    moment = now().astimezone(ZoneInfo(city.time_zone)).strftime("%Y-%m-%d %H:%M")
    return f"{viewer} {moment}".strip()


def _school_days(first: dt.date, last: dt.date, calendar: SchoolCalendar) -> dict[int, int]:
    """Return the number of school days of each ISO weekday; make-up days count for the day on which they are."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"), dtype="datetime64[D]")
    school = days[timetable_weekdays(days, calendar) > 0]
    weekday = (school.astype(np.int64) + 3) % 7 + 1
    return {day: int(n) for day, n in enumerate(np.bincount(weekday, minlength=8)) if day and n}


def _frame(table: pd.DataFrame, column: str) -> geopandas.GeoDataFrame | None:
    if table.empty:
        return None
    return geopandas.GeoDataFrame(table.drop(columns=column), geometry=list(table[column]), crs="EPSG:4326")


def _perimeters(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    table = grids.perimeters_frame(session, city)
    table["name"] = table["school_name"]
    return _frame(table[["name", "distance_m", "invented", "zone"]], "zone")


def _schools(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    known = schools.schools_frame(session, city).set_index("id")
    campuses = schools.campuses_frame(session, city)
    if campuses.empty:
        return None
    owner = known.loc[campuses["school_id"]]
    words = vocabulary().stages
    table = pd.DataFrame(
        {
            "name": owner["name"].to_numpy(),
            "stage": [
                Text("、".join(words[s].zh for s in stages), ", ".join(words[s].en for s in stages))
                for stages in owner["stages"]
            ],
            "invented": owner["invented"].to_numpy(),
            "boundary": campuses["boundary"].to_numpy(),
        }
    )
    return _frame(table, "boundary")


def _gates(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    table = schools.gates_frame(session, city)
    if table.empty:
        return None
    names = schools.schools_frame(session, city).set_index("id")["name"]
    table["school"] = names.loc[table["school_id"]].to_numpy()
    return _frame(table[["name", "school", "invented", "location"]], "location")


def _hazards(session: Session, city: City, of_inspector: int | None) -> geopandas.GeoDataFrame | None:
    rows = hazards.hazards_page(session, city=city, statuses=["open"], of_inspector=of_inspector, limit=_MOST_HAZARDS)
    if not rows:
        return None
    words = vocabulary()
    records = []
    for hazard, _code, _source in rows:
        category = words.hazard_categories[hazard.category]
        subtype = category.subtypes.get(hazard.subtype)
        status = words.hazard_statuses[hazard.status]
        records.append(
            {
                "name": hazard.name,
                "category": hazard.category,
                "subtype": None if subtype is None else Text(subtype.zh, subtype.en),
                "severity": hazard.severity,
                "status": Text(status.zh, status.en),
                "detail": hazard.note[:200],
                "invented": hazard.invented,
            }
        )
    table = pd.DataFrame(records)
    table["location"] = to_shapes(hazard.location for hazard, _c, _s in rows)
    return _frame(table, "location")


def _streets(session: Session, city: City, box: Any) -> geopandas.GeoDataFrame | None:
    """Return the streets around the schools: those further away are no base for anything."""
    if box is None:
        return None
    west, south, east, north = box
    rows = atlas.streets_of_city(session, city, (west - 0.02, south - 0.02, east + 0.02, north + 0.02))
    if not rows:
        return None
    table = pd.DataFrame({"highway": [r.highway for r in rows], "name": [r.name for r in rows]})
    table["line"] = to_shapes(r.line for r in rows)
    return _frame(table, "line")


@lru_cache(maxsize=1)
def browser_libraries(folder: Path = FOLDER / "static" / "vendor") -> dict[str, str]:
    """Return the texts of the browser libraries by their path, for pages that carry them inside.

    Raises
    ------
    NotFoundError
        Where they are not installed.
    """
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in {".js", ".css"}
    }
    if not any(name.endswith("leaflet.js") for name in found):
        raise NotFoundError("the browser libraries are not installed; run: python -m web.vendor")
    return found
