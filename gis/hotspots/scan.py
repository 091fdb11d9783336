"""Clusters of the last weeks: Kulldorff's space-time permutation scan statistic.

Cylinders stand on circles of cells and reach back from the last week. What is expected inside comes from the incidents
alone, the share of the circle times the share of the weeks, so no population is needed, and differences between places
that are always there do not count. See Kulldorff, Heffernan, Hartman, Assunção and Mostashari (2005), PLoS Medicine
2(3), e59, and the SaTScan user guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.spatial import KDTree
from scipy.special import xlogy
from scipy.stats import gumbel_r

from gis.errors import GisError
from gis.hotspots.chance import MOST_PERMUTATIONS, Reason
from gis.hotspots.ratio import GreatestRatio

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Tail = Literal["rank", "gumbel"]

SMALLEST_P = 1e-3  # of a fitted tail: what a thousand permutations could say
_MOST_MEMBERS = 40_000_000
_SAME_M = 1e-6
_THREADS = 2
_DEALT_AHEAD = 100


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
        Chance that the best cylinder of a random arrangement is at least as good.
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
class _Circles:
    """Circles around cells with incidents: the smallest of all centres, then those with one more ring, and so on.

    Attributes
    ----------
    rings
        Which of the occupied cells lie in the outermost ring of each circle, a matrix of ones, shape
        ``(sizes × occupied, occupied)``; empty where a centre has no circle of that many rings.
    member, distance_m
        Cells by centre, from the middle outwards, and how far they are from it.
    begin, end
        Which of these lie in a circle: from, shape ``(occupied,)``, and to, shape ``(sizes, occupied)``, 0: no circle.
    """

    rings: csr_array
    member: Integers
    distance_m: Floats
    begin: Integers
    end: Integers

    def inside(self, table: Floats) -> Floats:
        """Return what lies in each circle, shape ``(sizes, occupied, columns)``, of a table by occupied cell."""
        sums: Floats = (self.rings @ table).reshape(*self.end.shape, -1)
        for smaller, larger in pairwise(sums):
            larger += smaller
        return sums

    def cells(self, size: int, centre: int) -> Integers:
        """Return the occupied cells of a circle, from the middle outwards."""
        return self.member[self.begin[centre] : self.end[size, centre]]


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
    tail: Tail = "rank",
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
    tail
        p-values from the rank among the permutations, or ("gumbel") from Gumbel's law fitted to them, for which a tenth
        of the permutations is enough (Abrams, Kulldorff and Kleinman 2010, Int. J. Health Geogr. 9, 61); none of those
        is below ``SMALLEST_P``.

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
    why = _reason(where, when, n_weeks, most_weeks)
    if why is not Reason.NONE:
        return Scan((), np.zeros(0), why)
    age = n_weeks - 1 - when
    size = np.bincount(where)
    occupied = np.flatnonzero(size)
    where, size = (np.cumsum(size > 0) - 1)[where], size[occupied]
    circles = _circles(np.column_stack([x, y])[occupied], radius_m)
    late = np.flatnonzero(age < most_weeks)
    heights = np.cumsum(np.bincount(age[late], minlength=most_weeks))
    inside = circles.inside(size[:, None].astype(np.float64))
    expected = inside * heights / where.size
    expected[(circles.end == 0) | (inside[:, :, 0] > where.size / 2)] = np.inf
    with np.errstate(invalid="ignore"):
        spread = expected * (1.0 - expected / where.size)
    greatest = GreatestRatio(expected, spread, 1.0, partial(_log_likelihood_ratio, total=where.size))
    rng = np.random.default_rng(seed)
    dealt = (rng.choice(where, late.size, replace=False) for _ in range(permutations))

    def greatest_of(cell: Integers) -> float:
        found = circles.inside(_by_height(cell, age[late], occupied.size, most_weeks))
        return float(greatest.of(found[None])[0])

    simulated = np.zeros(permutations)
    with ThreadPoolExecutor(_THREADS) as threads:  # numpy and scipy let others run while they work
        for start in range(0, permutations, _DEALT_AHEAD):
            some = list(threads.map(greatest_of, islice(dealt, _DEALT_AHEAD)))
            simulated[start : start + len(some)] = some
    found = circles.inside(_by_height(where[late], age[late], occupied.size, most_weeks))
    llr = _log_likelihood_ratio(found, expected, where.size)
    return Scan(
        tuple(_best(circles, occupied, expected, found, llr, _p_of(simulated, tail), most_clusters)),
        simulated,
        Reason.NONE,
    )


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


def _reason(where: Integers, when: Integers, n_weeks: int, most_weeks: int) -> Reason:
    if not when.size:
        return Reason.NO_INCIDENTS
    if when.size == 1:
        return Reason.LONE
    if not np.any(when >= n_weeks - most_weeks):
        return Reason.NONE_OF_LATE
    if n_weeks < 2 or np.all(when == when[0]):
        return Reason.ONE_TIME
    return Reason.ONE_PLACE if np.all(where == where[0]) else Reason.NONE


def _circles(place: Floats, radius_m: float) -> _Circles:
    """Return circles around places with incidents; a circle takes in all places at its distance."""
    tree = KDTree(place)
    if int(tree.query_ball_point(place, radius_m + _SAME_M, return_length=True).sum()) > _MOST_MEMBERS:
        raise GisError(f"circles of {radius_m:g} m hold too many cells; choose larger cells or a smaller radius")
    pairs, alone = tree.query_pairs(radius_m + _SAME_M, output_type="ndarray"), np.arange(len(place))
    centre, member = np.concatenate([pairs, pairs[:, ::-1], np.column_stack([alone, alone])]).T
    distance = np.hypot(*(place[member] - place[centre]).T)
    order = np.argsort(centre * (2.0 * radius_m + 1.0) + distance)
    centre, member, distance = centre[order], member[order], distance[order]
    is_new = np.append(True, (np.diff(distance) > _SAME_M) | (np.diff(centre) > 0))
    begin = np.searchsorted(centre, alone)
    ring = np.cumsum(is_new) - 1
    ring -= ring[begin][centre]
    is_last = np.append(is_new[1:], True)
    end = np.zeros((int(ring.max()) + 1, len(place)), dtype=np.int64)
    end[ring[is_last], centre[is_last]] = np.flatnonzero(is_last) + 1
    ones = np.ones(member.size, dtype=np.float32)
    rings = csr_array((ones, (ring * len(place) + centre, member)), shape=(end.size, len(place)))
    return _Circles(rings, member, distance, begin, end)


def _by_height(cell: Integers, age: Integers, cells: int, weeks: int) -> Floats:
    """Return incidents of each cell in the last week, the last two, and so on, shape ``(cells, weeks)``."""
    table = np.bincount(cell * weeks + age, minlength=cells * weeks).reshape(cells, weeks)
    return table.cumsum(axis=1).astype(np.float32)  # whole numbers below 2^24 are exact


def _log_likelihood_ratio(found: Floats, expected: Floats, total: int) -> Floats:
    """Return the ratio where more than one incident and more than expected are found, else 0."""
    llr = np.zeros(found.shape, dtype=np.float64)
    some = (found > expected) & (found > 1)
    n, fair = found[some].astype(np.float64), expected[some]
    outside = total - n
    llr[some] = n * np.log(n / fair) + xlogy(outside, outside / (total - fair))
    return llr


def _p_of(simulated: Floats, tail: Tail) -> Callable[[float], float]:
    """Return the chance that the best cylinder of a random arrangement scores at least a value."""
    spread = float(simulated.std(ddof=1)) if simulated.size > 1 else 0.0
    if tail == "rank" or spread == 0.0:
        return lambda value: float((np.count_nonzero(simulated >= value - 1e-10) + 1.0) / (simulated.size + 1.0))
    scale = spread * math.sqrt(6.0) / math.pi
    mode = float(simulated.mean()) - np.euler_gamma * scale
    return lambda value: max(float(gumbel_r.sf(value, mode, scale)), SMALLEST_P)


def _best(
    circles: _Circles,
    occupied: Integers,
    expected: Floats,
    found: Floats,
    llr: Floats,
    p_of: Callable[[float], float],
    most: int,
) -> Iterator[Cluster]:
    """Yield the best cylinder, then the best that shares no cell with those before."""
    taken = np.zeros(occupied.size, dtype=np.bool_)
    given = 0
    some = np.flatnonzero(llr > 0)
    for flat in some[np.argsort(-llr.ravel()[some], kind="stable")]:
        if given >= most:
            return
        size, centre, height = (int(index) for index in np.unravel_index(flat, llr.shape))
        cells = circles.cells(size, centre)
        if taken[cells].any():
            continue
        taken[cells] = True
        given += 1
        inside, fair = int(found[size, centre, height]), float(expected[size, centre, height])
        yield Cluster(
            centre=int(occupied[centre]),
            radius_m=float(circles.distance_m[circles.end[size, centre] - 1]),
            cells=np.sort(occupied[cells]),
            weeks=height + 1,
            observed=inside,
            expected=fair,
            ratio=inside / fair,
            llr=float(llr.ravel()[flat]),
            p=p_of(float(llr.ravel()[flat])),
        )
