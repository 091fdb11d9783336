"""How well maps of yesterday foretold tomorrow: rolling origin, hit rate, PAI and PEI.

Every map is drawn from what was known on its day, and then compared with what followed. Settings are chosen on periods
before the first day that is tested. See Chainey, Tompson and Uhlig (2008, Secur. J. 21, 4–28) for the prediction
accuracy index (PAI), and Hunt (2016) with the NIJ forecasting challenge for the prediction efficiency index (PEI).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from gis.errors import EmptyInputError, GisError
from gis.forecasts import RISK, Method, risk_method, simple_methods
from gis.surfaces import TARGET, Floats, History, StudyArea

SHARES = (0.01, 0.02, 0.05)
_BOOTSTRAPS = 2_000
_DRAWN_AT_ONCE = 200


@dataclass(frozen=True)
class Period:
    """A period to be foretold: from a day on, and before another (days since 1970-01-01)."""

    first: int
    end: int


@dataclass(frozen=True, eq=False)
class Performance:
    """How one method did; arrays have the shape ``(shares,)``.

    Attributes
    ----------
    family, setting
        The method.
    hit_rate
        Share of the incidents that fell into the cells with the highest scores.
    low, high
        95 % interval of the hit rate.
    pai
        Hit rate divided by the share of the area.
    pei
        Hits divided by the most that any choice of as many cells could have hit.
    hits
        For each share of the area and each incident whether it was hit, shape ``(shares, incidents)``; where cells
        with equal scores compete for the last places, the chance of being among them.
    """

    family: str
    setting: str
    hit_rate: Floats
    low: Floats
    high: Floats
    pai: Floats
    pei: Floats
    hits: Floats


@dataclass(frozen=True, eq=False)
class Difference:
    """Hit rate of one method less that of another on the same incidents, with a 95 % interval, by share of the area."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came out.

    Attributes
    ----------
    shares
        Shares of the area.
    performances
        One for each family, with the setting that the training part chose, and in the order of the families.
    best_simple
        The simple family that did best in the training part, and so the one to beat.
    difference
        Risk less best simple family, if risk was among the methods.
    incidents
        Number of incidents to be foretold.
    left_out
        Number of those that may have been of the kind to be foretold, or not: a hit of them would say nothing.
    """

    shares: tuple[float, ...]
    performances: tuple[Performance, ...]
    best_simple: str
    difference: Difference | None
    incidents: int
    left_out: int = 0

    def of(self, family: str) -> Performance:
        """Return the performance of a family."""
        return next(p for p in self.performances if p.family == family)

    @property
    def honest_default(self) -> str:
        """The family to use: risk only where it beat the best simple family at every share beyond chance."""
        return RISK if self.difference is not None and bool(np.all(self.difference.low > 0)) else self.best_simple


def evaluate(
    history: History,
    area: StudyArea,
    periods: Sequence[Period],
    *,
    shares: Sequence[float] = SHARES,
    training: Sequence[Period] | None = None,
    hazards: Mapping[str, tuple[Floats, Floats]] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return how well each family of methods foretold incidents, period by period.

    Parameters
    ----------
    history
        All incidents. Each map is made from those before its period, the shares of uncertain ones too; what is to be
        foretold are whole ones alone.
    area
        The cells among which the shares of the area are taken.
    periods
        What is to be foretold, in order.
    shares
        Shares of the area that are watched.
    training
        Earlier periods on which settings are chosen; without, as many periods as are tested, of the same lengths, each
        a year earlier (or just before the first tested day where history is shorter than three years).
    hazards
        Name → x and y in metres, for the risk surface.
    seed
        Seed of the bootstrap.

    Raises
    ------
    EmptyInputError
        If there is no incident to be foretold, or none before.
    GisError
        If periods overlap or are not in order, or shares are not between 0 and 1.
    """
    wanted = _ordered(periods)
    if not shares or not all(0 < share < 1 for share in shares):
        raise GisError("shares of the area must lie between 0 and 1")
    earlier = _ordered(training) if training is not None else _earlier(history, wanted)
    if earlier and earlier[-1].end > wanted[0].first:
        raise GisError("settings must be chosen on periods before those that are tested")
    if not len(history.between(-(10**9), wanted[0].first)):
        raise EmptyInputError("there are no incidents before the first period, so there is nothing to foretell from")
    if not _outcomes(history, area, wanted).sum():
        raise EmptyInputError(
            "no incident that is surely of the kind to be foretold lies in the study area and the periods"
        )
    simple = simple_methods(area)
    rank = {method: _merit(history, area, method, earlier, shares) for method in simple}
    families = list(dict.fromkeys(method.family for method in simple))
    chosen = {f: max((m for m in simple if m.family == f), key=lambda m: rank[m]) for f in families}
    best_simple = max(families, key=lambda f: rank[chosen[f]])
    methods = [*chosen.values(), risk_method(area, hazards)]
    done = tuple(_perform(history, area, method, wanted, tuple(shares), seed) for method in methods)
    by_family = {performance.family: performance for performance in done}
    difference = paired_difference(by_family[RISK].hits, by_family[best_simple].hits, seed=seed)
    unsure = sum(cells_in(history, area, period, whole=False).size for period in wanted)
    return Evaluation(tuple(shares), done, best_simple, difference, by_family[RISK].hits.shape[1], unsure)


