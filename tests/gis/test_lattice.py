"""One lattice for the whole city: a point has one cell, a zone falls into pieces that fit, codes stay.

Campuses and unit grids here are made up.
"""

from __future__ import annotations

import re

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gis import crs
from gis.errors import BadCoordinatesError, BadGeometryError, GisError
from gis.lattice import (
    Lattice,
    cell_codes,
    cell_polygons,
    cells_of,
    cut_cells,
    cut_unit_grids,
    lattice_for,
    parse_unit_code,
)
from gis.perimeters import control_zones, true_area_m2

GEOD = pyproj.Geod(ellps="WGS84")
ZHUJI = Lattice(120.0, 100.0)
MM_DEG = 1e-3 / 111_000


def campus(lon, lat, width_m=150.0, height_m=100.0):
    dx, dy = width_m / (111_320 * np.cos(np.radians(lat))), height_m / 110_900
    return shapely.Polygon([(lon, lat), (lon + dx, lat + dy * 0.2), (lon + dx * 0.9, lat + dy), (lon, lat + dy * 0.8)])


def true_area(shape):
    """Return the ellipsoidal area by pyproj, edges straight in longitude and latitude."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shapely.orient_polygons(shape), 1e-4))[0])


def assert_cut_well(zones, pieces, of=None):
    """Check that pieces are polygons, fit together, cover each zone, and have true areas."""
    assert np.isin(shapely.get_type_id(pieces.geometry), [3, 6]).all()
    assert shapely.is_valid(pieces.geometry).all()
    assert (pieces.area_m2 > 0).all()
    for i, zone in enumerate(zones if of is None else of):
        mine = pieces.geometry[pieces.zone_index == i]
        area = shapely.area(zone)
        assert shapely.area(shapely.symmetric_difference(shapely.union_all(mine), zone)) < 1e-6 * area
        assert abs(shapely.area(mine).sum() - area) < 1e-6 * area  # with the line above: no overlaps
        assert pieces.area_m2[pieces.zone_index == i].sum() == pytest.approx(true_area(zone), rel=1e-6)


places = {
    "lon": st.floats(-180, 180),
    "lat": st.floats(-60, 70),
    "cell_m": st.sampled_from([50.0, 100.0, 62.5, 1000.0]),
}


@given(**places)
@example(lon=180.0, lat=-16.8, cell_m=100.0)
@example(lon=-180.0, lat=-16.8, cell_m=100.0)
@example(lon=121.5, lat=29.7, cell_m=100.0)
def test_a_point_is_in_the_polygon_of_its_cell_and_in_no_other(lon, lat, cell_m):
    lattice = lattice_for(lon, lat, cell_m)
    (column,), (row,) = cells_of([lon], [lat], lattice)
    around = np.array([(c, r) for c in (-1, 0, 1) for r in (-1, 0, 1)])
    squares = cell_polygons(column + around[:, 0], row + around[:, 1], lattice)
    assert shapely.is_valid(squares).all()
    point = shapely.Point(lon, lat)
    # Within a millimetre of a border the polygon, straight in longitude and latitude, may say otherwise.
    side = shapely.distance(shapely.boundary(squares), point)
    holds = shapely.contains(squares, point)
    if side.min() > MM_DEG:
        assert holds.sum() == 1
    assert not holds[4] or holds.sum() == 1
    assert shapely.distance(squares[4], point) < MM_DEG or abs(lon) > 179.9


@given(**places)
def test_a_border_belongs_to_the_cell_north_and_east_of_it(lon, lat, cell_m):
    lattice = lattice_for(lon, lat, cell_m)
    (column,), (row,) = cells_of([lon], [lat], lattice)
    # Given points a hair inside the four sides (PROJ rounds to a nanometre, so a micrometre is a hair).
    x, y, hair = column * cell_m, row * cell_m, 1e-6
    inside = crs.unproject([x + hair, x + cell_m - hair], [y + hair, y + cell_m - hair], lattice.crs)
    outside = crs.unproject([x - hair, x + cell_m + hair], [y - hair, y + cell_m + hair], lattice.crs)
    assert np.array(cells_of(*inside, lattice)).T.tolist() == [[column, row]] * 2
    assert np.array(cells_of(*outside, lattice)).T.tolist() == [[column - 1, row - 1], [column + 1, row + 1]]


def test_neighbouring_cells_share_corners_to_the_last_digit():
    west, east = (set(map(tuple, shapely.get_coordinates(s))) for s in cell_polygons([5232, 5233], [32879] * 2, ZHUJI))
    assert len(west & east) == 2


def test_a_cell_is_a_hectare():
    areas = true_area_m2(cell_polygons([5000, 5232, 6400], [32879, 32879, 32879], ZHUJI))
    assert areas == pytest.approx(10_000, rel=5e-4)


def test_codes_are_no_official_codes_and_say_where():
    codes = cell_codes("330681", [5232, 5232, 5233], [32879, -1, 32879], ZHUJI)
    assert codes.tolist() == ["330681-100-5232-32879", "330681-100-5232--1", "330681-100-5233-32879"]
    assert not any(re.fullmatch(r"\d{15}", code) for code in codes)
    for code in codes:
        with pytest.raises(GisError):
            parse_unit_code(code)
    assert cell_codes("330681", [1], [1], Lattice(120.0, 62.5)).tolist() == ["330681-62.5-1-1"]


@settings(max_examples=30, deadline=None)
@given(
    offsets=st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=2, max_size=6),
    lon=st.floats(-170, 170),
    lat=st.floats(-50, 60),
)
def test_pieces_fit_and_one_zone_built_alone_has_the_same(offsets, lon, lat):
    lattice = lattice_for(lon, lat, 100.0)
    campuses = [campus(lon + dx, lat + dy) for dx, dy in offsets]
    zones = control_zones(campuses, 200.0)
    together = cut_cells(zones, lattice)
    assert_cut_well(zones, together)
    alone = cut_cells(zones[-1:], lattice)
    mine = together.zone_index == len(zones) - 1
    assert alone.column.tolist() == together.column[mine].tolist()
    assert alone.row.tolist() == together.row[mine].tolist()
    assert all(a.equals_exact(b, 0) for a, b in zip(alone.geometry, together.geometry[mine], strict=True))
    np.testing.assert_array_equal(alone.area_m2, together.area_m2[mine])


def ragged(rng, lon, lat):
    """Return a made-up outline with dents, thorns and teeth around the cells' borders."""
    corners = int(rng.integers(5, 60))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = rng.uniform(30, 400) * rng.uniform(0.1, 1, corners) / 110_900
    return shapely.Polygon(
        np.column_stack([lon + radius * np.cos(angle) / np.cos(np.radians(lat)), lat + radius * np.sin(angle)])
    )


