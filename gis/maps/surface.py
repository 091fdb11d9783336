"""Maps of coloured cells on one scale, as pages that open without a network: density, two periods, their difference.

Folium draws the maps; only cell indexes, classes and the numbers that are told enter the page. What may be told is
decided by whoever makes the panels (``gis.privacy``, ``gis.release``): nothing is hidden here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from folium.utilities import JsCode
from numpy.typing import ArrayLike, NDArray

from gis.errors import EmptyInputError, GisError
from gis.lattice import Lattice, cell_polygons
from gis.maps import layers
from gis.maps.figure import OfflineFigure, OfflineMap, Verbatim
from gis.maps.legend import DIVERGING, difference_breaks, ramp, value_breaks
from gis.maps.slider import FOLD, overlays_html
from gis.maps.text import LANGUAGES, Text, safe_text, say, script_json

_SCRIPTS = ("plane.js", "drawing.js", "surface.js")
_STREETS_BYTES = 300_000


@dataclass(frozen=True, eq=False)
class Panel:
    """One map.

    Attributes
    ----------
    heading
        What this map is of; empty where there is only one.
    column, row
        Cells that are coloured, shape ``(cells,)``.
    classes
        Class of each, an index into the colours.
    says
        What a cell says when it is pointed at: a text with ``{0}``, ``{1}`` … for the numbers.
    numbers
        The numbers of each cell, shape ``(cells, numbers)``.
    """

    heading: Text
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    classes: NDArray[np.int64]
    says: Text
    numbers: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under the cells, as frames in WGS 84 (see :class:`gis.maps.heatmap.HeatmapSpec`), and who made the page."""

    perimeters: gpd.GeoDataFrame | None = None
    schools: gpd.GeoDataFrame | None = None
    gates: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    watermark: str = ""
    credit: str = ""
    notice: Text | None = None
    language: str = "zh"


@dataclass(frozen=True, eq=False)
class Legend:
    """The one scale of all maps of a page: its unit, and the colour and name of each class."""

    unit: Text
    colours: tuple[str, ...]
    names: tuple[Text, ...]
    blank: Text


def surface_page(
    panels: Sequence[Panel],
    legend: Legend,
    lattice: Lattice,
    ground: Ground,
    assets: Mapping[str, str],
    *,
    title: Text,
    period: Text,
    notes: Sequence[Text] = (),
) -> str:
    """Return one page with one map, or with two maps side by side that move together.

    Parameters
    ----------
    panels
        One or two maps.
    legend
        Their one scale.
    lattice
        The lattice of all cells.
    ground
        What lies under them.
    assets
        Text of the browser libraries by their path under ``web/static/vendor``; inlined.
    title, period, notes
        Texts of the panel.

    Raises
    ------
    EmptyInputError
        If there is nothing at all to show.
    GisError
        If there are not one or two maps, or a class has no colour.
    """
    if len(panels) not in (1, 2) or ground.language not in LANGUAGES:
        raise GisError(f"{len(panels)} maps in {ground.language!r}; one or two can be drawn, in zh or en")
    if any(
        one.classes.size and not 0 <= one.classes.min() <= one.classes.max() < len(legend.colours) for one in panels
    ):
        raise GisError("a cell's class has no colour")
    west, south, east, north = bounds = _bounds(panels, lattice, ground)
    style = "\n".join(_asset(name) for name in ("heatmap.css", "surface.css"))
    figure = OfflineFigure(assets, title=title, language=ground.language, style=style)
    figure.add_script("\n".join(_asset(name) for name in _SCRIPTS))
    under = _Under(ground, bounds)
    for panel in panels:
        drawn = OfflineMap(
            location=[(south + north) / 2, (west + east) / 2], zoom_start=13, max_zoom=19, min_zoom=5, zoom_snap=0.5,
            tiles=None, zoom_control=False, prefer_canvas=True, control_scale=True,
        )  # fmt: skip
        figure.add_child(drawn)
        drawn.add_child(_Line(f"campusHeat.use({drawn.get_name()});"))
        for layer in under.layers(_cells(panel, legend, lattice)):
            drawn.add_child(layer)
        if len(panels) == 1:
            drawn.add_child(folium.LayerControl(position="topright", collapsed=JsCode("window.innerWidth < 1100")))
    config = {
        "bounds": [[south, west], [north, east]],
        "title": title.pair(),
        "aria": {"panel": say("page.panel").pair(), "panel-fold": say("page.fold").pair(), "language": say("page.language_aria").pair()},
        "map": say("page.map").pair(),
    }  # fmt: skip
    drawn.add_child(_Line(f"campusHeat.start({script_json(config)});"))
    figure.html.add_child(Verbatim(_body(panels, legend, ground, title, period, notes)))
    return figure.render()


