"""Rises of a category in a township beyond its usual weekly variation, offered as drafts of notices; never sent."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services.cities import today_in
from api.store import cities, notices
from api.store.models import City
from api.store.models.base import now
from api.vocabulary import vocabulary
from gis.effects.alerts import strongest, week_alerts
from gis.effects.words import Subject, say_alert
from gis.schooltime import count_school_days

WEEKS = 27  # the week in question, and half a year to compare it with
WEEK = dt.timedelta(days=7)


def trends(session: Session, *, city_code: str | None, at: dt.datetime | None = None) -> dict[str, Any]:
    """Return the alerts of the last whole week, the least likely first, each as the draft of a notice.

    Every category in every township is one series of logged hazards by week; school days are the exposure. The bound is
    set so that all series of a city together bring a false alert every second week
    (:func:`gis.effects.alerts.week_alerts`). Without a code the alerts of all cities are returned, one city after the
    other.
    """
    asked = cities.all_cities(session) if city_code is None else [cities.get_city(session, city_code)]
    found = [_trends_of(session, city, at or now()) for city in asked]
    if not found:
        raise NotFoundError("there is no city yet; import something first")
    latest = max(found, key=lambda one: str(one["from"]))
    return {
        "week": latest["week"],
        "from": latest["from"],
        "series": sum(one["series"] for one in found),
        "trends": [trend for one in found for trend in one["trends"]],
    }


def _trends_of(session: Session, city: City, at: dt.datetime) -> dict[str, Any]:
    today = today_in(city, at)
    monday = today - dt.timedelta(days=today.weekday()) - WEEK
    first = monday - (WEEKS - 1) * WEEK
    zone = ZoneInfo(city.time_zone)
    start, end = (dt.datetime.combine(day, dt.time(), zone) for day in (first, monday + WEEK))
    counts: dict[tuple[str, int], np.ndarray[Any, np.dtype[np.float64]]] = {}
    for row in notices.hazards_by_township(session, city.id, start, end):
        week = (row.observed_at.astimezone(zone).date() - first).days // 7
        counts.setdefault((row.category, row.district_id), np.zeros(WEEKS))[week] += 1
    series = sorted(counts)
    calendar = cities.calendar_of(session, city)
    days = [
        count_school_days(first + n * WEEK, first + n * WEEK + dt.timedelta(days=6), calendar) for n in range(WEEKS)
    ]
    found = week_alerts(np.array([counts[key] for key in series]).reshape(-1, WEEKS), days)
    towns = cities.districts_of(session, city).set_index("id")
    year, number, _ = monday.isocalendar()
    week_name = f"{year}-W{number:02d}"
    written = notices.origins(session)
    shown = []
    for at_series in strongest(found):
        category, district = series[at_series]
        town = towns.loc[district]
        origin = {"category": category, "district": str(town["code"]), "week": week_name}
        shown.append(
            origin
            | {
                "district_name": {"zh": str(town["name"]), "en": str(town["name_en"] or town["name"])},
                **_draft(found[at_series], category, town, week_name, monday),
                "notice": written.get((category, str(town["code"]), week_name)),
            }
        )
    return {"week": week_name, "from": monday.isoformat(), "series": len(series), "trends": shown}


def _draft(alert: Any, category: str, town: Any, week: str, monday: dt.date) -> dict[str, Any]:
    term = vocabulary().hazard_categories[category]
    name_en = str(town["name_en"] or town["name"])
    said = say_alert(alert, Subject(str(town["name"]), name_en, f"{term.zh}隐患", f"hazards ({term.en})"), monday)
    return {
        "title": {
            "zh": f"{town['name']}{term.zh}隐患上升（{week}）",
            "en": f"{name_en}: more hazards of the kind “{term.en}” ({week})",
        },
        "text": {"zh": said.zh, "en": said.en},
        "numbers": dict(said.numbers),
    }
