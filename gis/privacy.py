"""Which counts of incidents may be shown: cell suppression in a table of cells × time slices with its totals.

A count from 1 to k − 1 could point at a child, so it is not shown (primary suppression). A count that the
totals would give away by subtraction is not shown either (complementary suppression). See Willenborg & de
Waal, *Elements of Statistical Disclosure Control* (2001), ch. 4, and Hundepool et al., *Statistical
Disclosure Control* (2012), ch. 4, for both terms and for the audit by linear programming that the tests do.

The method is a greedy one with a proof rather than the smallest possible suppression. A row (a lattice cell)
is called *dark* when none of its slices is shown. Let U(i) be what the shown slices of row i leave of its
shown total, D(j) the sum of the dark rows in column j, H the rows and K the columns whose totals are not
shown. The table is safe when

1. every shown number is at least k, and rows in H are dark, and columns in K are not shown at all;
2. every row with a shown total has U(i) = 0 or U(i) ≥ k;
3. every column with a shown total and a primary suppression has D(j) ≥ k, and so has K taken together;
4. the totals of H sum to 0 or to at least k, and so do those of K.

Why: to raise a suppressed count v to k, take k − v out of its row (2, 4) and out of its column, there from
dark rows (3), and put it back where those columns and those dark rows meet, which is always allowed because
every number there is suppressed. So whoever has only the shown numbers must reckon with at least k for each
suppressed count. Every step only hides more, and numbers hidden in addition are themselves at least k, so
the steps cannot undo each other, and with every row dark the conditions hold.

What it does not guard against: knowledge from elsewhere (somebody who knows all incidents but one), and
comparing two pages whose periods or types overlap. Offer periods and types from a fixed list for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError


@dataclass(frozen=True)
class ShownCounts:
    """What may be shown of a table of counts; 0 stands for *not shown*, never for *none*.

    Attributes
    ----------
    counts
        Shown counts, shape ``(cells, slices)``.
    cell_totals
        Shown totals of the cells over all slices, shape ``(cells,)``.
    slice_totals
        Shown totals of the slices over all cells, shape ``(slices,)``.
    total
        Shown grand total.
    k
        The smallest count that is shown.
    """

    counts: NDArray[np.int64]
    cell_totals: NDArray[np.int64]
    slice_totals: NDArray[np.int64]
    total: int
    k: int

    @property
    def hidden_total(self) -> int:
        """Incidents in cells whose total is not shown: 0, or at least k."""
        return self.total - int(self.cell_totals.sum()) if self.total else 0


def suppress(counts: ArrayLike, k: int = 3) -> ShownCounts:
    """Decide which counts, and which totals of them, may be shown together.

    Parameters
    ----------
    counts
        Incidents per cell and slice, whole numbers of 0 or more, shape ``(cells, slices)`` or ``(cells,)``.
    k
        The smallest count that may be shown; 1 shows everything.

    Returns
    -------
    ShownCounts
        No number in it is between 1 and k − 1; no suppressed count can be found by sums and differences of
        the shown numbers to be below k. Empty cells are not shown either, so that nothing on the map tells
        none from fewer than k.

    Raises
    ------
    GisError
        If the counts are not whole numbers of 0 or more, not a table, or k is below 1.

    Notes
    -----
    Source: primary and complementary cell suppression, see the module's text. Time and memory grow with the
    size of the table; 50,000 × 35 takes a fraction of a second.

    Examples
    --------
    Hiding only the 2 of the first cell would not do (9 − 4 − 3 = 2), so the 3 beside it is hidden as well:

    >>> shown = suppress([[4, 3, 2], [0, 5, 9], [2, 1, 3], [2, 2, 1]])
    >>> shown.counts.tolist()
    [[4, 0, 0], [0, 5, 9], [0, 0, 0], [0, 0, 0]]
    >>> shown.cell_totals.tolist(), shown.slice_totals.tolist(), shown.total
    ([9, 14, 6, 5], [8, 11, 15], 34)
    """
    table = _whole_counts(counts)
    if k < 1:
        raise GisError(f"k is {k}; it must be 1 or more (3 inside the office, 5 for meetings and exports)")
    rows = table.sum(axis=1)
    columns = table.sum(axis=0)
    grand = int(rows.sum())
    if k == 1:
        return ShownCounts(table, rows, columns, grand, k)
    row_shown = _shown_totals(rows, k)
    column_shown = _shown_totals(columns, k)
    lit = np.flatnonzero(row_shown & (table.max(axis=1, initial=0) >= k))  # the other rows are dark from the start
    part = table[lit]
    shown = (part >= k) & column_shown
    if table.shape[1] > 1:
        _complete_rows(part, shown, rows[lit], k)
        _darken_for_columns(table, lit, shown, column_shown, k)
    part *= shown
    visible = np.zeros_like(table)
    visible[lit] = part
    return ShownCounts(
        counts=visible,
        cell_totals=np.where(row_shown, rows, 0),
        slice_totals=np.where(column_shown, columns, 0),
        total=grand if grand >= k else 0,
        k=k,
    )


def _whole_counts(counts: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.ndim == 1:
        given = given[:, None]
    if given.ndim != 2:
        raise GisError(f"counts have {given.ndim} dimensions; a table of cells × slices is needed")
    whole = given.dtype.kind in "iub" or (given.dtype.kind == "f" and bool(np.all(np.mod(given, 1) == 0)))
    if not whole:
        raise GisError("counts must be whole numbers: incidents are counted here, not weights or rates")
    table = given.astype(np.int64)
    if np.any(table < 0):
        raise GisError("counts must be 0 or more")
    return table


def _shown_totals(totals: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Return which totals of one margin are shown, so that the hidden ones sum to 0 or to at least k."""
    shown = totals >= k
    hidden = int(totals[~shown].sum())
    if 0 < hidden < k and shown.any():
        smallest = np.flatnonzero(shown)[np.argmin(totals[shown])]
        shown[smallest] = False
    return shown