class _Line(layers.ScriptLayer):
    """A line of the page's script that is no layer of the map."""

    def __init__(self, text: str) -> None:
        super().__init__("", {}, name=Text("", ""), show=False)
        self.control = False
        self.text = text

    def render(self, **kwargs: Any) -> None:
        self.get_root().script.add_child(Verbatim(self.text), name=self.get_name())


@cache
def _asset(name: str) -> str:
    return resources.files("gis.maps").joinpath("assets", name).read_text(encoding="utf-8")


def _bounds(panels: Sequence[Panel], lattice: Lattice, ground: Ground) -> tuple[float, float, float, float]:
    boxes = [np.asarray(f.total_bounds) for f in (ground.perimeters, ground.schools) if f is not None and len(f)]
    column, row = (np.concatenate([getattr(one, name) for one in panels]) for name in ("column", "row"))
    if column.size:
        ends = np.array([[column.min(), row.min()], [column.max(), row.max()]])
        corners = cell_polygons(ends[[0, 0, 1, 1], 0], ends[[0, 1, 0, 1], 1], lattice)
        boxes = [np.asarray(gpd.GeoSeries(corners).total_bounds)]
    if not boxes:
        raise EmptyInputError("there is nothing to draw: no school and no cell with enough incidents")
    west, south = np.min([box[:2] for box in boxes], axis=0)
    east, north = np.max([box[2:] for box in boxes], axis=0)
    return float(west), float(south), float(east), float(north)


class _Under:
    """What lies under the cells, prepared once, and drawn on each map."""

    def __init__(self, ground: Ground, bounds: tuple[float, float, float, float]) -> None:
        self._streets: layers.ScriptLayer | None = None
        if ground.streets is not None and len(ground.streets):
            margin = max(bounds[2] - bounds[0], bounds[3] - bounds[1]) * 0.3
            frame = (bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin)
            self._streets = layers.streets_layer(ground.streets, bounds=frame, budget_bytes=_STREETS_BYTES)
        self._outlines = [
            (layers.outlines(frame_of, kind), say(name), kind)
            for frame_of, kind, name in (
                (ground.schools, "ground", "layer.grounds"),
                (ground.perimeters, "perimeter", "layer.perimeters"),
            )
            if frame_of is not None and len(frame_of)
        ]
        self._signs = [
            layer(frame_of)
            for frame_of, layer in ((ground.gates, layers.gates_layer), (ground.schools, layers.schools_layer))
            if frame_of is not None and len(frame_of)
        ]

    def layers(self, cells: layers.ScriptLayer) -> list[folium.map.Layer]:
        """Return the layers of a map with some cells, the lowest first."""
        streets = [] if self._streets is None else [self._streets.again()]
        outlines = [layers.outlines_layer(drawn, name=name, kind=kind) for drawn, name, kind in self._outlines]
        return [*streets, cells, *outlines, *(layer.again() for layer in self._signs)]


