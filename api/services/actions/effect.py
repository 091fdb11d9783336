"""Did a joint action work: counts in its cells before and after, beside comparable cells and the ring around it.

People without access to the sealed layer get sums of released groups, never of single incidents (docs/decisions/0008).
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.actions.progress import inside_of
from api.services.actions.records import action_of
from api.services.cities import today_in
from api.settings import Settings
from api.store import actions, cities, incidents
from api.store.incidents import GroupFilter
from api.store.models import City, JointAction
from api.store.models.base import now
from api.store.spatial import to_shape
from api.vocabulary import vocabulary
from gis.effects.areas import cells_by_area
from gis.effects.differences import difference_in_differences
from gis.effects.displacement import Area, weighted_displacement
from gis.effects.matching import comparable_units, pre_trend
from gis.effects.words import Statement, Subject, say_difference, say_displacement, say_pre_trend
from gis.errors import GisError
from gis.lattice import Lattice, cells_of
from gis.schooltime import SchoolCalendar, count_school_days, local_times

Outcome = Literal["hazards", "incidents"]
Since = Literal["end", "start"]
WEEK = dt.timedelta(days=7)
RING_M, APART_M = 200.0, 100.0
_MOST_CELLS = 20_000


@dataclass(frozen=True)
class Span:
    """Days that are counted together, the first and the last included."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Panel:
    """Counts by cell and span; the last ``len(spans) - before`` spans lie after the action."""

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    part: NDArray[np.object_]
    counts: NDArray[np.float64]
    spans: Sequence[Span]
    before: int
    days: NDArray[np.float64]


_REASONS = {
    "cancelled": ("行动已取消，没有效果可测", "the action was called off: there is no effect to be measured"),
    "too_early": (
        "行动之后还没有满一周的上课日，请稍后再看",
        "there is no whole week of school after the action yet: look again later",
    ),
    "no_cells": (
        "行动范围内没有网格，请先建立网格",
        "there are no cells of the grid in the area of the action; build the grid first",
    ),
    "nothing": (
        "前后都没有记录，无从比较",
        "there is nothing on record before or after, so there is nothing to compare",
    ),
    "no_comparison": (
        "找不到走势相近的可比网格，无法与未行动处比较",
        "no cells are alike enough before the action to be compared with",
    ),
}
_EFFORT = (
    "上报数量取决于检查力度：行动区之前 {before} 次检查，之后 {after} 次；检查多时问题也会多",
    "What is logged depends on how much is looked at: {before} inspections in the area before, {after} after; "
    "more inspections find more",
)


def effect(
    session: Session,
    settings: Settings,
    identity: uuid.UUID,
    *,
    outcome: Outcome,
    weeks: int,
    since: Since = "end",
    sealed: bool,
    at: dt.datetime | None = None,
) -> dict[str, Any]:
    """Measure the effect of a joint action.

    Parameters
    ----------
    outcome
        Logged hazards of the action's categories, or after-school incidents.
    weeks
        Weeks before the action, and at most as many after it.
    since
        Whether the time after begins when the action has ended, or with its start.
    sealed
        Whether incidents may be counted one by one (the police), or by released groups alone.

    Returns
    -------
    dict
        ``difference``, ``pre_trend`` and ``displacement`` with their sentences and numbers, or ``reason`` where nothing
        can be said; ``warnings`` say what to take care of.
    """
    action = action_of(session, identity)
    city = cities.city_of(session, action.city_id)
    lattice = cities.lattice_of(city)
    basis = "groups" if outcome == "incidents" and not sealed else "exact"
    document: dict[str, Any] = {
        "outcome": outcome, "basis": basis, "since": since, "ring_m": RING_M, "difference": None, "pre_trend": None,
        "displacement": None, "warnings": [], "reason": None,
    }  # fmt: skip
    before, after = _spans(action, today_in(city, at or now()), weeks, since)
    calendar = cities.calendar_of(session, city)
    school_days = sum(count_school_days(span.first, span.last, calendar) for span in after)
    if action.cancelled or not school_days or lattice is None:
        return document | {"reason": _said("cancelled" if action.cancelled else "too_early")}
    document |= {"before": _period(before, calendar), "after": _period(after, calendar)}
    if basis == "groups":  # their periods are weeks, months and years: the more of them fit, the longer a span is
        before, after = _halves(before), [Span(after[0].first, after[-1].last)]
    panel = _panel(session, settings, action, city, lattice, outcome, before, after, calendar, basis)
    if panel is None:
        return document | {"reason": _said("no_cells")}
    if outcome == "hazards":
        document["warnings"].append(_effort(session, action, city, before, after))
    found = _measured(panel, _subject(action, outcome))
    return document | found | {"warnings": [*document["warnings"], *found.get("warnings", [])]}


