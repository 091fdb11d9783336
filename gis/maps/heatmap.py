"""The heat map: one page that opens without a network, drawn by Folium from counts by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from folium.utilities import JsCode
from numpy.typing import NDArray

from gis.density import CellCounts, WeekSlices
from gis.errors import EmptyInputError, GisError
from gis.lattice import cell_polygons, cells_of
from gis.maps import layers, slider
from gis.maps.figure import OfflineFigure, OfflineMap, Verbatim, tile_origin
from gis.maps.text import LANGUAGES, Text, catalogue, safe_text, say, script_json
from gis.privacy import ShownCounts, suppress

_PAGE_BYTES = 760_000  # of a page of 1 MB, beside Leaflet's 163 kB and our own scripts, styles and texts
_STREETS_BYTES = (60_000, 420_000)
_OPENING_STEPS = 64
_OPENING_SHARE = 0.8  # of the counts shown; where the whole map is wider than so many cells, it opens on these
_OPENING_CELLS = 200
_SCRIPTS = ("plane.js", "drawing.js", "page.js")
_ARIA = {
    "panel": "page.panel",
    "panel-fold": "page.fold",
    "language": "page.language_aria",
    "time-range": "time.slider",
}
_TEXTS = (
    ("all", "time.all"),
    ("play", "time.play"),
    ("pause", "time.pause"),
    ("incidents", "count.incidents"),
    ("hidden", "count.hidden"),
    ("hidden_slice", "count.hidden_slice"),
    ("here", "count.here"),
    ("rate", "count.rate"),
    ("map", "page.map"),
)


@dataclass(frozen=True)
class Tiles:
    """A tile server for the base map: its URL template and the credit that its licence asks for."""

    template: str
    attribution: str


@dataclass(frozen=True)
class HeatmapSpec:
    """What a heat map shows.

    Attributes
    ----------
    cells
        Counts by cell and slice as they were counted; what may be shown of them is decided here, by `k`.
    slices
        The slices that the columns of ``cells.counts`` stand for; without, there is one column.
    k
        The smallest count that is shown: 3 inside the office, 5 for meetings and exports.
    groups
        What is shown where the counts are those of released groups (see `gis.release`): their totals may be more
        than their slices, for a group need not say its hour. Without, what may be shown is decided by `k`.
    released_until
        The day before which incidents have been gathered into groups.
    title, period
        Heading and period, such as ``2026-09-01 – 2026-11-22``.
    school_days
        School days in the period, for incidents per km² and 100 school days.
    school_days_by_weekday
        The same by ISO weekday, for the rates of single slices.
    school_days_until
        The last day that these are counted up to, where the period goes on into days to come.
    perimeters, schools, gates, hazards, streets
        Frames in WGS 84. Read are ``name`` and ``invented`` everywhere; ``distance_m`` of perimeters; ``stage``
        and ``detail`` of schools (points or grounds); ``school`` and ``detail`` of gates; ``category``,
        ``subtype``, ``severity``, ``status``, ``distance_m`` and ``detail`` of hazards; ``highway`` of streets.
        A text may be a `Text` in both languages.
    tiles
        A tile server, where one is configured; the page then does ask the network for these images.
    watermark
        Who made the page and when; written over the whole map and on every print.
    credit
        Whose data the map is drawn from, as their licence asks, such as ``© OpenStreetMap contributors``.
    notice
        A line over everything, such as that data are made up for demonstration.
    language
        The language in which the page opens; the other one is a click away.
    """

    cells: CellCounts
    slices: WeekSlices | None = None
    k: int = 3
    groups: ShownCounts | None = None
    released_until: dt.date | None = None
    title: str | Text | None = None
    period: str | Text = ""
    school_days: int | None = None
    school_days_by_weekday: Mapping[int, int] | None = None
    school_days_until: dt.date | None = None
    perimeters: gpd.GeoDataFrame | None = None
    schools: gpd.GeoDataFrame | None = None
    gates: gpd.GeoDataFrame | None = None
    hazards: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    tiles: Tiles | None = None
    watermark: str = ""
    credit: str | Text = ""
    notice: str | Text | None = None
    language: str = "zh"


def heatmap_page(
    spec: HeatmapSpec, assets: Mapping[str, str], *, served_at: str | None = None, nonce: str | None = None
) -> str:
    """Return the heat map as one HTML page.

    Only cell indexes and counts of at least k enter the page, never the place of an incident.

    Parameters
    ----------
    spec
        What to show.
    assets
        Text of the browser libraries by their path under ``web/static/vendor``
        (``leaflet/leaflet.js``, ``leaflet/leaflet.css``); inlined, so that the page is one file.
    served_at, nonce
        Link to the libraries served there instead of inlining them, with the response's nonce.

    Returns
    -------
    str
        The page, with a content security policy of its own (see `gis.maps.figure.policy_of`).

    Raises
    ------
    EmptyInputError
        If there is nothing at all to show.
    GisError
        If the slices do not fit the counts, or the language is not known.
    KeyError
        If a library is missing in ``assets``.
    """
    _check(spec)
    shown = suppress(spec.cells.counts, spec.k) if spec.groups is None else spec.groups
    bounds = _bounds(spec, shown)
    title = Text.of(spec.title) if spec.title else catalogue()["page.title"]
    figure = OfflineFigure(
        assets,
        served_at=served_at,
        nonce=nonce,
        title=title,
        language=spec.language,
        style=_asset("heatmap.css"),
        images=(tile_origin(spec.tiles.template),) if spec.tiles else (),
    )
    figure.add_script("\n".join(_asset(name) for name in _SCRIPTS))
    drawn = OfflineMap(
        location=[(bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2],
        zoom_start=14,
        max_zoom=19,
        min_zoom=5,
        zoom_snap=0.5,
        tiles=None,
        zoom_control=False,
        prefer_canvas=True,
        control_scale=True,
    )
    figure.add_child(drawn)
    drawn.add_child(_Line(f"campusHeat.use({drawn.get_name()});"))
    for layer in _layers(spec, shown, bounds):
        drawn.add_child(layer)
    drawn.add_child(folium.LayerControl(position="topright", collapsed=JsCode("window.innerWidth < 1100")))
    opening = _opening(spec.cells, shown, bounds)
    drawn.add_child(_Line(f"campusHeat.start({script_json(_config(spec, opening, title))});"))
    figure.html.add_child(Verbatim(_body(spec, shown, title)))
    return figure.render()


class _Line(layers.ScriptLayer):
    """A line of the page's script that is no layer of the map."""

    def __init__(self, text: str) -> None:
        super().__init__("", {}, name=Text("", ""), show=False)
        self.control = False
        self.text = text

    def render(self, **kwargs: Any) -> None:
        self.get_root().script.add_child(Verbatim(self.text), name=self.get_name())


