"""Whether one incident makes another nearby and soon more likely: the Knox test with Monte Carlo, as a table.

Pairs of incidents are counted by how far apart and how many days apart they are. What chance would give comes from
dealing the times out anew among the places (Knox 1964; Besag and Diggle 1977; for crime Johnson et al. 2007,
J. Quant. Criminol. 23, 201–219). Bands, ratios and p-values follow the Near Repeat Calculator (Ratcliffe 2009): a band
holds its lower edge and not its upper one, so that 7 days are a week, from the same day to six days later. It
can measure along the axes too ("manhattan"), as in the output that the tests compare with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from gis.errors import BadCoordinatesError, GisError
from gis.hotspots.chance import MOST_PERMUTATIONS, Reason, false_discovery_rate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Metric = Literal["euclidean", "manhattan"]

_MOST_PAIRS = 50_000_000


@dataclass(frozen=True)
class NearRepeatTable:
    """Pairs of incidents by distance (rows) and by days between them (columns).

    The first row is the same place, the last row and the last column are everything beyond the last band.

    Attributes
    ----------
    space_edges_m
        Upper edges of the bands in metres, not included, shape ``(rows − 2,)``.
    time_edges_days
        Upper edges of the bands in days, not included, shape ``(columns − 1,)``.
    observed
        Pairs, shape ``(rows, columns)``.
    expected
        Mean of the pairs over the permutations, or over all orders there are, shape ``(rows, columns)``.
    spread
        Standard deviation of the pairs over the same, shape ``(rows, columns)``.
    ratio
        ``observed / expected``: 1.69 means 69 % more pairs than chance would give; NaN where none are expected.
    p
        Share of the arrangements with at least as many pairs, the observed one counted among them.
    incidents
        Number of incidents.
    permutations
        Number of permutations; 0 where mean and tail are those of all orders.
    reason
        Why the table has no ratios and p-values.
    """

    space_edges_m: Floats
    time_edges_days: Floats
    observed: Integers
    expected: Floats
    spread: Floats
    ratio: Floats
    p: Floats
    incidents: int
    permutations: int
    reason: Reason

    @property
    def q(self) -> Floats:
        """p-values of the bands with the false discovery rate over them; NaN beyond the last band."""
        q = np.full(self.p.shape, np.nan)
        near = self.p[:-1, :-1]
        q[:-1, :-1] = false_discovery_rate(near.ravel()).reshape(near.shape)
        return q


def knox_test(
    x_m: ArrayLike,
    y_m: ArrayLike,
    day: ArrayLike,
    *,
    space_edges_m: Sequence[float] = (100.0, 200.0, 300.0, 400.0),
    time_edges_days: Sequence[float] = (7.0, 14.0, 21.0, 28.0),
    permutations: int = 999,
    seed: int = 0,
    metric: Metric = "euclidean",
) -> NearRepeatTable:
    """Return how many pairs of incidents lie near in space and time, and how many chance would give.

    Parameters
    ----------
    x_m, y_m
        Metres in a plane, shape ``(n,)``.
    day
        Day of each incident, any origin, shape ``(n,)``.
    space_edges_m, time_edges_days
        Upper edges of the bands, rising.
    permutations
        Number of times that the days are dealt out anew.
    seed
        Seed of the permutations.
    metric
        Straight-line distance, or along the axes.

    Raises
    ------
    BadCoordinatesError
        If coordinates or days are not finite, or of different lengths.
    GisError
        If edges do not rise, permutations are out of range, or there are too many pairs within the last band.
    """
    place, when = _checked(x_m, y_m, day)
    space, time = checked_edges(space_edges_m, "space"), checked_edges(time_edges_days, "time")
    if not 1 <= permutations <= MOST_PERMUTATIONS:
        raise GisError(f"{permutations} permutations; 1 to {MOST_PERMUTATIONS:,} can be made")
    rows, columns = space.size + 2, time.size + 1
    one, other, band = near_pairs(place, space, metric)
    margin = _pairs_by_time(when, time)

    def table(days: Floats) -> Integers:
        column = np.searchsorted(time, np.abs(days[one] - days[other]), side="right")
        near = np.bincount(band * columns + column, minlength=(rows - 1) * columns).reshape(rows - 1, columns)
        return np.vstack([near, margin - near.sum(axis=0)]).astype(np.int64)

    observed = table(when)
    if when.size < 2:
        nothing = np.full((rows, columns), np.nan)
        none = Reason.LONE if when.size else Reason.NO_INCIDENTS
        return NearRepeatTable(space, time, observed, nothing, nothing, nothing, nothing, when.size, 0, none)
    rng = np.random.default_rng(seed)
    simulated = np.stack([table(rng.permutation(when)) for _ in range(permutations)])
    expected, ratio, p = summarise(observed, simulated)
    spread = simulated.std(axis=0)
    return NearRepeatTable(space, time, observed, expected, spread, ratio, p, when.size, permutations, Reason.NONE)


def summarise(observed: Integers, simulated: Integers) -> tuple[Floats, Floats, Floats]:
    """Return the mean of simulated tables, the ratio to it, and one-sided p-values.

    Parameters
    ----------
    observed
        Shape ``(rows, columns)``.
    simulated
        Shape ``(permutations, rows, columns)``.
    """
    expected = simulated.mean(axis=0)
    ratio = np.full(expected.shape, np.nan)
    np.divide(observed, expected, out=ratio, where=expected > 0)
    p = (np.count_nonzero(simulated >= observed, axis=0) + 1.0) / (simulated.shape[0] + 1.0)
    return expected, ratio, p


def _checked(x_m: ArrayLike, y_m: ArrayLike, day: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(x_m, dtype=np.float64).ravel(), np.asarray(y_m, dtype=np.float64).ravel()
    when = np.asarray(day, dtype=np.float64).ravel()
    if not x.size == y.size == when.size:
        raise BadCoordinatesError(f"{x.size} x, {y.size} y and {when.size} days; give one of each per incident")
    place = np.column_stack([x, y])
    if not (np.all(np.isfinite(place)) and np.all(np.isfinite(when))):
        raise BadCoordinatesError("coordinates and days must be finite; leave out incidents without place or day")
    return place, when


def checked_edges(given: Sequence[float], what: str) -> Floats:
    """Return the upper edges of bands, or raise GisError where they do not rise from above 0."""
    edges = np.asarray(given, dtype=np.float64)
    if not edges.size or not np.all(np.isfinite(edges)) or edges[0] <= 0 or np.any(np.diff(edges) <= 0):
        raise GisError(f"the edges of the bands in {what} must be positive and rise")
    return edges


def near_pairs(place: Floats, space: Floats, metric: Metric) -> tuple[Integers, Integers, Integers]:
    """Return pairs within the last band, and the row of each: 0 the same place, 1 the first band, and so on."""
    none = np.zeros(0, dtype=np.int64)
    if len(place) < 2:
        return none, none, none
    order = 1.0 if metric == "manhattan" else 2.0
    tree = KDTree(place)
    reach = float(space[-1])
    if (tree.count_neighbors(tree, reach, p=order) - len(place)) // 2 > _MOST_PAIRS:
        raise GisError(f"more than {_MOST_PAIRS:,} pairs lie within {space[-1]:g} m; choose a shorter period or band")
    pairs = tree.query_pairs(reach, p=order, output_type="ndarray").astype(np.int64)
    apart = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], ord=order, axis=1)
    band = np.where(apart == 0, 0, 1 + np.searchsorted(space, apart, side="right")).astype(np.int64)
    near = band <= space.size
    return pairs[near, 0], pairs[near, 1], band[near]


def _pairs_by_time(when: Floats, time: Floats) -> Integers:
    """Return all pairs by band in time; dealing out the times anew does not change them."""
    ordered = np.sort(when)
    after = np.arange(1, when.size + 1)
    before = [np.maximum(np.searchsorted(ordered, ordered + edge, side="left"), after) - after for edge in time]
    everything = when.size * (when.size - 1) // 2
    bounds = np.array([0, *(int(b.sum()) for b in before), everything], dtype=np.int64)
    return bounds[1:] - bounds[:-1]
