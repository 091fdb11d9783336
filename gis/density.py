"""Counting incidents by lattice cell and time slice: the only thing about incidents that maps are drawn from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.errors import BadCoordinatesError, GisError
from gis.lattice import Lattice, cells_of

MINUTES_A_DAY = 24 * 60
_DENSE_CELLS = 20_000_000
_CHUNK = 250_000


@dataclass(frozen=True)
class CellCounts:
    """Counts by cell and slice, for the cells in which something was counted.

    Attributes
    ----------
    lattice
        The lattice that the cells belong to.
    column, row
        Cell indexes, ``int64``, shape ``(cells,)``, ordered by row and then column.
    counts
        Points (or sums of weights) per cell and slice, shape ``(cells, slices)``.
    """

    lattice: Lattice
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    counts: NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class WeekSlices:
    """Time slices of the week: every weekday with every band of the day, weekday by weekday.

    Attributes
    ----------
    bands_min
        Bands of the day as pairs of minutes after midnight, the end not included, in order, without overlaps.
        With ``after_dismissal``, minutes after the school's dismissal instead (negative before it).
    weekdays
        ISO weekdays, 1 = Monday … 7 = Sunday.
    after_dismissal
        Whether the bands count from dismissal.

    Examples
    --------
    >>> week = WeekSlices(bands_min=((960, 1020), (1020, 1080)), weekdays=(1, 2, 3, 4, 5))
    >>> len(week)
    10
    >>> week.index_of_times(["2026-09-02T16:59:59", "2026-09-02T17:00", "2026-09-05T16:00", "2026-09-02T15:59"]).tolist()
    [4, 5, -1, -1]
    """

    bands_min: tuple[tuple[int, int], ...]
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    after_dismissal: bool = False

    def __post_init__(self) -> None:
        edges = [edge for band in self.bands_min for edge in band]
        if not edges or any(start >= end for start, end in self.bands_min) or edges != sorted(edges):
            raise GisError("bands of the day must each end after they start, stand in order and not overlap")
        if (
            not self.weekdays
            or len(set(self.weekdays)) < len(self.weekdays)
            or not set(self.weekdays) <= set(range(1, 8))
        ):
            raise GisError("weekdays must be different numbers from 1 (Monday) to 7 (Sunday)")

    def __len__(self) -> int:
        return len(self.weekdays) * len(self.bands_min)

    def index_of(self, weekday: ArrayLike, minute: ArrayLike) -> NDArray[np.int64]:
        """Return the slice of each moment, −1 outside all of them.

        Parameters
        ----------
        weekday
            ISO weekday, shape ``(n,)``; 0 counts as outside.
        minute
            Minutes after midnight, or after dismissal, shape ``(n,)``; NaN counts as outside.
        """
        place_of_day = np.full(8, -1, dtype=np.int64)
        place_of_day[list(self.weekdays)] = np.arange(len(self.weekdays))
        starts = np.array([start for start, _ in self.bands_min])
        ends = np.array([end for _, end in self.bands_min])
        at = np.asarray(minute)
        band = np.searchsorted(starts, at, side="right") - 1
        day = place_of_day[np.asarray(weekday)]
        inside = (day >= 0) & (band >= 0) & (at < ends[band])
        return np.where(inside, day * len(self.bands_min) + band, -1).astype(np.int64)

    def index_of_times(self, times: ArrayLike) -> NDArray[np.int64]:
        """Return the slice of each local moment (``datetime64``) by clock time, −1 outside all of them."""
        if self.after_dismissal:
            raise GisError("these slices count from dismissal: use index_of with minutes after it")
        minutes = np.asarray(times, dtype="datetime64[m]").astype(np.int64)
        day, minute = np.divmod(minutes, MINUTES_A_DAY)
        return self.index_of((day + 3) % 7 + 1, minute)  # 1970-01-01 was a Thursday


def count_by_cell(
    lon: ArrayLike,
    lat: ArrayLike,
    lattice: Lattice,
    *,
    slice_index: ArrayLike | None = None,
    n_slices: int = 1,
    weights: ArrayLike | None = None,
) -> CellCounts:
    """Count points by lattice cell and time slice.

    Parameters
    ----------
    lon, lat
        WGS 84 degrees, shape ``(n,)``.
    lattice
        The city's lattice.
    slice_index
        Slice of each point, 0 … ``n_slices`` − 1, shape ``(n,)``; a point with −1 is not counted.
    n_slices
        Number of slices.
    weights
        What each point counts, shape ``(n,)``; without, every point counts 1.

    Returns
    -------
    CellCounts
        Cells with at least one counted point; ``int64`` counts, or ``float64`` sums with weights.

    Raises
    ------
    BadCoordinatesError
        If coordinates are not finite, out of range, or of different lengths.
    GisError
        If a slice index or the number of slices is out of range, or lengths differ.
    """
    x, y = np.asarray(lon, dtype=np.float64).ravel(), np.asarray(lat, dtype=np.float64).ravel()
    if x.shape != y.shape:
        raise BadCoordinatesError(f"{x.size} longitudes but {y.size} latitudes; give one of each per point")
    part = _slices(slice_index, n_slices, x.size)
    heavy = None if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if heavy is not None and heavy.size != x.size:
        raise GisError(f"{x.size} points but {heavy.size} weights; give one per point")
    if part is not None and np.any(part < 0):
        kept = part >= 0
        x, y, part = x[kept], y[kept], part[kept]
        heavy = None if heavy is None else heavy[kept]
    if not x.size:
        none = np.zeros(0, dtype=np.int64)
        empty = np.zeros((0, n_slices), dtype=np.int64)
        return CellCounts(lattice, none, none, empty if heavy is None else empty.astype(np.float64))
    column, row = _cells(x, y, lattice)
    cell, cell_column, cell_row = _number_cells(column, row)
    key = cell if part is None else cell * n_slices + part
    counts = np.bincount(key, weights=heavy, minlength=cell_column.size * n_slices)
    return CellCounts(lattice, cell_column, cell_row, counts.reshape(-1, n_slices))


def _slices(slice_index: ArrayLike | None, n_slices: int, n: int) -> NDArray[np.int64] | None:
    if n_slices < 1:
        raise GisError(f"{n_slices} slices; at least 1 is needed")
    if slice_index is None:
        if n_slices > 1:
            raise GisError(f"{n_slices} slices, but no slice_index that says which point lies in which")
        return None
    part = np.asarray(slice_index, dtype=np.int64).ravel()
    if part.size != n:
        raise GisError(f"{n} points but {part.size} slice indexes; give one per point")
    if n and (part.min() < -1 or part.max() >= n_slices):
        raise GisError(f"slice indexes run from {part.min()} to {part.max()}; they must be −1 to {n_slices - 1}")
    return part


def _cells(x: NDArray[np.float64], y: NDArray[np.float64], lattice: Lattice) -> tuple[NDArray[np.int64], ...]:
    """Return the cells of many points; PROJ lets go of the interpreter, so two threads halve the time."""
    if x.size <= _CHUNK:
        return cells_of(x, y, lattice)
    starts = range(0, x.size, _CHUNK)
    with ThreadPoolExecutor(max_workers=2) as pool:
        parts = list(pool.map(lambda at: cells_of(x[at : at + _CHUNK], y[at : at + _CHUNK], lattice), starts))
    return np.concatenate([c for c, _ in parts]), np.concatenate([r for _, r in parts])


def _number_cells(column: NDArray[np.int64], row: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return the number of each point's cell, counting occupied cells by row and column, and the cells."""
    first_column, first_row = int(column.min()), int(row.min())
    width = int(column.max()) - first_column + 1
    height = int(row.max()) - first_row + 1
    key = (row - first_row) * width + (column - first_column)
    if width * height <= _DENSE_CELLS:  # a table of all cells of the rectangle is faster than sorting the points
        occupied = np.flatnonzero(np.bincount(key, minlength=width * height))
        number = np.zeros(width * height, dtype=np.int64)
        number[occupied] = np.arange(occupied.size)
        cell = number[key]
    else:
        occupied, cell = np.unique(key, return_inverse=True)
    return cell, occupied % width + first_column, occupied // width + first_row
