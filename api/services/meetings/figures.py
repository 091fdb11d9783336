"""The figures of a period: this one, the last, the change and the year to date, in all, by township and by department.

A rate is n of N, with a percentage from five cases on. What happens over a period is also given per school day: a week of
two school days is no quiet week; only days that have come count. What happened in a period that is not over is not compared
with a whole one, and of a period that has not begun nothing is told. Incidents are sums of released groups (docs/decisions/0008) of at least five.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.services.cases.indicators import rate
from api.services.departments import list_departments
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import WINDOWS, Counted, fewest, read_counted
from api.services.meetings.definitions import BY_CODE, FIGURES, RATES
from api.services.meetings.periods import following
from api.services.meetings.reported import REPORTED
from api.settings import Settings
from api.store import facts
from api.vocabulary import vocabulary, word
from gis.schooltime import count_school_days

MOST_SCHOOLS = 10
MOST_OVERDUE = 200


def show_figures(session: Session, settings: Settings, code: str, city_code: str | None = None) -> dict[str, Any]:
    """Return the figures of a period as a document for pages and programs.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period.
    """
    return figures_of(session, settings, read_counted(session, settings, meeting_city(session, city_code), code))


def figures_of(session: Session, settings: Settings, counted: Counted) -> dict[str, Any]:
    """Return the figures of what was read; see :func:`show_figures`."""
    names = {entry["code"]: {"zh": entry["zh"], "en": entry["en"]} for entry in list_departments(session)}
    after = following(counted.period, counted.calendar.terms)
    figures = _all_figures(counted)
    return {
        "city": {"code": counted.city.code, "zh": counted.city.name, "en": counted.city.name_en or counted.city.name},
        "period": _period_view(counted, "this")
        | {"state": counted.state, "until": min(counted.period.last, counted.today).isoformat()}
        | {"previous": counted.last and counted.last.code, "next": after and after.code},
        "last": _period_view(counted, "last") if counted.last else None,
        "year": _period_view(counted, "year"),
        "fewest_for_a_rate": 5,
        "fewest_incidents": fewest(settings),
        "figures": figures,
        "rates": _rates({one["code"]: one for one in figures}),
        "reported": _reported(counted),
        "incidents": _incidents(counted),
        "categories": _categories(counted),
        "by_district": _grouped(counted, "district", _both(counted.districts, "code")),
        "by_department": _grouped(counted, "department", names),
        "schools": _schools(counted),
        "overdue": _overdue(session, counted, names),
    }


def _period_view(counted: Counted, window: str) -> dict[str, Any]:
    first, last = counted.spans[window]
    period = counted.last if window == "last" else counted.period
    assert period is not None  # noqa: S101 - a window without a period has no span
    name = {"code": period.code, "kind": period.kind, "zh": period.zh, "en": period.en} if window != "year" else {}
    days = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "school_days": counted.school_days[window],
        "school_days_in_all": count_school_days(first, last, counted.calendar),
    }
    return name | days


def _values(found: Mapping[str, int | None], counted: Counted, *, stock: bool = False) -> dict[str, Any]:
    """Return a figure over the windows, with its change; per school day where it is counted over time."""
    coming = counted.state == "coming"
    now, before = None if coming else found["this"], found.get("last")
    unlike = not stock and counted.state == "running"
    out: dict[str, Any] = {
        "this": now,
        "last": before,
        "change": None if now is None or before is None or unlike else now - before,
        "year": None if stock or coming else found["year"],
    }
    if not stock:
        out["per_school_day"] = {
            name: None if found.get(name) is None or (coming and name != "last") or not counted.school_days[name] else
            round(float(found[name] or 0) / counted.school_days[name], 2)
            for name in counted.windows
        }  # fmt: skip
    return out


def _lower_bounds(found: Mapping[str, int | None], counted: Counted) -> dict[str, Any]:
    """Return sums of released groups over the windows: lower bounds, which are not compared."""
    values = _values(found, counted)
    del values["change"]
    return values


def _count(members: pd.DataFrame, distinct: str) -> int:
    return int(members[distinct].nunique()) if distinct else len(members)


def _all_figures(counted: Counted) -> list[dict[str, Any]]:
    out = []
    for one in FIGURES:
        found = {name: _count(counted.members(one, name), one.distinct) for name in counted.windows}
        said = {
            "code": one.code,
            "zh": one.zh,
            "en": one.en,
            "table": one.table,
            "stock": one.stock,
            "worse": one.worse,
        }
        out.append(said | _values(found, counted, stock=one.stock))
    return out


def _rates(figures: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"code": code, "zh": zh, "en": en}
        | {
            name: None if figures[part][name] is None else rate(figures[part][name], figures[whole][name])
            for name in WINDOWS
        }
        for code, (zh, en, part, whole) in RATES.items()
    ]


def _reported(counted: Counted) -> list[dict[str, Any]]:
    out = []
    for code, (zh, en) in REPORTED.items():
        found = {name: _sum_reported(_reports_in(counted, name), code) for name in counted.windows}
        out.append({"code": code, "zh": zh, "en": en} | _values(found, counted))
    return out


def _reports_in(counted: Counted, window: str) -> pd.DataFrame:
    first, last = counted.spans[window]
    day = counted.reports["day"]
    return counted.reports[(day >= first) & (day <= last)] if len(day) else counted.reports


def _sum_reported(reports: pd.DataFrame, code: str) -> int | None:
    """Return the sum of a reported figure; None where nobody reported it: that is not nought."""
    said = [figures[code] for figures in reports["figures"] if code in figures]
    return sum(said) if said else None


def _groups_in(counted: Counted, window: str) -> pd.DataFrame:
    first, last = counted.spans[window]
    groups = counted.groups
    return groups[(groups["first_day"] >= first) & (groups["last_day"] <= last)] if len(groups) else groups


def _incidents(counted: Counted) -> dict[str, Any]:
    """Return the incidents of released groups: at least so many; by two-hour band and weekday where groups say these."""
    found = {name: int(_groups_in(counted, name)["count"].sum()) for name in counted.windows}
    timed = _groups_in(counted, "this").dropna(subset=["weekday", "hour"])
    bands = np.zeros((7, 12), dtype=int)
    np.add.at(
        bands,
        (timed["weekday"].to_numpy(dtype=int) - 1, timed["hour"].to_numpy(dtype=int) // 2),
        timed["count"].to_numpy(dtype=int),
    )
    until = counted.city.incidents_released_until
    return _lower_bounds(found, counted) | {"bands": bands.tolist(), "released_until": until and until.isoformat()}


def _categories(counted: Counted) -> list[dict[str, Any]]:
    new, still = BY_CODE["hazards_new"], BY_CODE["hazards_open"]
    counts = {name: counted.members(new, name)["category"].value_counts() for name in counted.windows}
    left = counted.members(still, "this")["category"].value_counts()
    out = []
    for code, term in vocabulary().hazard_categories.items():
        found = {name: int(table.get(code, 0)) for name, table in counts.items()}
        out.append(
            word(term)
            | {"open": None if counted.state == "coming" else int(left.get(code, 0))}
            | _values(found, counted)
        )
    return out


def _grouped(counted: Counted, by: str, names: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return every figure by township or department: those where something was counted, with the most hazards first."""
    groups: dict[str | None, dict[str, Any]] = {}
    for one in FIGURES:
        if by == "department" and one.table == "inspections":
            continue  # a round is nobody's department's
        for window in counted.windows:
            members = counted.members(one, window)
            grouped = members.groupby(members[by].where(members[by].notna(), ""), sort=False)
            sizes = grouped[one.distinct].nunique() if one.distinct else grouped.size()
            for key, n in sizes.items():
                row = groups.setdefault(str(key) or None, {})
                row.setdefault(one.code, {})[window] = int(n)
    _add_others(counted, by, groups)
    out = []
    for key, row in groups.items():
        figures = {
            code: _lower_bounds(_filled(found, counted), counted)
            if code == "incidents"
            else _values(_filled(found, counted), counted, stock=code in BY_CODE and BY_CODE[code].stock)
            for code, found in row.items()
        }
        name = names.get(key or "", {"zh": "未定", "en": "not placed"} if key is None else {"zh": key, "en": key})
        out.append({"key": key, "name": name, "figures": figures, "rates": _group_rates(row, counted)})
    return sorted(
        out, key=lambda row: (row["key"] is None, -_at(row, "hazards_new"), -_at(row, "accepted"), row["key"] or "")
    )


