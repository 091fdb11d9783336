"""Incidents counted by cell: exactly, for the police, or as sums of released groups for everybody.

People without access to the sealed layer are shown sums of released groups (``gis.release``), so that nothing can be
worked out from several questions. The police, who may see the detail anyway, are shown exact counts, of which each
page hides what is below k (``gis.privacy``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.schemas.geojson import features
from api.services.cities import today
from api.services.incident_table import table_of
from api.services.questions import NOTHING_KNOWN, Question, checked_kinds, places_of, wanted_city
from api.services.selection import by_cell_and_hour, select
from api.settings import Settings
from api.store import cities, incidents
from api.store.incidents import CountedIncidents, GroupFilter
from api.store.models import City
from gis.density import CellCounts, WeekSlices
from gis.lattice import Lattice, cell_codes, cell_polygons
from gis.privacy import ShownCounts, suppress
from gis.schooltime import SchoolCalendar, timetable_weekdays

Period = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Counts:
    """Counts by cell and slice, what of them may be shown, and the days that they are of."""

    cells: CellCounts
    shown: ShownCounts
    slices: WeekSlices | None = None
    period: Period | None = None
    assumed: int = 0  # incidents whose school has no timetable, so that its dismissal is assumed


def counts_of(
    session: Session, city: City, lattice: Lattice, settings: Settings, wanted: Question, *, sealed: bool
) -> Counts:
    """Count what is asked for: exactly, or by released groups."""
    if sealed:
        table = table_of(session, city)
        key = (
            "counts",
            wanted,
            settings.k_anonymity,
            settings.after_school_before_min,
            settings.after_school_after_min,
        )
        exact: Counts = table.answers.of(key, lambda: _exact(session, city, lattice, settings, wanted))
        return exact
    if wanted.minutes is not None:
        raise BadInputError("minutes after dismissal are for the police; ask with after_school=true instead")
    of_groups = GroupFilter(
        least=settings.k_anonymity,
        first=wanted.first,
        last=wanted.last,
        kinds=checked_kinds(wanted),
        weekdays=wanted.weekdays,
        after_school=wanted.after_school,
    )
    counted = incidents.count_groups(session, city, of_groups)
    places = places_of(session, city, lattice, wanted)
    if not places.everywhere:  # a group lies in one cell: it is taken whole or not at all
        inside = places.holds(counted.column, counted.row)
        counted = CountedIncidents(*(part[inside] for part in vars(counted).values()))
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
    return Counts(cells, shown, slices, incidents.period_of_groups(session, city, of_groups))


def _exact(session: Session, city: City, lattice: Lattice, settings: Settings, wanted: Question) -> Counts:
    found = select(session, settings, city, lattice, wanted)
    if wanted.by_week:
        counted = by_cell_and_hour(found)
    else:
        column, row, total = found.by_cell()
        counted = CountedIncidents(column, row, np.ones_like(column), np.zeros_like(column), total)
    slices = _slices(counted, wanted.by_week)
    cells, _ = _by_cell(counted, lattice, slices)
    assumed = int(found.table.assumed[found.at].sum())
    return Counts(cells, suppress(cells.counts, settings.k_anonymity), slices, found.days(), assumed)


def _slices(counted: CountedIncidents, by_week: bool) -> WeekSlices | None:
    """Return the hours and weekdays that the slider steps through; None for a map without one."""
    hour, weekday = counted.hour[counted.hour >= 0], counted.weekday
    if not by_week or not len(hour):
        return None
    hours = range(int(hour.min()), int(hour.max()) + 1)
    days = range(1, 8) if (weekday > 5).any() else range(1, 6)
    return WeekSlices(bands_min=tuple((60 * h, 60 * h + 60) for h in hours), weekdays=tuple(days))


def _by_cell(
    counted: CountedIncidents, lattice: Lattice, slices: WeekSlices | None
) -> tuple[CellCounts, NDArray[np.int64]]:
    """Return whole counts by cell and slice, and the cells' totals, in which those of no slice are counted too."""
    places = np.column_stack([counted.row, counted.column])
    cells, position = np.unique(places, axis=0, return_inverse=True)
    position = position.ravel()
    totals = np.rint(np.bincount(position, weights=counted.count, minlength=len(cells))).astype(np.int64)
    if slices is None:
        return CellCounts(lattice, cells[:, 1], cells[:, 0], totals[:, None]), totals
    part = slices.index_of(counted.weekday, np.where(counted.hour < 0, -1, counted.hour * 60))
    timed = part >= 0
    table = np.bincount(
        position[timed] * len(slices) + part[timed], weights=counted.count[timed], minlength=len(cells) * len(slices)
    )
    counts = np.rint(table.reshape(len(cells), len(slices))).astype(np.int64)
    return CellCounts(lattice, cells[:, 1], cells[:, 0], counts), totals


