"""How much there is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Building,
    Campus,
    Case,
    Cell,
    City,
    District,
    Gate,
    Hazard,
    Incident,
    Perimeter,
    Place,
    Premises,
    School,
    Street,
)


def by_collection(session: Session, city: City) -> dict[str, int]:
    """Return the number of records of a city, by collection."""
    out = {
        name: session.scalar(sa.select(sa.func.count()).select_from(model).where(model.city_id == city.id)) or 0
        for name, model in (
            ("districts", District),
            ("schools", School),
            ("cells", Cell),
            ("premises", Premises),
            ("hazards", Hazard),
            ("cases", Case),
            ("incidents", Incident),
            ("streets", Street),
            ("buildings", Building),
            ("places", Place),
        )
    }
    for name, owned in (("campuses", Campus), ("gates", Gate), ("perimeters", Perimeter)):
        query = sa.select(sa.func.count()).select_from(owned).join(School, School.id == owned.school_id)
        out[name] = session.scalar(query.where(School.city_id == city.id)) or 0
    return out
