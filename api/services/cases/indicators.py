"""How cases go: counts and rates by township, department, school and category, with what each of them means.

After the indicators of 数字城管 (GB/T 30428): 受理, 立案, 应结案, 结案率, 按期结案率, 返工率, 反弹率. A rate of fewer than five
cases is given as n of N alone: a percentage of so few says nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.security.people import Actor
from api.services.cases.views import seer_of, shown
from api.services.departments import list_departments
from api.services.exports import workbook
from api.store import case_figures, cities
from api.store.case_figures import Period
from api.store.cases import Wanted
from api.store.models.base import now
from api.vocabulary import vocabulary

FEWEST = 5
TOP = 3


@dataclass(frozen=True)
class Definition:
    """What a figure counts, in words; the conditions stand in api/store/case_figures.py under the same names."""

    code: str
    zh: str
    en: str


DEFINITIONS: tuple[Definition, ...] = (
    Definition("accepted", "受理：本期收到的案卷", "Accepted: cases received in the period"),
    Definition("filed", "立案：本期立案的案卷", "Filed: cases filed in the period"),
    Definition("due", "应结案：总时限在本期届满的案卷（作废、并案、挂账的除外）",
               "Due: cases whose overall limit ends in the period (void, merged and suspended ones apart)"),
    Definition("closed", "已结案：应结案中到本期末已结案的", "Closed: of those due, closed by the end of the period"),
    Definition("on_time", "按期结案：应结案中在总时限内结案的", "On time: of those due, closed within the overall limit"),
    Definition("overdue", "逾期：应结案中时限已过而未结案的", "Overdue: of those due, not closed when their limit had passed"),
    Definition("closed_in_period", "本期结案：本期内结案的，不论何时到期",
               "Closed in the period: whenever they were due"),
    Definition("reworked", "返工：本期结案中至少返工一次的", "Reworked: of those closed in the period, sent back at least once"),
    Definition("recurred", "反弹：本期结案中同类问题后来在近处再次出现的（后来的案卷为草稿、不予立案、作废、并案的除外）",
               "Recurred: of those closed in the period, followed by a case of the same type near by"
               " (drafts, and cases not filed, void or merged apart)"),
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
    first: dt.date,
    last: dt.date,
    *,
    by: str,
    wanted: Wanted,
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
    """
    city = cities.get_city(session, city_code)
    period = period_of(first, last, ZoneInfo(city.time_zone), now())
    counted = case_figures.counts(session, city.id, wanted, period, by)
    types = case_figures.types(session, city.id, wanted, period, by)
    named = case_figures.groups(session, by, list(counted))
    words = _words(session, by)
    total = Counter[str]()
    all_types = Counter[tuple[str, str]]()
    for key, of_group in counted.items():
        total.update(of_group)
        all_types.update({(category, subtype): n for category, subtype, n in types.get(key, [])})
    groups = [
        {"key": named[key].key, "name": words.get(named[key].key, named[key].name)}
        | figures(of_group, [((c, s), n) for c, s, n in types.get(key, [])])
        for key, of_group in counted.items()
        if by and any(of_group.values())
    ]
    in_order = sorted(all_types.items(), key=lambda entry: (-entry[1], entry[0]))
    return {
        "city": city.code,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "as_of": period.until.isoformat(),
        "by": by or None,
        "fewest_for_a_rate": FEWEST,
        "definitions": definitions(),
        "total": figures({name: total[name] for name in case_figures.FIGURES}, in_order),
        "groups": sorted(groups, key=lambda group: (-group["counts"]["accepted"], group["key"] or "~")),
    }


def cases_behind(
    session: Session,
    actor: Actor,
    first: dt.date,
    last: dt.date,
    figure: str,
    *,
    wanted: Wanted,
    city_code: str | None,
    after: int,
    limit: int,
) -> tuple[dict[str, Any], int | None]:
    """Return the cases behind a figure that somebody may open, as GeoJSON points, and the next page's cursor.

    ``wanted`` is as for the figures, with the group's key as department, district, school or category.
    """
    city = cities.get_city(session, city_code)
    moment = now()
    period = period_of(first, last, ZoneInfo(city.time_zone), moment)
    rows = case_figures.behind(
        session, city.id, wanted, period, figure, seer=seer_of(session, actor), after=after, limit=limit + 1
    )
    following = rows[limit - 1].id if len(rows) > limit else None
    return shown(session, actor, rows[:limit], moment), following


