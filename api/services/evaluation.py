"""How well maps made of the past foretold what came: a file of incidents, evaluated week by week."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.errors import BadInputError
from api.services.areas import read_area
from api.services.exports import write_table
from api.services.imports.locate import locate
from gis import crs as reference_systems
from gis.aoristic import spread_over_slices, unknown_times
from gis.density import WeekSlices
from gis.evaluate import Evaluation, Period, evaluate, table
from gis.lattice import lattice_for
from gis.readers.columns import match_columns
from gis.readers.files import read_file
from gis.surfaces import StudyArea, history_of_intervals

STEP_WEEKS = 4
_TIMES = ("occurred_at", "occurred_from", "date", "datetime", "time", "发生时间", "案发时间", "时间", "日期")
_SCHOOL_DAYS = 5
_MOST_CELLS = 5_000_000
_OFFSET = re.compile(r"\s*(?:Z|[+-]\d{2}:?\d{2})$")
_WITH_OFFSET = re.compile(rf":\d{{2}}(?:\.\d+)?{_OFFSET.pattern}")  # 03-11-2026 ends like an offset too
_UTC = re.compile(r"(?:Z|[+-]00:?00)$")


def evaluate_file(
    path: Path,
    *,
    area: Path | None,
    train_weeks: int,
    test_weeks: int,
    cell_m: float,
    shares: Sequence[float],
    hours: tuple[int, int] | None,
    crs: str | None,
    time_zone: str | None = None,
) -> tuple[Evaluation, int]:
    """Return how each family of methods foretold the incidents of a file's last weeks, and the number of cells.

    Every map is made of what came before its four weeks; settings are chosen on the weeks before the tested ones.

    Parameters
    ----------
    path
        Incidents with a place and a moment, in local time.
    area
        Polygons of the study area; None: the hull of the incidents.
    train_weeks, test_weeks
        Weeks on which settings are chosen, and weeks that are foretold.
    cell_m
        Side of a cell, metres.
    shares
        Shares of the area that are watched.
    hours
        First and last hour (exclusive) on weekdays that are to be foretold; None: all incidents. Incidents at midnight
        sharp, of which only the day is known, then count in the past by the share of their day, and are not among those
        to be foretold.
    crs
        CRS of the file, where it does not say.
    time_zone
        Zone in which times with an offset are read; None: the clock that they were written by.

    Raises
    ------
    BadInputError
        Where no column of times is found, they are in UTC and no zone is said, nothing is left to be foretold, or the
        incidents make no area or one that is too large.
    """
    rows = read_file(path, crs=crs)
    column = match_columns(list(rows.frame.columns), {"occurred_at": list(_TIMES)}).get("occurred_at")
    if column is None:
        there = ", ".join(map(str, rows.frame.columns)) or "none"
        raise BadInputError(f"no column of times was found, such as date or occurred_at; the file has: {there}")
    located = locate(rows, "point", crs=crs, given={}, area=None)
    moments = _local_moments(rows.frame[column], time_zone)
    usable = np.array([place is not None for place in located.geometry]) & ~np.isnat(moments)
    if not usable.any():
        raise BadInputError("no row of the file has both a place and a moment")
    times = moments[usable]
    xy = shapely.get_coordinates(located.geometry[usable])
    middle = xy.mean(axis=0)
    lattice = lattice_for(float(middle[0]), float(middle[1]), cell_m)
    x, y = reference_systems.project(xy[:, 0], xy[:, 1], lattice.crs)
    day = times.astype("datetime64[D]").astype(np.int64)
    boundary = np.array([shapely.convex_hull(shapely.multipoints(np.column_stack([x, y])))], dtype=object)
    if area is not None:
        boundary = reference_systems.project_geometries(np.array([read_area(area, crs)], dtype=object), lattice.crs)
    elif shapely.area(boundary[0]) == 0:
        raise BadInputError("all incidents lie in one place or on a line; say the study area: --area")
    _refuse_too_many(boundary, cell_m, xy, middle)
    cells = _cells(boundary, cell_m)
    start, until = unknown_times(times) if hours is not None else (times, times)
    history = history_of_intervals(x, y, start, until, _to_be_foretold(start, until, hours))
    end = int(day.max()) + 1
    periods = _periods(end, test_weeks)
    done = evaluate(
        history, cells, periods, shares=shares, training=_periods(periods[0].first, train_weeks, first=int(day.min()))
    )
    return done, len(cells)


def write_plot(done: Evaluation, path: Path, *, title: str) -> None:
    """Draw an evaluation as SVG or PNG, by the file's name."""
    from gis.plots import evaluation_figure  # matplotlib takes a second to load, which the server need not wait for

    kind = path.suffix.lower()[1:]
    figure = evaluation_figure(done, title=title)
    figure.savefig(path, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def write_rows(done: Evaluation, path: Path) -> None:
    """Write an evaluation as CSV or XLSX, one row for each method and share of the area."""
    write_table(pd.DataFrame(table(done)), path)


def _cells(boundary: NDArray[np.object_], cell_m: float) -> StudyArea:
    """Return the cells whose centres lie in an area of the plane."""
    west, south, east, north = (int(edge // cell_m) for edge in shapely.total_bounds(boundary))
    column, row = (c.ravel() for c in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    inside = shapely.contains_xy(boundary[0], (column + 0.5) * cell_m, (row + 0.5) * cell_m)
    return StudyArea(column[inside], row[inside], cell_m)


def _refuse_too_many(boundary: NDArray[np.object_], cell_m: float, xy: NDArray[np.float64], middle: Any) -> None:
    west, south, east, north = shapely.total_bounds(boundary)
    cells = (east - west) * (north - south) / cell_m**2
    if cells > _MOST_CELLS:
        lon, lat = xy[np.abs(xy - middle).max(axis=1).argmax()]
        raise BadInputError(
            f"the study area would have {cells:.0f} cells; leave out what lies far away, as at {lon:.4f}, {lat:.4f}, "
            "or say the area: --area"
        )


def _local_moments(values: pd.Series[Any], time_zone: str | None) -> NDArray[np.datetime64]:
    """Return times of a local clock, to the minute; NaT where one cannot be read.

    A time with an offset is taken by the clock it was written by, or in ``time_zone``.
    """
    text = values.astype(str).str.strip()
    aware = text.str.contains(_WITH_OFFSET).to_numpy(dtype=bool)
    if aware.any() and time_zone is None:
        if text[aware].str.contains(_UTC).all():
            raise BadInputError(
                "the times are in UTC; say in which zone they are to be read: --time-zone Asia/Shanghai"
            )
        text = text.mask(aware, text.str.replace(_OFFSET, "", regex=True))
        aware = np.zeros(len(text), dtype=bool)
    local = pd.to_datetime(text.mask(aware), errors="coerce", format="mixed").to_numpy(dtype="datetime64[m]").copy()
    if aware.any():
        moments = pd.to_datetime(text[aware], errors="coerce", format="mixed", utc=True)
        local[aware] = moments.dt.tz_convert(time_zone).dt.tz_localize(None).to_numpy(dtype="datetime64[m]")
    return local


def _to_be_foretold(
    start: NDArray[np.datetime64], end: NDArray[np.datetime64], hours: tuple[int, int] | None
) -> NDArray[np.float64]:
    """Return which share of each incident lies in the hours on weekdays; of a known moment 0 or 1."""
    if hours is None:
        return np.ones(len(start))
    week = WeekSlices(bands_min=((60 * hours[0], 60 * hours[1]),), weekdays=tuple(range(1, _SCHOOL_DAYS + 1)))
    return np.asarray(spread_over_slices(start, end, week).sum(axis=1), dtype=np.float64)


def _periods(end: int, weeks: int, *, first: int | None = None) -> list[Period]:
    """Return periods of four weeks that end before a day, those that begin before ``first`` left out."""
    step = 7 * min(STEP_WEEKS, weeks)
    starts = range(end - step * (weeks * 7 // step), end, step)
    return [Period(start, start + step) for start in starts if first is None or start > first]