@pytest.mark.parametrize("cell_m", [20.0, 100.0, 250.0])
def test_many_ragged_zones_with_holes_come_out_whole(cell_m):
    # Given more zones than are cut in one go, of outlines that pass through a cell several times.
    rng = np.random.default_rng(11)
    shapes = [ragged(rng, 120 + rng.uniform(-0.3, 0.3), 29.7 + rng.uniform(-0.2, 0.2)) for _ in range(1300)]
    zones = np.array([s for s in shapes if s.is_valid], dtype=object)
    holes = np.array([shapely.affinity.scale(z, 0.5, 0.4) for z in zones], dtype=object)
    holes = np.where(shapely.is_valid(holes), holes, None)
    rest = np.where(shapely.is_missing(holes), zones, shapely.difference(zones, holes))
    for pieces, of in (
        (cut_cells(zones, Lattice(120.0, cell_m)), zones),
        (cut_cells(zones, Lattice(120.0, cell_m), holes=holes), rest),
    ):
        cut = np.bincount(pieces.zone_index, pieces.area_m2, len(zones))
        # Scraps thinner than a millimetre are more of a zone as small and ragged as these.
        np.testing.assert_allclose(cut, true_area_m2(of), rtol=1e-5)
        assert shapely.is_valid(pieces.geometry).all()
    for i in range(0, len(zones), 60):
        mine = pieces.zone_index == i
        union = shapely.union_all(pieces.geometry[mine])
        assert shapely.area(shapely.symmetric_difference(union, rest[i])) < 2e-5 * rest[i].area
        inside = shapely.point_on_surface(pieces.geometry[mine])
        column, row = cells_of(shapely.get_x(inside), shapely.get_y(inside), Lattice(120.0, cell_m))
        assert column.tolist() == pieces.column[mine].tolist()
        assert row.tolist() == pieces.row[mine].tolist()


