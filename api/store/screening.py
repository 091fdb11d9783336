"""What the distance rules are held against: premises, schools with gates, township areas, and the rules kept here."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store import atlas, cities, schools
from api.store.models import City, DistanceRule, District, Premises, StallArea
from api.store.spatial import to_shape, to_shapes
from gis.geodesic import distance_m


def kept_rules(session: Session) -> list[dict[str, Any]]:
    """Return every version of every rule that an administrator has set, oldest first."""
    rows = session.scalars(sa.select(DistanceRule.rule).order_by(DistanceRule.rule_id, DistanceRule.version))
    return [dict(row) for row in rows]


def add_rule(session: Session, rule_id: str, version: int, rule: dict[str, Any]) -> None:
    """Keep a version of a rule."""
    session.add(DistanceRule(rule_id=rule_id, version=version, rule=rule))
    session.flush()


def premises_frame(session: Session, city: City) -> pd.DataFrame:
    """Return the premises of a city that are open."""
    names = (
        "id", "uuid", "name", "address", "categories", "position_error_m", "licensed_from", "licence_expires",
        "location",
    )  # fmt: skip
    rows = session.execute(
        sa.select(*(getattr(Premises, name) for name in names))
        .where(Premises.city_id == city.id, Premises.closed_on.is_(None))
        .order_by(Premises.id)
    ).all()
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    frame["location"] = to_shapes(frame["location"])
    return frame


def school_frames(session: Session, city: City, on: dt.date) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the schools of a city that are open on a day, their campuses and their gates."""
    known = schools.schools_frame(session, city, open_on=on)
    gates = schools.gates_frame(session, city)
    return known, schools.campuses_frame(session, city, open_on=on), gates[gates["school_id"].isin(known["id"])]


def township_areas(session: Session, city: City) -> pd.DataFrame:
    """Return the areas without stalls that townships drew: district (code), boundary, valid_from, valid_to."""
    rows = session.execute(
        sa.select(District.code, StallArea.boundary, StallArea.valid_from, StallArea.valid_to)
        .join(District, District.id == StallArea.district_id)
        .where(District.city_id == city.id)
        .order_by(StallArea.id)
    ).all()
    frame = pd.DataFrame(rows, columns=["district", "boundary", "valid_from", "valid_to"], dtype=object)
    frame["boundary"] = to_shapes(frame["boundary"])
    return frame


def nearest_city(session: Session, lon: float, lat: float) -> City | None:
    """Return the city whose area holds a place, else the one whose campuses' box is nearest; None without any."""
    place = shapely.Point(lon, lat)
    best: tuple[float, City] | None = None
    for city in cities.all_cities(session):
        if city.area is not None and to_shape(city.area).intersects(place):
            return city
        box = atlas.campus_bounds(session, city)
        if box is not None:
            west, south, east, north = box
            away = float(distance_m(lon, lat, np.clip(lon, west, east), np.clip(lat, south, north)))
            if best is None or away < best[0]:
                best = (away, city)
    return None if best is None else best[1]
