"""Which cells around schools are hot or cold, with their significance, and in a sentence.

The study area is the cells of schools' perimeters: outside them nobody is asked to look, and empty country would make
every town a hot spot. Counts are those of the heat map (`api.services.heatmaps`): released groups for everybody, exact
ones for the police.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.schemas.geojson import features
from api.services.heatmaps import HeatRequest, cell_counts, wanted_city
from api.settings import Settings
from api.store import atlas, cities, grids
from gis.hotspots import gi_star, queen_neighbours
from gis.hotspots.chance import Reason
from gis.hotspots.words import Finding, describe, why_not
from gis.lattice import cell_polygons, cells_of

PERMUTATIONS = 9_999  # among some thousand cells fewer could never reach a q of 0.05
SEED = 20260901
LONGEST_WEEKS = 520


def hot_spots(
    session: Session, settings: Settings, wanted: HeatRequest, *, weeks: int, today: dt.date, sealed: bool
) -> dict[str, Any]:
    """Return the cells that differ from chance, and those with incidents, as GeoJSON.

    Parameters
    ----------
    wanted
        City, period, types, weekdays, after school.
    weeks
        Where no first day is given: so many weeks up to the last day.
    today
        The last day where none is given.
    sealed
        Exact counts, for the police; else released groups.

    Returns
    -------
    dict
        A FeatureCollection; properties ``code``, ``count`` (None: below k), ``z``, ``p``, ``q``, ``class`` (99, 95, 90:
        hot; −99, −95, −90: cold; 0), ``schools``, and for hot and cold cells ``sentence_zh`` and ``sentence_en``. The
        collection says ``cells`` (of the study area), ``weeks``, and why there is no answer: ``reason_zh``,
        ``reason_en``.
    """
    if not 1 <= weeks <= LONGEST_WEEKS:
        raise BadInputError(f"hot spots are of 1 to {LONGEST_WEEKS} weeks")
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    area = grids.lattice_cells(session, city)
    if lattice is None or not area:
        raise NotFoundError("the schools have no perimeters yet; build them: campus grid build")
    last = wanted.last or today
    first = wanted.first or last - dt.timedelta(weeks=weeks) + dt.timedelta(days=1)
    known = cell_counts(session, settings, replace(wanted, first=first, last=last), sealed=sealed)
    place = shapely.get_coordinates(shapely.point_on_surface(np.array([cell.shape for cell in area], dtype=object)))
    column, row = cells_of(place[:, 0], place[:, 1], lattice)
    counts = np.array(
        [known.get((c, r), 0) for c, r in zip(column.tolist(), row.tolist(), strict=True)], dtype=np.int64
    )
    weights = queen_neighbours(column, row)
    spots = gi_star(counts.astype(np.float64), weights, permutations=PERMUTATIONS, seed=SEED)
    around = weights.sum_with_self(counts.astype(np.float64))
    expected = (weights.neighbours + 1) * counts.mean()
    shown = np.flatnonzero((counts > 0) | (spots.classes != 0))
    schools = atlas.schools_of_cells(session, [area[at].id for at in shown])
    period = _weeks(first, last)
    properties = []
    for at in shown:
        names = [name for _, name in schools.get(area[at].id, [])]
        said: dict[str, Any] = {
            "code": area[at].code,
            "count": int(counts[at]) if counts[at] >= settings.k_anonymity else None,
            "z": _number(spots.z[at]),
            "p": _number(spots.p[at]),
            "q": _number(spots.q[at]),
            "class": int(spots.classes[at]),
            "schools": names,
        }
        if spots.classes[at]:
            finding = Finding(
                place_zh=names[0] if names else area[at].code,
                place_en=names[0] if names else area[at].code,
                observed=int(around[at]),
                expected=float(expected[at]),
                weeks=period,
                p=float(spots.q[at]),
                weekdays=wanted.weekdays,
            )
            said |= {f"sentence_{language}": describe(finding, language) for language in ("zh", "en")}
        properties.append(said)
    document = features(
        [said["code"] for said in properties], cell_polygons(column[shown], row[shown], lattice), properties
    )
    basis = "exact" if sealed else "groups"
    return (
        document
        | {"cells": len(area), "weeks": period, "k": settings.k_anonymity, "basis": basis}
        | _no_answer(spots.reason)
    )


def _weeks(first: dt.date, last: dt.date) -> int:
    return max(1, round(((last - first).days + 1) / 7))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.6g}")


def _no_answer(reason: Any) -> dict[str, str]:
    """Return why there is no p-value anywhere, if so."""
    if (reason == Reason.NONE).any():
        return {}
    why = Reason(int(np.bincount(reason).argmax()))
    return {f"reason_{language}": why_not(why, language) for language in ("zh", "en")}
