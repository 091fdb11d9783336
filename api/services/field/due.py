"""What an inspector has to visit: schools by interval and at the start of term, known hazards by category."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy.orm import Session

from api.security.people import Actor
from api.services.checklists import SCHOOL, checklists
from api.store import atlas, field, hazards
from api.store.models import City, Hazard
from api.store.spatial import to_shape

START_OF_TERM_DAYS = 14
_MOST = 1000


def due_visits(session: Session, actor: Actor, moment: dt.datetime) -> list[dict[str, Any]]:
    """Return what is due for a person, the most overdue first.

    A school is due ``interval_days`` after it was last reached, at once where it never was, and where its checklist
    says so within the first two weeks of a term in which it has not been visited. An open hazard in the person's cells,
    or of their own report, is due by the interval of its category after it was last seen. A school may have intervals of
    its own, for visits and for the hazards in its perimeter; of several schools around a hazard the shortest counts.

    Returns
    -------
    list of dict
        kind (school, hazard), id, name, category, lon, lat, last_at, due_on, interval_days, overdue_days (negative:
        not yet due), reason (never, interval, start_of_term).
    """
    if actor.id is None:
        return []
    lists = checklists(session)
    out = [*_schools(session, actor.id, lists, moment), *_hazards(session, actor.id, lists, moment)]
    return sorted(out, key=lambda one: (-one["overdue_days"], one["id"]))


def _schools(
    session: Session, person_id: int, lists: dict[str, dict[str, Any]], moment: dt.datetime
) -> list[dict[str, Any]]:
    ids = field.schools_walked(session, person_id)
    last = field.last_visits(session, ids)
    out = []
    points = {school: shapely.point_on_surface(shape) for school, shape in atlas.boundaries_of(session, ids)}
    for school in field.schools_by_id(session, ids):
        city = session.get_one(City, school.city_id)
        today = moment.astimezone(ZoneInfo(city.time_zone)).date()
        interval_days = school.intervals_days.get(SCHOOL, lists[SCHOOL]["interval_days"])
        due_on, reason = _due(last.get(school.id), interval_days, today, city)
        if lists[SCHOOL]["start_of_term"] and reason == "interval":
            for term in field.terms_around(session, school, today):
                begun = term.starts_on
                seen = _day(last.get(school.id), city)
                if (today - begun).days < START_OF_TERM_DAYS and (seen is None or seen < begun):
                    due_on, reason = min(due_on, begun), "start_of_term"
        point = points.get(school.id)
        out.append(
            {
                "kind": "school",
                "id": str(school.uuid),
                "name": school.name,
                "name_en": school.name_en,
                "category": None,
                "lon": None if point is None else round(point.x, 7),
                "lat": None if point is None else round(point.y, 7),
                **_dates(last.get(school.id), due_on, interval_days, reason, today),
            }
        )
    return out


def _hazards(
    session: Session, person_id: int, lists: dict[str, dict[str, Any]], moment: dt.datetime
) -> list[dict[str, Any]]:
    rows = [
        row[0]
        for row in hazards.hazards_page(session, statuses=["open"], walked_by=person_id, limit=_MOST)
    ]  # fmt: skip
    ids = [row.id for row in rows]
    seen = {hazard: last for hazard, (_, last) in field.sighting_counts(session, ids).items()}
    visited = field.hazard_visits(session, ids)
    own = field.intervals_around(session, ids)
    out = []
    for row in rows:
        city = session.get_one(City, row.city_id)
        today = moment.astimezone(ZoneInfo(city.time_zone)).date()
        last = max([row.observed_at, *[known[row.id] for known in (seen, visited) if row.id in known]])
        of_schools = [days[row.category] for days in own.get(row.id, ()) if row.category in days]
        interval_days = min(of_schools, default=lists[row.category]["interval_days"])
        due_on, reason = _due(last, interval_days, today, city)
        place = to_shape(row.location)
        out.append(
            {
                "kind": "hazard",
                "id": str(row.uuid),
                "name": row.name,
                "name_en": "",
                "category": row.category,
                "lon": place.x,
                "lat": place.y,
                **_dates(last, due_on, interval_days, reason, today),
            }
        )
    return out


def _day(moment: dt.datetime | None, city: City) -> dt.date | None:
    return None if moment is None else moment.astimezone(ZoneInfo(city.time_zone)).date()


def _due(last: dt.datetime | None, interval_days: int, today: dt.date, city: City) -> tuple[dt.date, str]:
    seen = _day(last, city)
    return (today, "never") if seen is None else (seen + dt.timedelta(days=interval_days), "interval")


def _dates(
    last: dt.datetime | None, due_on: dt.date, interval_days: int, reason: str, today: dt.date
) -> dict[str, Any]:
    return {
        "last_at": None if last is None else last.isoformat(),
        "due_on": due_on.isoformat(),
        "interval_days": interval_days,
        "overdue_days": (today - due_on).days,
        "reason": reason,
    }


def own_reports(session: Session, actor: Actor, limit: int) -> list[Hazard]:
    """Return what a person reported, the last first."""
    return [] if actor.id is None else list(field.own_reports(session, actor.id, limit))
