"""The records that a meeting counts, read once, and the windows of its period, the one before, and the year to date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.cases.rules import best_rule, rules_of
from api.services.cities import today_in
from api.services.meetings.definitions import Figure, TableName, Window
from api.services.meetings.kept import kept
from api.services.meetings.periods import Period, previous, read_period
from api.settings import Settings
from api.store import cities, facts
from api.store.models import City
from api.store.models.base import now
from gis.schooltime import SchoolCalendar, count_school_days, local_times

FEWEST_SHOWN = 5  # incidents in meeting views and in what is printed
_DAY_S = 86_400
_NO_CASE = ("void", "merged", "rejected")
WINDOWS = ("this", "last", "year")
State = Literal["coming", "running", "over"]


@dataclass(frozen=True)
class Counted:
    """Everything that the figures of a period are counted from.

    Attributes
    ----------
    spans
        First and last day of ``this``, ``last`` (none before the first term) and ``year``.
    windows
        The same as moments.
    school_days
        School days of each that have come: those up to ``today``, the day that it is in the city.
    state
        Whether the period has not begun (``coming``), is not over (``running``), or is (``over``).
    tables
        ``hazards``, ``cases`` and ``inspections``, one row per record; each has ``district`` and ``department``.
    """

    city: City
    period: Period
    last: Period | None
    calendar: SchoolCalendar
    spans: Mapping[str, tuple[dt.date, dt.date]]
    windows: Mapping[str, Window]
    today: dt.date
    school_days: Mapping[str, int]
    tables: Mapping[TableName, pd.DataFrame]
    groups: pd.DataFrame
    reports: pd.DataFrame
    schools: pd.DataFrame
    districts: pd.DataFrame

    @property
    def state(self) -> State:
        """How far the period is."""
        if self.period.first > self.today:
            return "coming"
        return "running" if self.period.last >= self.today else "over"

    def members(self, figure: Figure, window: str) -> pd.DataFrame:
        """Return the records that a figure counts in a window; none where there is no such window."""
        table = self.tables[figure.table]
        if window not in self.windows:
            return table.iloc[:0]
        return table[figure.counts(table, self.windows[window])]


def read_counted(session: Session, settings: Settings, city: City, code: str) -> Counted:
    """Return what the figures of a period are counted from; its tables are shared, and must not be changed.

    Raises
    ------
    BadInputError, NotFoundError
        Where the code names no period, or a term that is not in the calendar.
    """
    asked = ("counted", city.uuid, code, fewest(settings))
    return replace(kept(session, asked, lambda: _read(session, settings, city, code)), city=city)


def _read(session: Session, settings: Settings, city: City, code: str) -> Counted:
    calendar = cities.calendar_of(session, city)
    period = read_period(code, calendar.terms)
    before = previous(period, calendar.terms)
    spans = {"this": (period.first, period.last), "year": (period.year_first, period.last)}
    if before is not None:
        spans["last"] = (before.first, before.last)
    zone, moment = ZoneInfo(city.time_zone), now()
    today = today_in(city, moment)
    windows = {name: window_of(*span, zone, moment) for name, span in spans.items()}
    first, last = min(span[0] for span in spans.values()), period.last
    start, end = _midnight(first, zone), _midnight(last + dt.timedelta(days=1), zone)
    hazards = facts.hazard_facts(session, city, end)
    cases = facts.case_facts(session, city, end)
    inspections = facts.inspection_facts(session, city, start, end)
    districts, schools = cities.districts_of(session, city), facts.school_facts(session, city)
    _complete_hazards(hazards, cases, zone, _leads(session, city, hazards))
    _complete_inspections(inspections, zone)
    place = dict(zip(schools["id"].tolist(), schools["district_id"].tolist(), strict=True))
    codes = dict(zip(districts["id"].tolist(), districts["code"].tolist(), strict=True))
    for table in (hazards, cases, inspections):
        own = table["district_id"].astype(float)
        table["district"] = own.fillna(table["school_id"].map(place).astype(float)).map(codes)
    inspections["department"] = None
    return Counted(
        city=city,
        period=period,
        last=before,
        calendar=calendar,
        spans=spans,
        windows=windows,
        today=today,
        school_days={
            name: count_school_days(first, min(last, today), calendar) for name, (first, last) in spans.items()
        },
        tables={"hazards": hazards, "cases": cases, "inspections": inspections},
        groups=_placed(session, city, facts.group_facts(session, city, first, last, fewest(settings)), codes),
        reports=_reports(facts.report_facts(session, city, first, last), codes),
        schools=schools,
        districts=districts,
    )


def fewest(settings: Settings) -> int:
    """Return the smallest number of incidents that a meeting is shown."""
    return max(FEWEST_SHOWN, settings.k_anonymity)


def window_of(first: dt.date, last: dt.date, zone: ZoneInfo, moment: dt.datetime) -> Window:
    """Return some days as seconds since 1970; what happened is known until ``moment``."""
    start, end = _midnight(first, zone).timestamp(), _midnight(last + dt.timedelta(days=1), zone).timestamp()
    return Window(start, end, min(end, moment.timestamp()))


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)


def _complete_hazards(
    hazards: pd.DataFrame, cases: pd.DataFrame, zone: ZoneInfo, leads: dict[tuple[str, str], str]
) -> None:
    """Add when each hazard was closed, what its case says, and which department answers for it.

    A hazard is closed when it was last seen gone, else when its case was, else when its record last changed; a record
    that came in as closed and was never touched since has no moment (NaN): nobody knows it.
    """
    moment = hazards["gone_s"].fillna(hazards["case_closed_s"]).fillna(hazards["changed_s"])
    hazards["closed_s"] = moment.where(~hazards["is_open"])
    for name in ("observed", "closed"):
        hazards[f"{name}_day"] = _local_days(hazards[f"{name}_s"], zone)
    alive = cases[cases["hazard_id"].notna() & ~cases["state"].isin(_NO_CASE)]
    latest = alive.drop_duplicates("hazard_id", keep="last").set_index("hazard_id")
    hazards["case_due_s"] = hazards["id"].map(latest["due_s"]).astype(float)
    hazards["is_recurrence"] = hazards["id"].isin(alive.loc[alive["is_recurrence"], "hazard_id"])
    types = zip(hazards["category"].to_numpy(object), hazards["subtype"].to_numpy(object), strict=True)
    usual = pd.Series([leads[kind] for kind in types], index=hazards.index, dtype=object)
    hazards["department"] = hazards["id"].map(latest["department"]).astype(object).where(lambda s: s.notna(), usual)


def _leads(session: Session, city: City, hazards: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the department that leads with each type of hazard that there is, by the city's filing rules."""
    rules = rules_of(session, city)
    found = {}
    for category, subtype in hazards[["category", "subtype"]].drop_duplicates().itertuples(index=False):
        rule = best_rule(rules, category, subtype, {})
        found[category, subtype] = "" if rule is None else rule.body.lead
    return found


def _complete_inspections(inspections: pd.DataFrame, zone: ZoneInfo) -> None:
    """Add who was out on which day, as one number per person and day."""
    inspections["turn"] = inspections["inspector_id"] * 1e6 + _local_days(inspections["started_s"], zone)


def _local_days(seconds: pd.Series, zone: ZoneInfo) -> NDArray[np.float64]:
    """Return the local days of moments, as days since 1970; NaN where there is none."""
    values = seconds.to_numpy(dtype=np.float64)
    out = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    out[known] = local_times(values[known], zone).astype("datetime64[D]").astype(np.int64)
    return out


def _placed(session: Session, city: City, groups: pd.DataFrame, codes: dict[int, str]) -> pd.DataFrame:
    where = facts.districts_of_cells(session, city)
    cells = zip(groups["column"].tolist(), groups["row"].tolist(), strict=True)
    groups["district"] = [codes.get(where.get((int(column), int(row)), -1)) for column, row in cells]
    return groups


def _reports(reports: pd.DataFrame, codes: dict[int, str]) -> pd.DataFrame:
    reports["district"] = reports["district_id"].map(codes)
    return reports