def _at(row: Mapping[str, Any], code: str) -> int:
    return int(row["figures"].get(code, {}).get("this") or 0)


def _filled(found: Mapping[str, int], counted: Counted) -> dict[str, int | None]:
    return {name: found.get(name, 0) for name in counted.windows}


def _add_others(counted: Counted, by: str, groups: dict[str | None, dict[str, Any]]) -> None:
    """Add reported figures, and of townships the incidents of released groups."""
    for window in counted.windows:
        for key, figures in zip(_reports_in(counted, window)[by], _reports_in(counted, window)["figures"], strict=True):
            row = groups.setdefault(key if isinstance(key, str) else None, {})
            for code, n in figures.items():
                found = row.setdefault(code, {})
                found[window] = found.get(window, 0) + n
        if by == "district":
            inside = _groups_in(counted, window)
            for key, n in (
                inside.groupby(inside["district"].where(inside["district"].notna(), ""))["count"].sum().items()
            ):
                groups.setdefault(str(key) or None, {}).setdefault("incidents", {})[window] = int(n)


def _group_rates(row: Mapping[str, Mapping[str, int]], counted: Counted) -> dict[str, Any]:
    return {
        code: {name: rate(row.get(part, {}).get(name, 0), row.get(whole, {}).get(name, 0)) for name in counted.windows}
        for code, (_, _, part, whole) in RATES.items()
    }


