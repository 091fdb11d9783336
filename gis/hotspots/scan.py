"""Clusters of the last weeks: Kulldorff's space-time permutation scan statistic.

Cylinders stand on circles of cells and reach back from the last week. What is expected inside comes from the incidents
alone, the share of the circle times the share of the weeks, so no population is needed, and differences between places
that are always there do not count. See Kulldorff, Heffernan, Hartman, Assunção and Mostashari (2005), PLoS Medicine
2(3), e59, and the SaTScan user guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from gis.errors import GisError
from gis.hotspots.chance import MOST_PERMUTATIONS, Reason

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MOST_MEMBERS = 40_000_000
_SAME_M = 1e-6


@dataclass(frozen=True)
class Cluster:
    """A cylinder with more incidents than expected.

    Attributes
    ----------
    centre
        Index of the cell in the middle.
    radius_m
        Distance from the centre to the farthest cell's centre, in metres.
    cells
        Indexes of the cells inside.
    weeks
        Number of weeks, up to the last one.
    observed, expected
        Incidents inside, and how many were to be expected.
    ratio
        ``observed / expected``.
    llr
        Log likelihood ratio.
    p
        Share of random arrangements whose best cylinder is at least as good, this one counted among them.
    """

    centre: int
    radius_m: float
    cells: Integers
    weeks: int
    observed: int
    expected: float
    ratio: float
    llr: float
    p: float


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    Attributes
    ----------
    clusters
        The most likely cluster first; the others do not overlap those before them.
    simulated
        Greatest log likelihood ratio of each permutation, shape ``(permutations,)``.
    reason
        Why there is nothing to tell, if so.
    """

    clusters: tuple[Cluster, ...]
    simulated: Floats
    reason: Reason


@dataclass(frozen=True)
class _Zones:
    """Circles around centres, their cells one after the other: all arrays have one entry for each cell of a circle.

    ``reach`` is the entry at which the circle that takes in this cell ends (cells at one distance come together), and
    ``by_cell`` with ``starts`` lists the entries of each cell.
    """

    centre: Integers
    cell: Integers
    distance: Floats
    reach: Integers
    by_cell: Integers
    starts: Integers

    def entries_of(self, cells: Integers) -> Integers:
        """Return the entries of some cells, in order."""
        first, count = self.starts[cells], self.starts[cells + 1] - self.starts[cells]
        offset = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        entries: Integers = np.sort(self.by_cell[offset + np.arange(offset.size)])
        return entries


def space_time_scan(
    x_m: ArrayLike,
    y_m: ArrayLike,
    cell: ArrayLike,
    week: ArrayLike,
    n_weeks: int,
    *,
    radius_m: float = 1_000.0,
    most_weeks: int = 4,
    permutations: int = 999,
    seed: int = 0,
    most_clusters: int = 10,
) -> Scan:
    """Return clusters of incidents in the last weeks.

    Parameters
    ----------
    x_m, y_m
        Centres of the cells in a metric plane, shape ``(cells,)``.
    cell, week
        Cell of each incident, and its week from 0 (the oldest) to ``n_weeks`` − 1 (the last), shape ``(n,)``.
    n_weeks
        Number of weeks of the study period.
    radius_m
        The greatest radius of a cylinder in metres; none holds more than half of all incidents either.
    most_weeks
        The greatest height of a cylinder in weeks; at most half of the study period.
    permutations
        Number of times that weeks are dealt out anew among the incidents.
    seed
        Seed of the permutations.
    most_clusters
        How many clusters to return at most.

    Raises
    ------
    GisError
        If indexes, weeks or settings are out of range, or the circles together hold too many cells.
    """
    x, y = np.asarray(x_m, dtype=np.float64).ravel(), np.asarray(y_m, dtype=np.float64).ravel()
    where, when = _checked(x, y, cell, week, n_weeks)
    if not 1 <= permutations <= MOST_PERMUTATIONS:
        raise GisError(f"{permutations} permutations; 1 to {MOST_PERMUTATIONS:,} can be made")
    if not (np.isfinite(radius_m) and radius_m >= 0) or not 1 <= most_weeks <= max(n_weeks // 2, 1):
        raise GisError(f"cylinders of {radius_m} m and {most_weeks} weeks do not go with {n_weeks} weeks")
    why = _reason(when, n_weeks, most_weeks)
    if why is not Reason.NONE:
        return Scan((), np.zeros(0), why)
    age = n_weeks - 1 - when
    size = np.bincount(where, minlength=x.size)
    zones = _circles(x, y, size, radius_m)
    late = np.flatnonzero(age < most_weeks)
    heights = np.cumsum(np.bincount(age[late], minlength=most_weeks))
    inside = np.cumsum(size[zones.cell])
    first = np.searchsorted(zones.centre, zones.centre)
    inside = inside[zones.reach] - (inside - size[zones.cell])[first]
    expected = inside[:, None] * heights / where.size
    expected[inside > where.size / 2] = np.inf

    def best_of(places: Integers) -> float:
        return float(_score(zones, expected, places, age[late], where.size)[2].max(initial=0.0))

    rng = np.random.default_rng(seed)
    simulated = np.array([best_of(where[rng.permutation(where.size)[: late.size]]) for _ in range(permutations)])
    found = _score(zones, expected, where[late], age[late], where.size)
    return Scan(tuple(_best(zones, expected, found, simulated, most_clusters)), simulated, Reason.NONE)


def _checked(x: Floats, y: Floats, cell: ArrayLike, week: ArrayLike, n_weeks: int) -> tuple[Integers, Integers]:
    where, when = np.asarray(cell, dtype=np.int64).ravel(), np.asarray(week, dtype=np.int64).ravel()
    if x.size != y.size or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise GisError("the centres of cells must be finite, with one x and one y each")
    if where.size != when.size:
        raise GisError(f"{where.size} cells but {when.size} weeks; give one of each per incident")
    if where.size and (where.min() < 0 or where.max() >= x.size):
        raise GisError(f"incidents lie in cells {where.min()} to {where.max()}; there are cells 0 to {x.size - 1}")
    if when.size and (when.min() < 0 or when.max() >= n_weeks):
        raise GisError(f"incidents lie in weeks {when.min()} to {when.max()}; there are weeks 0 to {n_weeks - 1}")
    return where, when


def _reason(when: Integers, n_weeks: int, most_weeks: int) -> Reason:
    if not when.size:
        return Reason.NO_INCIDENTS
    if n_weeks < 2 or np.all(when == when[0]) or not np.any(when >= n_weeks - most_weeks):
        return Reason.NO_VARIATION
    return Reason.NONE


def _circles(x: Floats, y: Floats, size: Integers, radius_m: float) -> _Zones:
    """Return circles around cells with incidents; cells without any change no count and are left out."""
    occupied = np.flatnonzero(size)
    place = np.column_stack([x, y])[occupied]
    tree = KDTree(place)
    if int(tree.query_ball_point(place, radius_m + _SAME_M, return_length=True).sum()) > _MOST_MEMBERS:
        raise GisError(f"circles of {radius_m:g} m hold too many cells; choose larger cells or a smaller radius")
    near = tree.query_ball_point(place, radius_m + _SAME_M)
    centre = np.repeat(np.arange(occupied.size), [len(members) for members in near])
    member = np.concatenate([np.asarray(members, dtype=np.int64) for members in near])
    distance = np.hypot(*(place[member] - place[centre]).T)
    order = np.lexsort((distance, centre))
    centre, member, distance = centre[order], member[order], distance[order]
    # a circle takes in all cells at its distance
    ends = np.flatnonzero(np.append((np.diff(distance) > _SAME_M) | (np.diff(centre) > 0), True))
    reach = ends[np.searchsorted(ends, np.arange(member.size))]
    cell = occupied[member]
    by_cell = np.argsort(cell, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=x.size))])
    return _Zones(occupied[centre], cell, distance, reach, by_cell, starts)


