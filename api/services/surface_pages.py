"""Density, two periods side by side, and their difference, as Folium pages that open without a network."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.services.cellcounts import CountedDays, counted_days, counts_of, rate_of_one
from api.services.density import density_of
from api.services.heatmaps import browser_libraries, ground_of, title_of
from api.services.questions import NOTHING_KNOWN, Question, cell_keys, cells_of_keys, wanted_city
from api.settings import Settings
from api.store import cities
from api.store.models import City
from gis.lattice import Lattice
from gis.maps.surface import Legend, Panel, classes_of, difference_legend, rate_legend, surface_page
from gis.maps.text import Text, catalogue, say

View = Literal["cells", "density", "side", "difference"]
DEFAULT_BANDWIDTH_M = 150.0


@dataclass(frozen=True)
class Versus:
    """The period that another is held against, days of the city, both included."""

    first: dt.date
    last: dt.date


def density_page(
    session: Session,
    settings: Settings,
    wanted: Question,
    bandwidth_m: float,
    *,
    language: str,
    viewer: str,
    sealed: bool,
) -> str:
    """Return the kernel density as one page."""
    city, lattice = _city(session, wanted)
    found = density_of(session, city, lattice, settings, wanted, bandwidth_m, sealed=sealed)
    per_day = found.school_days > 0
    legend, breaks = rate_legend(
        found.value,
        catalogue()["surface.unit" if per_day else "surface.unit_plain"],
        catalogue()["surface.blank_density"],
    )
    panel = Panel(
        heading=Text("", ""),
        column=found.column,
        row=found.row,
        classes=classes_of(found.value, breaks),
        says=catalogue()["surface.density" if per_day else "surface.density_plain"],
        numbers=found.value[:, None],
    )
    notes = [
        say("surface.kernel" if found.edge_corrected else "surface.kernel_open", bandwidth=f"{found.bandwidth_m:g}"),
        say("surface.gathered" if sealed else "notes.groups", k=settings.k_anonymity),
        say("notes.points"),
        say("notes.effort"),
    ]
    if found.days_until:
        notes.insert(1, say("notes.days_until", until=found.days_until))
    if per_day:
        notes.insert(1, say("notes.rate", days=found.school_days))
    return surface_page(
        [panel],
        legend,
        lattice,
        ground_of(session, city, language=language, viewer=viewer),
        browser_libraries(),
        title=_title(city, wanted, "surface.title_density"),
        period=Text.of(_period(wanted)),
        notes=notes,
    )


def comparison_page(
    session: Session,
    settings: Settings,
    wanted: Question,
    versus: Versus,
    view: View,
    *,
    language: str,
    viewer: str,
    sealed: bool,
) -> str:
    """Return two periods side by side with one scale, or their difference, as one page; the earlier period comes first.

    Raises
    ------
    BadInputError
        Where a period is missing or the periods overlap.
    """
    if wanted.first is None or wanted.last is None:
        raise BadInputError("two periods are compared by their first and last days; give from and to of both")
    if versus.last < versus.first:
        raise BadInputError(f"the period ends ({versus.last}) before it begins ({versus.first})")
    other = replace(wanted, first=versus.first, last=versus.last, by_week=False)
    first, second = sorted([replace(wanted, by_week=False), other], key=lambda one: (one.first, one.last))
    if first.last is not None and second.first is not None and first.last >= second.first:
        raise BadInputError("the two periods overlap; one must end before the other begins")
    city, lattice = _city(session, wanted)
    keys, counts, days = _both(session, settings, city, lattice, (first, second), sealed=sealed)
    each = [rate_of_one(lattice, one.school_days) for one in days]
    if each[0] is None or each[1] is None:
        raise BadInputError("one of the two periods has no school day, so there is no rate to compare")
    rates = counts * np.array([[each[0]], [each[1]]])
    make = _difference if view == "difference" else _side_by_side
    panels, legend = make(keys, counts, rates, np.array(each), (first, second), settings.k_anonymity, sealed)
    notes = [
        say("surface.days", first=days[0].school_days, second=days[1].school_days),
        *(say("notes.days_until", until=one.until) for one in days if one.until),
        say("notes.suppressed" if sealed else "notes.groups", k=settings.k_anonymity),
        say("notes.points"),
        say("notes.effort"),
    ]
    if sealed and view == "difference":
        notes.insert(2, say("surface.least", k=settings.k_anonymity))
    return surface_page(
        panels,
        legend,
        lattice,
        ground_of(session, city, language=language, viewer=viewer),
        browser_libraries(),
        title=_title(city, wanted, "surface.title_difference" if view == "difference" else "surface.title_side"),
        period=Text.of(f"{_period(first)}  |  {_period(second)}"),
        notes=notes,
    )


def _city(session: Session, wanted: Question) -> tuple[City, Lattice]:
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        raise NotFoundError(NOTHING_KNOWN)
    return city, lattice


def _title(city: City, wanted: Question, key: str) -> Text:
    what = catalogue()[key]
    return Text(
        f"{city.name}：{title_of('zh', wanted)} · {what.zh}",
        f"{city.name_en or city.name}: {title_of('en', wanted)} · {what.en}",
    )


def _period(wanted: Question) -> str:
    return f"{wanted.first or '…'} – {wanted.last or '…'}" if wanted.first or wanted.last else ""


def _both(
    session: Session,
    settings: Settings,
    city: City,
    lattice: Lattice,
    periods: tuple[Question, Question],
    *,
    sealed: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[CountedDays]]:
    """Return the cells that either period shows, their shown counts, shape ``(2, cells)``, and the days of both."""
    parts, days = [], []
    for period in periods:
        found = counts_of(session, city, lattice, settings, period, sealed=sealed)
        safe = np.flatnonzero(found.shown.cell_totals)
        keys = cell_keys(found.cells.column[safe], found.cells.row[safe])
        parts.append((keys, found.shown.cell_totals[safe]))
        days.append(counted_days(session, city, period, found.period, sealed=sealed))
    every = np.unique(np.concatenate([keys for keys, _ in parts]))
    counts = np.zeros((2, every.size), dtype=np.int64)
    for at, (keys, totals) in enumerate(parts):
        counts[at, np.searchsorted(every, keys)] = totals
    return every, counts, days


Pages = tuple[list[Panel], Legend]


def _side_by_side(
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
    rates: NDArray[np.float64],
    each: NDArray[np.float64],
    periods: tuple[Question, Question],
    k: int,
    sealed: bool,
) -> Pages:
    blank = say("legend.blank" if sealed else "legend.no_group", k=k)
    legend, breaks = rate_legend(rates[rates > 0], catalogue()["surface.unit"], blank)
    panels = []
    for at, period in enumerate(periods):
        here = np.flatnonzero(counts[at])
        column, row = cells_of_keys(keys[here])
        panels.append(
            Panel(
                heading=Text.of(_period(period)),
                column=column,
                row=row,
                classes=classes_of(rates[at, here], breaks),
                says=catalogue()["surface.counted"],
                numbers=np.column_stack([counts[at, here], rates[at, here]]),
            )
        )
    return panels, legend


def _difference(
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
    rates: NDArray[np.float64],
    each: NDArray[np.float64],
    periods: tuple[Question, Question],
    k: int,
    sealed: bool,
) -> Pages:
    held = rates
    if sealed:  # where one is hidden it may be as many as k − 1: the least difference that there is
        held = np.where(counts == 0, (k - 1) * each[:, None], rates)
    change = held[1] - held[0]
    appeared, gone = (counts[0] == 0) & (counts[1] > 0), (counts[1] == 0) & (counts[0] > 0)
    change = np.where(appeared, np.maximum(change, 0.0), np.where(gone, np.minimum(change, 0.0), change))
    here = np.flatnonzero(np.abs(change) > 1e-9)
    legend, classes = difference_legend(
        change[here], catalogue()["surface.unit"], catalogue()["surface.blank_difference"]
    )
    column, row = cells_of_keys(keys[here])
    panel = Panel(
        heading=Text("", ""),
        column=column,
        row=row,
        classes=classes,
        says=say("surface.changed", k=k),
        numbers=np.column_stack([counts[0, here], counts[1, here], change[here]]),
    )
    return [panel], legend
