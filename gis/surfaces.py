"""Incidents of the past as surfaces over a study area: counts by cell with any weights, sharp or smoothed.

Every forecast here is made from such surfaces. Smoothing works on a raster finer than the cells, so that a bandwidth
below the size of a cell still means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from gis.aoristic import is_whole, spread_over_slices
from gis.density import MINUTES_A_DAY, WeekSlices
from gis.errors import BadCoordinatesError, GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FINER = 3
_REACH = 4.0
_MOST_FINE_CELLS = 40_000_000
_ALMOST = 1e-9
TARGET, RELATED, OTHER = 0, 1, 2


@dataclass(frozen=True, eq=False)
class StudyArea:
    """The cells of a study area, in the plane of their lattice.

    Attributes
    ----------
    column, row
        Indexes of the cells, shape ``(cells,)``; no cell twice.
    cell_m
        Side of a cell in metres.
    finer
        How many times finer than the cells the raster is on which surfaces are smoothed; 1 is enough for incidents of
        which only the cell is known.
    """

    column: Integers
    row: Integers
    cell_m: float
    finer: int = FINER

    def __post_init__(self) -> None:
        if self.column.shape != self.row.shape or self.column.ndim != 1 or not self.column.size:
            raise GisError("a study area needs at least one cell, with a column and a row each")
        if not self.cell_m > 0:
            raise GisError(f"cells of {self.cell_m} m cannot be used")
        width, height = self._size
        if width * height * self.finer**2 > _MOST_FINE_CELLS:
            raise GisError("the study area is too large for cells of this size; choose larger cells")
        if np.unique(self._place).size != self.column.size:
            raise GisError("a cell stands twice in the study area")

    def __len__(self) -> int:
        return int(self.column.size)

    @cached_property
    def _corner(self) -> tuple[int, int]:
        return int(self.column.min()), int(self.row.min())

    @property
    def _size(self) -> tuple[int, int]:
        return int(np.ptp(self.column)) + 1, int(np.ptp(self.row)) + 1

    @cached_property
    def _place(self) -> Integers:
        place: Integers = (self.row - self._corner[1]) * self._size[0] + self.column - self._corner[0]
        return place

    def fine_cells(self, x_m: ArrayLike, y_m: ArrayLike) -> Integers:
        """Return the cell of the fine raster of each point, −1 outside the rectangle around the area."""
        side = self.cell_m / self.finer
        x = np.floor(np.asarray(x_m, dtype=np.float64) / side).astype(np.int64) - self._corner[0] * self.finer
        y = np.floor(np.asarray(y_m, dtype=np.float64) / side).astype(np.int64) - self._corner[1] * self.finer
        width, height = (size * self.finer for size in self._size)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return np.where(inside, y * width + x, -1)

    def surface(self, fine: Integers, weights: Floats | None = None, bandwidth_m: float = 0.0) -> Floats:
        """Return sums of weights by cell, smoothed with a Gaussian of a bandwidth in metres (0: not), ``(cells,)``."""
        width, height = self._size
        known = fine >= 0
        heavy = None if weights is None else weights[known]
        finer = self.finer
        sums = np.bincount(fine[known], heavy, width * height * finer**2)
        raster = sums.astype(np.float64).reshape(height * finer, width * finer)
        if bandwidth_m > 0:
            raster = gaussian_filter(raster, bandwidth_m / (self.cell_m / finer), truncate=_REACH, mode="constant")
        cells: Floats = raster.reshape(height, finer, width, finer).sum(axis=(1, 3)).ravel()[self._place]
        return cells

    def cells_of(self, x_m: ArrayLike, y_m: ArrayLike) -> Integers:
        """Return the index of the cell that holds each point, −1 outside the study area."""
        width, height = self._size
        x = np.floor(np.asarray(x_m, dtype=np.float64) / self.cell_m).astype(np.int64) - self._corner[0]
        y = np.floor(np.asarray(y_m, dtype=np.float64) / self.cell_m).astype(np.int64) - self._corner[1]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        number = np.full(width * height + 1, -1, dtype=np.int64)
        number[self._place] = np.arange(len(self))
        index: Integers = number[np.where(inside, y * width + x, width * height)]
        return index


@dataclass(frozen=True, eq=False)
class History:
    """Incidents, in the plane of the study area's lattice; all arrays have the shape ``(n,)``.

    Attributes
    ----------
    x_m, y_m
        Metres in the plane.
    day
        Days since 1970-01-01.
    group
        0 for incidents of the kind that is to be foretold (after school, say), 1 for those at related hours, 2 for all
        others; :func:`group_by_hours` tells them apart.
    share
        Which share of an incident each stands for, 0 to 1; None: all are whole ones. One of uncertain time stands once
        in each group that it may belong to; :func:`history_of_intervals` makes these.
    """

    x_m: Floats
    y_m: Floats
    day: Integers
    group: NDArray[np.int8]
    share: Floats | None = None

    def __post_init__(self) -> None:
        if self.share is not None and self.share.shape != self.x_m.shape:
            raise GisError("give one share per incident, or none at all")
        if not self.x_m.shape == self.y_m.shape == self.day.shape == self.group.shape or self.x_m.ndim != 1:
            raise BadCoordinatesError("give one x, one y, one day and one group per incident")
        if not (np.isfinite(self.x_m).all() and np.isfinite(self.y_m).all()):
            raise BadCoordinatesError("coordinates must be finite; leave out incidents without a place")
        if self.group.size and not 0 <= self.group.min() <= self.group.max() <= OTHER:
            raise GisError("groups are 0 (to be foretold), 1 (related) and 2 (other)")

    def __len__(self) -> int:
        return int(self.x_m.size)

    def between(self, first: int, end: int) -> History:
        """Return the incidents from a day on and before another."""
        kept = (self.day >= first) & (self.day < end)
        share = None if self.share is None else self.share[kept]
        return History(self.x_m[kept], self.y_m[kept], self.day[kept], self.group[kept], share)

    @cached_property
    def weight(self) -> Floats:
        """What each counts: its share, or 1."""
        return np.ones(len(self)) if self.share is None else self.share

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which are whole incidents, so that it is sure to which group they belong."""
        sure: NDArray[np.bool_] = is_whole(self.weight)
        return sure


