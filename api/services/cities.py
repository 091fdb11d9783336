"""Cities: the frame in which everything else lies."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError
from api.settings import Settings
from api.store import atlas, cities, schools
from api.store.models import City
from api.store.models.base import now
from api.store.spatial import as_multipolygon, to_element
from gis import crs

DEFAULT_CODE = "000000"


def add_city(
    session: Session,
    *,
    code: str,
    name: str,
    settings: Settings,
    name_en: str = "",
    time_zone: str = "Asia/Shanghai",
    area: shapely.Geometry | None = None,
    invented: bool = False,
) -> City:
    """Add a city; its area, where one is given, is what points are held against on import.

    Raises
    ------
    ConflictError
        Where the code is taken.
    BadInputError
        For an unknown time zone or a code that is not 1 to 12 letters and digits.
    """
    if not (1 <= len(code) <= 12 and code.replace("-", "").isalnum()):
        raise BadInputError(f"the city code {code!r} must be 1 to 12 letters and digits, such as 330681")
    if any(city.code == code for city in cities.all_cities(session)):
        raise ConflictError(f"there is a city {code} already")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInputError(f"the time zone {time_zone!r} is not known; use one such as Asia/Shanghai") from None
    city = City(
        code=code,
        name=name,
        name_en=name_en,
        time_zone=time_zone,
        area=None if area is None else to_element(as_multipolygon(area)),
        cell_m=settings.cell_m,
        perimeter_distance_m=settings.perimeter_distance_m,
        invented=invented,
    )
    if area is not None:
        settle_lattice(city, shapely.get_coordinates(area))
    session.add(city)
    session.flush()
    return city


def city_for_import(session: Session, code: str | None, settings: Settings) -> City:
    """Return the city that a file belongs to; the first import of all makes one, to be named later."""
    if code is None and not cities.all_cities(session):
        return add_city(session, code=DEFAULT_CODE, name="本市", name_en="This city", settings=settings)
    return cities.get_city(session, code)


def today_in(city: City, moment: dt.datetime) -> dt.date:
    """Return the day that it is in a city."""
    return moment.astimezone(ZoneInfo(city.time_zone)).date()


def today(city: City) -> dt.date:
    """Return the present day in the city."""
    return today_in(city, now())


def settle_lattice(city: City, coordinates: NDArray[np.float64]) -> None:
    """Fix the lattice of a city by the first coordinates known of it; it never moves afterwards."""
    if city.lattice_meridian_deg is None and len(coordinates):
        middle = float(np.median(coordinates[:, 0]))
        city.lattice_meridian_deg = crs.metric_meridian_deg(middle)


def any_invented(session: Session) -> bool:
    """Return whether something that the map shows is made up."""
    return cities.any_invented(session)


def city_views(session: Session) -> list[dict[str, object]]:
    """Return the cities with the box of their campuses, for the map to go to."""
    views: list[dict[str, object]] = []
    for city in cities.all_cities(session):
        box = atlas.campus_bounds(session, city)
        if box is not None:
            views.append(
                {
                    "code": city.code,
                    "name": city.name,
                    "name_en": city.name_en,
                    "bounds": list(box),
                    "time_zone": city.time_zone,
                }
            )
    return views


def places_to_ask_about(session: Session) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Return for each city, by its code, its schools and townships by name: what a question may be narrowed to."""
    found = {}
    for city in cities.all_cities(session):
        table = schools.schools_frame(session, city).sort_values(["district_code", "name"], na_position="last")
        found[city.code] = {
            "schools": [
                {"id": str(identity), "name": str(name), "name_en": str(english or "")}
                for identity, name, english in zip(table["uuid"], table["name"], table["name_en"], strict=True)
            ],
            "townships": [
                {"code": code, "name": name, "name_en": english}
                for code, name, english in cities.district_names(session, city)
            ],
        }
    return found