def _check(spec: HeatmapSpec) -> None:
    columns = spec.cells.counts.shape[1]
    expected = len(spec.slices) if spec.slices else 1
    if spec.groups is not None and spec.groups.counts.shape != spec.cells.counts.shape:
        raise GisError("the counts of groups are not those of the cells given")
    if columns != expected:
        raise GisError(f"the counts have {columns} slices, but the slices given are {expected}")
    if spec.language not in LANGUAGES:
        raise GisError(f"language {spec.language!r} is not one of {', '.join(LANGUAGES)}")


@cache
def _asset(name: str) -> str:
    return resources.files("gis.maps").joinpath("assets", name).read_text(encoding="utf-8")


def _layers(spec: HeatmapSpec, shown: ShownCounts, bounds: tuple[float, float, float, float]) -> list[folium.map.Layer]:
    found: list[folium.map.Layer] = [layers.cells_layer(spec.cells, shown)]
    for frame, kind, name in (
        (spec.schools, "ground", "layer.grounds"), (spec.perimeters, "perimeter", "layer.perimeters"),
    ):  # fmt: skip
        if _any(frame):
            found.append(layers.outlines_layer(layers.outlines(frame, kind), name=say(name), kind=kind))
    if _any(spec.gates):
        found.append(layers.gates_layer(spec.gates))
    if _any(spec.hazards):
        found.extend(layers.hazard_layers(spec.hazards))
    if _any(spec.schools):
        found.append(layers.schools_layer(spec.schools))
    if spec.tiles:
        credit = safe_text(spec.tiles.attribution)
        name = say("layer.tiles").html()
        found.insert(0, folium.TileLayer(spec.tiles.template, attr=credit, name=name, overlay=True, max_zoom=19))
    elif spec.streets is not None and len(spec.streets):
        margin = max(bounds[2] - bounds[0], bounds[3] - bounds[1]) * 0.5
        frame = (bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin)
        left = _PAGE_BYTES - sum(len(script_json(layer.data).encode()) for layer in found)
        budget = min(max(left, _STREETS_BYTES[0]), _STREETS_BYTES[1])
        found.insert(0, layers.streets_layer(spec.streets, bounds=frame, budget_bytes=budget))
    return found


