"""An invented town, as files: two neighbouring schools with gates, hazards, premises, streets and incidents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapely

LON, LAT = 120.24, 29.71
CITY = "330681"
PASSWORD = "invented-password-1"
MARKUP = "<script>alert(1)</script>"
SCHOOLS = {"A": (0.0, 0.0), "B": (300.0, 0.0)}
GATES = {"A south": (0.0, -50.0), "A north": (0.0, 50.0), "B south": (300.0, -50.0)}
HAZARDS = {"1": (60.0, 0.0), "2": (150.0, 10.0), "3": (-90.0, -90.0), "4": (0.0, 1500.0), "5": (310.0, -60.0)}
PREMISES = {"P1": (150.0, 0.0), "P2": (0.0, 1000.0), "P3": (120.0, 40.0)}
CROWDED, LONELY, SEALED = (-120.0, 20.0), (420.0, 20.0), (20.0, 220.0)
COMPLEMENT = (180.0, -120.0)  # its three are hidden too, lest a total give the lonely one away


def place(x: float, y: float) -> tuple[float, float]:
    """Return the place that lies about x metres east and y metres north of the middle of the town."""
    return LON + x / 96_700, LAT + y / 110_850


def campus(x: float, y: float) -> shapely.Polygon:
    return shapely.box(*place(x - 50, y - 50), *place(x + 50, y + 50))


def _collection(path: Path, features: list[tuple[dict[str, Any], shapely.Geometry]]) -> Path:
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": said, "geometry": shapely.geometry.mapping(shape)}
            for said, shape in features
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _table(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def _at(x: float, y: float) -> str:
    lon, lat = place(x, y)
    return f"{lon:.8f},{lat:.8f}"


def write_town(folder: Path) -> dict[str, Path]:
    """Write the files of the town; nothing in them is real."""
    schools = [
        ({"id": key, "name": f"{MARKUP} invented {key}", "stage": "primary"}, campus(*at))
        for key, at in SCHOOLS.items()
    ]
    streets = [
        ({"id": str(n), "name": f"invented street {n}", "highway": "primary"}, _line(n)) for n in range(3)
    ]  # fmt: skip
    incidents = [
        *(f"c{n},fight,2026-11-03 16:2{n},{_at(*CROWDED)}" for n in range(5)),
        *(f"x{n},fight,2026-11-03 16:2{n},{_at(*COMPLEMENT)}" for n in range(3)),
        f"l1,fight,2026-11-03 16:20,{_at(*LONELY)}",
        f"l2,bullying,2026-11-04 16:20,{_at(*LONELY)}",
        *(f"s{n},coercion,2026-11-03 16:2{n},{_at(*SEALED)}" for n in range(4)),
    ]
    return {
        "schools": _collection(folder / "schools.geojson", schools),
        "gates": _table(
            folder / "gates.csv",
            "id,school,name,lon,lat",
            [f"{name},{name[0]},{name},{_at(*at)}" for name, at in GATES.items()],
        ),
        "hazards": _table(
            folder / "hazards.csv",
            "id,category,name,lon,lat",
            [f"{key},VEN,{MARKUP} {key},{_at(*at)}" for key, at in HAZARDS.items()],
        ),
        "premises": _table(
            folder / "premises.csv",
            "id,name,category,lon,lat",
            [f"{key},invented {key},internet_cafe,{_at(*at)}" for key, at in PREMISES.items()],
        ),
        "streets": _collection(folder / "streets.geojson", streets),
        "incidents": _table(folder / "incidents.csv", "id,type,occurred_at,lon,lat", incidents),
    }


def _line(n: int) -> shapely.LineString:
    return shapely.LineString([place(-500, 60.0 * n), place(500, 60.0 * n)])


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    """Hold an answer against RFC 9457, and return its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["type"].startswith("/problems/")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in response.text
    return body