def group_by_hours(times: ArrayLike, target: ArrayLike, *, related_min: int = 180) -> NDArray[np.int8]:
    """Return groups of incidents: to be foretold, at related hours, and others.

    Related are incidents on the weekdays of those to be foretold, and less than three hours before or after the hours
    of those.

    Parameters
    ----------
    times
        Local moments, ``datetime64``, shape ``(n,)``.
    target
        Whether each is of the kind to be foretold, shape ``(n,)``.
    related_min
        How many minutes before and after the hours count as related.
    """
    minute = np.atleast_1d(np.asarray(times, dtype="datetime64[m]")).astype(np.int64)
    wanted = np.atleast_1d(np.asarray(target, dtype=bool))
    if minute.shape != wanted.shape:
        raise GisError(f"{minute.size} moments but {wanted.size} marks; give one per incident")
    group = np.full(minute.shape, OTHER, dtype=np.int8)
    hours = _related_hours(minute[wanted], related_min)
    if hours is not None:
        day, at = np.divmod(minute, MINUTES_A_DAY)
        weekdays, (first, last) = hours
        group[(at >= first) & (at < last) & np.isin((day + 3) % 7 + 1, weekdays)] = RELATED
        group[wanted] = TARGET
    return group


def _related_hours(wanted_min: Integers, related_min: int) -> tuple[tuple[int, ...], tuple[int, int]] | None:
    """Return the ISO weekdays and the band of minutes of the day of related incidents; None without any to foretell."""
    if not wanted_min.size:
        return None
    day, at = np.divmod(wanted_min, MINUTES_A_DAY)
    band = max(int(at.min()) - related_min, 0), min(int(at.max()) + related_min + 1, MINUTES_A_DAY)
    return tuple(np.unique((day + 3) % 7 + 1).tolist()), band


def history_of_intervals(
    x_m: ArrayLike, y_m: ArrayLike, start: ArrayLike, end: ArrayLike, share: ArrayLike, *, related_min: int = 180
) -> History:
    """Return incidents of which some are only known to lie in an interval, each spread over the groups it may be of.

    One of uncertain time counts from the last day on which it may have happened: nobody knew of it before. Every minute
    of its interval is as likely as any other (Ratcliffe 2002, J. Quant. Criminol. 18, 23–43).

    Parameters
    ----------
    x_m, y_m
        Metres in the plane, shape ``(n,)``.
    start, end
        Local interval of each, ``datetime64`` to the minute, shape ``(n,)``; the same moment twice where it is known.
    share
        The share of each that is of the kind to be foretold, 0 to 1, shape ``(n,)``; of a known moment 0 or 1.
    related_min
        How many minutes before and after the hours of those to be foretold count as related.
    """
    x, y, part = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (x_m, y_m, share))
    begin, finish = (np.atleast_1d(np.asarray(each, dtype="datetime64[m]")).astype(np.int64) for each in (start, end))
    if not begin.shape == finish.shape == part.shape:
        raise GisError("give one beginning, one end and one share per incident")
    moment = begin == finish
    wanted = is_whole(part)
    day = np.where(moment, begin, finish - 1) // MINUTES_A_DAY
    group = group_by_hours(begin[moment], wanted[moment], related_min=related_min)
    if moment.all():
        return History(x, y, day, group)
    loose = np.flatnonzero(~moment)
    target = np.clip(part[loose], 0.0, 1.0)
    related = np.zeros(loose.size)
    hours = _related_hours(begin[moment & wanted], related_min)
    if hours is not None:
        week = WeekSlices(bands_min=(hours[1],), weekdays=hours[0])
        low, high = (each[loose].astype("datetime64[m]") for each in (begin, finish))
        related = np.clip(spread_over_slices(low, high, week).sum(axis=1) - target, 0.0, 1.0 - target)
    parts = np.stack([target, related, 1.0 - target - related])
    kind, which = np.nonzero(parts > _ALMOST)
    rows = np.concatenate([np.flatnonzero(moment), loose[which]])
    return History(
        x[rows],
        y[rows],
        day[rows],
        np.concatenate([group, kind.astype(np.int8)]),
        np.concatenate([np.ones(group.size), parts[kind, which]]),
    )
