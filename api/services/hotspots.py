"""Which cells around schools are hot or cold, with their significance, and in a sentence.

Counts are those of the heat map (`api.services.cellcounts`): released groups for everybody, exact ones for the police.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.schemas.geojson import features
from api.services.cellcounts import cell_counts
from api.services.incident_table import MINUTES_A_DAY
from api.services.questions import Question, places_of, wanted_city
from api.services.selection import Selection, select
from api.services.silence import why_nothing
from api.services.study_area import StudyCells, study_cells
from api.settings import Settings
from gis.hotspots import gi_star, local_moran
from gis.hotspots.chance import commonest
from gis.hotspots.gi import spot_classes
from gis.hotspots.moran import HIGH_HIGH, HIGH_LOW, LOW_HIGH, LOW_LOW
from gis.hotspots.windows import DaySlots, Window, busiest_windows
from gis.hotspots.words import Finding, describe
from gis.lattice import cell_polygons

Method = Literal["gi", "kde", "moran"]
PERMUTATIONS = 4_999  # where they cannot all be counted: among some thousand cells fewer could never reach a q of 0.05
MORAN_PERMUTATIONS = 999
SEED = 20260901
LONGEST_WEEKS = 520
MOST_WINDOWS = 30  # of the surest hot spots, one a place
WINDOW_DRAWS = 199
SURE = 0.05
QUADRANTS = {HIGH_HIGH: "high-high", LOW_LOW: "low-low", HIGH_LOW: "high-low", LOW_HIGH: "low-high"}


@dataclass(frozen=True, eq=False)
class Spots:
    """What the statistics say of each cell of the study area; arrays of one length."""

    counts: NDArray[np.int64]
    around: NDArray[np.float64]
    expected: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    classes: NDArray[np.int8]
    quadrant: NDArray[np.int8]
    reason: NDArray[np.int8]


def hot_spots(
    session: Session,
    settings: Settings,
    wanted: Question,
    *,
    weeks: int,
    today: dt.date,
    sealed: bool,
    method: Method = "gi",
) -> dict[str, Any]:
    """Return the cells that differ from chance, and those with incidents, as GeoJSON.

    Parameters
    ----------
    wanted
        What is asked for; of a school or a township, only its cells are told, each held against the whole city.
    weeks
        Where no first day is given: so many weeks up to the last day.
    today
        The last day where none is given.
    sealed
        Exact counts, for the police; else released groups.
    method
        ``gi``: Gi* of a cell and those around it; ``kde``: the same of a kernel density; ``moran``: local Moran's I.

    Returns
    -------
    dict
        A FeatureCollection; properties ``code``, ``count`` (None: below k), ``z``, ``p``, ``q``, ``class`` (99, 95, 90:
        hot; −99, −95, −90: cold; 0), ``schools`` and ``schools_en``, for Moran ``quadrant``, and for hot and cold
        cells ``sentence_zh`` and ``sentence_en``. The collection says ``cells`` (of the study area), ``weeks``, and why there is no answer:
        ``reason_zh``, ``reason_en``.
    """
    if not 1 <= weeks <= LONGEST_WEEKS:
        raise BadInputError(f"hot spots are of 1 to {LONGEST_WEEKS} weeks")
    city = wanted_city(session, wanted.city)
    area = study_cells(session, city)
    last = wanted.last or today
    first = wanted.first or last - dt.timedelta(weeks=weeks) + dt.timedelta(days=1)
    asked = replace(wanted, first=first, last=last, by_week=False)
    everywhere = replace(asked, school=None, township=None)  # each cell is held against the whole city
    counts = _counts_in(area, cell_counts(session, settings, everywhere, sealed=sealed))
    spots = area.answers.of((method, counts.tobytes()), lambda: _spots(area, counts, method))
    shown = (counts > 0) | (spots.classes != 0)
    places = places_of(session, city, area.lattice, asked)
    if not places.everywhere:
        shown &= places.holds(area.column, area.row)
    told = np.flatnonzero(shown)
    period = _weeks(first, last)
    windows: dict[int, Window] = {}
    found: Selection | None = None
    if sealed:
        found = select(session, settings, city, area.lattice, everywhere)
        windows = found.table.answers.of(
            ("windows", method, everywhere, area.version, counts.tobytes(), settings.k_anonymity),
            lambda: _windows(found, area, spots, settings.k_anonymity),
        )
    properties = [
        _told(area, spots, at, windows.get(at), asked, period, settings.k_anonymity, method) for at in told.tolist()
    ]
    document = features(
        [said["code"] for said in properties],
        cell_polygons(area.column[told], area.row[told], area.lattice),
        properties,
    )
    said = {"cells": len(area), "weeks": period, "k": settings.k_anonymity, "basis": "exact" if sealed else "groups"}
    return document | said | {"method": method} | why_nothing(commonest(spots.reason), found, area)


def _counts_in(area: StudyCells, known: dict[tuple[int, int], int]) -> NDArray[np.int64]:
    """Return the counts of the cells of the study area."""
    counts = np.zeros(len(area), dtype=np.int64)
    if known:
        cells = np.array(list(known), dtype=np.int64)
        at = area.index_of(cells[:, 0], cells[:, 1])
        counts[at[at >= 0]] = np.array(list(known.values()))[at >= 0]
    return counts


def _spots(area: StudyCells, counts: NDArray[np.int64], method: Method) -> Spots:
    values = counts.astype(np.float64)
    near = area.neighbours
    quadrant = np.zeros(len(area), dtype=np.int8)
    around, expected = near.sum_with_self(values), (near.neighbours + 1) * values.mean()
    if method == "moran":
        found = local_moran(values, near, permutations=MORAN_PERMUTATIONS, seed=SEED)
        z, p, q, reason, quadrant = found.value, found.p, found.q, found.reason, found.quadrant
        sign = np.select([quadrant == HIGH_HIGH, quadrant == LOW_LOW], [1.0, -1.0], 0.0)
        classes = spot_classes(sign, q)
    else:
        weights = near
        if method == "kde":
            weights = area.around
            # what a sentence counts is weighted by distance too, as the density is
            around = np.asarray(weights.matrix @ values + values)
            expected = (np.asarray(weights.matrix.sum(axis=1)).ravel() + 1) * values.mean()
        spots = gi_star(
            values, weights, permutations=PERMUTATIONS, seed=SEED, kernel=method == "kde", exact=method == "gi"
        )
        z, p, q, reason, classes = spots.z, spots.p, spots.q, spots.reason, spots.classes
    return Spots(
        counts=counts,
        around=around,
        expected=expected,
        z=z,
        p=p,
        q=q,
        classes=classes,
        quadrant=quadrant,
        reason=reason,
    )


def _windows(found: Selection, area: StudyCells, spots: Spots, k: int) -> dict[int, Window]:
    """Return when the surest hot cell of each place is hot, where that is no chance either."""
    order = sorted(np.flatnonzero(spots.classes > 0).tolist(), key=lambda at: (spots.q[at], -spots.z[at]))
    leading = list({area.places[at]: at for at in reversed(order)}.values())
    leading = sorted(leading, key=order.index)[:MOST_WINDOWS]
    if not leading:
        return {}
    table, at = found.table, found.at
    at = at[table.start_min[at] == table.end_min[at]]  # of the others the hour is not known
    slots = DaySlots()
    cell = area.index_of(table.column[at], table.row[at])
    weekday, minute = (table.day[at] + 3) % 7 + 1, table.start_min[at] % MINUTES_A_DAY
    by_slot = slots.table(cell, weekday, minute, np.ones(at.size), len(area))
    matrix = area.neighbours.matrix
    members = [np.append(matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]], i) for i in leading]
    told = busiest_windows(by_slot, members, slots=slots, least=k, draws=WINDOW_DRAWS, seed=SEED)
    return {i: window for i, window in zip(leading, told, strict=True) if window is not None and window.p <= SURE}


def _told(
    area: StudyCells,
    spots: Spots,
    at: int,
    window: Window | None,
    asked: Question,
    weeks: int,
    k: int,
    method: Method,
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": area.codes[at],
        "count": int(spots.counts[at]) if spots.counts[at] >= k else None,
        "z": _number(spots.z[at]),
        "p": _number(spots.p[at]),
        "q": _number(spots.q[at]),
        "class": int(spots.classes[at]),
        **area.named([at]),
    }
    if method == "moran":
        said["quadrant"] = QUADRANTS.get(int(spots.quadrant[at])) if spots.q[at] <= 0.1 else None
    if spots.classes[at]:
        said |= sentences(area, at, spots, window, asked.weekdays, weeks)
    return said


def sentences(
    area: StudyCells, at: int, spots: Spots, window: Window | None, weekdays: Sequence[int], weeks: int
) -> dict[str, Any]:
    """Return a hot or cold cell as a sentence in both languages: what it and the cells around it hold."""
    zh, en = area.places[at]
    q = float(spots.q[at])
    if window is None:
        finding = Finding(
            place_zh=zh,
            place_en=en,
            observed=round(float(spots.around[at])),
            expected=float(spots.expected[at]),
            weeks=weeks,
            p=q,
            weekdays=weekdays,
        )
        return {f"sentence_{language}": describe(finding, language) for language in ("zh", "en")}
    finding = Finding(
        place_zh=zh,
        place_en=en,
        observed=window.observed,
        expected=window.expected,
        weeks=weeks,
        p=max(q, window.p),  # that the place is hot, and that it is so then: each may be chance
        weekdays=window.weekdays,
        minutes=window.minutes,
    )
    when = {"weekdays": list(window.weekdays), "minutes": list(window.minutes)}
    return {f"sentence_{language}": describe(finding, language) for language in ("zh", "en")} | {"when": when}


def _weeks(first: dt.date, last: dt.date) -> int:
    return max(1, round(((last - first).days + 1) / 7))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.6g}")
