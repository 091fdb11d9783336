"""A district of Tempe, Arizona: real schools, crimes and streets (``geodanet`` of libpysal, BSD licence).

The files hold positions only. What they lack is made up and marked so: the schools' names, their gates and
dismissal, the time and type of each incident, and every hazard and premises.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas
import libpysal
import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.services.cities import add_city
from api.services.demo.files import bring_in, write_csv, write_shapes
from api.services.demo.invented import gates_around, hazards_around, premises_around
from api.services.grids import build_grid
from api.settings import Settings
from api.store.models import CalendarDay, City, Term

CODE = "TEMPE"
ZONE = "America/Phoenix"
FIRST, LAST = dt.date(2025, 8, 4), dt.date(2026, 5, 22)
DISMISSAL = dt.time(15, 10)
_SEED = 20260901


def data_folder() -> Path:
    """Return the folder of libpysal's own copy of the files."""
    return Path(libpysal.__file__).parent / "examples" / "geodanet"


def load(session: Session, settings: Settings, folder: Path) -> City:
    """Bring the district in."""
    random = np.random.default_rng(_SEED)
    city = add_city(
        session,
        code=CODE,
        name="坦佩市（演示，真实位置）",
        name_en="Tempe, Arizona (real positions)",
        time_zone=ZONE,
        settings=settings,
    )
    session.add(Term(city_id=city.id, name="2025–26", starts_on=FIRST, ends_on=LAST, invented=True))
    session.add(CalendarDay(city_id=city.id, day=dt.date(2025, 11, 27), is_school_day=False, name="Thanksgiving"))
    session.flush()
    source = data_folder()
    bring_in(session, city, "streets", source / "streets.shp", settings, invented=False)
    schools = geopandas.read_file(source / "schools.shp").to_crs("EPSG:4326")
    names = [f"示例学校 {i}" for i in schools["POLYID"]]
    rows = [
        {"id": f"geodanet-{i}", "name": name, "name_en": f"School {i} (name made up)", "stage": stage}
        for i, name, stage in zip(schools["POLYID"], names, ["primary", "junior_middle"] * 4, strict=True)
    ]
    bring_in(
        session, city, "schools", write_shapes(folder, "tempe-schools.geojson", rows, schools.geometry), settings,
        invented=False,
    )  # fmt: skip
    points = shapely.get_coordinates(schools.geometry.to_numpy())
    gates = gates_around(points, settings.point_radius_m, keys=[r["id"] for r in rows])
    bring_in(session, city, "gates", write_csv(folder, "tempe-gates.csv", gates), settings, invented=True, crs="wgs84")
    timetable = [
        {"school": r["id"], "weekday": day, "grades": "", "dismissal": f"{DISMISSAL:%H:%M}"}
        for r in rows
        for day in range(1, 6)
    ]
    bring_in(session, city, "timetables", write_csv(folder, "tempe-times.csv", timetable), settings, invented=True)
    incidents = _incidents(random, source)
    bring_in(
        session, city, "incidents", write_csv(folder, "tempe-incidents.csv", incidents), settings, invented=True,
        crs="wgs84",
    )  # fmt: skip
    hazards = hazards_around(random, points, 60, first=FIRST, zone=ZONE)
    bring_in(
        session, city, "hazards", write_csv(folder, "tempe-hazards.csv", hazards), settings, invented=True, crs="wgs84"
    )
    premises = premises_around(random, points, 50)
    bring_in(
        session,
        city,
        "premises",
        write_csv(folder, "tempe-premises.csv", premises),
        settings,
        invented=True,
        crs="wgs84",
    )
    build_grid(session, city)
    return city


def _incidents(random: np.random.Generator, source: Path) -> list[dict[str, object]]:
    """Return the real positions of the crimes, each with times made up around dismissal on school days.

    The file has 287 positions and no time: each stands for a few incidents of the school year.
    """
    crimes = geopandas.read_file(source / "crimes.shp").to_crs("EPSG:4326")
    places = shapely.get_coordinates(crimes.geometry.to_numpy())
    days = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days)]
    days = [day for day in days if day.isoweekday() <= 5]
    kinds = ["fight", "bullying", "threat", "public_disorder", "extortion", "gathering", "traffic_accident"]
    rows: list[dict[str, object]] = []
    for at, (lon, lat) in enumerate(places):
        for again in range(1 + random.poisson(3)):
            day = days[random.integers(len(days))]
            minutes = int(DISMISSAL.hour * 60 + DISMISSAL.minute + random.normal(22, 45))
            moment = dt.datetime.combine(day, dt.time(), ZoneInfo(ZONE)) + dt.timedelta(minutes=minutes)
            rows.append(
                {
                    "id": f"geodanet-{at}-{again}",
                    "type": kinds[random.choice(len(kinds), p=[0.22, 0.2, 0.12, 0.2, 0.06, 0.12, 0.08])],
                    "occurred_at": moment.isoformat(),
                    "lon": lon,
                    "lat": lat,
                }
            )
    return rows
