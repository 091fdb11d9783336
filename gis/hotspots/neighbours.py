"""Which cells count as neighbours: sparse binary weights on the lattice, within the study area only.

A cell at the edge of the study area has fewer neighbours; none are made up beyond it, because nothing is known about
what happens there. The statistics take each cell's own number of neighbours into account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DENSE_CELLS = 20_000_000


@dataclass(frozen=True)
class Weights:
    """Spatial weights between places.

    Attributes
    ----------
    matrix
        ``scipy.sparse.csr_array`` of ``float64``, shape ``(n, n)``, the diagonal zero: who is a neighbour of whom, and
        with what weight.
    """

    matrix: sp.csr_array

    def __post_init__(self) -> None:
        rows, columns = self.matrix.shape
        if rows != columns:
            raise GisError(f"weights must be square, not {rows} × {columns}")
        if self.matrix.nnz and not np.all(np.isfinite(self.matrix.data) & (self.matrix.data >= 0)):
            raise GisError("weights must be finite and not negative")
        if np.any(self.matrix.diagonal()):
            raise GisError("a place is no neighbour of itself; Gi* adds the place itself on its own")

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def neighbours(self) -> Integers:
        """Number of neighbours of each place, shape ``(n,)``."""
        count: Integers = np.diff(self.matrix.indptr).astype(np.int64)
        return count

    def binary(self) -> sp.csr_array:
        """Return the weights with 1 for every neighbour."""
        if np.all(self.matrix.data == 1.0):
            return self.matrix
        ones = self.matrix.copy()
        ones.data = np.ones_like(ones.data)
        return ones

    def sum_with_self(self, values: Floats) -> Floats:
        """Return what every place and its neighbours hold together, as Gi* wants it; ``(n,)`` or ``(n, columns)``."""
        together: Floats = self.binary() @ values + values
        return together

    def row_standardised(self) -> sp.csr_array:
        """Return the weights with every row divided by its sum; a row without neighbours stays empty."""
        total = np.asarray(self.matrix.sum(axis=1), dtype=np.float64).ravel()
        scaled = self.matrix.copy()
        scaled.data = scaled.data / np.repeat(np.where(total > 0, total, 1.0), np.diff(scaled.indptr))
        return scaled


def weights_of(matrix: sp.sparray | sp.spmatrix) -> Weights:
    """Return weights from any sparse matrix; its diagonal and explicit zeros are dropped."""
    whole = sp.coo_array(matrix)
    off = (whole.row != whole.col) & (whole.data != 0)
    kept = (whole.data[off].astype(np.float64), (whole.row[off], whole.col[off]))
    return Weights(sp.csr_array(kept, shape=whole.shape))


def queen_neighbours(column: ArrayLike, row: ArrayLike) -> Weights:
    """Return the weights of cells that share a side or a corner.

    Parameters
    ----------
    column, row
        Indexes of all cells of the study area, with incidents or without, shape ``(n,)``; no cell twice.

    Examples
    --------
    >>> queen_neighbours([0, 1, 5], [0, 1, 5]).neighbours.tolist()
    [1, 1, 0]
    """
    return _by_offsets(column, row, [(c, r) for r in (-1, 0, 1) for c in (-1, 0, 1) if c or r])


def band_neighbours(column: ArrayLike, row: ArrayLike, cell_m: float, distance_m: float) -> Weights:
    """Return the weights of cells whose centres lie within a distance.

    Parameters
    ----------
    column, row
        Indexes of all cells of the study area, shape ``(n,)``; no cell twice.
    cell_m
        Side of a cell in metres.
    distance_m
        The greatest distance between centres in metres, included.

    Raises
    ------
    GisError
        If a cell has no size, or the distance is negative or above 50 cells.
    """
    if not cell_m > 0 or not 0 <= distance_m <= 50 * cell_m:
        raise GisError(f"a band of {distance_m} m with cells of {cell_m} m cannot be used; 0 to 50 cells can")
    reach = distance_m / cell_m * (1 + 1e-12)
    steps = range(-int(reach), int(reach) + 1)
    return _by_offsets(column, row, [(c, r) for r in steps for c in steps if (c or r) and c * c + r * r <= reach**2])


def kernel_neighbours(column: ArrayLike, row: ArrayLike, cell_m: float, bandwidth_m: float) -> Weights:
    """Return the weights of a Gaussian kernel between the centres of cells, up to three bandwidths; 1 at no distance.

    Parameters
    ----------
    column, row
        Indexes of all cells of the study area, shape ``(n,)``; no cell twice.
    cell_m
        Side of a cell in metres.
    bandwidth_m
        Standard deviation of the kernel in metres.

    Raises
    ------
    GisError
        If a cell has no size, or the bandwidth is below a third of a cell or above 16 cells.
    """
    if not cell_m > 0 or not cell_m / 3 <= bandwidth_m <= 16 * cell_m:
        raise GisError(
            f"a bandwidth of {bandwidth_m} m with cells of {cell_m} m cannot be used; a third to 16 cells can"
        )
    near = band_neighbours(column, row, cell_m, 3.0 * bandwidth_m).matrix
    x, y = np.asarray(column, dtype=np.float64).ravel(), np.asarray(row, dtype=np.float64).ravel()
    own = np.repeat(np.arange(x.size), np.diff(near.indptr))
    square = (np.square(x[own] - x[near.indices]) + np.square(y[own] - y[near.indices])) * cell_m**2
    kernel = near.copy()
    kernel.data = np.exp(-0.5 * square / bandwidth_m**2)
    return Weights(kernel)


def _by_offsets(column: ArrayLike, row: ArrayLike, offsets: list[tuple[int, int]]) -> Weights:
    x, y = np.asarray(column, dtype=np.int64).ravel(), np.asarray(row, dtype=np.int64).ravel()
    if x.size != y.size:
        raise GisError(f"{x.size} columns but {y.size} rows; give one of each per cell")
    if not x.size or not offsets:
        return Weights(sp.csr_array((x.size, x.size), dtype=np.float64))
    reach = max(max(abs(c), abs(r)) for c, r in offsets)
    x, y = x - x.min() + reach, y - y.min() + reach
    width, height = int(x.max()) + reach + 1, int(y.max()) + reach + 1
    key = y * width + x
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    if np.any(ranked[1:] == ranked[:-1]):
        raise GisError("a cell stands twice among the cells of the study area")
    place = None
    if width * height <= _DENSE_CELLS:
        place = np.full(width * height, -1, dtype=np.int64)
        place[key] = np.arange(x.size)
    found = np.empty((x.size, len(offsets)), dtype=np.int64)
    for at, (dc, dr) in enumerate(offsets):
        wanted = key + dr * width + dc
        if place is not None:
            found[:, at] = place[wanted]
        else:
            near = np.minimum(np.searchsorted(ranked, wanted), x.size - 1)
            found[:, at] = np.where(ranked[near] == wanted, order[near], -1)
    there = found >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    matrix = sp.csr_array((np.ones(int(starts[-1])), found[there], starts), shape=(x.size, x.size))
    matrix.sort_indices()
    return Weights(matrix)
