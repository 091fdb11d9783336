"""Gates, hazards and premises that are made up around schools, from a seed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from api.vocabulary import vocabulary
from gis.crs import GEOD

_NOTES = {
    "TRF": "放学时段家长车辆占道等候（虚构）",
    "VEN": "校门口流动摊点（虚构）",
    "SHP": "货架有无标签零食（虚构）",
    "CUL": "距校门较近，需现场核查（虚构）",
    "PUB": "书摊有疑似非法出版物（虚构）",
    "MED": "无牌诊所，需卫健核查（虚构）",
    "ENV": "垃圾未及时清运（虚构）",
    "SEC": "放学后有社会人员聚集（虚构）",
    "DNG": "小卖部存放烟花（虚构）",
    "FAC": "早高峰无护学岗（虚构）",
}
_WEIGHTS = {"TRF": 6, "VEN": 8, "SHP": 5, "CUL": 2, "PUB": 1, "MED": 1, "ENV": 4, "SEC": 3, "DNG": 1, "FAC": 2}


def gates_around(points: NDArray[np.float64], radius_m: float, *, keys: Sequence[str]) -> list[dict[str, object]]:
    """Return a main gate to the south and a side gate to the east of each school's point."""
    rows: list[dict[str, object]] = []
    for (lon, lat), key in zip(points, keys, strict=True):
        for name, kind, azimuth in (("南门", "main", 180.0), ("东门", "gate", 90.0)):
            x, y, _ = GEOD.fwd(lon, lat, azimuth, radius_m)
            rows.append({"id": f"{key}-{kind}", "school": key, "name": name, "kind": kind, "lon": x, "lat": y})
    return rows


def _place(random: np.random.Generator, points: NDArray[np.float64], spread_m: float) -> tuple[float, float]:
    lon, lat = points[random.integers(len(points))]
    distance = float(np.clip(random.gamma(2.0, spread_m / 2), 55, 900))
    x, y, _ = GEOD.fwd(lon, lat, float(random.uniform(0, 360)), distance)
    return float(x), float(y)


def hazards_around(
    random: np.random.Generator, points: NDArray[np.float64], count: int, *, first: dt.date, zone: str
) -> list[dict[str, object]]:
    """Return hazards of all categories near the schools, in the course of a school year."""
    categories = vocabulary().hazard_categories
    codes = list(_WEIGHTS)
    share = np.array([_WEIGHTS[c] for c in codes], dtype=float)
    rows: list[dict[str, object]] = []
    for at in range(count):
        code = codes[random.choice(len(codes), p=share / share.sum())]
        subtypes = list(categories[code].subtypes)
        lon, lat = _place(random, points, 140)
        moment = dt.datetime.combine(
            first + dt.timedelta(days=int(random.integers(0, 80))),
            dt.time(int(random.integers(7, 18)), int(random.integers(60))),
            ZoneInfo(zone),
        )
        subtype = subtypes[random.integers(len(subtypes))]
        rows.append(
            {
                "id": f"invented-hazard-{at}",
                "category": code,
                "subtype": subtype,
                "severity": int(random.choice([1, 2, 3], p=[0.4, 0.45, 0.15])),
                "status": str(random.choice(["open", "resolved", "gone"], p=[0.7, 0.25, 0.05])),
                "name": categories[code].subtypes[subtype].zh,
                "note": _NOTES[code],
                "observed_at": moment.isoformat(),
                "lon": round(lon, 6),
                "lat": round(lat, 6),
            }
        )
    return rows


def premises_around(random: np.random.Generator, points: NDArray[np.float64], count: int) -> list[dict[str, object]]:
    """Return premises of the rule categories near the schools."""
    words = vocabulary().premises_categories
    codes = [
        "internet_cafe", "game_arcade", "song_dance_venue", "bar", "tobacco_outlet", "lottery_outlet", "food_stall",
        "food_shop", "clinic", "publications_outlet", "fireworks_retail", "convenience_store", "e_cigarette_outlet",
    ]  # fmt: skip
    rows: list[dict[str, object]] = []
    for at in range(count):
        code = codes[random.integers(len(codes))]
        lon, lat = _place(random, points, 220)
        both = f"{code};tobacco_outlet" if code == "convenience_store" else code
        rows.append(
            {
                "id": f"invented-premises-{at}",
                "name": f"虚构{words[code].zh}{at + 1}号",
                "category": both,
                "licensed_from": f"{int(random.integers(2008, 2026))}-03-01",
                "accuracy": 10,
                "lon": round(lon, 6),
                "lat": round(lat, 6),
            }
        )
    return rows
