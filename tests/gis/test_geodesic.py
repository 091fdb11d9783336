"""Distances are evidence: against a brute force over every edge, by geodesics alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from scipy.optimize import minimize_scalar

from gis.crs import GEOD
from gis.errors import BadCoordinatesError, BadGeometryError, GisError
from gis.geodesic import bearing_deg, distance_m, nearest_on_boundaries, pairs_of_places, pairs_within, quick_distance_m


def brute_force(lon: float, lat: float, wall: shapely.Polygon) -> float:
    """Minimise the geodesic along every edge, each straight in longitude and latitude (RFC 7946)."""
    if shapely.intersects_xy(wall, lon, lat):
        return 0.0
    best = np.inf
    for ring in (wall.exterior, *wall.interiors):
        corners = np.array(ring.coords)
        for start, end in itertools.pairwise(corners):

            def away(t: float, start: np.ndarray = start, end: np.ndarray = end) -> float:
                x, y = start + t * (end - start)
                return float(GEOD.inv(lon, lat, x, y)[2])

            found = minimize_scalar(away, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
            best = min(best, found.fun, away(0), away(1))
    return best


def star(random: np.random.Generator, lon: float, lat: float, size_m: float) -> shapely.Polygon:
    """Return a simple polygon of 3 to 12 corners, not convex, around a place."""
    count = int(random.integers(3, 13))
    angles = np.sort(random.uniform(0, 360, count)) if count > 3 else np.array([0.0, 120.0, 240.0])
    corners = [GEOD.fwd(lon, lat, a, size_m * random.uniform(0.3, 1.0))[:2] for a in angles]
    return shapely.Polygon(corners)


def test_distances_equal_the_brute_force_from_50_south_to_60_north() -> None:
    random = np.random.default_rng(20261123)
    worst = 0.0
    for _ in range(150):
        lon, lat = random.uniform(-179, 179), random.uniform(-50, 60)
        wall = star(random, lon, lat, random.uniform(10, 600))
        if not wall.is_valid:
            continue
        x, y, _ = GEOD.fwd(lon, lat, random.uniform(0, 360), random.uniform(0, 1500))
        found = nearest_on_boundaries(np.array([shapely.Point(x, y)]), np.array([wall]))
        expected = brute_force(x, y, wall)
        worst = max(worst, abs(found.distance_m[0] - expected))
        assert GEOD.inv(x, y, found.lon[0], found.lat[0])[2] == pytest.approx(found.distance_m[0], abs=1e-9)
    assert worst < 1e-3  # a millimetre


def test_all_pairs_within_a_limit_are_found_also_over_a_zone_border() -> None:
    """The 3-degree zones of 120° and 123° meet at 121.5° E."""
    random = np.random.default_rng(5)
    walls = np.array(
        [star(random, 121.5 + random.uniform(-0.02, 0.02), 29.7 + random.uniform(-0.02, 0.02), 150) for _ in range(30)]
    )
    walls = walls[shapely.is_valid(walls)]
    lon, lat = 121.5 + random.uniform(-0.02, 0.02, 60), 29.7 + random.uniform(-0.02, 0.02, 60)
    limit = random.uniform(50, 400, len(walls))
    found = pairs_within(np.array(shapely.points(lon, lat)), walls, limit)
    mine = {(int(p), int(b)) for p, b in zip(found.point_index, found.boundary_index, strict=True)}
    expected = {
        (p, b) for p in range(60) for b in range(len(walls)) if brute_force(lon[p], lat[p], walls[b]) <= limit[b]
    }
    assert mine == expected
    assert len(mine) > 20


def test_the_limit_itself_is_within() -> None:
    wall, place = shapely.box(120.0, 29.0, 120.001, 29.001), np.array([shapely.Point(120.003, 29.0005)])
    exact = nearest_on_boundaries(place, np.array([wall])).distance_m[0]
    assert len(pairs_within(place, np.array([wall]), exact)) == 1
    assert len(pairs_within(place, np.array([wall]), np.nextafter(exact, 0))) == 0


def test_inside_and_on_the_boundary_the_distance_is_zero() -> None:
    ring = shapely.box(120.0, 29.0, 120.01, 29.01) - shapely.box(120.004, 29.004, 120.006, 29.006)
    places = [shapely.Point(120.001, 29.001), shapely.Point(120.0, 29.005), shapely.Point(120.005, 29.005)]
    found = nearest_on_boundaries(np.array(places), np.array([ring] * 3))
    assert found.distance_m[:2].tolist() == [0, 0]
    assert found.distance_m[2] == pytest.approx(97.3, abs=0.2)  # in a courtyard the wall is away


def test_plain_distances_and_bearings() -> None:
    assert distance_m(120, 29, 120, 29) == 0
    assert bearing_deg(120, 29, 120, 30) == 0
    assert bearing_deg(120, 29, 119.99, 29) == pytest.approx(270, abs=0.01)


def test_200_m_in_web_mercator_are_not_200_m() -> None:
    """The usual mistake, for the record: 200 m of EPSG:3857 are 173.8 m at this latitude."""
    from gis.crs import project, unproject

    x, y = project(120.24, 29.71, "EPSG:3857")
    lon, lat = unproject(x + 200, y, "EPSG:3857")
    assert distance_m(120.24, 29.71, lon[0], lat[0]) == pytest.approx(173.8, abs=0.3)


def test_missing_shapes_are_named() -> None:
    with pytest.raises(BadGeometryError, match="boundary 0"):
        nearest_on_boundaries(np.array([shapely.Point(0, 0)]), np.array([None]))
    assert len(pairs_within(np.empty(0, dtype=object), np.empty(0, dtype=object), 100)) == 0


@pytest.mark.parametrize(("lon", "lat"), [(120.24, 29.71), (121.5, 59.9), (179.999, -16.8), (-70.9, -49.9), (0.0, 0.0)])
def test_no_pair_is_lost_on_the_way_to_the_measuring(lon: float, lat: float) -> None:
    """All pairs measured one by one, with places of very different exactness, also over ±180° of longitude."""
    random = np.random.default_rng(11)
    centres = [GEOD.fwd(lon, lat, random.uniform(0, 360), random.uniform(0, 4000))[:2] for _ in range(25)]
    walls = np.array([shapely.box(x, y, x + 0.0006, y + 0.0005) for x, y in centres if x < 179.999])
    found_at = [GEOD.fwd(lon, lat, random.uniform(0, 360), random.uniform(0, 5000))[:2] for _ in range(400)]
    x, y = np.array(found_at).T
    limit, margin = random.uniform(50, 400, len(walls)), random.choice([0.0, 5.0, 120.0, 900.0], 400)
    found = pairs_of_places(x, y, walls, limit, point_margin_m=margin)
    point, wall = (v.ravel() for v in np.meshgrid(np.arange(400), np.arange(len(walls)), indexing="ij"))
    each = nearest_on_boundaries(np.array(shapely.points(x, y), dtype=object)[point], walls[wall])
    near = each.distance_m <= limit[wall] + margin[point]
    assert found.point_index.tolist() == point[near].tolist()
    assert found.boundary_index.tolist() == wall[near].tolist()
    assert found.distance_m == pytest.approx(each.distance_m[near], abs=1e-9)
    assert len(found) > 100


def test_a_long_wall_is_straight_in_degrees_and_its_middle_lies_on_it() -> None:
    wall = shapely.Polygon([(10.0, 59.9), (10.05, 59.91), (10.05, 59.92)])
    on_it = np.array([shapely.Point(10.025, 59.905), shapely.Point(10.0 + 0.05 / 7, 59.9 + 0.01 / 7)], dtype=object)
    assert nearest_on_boundaries(on_it, np.array([wall, wall])).distance_m.tolist() == [0, 0]


def test_parts_of_a_campus_count_each_and_a_shape_may_come_again() -> None:
    apart = shapely.union_all([shapely.box(120.0, 29.0, 120.001, 29.001), shapely.box(120.01, 29.0, 120.011, 29.001)])
    places = shapely.points([120.002, 120.009, 120.0105], [29.0005] * 3)
    found = nearest_on_boundaries(places, np.array([apart] * 3))
    assert found.distance_m == pytest.approx([97.4, 97.4, 0], abs=0.1)
    assert found.lon == pytest.approx([120.001, 120.01, 120.0105])


def test_what_is_no_number_is_refused_and_not_passed_over() -> None:
    wall = np.array([shapely.box(120.0, 29.0, 120.001, 29.001)])
    with pytest.raises(BadCoordinatesError, match="place 1"):
        pairs_of_places(np.array([120.0, np.nan]), np.array([29.0, 29.0]), wall, 100)
    with np.errstate(invalid="ignore"):
        no_number = np.array([shapely.LineString([(0, 0), (np.nan, 1)])])
    with np.errstate(invalid="ignore"), pytest.raises(BadCoordinatesError, match="boundary 0"):
        pairs_within(np.array([shapely.Point(0, 0)]), no_number, 100)
    with pytest.raises(GisError, match="limit"):
        pairs_of_places(np.array([120.0]), np.array([29.0]), wall, np.nan)
    with pytest.raises(BadGeometryError, match="as many"):
        nearest_on_boundaries(np.array([shapely.Point(0, 0)] * 2), wall)


def test_the_quick_distance_is_a_micrometre_off_at_most() -> None:
    random = np.random.default_rng(3)
    lon, lat, away = random.uniform(-170, 170, 500), random.uniform(-60, 60, 500), random.uniform(0, 1_000, 500)
    x, y, _ = GEOD.fwd(lon, lat, random.uniform(0, 360, 500), away)
    assert np.abs(quick_distance_m(lon, lat, x, y) - away).max() < 1e-5
