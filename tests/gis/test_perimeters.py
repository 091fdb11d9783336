"""Every point within d metres of the campus, and no other: against brute force on the ellipsoid.

The campuses are made up from a fixed seed. The reference shares nothing with the code under test: the campus outline is
sampled every metre along its edges (straight in longitude and latitude), the nearest sample is found in space (a chord
of 1 km is 1 micrometre shorter than its geodesic), and the geodesic to it is pyproj's. It is at most 0.7 mm too long at
200 m.
"""

from __future__ import annotations

import itertools

import numpy as np
import pyproj
import pytest
import shapely
from scipy.spatial import cKDTree

from gis.errors import BadCoordinatesError, BadGeometryError, GisError
from gis.perimeters import campus_disc, control_zones

GEOD = pyproj.Geod(ellps="WGS84")
SAMPLE_M = 1.0


# ------------------------------------------------------------------------------------------------ the reference


def in_space(lon, lat):
    """Return points of the WGS 84 ellipsoid as x, y, z in metres (the textbook formula)."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    phi, lam = np.radians(lat), np.radians(lon)
    n = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    return np.column_stack([n * np.cos(phi) * np.cos(lam), n * np.cos(phi) * np.sin(lam), n * (1 - e2) * np.sin(phi)])


def along_edges(xy, step_m):
    """Return points along the edges of a ring, interpolated straight in longitude and latitude."""
    out = []
    for (x1, y1), (x2, y2) in itertools.pairwise(xy):
        length = np.hypot((x2 - x1) * np.cos(np.radians(y1)), y2 - y1) * 111_700
        t = np.linspace(0, 1, max(int(np.ceil(length / step_m)), 1) + 1)
        out.append(np.column_stack([x1 + t * (x2 - x1), y1 + t * (y2 - y1)]))
    return np.concatenate(out)


class Outline:
    """A campus outline, sampled, that tells geodesic distances to itself."""

    def __init__(self, campus):
        rings = shapely.get_rings(shapely.get_parts(campus))
        self.samples = np.concatenate([along_edges(shapely.get_coordinates(r), SAMPLE_M) for r in rings])
        self.tree = cKDTree(in_space(*self.samples.T))

    def distance_m(self, lon, lat):
        _, nearest = self.tree.query(in_space(lon, lat))
        return np.asarray(GEOD.inv(lon, lat, *self.samples[nearest].T)[2])


def edge_points(zone, per_edge=3):
    """Return the vertices of a zone's rings and points between them, straight in longitude and latitude."""
    points = []
    for ring in shapely.get_rings(shapely.get_parts(zone)):
        xy = shapely.get_coordinates(ring)
        for t in np.arange(per_edge) / per_edge:
            points.append(xy[:-1] + t * (xy[1:] - xy[:-1]))
    return np.concatenate(points)


def errors_m(campus, zone, distance_m):
    """Return how far each point of the zone's edge is from the distance; + is too far out."""
    points = edge_points(zone)
    off_cut = np.abs(points[:, 0]) < 180 - 1e-9  # an edge along the antimeridian is a cut, not the zone's end
    lon, lat = points[off_cut].T
    return Outline(campus).distance_m(lon, lat) - distance_m


# ------------------------------------------------------------------------------------------------- the campuses


def place(shape_m, lon, lat):
    """Set a shape drawn in metres down at a place, roughly to scale."""
    k = np.array([111_320 * np.cos(np.radians(lat)), 110_900])
    return shapely.transform(shape_m, lambda xy: xy / k + [lon, lat])


def star(rng, across_m, rough):
    corners = int(rng.integers(3, 40))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = across_m / 2 * rng.uniform(1 - rough, 1, corners)
    return shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def comb(rng, across_m):
    """A front with wings, and dents and kerbs of centimetres to metres between them."""
    x = np.sort(rng.uniform(0, across_m, 30))
    y = across_m * 0.3 * rng.choice([0.0, 1.0], 30) + rng.choice([0.01, 0.3, 2.0], 30) * rng.uniform(0, 1, 30)
    return shapely.Polygon([(0, -across_m / 3), (across_m, -across_m / 3), *zip(x[::-1], y[::-1], strict=True)])


def draw(rng, kind, across_m):
    if kind == "smooth":
        return star(rng, across_m, 0.05)
    if kind == "jagged":
        return star(rng, across_m, 0.8)
    if kind == "comb":
        return comb(rng, across_m)
    if kind == "plain":  # long edges, any bearing
        box = shapely.box(0, 0, across_m * rng.uniform(0.05, 1), across_m)
        return shapely.affinity.rotate(box, rng.uniform(0, 90))
    if kind == "courtyard":
        whole = star(rng, across_m, 0.3)
        return whole.difference(shapely.affinity.scale(whole, 0.7, 0.6))
    apart = across_m * rng.uniform(0.6, 2.0)
    return shapely.union_all(
        [star(rng, across_m, 0.5), shapely.affinity.translate(star(rng, across_m / 2, 0.5), apart, apart / 3)]
    )


