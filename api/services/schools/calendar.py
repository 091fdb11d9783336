"""The school calendar of a city: its terms, and the days that depart from the week."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.errors import StaleError
from api.schemas.schools import SchoolCalendarIn
from api.security.people import Actor
from api.services import school_times
from api.settings import Settings
from api.store import cities, inspections
from api.store.models import CalendarDay, City, Term


def show_calendar(session: Session, code: str | None) -> dict[str, Any]:
    """Return the terms and days of a city, and the version to change them by."""
    return _view(session, cities.get_city(session, code))


def set_calendar(
    session: Session, actor: Actor, settings: Settings, code: str | None, given: SchoolCalendarIn, version: int
) -> dict[str, Any]:
    """Replace the school calendar of a city that is still at ``version``; minutes after dismissal follow.

    Raises
    ------
    StaleError
        Where somebody else changed it meanwhile.
    """
    city = cities.for_change(session, cities.get_city(session, code))
    if city.version != version:
        raise StaleError("somebody else changed the school calendar meanwhile; read it again")
    for row in (*cities.terms_of(session, city), *cities.calendar_days_of(session, city)):
        session.delete(row)
    session.flush()
    source = inspections.person_source(session, actor.name).id
    session.add_all(
        Term(city_id=city.id, name=term.name, starts_on=term.starts_on, ends_on=term.ends_on, source_id=source)
        for term in given.terms
    )
    session.add_all(
        CalendarDay(
            city_id=city.id,
            day=day.day,
            is_school_day=day.is_school_day,
            as_weekday=day.as_weekday,
            name=day.name,
            source_id=source,
        )
        for day in given.days
    )
    city.version += 1
    school_times.set_anew(session, city, settings)
    return _view(session, city)


def _view(session: Session, city: City) -> dict[str, Any]:
    return {
        "city": city.code,
        "version": city.version,
        "terms": [
            {"name": row.name, "starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat()}
            for row in cities.terms_of(session, city)
        ],
        "days": [
            {
                "day": row.day.isoformat(),
                "is_school_day": row.is_school_day,
                "as_weekday": row.as_weekday,
                "name": row.name,
            }
            for row in cities.calendar_days_of(session, city)
        ],
    }
