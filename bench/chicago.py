"""After-school assaults of Chicago, from the data sets that lie beside the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from gis import crs
from gis.evaluate import Period
from gis.lattice import lattice_for
from gis.surfaces import Floats, History, StudyArea, group_by_hours

NEAR_SCHOOL_M = 400.0
WITHOUT_SCHOOL = (7, 8)


@dataclass(frozen=True)
class Chicago:
    """The city on cells of one size.

    Attributes
    ----------
    history
        Aggravated assaults of 2010 to 2019; those of weekdays from 14:00 to 17:59 outside July and August are to be
        foretold.
    area, near_schools
        Cells whose centres lie in the city, and those of them within 400 m of a public school.
    schools
        x and y of the schools.
    """

    history: History
    area: StudyArea
    near_schools: StudyArea
    schools: tuple[Floats, Floats]


def load(folder: Path, cell_m: float) -> Chicago:
    """Read the data sets of the folder ``chicago``."""
    lattice = lattice_for(-87.7, 41.85, cell_m)
    boundary = gpd.read_file(folder / "chicagoBoundary.geojson").geometry.to_numpy()
    flat = crs.project_geometries(boundary, lattice.crs)[0]
    west, south, east, north = (int(edge // cell_m) for edge in flat.bounds)
    column, row = (c.ravel() for c in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    inside = shapely.contains_xy(flat, (column + 0.5) * cell_m, (row + 0.5) * cell_m)
    column, row = column[inside], row[inside]
    listed = pd.read_csv(folder / "ChicagoPublicSchools.csv")
    schools = crs.project(listed["Longitude"].to_numpy(), listed["Latitude"].to_numpy(), lattice.crs)
    apart, _ = KDTree(np.column_stack(schools)).query((np.column_stack([column, row]) + 0.5) * cell_m)
    near = apart <= NEAR_SCHOOL_M
    frame = pd.read_csv(folder / "chicago_aggravated_assaults.csv.gz", parse_dates=["date"])
    times = frame["date"].to_numpy().astype("datetime64[m]")
    day = times.astype("datetime64[D]").astype(np.int64)
    hour, month = frame["date"].dt.hour.to_numpy(), frame["date"].dt.month.to_numpy()
    after_school = ((day + 3) % 7 < 5) & (hour >= 14) & (hour < 18) & ~np.isin(month, WITHOUT_SCHOOL)
    x, y = crs.project(frame["longitude"].to_numpy(), frame["latitude"].to_numpy(), lattice.crs)
    return Chicago(
        History(x, y, day, group_by_hours(times, after_school)),
        StudyArea(column, row, cell_m),
        StudyArea(column[near], row[near], cell_m),
        schools,
    )


def months(year: int) -> list[Period]:
    """Return the months of a year in which there is school."""
    firsts = np.arange(f"{year}-01", f"{year + 1}-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return [Period(int(firsts[m - 1]), int(firsts[m])) for m in range(1, 13) if m not in WITHOUT_SCHOOL]