def _both(table: pd.DataFrame, by: str = "id") -> dict[Any, dict[str, str]]:
    """Return the names in both languages by a column; Chinese where there is no English one."""
    rows = table[[by, "name", "name_en"]].itertuples(index=False)
    return {key: {"zh": name, "en": english or name} for key, name, english in rows}


def _schools(counted: Counted) -> list[dict[str, Any]]:
    """Return the schools with the most hazards open at the end, those overdue before others."""
    if counted.state == "coming":
        return []
    still, new = (counted.members(BY_CODE[code], "this") for code in ("hazards_open", "hazards_new"))
    late = counted.members(BY_CODE["hazards_overdue"], "this")
    table = counted.schools.set_index("id")
    for name, members in (("open", still), ("new", new), ("overdue", late)):
        table[name] = members["school_id"].value_counts().reindex(table.index, fill_value=0)
    table = table[table["open"] > 0].sort_values(["open", "overdue", "name"], ascending=[False, False, True])
    names = _both(counted.districts)
    rows: Any = table.head(MOST_SCHOOLS).itertuples()
    return [
        {
            "id": str(row.uuid),
            "zh": row.name,
            "en": row.name_en or row.name,
            "district": None if pd.isna(row.district_id) else names.get(row.district_id),
            "open": int(row.open),
            "new": int(row.new),
            "overdue": int(row.overdue),
        }
        for row in rows
    ]


def _overdue(session: Session, counted: Counted, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the cases past their limit and not closed at the end of the period, by department, the latest first."""
    if counted.state == "coming":
        return {"total": None, "departments": []}
    cases, window = counted.tables["cases"], counted.windows["this"]
    alive = ~cases["state"].isin(["void", "merged", "rejected", "suspended"])
    closed = cases["closed_s"].to_numpy(dtype=np.float64) < window.end_s
    late = cases[(cases["due_s"].to_numpy(dtype=np.float64) < window.until_s) & alive.to_numpy(dtype=bool) & ~closed]
    late = late.sort_values(["due_s", "id"])
    zone = ZoneInfo(counted.city.time_zone)
    known = {case.id: case for case in facts.cases_named(session, [int(one) for one in late["id"].head(MOST_OVERDUE)])}
    schools = _both(counted.schools)
    departments: dict[str, list[dict[str, Any]]] = {}
    rows: Any = late.head(MOST_OVERDUE).itertuples()
    for row in rows:
        due = dt.datetime.fromtimestamp(row.due_s, zone)
        departments.setdefault(row.department or "", []).append(
            {
                "id": str(known[int(row.id)].uuid),
                "number": known[int(row.id)].number,
                "category": row.category,
                "subtype": row.subtype,
                "school": schools.get(row.school_id),
                "due": due.isoformat(timespec="minutes"),
                "days_late": round((window.until_s - row.due_s) / 86_400, 1),
            }
        )
    return {
        "total": len(late),
        "departments": [
            {"code": code or None, "name": names.get(code, {"zh": "未定", "en": "none yet"}), "cases": found}
            for code, found in sorted(departments.items(), key=lambda entry: (-len(entry[1]), entry[0]))
        ],
    }
