"""Zhuji with its 23 townships; boundaries, schools, streets, hazards and incidents are all made up.

The names of the townships are real, their centres rough. Their boundaries are those of the nearest centre, their
codes are numbered for the demonstration and are not those of GB/T 10114, and every school is invented.
"""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay
from sqlalchemy.orm import Session

from api.services.cities import add_city
from api.services.demo.facilities import facilities_around
from api.services.demo.files import bring_in, write_csv, write_shapes
from api.services.demo.invented import hazards_around, premises_around
from api.services.grids import build_grid
from api.services.releases import release_incidents
from api.settings import Settings
from api.store.models import CalendarDay, City, Term
from gis import crs

CODE = "330681"
ZONE = "Asia/Shanghai"
FIRST, LAST = dt.date(2026, 9, 1), dt.date(2027, 1, 22)
_SHOWN_UNTIL = dt.date(2026, 11, 20)
RELEASED_UNTIL = dt.date(2026, 11, 23)  # whatever the clock says where the demonstration is loaded
_RISE, _RISE_AT = dt.date(2026, 11, 16), 2  # the week in which stalls came to a township, and which of them
_SEED = 330681
_APART_DEG = 0.0012  # about 120 m
_EXTENT = (119.88, 29.36, 120.54, 29.99)

TOWNSHIPS: tuple[tuple[str, str, str, float, float, int], ...] = (
    # name, English name, kind, longitude, latitude, invented schools
    ("暨阳街道", "Jiyang", "subdistrict", 120.236, 29.716, 8),
    ("浣东街道", "Huandong", "subdistrict", 120.275, 29.722, 5),
    ("陶朱街道", "Taozhu", "subdistrict", 120.212, 29.745, 5),
    ("暨南街道", "Jinan", "subdistrict", 120.225, 29.655, 3),
    ("大唐街道", "Datang", "subdistrict", 120.160, 29.665, 4),
    ("应店街镇", "Yingdianjie", "town", 120.065, 29.845, 2),
    ("次坞镇", "Ciwu", "town", 120.075, 29.925, 2),
    ("店口镇", "Diankou", "town", 120.265, 29.915, 4),
    ("姚江镇", "Yaojiang", "town", 120.245, 29.855, 2),
    ("山下湖镇", "Shanxiahu", "town", 120.315, 29.835, 2),
    ("枫桥镇", "Fengqiao", "town", 120.375, 29.795, 4),
    ("赵家镇", "Zhaojia", "town", 120.425, 29.715, 2),
    ("马剑镇", "Majian", "town", 119.945, 29.665, 1),
    ("五泄镇", "Wuxie", "town", 120.075, 29.735, 1),
    ("牌头镇", "Paitou", "town", 120.135, 29.585, 3),
    ("同山镇", "Tongshan", "town", 120.005, 29.575, 1),
    ("安华镇", "Anhua", "town", 120.085, 29.515, 2),
    ("璜山镇", "Huangshan", "town", 120.335, 29.555, 2),
    ("陈宅镇", "Chenzhai", "town", 120.425, 29.505, 1),
    ("浬浦镇", "Lipu", "town", 120.335, 29.625, 1),
    ("岭北镇", "Lingbei", "town", 120.405, 29.435, 1),
    ("东白湖镇", "Dongbaihu", "town", 120.435, 29.600, 1),
    ("东和乡", "Donghe", "township", 120.445, 29.790, 1),
)


