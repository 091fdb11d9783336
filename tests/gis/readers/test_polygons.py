from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from gis.errors import BadGeometryError
from gis.readers.coordinates import mend_polygon


def test_valid_polygons_stay_as_they_are() -> None:
    square = shapely.box(0, 0, 1, 1)
    assert mend_polygon(square) == (square, None)


def test_spike_is_cut_off() -> None:
    mended, done = mend_polygon(shapely.Polygon([(0, 0), (0, 4), (4, 4), (4, 0), (2, 0), (2, -1), (2, 0)]))
    assert mended.area == 16
    assert done is not None
    assert "area unchanged" in done


def test_small_loop_is_mended() -> None:
    ring = [(0, 0), (10, 0), (10, 10), (0.01, 10), (-0.01, 10.02), (-0.01, 10), (0.01, 10.02), (0, 10), (0, 0)]
    mended, done = mend_polygon(shapely.Polygon(ring))
    assert mended.is_valid
    assert mended.area == pytest.approx(100, rel=0.01)
    assert done is not None


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
        "POLYGON ((0 0, 2 2, 2 0, 0 1, 0 0))",
        "POLYGON ((0 0, 1 1, 2 2, 0 0))",
        "POLYGON EMPTY",
        "POINT (1 2)",
        "LINESTRING (0 0, 1 0, 1 1)",
        "LINESTRING (0 0, 1 0)",
    ],
)
def test_bow_ties_and_other_shapes_are_refused(wkt: str) -> None:
    with pytest.raises(BadGeometryError):
        mend_polygon(shapely.from_wkt(wkt))


def test_infinite_coordinates_are_refused() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.polygons([[0, 0], [np.inf, 0], [1, 1], [0, 0]])
    with pytest.raises(BadGeometryError, match="infinite"):
        mend_polygon(broken)
    with pytest.raises(BadGeometryError):
        mend_polygon(None)


def test_closed_outline_becomes_a_polygon() -> None:
    mended, done = mend_polygon(shapely.LineString([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0.001)]))
    assert mended.area == pytest.approx(1, abs=0.01)
    assert done == "the outline was a line and was closed"


def test_overlapping_parts() -> None:
    touching = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    mended, done = mend_polygon(touching)
    assert mended.area == 2
    assert done is not None
    with pytest.raises(BadGeometryError, match="would change"):
        mend_polygon(shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)]))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=12))
def test_any_ring_is_mended_or_refused(ring: list[tuple[int, int]]) -> None:
    assume(len({*ring}) > 2)
    polygon = shapely.Polygon(ring)
    try:
        mended, _ = mend_polygon(polygon)
    except BadGeometryError:
        return
    assert mended.is_valid
    assert mended.geom_type in {"Polygon", "MultiPolygon"}
    assert mended.area == pytest.approx(polygon.area, rel=0.011)