def _any(frame: gpd.GeoDataFrame | None) -> bool:
    return frame is not None and len(frame) > 0


def _bounds(spec: HeatmapSpec, shown: ShownCounts) -> tuple[float, float, float, float]:
    """Return west, south, east and north of what matters most: cells and schools, or else whatever there is."""
    boxes = [
        np.asarray(f.total_bounds) for f in (spec.perimeters, spec.schools, spec.hazards) if f is not None and len(f)
    ]
    visible = np.flatnonzero(shown.cell_totals)
    if visible.size:
        column, row = spec.cells.column[visible], spec.cells.row[visible]
        ends = np.array([[column.min(), row.min()], [column.max(), row.max()]])
        corners = cell_polygons(ends[[0, 0, 1, 1], 0], ends[[0, 1, 0, 1], 1], spec.cells.lattice)
        boxes.append(np.asarray(gpd.GeoSeries(corners).total_bounds))
    if not boxes and spec.streets is not None and len(spec.streets):
        boxes.append(np.asarray(spec.streets.total_bounds))
    if not boxes:
        raise EmptyInputError("there is nothing to draw: no school, no street and no cell with enough incidents")
    west, south = np.min([box[:2] for box in boxes], axis=0)
    east, north = np.max([box[2:] for box in boxes], axis=0)
    return float(west), float(south), float(east), float(north)


