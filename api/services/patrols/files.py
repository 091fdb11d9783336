"""A patrol plan as GeoJSON, as GPX, and as sheets to be printed."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from typing import Any

import jinja2
import numpy as np
import shapely

from api.errors import BadInputError
from api.schemas import geojson
from api.services.patrols.planning import PatrolPlan
from gis.patrols.plans import Route
from web.problems import in_language

_GPX = "http://www.topografix.com/GPX/1/1"
_SIDE = 640  # of a sheet's map, in its own units
_MARGIN = 40
_RANKS = ((0.2, "high"), (0.5, "middle"))


def write_plan(plan: PatrolPlan, kind: str, language: str = "zh") -> bytes:
    """Return a plan as a file.

    Parameters
    ----------
    kind
        ``geojson``, ``gpx`` or ``html``.
    """
    if kind == "geojson":
        return geojson.encode(as_geojson(plan))
    if kind == "gpx":
        return as_gpx(plan)
    if kind == "html":
        return as_sheets(plan, language).encode()
    raise BadInputError(f"a plan is written as .geojson, .gpx or .html, not as {kind!r}")


def clock(seconds: int) -> str:
    """Return seconds after midnight as people read them.

    Examples
    --------
    >>> clock(58_500)
    '16:15'
    """
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"


def priorities(plan: PatrolPlan) -> list[str]:
    """Return ``high``, ``middle`` or ``low`` for each stop, by rank: the prize itself counts incidents."""
    order = np.argsort([-one.prize for one in plan.stops], kind="stable")
    out = ["low"] * len(plan.stops)
    for rank, at in enumerate(order):
        out[int(at)] = next((name for share, name in _RANKS if rank < share * len(plan.stops)), "low")
    return out


def as_geojson(plan: PatrolPlan) -> dict[str, Any]:
    """Return stops, routes and what was left out, with the reasons."""
    rank = priorities(plan)
    properties: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for route, legs in zip(plan.plan.routes, plan.legs, strict=True):
        for order, visit in enumerate((v for v in route.visits if v.stop is not None), 1):
            at = visit.stop
            if at is None:
                continue
            stop = plan.stops[at]
            shapes.append(shapely.Point(stop.lon, stop.lat))
            properties.append(
                {"is": "stop", "kind": stop.kind, "name": stop.name, "school": stop.school, "team": route.team + 1,
                 "order": order, "arrives": clock(visit.arrives_s), "starts": clock(visit.starts_s),
                 "leaves": clock(visit.leaves_s), "priority": rank[at], "assumed_dismissal": stop.assumed}
            )  # fmt: skip
        if legs:
            shapes.append(shapely.LineString(np.concatenate([shapely.get_coordinates(leg.line) for leg in legs])))
            properties.append(
                {"is": "route", "team": route.team + 1, "leaves": clock(route.leaves_s), "returns": clock(route.returns_s),
                 "length_m": round(sum(leg.length_m for leg in legs)), "travel_min": round(route.travel_s / 60)}
            )  # fmt: skip
    for left in plan.plan.left_out:
        stop = plan.stops[left.stop]
        shapes.append(shapely.Point(stop.lon, stop.lat))
        properties.append(
            {"is": "left out", "kind": stop.kind, "name": stop.name, "school": stop.school,
             "priority": rank[left.stop], "reason": left.reason.value}
        )  # fmt: skip
    document = geojson.features(list(range(1, len(shapes) + 1)), np.array(shapes, dtype=object), properties)
    return document | {"date": plan.wanted.day.isoformat(), "city": plan.city, "warnings": list(plan.warnings)}


def as_gpx(plan: PatrolPlan) -> bytes:
    """Return a GPX 1.1 file with a route for each team."""
    ET.register_namespace("", _GPX)
    root = ET.Element(f"{{{_GPX}}}gpx", version="1.1", creator="campus")
    for route in plan.plan.routes:
        if not route.visits:
            continue
        written = ET.SubElement(root, f"{{{_GPX}}}rte")
        ET.SubElement(written, f"{{{_GPX}}}name").text = f"{plan.wanted.day} {route.team + 1}"
        for visit in route.visits:
            if visit.stop is None:
                continue
            stop = plan.stops[visit.stop]
            point = ET.SubElement(written, f"{{{_GPX}}}rtept", lat=f"{stop.lat:.6f}", lon=f"{stop.lon:.6f}")
            ET.SubElement(point, f"{{{_GPX}}}name").text = f"{clock(visit.starts_s)} {stop.school} {stop.name}".strip()
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def as_sheets(plan: PatrolPlan, language: str) -> str:
    """Return a page with a sheet for each team, to be printed; it asks for nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("web", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    teams = [_team(plan, route) for route in plan.plan.routes if route.visits]
    day: dt.date = plan.wanted.day
    return environment.get_template("files/patrol-sheets.html").render(
        zh=language == "zh", warnings=[in_language(one, language) for one in plan.warnings], plan=plan, day=day, teams=teams, begins=clock(plan.wanted.from_s), ends=clock(plan.wanted.to_s),
        idle=sum(1 for route in plan.plan.routes if not route.visits),
    )  # fmt: skip


def _team(plan: PatrolPlan, route: Route) -> dict[str, Any]:
    legs = plan.legs[route.team]
    visits = [visit for visit in route.visits if visit.stop is not None]
    stops = [plan.stops[visit.stop] for visit in visits if visit.stop is not None]
    line = np.concatenate([shapely.get_coordinates(leg.line) for leg in legs])
    every = np.concatenate([line, [(one.lon, one.lat) for one in stops]])
    west, south = every.min(axis=0)
    east, north = every.max(axis=0)
    narrow = float(np.cos(np.radians((south + north) / 2)))
    scale = (_SIDE - 2 * _MARGIN) / max((east - west) * narrow, north - south, 1e-5)

    def on_sheet(lonlat: Any) -> list[tuple[float, float]]:
        x = _MARGIN + (np.asarray(lonlat)[:, 0] - west) * narrow * scale
        y = _MARGIN + (north - np.asarray(lonlat)[:, 1]) * scale
        return [(round(float(a), 1), round(float(b), 1)) for a, b in zip(x, y, strict=True)]

    marks = on_sheet([(one.lon, one.lat) for one in stops])
    rows = [
        {"order": n, "stop": stop, "starts": clock(visit.starts_s), "leaves": clock(visit.leaves_s), "x": mark[0], "y": mark[1]}
        for n, (visit, stop, mark) in enumerate(zip(visits, stops, marks, strict=True), 1)
    ]  # fmt: skip
    return {
        "number": route.team + 1, "leaves": clock(route.leaves_s), "returns": clock(route.returns_s), "rows": rows,
        "path": " ".join(f"{x},{y}" for x, y in on_sheet(line)), "length_m": round(sum(leg.length_m for leg in legs)),
        "height": round(float((north - south) * scale)) + 2 * _MARGIN,
    }  # fmt: skip