def _cells(panel: Panel, legend: Legend, lattice: Lattice) -> layers.ScriptLayer:
    order = np.lexsort((panel.column, panel.row, panel.classes))
    data = {
        "lattice": {"meridian": lattice.meridian_deg, "cell": lattice.cell_m},
        "column": panel.column[order].tolist(),
        "row": panel.row[order].tolist(),
        "class": panel.classes[order].tolist(),
        "numbers": [[float(f"{n:.4g}") for n in row] for row in panel.numbers[order].tolist()],
        "says": panel.says.pair(),
        "colours": list(legend.colours),
        "cell": say("count.cell", cell=f"{lattice.cell_m:g}").pair(),
    }
    colours = legend.colours or ramp(6)  # none where there is nothing to show
    swatch = layers.swatch(colours[len(colours) // 2], shape="square")
    return layers.ScriptLayer("surface", data, name=say("layer.cells"), swatch=swatch)


def _body(
    panels: Sequence[Panel], legend: Legend, ground: Ground, title: Text, period: Text, notes: Sequence[Text]
) -> str:
    two = len(panels) == 2
    headings = "".join(
        f'<p class="map-heading map-heading--{at}">{one.heading.html()}</p>'
        for at, one in enumerate(panels, 1)
        if one.heading.zh
    )
    some = any(one.classes.size for one in panels)
    classes = "".join(
        f'<li class="legend__class"><span class="legend__swatch" style="background-color:{colour}"></span>'
        f"<span>{name.html()}</span></li>"
        for colour, name in zip(legend.colours, legend.names, strict=True)
    )
    nothing = "" if some else f'<p class="legend__nothing">{say("surface.nothing").html()}</p>'
    items = "".join(f"<li>{note.html()}</li>" for note in notes)
    mark = f'<p class="panel__mark">{safe_text(ground.watermark)}</p>' if ground.watermark else ""
    credit = f'<p class="panel__credit">{safe_text(ground.credit)}</p>' if ground.credit else ""
    return (
        overlays_html(ground.notice, ground.watermark)
        + headings
        + f'<section id="panel" class="panel{" panel--two" if two else ""}" data-open="true"><header class="panel__head"><div>'
        f'<h1>{title.html()}</h1><p class="panel__period">{period.html()}</p></div>'
        f'<button type="button" class="language" id="language">{say("page.language").html()}</button>'
        f'<button type="button" class="round round--fold" id="panel-fold" aria-controls="panel-body">{FOLD}</button></header>'
        f'<div id="panel-body"><div class="legend"><p class="label">{legend.unit.html()}</p>{nothing}'
        f'<ol class="legend__classes">{classes}</ol>'
        f'<p class="legend__blank"><span class="legend__swatch legend__swatch--blank"></span>{legend.blank.html()}</p></div>'
        f'<details class="notes foldable"><summary>{say("notes.title").html()}</summary><ul>{items}</ul></details>'
        f"{mark}{credit}</div></section><noscript>{say('page.no_script').html()}</noscript>"
    )


def classes_of(values: ArrayLike, breaks: Sequence[float]) -> NDArray[np.int64]:
    """Return the class of each value: how many breaks it reaches, less one; values below the first break are in class 0."""
    found: NDArray[np.int64] = np.maximum(np.searchsorted(np.asarray(breaks), np.asarray(values), side="right") - 1, 0)
    return found


def rate_legend(values: ArrayLike, unit: Text, blank: Text) -> tuple[Legend, list[float]]:
    """Return the scale of densities or rates, and the lowest value of each class."""
    breaks = value_breaks(values)
    names = []
    for at, low in enumerate(breaks):
        names.append(Text.of(f"{low:g}–{breaks[at + 1]:g}" if at + 1 < len(breaks) else f"≥ {low:g}"))
    return Legend(unit, tuple(ramp(max(len(breaks), 1)))[: len(breaks)], tuple(names), blank), breaks


def difference_legend(values: ArrayLike, unit: Text, blank: Text) -> tuple[Legend, NDArray[np.int64]]:
    """Return the scale of changes, and the class of each value: less on one side, more on the other."""
    value = np.asarray(values, dtype=np.float64)
    breaks = difference_breaks(value)
    colours = DIVERGING if len(breaks) == 2 else (DIVERGING[1], DIVERGING[2], DIVERGING[3], DIVERGING[4])
    half = len(colours) // 2
    size = (
        np.searchsorted(np.asarray(breaks), np.abs(value), side="right") if breaks else np.zeros(value.shape, dtype=int)
    )
    classes = np.where(value < 0, half - 1 - size, half + size).astype(np.int64)
    steps = [0.0, *breaks] if breaks else [0.0, 0.0]
    bands = [
        f"{low:g}–{steps[at + 1]:g}" if at + 1 < len(steps) else f"> {low:g}" for at, low in enumerate(steps[:half])
    ]
    less = [say("surface.less", band=band) for band in reversed(bands)]
    more = [say("surface.more", band=band) for band in bands]
    return Legend(unit, colours, (*less, *more), blank), classes
