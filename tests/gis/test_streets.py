"""Travel times by street: against networkx on real towns, and on networks small enough to reckon by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import BadCoordinatesError, BadGeometryError, GisError
from gis.geodesic import distance_m
from gis.readers.osm.extract import read_osm
from gis.streets import (
    BICYCLE,
    CAR,
    DETOUR,
    FOOT,
    Mode,
    build_network,
    for_mode,
    snap,
    travel_times,
    way_between,
    ways_between,
)
from gis.streets.contraction import without_passed_nodes
from tests.conftest import skip_or_fail

GEOD = pyproj.Geod(ellps="WGS84")
LON, LAT = 120.24, 29.71
STEP = 0.001  # about 97 m eastwards, 111 m northwards


def at(column: float, row: float) -> tuple[float, float]:
    return LON + column * STEP, LAT + row * STEP


def streets(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    usual = {"highway": "residential", "oneway": 0, "foot": True, "car": True, "maxspeed_kmh": np.nan}
    frame = [usual | {**row, "geometry": shapely.LineString([at(*p) for p in row["geometry"]])} for row in rows]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def metres(*points: tuple[float, float]) -> float:
    lon, lat = zip(*(at(*p) for p in points), strict=True)
    return GEOD.line_length(lon, lat)


def plain(access: Any = "foot", **changes: Any) -> Mode:
    return replace(Mode("plain", access, {}, other_kmh=3.6), **changes)  # a metre a second


def seconds(frame: gpd.GeoDataFrame, mode: Mode, *places: tuple[float, float], **more: Any) -> np.ndarray:
    lon, lat = zip(*(at(*p) for p in places), strict=True)
    return travel_times(for_mode(build_network(frame), mode), lon, lat, **more).seconds


def test_a_street_is_walked_its_length() -> None:
    got = seconds(streets({"geometry": [(0, 0), (1, 0), (1, 1)]}), plain(), (0, 0), (1, 1))
    assert got == pytest.approx(np.array([[0, 1], [1, 0]]) * metres((0, 0), (1, 0), (1, 1)), abs=1e-5)


def test_the_shorter_of_two_parallel_streets_is_taken() -> None:
    frame = streets({"geometry": [(0, 0), (1, 1), (2, 0)]}, {"geometry": [(0, 0), (2, 0)]})
    assert seconds(frame, plain(), (0, 0), (2, 0))[0, 1] == pytest.approx(metres((0, 0), (2, 0)), abs=1e-5)


def test_two_places_on_one_edge_need_no_junction() -> None:
    frame = streets({"geometry": [(0, 0), (10, 0)]})
    got = seconds(frame, plain(), (2, 0), (5, 0), (3, 0))
    assert got[0] == pytest.approx(
        [0, metres((2, 0), (5, 0)), metres((2, 0), (3, 0))], abs=0.05
    )  # the street bends by 13 mm


@pytest.mark.parametrize("oneway", [1, -1])
def test_one_way_binds_cars_and_not_walkers(oneway: int) -> None:
    ring = {"geometry": [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)], "oneway": oneway}
    driven = seconds(streets(ring), plain("car"), (0.5, 0), (0.5, 1))
    walked = seconds(streets(ring), plain("foot", obeys_oneway=False), (0.5, 0), (0.5, 1))
    halves = metres((0.5, 0), (0, 0), (0, 1), (0.5, 1)), metres((0.5, 0), (1, 0), (1, 1), (0.5, 1))
    there, back = halves if oneway == 1 else halves[::-1]
    assert driven[0, 1] == pytest.approx(there, abs=1e-3)
    assert driven[1, 0] == pytest.approx(back, abs=1e-3)
    assert walked[0, 1] == pytest.approx(walked[1, 0]) == pytest.approx(min(halves), abs=1e-3)


def test_a_one_way_edge_is_no_way_back() -> None:
    frame = streets({"geometry": [(0, 0), (5, 0)], "oneway": 1})
    ways = for_mode(build_network(frame), plain("car"))
    times = travel_times(ways, [at(1, 0)[0], at(3, 0)[0]], [LAT, LAT])
    assert times.seconds[0, 1] == pytest.approx(metres((1, 0), (3, 0)), abs=0.05)
    assert times.unreachable.tolist() == [[1, 0]]
    assert not times.estimated.any()
    assert way_between(ways, at(3, 0), at(1, 0)).line.is_empty


def test_who_stands_at_a_junction_may_take_every_street_there() -> None:
    frame = streets({"geometry": [(0, 0), (2, 0)], "oneway": 1}, {"geometry": [(2, 0), (2, 2)]})
    got = seconds(frame, plain("car"), (2, 0), (2, 2), (1, 0))
    assert got[1, 0] == got[0, 1] == pytest.approx(metres((2, 0), (2, 2)), abs=1e-4)
    assert np.isinf(got[0, 2])


def test_streets_that_cross_without_a_common_vertex_are_a_bridge() -> None:
    under, over = {"geometry": [(0, 0), (2, 0)]}, {"geometry": [(1, -1), (1, 1)]}
    assert np.isinf(seconds(streets(under, over), plain(), (0, 0), (1, 1))[0, 1])
    met = streets({"geometry": [(0, 0), (1, 0), (2, 0)]}, {"geometry": [(1, -1), (1, 0), (1, 1)]})
    assert np.isfinite(seconds(met, plain(), (0, 0), (1, 1))[0, 1])


def test_nodes_outweigh_coordinates() -> None:
    frame = streets({"geometry": [(0, 0), (1, 0)]}, {"geometry": [(1, 0), (2, 0)]})
    frame["node_ids"] = [[1, 2], [3, 4]]
    assert np.isinf(seconds(frame, plain(), (0, 0), (2, 0))[0, 1])
    frame["node_ids"] = [[1, 2], None]
    assert np.isfinite(seconds(frame, plain(), (0, 0), (2, 0))[0, 1])
    frame["node_ids"] = [[1, 2], [2, 4]]
    assert np.isfinite(seconds(frame, plain(), (0, 0), (2, 0))[0, 1])


def test_junctions_cost_what_the_mode_says_and_ends_nothing() -> None:
    cross = streets(
        {"geometry": [(0, 0), (1, 0), (2, 0)], "highway": "primary"}, {"geometry": [(1, -1), (1, 0), (1, 1)]}
    )
    mode = plain(junction_s=7.0, crossing_s=20.0)
    got = seconds(cross, mode, (0, 0), (2, 0))[0, 1]
    assert got == pytest.approx(metres((0, 0), (2, 0)) + 27.0, abs=1e-4)
    side = streets({"geometry": [(0, 0), (1, 0), (2, 0)]}, {"geometry": [(1, -1), (1, 0), (1, 1)]})
    assert seconds(side, mode, (0, 0), (2, 0))[0, 1] == pytest.approx(metres((0, 0), (2, 0)) + 7.0, abs=1e-4)


def test_limits_and_classes_make_the_speed() -> None:
    frame = streets(
        {"geometry": [(0, 0), (5, 0)], "highway": "primary", "maxspeed_kmh": 30.0},
        {"geometry": [(5, 0), (9, 0)], "highway": "primary"},
    )
    car = replace(CAR, junction_s=0.0, crossing_s=0.0)
    got = seconds(frame, car, (0, 0), (5, 0), (9, 0))
    assert got[0, 1] == pytest.approx(metres((0, 0), (5, 0)) * 3.6 / 30, abs=1e-4)
    assert got[1, 2] == pytest.approx(metres((5, 0), (9, 0)) * 3.6 / 65, abs=1e-4)


def test_each_mode_keeps_to_its_streets() -> None:
    frame = streets(
        {"geometry": [(0, 0), (2, 0)], "highway": "steps", "car": False},
        {"geometry": [(0, 0), (0, 1), (2, 1), (2, 0)], "highway": "motorway", "foot": False},
        {"geometry": [(0, 0), (0, -2), (2, -2), (2, 0)], "highway": "residential"},
    )
    network = build_network(frame)
    taken = {
        mode.name: way_between(for_mode(network, mode), at(0, 0), at(2, 0)).streets for mode in (FOOT, BICYCLE, CAR)
    }
    assert taken == {"foot": (0,), "bicycle": (2,), "car": (1,)}


def test_a_place_beside_the_street_is_walked_to() -> None:
    frame = streets({"geometry": [(0, 0), (5, 0)]})
    mode = plain(access_kmh=1.8)
    got = seconds(frame, mode, (1, 1), (4, -1))[0, 1]
    assert got == pytest.approx(metres((1, 0), (4, 0)) + 2 * (metres((1, 0), (1, 1)) * 2), rel=1e-4)


def test_where_there_is_no_street_the_straight_line_is_flagged() -> None:
    ways = for_mode(build_network(streets({"geometry": [(0, 0), (5, 0)]})), plain())
    lon, lat = zip(at(0, 0), at(100, 0), at(5, 0), strict=True)
    times = travel_times(ways, lon, lat)
    straight = float(distance_m(lon[0], lat[0], lon[1], lat[1]))
    assert times.seconds[0, 1] == pytest.approx(DETOUR * straight)
    assert times.estimated.tolist() == [[False, True, False], [True, False, True], [False, True, False]]
    way = way_between(ways, at(0, 0), at(100, 0))
    assert way.estimated
    assert way.seconds == pytest.approx(times.seconds[0, 1])


def test_no_streets_at_all_is_the_straight_line_everywhere() -> None:
    empty = streets({"geometry": [(0, 0), (1, 0)]}).iloc[:0]
    times = travel_times(for_mode(build_network(empty), FOOT), [120.24, 120.25], [29.71, 29.71])
    assert times.estimated[0, 1]
    assert times.seconds[0, 1] == pytest.approx(967.65 * 1.3 * 3.6 / 4.8, rel=1e-3)


def test_a_fragment_that_leads_nowhere_is_passed_over() -> None:
    grid = [{"geometry": [(c, 0), (c + 1, 0)]} for c in range(300)]
    yard = {"geometry": [(3.2, 0.2), (3.4, 0.2)]}
    ways = for_mode(build_network(streets(*grid, yard)), plain())
    assert snap(ways, [at(3.3, 0.2)[0]], [at(3.3, 0.2)[1]]).edge.tolist() == [3]


def test_the_way_is_drawn_from_place_to_place() -> None:
    frame = streets({"geometry": [(0, 0), (2, 0)]}, {"geometry": [(2, 0), (2, 2)]}, {"geometry": [(2, 0), (9, 0)]})
    ways = for_mode(build_network(frame), plain())
    way = way_between(ways, at(0.5, 0), at(2, 1.5))
    assert np.asarray(way.line.coords) == pytest.approx(np.array([at(0.5, 0), at(2, 0), at(2, 1.5)]), abs=1e-7)
    assert way.streets == (0, 1)
    assert way.length_m == pytest.approx(metres((0.5, 0), (2, 0), (2, 1.5)), abs=1e-3)
    assert way.seconds == pytest.approx(way.length_m, abs=1e-3)


def test_a_place_to_itself_takes_no_time() -> None:
    ways = for_mode(build_network(streets({"geometry": [(0, 0), (5, 0)]})), FOOT)
    assert travel_times(ways, [at(1, 1)[0]] * 2, [at(1, 1)[1]] * 2).seconds.tolist() == [[0, 0], [0, 0]]
    assert way_between(ways, at(1, 1), at(1, 1)).seconds == 0.0


def test_bad_input_is_named() -> None:
    good = streets({"geometry": [(0, 0), (1, 0)]})
    with pytest.raises(GisError, match="there is no car"):
        build_network(good.drop(columns="car"))
    with pytest.raises(BadGeometryError, match="Point"):
        build_network(good.set_geometry([shapely.Point(0, 0)], crs="EPSG:4326"))
    with pytest.raises(BadCoordinatesError):
        travel_times(for_mode(build_network(good), FOOT), [np.nan], [29.0])
    with pytest.raises(GisError, match="no speed"):
        Mode("still", "foot")


@given(st.integers(0, 10_000), st.integers(2, 40), st.floats(1.0, 3.0))
@settings(max_examples=60, deadline=None)
def test_contraction_changes_no_time(seed: int, nodes: int, arcs_a_node: float) -> None:
    rng = np.random.default_rng(seed)
    arcs = int(nodes * arcs_a_node)
    tail, head = rng.integers(0, nodes, (2, arcs))
    cost = rng.integers(1, 20, arcs).astype(float)
    kept = rng.random(nodes) < 0.3
    graph, small = nx.MultiDiGraph(), nx.MultiDiGraph()
    for g, rows in ((graph, (tail, head, cost)), (small, without_passed_nodes(tail, head, cost, kept))):
        g.add_nodes_from(range(nodes))
        g.add_weighted_edges_from(zip(*(v.tolist() for v in rows), strict=True))
    for source in np.flatnonzero(kept).tolist():
        full, less = (nx.single_source_dijkstra_path_length(g, source) for g in (graph, small))
        assert {k: v for k, v in full.items() if kept[k]} == {k: v for k, v in less.items() if kept[k]}


def nx_of(frame: gpd.GeoDataFrame, mode: Mode, ids: list[list[Any]]) -> nx.MultiDiGraph:
    """Return every step between neighbouring vertices as an arc: nothing of ours is used."""
    graph = nx.MultiDiGraph()
    allowed = frame.foot if mode.access == "foot" else frame.car
    rows = zip(frame.geometry, ids, frame.highway, frame.oneway, frame.maxspeed_kmh, allowed, strict=True)
    for line, nodes, highway, oneway, limit, may in rows:
        kmh = mode.speeds_kmh.get(highway, mode.other_kmh)
        if mode.obeys_limit and limit > 0:
            kmh = min(kmh, limit)
        if not may or kmh <= 0:
            continue
        lon, lat = np.asarray(line.coords).T
        _, _, steps = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        for a, b, m in zip(nodes[:-1], nodes[1:], steps, strict=True):
            if oneway >= 0 or not mode.obeys_oneway:
                graph.add_edge(a, b, weight=m * 3.6 / kmh)
            if oneway <= 0 or not mode.obeys_oneway:
                graph.add_edge(b, a, weight=m * 3.6 / kmh)
    return graph


def compare(frame: gpd.GeoDataFrame, mode: Mode, ids: list[list[Any]], sources: int, targets: int) -> None:
    mode = replace(mode, junction_s=0.0, crossing_s=0.0)
    graph = nx_of(frame, mode, ids)
    place = {
        n: c for line, nodes in zip(frame.geometry, ids, strict=True) for n, c in zip(nodes, line.coords, strict=True)
    }
    ways = for_mode(build_network(frame), mode)
    used = np.unique(np.concatenate([ways.network.start[ways.snappable], ways.network.end[ways.snappable]]))
    known = {c: n for n, c in place.items()}
    rng = np.random.default_rng(7)
    chosen = rng.choice(used, targets, replace=False)
    lon, lat = ways.network.lon[chosen], ways.network.lat[chosen]
    names = [known[c] for c in zip(lon.tolist(), lat.tolist(), strict=True)]
    got = travel_times(ways, lon, lat)
    assert not got.estimated.any()
    for i in range(sources):
        reached = nx.single_source_dijkstra_path_length(graph, names[i])
        expected = [reached.get(name, np.inf) for name in names]
        assert got.seconds[i] == pytest.approx(expected, abs=1e-6)
        way = way_between(ways, (lon[i], lat[i]), (lon[-1], lat[-1]))
        assert way.seconds == pytest.approx(expected[-1], abs=1e-6)
        assert GEOD.geometry_length(way.line) == pytest.approx(way.length_m, rel=1e-5)


@pytest.mark.shared
@pytest.mark.parametrize("mode", [FOOT, CAR], ids=lambda mode: mode.name)
def test_heidelberg_as_networkx_has_it(shared_data: Path, mode: Mode) -> None:
    file = shared_data / "osm" / "heidelberg.osm.pbf"
    if not file.is_file():
        skip_or_fail(f"{file.name} is not there")
    frame = read_osm(file).streets
    ids = [
        nodes if len(nodes) == len(line.coords) else []
        for nodes, line in zip(frame["node_ids"], frame.geometry, strict=True)
    ]
    # A way with two nodes at one place has one vertex fewer than nodes.
    node = {
        c: n for nodes, line in zip(ids, frame.geometry, strict=True) for n, c in zip(nodes, line.coords, strict=False)
    }
    ids = [nodes or [node.get(c, c) for c in line.coords] for nodes, line in zip(ids, frame.geometry, strict=True)]
    compare(frame, mode, ids, sources=3, targets=60)


@pytest.mark.shared
def test_futian_as_networkx_has_it(shared_data: Path) -> None:
    file = shared_data / "shenzhen" / "futian_streets.graphml"
    if not file.is_file():
        skip_or_fail(f"{file.name} is not there")
    drawn = nx.read_graphml(file)
    rows = []
    for a, b, said in drawn.edges(data=True):
        ends = [(float(drawn.nodes[n]["x"]), float(drawn.nodes[n]["y"])) for n in (a, b)]
        line = shapely.from_wkt(said["geometry"]) if "geometry" in said else shapely.LineString(ends)
        rows.append((said["highway"].split("'")[1] if "[" in said["highway"] else said["highway"], line))
    frame = gpd.GeoDataFrame(
        {"highway": [kind for kind, _ in rows], "oneway": 1, "foot": True, "car": True, "maxspeed_kmh": np.nan},
        geometry=[line for _, line in rows],
        crs="EPSG:4326",
    )
    frame = frame[shapely.length(frame.geometry.to_numpy()) > 0].reset_index(drop=True)
    ids = [list(line.coords) for line in frame.geometry]
    compare(frame, CAR, ids, sources=20, targets=300)
    compare(frame, FOOT, ids, sources=10, targets=100)


def test_many_ways_at_once_are_the_ways_one_by_one() -> None:
    rng = np.random.default_rng(6)
    rows = [{"geometry": [(c, r) for c in range(4)], "oneway": r % 2} for r in range(4)]
    columns = [{"geometry": [(c, r) for r in range(4)]} for c in range(4)]
    ways = for_mode(build_network(streets(*rows, *columns)), CAR)
    lon, lat = LON + rng.uniform(0, 3, 5) * STEP, LAT + rng.uniform(0, 3, 5) * STEP
    pairs = [(a, b) for a in range(5) for b in range(5)]
    times = travel_times(ways, lon, lat)
    for (a, b), way in zip(pairs, ways_between(ways, lon, lat, pairs), strict=True):
        alone = way_between(ways, (lon[a], lat[a]), (lon[b], lat[b]))
        assert way.seconds == pytest.approx(alone.seconds, abs=1e-6)
        assert way.seconds == pytest.approx(times.seconds[a, b], abs=1e-6)
        assert way.length_m == pytest.approx(alone.length_m, abs=0.01)
