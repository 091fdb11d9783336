"""Ways to foretell where incidents will happen, each a score by cell: what the risk surface has to beat.

Counts over windows, kernel density, Gi*, near-repeat decay, and the risk surface. A score only has to put the cells in
order; that of the risk surface is an expected number too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gis.errors import EmptyInputError
from gis.hotspots.gi import gi_star
from gis.hotspots.neighbours import Weights, queen_neighbours
from gis.risk import RiskModel, fit_risk, predict_risk
from gis.surfaces import TARGET, Floats, History, StudyArea

RISK = "risk"
Score = Callable[[History, int], Floats]

WINDOWS_DAYS = (28, 91, 365, 3 * 365, 5 * 365)
HALF_LIVES_DAYS = (365, 2 * 365, 4 * 365, 8 * 365)
BANDWIDTHS_M = (50.0, 100.0, 200.0, 400.0)
NEAR_REPEAT_M = (200.0, 400.0)
NEAR_REPEAT_DAYS = (7.0, 14.0, 28.0)
_REFIT_DAYS = 365


@dataclass(frozen=True)
class Method:
    """One way to foretell, with one setting.

    Attributes
    ----------
    family
        "counts", "kde", "gi", "near repeat" or "risk".
    setting
        The setting in words.
    score
        Gives the score of every cell from the incidents before a day; shape ``(cells,)``.
    """

    family: str
    setting: str
    score: Score


def simple_methods(area: StudyArea) -> tuple[Method, ...]:
    """Return all simple methods, with all settings among which the training part has to choose."""
    methods = [Method("counts", "all hours, all years", _counts(area, None))]
    methods += [Method("counts", f"all hours, last {days} days", _counts(area, days)) for days in WINDOWS_DAYS]
    methods += [Method("counts", f"all hours, half-life {days} days", _fading(area, days)) for days in HALF_LIVES_DAYS]
    methods += [Method("counts", "same hours only, all years", _counts(area, None, same_hours=True))]
    methods += [Method("kde", f"bandwidth {m:g} m", _counts(area, None, bandwidth_m=m)) for m in BANDWIDTHS_M]
    neighbours = queen_neighbours(area.column, area.row)
    methods += [
        Method("gi", "all years", _gi(area, neighbours, None)),
        Method("gi", "last 365 days", _gi(area, neighbours, 365)),
    ]
    methods += [
        Method("near repeat", f"{m:g} m, {days:g} days", _near_repeat(area, m, days))
        for m in NEAR_REPEAT_M
        for days in NEAR_REPEAT_DAYS
    ]
    return tuple(methods)


def risk_method(area: StudyArea, hazards: Mapping[str, tuple[Floats, Floats]] | None = None) -> Method:
    """Return the risk surface as a method; it is fitted anew once a year, and foretells from the newest incidents.

    Where there is too little to learn from, it falls back to counts of all hours and years.
    """
    fitted: dict[str, RiskModel] = {}
    plain = _counts(area, None)

    def score(history: History, today: int) -> Floats:
        model = fitted.get(RISK)
        if model is None or not 0 <= today - model.fitted_day < _REFIT_DAYS:
            try:
                model = fit_risk(history, area, today, hazards=hazards)
            except EmptyInputError:
                return plain(history, today)
            fitted[RISK] = model
        return predict_risk(model, history, today, 28).expected

    return Method(RISK, "additive and log-linear Poisson", score)


def _counts(area: StudyArea, days: int | None, *, same_hours: bool = False, bandwidth_m: float = 0.0) -> Score:
    def score(history: History, today: int) -> Floats:
        past = history.between(-(10**9) if days is None else today - days, today)
        fine = area.fine_cells(past.x_m, past.y_m)
        kept = past.group == TARGET if same_hours else np.ones(len(past), dtype=bool)
        return area.surface(fine[kept], past.weight[kept], bandwidth_m)

    return score


def _fading(area: StudyArea, half_life_days: int) -> Score:
    def score(history: History, today: int) -> Floats:
        past = history.between(-(10**9), today)
        fading = 0.5 ** ((today - past.day) / half_life_days)
        return area.surface(area.fine_cells(past.x_m, past.y_m), past.weight * fading)

    return score


def _gi(area: StudyArea, neighbours: Weights, days: int | None) -> Score:
    counts = _counts(area, days)

    def score(history: History, today: int) -> Floats:
        return np.nan_to_num(gi_star(counts(history, today), neighbours).z, nan=0.0)

    return score


def _near_repeat(area: StudyArea, distance_m: float, decay_days: float) -> Score:
    """Return risk that every incident brings to its surroundings and that fades (ProMap; Bowers et al. 2004)."""

    def score(history: History, today: int) -> Floats:
        past = history.between(today - int(10 * decay_days), today)
        fading = np.exp(-(today - past.day) / decay_days)
        return area.surface(area.fine_cells(past.x_m, past.y_m), past.weight * fading, distance_m / 2)

    return score
