"""What the meeting page offers to begin with: cities, their townships, and the periods that it is time to talk about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.security.people import Actor
from api.services.cities import today_in
from api.services.meetings.city import meeting_city
from api.services.meetings.periods import KINDS, Kind, Terms, period_at
from api.store import cases, cities
from api.store.models.base import now
from api.vocabulary import vocabulary, words_of

_TALKED_ABOUT_FOR = dt.timedelta(days=3)  # until Wednesday a meeting is about the week before


def choices(session: Session, actor: Actor) -> dict[str, Any]:
    """Return the city that is shown first, and of each city its townships and present periods."""
    known = cities.all_cities(session)
    own = None if actor.department_id is None else cases.department_codes(session).get(actor.department_id)
    return {
        "city": meeting_city(session, None).code if known else None,
        "department": own,
        "periods": {
            city.code: {
                kind: _present(kind, today_in(city, now()), cities.calendar_of(session, city).terms) for kind in KINDS
            }
            for city in known
        },
        "districts": [
            {"city": city.code, "code": code, "zh": name, "en": english}
            for city in known
            for code, name, english in cities.districts_of(session, city)[["code", "name", "name_en"]].itertuples(
                index=False
            )
        ],
        "categories": words_of(vocabulary().hazard_categories),
    }


def _present(kind: Kind, today: dt.date, terms: Terms) -> str | None:
    try:
        return period_at(kind, today - _TALKED_ABOUT_FOR if kind == "week" else today, terms).code
    except NotFoundError:
        return None
