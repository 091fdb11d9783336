"""A patrol plan as GeoJSON, GPX, a calendar, and sheets to be printed; from the document that is shown."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import numpy as np
import orjson
from icalendar import Alarm, Calendar, Event

from api.errors import BadInputError
from api.schemas import geojson
from web.i18n import translator
from web.problems import in_language

_GPX = "http://www.topografix.com/GPX/1/1"
_WIDE, _HIGH, _LOW = 640, 280, 230  # of a sheet's map, in its own units; it is low where many stops need the page
_FEW = 4
_MARGIN = 40
_MARK = 32
KINDS = {
    "geojson": geojson.MEDIA_TYPE,
    "gpx": "application/gpx+xml",
    "html": "text/html; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}
_ALARM = dt.timedelta(minutes=-15)

Document = Mapping[str, Any]


def write_plan(document: Document, kind: str, language: str = "zh", team: int | None = None) -> bytes:
    """Return a plan as a file.

    Parameters
    ----------
    document
        As :func:`api.services.patrols.views.plan_document` gives it.
    kind
        ``geojson``, ``gpx``, ``ics`` or ``html``.
    team
        Of this team alone; None: of all.

    Raises
    ------
    BadInputError
        For another kind of file, or a team that the plan does not have.
    """
    if kind not in KINDS:
        raise BadInputError(f"a plan is written as .geojson, .gpx, .ics or .html, not as {kind!r}")
    plain: dict[str, Any] = orjson.loads(geojson.encode(document))
    if team is not None:
        known = [one["number"] for one in plain["team_list"]]
        if team not in known:
            raise BadInputError(f"the plan has {len(known)} teams; there is no team {team}")
        plain["team_list"] = [one for one in plain["team_list"] if one["number"] == team]
        plain["features"] = [one for one in plain["features"] if one["properties"]["team"] == team]
    if kind == "geojson":
        return geojson.encode(_as_geojson(plain, language))
    if kind == "gpx":
        return _as_gpx(plain)
    if kind == "ics":
        return _as_calendar(plain, language)
    return as_sheets(plain, language).encode()


def _as_geojson(plain: Document, language: str) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [one | {"properties": one["properties"] | {"reason": one["properties"].get("reason", {}).get("why")}} for one in plain["features"]],
        "date": plain["day"],
        "city": plain["city_name"],
        "warnings": [in_language(one, language) for one in plain["warnings"]],
    }  # fmt: skip


def stops_by_team(plain: Document) -> dict[int, list[dict[str, Any]]]:
    """Return the stops of each team in the order of its route, with their places."""
    out: dict[int, list[dict[str, Any]]] = {}
    for one in plain["features"]:
        said = one["properties"]
        if said["is"] == "stop":
            lon, lat = one["geometry"]["coordinates"]
            out.setdefault(said["team"], []).append(said | {"id": one["id"], "lon": lon, "lat": lat})
    return {team: sorted(own, key=lambda stop: stop["order"]) for team, own in sorted(out.items())}


def _title(stop: Mapping[str, Any]) -> str:
    return f"{stop['school']} {stop['name']}".strip()


def _as_gpx(plain: Document) -> bytes:
    """Return GPX 1.1 with a route and a track for each team, and its stops as waypoints."""
    ET.register_namespace("", _GPX)
    root = ET.Element(f"{{{_GPX}}}gpx", version="1.1", creator="campus")
    routes = []
    for team, stops in stops_by_team(plain).items():
        route = ET.Element(f"{{{_GPX}}}rte")
        ET.SubElement(route, f"{{{_GPX}}}name").text = f"{plain['day']} {team}"
        for stop in stops:
            point = ET.SubElement(route, f"{{{_GPX}}}rtept", lat=f"{stop['lat']:.6f}", lon=f"{stop['lon']:.6f}")
            ET.SubElement(point, f"{{{_GPX}}}name").text = f"{stop['starts']} {_title(stop)}"
        routes.append(route)
    for one in plain["features"]:
        if one["properties"]["is"] == "route":
            track = ET.Element(f"{{{_GPX}}}trk")
            ET.SubElement(track, f"{{{_GPX}}}name").text = f"{plain['day']} {one['properties']['team']}"
            segment = ET.SubElement(track, f"{{{_GPX}}}trkseg")
            for lon, lat in one["geometry"]["coordinates"]:
                ET.SubElement(segment, f"{{{_GPX}}}trkpt", lat=f"{lat:.6f}", lon=f"{lon:.6f}")
            routes.append(track)
    root.extend(sorted(routes, key=lambda element: element.tag != f"{{{_GPX}}}rte"))  # the schema wants routes first
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _as_calendar(plain: Document, language: str) -> bytes:
    """Return a calendar with an event for each stay, and an alarm before the first of each team."""
    t = translator(language)
    zone = ZoneInfo(plain["time_zone"] or "UTC")
    day = dt.date.fromisoformat(plain["day"])
    calendar = Calendar()
    calendar.add("prodid", "-//campus//patrols//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{t('patrols.title')} {plain['day']}")
    for team, stops in stops_by_team(plain).items():
        for stop in stops:
            event = Event()
            event.add("uid", f"{stop['id']}@campus")
            event.add("dtstamp", dt.datetime.combine(day, dt.time(), dt.UTC))
            event.add("dtstart", _moment(day, stop["starts"], zone).astimezone(dt.UTC))
            event.add("dtend", _moment(day, stop["leaves"], zone).astimezone(dt.UTC))
            event.add("summary", t("patrols.event", team=team, place=_title(stop)))
            event.add("location", _title(stop))
            event.add("geo", (stop["lat"], stop["lon"]))
            event.add("description", t(f"patrols.look.{stop['kind']}"))
            if stop["order"] == 1:
                alarm = Alarm()
                alarm.add("action", "DISPLAY")
                alarm.add("description", _title(stop))
                alarm.add("trigger", _ALARM)
                event.add_component(alarm)
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _moment(day: dt.date, clock: str, zone: ZoneInfo) -> dt.datetime:
    hour, minute = map(int, clock.split(":"))
    return dt.datetime.combine(day, dt.time(), zone) + dt.timedelta(hours=hour, minutes=minute)


def as_sheets(plain: Document, language: str) -> str:
    """Return a page with a sheet for each team, to be printed; it asks for nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("web", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    teams = {one["number"]: one for one in plain["team_list"]}
    lines = {
        one["properties"]["team"]: one["geometry"]["coordinates"]
        for one in plain["features"]
        if one["properties"]["is"] == "route"
    }
    sheets = [_sheet(teams[team], stops, lines.get(team, [])) for team, stops in stops_by_team(plain).items()]
    unmanned = [
        one["properties"]
        for one in plain["features"]
        if one["properties"]["is"] == "left out" and one["properties"]["required"]
    ]
    return environment.get_template("files/patrol-sheets.html").render(
        language=language, t=translator(language), warnings=[in_language(one, language) for one in plain["warnings"]],
        city=plain["city_name"], day=plain["day"], name=plain["name"], teams=sheets, idle=len(teams) - len(sheets),
        unmanned=[_title(one) for one in unmanned],
    )  # fmt: skip


def _sheet(team: Mapping[str, Any], stops: list[dict[str, Any]], line: list[list[float]]) -> dict[str, Any]:
    every = np.array([*line, *([one["lon"], one["lat"]] for one in stops)])
    west, south = every.min(axis=0)
    east, north = every.max(axis=0)
    narrow = float(np.cos(np.radians((south + north) / 2)))
    high = _HIGH if len(stops) <= _FEW else _LOW
    wide_deg, high_deg = max((east - west) * narrow, 1e-4), max(north - south, 1e-4)
    scale = min((_WIDE - 2 * _MARGIN) / wide_deg, (high - 2 * _MARGIN) / high_deg)

    def on_sheet(lonlat: Any) -> list[tuple[float, float]]:
        places = np.asarray(lonlat, dtype=float).reshape(-1, 2)
        x = _WIDE / 2 + (places[:, 0] - (west + east) / 2) * narrow * scale
        y = high / 2 - (places[:, 1] - (south + north) / 2) * scale
        return [(round(float(a), 1), round(float(b), 1)) for a, b in zip(x, y, strict=True)]

    places = on_sheet([(one["lon"], one["lat"]) for one in stops])
    metre = scale / 111_320
    bar_m = _bar(160 / metre)
    return {
        "team": team,
        "rows": [stop | {"title": _title(stop)} for stop in stops],
        "marks": _marks(stops, places),
        "path": " ".join(f"{x},{y}" for x, y in on_sheet(line)) if line else "",
        "height": high,
        "bar_m": bar_m,
        "bar": round(bar_m * metre, 1),
    }


def _marks(stops: list[dict[str, Any]], places: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Return the marks on a sheet's map; stops that would cover each other share one."""
    marks: list[dict[str, Any]] = []
    for stop, (x, y) in zip(stops, places, strict=True):
        near = next((one for one in marks if np.hypot(one["x"] - x, one["y"] - y) < _MARK), None)
        if near is None:
            near = {"x": x, "y": y, "post": False, "orders": [], "width": 0}
            marks.append(near)
        near["orders"].append(stop["order"])
        near["post"] |= stop["kind"] == "post"
        near["width"] = _MARK * len(near["orders"])
    return marks


def _bar(most_m: float) -> int:
    """Return the longest round length of a scale bar.

    Examples
    --------
    >>> _bar(730.0)
    500
    """
    power = 10 ** int(np.floor(np.log10(max(most_m, 1.0))))
    return int(max(step * power for step in (1, 2, 5) if step * power <= max(most_m, 1.0)))
