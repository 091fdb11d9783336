"""Named things and addresses, for looking them up offline."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gis.readers.osm.naming import Tags, address_of, house_of, name_of, other_names_of
from gis.readers.osm.scan import Features

COLUMNS = ["osm_id", "name", "alt_names", "kind", "detail", "address", "geometry"]
SAME_STREET_M = 1000.0
_EARTH_M = 6_371_008.8

_STATIONS = (
    ("railway", frozenset(["station", "halt", "tram_stop", "subway_entrance"])),
    ("public_transport", frozenset(["station", "stop_position", "platform"])),
    ("highway", frozenset(["bus_stop"])),
    ("amenity", frozenset(["bus_station", "ferry_terminal"])),
    ("aeroway", frozenset(["aerodrome", "terminal"])),
)
_POIS = (
    "amenity", "shop", "leisure", "tourism", "office", "healthcare", "craft", "historic", "sport", "club", "landuse",
    "natural", "man_made", "emergency", "military",
)  # fmt: skip


def find_places(features: Features, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what a gazetteer can find: places, streets, addresses, stations, named amenities and buildings.

    A street is one row for each stretch of ways of the same name no more than 1 km apart, at the middle of the way that
    lies nearest to the stretch's centre. An address is one row, however many shops share the house.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``osm_id``, ``name``, ``alt_names`` (list), ``kind`` (``place``, ``street``, ``address``, ``station``, ``poi``,
        ``building``), ``detail`` (``key=value``), ``address``, ``geometry`` (Point, WGS 84; of areas a point inside).
    """
    rows = []
    index = []
    for number, tags in enumerate(features.tags):
        for row in _rows_of(features.osm_id[number], tags):
            rows.append(row)
            index.append(number)
    frame = pd.DataFrame(rows, columns=COLUMNS[:-1])
    points = shapely.point_on_surface(features.geometry[np.array(index, dtype=np.intp)])
    named = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
    named = named[~_same_address(named)]
    both = [part for part in (named, _street_places(streets)) if len(part)]
    if not both:
        return named
    return gpd.GeoDataFrame(pd.concat(both, ignore_index=True), geometry="geometry", crs="EPSG:4326")[COLUMNS]


def _rows_of(osm_id: str, tags: Tags) -> Iterator[tuple[str, str, list[str], str, str, str]]:
    name = name_of(tags)
    address = address_of(tags)
    if name and (found := _kind_of(tags)):
        yield osm_id, name, other_names_of(tags), found[0], found[1], address
    if house := house_of(tags):
        yield osm_id, house, [], "address", "", address


def _kind_of(tags: Tags) -> tuple[str, str] | None:
    if "place" in tags:
        return "place", f"place={tags['place']}"
    for key, values in _STATIONS:
        if tags.get(key) in values:
            return "station", f"{key}={tags[key]}"
    for key in _POIS:
        if tags.get(key, "no") != "no":
            return "poi", f"{key}={tags[key]}"
    if tags.get("boundary") == "administrative":
        return "place", "boundary=administrative"
    if tags.get("building", "no") != "no":
        return "building", f"building={tags['building']}"
    return None


def _same_address(places: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which address rows repeat an earlier one nearby (the same text within a cell of about 500 m)."""
    x, y = np.floor(places.geometry.x / 0.005), np.floor(places.geometry.y / 0.005)
    keys = pd.DataFrame({"address": places["address"], "name": places["name"], "x": x, "y": y, "kind": places["kind"]})
    return np.asarray(keys.duplicated().to_numpy() & (places["kind"] == "address").to_numpy(), dtype=bool)


def _street_places(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    named = streets[(streets["name"] != "").to_numpy()]
    if named.empty:
        return gpd.GeoDataFrame({column: [] for column in COLUMNS}, geometry="geometry", crs="EPSG:4326")
    lines = named.geometry.to_numpy()
    codes, names = pd.factorize(named["name"])
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    ends = [shapely.get_point(lines, 0), middle, shapely.get_point(lines, -1)]
    label = _stretches(np.concatenate(ends), np.tile(codes, 3), np.tile(np.arange(len(lines)), 3))
    table = pd.DataFrame(
        {"label": label, "x": shapely.get_x(middle), "y": shapely.get_y(middle), "row": np.arange(len(lines))}
    )
    table["off"] = np.hypot(
        (table["x"] - table.groupby("label")["x"].transform("mean")) * np.cos(np.radians(table["y"])),
        table["y"] - table.groupby("label")["y"].transform("mean"),
    )
    chosen = table.sort_values(["off", "row"], kind="stable").drop_duplicates("label")["row"].sort_values().to_numpy()
    columns = {
        "osm_id": named["osm_id"].to_numpy()[chosen],
        "name": np.asarray(names)[codes[chosen]],
        "alt_names": named["alt_names"].to_numpy()[chosen],
        "kind": "street",
        "detail": [f"highway={kind}" for kind in named["highway"].to_numpy()[chosen]],
        "address": "",
    }
    return gpd.GeoDataFrame(columns, geometry=middle[chosen], crs="EPSG:4326")


def _stretches(points: NDArray[np.object_], names: NDArray[np.intp], ways: NDArray[np.intp]) -> NDArray[np.int32]:
    """Return for each way the number of its stretch: ways of one name that are linked by steps of at most 1 km."""
    lon, lat = np.radians(shapely.get_x(points)), np.radians(shapely.get_y(points))
    sphere = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]) * _EARTH_M
    # a fourth dimension keeps the names apart: points of different names are never within reach
    tree = cKDTree(np.column_stack([sphere, names * (10 * SAME_STREET_M)]))
    one, other = tree.query_pairs(SAME_STREET_M, output_type="ndarray").T
    size = int(ways.max()) + 1
    graph = coo_array((np.ones(len(one), dtype=bool), (ways[one], ways[other])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)
