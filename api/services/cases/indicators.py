"""How cases go: counts and rates by township, department, school and category, with what each of them means.

After the indicators of 数字城管 (GB/T 30428): 受理, 立案, 应结案, 结案率, 按期结案率, 返工率, 反弹率. A rate of fewer than five
cases is given as n of N alone: a percentage of so few says nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.security.people import Actor
from api.services.cases.views import seer_of
from api.services.departments import list_departments
from api.store import cases, cities
from api.store.cases import Wanted
from api.store.models.base import now
from api.vocabulary import vocabulary

FEWEST = 5
TOP = 3


@dataclass(frozen=True)
class Period:
    """A period of whole local days as moments, and the moment up to which is known what happened."""

    start: dt.datetime
    end: dt.datetime
    until: dt.datetime

    def holds(self, moment: dt.datetime | None) -> bool:
        """Return whether a moment lies in the period."""
        return moment is not None and self.start <= moment < self.end


@dataclass(frozen=True)
class Definition:
    """What is counted."""

    code: str
    zh: str
    en: str
    counts: Callable[[Any, Period, frozenset[int]], bool]


def _is_due(row: Any, period: Period, _recurred: frozenset[int]) -> bool:
    return row.filed_at is not None and period.holds(row.due_at) and row.state not in {"void", "merged"}


def _closed_of_due(row: Any, period: Period, recurred: frozenset[int]) -> bool:
    return _is_due(row, period, recurred) and row.closed_at is not None and row.closed_at < period.end


DEFINITIONS: tuple[Definition, ...] = (
    Definition("accepted", "受理：本期收到的案卷", "Accepted: cases received in the period",
               lambda row, period, _: period.holds(row.received_at)),
    Definition("filed", "立案：本期立案的案卷", "Filed: cases filed in the period",
               lambda row, period, _: period.holds(row.filed_at)),
    Definition("due", "应结案：总时限在本期届满的案卷（作废、并案、挂账的除外）",
               "Due: cases whose overall limit ends in the period (void, merged and suspended ones apart)", _is_due),
    Definition("closed", "已结案：应结案中到本期末已结案的", "Closed: of those due, closed by the end of the period",
               _closed_of_due),
    Definition("on_time", "按期结案：应结案中在总时限内结案的", "On time: of those due, closed within the overall limit",
               lambda row, period, r: _closed_of_due(row, period, r) and row.closed_at <= row.due_at),
    Definition("overdue", "逾期：应结案中时限已过而未结案的", "Overdue: of those due, not closed when their limit had passed",
               lambda row, period, r: _is_due(row, period, r) and row.due_at < period.until
               and not _closed_of_due(row, period, r)),
    Definition("closed_in_period", "本期结案：本期内结案的，不论何时到期",
               "Closed in the period, whenever they were due", lambda row, period, _: period.holds(row.closed_at)),
    Definition("reworked", "返工：本期结案中至少返工一次的", "Reworked: of those closed in the period, sent back at least once",
               lambda row, period, _: period.holds(row.closed_at) and row.reworks > 0),
    Definition("recurred", "反弹：本期结案中同类问题后来在近处再次出现的",
               "Recurred: of those closed in the period, followed by a case of the same type near by",
               lambda row, period, recurred: period.holds(row.closed_at) and row.id in recurred),
)  # fmt: skip
RATES = {
    "closing": ("closed", "due", "结案率 = 已结案 ÷ 应结案", "Closing rate = closed ÷ due"),
    "on_time": ("on_time", "due", "按期结案率 = 按期结案 ÷ 应结案", "On-time rate = on time ÷ due"),
    "rework": ("reworked", "closed_in_period", "返工率 = 返工 ÷ 本期结案", "Rework rate = reworked ÷ closed in the period"),
    "recurrence": (
        "recurred", "closed_in_period", "反弹率 = 反弹 ÷ 本期结案", "Recurrence rate = recurred ÷ closed in the period"
    ),
}  # fmt: skip


def indicators(
    session: Session,
    actor: Actor,
    first: dt.date,
    last: dt.date,
    *,
    by: str,
    wanted: Wanted,
    with_ids: bool = False,
    city_code: str | None = None,
) -> dict[str, Any]:
    """Count the cases of a period of local days, in all and by group.

    Parameters
    ----------
    first, last
        The first and the last day.
    by
        ``district``, ``department``, ``school``, ``category``, or empty: in all only.
    wanted
        Which cases; of it categories, department, district and school count.
    with_ids
        Name the cases behind each figure that this person sees.
    """
    city = cities.get_city(session, city_code)
    period = period_of(first, last, ZoneInfo(city.time_zone), now())
    rows = cases.cases_of_period(session, city.id, wanted, period.start, period.end)
    recurred = frozenset(cases.recurred(session, [row.id for row in rows]))
    shown = _shown(session, actor, rows) if with_ids else None
    groups: dict[str | None, list[Any]] = {}
    for row in rows if by else ():
        groups.setdefault(_key(row, by), []).append(row)
    names = _names(session, rows, by)
    return {
        "city": city.code,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "as_of": period.until.isoformat(),
        "by": by or None,
        "fewest_for_a_rate": FEWEST,
        "definitions": definitions(),
        "total": figures(rows, period, recurred, shown),
        "groups": [
            {"key": key, "name": names.get(key)} | figures(groups[key], period, recurred, shown)
            for key in sorted(groups, key=lambda key: (-len(groups[key]), key or ""))
        ],
    }


def period_of(first: dt.date, last: dt.date, zone: ZoneInfo, moment: dt.datetime) -> Period:
    """Return the period of some local days.

    Raises
    ------
    BadInputError
        Where it ends before it begins, or no calendar has its days.
    """
    for day in (first, last):
        if not 1970 <= day.year <= 2200:
            raise BadInputError(
                f"the day {day} cannot be right", problems=[Problem("query.from, query.to", "the year cannot be right")]
            )
    if last < first:
        what = f"the period ends ({last}) before it begins ({first})"
        raise BadInputError(what, problems=[Problem("query.to", what)])
    start = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    return Period(start, end, min(end, moment))


def definitions() -> list[dict[str, str]]:
    """Return what each count and rate means, in both languages."""
    counts = [{"code": one.code, "zh": one.zh, "en": one.en} for one in DEFINITIONS]
    return counts + [{"code": f"{code}_rate", "zh": zh, "en": en} for code, (_, _, zh, en) in RATES.items()]


def figures(
    rows: Sequence[Any], period: Period, recurred: frozenset[int], shown: frozenset[int] | None
) -> dict[str, Any]:
    """Return counts, rates and the three most frequent types of some cases; ``shown`` None: without their ids."""
    members = {one.code: [row for row in rows if one.counts(row, period, recurred)] for one in DEFINITIONS}
    types = Counter((row.category, row.subtype) for row in members["accepted"])
    top = sorted(types.items(), key=lambda entry: (-entry[1], entry[0]))[:TOP]
    out: dict[str, Any] = {
        "counts": {code: len(found) for code, found in members.items()},
        "rates": {code: rate(len(members[n]), len(members[of])) for code, (n, of, _, _) in RATES.items()},
        "top_types": [{"category": category, "subtype": subtype, "count": n} for (category, subtype), n in top],
    }
    if shown is not None:
        out["ids"] = {code: [str(row.uuid) for row in found if row.id in shown] for code, found in members.items()}
    return out


def rate(n: int, of: int) -> dict[str, Any]:
    """Return n of N, and their share where N is at least five.

    Examples
    --------
    >>> rate(3, 8), rate(3, 4)
    ({'n': 3, 'N': 8, 'rate': 0.375}, {'n': 3, 'N': 4, 'rate': None})
    """
    return {"n": n, "N": of, "rate": round(n / of, 4) if of >= FEWEST else None}


def _shown(session: Session, actor: Actor, rows: Sequence[Any]) -> frozenset[int]:
    """Return the cases that somebody may open; whoever sees meeting views only may open none."""
    ids = [row.id for row in rows]
    seer = seer_of(actor)
    return frozenset(ids if seer is None else cases.visible_among(session, ids, seer))


def _key(row: Any, by: str) -> str | None:
    value = getattr(row, by)
    return None if value is None else str(value)


def _names(session: Session, rows: Sequence[Any], by: str) -> dict[str | None, Any]:
    """Return the names of groups; of departments and categories in both languages."""
    if by == "department":
        return {entry["code"]: {"zh": entry["zh"], "en": entry["en"]} for entry in list_departments(session)}
    if by == "category":
        return {code: {"zh": term.zh, "en": term.en} for code, term in vocabulary().hazard_categories.items()}
    return {_key(row, by): getattr(row, f"{by}_name") for row in rows} if by in {"district", "school"} else {}
