"""The alerts of the week on maps: hot spots at their cells, categories in townships, schools unlike their own past."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely

from api.services.meetings.alerts import Alerts
from api.services.meetings.counted import Counted
from gis import crs
from gis.lattice import Lattice, cell_polygons
from gis.maps.panels import Panel

WORDS: Mapping[str, tuple[str, str]] = {
    "spots": ("热点", "Hot spots"),
    "circles_spots": ("圆：红为热点，绿为已消退", "circles: red hot spots, green gone"),
    "trends": ("类别上升的乡镇", "Townships where a category rises"),
    "fill_trends": ("超出预期的隐患数", "hazards beyond the expected"),
    "schools": ("异于往常的学校", "Schools unlike their own past"),
    "circles_schools": ("圆：超出预期的隐患数", "circles: hazards beyond the expected"),
    "none": ("无", "none"),
}


def alert_panels(
    found: Alerts, counted: Counted, lattice: Lattice | None, plane: str, places: pd.DataFrame, language: str
) -> list[Panel]:
    """Return a panel for each sort of alert; ``places`` are the middles of schools in metres, by id."""

    def word(name: str) -> str:
        return WORDS[name][language != "zh"]

    xy, sizes = np.empty((0, 2)), np.empty(0)
    if found.spots and lattice is not None:
        cells = np.array([(one.column, one.row) for one in found.spots], dtype=np.int64)
        squares = cell_polygons(cells[:, 0], cells[:, 1], lattice)
        xy = shapely.get_coordinates(shapely.centroid(crs.project_geometries(squares, plane)))
        sizes = np.array([(-1.0 if one.state == "gone" else 1.0) * max(one.weight, 1) for one in found.spots])
    drawn = counted.districts[counted.districts["boundary"].notna()]
    excess: dict[str, float] = {}
    for one in found.trends:
        beyond = float(one["numbers"]["observed"] - one["numbers"]["expected"])
        excess[one["district"]] = excess.get(one["district"], 0.0) + beyond
    unlike = [one for one in found.schools if one["id"] in places.index]
    at = places.loc[[one["id"] for one in unlike], ["x", "y"]].to_numpy(dtype=np.float64)
    fill = np.array([excess.get(code, np.nan) for code in drawn["code"]], dtype=np.float64)
    more = np.array([one["excess"] for one in unlike], dtype=np.float64).round(1)
    return [
        Panel(
            title=word("spots"), fill=np.empty(0), places=xy, sizes=sizes, size_unit=word("circles_spots"),
            note="" if len(xy) else word("none"), colours="change", scale="spots",
        ),
        Panel(
            title=word("trends"), fill=fill, places=np.empty((0, 2)),
            sizes=np.empty(0), fill_unit=word("fill_trends"), note="" if excess else word("none"), scale="trends",
        ),
        Panel(
            title=word("schools"), fill=np.empty(0), places=at, sizes=more,
            size_unit=word("circles_schools"), note="" if unlike else word("none"), scale="schools",
        ),
    ]  # fmt: skip
