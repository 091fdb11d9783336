"""Cities, their lattice and their townships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError, Problem
from api.store.models import CalendarDay, City, District, Hazard, School, Term
from api.store.spatial import to_shape, to_shapes
from gis.lattice import Lattice
from gis.schooltime import SchoolCalendar

_FIRST_ZONE = sa.select(City.time_zone).order_by(City.code).limit(1)


def all_cities(session: Session) -> Sequence[City]:
    """Return all cities, by code."""
    return session.scalars(sa.select(City).order_by(City.code)).all()


def get_city(session: Session, code: str | None = None) -> City:
    """Return the city of a code; without one, the only city there is.

    Raises
    ------
    NotFoundError
        Where there is no such city, or none at all.
    BadInputError
        Where there are several and none was named.
    """
    cities = all_cities(session)
    if code is not None:
        for city in cities:
            if city.code == code:
                return city
        raise NotFoundError(f"there is no city {code!r}; there are: {_codes(cities)}")
    if not cities:
        raise NotFoundError(
            "there is no city yet; an administrator imports something first, or adds one: campus city add CODE NAME"
        )
    if len(cities) > 1:
        what = f"there are several cities ({_codes(cities)}); say the code of one"
        raise BadInputError(what, problems=[Problem("query.city", what)])
    return cities[0]


def _codes(cities: Sequence[City]) -> str:
    return ", ".join(city.code for city in cities) or "none"


def lattice_of(city: City) -> Lattice | None:
    """Return the city's lattice; None until something of the city is known that has coordinates."""
    if city.lattice_meridian_deg is None:
        return None
    return Lattice(meridian_deg=city.lattice_meridian_deg, cell_m=city.cell_m)


def districts_of(session: Session, city: City) -> pd.DataFrame:
    """Return the city's townships: id, code, name, name_en, boundary (geometry or None)."""
    rows = session.execute(
        sa.select(District.id, District.code, District.name, District.name_en, District.boundary)
        .where(District.city_id == city.id)
        .order_by(District.code)
    ).all()
    frame = pd.DataFrame(rows, columns=["id", "code", "name", "name_en", "boundary"], dtype=object)
    frame["boundary"] = to_shapes(frame["boundary"])
    return frame


def district_boundary(session: Session, city: City, code: str) -> Any | None:
    """Return the boundary of the township of a code, WGS 84; None where there is none or it is not drawn."""
    found = session.scalar(sa.select(District.boundary).where(District.city_id == city.id, District.code == code))
    return None if found is None else to_shape(found)


def district_names(session: Session, city: City) -> list[tuple[str, str, str]]:
    """Return code, name and English name of the city's townships, by code."""
    query = sa.select(District.code, District.name, District.name_en).where(District.city_id == city.id)
    return [(code, name, english) for code, name, english in session.execute(query.order_by(District.code))]


def calendar_of(session: Session, city: City) -> SchoolCalendar:
    """Return the school calendar of a city."""
    terms = session.execute(
        sa.select(Term.starts_on, Term.ends_on).where(Term.city_id == city.id, Term.school_id.is_(None))
    ).all()
    days = session.execute(
        sa.select(CalendarDay.day, CalendarDay.is_school_day, CalendarDay.as_weekday).where(
            CalendarDay.city_id == city.id
        )
    ).all()
    return SchoolCalendar(
        terms=[(first, last) for first, last in terms],
        holidays=frozenset(day for day, is_school_day, _ in days if not is_school_day),
        make_up_days={day: follows or day.isoweekday() for day, is_school_day, follows in days if is_school_day},
    )


def terms_of(session: Session, city: City) -> Sequence[Term]:
    """Return the terms of a city, the first one first."""
    return session.scalars(
        sa.select(Term).where(Term.city_id == city.id, Term.school_id.is_(None)).order_by(Term.starts_on)
    ).all()


def calendar_days_of(session: Session, city: City) -> Sequence[CalendarDay]:
    """Return the days of a city that depart from the week, by day."""
    return session.scalars(sa.select(CalendarDay).where(CalendarDay.city_id == city.id).order_by(CalendarDay.day)).all()


def for_change(session: Session, city: City) -> City:
    """Return a city as it is now, held until the transaction ends."""
    session.refresh(city, with_for_update=True)
    return city


def districts_at(known: pd.DataFrame, places: Iterable[shapely.Geometry]) -> list[int | None]:
    """Return for each point the township, of those that :func:`districts_of` returns, whose boundary holds it.

    None where none is drawn there; on a border it is the one of the lower code.
    """
    points = np.array(list(places), dtype=object)
    found: list[int | None] = [None] * len(points)
    place, district = shapely.STRtree(known["boundary"].to_numpy(dtype=object)).query(points, predicate="intersects")
    for at, of in sorted(zip(place.tolist(), district.tolist(), strict=True), reverse=True):
        found[at] = int(known["id"].iloc[of])
    return found


def any_invented(session: Session) -> bool:
    """Return whether any school or hazard is made up."""
    return any(
        session.scalar(sa.select(model.id).where(model.invented.is_(True)).limit(1)) is not None
        for model in (School, Hazard)
    )


def city_of(session: Session, city_id: int) -> City:
    """Return the city of an id."""
    return session.get_one(City, city_id)


def local_day(session: Session, moment: dt.datetime) -> dt.date:
    """Return the day that it is where the departments are: in the first city, or in UTC while there is none."""
    return moment.astimezone(local_zone(session)).date()


def local_zone(session: Session) -> ZoneInfo:
    """Return the time zone of the first city, or UTC while there is none: the board has one clock."""
    known: str | None = session.info.get("zone")  # asked several times for one answer
    if known is None:
        known = session.scalar(_FIRST_ZONE)
        session.info["zone"] = known
    return ZoneInfo(known or "UTC")