def test_neighbouring_schools_share_cells_and_codes_whichever_is_built_first():
    zones = control_zones([campus(120.240, 29.710), campus(120.243, 29.711)], 200.0)

    def codes(order):
        pieces = cut_cells(zones[order], ZHUJI)
        code = cell_codes("330681", pieces.column, pieces.row, ZHUJI)
        return [set(code[pieces.zone_index == i]) for i in np.argsort(order)]

    forwards, backwards = codes([0, 1]), codes([1, 0])
    assert forwards == backwards
    assert forwards[0] & forwards[1]


def test_pieces_come_by_zone_row_and_column_and_lie_in_their_cells():
    zones = control_zones([campus(120.240, 29.710), campus(120.30, 29.711)], 200.0)
    pieces = cut_cells(zones, ZHUJI)
    keys = list(zip(pieces.zone_index, pieces.row, pieces.column, strict=True))
    assert keys == sorted(set(keys))
    inside = shapely.point_on_surface(pieces.geometry)
    column, row = cells_of(shapely.get_x(inside), shapely.get_y(inside), ZHUJI)
    assert column.tolist() == pieces.column.tolist()
    assert row.tolist() == pieces.row.tolist()


def test_the_campus_is_cut_out_where_asked():
    campuses = np.array([campus(120.240, 29.710), campus(120.243, 29.711)], dtype=object)
    zones = control_zones(campuses, 200.0)
    rest = shapely.difference(zones, campuses)
    assert_cut_well(zones, cut_cells(zones, ZHUJI, holes=campuses), of=rest)
    one = cut_cells(zones, ZHUJI, holes=[None, campuses[1]])
    assert_cut_well(zones, one, of=[zones[0], rest[1]])
    assert len(cut_cells(zones, ZHUJI, holes=zones).area_m2) == 0


def test_long_edges_are_straight_in_longitude_and_latitude():
    # Given a zone with edges of 3 km at 60°N, which bend 0.3 m in the plane.
    zone = shapely.box(24.9, 60.1, 24.955, 60.13)
    for cell_m in (100.0, 1000.0):
        assert_cut_well([zone], cut_cells([zone], lattice_for(24.9, 60.1, cell_m)))


@pytest.mark.parametrize("lat", [-16.8, 60.0])
def test_cells_at_the_antimeridian(lat):
    zone = control_zones(shapely.box(179.9990, lat, 179.9998, lat + 0.001), 200.0)
    assert zone[0].geom_type == "MultiPolygon"
    pieces = cut_cells(zone, lattice_for(179.9999, lat, 100.0))
    assert_cut_well(zone, pieces)
    assert np.abs(shapely.get_coordinates(pieces.geometry)[:, 0]).max() <= 180.0
    squares = cell_polygons(pieces.column, pieces.row, lattice_for(179.9999, lat, 100.0))
    assert shapely.bounds(squares)[:, 2].max() == 180.0
    assert shapely.area(squares).max() < 2.1 * shapely.area(squares).min()


def test_a_zone_that_ends_on_a_lattice_line_leaves_no_scraps():
    square = shapely.union_all(cell_polygons([5232, 5233, 5232, 5233], [32879, 32879, 32880, 32880], ZHUJI))
    pieces = cut_cells([square], ZHUJI)
    assert list(zip(pieces.column, pieces.row, strict=True)) == [
        (5232, 32879),
        (5233, 32879),
        (5232, 32880),
        (5233, 32880),
    ]


# --------------------------------------------------------------------------------------------- official unit grids


def units_around(lon, lat):
    """Return unit grids that share crooked borders, as roads make them."""
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(np.linspace(-0.006, 0.006, 9), np.linspace(-0.006, 0.006, 9))
    x[:, 1:-1] += rng.uniform(-4e-4, 4e-4, (9, 7))
    corners = np.stack([lon + x, lat + y], axis=-1)
    return np.array(
        [
            shapely.Polygon([corners[i, j], corners[i, j + 1], corners[i + 1, j + 1], corners[i + 1, j]])
            for i in range(8)
            for j in range(8)
        ],
        dtype=object,
    )


