"""The meeting of a city: figures of its page and the brief of a year, of 200 schools, 50,000 hazards, 200,000 incidents.

The peer is the plain way: the same counts by one loop over the same rows, read as objects. Everything is made up.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api.services.briefs.files import WRITERS, brief_file
from api.services.cities import add_city
from api.services.grids import build_grid
from api.services.meetings.alerts import show_alerts
from api.services.meetings.figures import show_figures
from api.services.meetings.maps import meeting_map
from api.services.meetings.outcomes import show_effects
from api.services.releases import release_incidents
from api.settings import Settings
from api.store import cities, migrate
from api.store.bulk import insert_rows
from api.store.engine import make_engine, reading, writing
from api.store.models import Campus, Cell, City, District, Hazard, HazardSchool, Incident, JointAction, School
from api.store.spatial import as_multipolygon, to_element
from api.vocabulary import vocabulary
from gis.lattice import cells_of

SCHOOLS, HAZARDS, INCIDENTS = 200, 50_000, 200_000
CITY, ZONE = "330681", ZoneInfo("Asia/Shanghai")
PAGE_S, BRIEF_S = 1.0, 10.0
LON, LAT = 120.24, 29.71


def fill(engine: Engine, settings: Settings) -> None:
    """Make the city up."""
    random = np.random.default_rng(7)
    with writing(engine) as session:
        add_city(session, code=CITY, name="虚构市", name_en="Invented", settings=settings, invented=True)
    grid = [(x, y) for x in range(20) for y in range(10)]
    centres = np.array([[LON + (x - 10) * 0.02, LAT + (y - 5) * 0.02] for x, y in grid])
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        city.lattice_meridian_deg = 120.0
        boxes = [shapely.box(LON - 0.22 + 0.1 * n, LAT - 0.12, LON - 0.12 + 0.1 * n, LAT + 0.12) for n in range(4)]
        insert_rows(session, District.__table__, {
            "city_id": [city.id] * 4, "code": [f"{CITY}{n:03d}" for n in range(4)],
            "name": [f"虚构镇{n}" for n in range(4)], "boundary": np.array([shapely.MultiPolygon([b]) for b in boxes], dtype=object),
        })  # fmt: skip
        towns = session.scalars(sa.select(District.id).order_by(District.id)).all()
        insert_rows(session, School.__table__, {
            "city_id": [city.id] * SCHOOLS, "name": [f"虚构小学{n}" for n in range(SCHOOLS)],
            "stages": [["primary"]] * SCHOOLS, "district_id": [towns[x // 5] for x, _ in grid],
        })  # fmt: skip
        schools = np.array(session.scalars(sa.select(School.id).order_by(School.id)).all())
        campuses = [
            shapely.MultiPolygon([shapely.box(x - 0.0005, y - 0.0005, x + 0.0005, y + 0.0005)]) for x, y in centres
        ]
        insert_rows(session, Campus.__table__, {
            "school_id": schools, "known_as": ["polygon"] * SCHOOLS, "boundary": np.array(campuses, dtype=object),
        })  # fmt: skip
        city_id = city.id
    with writing(engine) as session:
        build_grid(session, session.scalars(sa.select(City)).one())
    begin = dt.datetime(2026, 1, 1, tzinfo=ZONE)
    with writing(engine) as session:
        lattice = cities.lattice_of(session.scalars(sa.select(City)).one())
        assert lattice is not None
        rows = session.execute(sa.select(Cell.lattice_column, Cell.lattice_row, Cell.id))
        cells = {(column, row): number for column, row, number in rows}
        near = random.integers(0, SCHOOLS, HAZARDS)
        place = centres[near] + random.normal(0, 0.0008, (HAZARDS, 2))
        where = zip(*(part.tolist() for part in cells_of(place[:, 0], place[:, 1], lattice)), strict=True)
        moments = [begin + dt.timedelta(minutes=int(m)) for m in random.integers(0, 525_000, HAZARDS)]
        codes = list(vocabulary().hazard_categories)
        insert_rows(session, Hazard.__table__, {
            "city_id": [city_id] * HAZARDS, "category": [codes[n] for n in random.integers(0, len(codes), HAZARDS)],
            "status": [("open", "resolved")[n] for n in random.integers(0, 2, HAZARDS)], "version": [2] * HAZARDS,
            "observed_at": moments, "updated_at": [m + dt.timedelta(days=2) for m in moments],
            "location": shapely.points(place), "cell_id": [cells.get(one) for one in where],
        })  # fmt: skip
        ids = np.array(session.scalars(sa.select(Hazard.id).order_by(Hazard.id)).all())
        insert_rows(session, HazardSchool.__table__, {
            "hazard_id": ids, "school_id": schools[near], "boundary_distance_m": random.uniform(0, 200, HAZARDS),
        })  # fmt: skip
    with writing(engine) as session:
        near = random.integers(0, SCHOOLS, INCIDENTS)
        place = centres[near] + random.normal(0, 0.001, (INCIDENTS, 2))
        moments = [begin + dt.timedelta(minutes=int(m)) for m in random.integers(0, 525_000, INCIDENTS)]
        column, row = cells_of(place[:, 0], place[:, 1], lattice)
        insert_rows(session, Incident.__table__, {
            "city_id": [city_id] * INCIDENTS, "kind": ["fight"] * INCIDENTS, "occurred_from": moments, "occurred_to": moments,
            "weekday": [m.isoweekday() for m in moments], "hour": [m.hour for m in moments], "lattice_column": column,
            "lattice_row": row, "minutes_after_dismissal": random.integers(-60, 120, INCIDENTS), "location": shapely.points(place),
        })  # fmt: skip
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        n = release_incidents(session, city, settings, dt.date(2027, 1, 10))
        for week in (40, 44, 46):
            first = dt.date.fromisocalendar(2026, week, 1)
            around = shapely.union_all(
                [shapely.box(x - 0.002, y - 0.002, x + 0.002, y + 0.002) for x, y in centres[:8]]
            )
            session.add(JointAction(
                city_id=city.id, title=f"虚构行动{week}", starts_on=first, ends_on=first + dt.timedelta(days=6),
                area=to_element(as_multipolygon(around)),
            ))  # fmt: skip
        print(f"{n:,} of {INCIDENTS:,} incidents in groups")


PARTS: dict[str, Callable[[Session, Settings, str], Any]] = {
    "figures": lambda session, settings, code: show_figures(session, settings, code, CITY),
    "map": lambda session, settings, code: meeting_map(
        session, settings, "hazards", code, CITY, language="zh", viewer=""
    ),
    "alerts": lambda session, settings, code: show_alerts(session, settings, code, CITY),
    "effects": lambda session, settings, code: show_effects(session, settings, code, CITY),
}


def plainly(engine: Engine) -> dict[str, int]:
    """Count new hazards of the year by category in a loop over objects."""
    start, end = dt.datetime(2026, 10, 1, tzinfo=ZONE), dt.datetime(2027, 1, 1, tzinfo=ZONE)
    with reading(engine) as session:
        found: Any = Counter(h.category for h in session.scalars(sa.select(Hazard)) if start <= h.observed_at < end)
    return dict(found)


def main() -> int:
    """Print times, and whether the targets are met."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        engine = make_engine(settings.resolved_database_url)
        migrate.upgrade(engine)
        fill(engine, settings)
        missed, said = 0, None
        with reading(engine) as session:
            for code in ("2026-W47", "2026-Q4"):
                for what, ask in PARTS.items():
                    began = time.perf_counter()
                    found = ask(session, settings, code)
                    took = time.perf_counter() - began
                    missed += took > PAGE_S
                    print(f"{what} {code}: {took:.2f} s (target {PAGE_S:.0f} s)", flush=True)
                    said = found if what == "figures" else said
        began = time.perf_counter()
        counts = plainly(engine)
        print(f"the plain way, one figure of these: {time.perf_counter() - began:.2f} s")
        assert counts == {one["code"]: one["this"] for one in said["categories"] if one["this"]}
        for kind in WRITERS:
            began = time.perf_counter()
            with reading(engine) as session:
                made = brief_file(
                    session, settings, "2026-Q4", kind, CITY, language="zh", viewer="", moment=dt.datetime.now(dt.UTC)
                )
            took = time.perf_counter() - began
            missed += took > BRIEF_S
            print(
                f"brief .{kind} with a year of records: {took:.1f} s, {len(made) / 1e6:.1f} MB (target {BRIEF_S:.0f} s)",
                flush=True,
            )
        engine.dispose()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
