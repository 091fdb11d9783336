"""Distances are evidence: against a brute force over every edge, by geodesics alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from scipy.optimize import minimize_scalar

from gis.crs import GEOD
from gis.errors import BadGeometryError
from gis.geodesic import bearing_deg, distance_m, nearest_on_boundaries, pairs_within


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
