"""Risk for the coming weeks: a surface that joins long history, recent weeks, neighbourhood and hazards.

Two Poisson models are fitted to what followed earlier days, with nothing of the days after used:

* an additive one, in which every past incident and every hazard adds its share to the cells around (weights that are
  not negative, by the EM algorithm of Richardson and Lucy, as for self-exciting processes in Mohler et al. 2011,
  J. Am. Stat. Assoc. 106, 100–108): from it comes each cell's share by cause;
* a penalised log-linear one, in which hazards multiply, as in risk terrain modelling (Caplan and Kennedy 2011): from it
  come factors such as "×1.4".

The forecast is their geometric mean, scaled to what was observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.errors import EmptyInputError, GisError
from gis.surfaces import OTHER, RELATED, TARGET, Floats, History, Integers, StudyArea

AGE_BANDS_DAYS = ((0, 90), (90, 365), (365, 3 * 365), (3 * 365, 10 * 365))
HALF_LIVES_DAYS = (60, 4 * 365)
BANDWIDTHS_M = (75.0, 200.0, 500.0)
HAZARD_BANDWIDTHS_M = (100.0, 300.0)
MOST_PERIODS = 4
FEWEST_INCIDENTS = 20
_SHORTEST_PERIOD_DAYS = 28
_LONGEST_PERIOD_DAYS = 365
_EM_STEPS = 300
_PENALTY = 0.01
_FLOOR = 0.1  # of the mean of a surface, under its logarithm

CAUSES = ("history", "recent", "around", "everywhere")


@dataclass(frozen=True, eq=False)
class RiskModel:
    """A fitted model.

    Attributes
    ----------
    area
        The study area.
    fitted_day
        The first day that nothing was known of when the model was fitted.
    period_days
        Length of the periods that the model was fitted to.
    weights
        Weights of the additive model's surfaces.
    coefficients
        Coefficients of the log-linear model's standardised surfaces; their means and spreads.
    causes
        Names of causes: those of :data:`CAUSES` and then the hazards.
    scale
        What the geometric mean is multiplied with, so that it sums to what was observed.
    hazards
        Hazard surfaces, shape ``(cells, hazards × bandwidths)``.
    """

    area: StudyArea
    fitted_day: int
    period_days: int
    weights: Floats
    coefficients: Floats
    intercept: float
    centre: Floats
    spread: Floats
    floor: Floats
    causes: tuple[str, ...]
    scale: float
    hazards: Floats


@dataclass(frozen=True, eq=False)
class RiskSurface:
    """Risk by cell.

    Attributes
    ----------
    expected
        Incidents of the kind to be foretold that are expected in the coming days, shape ``(cells,)``.
    shares
        Share of each cause in the additive model, rows sum to 1, shape ``(cells, causes)``.
    factors
        What each hazard multiplies the risk with against a cell without it, from the log-linear model, shape
        ``(cells, hazards)``.
    causes
        Names of the causes.
    """

    expected: Floats
    shares: Floats
    factors: Floats
    causes: tuple[str, ...]


def fit_risk(
    history: History, area: StudyArea, today: int, *, hazards: Mapping[str, tuple[Floats, Floats]] | None = None
) -> RiskModel:
    """Fit the risk model to what is known before a day.

    Parameters
    ----------
    history
        Incidents; those of ``today`` and later are not looked at.
    area
        The study area.
    today
        Days since 1970-01-01.
    hazards
        Name → x and y in metres of the hazards or schools of one category.

    Raises
    ------
    EmptyInputError
        If there are fewer than 20 incidents of the kind to be foretold in the periods to learn from, or less than
        eight weeks of history. Use long-memory counts then.
    """
    known = history.between(-(10**9), today)
    starts, length = _periods(known, today)
    layers = hazard_surfaces(area, hazards or {})
    fine = area.fine_cells(known.x_m, known.y_m)
    first = int(known.day.min())
    answer = np.concatenate([_outcome(known, fine, area, start, start + length) for start in starts])
    if answer.sum() < FEWEST_INCIDENTS:
        raise EmptyInputError(
            f"of the kind to be foretold, incidents in the study area and the time to learn from: {answer.sum():.0f}; "
            f"at least {FEWEST_INCIDENTS} are needed"
        )
    additive, logarithmic = [], []
    for start in starts:
        sums, logs = _surfaces(known, fine, area, start, first)
        additive.append(np.hstack([sums, layers]))
        logarithmic.append(np.hstack([logs, layers]))
    weights = _fit_additive(np.vstack(additive), answer)
    table = np.vstack(logarithmic)
    floor = _FLOOR * table.mean(axis=0) + 1e-9
    table = np.log(table + floor)
    centre, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
    table = (table - centre) / spread
    from sklearn.linear_model import PoissonRegressor  # half of the time in which a server starts, if loaded then

    linear = PoissonRegressor(alpha=_PENALTY * float(answer.mean()), solver="newton-cholesky", max_iter=100)
    linear.fit(table, answer)
    blend = np.sqrt((np.vstack(additive) @ weights) * linear.predict(table))
    return RiskModel(
        area=area,
        fitted_day=today,
        period_days=length,
        weights=weights,
        coefficients=np.asarray(linear.coef_, dtype=np.float64),
        intercept=float(linear.intercept_),
        centre=centre,
        spread=spread,
        floor=floor,
        causes=(*CAUSES, *(hazards or {})),
        scale=float(answer.sum() / blend.sum()),
        hazards=layers,
    )


def predict_risk(model: RiskModel, history: History, today: int, days: int) -> RiskSurface:
    """Return the risk of the coming days.

    Parameters
    ----------
    model
        A model that was fitted on or before ``today``.
    history
        Incidents; those of ``today`` and later are not looked at.
    today
        First day of the forecast, days since 1970-01-01.
    days
        Length of the forecast in days.

    Raises
    ------
    GisError
        If the model was fitted later than ``today``, or there are no days.
    """
    if today < model.fitted_day:
        raise GisError("the model was fitted to days that the forecast must not know")
    if days < 1:
        raise GisError(f"a forecast of {days} days is none")
    known = history.between(-(10**9), today)
    if not len(known):
        raise EmptyInputError("there is no history to forecast from")
    fine = model.area.fine_cells(known.x_m, known.y_m)
    sums, logs = _surfaces(known, fine, model.area, today, int(known.day.min()))
    parts = np.hstack([sums, model.hazards]) * model.weights
    raw = np.log(np.hstack([logs, model.hazards]) + model.floor)
    effect = (raw - model.centre) / model.spread * model.coefficients
    blend = np.sqrt(parts.sum(axis=1) * np.exp(effect.sum(axis=1) + model.intercept))
    names = len(model.causes)
    shares = np.zeros((len(model.area), names))
    np.add.at(shares.T, _causes_of(names - len(CAUSES)), parts.T)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, shares / np.maximum(total, 1e-300), 0.0)
    n_layers = model.hazards.shape[1]
    at = slice(effect.shape[1] - n_layers, effect.shape[1])
    none = (np.log(model.floor[at]) - model.centre[at]) / model.spread[at] * model.coefficients[at]
    factors = np.exp((effect[:, at] - none).reshape(len(model.area), -1, len(HAZARD_BANDWIDTHS_M)).sum(axis=2))
    return RiskSurface(blend * model.scale * days / model.period_days, shares, factors, model.causes)


def hazard_surfaces(area: StudyArea, hazards: Mapping[str, tuple[Floats, Floats]]) -> Floats:
    """Return the density of each category of hazards around each cell, shape ``(cells, hazards × bandwidths)``."""
    columns = [
        area.surface(area.fine_cells(x, y), None, bandwidth)
        for x, y in hazards.values()
        for bandwidth in HAZARD_BANDWIDTHS_M
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(area), 0))


def _periods(known: History, today: int) -> tuple[list[int], int]:
    """Return first days, and the length, of the periods to learn from; before each lies as much history again."""
    span = today - int(known.day.min()) if len(known) else 0
    length = min(_LONGEST_PERIOD_DAYS, max(span // 4, _SHORTEST_PERIOD_DAYS))
    number = min(MOST_PERIODS, span // length - 1)
    if number < 1:
        raise EmptyInputError(f"the history is too short to learn from; days: {span}, at least eight weeks are needed")
    return [today - length * (at + 1) for at in range(number)], length


def _outcome(known: History, fine: Integers, area: StudyArea, start: int, end: int) -> Floats:
    wanted = (known.group == TARGET) & (known.day >= start) & (known.day < end)
    return area.surface(fine[wanted], known.weight[wanted])


def _surfaces(known: History, fine: Integers, area: StudyArea, day: int, first: int) -> tuple[Floats, Floats]:
    """Return the surfaces of the additive and of the log-linear model, as rates per year."""
    past = known.day < day
    age = (day - known.day[past]).astype(np.float64)
    place, group, weight = fine[past], known.group[past], known.weight[past]
    span = float(max(day - first, 1))
    sums: list[Floats] = []
    by_group: dict[tuple[int, float, float], Floats] = {}
    for low, high in AGE_BANDS_DAYS:
        length = min(high, span) - low
        for kind in (TARGET, RELATED, OTHER):
            held = (age > low) & (age <= high) & (group == kind)
            sums.append(area.surface(place[held], weight[held]) * (365.0 / length if length > 0 else 0.0))
    for half_life in HALF_LIVES_DAYS:
        fading = weight * 0.5 ** (age / half_life)
        lasting = 365.0 * np.log(2) / (half_life * (1.0 - 0.5 ** (span / half_life)))
        for kind in (TARGET, RELATED, OTHER):
            held = group == kind
            for bandwidth in (0.0, *BANDWIDTHS_M):
                by_group[kind, half_life, bandwidth] = area.surface(place[held], fading[held], bandwidth) * lasting
    sums += [surface for (_, _, bandwidth), surface in by_group.items() if bandwidth]
    sums.append(np.ones(len(area)))

    def merged(kinds: tuple[int, ...], half_life: float, bandwidth: float) -> Floats:
        total: Floats = np.sum([by_group[kind, half_life, bandwidth] for kind in kinds], axis=0)
        return total

    everything, daytime = (TARGET, RELATED, OTHER), (TARGET, RELATED)
    recent, long = HALF_LIVES_DAYS
    logs = [
        area.surface(place, weight) * (365.0 / span),
        *(merged(everything, long, bandwidth) for bandwidth in (0.0, *BANDWIDTHS_M)),
        *(merged(everything, recent, bandwidth) for bandwidth in (0.0, 200.0)),
        *(merged(daytime, long, bandwidth) for bandwidth in (0.0, 75.0, 200.0)),
        *(by_group[TARGET, long, bandwidth] for bandwidth in (0.0, *BANDWIDTHS_M)),
    ]
    return np.stack(sums, axis=1), np.stack(logs, axis=1)


def _causes_of(hazards: int) -> Integers:
    """Return the cause of each surface of the additive model, in their order."""
    history, recent, around, everywhere = range(len(CAUSES))
    groups = 3
    bands = [recent if high <= 90 else history for _, high in AGE_BANDS_DAYS for _ in range(groups)]
    near = [around] * (len(HALF_LIVES_DAYS) * groups * len(BANDWIDTHS_M))
    layers = [len(CAUSES) + at for at in range(hazards) for _ in HAZARD_BANDWIDTHS_M]
    return np.array([*bands, *near, everywhere, *layers], dtype=np.int64)


def _fit_additive(surfaces: Floats, answer: Floats) -> Floats:
    """Return weights that are not negative and make the answers most likely (EM, multiplicative updates)."""
    total = surfaces.sum(axis=0)
    used: NDArray[np.bool_] = total > 0
    weights = np.where(used, answer.sum() / np.maximum(total, 1e-300) / max(int(used.sum()), 1), 0.0)
    some = answer > 0
    held, seen = surfaces[some], answer[some]
    for _ in range(_EM_STEPS):
        blame = held.T @ (seen / np.maximum(held @ weights, 1e-300))
        weights = np.where(used, weights * blame / np.maximum(total, 1e-300), 0.0)
    return weights