def choose_method(
    history: History,
    area: StudyArea,
    today: int,
    *,
    periods: int = 12,
    days: int = 28,
    hazards: Mapping[str, tuple[Floats, Floats]] | None = None,
) -> tuple[Method, Evaluation | None]:
    """Return the method to draw the map of today with, and the evaluation that speaks for it.

    The last periods before today are foretold as if they were to come. Risk is taken only where it beat the best
    simple method at every share of the area beyond chance; else the best simple method with its setting. Where there
    is too little to tell, counts of all hours and years are taken, and there is no evaluation.

    Parameters
    ----------
    history, area, hazards
        As for :func:`evaluate`; incidents of ``today`` and later are not looked at.
    today
        Days since 1970-01-01.
    periods, days
        How many periods of how many days are foretold.
    """
    known = history.between(-(10**9), today)
    past = [Period(today - days * at, today - days * (at - 1)) for at in range(periods, 0, -1)]
    try:
        done = evaluate(known, area, past, hazards=hazards)
    except EmptyInputError:
        return simple_methods(area)[0], None
    if done.honest_default == RISK:
        return risk_method(area, hazards), done
    setting = done.of(done.best_simple).setting
    return next(m for m in simple_methods(area) if (m.family, m.setting) == (done.best_simple, setting)), done


def paired_difference(one: Floats, other: Floats, *, seed: int = 0) -> Difference:
    """Return the mean difference of hits on the same incidents, with a bootstrap interval over the incidents.

    Parameters
    ----------
    one, other
        Hits, shape ``(shares, incidents)``.
    seed
        Seed of the bootstrap.
    """
    if one.shape != other.shape or one.ndim != 2 or not one.shape[1]:
        raise GisError(f"hits of shapes {one.shape} and {other.shape} cannot be compared")
    low, high = _interval(one - other, seed)
    return Difference((one - other).mean(axis=1), low, high)


def hits_of(score: ArrayLike, cell: ArrayLike, shares: Sequence[float]) -> Floats:
    """Return for each share of the area whether each incident lies in the cells with the highest scores.

    Parameters
    ----------
    score
        Shape ``(cells,)``.
    cell
        Cell of each incident, shape ``(n,)``.
    shares
        Shares of the area; a part of a cell counts as a chance of watching it.

    Returns
    -------
    numpy.ndarray
        0 to 1, shape ``(shares, n)``: cells of equal score share the last places evenly, so that no method gains by
        the order in which cells happen to be listed.

    Examples
    --------
    >>> hits_of([5, 3, 3, 0], [0, 1, 3], [0.25, 0.5]).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.5, 0.0]]
    """
    value, where = np.asarray(score, dtype=np.float64), np.asarray(cell, dtype=np.int64)
    ranked = np.sort(value)[::-1]
    out = np.empty((len(shares), where.size))
    for at, share in enumerate(shares):
        room = share * value.size
        limit = ranked[min(int(room), value.size - 1)]
        above, equal = np.count_nonzero(value > limit), np.count_nonzero(value == limit)
        chance = min(max((room - above) / equal, 0.0), 1.0)
        out[at] = np.where(value > limit, 1.0, np.where(value == limit, chance, 0.0))[where]
    return out


