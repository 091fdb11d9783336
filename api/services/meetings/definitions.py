"""What a bulletin counts, each figure with its words; the counts of cases are those of the case indicators.

Every figure is a set of records: what is counted can always be named (:mod:`api.services.meetings.members`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
TableName = Literal["hazards", "cases", "inspections"]


@dataclass(frozen=True)
class Window:
    """Some days as seconds since 1970: ``[start_s, end_s)``, and until when it is known what happened."""

    start_s: float
    end_s: float
    until_s: float

    def holds(self, moments: pd.Series) -> Mask:
        """Return which moments lie in it; NaN does not."""
        values = moments.to_numpy(dtype=np.float64)
        return np.asarray((values >= self.start_s) & (values < self.end_s))

    def before(self, moments: pd.Series) -> Mask:
        """Return which moments lie before its end; NaN does not."""
        return np.asarray(moments.to_numpy(dtype=np.float64) < self.end_s)


@dataclass(frozen=True)
class Figure:
    """A figure: the records of a table that it counts, or of a column the different values among them.

    Attributes
    ----------
    stock
        Counted at the end of the period and not over it: it has no year to date and is not divided by school days.
    worse
        Whether more of it is worse (1), better (−1) or neither (0).
    """

    code: str
    zh: str
    en: str
    table: TableName
    counts: Callable[[pd.DataFrame, Window], Mask]
    distinct: str = ""
    stock: bool = False
    worse: int = 0


def _open_at_end(hazards: pd.DataFrame, window: Window) -> Mask:
    closed = hazards["closed_s"].to_numpy(dtype=np.float64)
    still = hazards["is_open"].to_numpy(dtype=bool) | (closed >= window.end_s)
    return np.asarray(window.before(hazards["observed_s"]) & still)


def _overdue_hazards(hazards: pd.DataFrame, window: Window) -> Mask:
    due = hazards["case_due_s"].to_numpy(dtype=np.float64)
    return np.asarray(_open_at_end(hazards, window) & (due < window.until_s))


def _due(cases: pd.DataFrame, window: Window) -> Mask:
    alive = ~cases["state"].isin(["void", "merged", "suspended"]).to_numpy(dtype=bool)
    return np.asarray(cases["filed_s"].notna().to_numpy() & window.holds(cases["due_s"]) & alive)


def _closed_of_due(cases: pd.DataFrame, window: Window) -> Mask:
    return np.asarray(_due(cases, window) & window.before(cases["closed_s"]))


def _on_time(cases: pd.DataFrame, window: Window) -> Mask:
    return np.asarray(_closed_of_due(cases, window) & (cases["closed_s"] <= cases["due_s"]).to_numpy(dtype=bool))


def _overdue(cases: pd.DataFrame, window: Window) -> Mask:
    late = cases["due_s"].to_numpy(dtype=np.float64) < window.until_s
    return np.asarray(_due(cases, window) & late & ~_closed_of_due(cases, window))


FIGURES: tuple[Figure, ...] = (
    Figure("schools_checked", "检查学校（所）", "Schools checked", "inspections",
           lambda t, w: w.holds(t["started_s"]) & t["school_id"].notna().to_numpy(), "school_id", worse=-1),
    Figure("checks", "巡查次数", "Rounds", "inspections", lambda t, w: w.holds(t["started_s"]), worse=-1),
    Figure("inspector_turns", "巡查人次（人·天）", "Inspector turns (person-days)", "inspections",
           lambda t, w: w.holds(t["started_s"]) & t["turn"].notna().to_numpy(), "turn", worse=-1),
    Figure("hazards_new", "新增隐患", "New hazards", "hazards", lambda t, w: w.holds(t["observed_s"]), worse=1),
    Figure("hazards_closed", "销除隐患", "Hazards closed", "hazards", lambda t, w: w.holds(t["closed_s"]), worse=-1),
    Figure("hazards_on_spot", "当场整改", "Corrected on the spot", "hazards",
           lambda t, w: w.holds(t["observed_s"]) & (t["closed_day"] == t["observed_day"]).to_numpy(dtype=bool), worse=-1),
    Figure("hazards_recurring", "反复隐患", "Recurring hazards", "hazards",
           lambda t, w: w.holds(t["observed_s"]) & t["is_recurrence"].to_numpy(dtype=bool), worse=1),
    Figure("hazards_open", "期末未消除隐患", "Hazards open at the end", "hazards", _open_at_end, stock=True, worse=1),
    Figure("hazards_overdue", "期末超期隐患", "Hazards overdue at the end", "hazards", _overdue_hazards, stock=True,
           worse=1),
    Figure("accepted", "受理案卷", "Cases accepted", "cases", lambda t, w: w.holds(t["received_s"])),
    Figure("filed", "立案", "Cases filed", "cases", lambda t, w: w.holds(t["filed_s"])),
    Figure("due", "应结案", "Cases due", "cases", _due),
    Figure("closed", "应结案中已结案", "Closed of those due", "cases", _closed_of_due, worse=-1),
    Figure("on_time", "按期结案", "Closed on time", "cases", _on_time, worse=-1),
    Figure("overdue", "逾期未结", "Overdue", "cases", _overdue, worse=1),
    Figure("closed_in_period", "本期结案", "Closed in the period", "cases", lambda t, w: w.holds(t["closed_s"]), worse=-1),
    Figure("reworked", "返工", "Reworked", "cases",
           lambda t, w: w.holds(t["closed_s"]) & (t["reworks"] > 0).to_numpy(dtype=bool), worse=1),
    Figure("recurred", "反弹", "Recurred", "cases",
           lambda t, w: w.holds(t["closed_s"]) & t["recurred"].to_numpy(dtype=bool), worse=1),
)  # fmt: skip
BY_CODE = {figure.code: figure for figure in FIGURES}
RATES = {
    "closing_rate": ("结案率", "Closing rate", "closed", "due"),
    "on_time_rate": ("按期结案率", "On-time rate", "on_time", "due"),
    "rework_rate": ("返工率", "Rework rate", "reworked", "closed_in_period"),
    "recurrence_rate": ("反弹率", "Recurrence rate", "recurred", "closed_in_period"),
}