def _complete_rows(part: NDArray[np.int64], shown: NDArray[np.bool_], rows: NDArray[np.int64], k: int) -> None:
    """Hide the smallest shown slice of every row whose hidden slices sum to 1 … k − 1."""
    left = rows - (part * shown).sum(axis=1)
    short = np.flatnonzero((left > 0) & (left < k) & shown.any(axis=1))
    if short.size:
        candidates = np.where(shown[short], part[short], np.iinfo(np.int64).max)
        shown[short, candidates.argmin(axis=1)] = False


def _darken_for_columns(
    table: NDArray[np.int64],
    lit: NDArray[np.int64],
    shown: NDArray[np.bool_],
    column_shown: NDArray[np.bool_],
    k: int,
) -> None:
    """Darken rows until every column with a primary suppression has at least k incidents in dark rows.

    The columns without a shown total count as one. Of the rows that can help, the one that loses least goes first.
    """
    part = table[lit]
    groups = [np.array([j]) for j in np.flatnonzero(column_shown)]
    if not column_shown.all():
        groups.append(np.flatnonzero(~column_shown))
    for group in groups:
        bright = shown.any(axis=1)
        mass = part[:, group].sum(axis=1)
        whole = table[:, group]
        missing = k - int(whole.sum() - mass[bright].sum())
        if missing <= 0 or not ((whole > 0) & (whole < k)).any():
            continue
        helpers = np.flatnonzero(bright & (mass > 0))
        loss = (part[helpers] * shown[helpers]).sum(axis=1)
        helpers = helpers[np.argsort(loss, kind="stable")]
        enough = int(np.searchsorted(np.cumsum(mass[helpers]), missing)) + 1
        shown[helpers[:enough]] = False


def gather(counts: ArrayLike, k: int = 3) -> NDArray[np.float64]:
    """Return counts on a raster from which a density may be drawn: each number stands for at least k incidents.

    Cells with fewer than k are gathered into blocks of 2 × 2, 4 × 4, … cells until a block holds k, and are spread
    evenly over the cells of the block that hold fewer than k. What is left in the end (fewer than k in the whole
    raster) is left out. Whoever works a density back to its raster finds these numbers, and no others.

    Parameters
    ----------
    counts
        Incidents per cell, whole numbers of 0 or more, shape ``(rows, columns)``.
    k
        The smallest number that may be told.

    Examples
    --------
    >>> gather([[5, 1, 0, 0], [1, 1, 0, 1]], 3).tolist()
    [[5.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """
    table = _whole_counts(counts)
    if k < 1:
        raise GisError(f"k is {k}; it must be 1 or more (3 inside the office, 5 for meetings and exports)")
    small = table < k
    held, room = np.where(small, table, 0), small.astype(np.int64)
    spread: list[NDArray[np.float64]] = []  # what each block of 2, 4, … cells gives to its small ones
    while held.any() and max(held.shape) > 1:
        held, room = _by_fours(held), _by_fours(room)
        full = held >= k
        spread.append(np.where(full, held / np.maximum(room, 1), 0.0))
        held = np.where(full, 0, held)
    given = np.zeros((1, 1))
    for at in range(len(spread) - 1, -1, -1):
        finer = spread[at - 1].shape if at else table.shape
        given = (spread[at] + given).repeat(2, axis=0).repeat(2, axis=1)[: finer[0], : finer[1]]
    return np.where(small, given, table)


def _by_fours(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sums of blocks of 2 × 2; those at the far edges may have fewer cells."""
    rows, columns = table.shape
    even = np.pad(table, ((0, rows % 2), (0, columns % 2)))
    sums: NDArray[np.int64] = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return sums
