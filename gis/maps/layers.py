"""The layers of our Folium maps.

Names that people typed reach a page in two ways only: as JSON (`script_json`) that the page's script writes
with ``textContent``, or through `safe_text` where Folium itself makes HTML of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.map import Layer
from numpy.typing import NDArray

from gis.density import CellCounts
from gis.errors import BadGeometryError
from gis.maps.figure import Verbatim
from gis.maps.legend import class_breaks, ramp
from gis.maps.packing import gaps, pack, zigzag
from gis.maps.text import Text, catalogue, safe_text, say, say_or, script_json
from gis.privacy import ShownCounts

COLOURS: Mapping[str, str] = {
    "TRF": "#88ccee",
    "VEN": "#cc6677",
    "SHP": "#ddcc77",
    "CUL": "#aa4499",
    "PUB": "#882255",
    "MED": "#44aa99",
    "ENV": "#117733",
    "SEC": "#332288",
    "DNG": "#661100",
    "FAC": "#999933",
}
"""Hazard categories: Paul Tol's "muted" scheme, which colour-blind people can tell apart; a sign stands in each disc."""

SCHOOL, PERIMETER, DARK, OTHER = "#12344d", "#0b63b0", "#0d1b26", "#6b7780"
_MOST_OUTLINES = 32
STREET_CLASSES = (
    ("motorway", "trunk", "primary"),
    ("secondary", "tertiary"),
    ("residential", "unclassified", "living_street", "road", "pedestrian", ""),
)


class ScriptLayer(Layer):  # type: ignore[misc]
    """A layer that the page's script builds from data: ``const layer = campusHeat.<factory>(<data>)``."""

    def __init__(
        self, factory: str, data: Mapping[str, Any], *, name: Text, swatch: str = "", show: bool = True
    ) -> None:
        super().__init__(name=swatch + name.html(), overlay=True, control=True, show=show)
        self._name = "ScriptLayer"
        self.factory = factory
        self.data = data
        self._again: dict[str, Any] = {"name": name, "swatch": swatch, "show": show}

    def again(self) -> ScriptLayer:
        """Return a layer of the same data, for another map."""
        return ScriptLayer(self.factory, self.data, **self._again)

    def render(self, **kwargs: Any) -> None:
        """Add the layer's line to the page's script."""
        text = f"const {self.get_name()} = campusHeat.{self.factory}({script_json(self.data)});"
        self.get_root().script.add_child(Verbatim(text), name=self.get_name())
        super().render(**kwargs)


def swatch(colour: str, sign: Text | None = None, *, ink: str = "#fff", shape: str = "disc") -> str:
    """Return the HTML of a layer's sign, for the list of layers."""
    return f'<span class="key key--{shape}" style="--key:{colour};--ink:{ink}">{sign.html() if sign else ""}</span>'


def cells_layer(cells: CellCounts, shown: ShownCounts) -> ScriptLayer:
    """Return the layer of coloured cells: indexes and shown counts, nothing else, packed.

    Parameters
    ----------
    cells
        The cells; their counts are not used.
    shown
        What may be shown of the counts of exactly these cells.
    """
    return ScriptLayer(
        "cells", _cells_data(cells, shown), name=say("layer.cells"), swatch=swatch(ramp(6)[3], shape="square")
    )


def _cells_data(cells: CellCounts, shown: ShownCounts) -> dict[str, Any]:
    visible = np.flatnonzero(shown.cell_totals)
    column, row = cells.column[visible], cells.row[visible]
    first_column, first_row = (int(part.min()) if part.size else 0 for part in (column, row))
    width = int(column.max()) - first_column + 1 if column.size else 1
    key = (row - first_row) * width + (column - first_column)
    order = np.argsort(key)
    totals = shown.cell_totals[visible][order]
    counts = shown.counts[visible][order] if shown.counts.shape[1] > 1 else np.zeros((visible.size, 0), dtype=np.int64)
    numbers: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for part in counts.T:
        index = np.flatnonzero(part)
        numbers.append(np.column_stack([gaps(index), part[index] - shown.k]).ravel())
    breaks, slice_breaks = class_breaks(totals, shown.k), class_breaks(counts, shown.k)
    return {
        "lattice": {"meridian": cells.lattice.meridian_deg, "cell": cells.lattice.cell_m, "x0": 0, "y0": 0},
        "column": first_column,
        "row": first_row,
        "width": width,
        "keys": pack(gaps(key[order])),
        "totals": pack(totals - shown.k + 1),
        "shown": [int(np.count_nonzero(part)) for part in counts.T],
        "slices": pack(np.concatenate(numbers)),
        "slice_totals": shown.slice_totals.tolist() if counts.shape[1] else [],
        "total": shown.total,
        "k": shown.k,
        "breaks": breaks,
        "slice_breaks": slice_breaks,
        "most": int(totals.max(initial=0)),
        "slice_most": int(counts.max(initial=0)),
        "ramp": ramp(max(len(breaks), len(slice_breaks), 2)),
    }


