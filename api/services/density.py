"""Kernel density of incidents on the city's lattice, as GeoJSON and for the heat map's page; nothing of it gives anybody away.

What is smoothed are counts that may be told: sums of released groups, or exact counts of which those below k are
gathered into blocks of at least k first (``gis.privacy.gather``). Whoever works the density back finds these.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.schemas.geojson import features
from api.services.cellcounts import Counts, counted_days, counts_of, why_none
from api.services.incident_table import table_of
from api.services.questions import NOTHING_KNOWN, Question, wanted_city
from api.settings import Settings
from api.store import cities
from api.store.models import City
from api.store.spatial import to_shape
from gis import crs
from gis.kde import kernel_density
from gis.lattice import Lattice, cell_codes, cell_polygons
from gis.privacy import gather

SMALLEST_BANDWIDTH_M, LARGEST_BANDWIDTH_M = 50.0, 1_000.0
MOST_CELLS = 4_000_000
MOST_SHOWN = 6_000
LEAST_OF_PEAK = 0.02


@dataclass(frozen=True, eq=False)
class Density:
    """Density by cell: those that are worth drawing.

    ``value`` is incidents per km² and 100 school days, or per km² where the period has no school day; ``days_until`` as in
    :class:`api.services.cellcounts.CountedDays`.
    """

    lattice: Lattice
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    value: NDArray[np.float64]
    school_days: int
    bandwidth_m: float
    edge_corrected: bool
    days_until: dt.date | None = None


def checked_bandwidth(bandwidth_m: float, lattice: Lattice) -> float:
    """Return a bandwidth that the lattice can show.

    Raises
    ------
    BadInputError
        Where it cannot.
    """
    least = max(SMALLEST_BANDWIDTH_M, lattice.cell_m / 2)
    if not (math.isfinite(bandwidth_m) and least <= bandwidth_m <= LARGEST_BANDWIDTH_M):
        raise BadInputError(
            f"a bandwidth of {bandwidth_m:g} m cannot be drawn on cells of {lattice.cell_m:g} m; "
            f"use one from {least:g} to {LARGEST_BANDWIDTH_M:g} m"
        )
    return bandwidth_m


def density_of(
    session: Session,
    city: City,
    lattice: Lattice,
    settings: Settings,
    wanted: Question,
    bandwidth_m: float,
    *,
    sealed: bool,
) -> Density:
    """Return the kernel density of what is asked for."""
    bandwidth_m = checked_bandwidth(bandwidth_m, lattice)
    asked = replace(wanted, by_week=False)
    counts = counts_of(session, city, lattice, settings, asked, sealed=sealed)
    over = counted_days(session, city, asked, counts.period, sealed=sealed)
    days = over.school_days
    if not sealed:
        return replace(_density(city, lattice, counts, days, bandwidth_m, k=None), days_until=over.until)
    key = ("density", asked, bandwidth_m, days, settings.k_anonymity)
    found: Density = table_of(session, city).answers.of(
        key, lambda: _density(city, lattice, counts, days, bandwidth_m, k=settings.k_anonymity)
    )
    return replace(found, days_until=over.until)


def _density(city: City, lattice: Lattice, counts: Counts, days: int, bandwidth_m: float, *, k: int | None) -> Density:
    totals = counts.shown.cell_totals if k is None else counts.cells.counts.sum(axis=1)
    there = np.flatnonzero(totals)
    column, row = counts.cells.column[there], counts.cells.row[there]
    none = np.zeros(0, dtype=np.int64)
    if not there.size:
        return Density(lattice, none, none, np.zeros(0), days, bandwidth_m, city.area is not None)
    margin = math.ceil(3 * bandwidth_m / lattice.cell_m)
    west, south = int(column.min()) - margin, int(row.min()) - margin
    width, height = int(column.max()) + margin - west + 1, int(row.max()) + margin - south + 1
    if width * height > MOST_CELLS:
        raise BadInputError("the incidents lie too far apart for one map; ask for a township or a shorter period")
    raster = np.zeros((height, width))
    raster[row - south, column - west] = totals[there]
    if k is not None:
        raster = gather(raster, k)
    inside = _inside(city, lattice, west, south, width, height)
    if inside is not None:
        raster = np.where(inside, raster, 0.0)
    value = kernel_density(raster, lattice.cell_m, bandwidth_m, inside=inside, school_days=days or None)
    value = np.nan_to_num(value)
    if not value.max(initial=0.0) > 0:
        return Density(lattice, none, none, np.zeros(0), days, bandwidth_m, inside is not None)
    flat = value.ravel()
    floor = float(LEAST_OF_PEAK * flat.max())
    if np.count_nonzero(flat > floor) > MOST_SHOWN:
        floor = float(np.partition(flat, -MOST_SHOWN)[-MOST_SHOWN])
    at = np.flatnonzero(flat > floor)
    rows, columns = np.divmod(at, width)
    return Density(lattice, columns + west, rows + south, flat[at], days, bandwidth_m, inside is not None)


def _inside(city: City, lattice: Lattice, west: int, south: int, width: int, height: int) -> NDArray[np.bool_] | None:
    """Return which cells' centres lie in the city; None where its boundary is not known."""
    if city.area is None:
        return None
    boundary = crs.project_geometries(np.array([to_shape(city.area)], dtype=object), lattice.crs)[0]
    cell_m = lattice.cell_m
    box = shapely.box(west * cell_m, south * cell_m, (west + width) * cell_m, (south + height) * cell_m)
    shapely.prepare(boundary)
    if shapely.contains(boundary, box):
        return np.ones((height, width), dtype=bool)
    x = (np.arange(west, west + width) + 0.5) * lattice.cell_m
    y = (np.arange(south, south + height) + 0.5) * lattice.cell_m
    found: NDArray[np.bool_] = shapely.contains_xy(boundary, *np.meshgrid(x, y))
    return found


def density(
    session: Session, settings: Settings, wanted: Question, bandwidth_m: float, *, sealed: bool
) -> dict[str, Any]:
    """Return the density as GeoJSON: cells with ``density``; the collection says its unit and how it was made.

    Where there is no cell, ``reason`` says why.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        return features([], [], []) | {"reason": NOTHING_KNOWN}
    found = density_of(session, city, lattice, settings, wanted, bandwidth_m, sealed=sealed)
    codes = cell_codes(city.code, found.column, found.row, lattice)
    document = features(
        codes,
        cell_polygons(found.column, found.row, lattice),
        [
            {"code": str(code), "density": float(f"{value:.4g}")}
            for code, value in zip(codes, found.value.tolist(), strict=True)
        ],
    )
    unit = "incidents per km² and 100 school days" if found.school_days else "incidents per km²"
    none = {} if found.value.size else {"reason": _why_none(session, city, lattice, settings, wanted, sealed=sealed)}
    said = {
        "unit": unit,
        "school_days": found.school_days,
        "days_until": found.days_until and found.days_until.isoformat(),
        "bandwidth_m": found.bandwidth_m,
        "cell_m": lattice.cell_m,
        "edge_corrected": found.edge_corrected,
        "k": settings.k_anonymity,
        "basis": "exact" if sealed else "groups",
    }
    return document | none | said


def _why_none(
    session: Session, city: City, lattice: Lattice, settings: Settings, wanted: Question, *, sealed: bool
) -> str:
    shown = counts_of(session, city, lattice, settings, replace(wanted, by_week=False), sealed=sealed).shown
    return "all of the incidents lie outside the city's boundary" if shown.total else why_none(shown, sealed=sealed)
