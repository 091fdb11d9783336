"""The maps of a meeting: this period beside the last on one scale and the difference; incidents beside effort; alerts.

Circles stand at schools, never at records; incidents are circles of cells, sums of released groups of at least five.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.meetings.alert_panels import alert_panels
from api.services.meetings.alerts import Alerts, alerts_of
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import Counted, fewest, read_counted
from api.services.meetings.definitions import BY_CODE
from api.settings import Settings
from api.store import cities, schools
from api.store.models import City
from api.store.models.base import now
from gis import crs
from gis.lattice import cell_polygons
from gis.maps.panels import Form, Ground, Panel, draw_panels

MapName = Literal["hazards", "effort", "alerts"]
Floats = NDArray[np.float64]
_FINEST = 1_000  # parts of the city's extent that can be told apart on a panel

WORDS: Mapping[str, tuple[str, str]] = {
    "new": ("新增隐患", "New hazards"),
    "difference": ("增减", "Difference"),
    "incidents": ("事件（已聚合）", "Incidents (aggregated)"),
    "effort": ("巡查力度", "Inspection effort"),
    "circles_hazards": ("圆：学校周边新增隐患", "circles: new hazards around schools"),
    "circles_change": ("圆：红增绿减", "circles: red more, green fewer"),
    "circles_incidents": ("圆：网格内至少 {0} 起", "circles: cells with at least {0}"),
    "circles_effort": ("圆：学校巡查次数", "circles: rounds at schools"),
    "per_day": ("每上课日", "per school day"),
    "no_days": ("无上课日", "no school days"),
    "none": ("无可公布的事件", "no incidents that may be shown"),
    "coming": ("本期尚未开始", "this period has not begun"),
    "so_far": ("本期未结束，截至 {0}", "not over: up to {0}"),
    "no_period": ("没有上一期", "there is no period before"),
}


def word(name: str, language: str, *values: object) -> str:
    """Return a word of the maps."""
    return WORDS[name][language != "zh"].format(*values)


def meeting_map(
    session: Session, settings: Settings, name: MapName, code: str, city_code: str | None, *, language: str, viewer: str
) -> bytes:
    """Return a map of a period as SVG, with who looks at it and when.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period.
    """
    counted = read_counted(session, settings, meeting_city(session, city_code), code)
    moment = now().astimezone(ZoneInfo(counted.city.time_zone)).strftime("%Y-%m-%d %H:%M")
    return draw_map(session, settings, counted, name, language=language, watermark=f"{viewer} {moment}".strip())


def draw_map(
    session: Session,
    settings: Settings,
    counted: Counted,
    name: MapName,
    *,
    language: str,
    watermark: str,
    form: Form = "svg",
    alerts: Alerts | None = None,
) -> bytes:
    """Return a map of what was counted as a picture; ``alerts`` where they are known already."""
    ground, places = _ground(session, counted, language)
    if name == "hazards":
        panels = _hazard_panels(counted, places, language)
    elif name == "effort":
        panels = _effort_panels(counted, fewest(settings), places, language)
    else:
        found = alerts or alerts_of(session, settings, counted)
        lattice = cities.lattice_of(counted.city)
        panels = alert_panels(found, counted, lattice, _plane(counted.city), places, language)
    return draw_panels(
        panels, ground, form=form, watermark=watermark, width_in=8.0 if name == "effort" else 11.0
    )  # fmt: skip


def _plane(city: City) -> str:
    return crs.meridian_crs(city.lattice_meridian_deg or 0.0)


def _ground(session: Session, counted: Counted, language: str) -> tuple[Ground, pd.DataFrame]:
    """Return the outlines of townships, and the middle of each school in metres, by its id."""
    plane = _plane(counted.city)
    drawn = counted.districts[counted.districts["boundary"].notna()]
    shapes = crs.project_geometries(drawn["boundary"].to_numpy(dtype=object), plane)
    names = [
        (english or name) if language == "en" else name
        for name, english in drawn[["name", "name_en"]].itertuples(index=False)
    ]
    campuses = schools.campuses_frame(session, counted.city)
    middles = shapely.centroid(crs.project_geometries(campuses["boundary"].to_numpy(dtype=object), plane))
    table = pd.DataFrame({"x": shapely.get_x(middles), "y": shapely.get_y(middles)}, dtype=np.float64)
    table["school_id"] = campuses["school_id"].to_numpy(dtype=np.float64)
    extent = np.ptp(shapely.bounds(shapes), axis=0).max() if len(shapes) else 0.0
    outlines = shapely.simplify(shapes, extent / _FINEST)
    return Ground(outlines, names), table.groupby("school_id").mean()


def _by_township(counted: Counted, members: pd.DataFrame, window: str) -> Floats:
    """Return records per school day of each township that has an outline; NaN without school days."""
    drawn = counted.districts[counted.districts["boundary"].notna()]
    days = counted.school_days.get(window, 0)
    counts = members["district"].value_counts().reindex(drawn["code"], fill_value=0).to_numpy(dtype=np.float64)
    return counts / days if days else np.full(len(counts), np.nan)


def _by_school(members: pd.DataFrame, places: pd.DataFrame) -> Floats:
    counts = members["school_id"].value_counts().reindex(places.index, fill_value=0)
    return np.asarray(counts, dtype=np.float64)


def _hazard_panels(counted: Counted, places: pd.DataFrame, language: str) -> list[Panel]:
    xy = places[["x", "y"]].to_numpy()
    panels: dict[str, Panel] = {}
    for window in ("last", "this"):
        members = counted.members(BY_CODE["hazards_new"], window)
        period = counted.period if window == "this" else counted.last
        days = counted.school_days.get(window)
        note = word("no_period", language) if days is None else "" if days else word("no_days", language)
        if window == "this":
            note = _so_far(counted, language) or note
        panels[window] = Panel(
            title=word("new", language) + (f" · {period.name(language)}" if period else ""),
            fill=_by_township(counted, members, window),
            places=xy,
            sizes=_by_school(members, places),
            fill_unit=word("per_day", language),
            size_unit=word("circles_hazards", language),
            note=note,
        )
    difference = Panel(
        title=word("difference", language),
        fill=panels["this"].fill - panels["last"].fill,
        places=xy,
        sizes=panels["this"].sizes - panels["last"].sizes if counted.last else np.zeros(len(xy)),
        fill_unit=word("per_day", language),
        size_unit=word("circles_change", language),
        note=_so_far(counted, language),
        colours="change",
        scale="change",
    )
    return [panels["last"], panels["this"], difference]


def _so_far(counted: Counted, language: str) -> str:
    """Return that the period is not over, or has not begun; empty where it is over."""
    if counted.state == "over":
        return ""
    return word("coming", language) if counted.state == "coming" else word("so_far", language, counted.today)


def _effort_panels(counted: Counted, least: int, places: pd.DataFrame, language: str) -> list[Panel]:
    first, last = counted.spans["this"]
    groups: Any = counted.groups
    if len(groups):
        groups = groups[(groups["first_day"] >= first) & (groups["last_day"] <= last)]
    cells = groups.groupby(["column", "row"], as_index=False)["count"].sum()
    lattice = cities.lattice_of(counted.city)
    xy = np.empty((0, 2))
    if lattice is not None and len(cells):
        squares = cell_polygons(
            cells["column"].to_numpy(dtype=np.int64), cells["row"].to_numpy(dtype=np.int64), lattice
        )
        xy = shapely.get_coordinates(shapely.centroid(crs.project_geometries(squares, _plane(counted.city))))
    drawn = counted.districts[counted.districts["boundary"].notna()]
    days = counted.school_days["this"]
    sums = groups.groupby("district")["count"].sum() if len(groups) else pd.Series(dtype=float)
    per_day = sums.reindex(drawn["code"]).to_numpy(dtype=np.float64) / (days or np.nan)
    checks = counted.members(BY_CODE["checks"], "this")
    name = counted.period.name(language)
    return [
        Panel(
            title=f"{word('incidents', language)} · {name}",
            fill=per_day,
            places=xy,
            sizes=cells["count"].to_numpy(dtype=np.float64) if len(cells) else np.empty(0),
            fill_unit=word("per_day", language),
            size_unit=word("circles_incidents", language, least),
            note="" if len(cells) else word("none", language),
            scale="incidents",
        ),
        Panel(
            title=f"{word('effort', language)} · {name}",
            fill=_by_township(counted, checks, "this"),
            places=places[["x", "y"]].to_numpy(),
            sizes=_by_school(checks, places),
            fill_unit=word("per_day", language),
            size_unit=word("circles_effort", language),
            note=_so_far(counted, language) or ("" if days else word("no_days", language)),
            colours="effort",
            scale="effort",
        ),
    ]
