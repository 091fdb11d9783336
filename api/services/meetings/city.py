"""Whose meeting it is."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.store import cities, hazards
from api.store.models import City


def meeting_city(session: Session, code: str | None) -> City:
    """Return the city that is asked for; of several, where none is named, the one with the most hazards.

    Raises
    ------
    NotFoundError
        Where there is no such city, or none at all.
    """
    if code is not None:
        return cities.get_city(session, code)
    known = cities.all_cities(session)
    if not known:
        raise NotFoundError("there is no city yet; import something first")
    return max(known, key=lambda city: (hazards.how_many(session, city), city.code))
