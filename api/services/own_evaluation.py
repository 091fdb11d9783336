"""How well maps of the past months foretold a city's own incidents: "last month's map caught 34 % in 5 % of the area".

Worked out once a month for a city, beside the requests: it takes from seconds to minutes. For the police.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np
import structlog
from sqlalchemy.orm import Session

from api.services.incident_table import day_number, table_of
from api.services.questions import wanted_city
from api.services.risk import history_of
from api.services.study_area import study_cells
from api.settings import Settings
from gis.errors import GisError
from gis.evaluate import Evaluation, Period, cells_in, evaluate, table
from gis.surfaces import History, StudyArea

MOST_MONTHS = 12
FEWEST = 5  # incidents below which no percentage is told
_MOST_KEPT = 16
_log = structlog.get_logger("api.evaluation")
_done: OrderedDict[Hashable, dict[str, Any]] = OrderedDict()
_working: set[Hashable] = set()
_guard = threading.Lock()


def own_evaluation(
    session: Session, settings: Settings, *, city_code: str | None, today: dt.date, wait: bool = False
) -> dict[str, Any]:
    """Return how each family of methods foretold the last whole months, the last one in a sentence.

    Returns
    -------
    dict
        ``state``: ``working`` while it is worked out (ask again in some seconds), ``done``, or ``too_little`` with
        ``reason``. Done: ``months`` (first days), ``incidents`` (those that were surely after school), ``left_out``
        (those that may have been, or not), ``cells``, ``methods`` (rows of
        :func:`gis.evaluate.table`), ``default`` (the honest best), ``difference`` of risk and the best simple method,
        ``last`` (``month``, ``method``, ``share``, ``hit_rate``, ``hits``, ``incidents``) and ``sentence_zh``,
        ``sentence_en``.
    """
    city = wanted_city(session, city_code)
    around = study_cells(session, city)
    found = table_of(session, city)
    months = _months(int(found.day.min()) if len(found) else None, today)
    if not months:
        reason = "a whole month of incidents, and something before it, are needed"
        return {"state": "too_little", "reason": reason}
    before = int(np.count_nonzero(found.day < months[-1].end))
    key = (str(session.get_bind().engine.url), city.uuid, around.version, months[-1], before, found.changes.altered)
    with _guard:
        if key in _done:
            return _done[key]
        mine = key not in _working
        _working.add(key)
    history = history_of(session, settings, city, found, around.lattice.cell_m)
    area = StudyArea(around.column, around.row, around.lattice.cell_m, finer=1)
    if wait:
        _work_out(key, history, area, months)
        return _done[key]
    if mine:
        threading.Thread(target=_work_out, args=(key, history, area, months), daemon=True).start()
    return {"state": "working"}


def _work_out(key: Hashable, history: History, area: StudyArea, months: list[Period]) -> None:
    answer: dict[str, Any]
    try:
        answer = _told(evaluate(history, area, months), history, area, months)
    except GisError as error:
        answer = {"state": "too_little", "reason": str(error)}
    except Exception as error:
        _log.exception("evaluation failed", error=type(error).__name__)
        answer = {"state": "too_little", "reason": "it could not be worked out; the log of the server says why"}
    with _guard:
        _done[key] = answer
        _working.discard(key)
        while len(_done) > _MOST_KEPT:
            _done.popitem(last=False)


def _months(first_day: int | None, today: dt.date) -> list[Period]:
    """Return the last whole months before today that have something before them, at most twelve."""
    if first_day is None:
        return []
    found: list[Period] = []
    end = today.replace(day=1)
    while len(found) < MOST_MONTHS:
        first = (end - dt.timedelta(days=1)).replace(day=1)
        if day_number(first) <= first_day:
            break
        found.append(Period(day_number(first), day_number(end)))
        end = first
    return found[::-1]


def _told(done: Evaluation, history: History, area: StudyArea, months: list[Period]) -> dict[str, Any]:
    sizes = [cells_in(history, area, month).size for month in months]
    default = done.honest_default
    best = done.of(default)
    share = len(done.shares) - 1
    last = best.hits[share, done.incidents - sizes[-1] :] if sizes[-1] else np.zeros(0)
    day = dt.date(1970, 1, 1) + dt.timedelta(days=months[-1].first)
    gap = done.difference
    answer: dict[str, Any] = {
        "state": "done",
        "months": [str(dt.date(1970, 1, 1) + dt.timedelta(days=month.first)) for month in months],
        "incidents": done.incidents,
        "left_out": done.left_out,
        "cells": len(area),
        "methods": table(done),
        "default": default,
        "best_simple": done.best_simple,
        "difference": None
        if gap is None
        else [
            {"share": s, "mean": float(m), "low": float(low), "high": float(high)}
            for s, m, low, high in zip(done.shares, gap.mean, gap.low, gap.high, strict=True)
        ],
    }
    rate = float(last.mean()) if last.size >= FEWEST else None
    answer["last"] = {
        "month": str(day),
        "method": default,
        "setting": best.setting,
        "share": done.shares[share],
        "hit_rate": rate,
        "hits": round(float(last.sum()), 1) if last.size >= FEWEST else None,
        "incidents": int(last.size) if last.size >= FEWEST else None,
    }
    return answer | _sentences(day, rate, last.size, done.shares[share])


def _sentences(month: dt.date, rate: float | None, incidents: int, share: float) -> dict[str, str]:
    if rate is None:
        return {
            "sentence_zh": f"{month:%Y 年 %-m 月}放学时段的事件不足 {FEWEST} 起，不给百分比。",
            "sentence_en": f"Fewer than {FEWEST} incidents after school in {month:%B %Y}: no percentage is given.",
        }
    return {
        "sentence_zh": f"{month:%Y 年 %-m 月}初画的图，以 {100 * share:g}% 的面积命中了当月放学时段 {incidents} 起事件的 {100 * rate:.0f}%。",
        "sentence_en": f"The map drawn before {month:%B %Y} caught {100 * rate:.0f} % of that month's {incidents} incidents after school in {100 * share:g} % of the area.",
    }
