"""Counselling rooms, stations, their use and numbers of pupils that are made up around schools, from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Row = dict[str, object]


def facilities_around(
    random: np.random.Generator, points: NDArray[np.float64], names: Sequence[str]
) -> tuple[list[Row], list[Row], list[Row]]:
    """Return facilities (a room in most schools, some stations), visits by month, and pupils by school."""
    rooms: list[Row] = []
    uses: list[Row] = []
    pupils: list[Row] = []
    for at, ((lon, lat), name) in enumerate(zip(points.tolist(), names, strict=True)):
        pupils.append({"school": name, "pupils": int(random.integers(8, 60)) * 25})
        if random.random() < 0.12:
            continue
        levels = [code for code, share in (("provincial", 0.75), ("demonstration", 0.3)) if random.random() < share]
        identity = f"invented-room-{at}"
        rooms.append({
            "id": identity, "name": f"{name}心理辅导室", "kind": "room", "levels": ";".join(levels), "school": name,
            "opened_on": f"20{int(random.integers(15, 26))}-09-01", "lon": lon, "lat": lat,
        })  # fmt: skip
        for month in range(6, 12):
            uses.append({"facility": identity, "month": f"2026-{month:02d}", "visits": int(random.poisson(14))})
    for number, at in enumerate(random.choice(len(points), size=min(7, len(points)), replace=False).tolist()):
        lon, lat = points[at].tolist()
        rooms.append({
            "id": f"invented-station-{number}", "name": f"第{number + 1}心理辅导站（虚构）", "kind": "station",
            "levels": "first_class" if number < 4 else "", "school": "", "opened_on": "2019-09-01",
            "lon": lon + 0.004, "lat": lat + 0.002,
        })  # fmt: skip
    return rooms, uses, pupils