def table(evaluation: Evaluation) -> list[dict[str, object]]:
    """Return one row for each method and share of the area: what to print, or to write to a file."""
    return [
        {
            "method": performance.family,
            "setting": performance.setting,
            "share": share,
            "hit_rate": float(performance.hit_rate[at]),
            "low": float(performance.low[at]),
            "high": float(performance.high[at]),
            "pai": float(performance.pai[at]),
            "pei": float(performance.pei[at]),
            "incidents": evaluation.incidents,
        }
        for performance in evaluation.performances
        for at, share in enumerate(evaluation.shares)
    ]


def _ordered(periods: Sequence[Period]) -> list[Period]:
    given = list(periods)
    if not given or any(period.first >= period.end for period in given):
        raise GisError("periods must each end after they start, and there must be one at least")
    if any(after.first < before.end for before, after in pairwise(given)):
        raise GisError("periods must be in order and not overlap")
    return given


def _earlier(history: History, periods: Sequence[Period]) -> list[Period]:
    """Return periods before the first tested day on which settings are chosen."""
    first = int(history.day.min()) if len(history) else periods[0].first
    span = periods[-1].end - periods[0].first
    back = max(365, span) if periods[0].first - first >= 3 * 365 else span
    moved = [Period(period.first - back, period.end - back) for period in periods]
    return [period for period in moved if period.first > first]


def _outcomes(history: History, area: StudyArea, periods: Sequence[Period]) -> Floats:
    cells = [cells_in(history, area, period) for period in periods]
    return np.array([one.size for one in cells], dtype=np.float64)


def cells_in(
    history: History, area: StudyArea, period: Period, *, whole: bool = True
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the cells of the incidents that were to be foretold for a period, or of those of which that is unsure."""
    held = history.between(period.first, period.end)
    cell = area.cells_of(held.x_m, held.y_m)[(held.group == TARGET) & (held.whole == whole)]
    inside = cell[cell >= 0]
    return np.asarray(inside, dtype=np.int64).reshape(inside.size)


def _hits(
    history: History, area: StudyArea, method: Method, periods: Sequence[Period], shares: Sequence[float]
) -> Floats:
    parts = [np.zeros((len(shares), 0))]
    for period in periods:
        score = method.score(history.between(-(10**9), period.first), period.first)
        parts.append(hits_of(score, cells_in(history, area, period), shares))
    return np.hstack(parts)


def _merit(
    history: History, area: StudyArea, method: Method, periods: Sequence[Period], shares: Sequence[float]
) -> float:
    """Return the geometric mean of the hit rates over the shares, in the training part: small shares count as much."""
    hits = _hits(history, area, method, periods, shares) if periods else np.zeros((len(shares), 0))
    return float(np.exp(np.log(np.maximum(hits.mean(axis=1), 1e-9)).mean())) if hits.shape[1] else 0.0


def _perform(
    history: History,
    area: StudyArea,
    method: Method,
    periods: Sequence[Period],
    shares: tuple[float, ...],
    seed: int,
) -> Performance:
    hits = _hits(history, area, method, periods, shares)
    rate = hits.mean(axis=1)
    low, high = _interval(hits, seed)
    most = _most_hits(history, area, periods, shares)
    return Performance(
        method.family, method.setting, rate, low, high, rate / np.asarray(shares), hits.sum(axis=1) / most, hits
    )


def _most_hits(history: History, area: StudyArea, periods: Sequence[Period], shares: Sequence[float]) -> Floats:
    """Return the most incidents that as many cells could have held."""
    most = np.zeros(len(shares))
    for period in periods:
        counts = np.bincount(cells_in(history, area, period), minlength=len(area))
        ranked = np.concatenate([[0.0], np.cumsum(np.sort(counts)[::-1])])
        most += [np.interp(share * len(area), np.arange(ranked.size), ranked) for share in shares]
    return np.maximum(most, 1e-300)


def _interval(values: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return 95 % bootstrap intervals of row means; the same seed draws the same incidents for all methods."""
    rng = np.random.default_rng(seed)
    n = values.shape[1]
    means = []
    for _ in range(0, _BOOTSTRAPS, _DRAWN_AT_ONCE):
        times = rng.multinomial(n, np.full(n, 1.0 / n), size=_DRAWN_AT_ONCE)
        means.append(times @ values.T / n)
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5], axis=0)
    return low, high