def _opening(
    cells: CellCounts, shown: ShownCounts, bounds: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Return the box that the map opens on: everything, or of a whole city the box that holds most of the counts.

    Parameters
    ----------
    cells, shown
        The cells, and what may be shown of them.
    bounds
        West, south, east and north of everything, degrees.

    Returns
    -------
    tuple of float
        West, south, east and north, degrees.
    """
    lattice = cells.lattice
    column, row = cells_of(np.array(bounds[0::2]), np.array(bounds[1::2]), lattice)
    visible = np.flatnonzero(shown.cell_totals)
    if visible.size == 0 or max(np.ptp(column), np.ptp(row)) <= _OPENING_CELLS:
        return bounds
    place = np.column_stack([cells.column[visible], cells.row[visible]])
    block = max(
        1, -(-int(np.ptp(place, axis=0).max()) // _OPENING_STEPS)
    )  # coarse steps: where to look, not what is shown
    blocks, part = np.unique(place // block, axis=0, return_inverse=True)
    counts = np.bincount(part.ravel(), weights=shown.cell_totals[visible]).astype(np.int64)
    first, last = _densest_box(blocks, counts, _OPENING_SHARE)
    first, last = first * block, last * block + block - 1
    margin = np.maximum(3, (last - first) // 10)
    ends = np.array([first - margin, last + margin])
    west, south, east, north = gpd.GeoSeries(cell_polygons(ends[:, 0], ends[:, 1], lattice)).total_bounds
    return float(west), float(south), float(east), float(north)


def _densest_box(
    place: NDArray[np.int64], count: NDArray[np.int64], share: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last column and row of a small box that holds a share of the counts.

    Peeled greedily: of the four sides, the one goes whose outermost cells hold the fewest counts per cell of area
    that the box becomes smaller by.

    Parameters
    ----------
    place
        Columns and rows of the counted cells, shape (n, 2).
    count
        Their counts, shape (n,).
    share
        The least part of all counts that stays inside, from 0 to 1.
    """
    inside = np.ones(len(count), dtype=bool)
    least = share * count.sum()
    while True:
        here = place[inside]
        first, last = here.min(axis=0), here.max(axis=0)
        size = last - first + 1
        best: tuple[float, NDArray[np.bool_]] | None = None
        for axis in (0, 1):
            values = np.unique(here[:, axis])
            if values.size == 1:
                continue
            for edge, following in ((values[0], values[1]), (values[-1], values[-2])):
                outer = inside & (place[:, axis] == edge)
                lost = count[outer].sum()
                cost = float(lost / (abs(int(following - edge)) * size[1 - axis]))
                if count[inside].sum() - lost >= least and (best is None or cost < best[0]):
                    best = cost, outer
        if best is None:
            return first, last
        inside &= ~best[1]


def _config(spec: HeatmapSpec, bounds: tuple[float, float, float, float], title: Text) -> dict[str, Any]:
    texts = {name: catalogue()[key].pair() for name, key in _TEXTS}
    texts["too_few"] = say("count.too_few" if spec.groups is None else "count.no_group", k=spec.k).pair()
    texts["cell"] = say("count.cell", cell=f"{spec.cells.lattice.cell_m:g}").pair()
    return {
        "nothing": f"< {spec.k}" if spec.groups is None else "—",
        "bounds": [[bounds[1], bounds[0]], [bounds[3], bounds[2]]],
        "title": title.pair(),
        "slices": [label.pair() for label in slider.slice_labels(spec.slices)] if spec.slices else [],
        "factors": _factors(spec),
        "texts": texts,
        "aria": {name: catalogue()[key].pair() for name, key in _ARIA.items()},
    }


def _factors(spec: HeatmapSpec) -> list[float]:
    """Return, for all times and then each slice, incidents per km² and 100 school days per incident; 0 if unknown."""
    by_day = spec.school_days_by_weekday or {}
    days = [spec.school_days or 0]
    if spec.slices:
        days += [by_day.get(day, 0) for day in spec.slices.weekdays for _ in spec.slices.bands_min]
    area_km2 = (spec.cells.lattice.cell_m / 1000) ** 2
    return [100 / (area_km2 * n) if n > 0 else 0 for n in days]


def _body(spec: HeatmapSpec, shown: ShownCounts, title: Text) -> str:
    parts = [slider.time_html(spec.slices, shown)] if spec.slices else []
    grouped = spec.groups is not None
    parts.append(slider.legend_html(spec.cells.lattice.cell_m, spec.k, grouped=grouped))
    parts.append(
        slider.notes_html(
            k=spec.k,
            school_days=spec.school_days,
            week=spec.slices is not None,
            grouped=grouped,
            released_until=spec.released_until,
            school_days_until=spec.school_days_until,
        )
    )
    notice = Text.of(spec.notice) if spec.notice else None
    credit = Text.of(spec.credit)
    if spec.tiles and spec.tiles.attribution not in credit.pair():
        credit = Text(*(" · ".join(part for part in (own, spec.tiles.attribution) if part) for own in credit.pair()))
    return (
        slider.overlays_html(notice, spec.watermark)
        + slider.panel_html(title, Text.of(spec.period), parts, watermark=spec.watermark, credit=credit)
        + f"<noscript>{say('page.no_script').html()}</noscript>"
    )
