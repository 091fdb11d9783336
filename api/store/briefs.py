"""Edits of briefs: every one is kept, the last counts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import BriefText, City, Person


def edits(session: Session, city: City, period: str, language: str) -> Sequence[tuple[BriefText, str]]:
    """Return all edits of a period's brief with their author's shown name, the oldest first."""
    rows = session.execute(
        sa.select(BriefText, Person.display_name, Person.name)
        .outerjoin(Person, Person.id == BriefText.person_id)
        .where(BriefText.city_id == city.id, BriefText.period == period, BriefText.language == language)
        .order_by(BriefText.key, BriefText.number)
    )
    return [(row, shown or name or "") for row, shown, name in rows]