def _spans(action: JointAction, today: dt.date, weeks: int, since: Since) -> tuple[list[Span], list[Span]]:
    """Return the calendar weeks before the action, and those after it that are over; from Monday to Sunday."""
    start = action.starts_on - dt.timedelta(days=action.starts_on.weekday())
    before = [Span(start - (n + 1) * WEEK, start - n * WEEK - dt.timedelta(days=1)) for n in range(weeks)][::-1]
    begin = action.starts_on if since == "start" else action.ends_on + dt.timedelta(days=1)
    begin += dt.timedelta(days=-begin.weekday() % 7)  # the next Monday, unless it is one
    after = [Span(begin + n * WEEK, begin + (n + 1) * WEEK - dt.timedelta(days=1)) for n in range(weeks)]
    return before, [span for span in after if span.last < today]


def _halves(spans: Sequence[Span]) -> list[Span]:
    middle = max(len(spans) // 2, 1)
    parts = [spans[:middle], spans[middle:]]
    return [Span(part[0].first, part[-1].last) for part in parts if part]


def _period(spans: Sequence[Span], calendar: SchoolCalendar) -> dict[str, Any]:
    days = sum(count_school_days(span.first, span.last, calendar) for span in spans)
    return {
        "from": spans[0].first.isoformat(),
        "to": spans[-1].last.isoformat(),
        "weeks": len(spans),
        "school_days": days,
    }


def _panel(
    session: Session,
    settings: Settings,
    action: JointAction,
    city: City,
    lattice: Lattice,
    outcome: Outcome,
    before: Sequence[Span],
    after: Sequence[Span],
    calendar: SchoolCalendar,
    basis: str,
) -> Panel | None:
    cells = actions.cells_of(session, city.id, most=_MOST_CELLS)
    if not cells:
        return None
    column, row = (np.array(part, dtype=np.int64) for part in zip(*cells, strict=True))
    part = cells_by_area(to_shape(action.area), column, row, lattice, ring_m=RING_M, apart_m=APART_M)
    if not (part == Area.ACTION).any():
        return None
    spans = [*before, *after]
    position = {cell: at for at, cell in enumerate(zip(column.tolist(), row.tolist(), strict=True))}
    counts = np.zeros((len(cells), len(spans)))
    if outcome == "hazards":
        _count_hazards(session, action, city, lattice, spans, position, counts)
    else:
        _count_incidents(session, settings, city, spans, position, counts, basis)
    days = np.array([count_school_days(span.first, span.last, calendar) for span in spans], dtype=np.float64)
    return Panel(column, row, part, counts, spans, len(before), days)


def _count_hazards(
    session: Session,
    action: JointAction,
    city: City,
    lattice: Lattice,
    spans: Sequence[Span],
    position: dict[tuple[int, int], int],
    counts: NDArray[np.float64],
) -> None:
    zone = ZoneInfo(city.time_zone)
    start = dt.datetime.combine(spans[0].first, dt.time(), zone)
    end = dt.datetime.combine(spans[-1].last + dt.timedelta(days=1), dt.time(), zone)
    rows = actions.hazards_between(session, city.id, start, end, action.categories)
    if not rows:
        return
    seconds, lon, lat = (np.array(part, dtype=np.float64) for part in zip(*rows, strict=True))
    day = local_times(seconds, zone).astype("datetime64[D]")
    columns, lines = cells_of(lon, lat, lattice)
    cell = np.array([position.get(one, -1) for one in zip(columns.tolist(), lines.tolist(), strict=True)])
    for at, span in enumerate(spans):
        inside = (day >= np.datetime64(span.first)) & (day <= np.datetime64(span.last)) & (cell >= 0)
        counts[:, at] += np.bincount(cell[inside], minlength=len(counts))


def _count_incidents(
    session: Session,
    settings: Settings,
    city: City,
    spans: Sequence[Span],
    position: dict[tuple[int, int], int],
    counts: NDArray[np.float64],
    basis: str,
) -> None:
    zone = ZoneInfo(city.time_zone)
    found: Iterable[tuple[int, int, float]]
    for at, span in enumerate(spans):
        if basis == "groups":
            wanted = GroupFilter(least=settings.k_anonymity, first=span.first, last=span.last)
            groups = incidents.count_groups(session, city, wanted)
            found = zip(groups.column.tolist(), groups.row.tolist(), groups.count.tolist(), strict=True)
        else:
            first = dt.datetime.combine(span.first, dt.time(), zone)
            last = dt.datetime.combine(span.last + dt.timedelta(days=1), dt.time(), zone)
            found = ((row[0], row[1], row[2]) for row in actions.incidents_by_cell(session, city.id, first, last))
        for column, row, n in found:
            if (column, row) in position:
                counts[position[column, row], at] += n


def _measured(panel: Panel, about: Subject) -> dict[str, Any]:
    """Return difference, trend before, and displacement, each with its sentence; or why there is none."""
    acted, apart = panel.part == Area.ACTION, panel.part == Area.CONTROL
    sizes = {
        "action": int(acted.sum()), "ring": int((panel.part == Area.RING).sum()), "control": int(apart.sum()),
    }  # fmt: skip
    total = panel.counts.sum(axis=1)
    out: dict[str, Any] = {"cells": sizes | {"compared": 0}}
    if not total[acted].any() and not total[apart].any():
        return out | {"reason": _said("nothing")}
    used = np.flatnonzero((acted | apart) & ((total > 0) | acted))  # a cell that never had any says nothing
    warnings = []
    try:
        each = 2 if (apart & (total > 0)).sum() >= 2 * acted.sum() else 1
        earlier = panel.counts[used][:, : panel.before]
        chosen = comparable_units(earlier, panel.days[: panel.before], acted[used], each=each)
        treated = np.setdiff1d(np.flatnonzero(acted[used]), chosen.unmatched)
        rows = used[np.concatenate([treated, chosen.units])].astype(np.int64)
        out["cells"]["compared"] = len(chosen.units)
        found = difference_in_differences(panel.counts[rows], panel.days, acted[rows], panel.before)
        out["difference"] = _stated(say_difference(found, about))
        trend = pre_trend(panel.counts[rows][:, : panel.before], panel.days[: panel.before], acted[rows])
        out["pre_trend"] = _stated(say_pre_trend(trend))
        if len(chosen.unmatched):
            warnings.append(_unmatched(len(chosen.unmatched), sizes["action"]))
    except GisError:
        warnings.append(_said("no_comparison"))
    try:
        parts = np.stack(
            [panel.counts[panel.part == area].sum(axis=0) for area in (Area.ACTION, Area.RING, Area.CONTROL)]
        )
        moved = weighted_displacement(parts[:, : panel.before].sum(axis=1), parts[:, panel.before :].sum(axis=1))
        out["displacement"] = _stated(say_displacement(moved, about))
    except GisError:
        warnings.append(
            {
                "zh": "远处的网格前后没有记录，无法判断有无转移",
                "en": "the cells further away have nothing on record, so it cannot be said whether anything moved",
            }
        )
    return out | {"warnings": warnings}


def _stated(said: Statement) -> dict[str, Any]:
    numbers = {name: value if math.isfinite(value) else None for name, value in said.numbers.items()}
    return {"zh": said.zh, "en": said.en, "enough": said.enough, "numbers": numbers}


def _said(reason: str) -> dict[str, str]:
    zh, en = _REASONS[reason]
    return {"code": reason, "zh": zh, "en": en}


def _unmatched(missing: int, of: int) -> dict[str, str]:
    return {
        "zh": f"{of} 个行动网格中有 {missing} 个找不到可比处，没有算在比较之内",
        "en": f"{missing} of {of} cells of the action have nothing to compare with and are left out of the comparison",
    }


def _effort(
    session: Session, action: JointAction, city: City, before: Sequence[Span], after: Sequence[Span]
) -> dict[str, str]:
    zone = ZoneInfo(city.time_zone)
    area = to_shape(action.area)
    done = []
    for spans in (before, after):
        start = dt.datetime.combine(spans[0].first, dt.time(), zone)
        end = dt.datetime.combine(spans[-1].last + dt.timedelta(days=1), dt.time(), zone)
        rows = [row for row in actions.inspections_between(session, city.id, start, end) if row.arrival is not None]
        done.append(int(inside_of(area, (row.arrival for row in rows)).sum()) if rows else 0)
    zh, en = _EFFORT
    return {"zh": zh.format(before=done[0], after=done[1]), "en": en.format(before=done[0], after=done[1])}


def _subject(action: JointAction, outcome: Outcome) -> Subject:
    terms = [vocabulary().hazard_categories[code] for code in action.categories if outcome == "hazards"]
    if outcome == "incidents":
        kind = ("校园周边事件", "incidents")
    elif terms:
        kind = ("、".join(term.zh for term in terms) + "隐患", f"hazards ({', '.join(term.en for term in terms)})")
    else:
        kind = ("隐患", "hazards")
    return Subject("行动区网格", "cells of the action", *kind)
