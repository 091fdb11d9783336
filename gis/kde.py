"""Kernel density on a grid: incidents per square kilometre, smoothed, and true at the edge of the study area.

Points are shared out linearly among the four nearest cell centres and the counts are then folded with the kernel
(Wand 1994, J. Comput. Graph. Stat. 3, 433–445); the error is far below the cell's share of the bandwidth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.signal import oaconvolve

from gis.errors import BadCoordinatesError, GisError

Floats = NDArray[np.float64]
Kernel = Literal["gaussian", "quartic"]

_GAUSSIAN_REACH = 6.0  # bandwidths; beyond, the kernel is below 2e-8 of its height
_M2_PER_KM2 = 1e6
_CHUNK = 1 << 15  # points that fit the processor's cache
_BLOCK_ROWS = 32


@dataclass(frozen=True)
class Grid:
    """Square cells in a metric plane, counted from the south-western one.

    Attributes
    ----------
    west_m, south_m
        South-western corner of the grid.
    cell_m
        Side of a cell.
    columns, rows
        Number of cells eastwards and northwards.
    """

    west_m: float
    south_m: float
    cell_m: float
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if not (np.isfinite([self.west_m, self.south_m]).all() and 0 < self.cell_m < np.inf):
            raise GisError("a grid needs a finite corner and cells with a size")
        if self.columns < 1 or self.rows < 1:
            raise GisError(f"a grid of {self.columns} × {self.rows} cells holds nothing")


def share_out(x_m: ArrayLike, y_m: ArrayLike, grid: Grid, weights: ArrayLike | None = None) -> Floats:
    """Return points shared out linearly among the four nearest cell centres.

    Parameters
    ----------
    x_m, y_m
        Metres in the grid's plane, shape ``(n,)``; what falls to centres outside the grid is lost.
    grid
        The grid.
    weights
        What each point counts, shape ``(n,)``; without, 1.

    Returns
    -------
    numpy.ndarray
        Sums, shape ``(rows, columns)``, the southern row first.

    Raises
    ------
    BadCoordinatesError
        If coordinates or weights are not finite, or of different lengths.
    """
    x = np.asarray(x_m, dtype=np.float64).ravel()
    y = np.asarray(y_m, dtype=np.float64).ravel()
    heavy = None if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if x.size != y.size or (heavy is not None and heavy.size != x.size):
        raise BadCoordinatesError("give one x, one y and, with weights, one weight per point")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (heavy is None or np.isfinite(heavy).all())):
        raise BadCoordinatesError("coordinates and weights must be finite")
    wide = grid.columns + 2  # a ring of cells around the grid takes what lies outside
    total = np.zeros(wide * (grid.rows + 2))
    for at in range(0, x.size, _CHUNK):
        part = slice(at, at + _CHUNK)
        _add_shares(total, wide, x[part], y[part], None if heavy is None else heavy[part], grid)
    return total.reshape(-1, wide)[1:-1, 1:-1].copy()


def _add_shares(total: Floats, wide: int, x: Floats, y: Floats, heavy: Floats | None, grid: Grid) -> None:
    across, up = x - grid.west_m, y - grid.south_m
    for one in (across, up):
        one /= grid.cell_m
        one += 0.5
    if across.min() < 0 or across.max() >= wide - 1 or up.min() < 0 or up.max() >= grid.rows + 1:
        within = (across >= 0) & (across < wide - 1) & (up >= 0) & (up < grid.rows + 1)
        across, up, heavy = across[within], up[within], None if heavy is None else heavy[within]
    column, row = across.astype(np.int64), up.astype(np.int64)
    across -= column
    up -= row
    row *= wide
    row += column
    both = across * up
    across -= both
    up -= both
    rest = 1.0 - both
    rest -= across
    rest -= up
    for beyond, share in ((0, rest), (1, across), (wide, up), (wide + 1, both)):
        np.add.at(total[beyond:], row, share if heavy is None else share * heavy)


def kernel_density(
    counts: ArrayLike,
    cell_m: float,
    bandwidth_m: float,
    *,
    kernel: Kernel = "gaussian",
    inside: ArrayLike | None = None,
    school_days: int | None = None,
) -> Floats:
    """Return the density of incidents at the centres of the cells.

    Parameters
    ----------
    counts
        Incidents by cell, or what :func:`share_out` gave, shape ``(rows, columns)``.
    cell_m
        Side of a cell in metres.
    bandwidth_m
        Standard deviation of the Gaussian, or radius of the quartic kernel, in metres.
    kernel
        "gaussian", or "quartic" (biweight), which ends at the bandwidth.
    inside
        Which cells belong to the study area. Near its edge the density is divided by the share of the kernel that
        lies inside (Jones 1993, Stat. Comput. 3, 135–146), and it is NaN outside. Incidents outside must not be
        among the counts. Without it, no correction is made.
    school_days
        School days of the period: the density is then given per 100 of them.

    Returns
    -------
    numpy.ndarray
        Incidents per km², or per km² and 100 school days, shape ``(rows, columns)``.

    Raises
    ------
    GisError
        If the bandwidth is smaller than half a cell (the kernel would fall between the centres), counts are no finite
        table, or there were no school days.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise GisError(f"counts must be a finite table of rows and columns, not of shape {table.shape}")
    if not (cell_m > 0 and np.isfinite(bandwidth_m) and bandwidth_m >= cell_m / 2):
        raise GisError(f"a bandwidth of {bandwidth_m} m needs cells of at most twice that, not of {cell_m} m")
    if school_days is not None and school_days < 1:
        raise GisError("there were no school days in the period, so there is no rate per school day")
    density = _fold(table, cell_m, bandwidth_m, kernel)
    if inside is not None:
        area = np.asarray(inside, dtype=bool)
        if area.shape != table.shape:
            raise GisError(f"the study area has the shape {area.shape}, the counts {table.shape}")
        mass = _fold(area.astype(np.float64), cell_m, bandwidth_m, kernel) * cell_m**2
        density = np.where(area, density / np.maximum(mass, np.finfo(np.float64).tiny), np.nan)
    per = 1.0 if school_days is None else 100.0 / school_days
    return density * (_M2_PER_KM2 * per)


