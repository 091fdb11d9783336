"""An invented neighbourhood: three schools, their gates, hazards, streets and incidents."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis.density import CellCounts, WeekSlices, count_by_cell
from gis.lattice import lattice_for
from gis.maps.heatmap import HeatmapSpec

LON, LAT = 120.24, 29.71
WEEK = WeekSlices(bands_min=((960, 1020), (1020, 1080)), weekdays=(1, 2, 3, 4, 5))


def frame(geometry, **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:4326")


def incidents(n: int = 1500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    lon = LON + rng.choice([-0.01, 0.0, 0.012], n) + rng.normal(0, 0.0016, n)
    lat = LAT + rng.normal(0, 0.0012, n)
    part = np.minimum(rng.integers(0, 12, n), 9)
    return lon, lat, part


def cells() -> CellCounts:
    lon, lat, part = incidents()
    return count_by_cell(lon, lat, lattice_for(LON, LAT, 100.0), slice_index=part, n_slices=len(WEEK))


def spec(word: str | None = None, **changes) -> HeatmapSpec:
    """Return a heat map of everything; with ``word``, everything that people type is that word."""
    grounds = [shapely.box(LON + x - 0.001, LAT - 0.0008, LON + x + 0.001, LAT + 0.0008) for x in (-0.01, 0, 0.012)]
    names = [word] * 3 if word is not None else ["实验小学", "城南初中", "东门幼儿园"]
    said = word if word is not None else "开放"
    given = {
        "cells": cells(),
        "slices": WEEK,
        "period": word or "2026-09-01 – 2026-11-22",
        "title": word,
        "school_days": 58,
        "school_days_by_weekday": {1: 12, 2: 12, 3: 12, 4: 11, 5: 11},
        "schools": frame(grounds, name=names, stage=[said] * 3, invented=True),
        "perimeters": frame([shape.buffer(0.002) for shape in grounds], name=names, distance_m=200.0),
        "gates": frame([shapely.Point(LON, LAT - 0.0008)], name=[said], school=[names[1]], invented=True),
        "hazards": frame(
            [shapely.Point(LON + 0.0004 * i, LAT + 0.0015) for i in range(4)],
            name=[word or "烤肠摊"] * 4,
            category=["TRF", "VEN", "FAC", word or "XXX"],
            subtype=[said] * 4,
            severity=[1, 2, 3, None],
            status=[said] * 4,
            detail=[said] * 4,
            distance_m=[12.4, 30.0, None, 80.0],
            invented=[True, True, False, False],
        ),
        "streets": frame(
            [shapely.LineString([(LON - 0.02, LAT + y), (LON + 0.02, LAT + y)]) for y in (-0.002, 0.002)],
            name=[said] * 2,
            highway=["primary", "residential"],
        ),
        "watermark": word or "王某 2026-11-23 16:20",
        "credit": word or "© nobody",
        "notice": word or "演示：虚构数据",
    }
    return HeatmapSpec(**{**given, **changes})