def streets_layer(
    streets: gpd.GeoDataFrame, *, bounds: tuple[float, float, float, float], budget_bytes: int = 420_000
) -> ScriptLayer:
    """Return the base map drawn from streets, coarse enough to fit into a budget.

    Parameters
    ----------
    streets
        Lines in WGS 84; the column ``highway`` (OpenStreetMap's values) decides the width where there is one.
    bounds
        West, south, east, north in degrees: streets outside are left out.
    budget_bytes
        The most that the packed streets may take; lines are simplified further, then paths and then small
        streets left out, until they fit.
    """
    lines = shapely.get_parts(np.asarray(streets.geometry.values, dtype=object), return_index=True)
    parts, index = lines
    kind = _street_class(streets, index)
    near = shapely.intersects(parts, shapely.box(bounds[0], bounds[1], bounds[2], bounds[3])) & np.isin(
        shapely.get_type_id(parts), (1, 2)
    )
    parts, kind = parts[near], kind[near]
    for tolerance_m, classes in ((3, 4), (6, 4), (12, 4), (12, 3), (24, 3), (24, 2), (48, 2), (48, 1)):
        data = _streets_data(parts[kind < classes], kind[kind < classes], tolerance_m)
        if sum(len(data[name]) for name in ("lengths", "dx", "dy")) <= budget_bytes:
            break
    return ScriptLayer("streets", data, name=say("layer.streets"), swatch=swatch("#c3cbd1", shape="line"))


def _street_class(streets: gpd.GeoDataFrame, index: NDArray[np.int64]) -> NDArray[np.int64]:
    if "highway" not in streets.columns:
        return np.full(index.size, 2)
    number = {word: at for at, words in enumerate(STREET_CLASSES) for word in words}
    words = streets["highway"].fillna("").astype(str).str.removesuffix("_link")
    classes: NDArray[np.int64] = words.map(lambda word: number.get(word, len(STREET_CLASSES))).to_numpy(dtype=np.int64)
    return classes[index]


def _streets_data(lines: NDArray[np.object_], kind: NDArray[np.int64], tolerance_m: float) -> dict[str, Any]:
    order = np.argsort(kind, kind="stable")
    simple = shapely.simplify(lines[order], tolerance_m / 111_320, preserve_topology=False)
    points, owner = shapely.get_coordinates(simple, return_index=True)
    grid = np.round(points * 1e5).astype(np.int64)
    lengths = np.bincount(owner, minlength=len(simple))
    steps = zigzag(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)))
    return {
        "lines": np.bincount(kind, minlength=4).tolist(),
        "lengths": pack(lengths),
        "dx": pack(steps[:, 0]),
        "dy": pack(steps[:, 1]),
    }