def test_unit_grids_are_cut_along_their_own_borders():
    campuses = np.array([campus(120.240, 29.710), campus(120.242, 29.712)], dtype=object)
    zones, units = control_zones(campuses, 200.0), units_around(120.241, 29.711)
    pieces = cut_unit_grids(zones, units)
    assert_cut_well(zones, pieces)
    keys = list(zip(pieces.zone_index, pieces.unit_index, strict=True))
    assert keys == sorted(set(keys))
    whole = shapely.covers(zones[pieces.zone_index], units[pieces.unit_index])
    assert whole.any()
    assert all(p is units[u] for p, u in zip(pieces.geometry[whole], pieces.unit_index[whole], strict=True))
    assert_cut_well(zones, cut_unit_grids(zones, units, holes=campuses), of=shapely.difference(zones, campuses))


def test_what_no_unit_covers_is_left_out():
    zones = control_zones([campus(120.240, 29.710), campus(121.0, 29.0)], 200.0)
    half = units_around(120.241, 29.711)[:20]
    pieces = cut_unit_grids(zones, half)
    assert set(pieces.zone_index) == {0}
    assert pieces.area_m2.sum() == pytest.approx(
        true_area(shapely.intersection(zones[0], shapely.union_all(half))), rel=1e-6
    )


def test_no_zones_or_no_units_no_pieces():
    zones = control_zones([campus(120.240, 29.710)], 200.0)
    assert len(cut_unit_grids(zones, np.array([], dtype=object)).area_m2) == 0
    assert len(cut_unit_grids([], zones).area_m2) == 0
    assert len(cut_cells([], ZHUJI).area_m2) == 0
    assert cell_polygons([], [], ZHUJI).shape == (0,)
    assert cell_codes("330681", [], [], ZHUJI).shape == (0,)


# ------------------------------------------------------------------------------------------------------ bad input

GOOD = shapely.box(120.24, 29.71, 120.241, 29.711)
BOW = shapely.Polygon([(120, 29), (120.001, 29.001), (120.001, 29), (120, 29.001)])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (None, "missing"),
        ("x", "no geometry"),
        (shapely.Polygon(), "empty"),
        (shapely.Point(1, 2), "no polygon but POINT"),
        (BOW, "is broken: Self-inter"),
    ],
)
def test_bad_zones_holes_and_units_are_named_by_their_index(wrong, why):
    shapes = np.empty(2, dtype=object)
    shapes[:] = [GOOD, wrong]
    with pytest.raises(BadGeometryError, match=f"zone 1 .*{why}"):
        cut_cells(shapes, ZHUJI)
    with pytest.raises(BadGeometryError, match=f"unit grid 1 .*{why}"):
        cut_unit_grids([GOOD], shapes)
    if why not in ("missing", "empty"):
        with pytest.raises(BadGeometryError, match=f"hole 1 .*{why}"):
            cut_cells([GOOD, GOOD], ZHUJI, holes=shapes)


def test_there_must_be_as_many_holes_as_zones():
    with pytest.raises(BadGeometryError, match="one hole, or None, for each of the 2 zones"):
        cut_cells([GOOD, GOOD], ZHUJI, holes=[GOOD])


@pytest.mark.parametrize(
    ("meridian", "cell_m"), [(120.0, 0.0), (120.0, np.nan), (120.0, -5.0), (500.0, 100.0), (np.nan, 100.0)]
)
def test_an_impossible_lattice_is_refused(meridian, cell_m):
    with pytest.raises(GisError):
        Lattice(meridian, cell_m)


def test_a_point_that_is_nowhere_has_no_cell():
    with pytest.raises(BadCoordinatesError, match="coordinate 1"):
        cells_of([120.0, np.nan], [30.0, 30.0], ZHUJI)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "33068100100200",
        "3306810010020033",
        "33068100100200x",
        "330681-100-5232-32879",
        "３３０６８１００１００２００３",
    ],
)
def test_what_is_no_unit_code_is_refused(code):
    with pytest.raises(GisError, match="15 digits"):
        parse_unit_code(code)