def campuses(count, seed):
    rng = np.random.default_rng(seed)
    kinds = ("smooth", "jagged", "comb", "plain", "courtyard", "several")
    out = []
    while len(out) < count:
        across_m = float(np.exp(rng.uniform(np.log(20), np.log(1000))))
        shape = draw(rng, kinds[len(out) % len(kinds)], across_m)
        # One in ten across the border of two 3-degree zones.
        lon = rng.uniform(-179, 179) if len(out) % 10 else 3 * rng.integers(-59, 59) + 1.5
        campus = place(shape, lon, rng.uniform(-50, 60))
        if campus.is_valid and not campus.is_empty and campus.geom_type in ("Polygon", "MultiPolygon"):
            out.append(campus)
    return np.array(out, dtype=object)


# ------------------------------------------------------------------------------------------------------ the tests


@pytest.mark.parametrize("seed", range(4))
def test_the_edge_of_a_thousand_zones_is_at_the_distance(seed):
    shapes = campuses(250, seed)
    zones = control_zones(shapes, 200.0)
    assert shapely.is_valid(zones).all()
    worst = np.array([[(e := errors_m(c, z, 200.0)).min(), e.max()] for c, z in zip(shapes, zones, strict=True)])
    # The issue asks for 0.05 m; the default tolerance is 0.01 m and the reference adds 0.7 mm.
    assert worst[:, 0].min() > -0.0105, f"campus {worst[:, 0].argmin()} falls short"
    assert worst[:, 1].max() < 0.0035, f"campus {worst[:, 1].argmax()} reaches too far"


def test_every_point_within_the_distance_is_inside_and_no_other():
    rng = np.random.default_rng(7)
    shapes = campuses(120, 99)
    for campus, zone in zip(shapes, control_zones(shapes, 200.0), strict=True):
        west, south, east, north = zone.bounds
        lon, lat = rng.uniform(west, east, 400), rng.uniform(south, north, 400)
        inside_campus = shapely.contains_xy(campus, lon, lat)
        distance = np.where(inside_campus, 0.0, Outline(campus).distance_m(lon, lat))
        clear = np.abs(distance - 200.0) > 0.05
        assert (shapely.contains_xy(zone, lon, lat) == (distance < 200.0))[clear].all()


@pytest.mark.parametrize(("distance_m", "tolerance_m"), [(30.0, 0.01), (100.0, 0.05), (500.0, 0.01), (2000.0, 0.02)])
def test_other_distances_and_tolerances_hold(distance_m, tolerance_m):
    shapes = campuses(30, 5)
    for campus, zone in zip(shapes, control_zones(shapes, distance_m, tolerance_m=tolerance_m), strict=True):
        error = errors_m(campus, zone, distance_m)
        sampling_m = SAMPLE_M**2 / (8 * distance_m)
        assert error.min() > -tolerance_m - 0.0005
        assert error.max() < tolerance_m / 4 + sampling_m + 0.0005


def test_each_campus_may_have_a_distance_of_its_own():
    shapes = campuses(6, 8)
    distances = [50, 100, 150, 200, 250, 300]
    together = control_zones(shapes, distances)
    for i, distance in enumerate(distances):
        assert together[i].equals_exact(control_zones(shapes[i], distance)[0], 0)


def test_a_zone_does_not_depend_on_its_company():
    shapes = campuses(40, 3)
    together = control_zones(shapes, 200.0)
    back = control_zones(shapes[::-1], 200.0)[::-1]
    assert all(a.equals_exact(b, 0) for a, b in zip(together, back, strict=True))


def test_shallow_dents_are_kept_where_the_buffer_of_geos_fills_them():
    # Given a wide, shallow, many-cornered dent, as a wall along a bent road makes it.
    x = np.linspace(300, 0, 16)
    dent = np.column_stack([x, 100 - 6 * np.sin(np.pi * x / 300)])
    campus = place(shapely.Polygon([(0, 0), (300, 0), *dent]), 120.24, 29.71)
    error = errors_m(campus, control_zones(campus, 200.0)[0], 200.0)
    assert np.abs(error).max() < 0.0105


def test_a_courtyard_wider_than_the_distance_reaches_stays_open():
    ring = shapely.box(0, 0, 900, 900).difference(shapely.box(100, 100, 800, 800))
    zone = control_zones(place(ring, 120.24, 29.71), 200.0)[0]
    assert len(zone.interiors) == 1
    assert np.abs(errors_m(place(ring, 120.24, 29.71), zone, 200.0)).max() < 0.0105
    narrow = shapely.box(0, 0, 500, 500).difference(shapely.box(100, 100, 400, 400))
    assert len(control_zones(place(narrow, 120.24, 29.71), 200.0)[0].interiors) == 0


def test_two_campuses_of_a_school_far_apart_have_a_zone_in_two_parts():
    both = shapely.MultiPolygon([shapely.box(0, 0, 50, 50), shapely.box(900, 0, 950, 50)])
    zone = control_zones(place(both, 120.24, 29.71), 200.0)[0]
    assert zone.geom_type == "MultiPolygon"
    assert len(zone.geoms) == 2