def as_table(document: dict[str, Any], language: str) -> pd.DataFrame:
    """Return indicators as a table for a spreadsheet: counts, n and N of each rate, and a rate where N is enough."""
    zh = language == "zh"
    words = {entry["code"]: _word_and_meaning(entry, language)[0] for entry in document["definitions"]}
    rows = []
    for name, entry in [("合计" if zh else "In all", document["total"]), *_named(document["groups"], language)]:
        row: dict[str, Any] = {("分组" if zh else "Group"): name}
        row |= {words[code]: n for code, n in entry["counts"].items()}
        for code, said in entry["rates"].items():
            word = words[f"{code}_rate"]
            row |= {f"{word} n": said["n"], f"{word} N": said["N"], word: said["rate"]}
        rows.append(row)
    return pd.DataFrame(rows)


def _word_and_meaning(entry: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return the word that a definition defines, as it heads a column, and what it means.

    Examples
    --------
    >>> _word_and_meaning({"zh": "立案：本期立案的案卷", "en": "Filed: cases filed in the period"}, "en")
    ('Filed', 'cases filed in the period')
    >>> _word_and_meaning({"zh": "结案率 = 已结案 ÷ 应结案", "en": "Closing rate = closed ÷ due"}, "zh")
    ('结案率', '已结案 ÷ 应结案')
    """
    word, meaning = re.split("：|: | = ", entry[language], maxsplit=1)
    return word, meaning


def _named(groups: Sequence[dict[str, Any]], language: str) -> list[tuple[str, dict[str, Any]]]:
    nobody = "（无）" if language == "zh" else "(none)"
    out = []
    for group in groups:
        name = group["name"]
        out.append(((name[language] if isinstance(name, dict) else name) or group["key"] or nobody, group))
    return out


def as_workbook(document: dict[str, Any], language: str) -> bytes:
    """Return indicators as XLSX: the figures on one sheet, what each of them means on another."""
    zh = language == "zh"
    meanings = [_word_and_meaning(entry, language) for entry in document["definitions"]]
    few = f"少于 {FEWEST} 件的不给百分比" if zh else f"no percentage below {FEWEST} cases"
    period = f"{document['from']} – {document['to']}"
    said = [("时段" if zh else "Period", period), ("百分比" if zh else "Percentages", few), *meanings]
    notes = pd.DataFrame(said, columns=["指标" if zh else "Figure", "说明" if zh else "Meaning"])
    return workbook({"指标" if zh else "Indicators": as_table(document, language), "说明" if zh else "Meaning": notes})


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


def figures(counted: Mapping[str, int], types: Sequence[tuple[tuple[str, str], int]]) -> dict[str, Any]:
    """Return counts, rates and the three most frequent types of some cases."""
    return {
        "counts": dict(counted),
        "rates": {code: rate(counted[n], counted[of]) for code, (n, of, _, _) in RATES.items()},
        "top_types": [{"category": category, "subtype": subtype, "count": n} for (category, subtype), n in types[:TOP]],
    }


def rate(n: int, of: int) -> dict[str, Any]:
    """Return n of N, and their share where N is at least five.

    Examples
    --------
    >>> rate(3, 8), rate(3, 4)
    ({'n': 3, 'N': 8, 'rate': 0.375}, {'n': 3, 'N': 4, 'rate': None})
    """
    return {"n": n, "N": of, "rate": round(n / of, 4) if of >= FEWEST else None}


def _words(session: Session, by: str) -> dict[str | None, Any]:
    """Return the names of departments and categories in both languages."""
    if by == "department":
        return {entry["code"]: {"zh": entry["zh"], "en": entry["en"]} for entry in list_departments(session)}
    if by == "category":
        return {code: {"zh": term.zh, "en": term.en} for code, term in vocabulary().hazard_categories.items()}
    return {}