def load(session: Session, settings: Settings, folder: Path) -> City:
    """Bring the city in."""
    random = np.random.default_rng(_SEED)
    city = add_city(
        session, code=CODE, name="诸暨市（演示，全部虚构）", name_en="Zhuji (demonstration, all made up)", time_zone=ZONE,
        settings=settings, area=shapely.box(*_EXTENT), invented=True,
    )  # fmt: skip
    _add_calendar(session, city)
    codes = [f"{CODE}{n:03d}" for n in range(1, len(TOWNSHIPS) + 1)]
    centres = np.array([(lon, lat) for *_, lon, lat, _ in TOWNSHIPS])
    rows = [
        {"code": code, "name": name, "name_en": english, "kind": kind}
        for code, (name, english, kind, *_) in zip(codes, TOWNSHIPS, strict=True)
    ]
    areas = _nearest_areas(centres)
    path = write_shapes(folder, "zhuji-townships.geojson", rows, areas)
    bring_in(session, city, "districts", path, settings, invented=True)
    session.flush()

    streets, names = _streets(random, centres)
    street_rows = [{"id": f"s{n}", "name": name, "highway": kind} for n, (name, kind) in enumerate(names)]
    path = write_shapes(folder, "zhuji-streets.geojson", street_rows, streets)
    bring_in(session, city, "streets", path, settings, invented=True)

    schools, campuses, gates = _schools(random, codes, centres)
    bring_in(
        session,
        city,
        "schools",
        write_shapes(folder, "zhuji-schools.geojson", schools, campuses),
        settings,
        invented=True,
    )
    bring_in(session, city, "gates", write_csv(folder, "zhuji-gates.csv", gates), settings, invented=True, crs="wgs84")
    timetable = _timetable(schools)
    bring_in(session, city, "timetables", write_csv(folder, "zhuji-times.csv", timetable), settings, invented=True)

    points = shapely.get_coordinates(shapely.centroid(campuses))
    hazards = hazards_around(random, points, 320, first=FIRST, zone=ZONE)
    _gather_stalls(hazards, areas[_RISE_AT])
    bring_in(
        session, city, "hazards", write_csv(folder, "zhuji-hazards.csv", hazards), settings, invented=True, crs="wgs84"
    )
    premises = premises_around(random, points, 260)
    bring_in(
        session,
        city,
        "premises",
        write_csv(folder, "zhuji-premises.csv", premises),
        settings,
        invented=True,
        crs="wgs84",
    )
    support = facilities_around(np.random.default_rng(_SEED + 1), points, [str(one["name"]) for one in schools])
    for what, made in zip(("facilities", "facility_uses", "pupils"), support, strict=True):
        crs = "wgs84" if what == "facilities" else None
        bring_in(session, city, what, write_csv(folder, f"zhuji-{what}.csv", made), settings, invented=True, crs=crs)
    incidents = _incidents(random, points)
    bring_in(
        session,
        city,
        "incidents",
        write_csv(folder, "zhuji-incidents.csv", incidents),
        settings,
        invented=True,
        crs="wgs84",
    )
    release_incidents(session, city, settings, RELEASED_UNTIL)
    build_grid(session, city)
    return city


def _add_calendar(session: Session, city: City) -> None:
    """Add the autumn term of the demonstration, with its National Day holidays and their make-up day (made up)."""
    session.add(Term(city_id=city.id, name="2026 秋", starts_on=FIRST, ends_on=LAST, invented=True))
    for number in range(1, 8):
        day = dt.date(2026, 10, number)
        session.add(CalendarDay(city_id=city.id, day=day, is_school_day=False, name="国庆节", invented=True))
    session.add(
        CalendarDay(
            city_id=city.id, day=dt.date(2026, 10, 10), is_school_day=True, as_weekday=3, name="调休", invented=True
        )
    )
    session.flush()


def _nearest_areas(centres: NDArray[np.float64]) -> list[shapely.Geometry]:
    """Return for each centre the part of the extent that is nearest to it."""
    extent = shapely.box(*_EXTENT)
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=extent))
    tree = shapely.STRtree(parts)
    owner = tree.query(shapely.points(centres), predicate="intersects")[1]
    return [shapely.intersection(parts[i], extent) for i in owner]


def _gather_stalls(hazards: list[dict[str, object]], area: shapely.Geometry) -> None:
    """Let all but the first two stalls of a township be seen in the days of one week: a rise that is told of."""
    stalls = [
        row
        for row in hazards
        if row["category"] == "VEN" and shapely.covers(area, shapely.from_wkt(f"POINT ({row['lon']} {row['lat']})"))
    ]
    for at, row in enumerate(stalls[2:]):
        day = _RISE + dt.timedelta(days=at % 4)
        row["observed_at"] = dt.datetime.combine(day, dt.time(16, 10 + at), ZoneInfo(ZONE)).isoformat()


def _streets(
    random: np.random.Generator, centres: NDArray[np.float64]
) -> tuple[list[shapely.Geometry], list[tuple[str, str]]]:
    """Return a small grid of streets in every township, and roads between neighbouring townships."""
    lines: list[shapely.Geometry] = []
    names: list[tuple[str, str]] = []
    for (name, *_rest, size), (lon, lat) in zip(TOWNSHIPS, centres, strict=True):
        turn = float(random.uniform(-25, 25))
        half = 3 + size
        for n in range(-half, half + 1):
            for across in (0.0, 90.0):
                start = _offset(lon, lat, turn + across, n * 180.0, -half * 180.0)
                end = _offset(lon, lat, turn + across, n * 180.0, half * 180.0)
                kind = "tertiary" if n == 0 else "residential"
                lines.append(shapely.LineString([start, end]))
                names.append((f"{name}{'横' if across else '纵'}{n + half + 1}路（虚构）", kind))
    edges = {tuple(sorted(pair)) for t in Delaunay(centres).simplices for pair in itertools.combinations(t.tolist(), 2)}
    for a, b in sorted(edges):
        if np.hypot(*(centres[a] - centres[b])) < 0.14:
            bend = (centres[a] + centres[b]) / 2 + random.normal(0, 0.006, 2)
            lines.append(shapely.LineString([centres[a], bend, centres[b]]))
            names.append((f"{TOWNSHIPS[a][0][:2]}{TOWNSHIPS[b][0][:2]}线（虚构）", "secondary"))
    return lines, names


