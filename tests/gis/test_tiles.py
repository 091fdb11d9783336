"""Vector tiles against pyproj and a decoder."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from gis.errors import BadCoordinatesError
from gis.tiles import DEEPEST, EXTENT, MARGIN, TileLayer, tile_bounds, vector_tile

WORLD_M = 2 * np.pi * 6_378_137.0
LEVEL = DEEPEST


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    return int((x / WORLD_M + 0.5) * 2**z), int((0.5 - y / WORLD_M) * 2**z)


def decoded(content: bytes) -> dict[str, list[dict[str, object]]]:
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True, "geojson": False})
    return {name: layer["features"] for name, layer in layers.items()}


def layer(*shapes: shapely.Geometry) -> TileLayer:
    geometry = np.array(shapes, dtype=object)
    return TileLayer(geometry, [{"name": str(n)} for n in range(len(shapes))])


@given(st.floats(-179.9, 179.9), st.floats(-84.9, 84.9), st.integers(0, DEEPEST))
def test_a_point_lies_where_web_mercator_puts_it(lon: float, lat: float, z: int) -> None:
    x, y = tile_of(lon, lat, z)
    east, north = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    (feature,) = decoded(vector_tile({"names": layer(shapely.Point(lon, lat))}, z, x, y))["names"]
    found = np.array(feature["geometry"]["coordinates"], dtype=float)  # type: ignore[index]
    units = np.array([(east / WORLD_M + 0.5) * 2**z - x, (0.5 - north / WORLD_M) * 2**z - y]) * EXTENT
    assert np.abs(found - units).max() <= 0.51


@given(st.floats(-179, 179), st.floats(-84, 84), st.integers(1, DEEPEST))
def test_the_box_of_a_tile_holds_its_places(lon: float, lat: float, z: int) -> None:
    west, south, east, north = tile_bounds(z, *tile_of(lon, lat, z))
    assert west <= lon <= east
    assert south <= lat <= north
    assert (east - west) * 2**z <= 360 * (1 + 2 * MARGIN / EXTENT) + 1e-6


def test_shapes_are_cut_at_the_margin_and_holes_stay_holes() -> None:
    x, y = tile_of(120.2, 29.7, LEVEL)
    west, south, east, north = tile_bounds(LEVEL, x, y)
    wide = shapely.box(west - 1, south - 1, east + 1, north + 1)
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    hole = middle.buffer((east - west) / 8)
    content = decoded(vector_tile({"buildings": layer(wide.difference(hole))}, LEVEL, x, y))
    (feature,) = content["buildings"]
    outer, inner = feature["geometry"]["coordinates"]  # type: ignore[index]
    assert np.min(outer) == -MARGIN
    assert np.max(outer) == EXTENT + MARGIN
    assert len(inner) > 8


def test_what_lies_elsewhere_is_not_in_the_tile() -> None:
    x, y = tile_of(120.2, 29.7, LEVEL)
    assert vector_tile({"streets": layer(shapely.LineString([(121, 30), (121.1, 30)]))}, LEVEL, x, y) == b""
    assert vector_tile({"streets": TileLayer(np.empty(0, dtype=object), [])}, LEVEL, x, y) == b""


def test_specks_are_left_out_where_they_could_not_be_seen() -> None:
    house = shapely.box(120.2, 29.7, 120.20001, 29.70001)  # a metre
    deep = tile_of(120.2, 29.7, DEEPEST)
    far = tile_of(120.2, 29.7, 12)
    assert vector_tile({"buildings": layer(house)}, DEEPEST, *deep) != b""
    assert vector_tile({"buildings": layer(house)}, 12, *far) == b""


def test_an_outline_that_crosses_itself_is_drawn_all_the_same() -> None:
    x, y = tile_of(120.2, 29.7, LEVEL)
    bow = shapely.Polygon([(120.2, 29.7), (120.203, 29.703), (120.203, 29.7), (120.2, 29.703)])
    assert decoded(vector_tile({"buildings": layer(bow)}, LEVEL, x, y))["buildings"]


@pytest.mark.parametrize(
    ("z", "x", "y"), [(-1, 0, 0), (DEEPEST + 1, 0, 0), (10**20, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)]
)
def test_there_is_no_such_tile(z: int, x: int, y: int) -> None:
    with pytest.raises(BadCoordinatesError, match=r"there is no (tile|level)"):
        tile_bounds(z, x, y)