def _score(
    zones: _Zones, expected: Floats, places: Integers, ages: Integers, total: int
) -> tuple[Integers, Integers, Floats]:
    """Return entries that hold late incidents, and what the circles up to them count and score, by height.

    Along a circle that grows, the ratio is greatest where an incident has just been taken in, so only entries whose
    cell has a late incident need be looked at. Among cells at one distance the last entry holds the full count;
    the others count less for the same expectation and so never win wrongly.
    """
    height = expected.shape[1]
    cells, at = np.unique(places, return_inverse=True)
    table = np.bincount(at * height + ages, minlength=cells.size * height).reshape(-1, height).cumsum(axis=1)
    entries = zones.entries_of(cells)
    counts = table[np.searchsorted(cells, zones.cell[entries])]
    running = counts.cumsum(axis=0)
    first = np.searchsorted(zones.centre[entries], zones.centre[entries])
    found = running - (running - counts)[first]
    fair = expected[zones.reach[entries]]
    better = (found > fair) & (found > 1)
    llr = np.zeros(found.shape)
    llr[better] = _log_likelihood_ratio(found[better].astype(np.float64), fair[better], total)
    return entries, found, llr


def _log_likelihood_ratio(found: Floats, expected: Floats, total: int) -> Floats:
    outside = total - found
    llr = found * np.log(found / expected)
    some = outside > 0
    llr[some] += outside[some] * np.log(outside[some] / (total - expected[some]))
    return llr


def _best(
    zones: _Zones, expected: Floats, scored: tuple[Integers, Integers, Floats], simulated: Floats, most: int
) -> Iterator[Cluster]:
    """Yield the best cylinder, then the best that shares no cell with those before."""
    entries, found, llr = scored
    taken: set[int] = set()
    given = 0
    for flat in np.argsort(-llr, axis=None, kind="stable")[: int(np.count_nonzero(llr > 0))]:
        if given >= most:
            return
        at, height = (int(index) for index in np.unravel_index(flat, llr.shape))
        last = int(zones.reach[entries[at]])
        first = int(np.searchsorted(zones.centre, zones.centre[last]))
        cells = zones.cell[first : last + 1]
        if not taken.isdisjoint(cells.tolist()):
            continue
        taken.update(cells.tolist())
        given += 1
        value, fair, inside = float(llr[at, height]), float(expected[last, height]), int(found[at, height])
        yield Cluster(
            centre=int(zones.centre[last]),
            radius_m=float(zones.distance[last]),
            cells=np.sort(cells),
            weeks=height + 1,
            observed=inside,
            expected=fair,
            ratio=inside / fair,
            llr=value,
            p=float((np.count_nonzero(simulated >= value - 1e-10) + 1.0) / (simulated.size + 1.0)),
        )
