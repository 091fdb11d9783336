"""Coordinates of every source end in WGS 84, and the plane measures true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import prcoords
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import crs
from gis.errors import BadCoordinatesError, UnknownCrsError

GEOD = pyproj.Geod(ellps="WGS84")
RNG = np.random.default_rng(20260101)


def metres_apart(lon1, lat1, lon2, lat2):
    return np.asarray(GEOD.inv(lon1, lat1, lon2, lat2)[2])


@pytest.fixture
def oracle(monkeypatch):
    """Return prcoords, an independent implementation, iterating until nothing moves (its own limit is 1 m)."""
    monkeypatch.setattr(prcoords, "PRC_EPS", 1e-12)
    return prcoords


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *[(t, "wgs84") for t in ("wgs84", "WGS-84", " WGS 84 ", "4326", "EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84")],
        *[(t, "cgcs2000") for t in ("cgcs2000", "CGCS2000", "EPSG:4490", "urn:ogc:def:crs:EPSG::4490")],
        *[(t, "gcj02") for t in ("gcj02", "GCJ-02", "火星", "火星坐标系", "amap", "AMap", "高德")],
        *[(t, "bd09") for t in ("bd09", "BD-09", "baidu", "百度")],
        ("epsg:4549", "EPSG:4549"),
        ("4549", "EPSG:4549"),
        ("ESRI:102012", "ESRI:102012"),
    ],
)
def test_a_system_has_one_name_however_it_is_written(text, name):
    assert crs.parse_crs(text) == name
    assert crs.parse_crs(crs.parse_crs(text)) == name


def test_the_wkt_of_a_prj_file_is_known_by_its_parameters():
    assert crs.parse_crs(pyproj.CRS("EPSG:4326").to_wkt("WKT1_ESRI")) == "wgs84"
    assert crs.parse_crs(pyproj.CRS("EPSG:4490").to_wkt()) == "cgcs2000"
    assert crs.parse_crs(pyproj.CRS("EPSG:4549").to_wkt("WKT1_ESRI")) == "EPSG:4549"


def test_a_local_projection_is_kept_as_wkt_and_converts():
    own = pyproj.CRS(crs.meridian_crs(119.5)).to_wkt()
    assert crs.parse_crs(own) == own
    x, y = crs.from_wgs84([120.2], [29.7], own)
    lon, lat = crs.to_wgs84(x, y, own)
    assert metres_apart(lon, lat, [120.2], [29.7])[0] < 1e-4


@pytest.mark.parametrize("text", ["", "nonsense", "EPSG:99999", "GEOGCS[broken", 'LOCAL_CS["plan",UNIT["metre",1]]'])
def test_an_unknown_system_says_what_is_accepted(text):
    with pytest.raises(UnknownCrsError, match=r"wgs84, cgcs2000, gcj02 .*EPSG:<number>"):
        crs.parse_crs(text)


def test_the_offsets_at_zhuji():
    lon, lat = np.array([120.2446]), np.array([29.7136])
    assert metres_apart(lon, lat, *crs.from_wgs84(lon, lat, "gcj02"))[0] == pytest.approx(510, abs=15)
    assert metres_apart(lon, lat, *crs.from_wgs84(lon, lat, "bd09"))[0] == pytest.approx(1134, abs=25)


@pytest.mark.parametrize(("name", "inverse"), [("gcj02", "gcj_wgs_bored"), ("bd09", "bd_wgs_bored")])
def test_the_inverse_agrees_with_prcoords(oracle, name, inverse):
    lon, lat = RNG.uniform(75, 133, 400), RNG.uniform(18, 52, 400)
    ours = crs.to_wgs84(lon, lat, name)
    theirs = [getattr(oracle, inverse)((y, x)) for x, y in zip(lon, lat, strict=True)]
    apart = metres_apart(*ours, [p.lon for p in theirs], [p.lat for p in theirs])
    assert apart.max() < 0.005


@pytest.mark.parametrize(("name", "forward"), [("gcj02", "wgs_gcj"), ("bd09", "wgs_bd")])
def test_the_forward_shift_agrees_with_prcoords(oracle, name, forward):
    lon, lat = RNG.uniform(75, 133, 400), RNG.uniform(18, 52, 400)
    ours = crs.from_wgs84(lon, lat, name)
    theirs = [getattr(oracle, forward)((y, x)) for x, y in zip(lon, lat, strict=True)]
    assert metres_apart(*ours, [p.lon for p in theirs], [p.lat for p in theirs]).max() < 0.005


@pytest.mark.parametrize("name", ["gcj02", "bd09", "cgcs2000", "EPSG:4549"])
def test_there_and_back_is_less_than_a_millimetre(name):
    west, east = (118.6, 121.4) if name == "EPSG:4549" else (75, 133)
    lon, lat = RNG.uniform(west, east, 5000), RNG.uniform(18, 52, 5000)
    back = crs.to_wgs84(*crs.from_wgs84(lon, lat, name), name)
    assert metres_apart(lon, lat, *back).max() < 0.001


def test_outside_the_rectangle_gcj02_is_wgs84():
    west, south, east, north = crs.GCJ02_BOX
    lon = np.array([west - 0.01, east + 0.01, 100, 100, -0.1, -111.9, 151.2])
    lat = np.array([30, 30, south - 0.01, north + 0.01, 51.5, 33.4, -33.9])
    for convert in (crs.to_wgs84, crs.from_wgs84):
        x, y = convert(lon, lat, "gcj02")
        np.testing.assert_array_equal([x, y], [lon, lat])


def test_the_way_back_settles_at_the_rectangle_too():
    west, south, east, north = crs.GCJ02_BOX
    lon = np.concatenate([np.full(50, west + 1e-4), np.full(50, east - 1e-4), np.linspace(80, 130, 100)])
    lat = np.concatenate([np.linspace(10, 50, 100), np.full(50, south + 1e-4), np.full(50, north - 1e-4)])
    x, y = crs.to_wgs84(lon, lat, "gcj02")
    assert metres_apart(lon, lat, x, y).max() < 1500


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-85, 85))
def test_every_place_of_the_world_goes_to_bd09_and_back(lon, lat):
    west, south, east, north = crs.GCJ02_BOX
    near_edge = min(abs(lon - west), abs(lon - east)) < 0.05 or min(abs(lat - south), abs(lat - north)) < 0.05
    x, y = crs.from_wgs84(lon, lat, "bd09")
    if near_edge or abs(x[0]) > 180 or np.hypot(lon, lat) < 1:  # Baidu's polar formula has no inverse at 0, 0
        return
    assert metres_apart([lon], [lat], *crs.to_wgs84(x, y, "bd09"))[0] < 0.001


@pytest.mark.parametrize("name", ["wgs84", "gcj02", "bd09", "EPSG:4549"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_named_by_its_index(name, wrong):
    x, y = ([120.0] * 4, [29.0] * 4) if name != "EPSG:4549" else ([5e5] * 4, [3.3e6] * 4)
    x[2] = wrong
    with pytest.raises(BadCoordinatesError, match="coordinate 2,"):
        crs.to_wgs84(x, y, name)


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        ([120, 29.7], [29.7, 120], "wgs84"),
        ([0, 180.5], [0, 0], "gcj02"),
        ([0, 519355], [0, 3286875], "wgs84"),
        ([5e5, 1e30], [3e6, 1e30], "EPSG:4549"),
    ],
)
def test_what_is_not_on_earth_is_named_by_its_index(x, y, name):
    with pytest.raises(BadCoordinatesError, match="coordinate 1,"):
        crs.to_wgs84(x, y, name)
    lon, lat = crs.to_wgs84(x, y, name, bad="nan")
    assert np.isnan(lon).tolist() == np.isnan(lat).tolist() == [False, True]


def test_other_bad_input_is_refused_with_a_reason():
    with pytest.raises(BadCoordinatesError, match="must be numbers"):
        crs.to_wgs84(["120°14′12″E"], ["29°42′E"], "wgs84")
    with pytest.raises(BadCoordinatesError, match="as many x as y"):
        crs.to_wgs84([120, 121], [29], "gcj02")
    with pytest.raises(BadCoordinatesError, match="coordinate 0"):
        crs.from_wgs84([181], [0], "bd09")
    with pytest.raises(BadCoordinatesError, match="coordinate 1"):
        crs.project([120, 120], [30, 95], crs.metric_crs(120, 30))
    with pytest.raises(BadCoordinatesError, match="geometry 1"):
        crs.project_geometries([shapely.Point(120, 30), shapely.Point(120, 95)], crs.metric_crs(120, 30))


def test_nothing_in_nothing_out():
    for name in ("wgs84", "gcj02", "bd09", "EPSG:4549"):
        lon, lat = crs.to_wgs84([], [], name)
        assert lon.shape == lat.shape == (0,)
    assert crs.geometries_to_wgs84(np.array([], dtype=object), "gcj02").shape == (0,)


def test_geometries_convert_vertex_by_vertex():
    shapes = np.array([shapely.box(120, 29, 120.1, 29.1), None, shapely.Point(120.2, 29.7, 12.0)], dtype=object)
    out = crs.geometries_to_wgs84(shapes, "gcj02")
    lon, lat = crs.to_wgs84([120.2], [29.7], "gcj02")
    assert out[1] is None
    np.testing.assert_allclose(shapely.get_coordinates(out[2]), [[lon[0], lat[0]]], rtol=0, atol=1e-10)
    assert out[0].geom_type == "Polygon"
    assert out[0].is_valid
    assert shapes[0].equals(shapely.box(120, 29, 120.1, 29.1))  # the input is untouched


def test_a_bad_vertex_names_its_geometry():
    shapes = [shapely.Point(120, 29), shapely.box(120, 29, 121, 95)]
    with pytest.raises(BadCoordinatesError, match=r"geometry 1: its vertex \(121, 95\)"):
        crs.geometries_to_wgs84(shapes, "wgs84")


def test_plane_metres_divided_by_scale_are_true_metres():
    lon, lat = RNG.uniform(118.5, 121.5, 300), RNG.uniform(-50, 60, 300)
    azimuth, length = RNG.uniform(0, 360, 300), RNG.uniform(1, 1000, 300)
    there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth, length)
    plane = crs.metric_crs(120, 0)
    x, y = crs.project(lon, lat, plane)
    there_x, there_y = crs.project(there_lon, there_lat, plane)
    k = crs.point_scale((x + there_x) / 2, (y + there_y) / 2, plane)
    assert np.abs(np.hypot(there_x - x, there_y - y) / k - length).max() < 0.001


@given(lon=st.floats(-180, 180), lat=st.floats(-85, 85))
def test_the_metric_plane_is_near_everywhere(lon, lat):
    plane = crs.metric_crs(lon, lat)
    x, y = crs.project(lon, lat, plane)
    assert abs(x[0] - 500_000) < 168_000
    back = crs.unproject(x, y, plane)
    assert metres_apart([lon], [lat], *back)[0] < 1e-4


def test_transformers_may_be_shared_by_threads():
    lon, lat = RNG.uniform(118.5, 121.5, 2000), RNG.uniform(20, 50, 2000)
    plane = crs.metric_crs(120, 30)
    alone = np.array(crs.project(lon, lat, plane))
    with ThreadPoolExecutor(8) as pool:
        for together in pool.map(lambda _: np.array(crs.project(lon, lat, plane)), range(64)):
            np.testing.assert_array_equal(together, alone)
