"""Counting by cell; the points are invented."""

from __future__ import annotations

import numpy as np
import pytest

from gis.density import WeekSlices, count_by_cell
from gis.errors import BadCoordinatesError, GisError
from gis.lattice import Lattice, cells_of

LATTICE = Lattice(120.0, 100.0)


def points(n: int, spread: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return 120.24 + rng.normal(0, spread, n), 29.71 + rng.normal(0, spread, n)


@pytest.mark.parametrize(("n", "spread"), [(1, 0.01), (5_000, 0.02), (300_000, 0.05), (5_000, 3.0)])
def test_every_point_is_counted_in_its_cell_and_slice(n, spread):
    lon, lat = points(n, spread)
    part = np.random.default_rng(1).integers(-1, 4, n)
    cells = count_by_cell(lon, lat, LATTICE, slice_index=part, n_slices=4)
    column, row = cells_of(lon, lat, LATTICE)
    kept = part >= 0
    expected, numbers = np.unique(np.column_stack([row, column, part])[kept], axis=0, return_counts=True)
    at = {(r, c): i for i, (r, c) in enumerate(zip(cells.row.tolist(), cells.column.tolist(), strict=True))}
    got = [int(cells.counts[at[r, c], s]) for r, c, s in expected.tolist()]
    assert got == numbers.tolist()
    assert cells.counts.sum() == kept.sum()
    assert cells.counts.dtype == np.int64
    assert cells.counts.any(axis=1).all()
    assert np.array_equal(np.lexsort((cells.column, cells.row)), np.arange(cells.row.size))


def test_weights_are_summed():
    lon, lat = points(1000)
    weights = np.random.default_rng(2).uniform(0, 2, 1000)
    cells = count_by_cell(lon, lat, LATTICE, weights=weights)
    assert cells.counts.shape == (cells.row.size, 1)
    assert cells.counts.sum() == pytest.approx(weights.sum())


def test_no_points_give_no_cells():
    none = count_by_cell([], [], LATTICE, slice_index=[], n_slices=3)
    assert none.counts.shape == (0, 3)
    outside = count_by_cell([120.0], [30.0], LATTICE, slice_index=[-1], n_slices=3)
    assert outside.counts.shape == (0, 3)
    assert count_by_cell([120.0], [30.0], LATTICE, slice_index=[-1], n_slices=3, weights=[1]).counts.dtype == float


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([120.0], [30.0, 31.0], {}), BadCoordinatesError, "1 longitudes but 2 latitudes"),
        (([np.nan], [30.0], {}), BadCoordinatesError, "nan"),
        (([120.0], [130.0], {}), BadCoordinatesError, "130"),
        (([120.0], [30.0], {"slice_index": [3], "n_slices": 3}), GisError, "they must be −1 to 2"),
        (([120.0], [30.0], {"slice_index": [0, 1], "n_slices": 3}), GisError, "1 points but 2 slice indexes"),
        (([120.0], [30.0], {"n_slices": 3}), GisError, "no slice_index"),
        (([120.0], [30.0], {"n_slices": 0}), GisError, "at least 1"),
        (([120.0], [30.0], {"weights": [1, 2]}), GisError, "1 points but 2 weights"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, error, says):
    lon, lat, options = arguments
    with pytest.raises(error, match=says):
        count_by_cell(lon, lat, LATTICE, **options)


def test_slices_after_dismissal_take_minutes_and_leave_out_what_is_unknown():
    week = WeekSlices(bands_min=((-30, 0), (0, 60)), weekdays=(1, 2, 3, 4, 5), after_dismissal=True)
    assert week.index_of([1, 1, 5, 6, 0, 3], [-30, 59.9, 0, 10, 10, np.nan]).tolist() == [0, 1, 9, -1, -1, -1]
    with pytest.raises(GisError, match="minutes after it"):
        week.index_of_times(["2026-09-02T16:00"])


def test_bands_with_a_gap_between_them():
    week = WeekSlices(bands_min=((420, 480), (960, 1020)), weekdays=(7, 1))
    assert week.index_of([7, 7, 7, 1, 2], [419, 479, 480, 960, 960]).tolist() == [-1, 0, -1, 3, -1]


def test_times_before_1970_and_seconds():
    week = WeekSlices(bands_min=((0, 1440),))
    assert week.index_of_times(["1969-12-31T23:59:59", "2026-11-23T00:00:00"]).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("bands", "weekdays"),
    [
        (((960, 960),), (1,)),
        (((960, 1030), (1020, 1080)), (1,)),
        ((), (1,)),
        (((0, 60),), (0,)),
        (((0, 60),), (1, 1)),
        (((0, 60),), ()),
    ],
)
def test_slices_that_make_no_sense_are_refused(bands, weekdays):
    with pytest.raises(GisError):
        WeekSlices(bands_min=bands, weekdays=weekdays)