def _offset(lon: float, lat: float, turn_deg: float, aside_m: float, along_m: float) -> tuple[float, float]:
    x, y, _ = crs.GEOD.fwd(lon, lat, turn_deg + 90.0, aside_m)
    x, y, _ = crs.GEOD.fwd(x, y, turn_deg, along_m)
    return float(x), float(y)


def _schools(
    random: np.random.Generator, codes: list[str], centres: NDArray[np.float64]
) -> tuple[list[dict[str, object]], list[shapely.Geometry], list[dict[str, object]]]:
    """Return invented schools: rows, campus polygons (turned rectangles), and gates on their walls."""
    kinds = (
        ("小学", "primary school", "primary", 90, 130),
        ("初级中学", "junior middle school", "junior_middle", 120, 160),
        ("幼儿园", "kindergarten", "kindergarten", 45, 60),
        ("中学", "senior middle school", "senior_middle", 160, 220),
    )
    schools: list[dict[str, object]] = []
    campuses: list[shapely.Geometry] = []
    gates: list[dict[str, object]] = []
    for code, (township, english, *_rest, count), (lon, lat) in zip(codes, TOWNSHIPS, centres, strict=True):
        for n in range(count):
            word, in_english, stage, narrow, wide = kinds[n % len(kinds)]
            while True:  # until it stands clear of the schools that are there
                away = 250.0 + 520.0 * n / max(count - 1, 1) + random.uniform(0, 250)
                x, y, _ = crs.GEOD.fwd(lon, lat, random.uniform(0, 360), away)
                turn = float(random.uniform(-30, 30))
                width, height = random.uniform(narrow, wide), random.uniform(narrow, wide)
                corners = [
                    _offset(x, y, turn, width / 2 * a, height / 2 * b) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
                ]
                campus = shapely.Polygon(corners)
                if all(shapely.distance(campus, other) > _APART_DEG for other in campuses):
                    break
            key = f"demo-{code}-{n + 1}"
            name = f"{township[:2]}示例{word}{n // len(kinds) + 1}"
            schools.append(
                {
                    "id": key,
                    "name": name,
                    "name_en": f"{english} example {in_english} {n // len(kinds) + 1}",
                    "stage": stage,
                    "address": f"{township}（虚构）",
                }
            )
            campuses.append(campus)
            for gate, kind, a, b in (("正门", "main", 0.0, -1.0), ("侧门", "gate", 1.0, 0.0)):
                gx, gy = _offset(x, y, turn, width / 2 * a, height / 2 * b)
                gates.append({"id": f"{key}-{kind}", "school": key, "name": gate, "kind": kind, "lon": gx, "lat": gy})
    return schools, campuses, gates


def _timetable(schools: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return dismissals: young grades before old ones, and everybody earlier on Fridays."""
    ends = {
        "kindergarten": {"": "16:00"},
        "primary": {"1-2": "15:30", "3-6": "16:10"},
        "junior_middle": {"7-9": "17:00"},
        "senior_middle": {"10-12": "17:30"},
    }
    rows: list[dict[str, object]] = []
    for school in schools:
        for day in range(1, 6):
            for grades, end in ends[str(school["stage"])].items():
                clock = (
                    dt.datetime.combine(FIRST, dt.time.fromisoformat(end)) - dt.timedelta(minutes=30 * (day == 5))
                ).time()
                rows.append({"school": school["id"], "weekday": day, "grades": grades, "dismissal": f"{clock:%H:%M}"})
    return rows


def _incidents(random: np.random.Generator, points: NDArray[np.float64]) -> list[dict[str, object]]:
    """Return invented incidents, most of them around a few schools and soon after dismissal."""
    kinds = (
        "gathering",
        "extortion",
        "threat",
        "incitement",
        "bullying",
        "fight",
        "public_disorder",
        "traffic_accident",
    )
    weight = random.gamma(0.6, size=len(points))
    days = [FIRST + dt.timedelta(days=n) for n in range((_SHOWN_UNTIL - FIRST).days)]
    days = [day for day in days if day.isoweekday() <= 5 and not dt.date(2026, 10, 1) <= day <= dt.date(2026, 10, 7)]
    rows: list[dict[str, object]] = []
    for at in range(2_400):
        lon, lat = points[random.choice(len(points), p=weight / weight.sum())]
        azimuth = float(random.choice([150.0, 180.0, 210.0, 90.0]) + random.normal(0, 12))
        x, y, _ = crs.GEOD.fwd(lon, lat, azimuth, float(random.gamma(2.2, 70.0)))
        minutes = int(16 * 60 + 25 + random.normal(15, 45))
        moment = dt.datetime.combine(days[random.integers(len(days))], dt.time(), ZoneInfo(ZONE))
        rows.append(
            {
                "id": f"invented-{at}",
                "type": str(random.choice(kinds)),
                "occurred_at": (moment + dt.timedelta(minutes=minutes)).isoformat(),
                "lon": round(float(x), 6),
                "lat": round(float(y), 6),
            }
        )
    return rows