@pytest.mark.parametrize("lat", [-50.0, 0.0, 16.8, 60.0])
def test_at_the_antimeridian_the_zone_is_cut_in_two_and_stays_true(lat):
    # Given a campus on the antimeridian, whole (its vertices at 179.99.. and -179.99..) or in two parts.
    east = shapely.box(179.9990, lat, 180.0, lat + 0.001)
    west = shapely.box(-180.0, lat, -179.9995, lat + 0.001)
    parts = shapely.MultiPolygon([east, west])
    whole = shapely.Polygon([(179.999, lat), (-179.9995, lat), (-179.9995, lat + 0.001), (179.999, lat + 0.001)])
    from_parts, from_whole = control_zones([parts, whole], 200.0)
    for zone in (from_parts, from_whole):
        assert zone.is_valid
        assert zone.geom_type == "MultiPolygon"
        assert np.abs(shapely.get_coordinates(zone)[:, 0]).max() <= 180.0
        assert np.abs(zone.area - from_parts.area) < 1e-6 * zone.area
        lon, lat_points = edge_points(zone).T
        free = np.abs(lon) < 180 - 1e-9
        # The seam of the two parts lies inside the campus, so it is nearest to nothing outside.
        distance = Outline(parts).distance_m(lon[free], lat_points[free])
        assert np.abs(distance - 200.0).max() < 0.0105


def test_a_zone_that_only_reaches_over_the_antimeridian_is_cut_too():
    campus = shapely.box(179.9985, -16.8, 179.9995, -16.799)
    zone = control_zones(campus, 200.0)[0]
    assert zone.geom_type == "MultiPolygon"
    assert zone.bounds[0] == -180.0
    assert zone.bounds[2] == 180.0
    assert np.abs(errors_m(campus, zone, 200.0)).max() < 0.0105


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (None, "is not a geometry"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "is not a geometry but str"),
        (shapely.Point(120, 30), "must be a polygon or multipolygon, not a Point"),
        (shapely.Polygon(), "is empty"),
        (shapely.Polygon([(0, 0), (0.001, 0.001), (0.001, 0), (0, 0.001)]), "is broken: Self-intersection"),
        (shapely.box(0, 0, 2, 1), "spans 2 degrees"),
        (shapely.box(519000, 3286000, 519100, 3286100), "has a vertex that is not a longitude and latitude"),
        (shapely.box(10, 89.5, 10.1, 89.6), "within ±89°"),
    ],
)
def test_a_bad_boundary_is_named_by_its_index(wrong, why):
    good = shapely.box(120.24, 29.71, 120.241, 29.711)
    shapes = np.empty(3, dtype=object)
    shapes[:] = [good, good, wrong]
    with pytest.raises(BadGeometryError, match=f"boundary 2 .*{why}"):
        control_zones(shapes, 200.0)


def test_a_boundary_with_nan_is_refused():
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(0, 0), (1e-3, np.nan), (1e-3, 1e-3)])
    with pytest.raises(BadGeometryError, match="boundary 0"):
        control_zones([broken], 200.0)


def test_an_empty_part_of_a_multipolygon_is_passed_over():
    campus = shapely.box(120.24, 29.71, 120.241, 29.711)
    with_empty = shapely.MultiPolygon([shapely.Polygon(), campus])
    assert control_zones(with_empty, 200.0)[0].equals_exact(control_zones(campus, 200.0)[0], 0)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf, 20_000.0, [100.0, 100.0]])
def test_a_bad_distance_is_refused(wrong):
    with pytest.raises(GisError, match="distance"):
        control_zones([shapely.box(120.24, 29.71, 120.241, 29.711)], wrong)


def test_no_campuses_no_zones():
    assert control_zones([], 200.0).shape == (0,)


@pytest.mark.parametrize("lat", [-50.0, 0.0, 29.7, 60.0])
def test_a_disc_is_round_on_the_ellipsoid(lat):
    disc = campus_disc(120.2, lat, 80.0)
    lon, lats = edge_points(disc).T
    distance = np.asarray(GEOD.inv(lon, lats, np.full(lon.shape, 120.2), np.full(lon.shape, lat))[2])
    assert distance.max() < 80.001
    assert distance.min() > 79.989


def test_discs_come_in_rows_and_feed_the_zones():
    discs = campus_disc([120.2, 179.9999], [29.7, 10.0], [80.0, 100.0])
    assert discs.shape == (2,)
    assert discs[1].geom_type == "MultiPolygon"
    zones = control_zones(discs, 200.0)
    lon, lat = edge_points(zones[0]).T
    distance = np.asarray(GEOD.inv(lon, lat, np.full(lon.shape, 120.2), np.full(lon.shape, 29.7))[2])
    assert np.abs(distance - 280.0).max() < 0.021  # the disc's chords lie up to 1 cm inside, too


@pytest.mark.parametrize(("lon", "lat", "radius_m"), [(181, 0, 50), (0, 91, 50), (np.nan, 0, 50)])
def test_a_disc_needs_a_place(lon, lat, radius_m):
    with pytest.raises(BadCoordinatesError, match="coordinate 0"):
        campus_disc(lon, lat, radius_m)


def test_a_disc_needs_a_radius():
    with pytest.raises(GisError):
        campus_disc(120.0, 30.0, 0.0)