def cell_counts(session: Session, settings: Settings, wanted: Question, *, sealed: bool) -> dict[tuple[int, int], int]:
    """Return counts by cell of the lattice (column, row): of released groups, or exact and not yet safe to show."""
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        return {}
    counts = counts_of(session, city, lattice, settings, replace(wanted, by_week=False), sealed=sealed)
    totals = counts.cells.counts.sum(axis=1) if sealed else counts.shown.cell_totals
    cells = zip(counts.cells.column.tolist(), counts.cells.row.tolist(), strict=True)
    return dict(zip(cells, totals.tolist(), strict=True))


def incident_cells(session: Session, settings: Settings, wanted: Question, *, sealed: bool) -> dict[str, Any]:
    """Return the cells that may be shown with their counts and rates, as GeoJSON.

    ``basis`` says what was counted: ``groups``, of which the last day is before ``released_until``, or ``exact``. Rates
    are incidents per km² and 100 school days, over the ``school_days`` of the period; where there is none, none is
    given. Where the period goes on into days to come, these are counted up to ``days_until``. Where there is no cell,
    ``reason`` says why.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        return features([], [], []) | {"reason": NOTHING_KNOWN}
    counts = counts_of(session, city, lattice, settings, replace(wanted, by_week=False), sealed=sealed)
    cells, shown = counts.cells, counts.shown
    safe = np.flatnonzero(shown.cell_totals)
    column, row = cells.column[safe], cells.row[safe]
    codes = cell_codes(city.code, column, row, lattice)
    days = counted_days(session, city, wanted, counts.period, sealed=sealed)
    each = rate_of_one(lattice, days.school_days)
    document = features(
        codes,
        cell_polygons(column, row, lattice),
        [
            {"code": str(code), "count": int(n), "rate": None if each is None else float(f"{n * each:.4g}")}
            for code, n in zip(codes, shown.cell_totals[safe], strict=True)
        ],
    )
    until = city.incidents_released_until
    basis = {"basis": "exact"} if sealed else {"basis": "groups", "released_until": until and until.isoformat()}
    said = {"k": settings.k_anonymity, "hidden": shown.hidden_total, "total": shown.total}
    over = {"school_days": days.school_days, "days_until": days.until and days.until.isoformat()}
    none = {} if safe.size else {"reason": why_none(shown, sealed=sealed)}
    return document | said | over | {"rate_unit": "incidents per km² and 100 school days"} | basis | none


def why_none(shown: ShownCounts, *, sealed: bool) -> str:
    """Return why there is no cell to show; none and fewer than k are not told apart."""
    if not sealed:
        return (
            f"there is no group of at least {shown.k} incidents: none happened, or too few, or too lately to be shown"
        )
    if shown.total:
        return f"each cell has fewer than {shown.k} incidents, or would give away one that has"
    return f"there were no incidents, or fewer than {shown.k} in each cell"


@dataclass(frozen=True)
class CountedDays:
    """The days that counts are of, both included, and how many of them are school days.

    ``until`` is the last of them where the period that was asked for goes further, into days of which nothing can be
    counted yet; else None.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    by_weekday: Mapping[int, int] = field(default_factory=dict)
    until: dt.date | None = None

    @property
    def school_days(self) -> int:
        """The number of school days."""
        return sum(self.by_weekday.values())


def counted_days(session: Session, city: City, wanted: Question, period: Period | None, *, sealed: bool) -> CountedDays:
    """Return the days of the period that is asked for, or else of the incidents' own; never days to come.

    The last one is today in the city, or the last before which groups have been released.
    """
    first, last = period or (None, None)
    first, last = wanted.first or first, wanted.last or last
    released = city.incidents_released_until
    over = today(city) if sealed else released and released - dt.timedelta(days=1)
    if first is None or last is None or over is None:
        return CountedDays(first, last)
    until = over if over < last else None
    by_weekday = school_days_by_weekday(first, until or last, cities.calendar_of(session, city))
    wanted_days = {day: n for day, n in by_weekday.items() if not wanted.weekdays or day in wanted.weekdays}
    return CountedDays(first, last, wanted_days, until)


def school_days_by_weekday(first: dt.date, last: dt.date, calendar: SchoolCalendar) -> dict[int, int]:
    """Return the number of school days of each ISO weekday; make-up days count for the day on which they are."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"), dtype="datetime64[D]")
    school = days[timetable_weekdays(days, calendar) > 0]
    weekday = (school.astype(np.int64) + 3) % 7 + 1
    return {day: int(n) for day, n in enumerate(np.bincount(weekday, minlength=8)) if day and n}


def rate_of_one(lattice: Lattice, days: int) -> float | None:
    """Return what one incident in a cell is per km² and 100 school days; None without school days."""
    return 100 / ((lattice.cell_m / 1000) ** 2 * days) if days > 0 else None