def _fold(table: Floats, cell_m: float, bandwidth_m: float, kernel: Kernel) -> Floats:
    if kernel == "gaussian":
        reach = int(np.ceil(_GAUSSIAN_REACH * bandwidth_m / cell_m))
        steps = np.arange(-reach, reach + 1) * (cell_m / bandwidth_m)
        line = np.exp(-0.5 * np.square(steps)) / (np.sqrt(2 * np.pi) * bandwidth_m)
        return _along_rows(_along_rows(table, line).T, line).T
    if kernel != "quartic":
        raise GisError(f"the kernel {kernel!r} is not known; gaussian and quartic are")
    reach = int(np.ceil(bandwidth_m / cell_m))
    steps = np.square(np.arange(-reach, reach + 1) * (cell_m / bandwidth_m))
    near = np.maximum(1.0 - steps[:, None] - steps[None, :], 0.0)
    disc = 3.0 / (np.pi * bandwidth_m**2) * np.square(near)
    out: Floats = np.maximum(oaconvolve(table, disc, mode="full")[reach:-reach, reach:-reach], 0.0)
    return out


def _along_rows(table: Floats, line: Floats) -> Floats:
    """Return each column folded with a line of odd length: blocks of rows by one matrix, three times as fast as by taps."""
    reach, (rows, columns) = line.size // 2, table.shape
    blocks = -(-rows // _BLOCK_ROWS)
    framed = np.zeros((blocks * _BLOCK_ROWS + 2 * reach, columns))
    framed[reach : reach + rows] = table
    band = np.zeros((_BLOCK_ROWS, _BLOCK_ROWS + 2 * reach))
    for at in range(_BLOCK_ROWS):
        band[at, at : at + line.size] = line
    parts = sliding_window_view(framed, band.shape[1], axis=0)[::_BLOCK_ROWS].transpose(0, 2, 1)
    folded: Floats = (band @ parts).reshape(-1, columns)[:rows]
    return folded