def outlines(frame: gpd.GeoDataFrame, kind: str) -> dict[str, Any]:
    """Return polygons as GeoJSON, made simpler where nobody sees it; of a ``perimeter`` with its name and distance."""
    perimeter = kind == "perimeter"
    polygons = frame[np.isin(shapely.get_type_id(np.asarray(frame.geometry.values, dtype=object)), (3, 6))]
    shapes = _simpler(tuple(shapely.to_wkb(np.asarray(polygons.geometry.values, dtype=object)).tolist()))
    features = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {"text": f"{safe_name(row)}<br>{_perimeter_text(row).html()}"} if perimeter else {},
        }
        for shape, (_, row) in zip(shapes, polygons.iterrows(), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


@lru_cache(maxsize=_MOST_OUTLINES)
def _simpler(polygons: tuple[bytes, ...]) -> tuple[dict[str, Any], ...]:
    """Return polygons (WKB) as GeoJSON without what nobody sees; map after map has the same ones."""
    shapes = shapely.simplify(shapely.from_wkb(list(polygons)), 0.5 / 111_320)
    return tuple(shapely.geometry.mapping(shape) for shape in shapely.set_precision(shapes, 1e-6, mode="pointwise"))


def outlines_layer(drawn: dict[str, Any], *, name: Text, kind: str) -> folium.GeoJson:
    """Return outlines as Folium's own layer: ``kind`` is ``perimeter`` (a dashed line) or ``ground`` (filled)."""
    perimeter = kind == "perimeter"
    style = (
        {"color": PERIMETER, "weight": 2, "dashArray": "7 5", "opacity": 0.9, "fill": False}
        if perimeter
        else {
            "color": SCHOOL,
            "weight": 1.4,
            "opacity": 0.8,
            "fillColor": SCHOOL,
            "fillOpacity": 0.16,
            "interactive": False,
        }
    )
    mark = swatch(PERIMETER if perimeter else SCHOOL, shape="dash" if perimeter else "square")
    layer = folium.GeoJson(drawn, name=mark + name.html(), style_function=lambda _: style)
    if drawn["features"] and perimeter:
        layer.add_child(folium.GeoJsonTooltip(fields=["text"], labels=False, class_name="tip"))
    return layer


def _perimeter_text(row: pd.Series[Any]) -> Text:
    distance = row.get("distance_m")
    if distance is None or pd.isna(distance):
        return say("item.perimeter_plain")
    return say("item.perimeter", distance=f"{float(distance):g}")


def safe_name(row: pd.Series[Any]) -> str:
    """Return a row's name for Folium's HTML."""
    name = _plain(row.get("name"))
    return safe_text(name) if isinstance(name, str) and name else say("item.unnamed").html()


def schools_layer(schools: gpd.GeoDataFrame) -> ScriptLayer:
    """Return the signs of schools, each at a point inside its grounds."""
    look = {
        "shape": "square",
        "fillColor": SCHOOL,
        "ink": "#ffffff",
        "radius": 9,
        "sign": catalogue()["sign.school"].pair(),
    }
    mark = swatch(SCHOOL, catalogue()["sign.school"], shape="square")
    return _signs(schools, "school", ("stage", "detail"), look, say("layer.schools"), mark)


def gates_layer(gates: gpd.GeoDataFrame) -> ScriptLayer:
    """Return the signs of school gates."""
    look = {"shape": "ring", "fillColor": "#ffffff", "ink": SCHOOL, "radius": 4.5}
    return _signs(gates, "gate", ("school", "detail"), look, say("layer.gates"), swatch(SCHOOL, shape="ring"))


def hazard_layers(hazards: gpd.GeoDataFrame) -> Iterator[ScriptLayer]:
    """Yield one layer per category of hazard, in the order of the categories."""
    codes = hazards["category"].fillna("").astype(str)
    known = [code for code in COLOURS if (codes == code).any()]
    for code in [*known, *sorted(set(codes) - set(COLOURS))]:
        colour = COLOURS.get(code, OTHER)
        sign = say_or(f"sign.{code}", "?")
        look = {"shape": "disc", "fillColor": colour, "ink": ink_on(colour), "radius": 8.5, "sign": sign.pair()}
        category = say_or(f"category.{code}", code)
        fields = ("category", "subtype", "severity", "status", "distance_m", "detail")
        mark = swatch(colour, sign, ink=ink_on(colour))
        yield _signs(hazards[codes == code], "hazard", fields, look, say("layer.hazards", category=category), mark)


def ink_on(colour: str) -> str:
    """Return white or near-black, whichever can be read on a colour (WCAG contrast 4.5)."""
    channel = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channel]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else DARK


def _signs(
    frame: gpd.GeoDataFrame, kind: str, fields: Sequence[str], look: Mapping[str, Any], name: Text, mark: str
) -> ScriptLayer:
    present = [field for field in fields if field in frame.columns]
    places = shapely.point_on_surface(np.asarray(frame.geometry.values, dtype=object))
    if len(places) and np.any(shapely.is_missing(places) | shapely.is_empty(places)):
        at = int(np.flatnonzero(shapely.is_missing(places) | shapely.is_empty(places))[0])
        raise BadGeometryError(f"{kind} number {at + 1} has no place; leave it out of the map or give it one")
    x, y = shapely.get_x(places).round(6).tolist(), shapely.get_y(places).round(6).tolist()
    items = []
    for lon, lat, row in zip(x, y, frame.to_dict("records"), strict=True):
        severity = _plain(row.get("severity"))
        size = int(severity) if isinstance(severity, (int, float)) and severity in (1, 2, 3) else 0
        values = [_value(field, row.get(field)) for field in present]
        items.append([lat, lon, _plain(row.get("name")) or "", int(_plain(row.get("invented")) is True), size, values])
    keys = {"distance_m": "distance"}
    data = {
        "kind": catalogue()[f"item.{kind}"].pair(),
        "unnamed": catalogue()["item.unnamed"].pair(),
        "invented": catalogue()["item.invented"].pair(),
        "fields": [say_or(f"item.{keys.get(field, field)}", field).pair() for field in present],
        "look": dict(look),
        "items": items,
    }
    return ScriptLayer("signs", data, name=name, swatch=mark)


def _plain(value: Any) -> Any:
    """Return a frame's value as JSON knows it; nothing for a missing one."""
    if value is None or isinstance(value, (str, bool, Text)):
        return value.pair() if isinstance(value, Text) else value
    if pd.isna(value):
        return None
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (int, float)) else str(value)


def _value(field: str, value: Any) -> Any:
    plain = _plain(value)
    if plain is None or plain == "":
        return None
    if field == "severity":
        return say_or(
            f"severity.{plain:g}" if isinstance(plain, (int, float)) else f"severity.{plain}", str(plain)
        ).pair()
    if field == "category":
        return say_or(f"category.{plain}", str(plain)).pair()
    if field == "distance_m" and isinstance(plain, (int, float)):
        return f"{plain:.0f} m"
    return plain
