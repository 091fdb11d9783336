"""The weighted displacement quotient by the published formulas, published examples, and in simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gis.effects.displacement import (
    Area,
    Spread,
    areas_by_distance,
    displacement_difference,
    spread_of,
    weighted_displacement,
)
from gis.errors import BadCoordinatesError, GisError


def test_the_parts_by_hand():
    """A 100 → 60, B 50 → 40, C 200 → 200: 0.3 − 0.5 and 0.2 − 0.25."""
    found = weighted_displacement([100, 50, 200], [60, 40, 200])
    assert found.gross_effect == 40
    assert found.success == pytest.approx(-0.2)
    assert found.displacement == pytest.approx(-0.05)
    assert found.wdq == pytest.approx(0.25)
    assert found.net_effect == pytest.approx(40 + 10)
    assert found.spread is Spread.DIFFUSION_SMALLER


def test_a_trend_of_the_control_area_is_taken_out():
    """C halves: A would have gone from 100 to 50, B from 60 to 30."""
    found = weighted_displacement([100, 60, 200], [30, 35, 100])
    assert found.net_effect == pytest.approx((50 - 30) + (30 - 35))
    assert found.wdq == pytest.approx((0.35 - 0.3) / (0.3 - 0.5))
    assert found.spread is Spread.DISPLACEMENT_SMALLER


@pytest.mark.parametrize(
    ("wdq", "spread"),
    [
        (1.5, Spread.DIFFUSION_GREATER),
        (1.0, Spread.DIFFUSION_EQUAL),
        (0.6, Spread.DIFFUSION_SMALLER),
        (0.0, Spread.NEITHER),
        (-0.6, Spread.DISPLACEMENT_SMALLER),
        (-1.0, Spread.DISPLACEMENT_EQUAL),
        (-1.5, Spread.DISPLACEMENT_GREATER),
        (math.nan, Spread.UNREADABLE),
    ],
)
def test_every_reading_of_the_published_table(wdq, spread):
    assert spread_of(wdq) is spread


def test_what_did_not_fall_cannot_have_moved():
    found = weighted_displacement([50, 50, 100], [70, 60, 100])
    assert found.spread is Spread.UNREADABLE
    assert math.isnan(found.wdq)
    assert found.gross_effect == -20


def test_a_success_that_chance_may_have_made_has_no_bounds():
    found = weighted_displacement([20, 20, 40], [18, 20, 40])
    assert found.wdq == 0
    assert math.isnan(found.wdq_low)
    assert not found.sure


def test_plain_displacement_is_sure():
    found = weighted_displacement([400, 200, 900], [150, 380, 900])
    assert found.spread is Spread.DISPLACEMENT_SMALLER
    assert found.sure
    assert -1.1 < found.wdq_low < found.wdq < found.wdq_high < 0


def test_counts_by_unit_are_summed():
    by_unit = weighted_displacement([[50, 50], [25, 25], [100, 100]], [[30, 30], [20, 20], [100, 100]])
    assert by_unit == weighted_displacement([100, 50, 200], [60, 40, 200])


def test_the_same_seed_gives_the_same_interval():
    one, other = (weighted_displacement([90, 50, 200], [60, 40, 200], seed=4) for _ in range(2))
    assert one == other


def test_few_incidents_are_not_enough():
    assert not weighted_displacement([4, 50, 200], [2, 40, 200]).enough
    assert weighted_displacement([5, 50, 200], [2, 40, 200]).enough


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1, 2, 0], [1, 2, 3]),
        ([1, 2, 3], [1, 2, 0]),
        ([1, 2], [1, 2]),
        ([1, -2, 3], [1, 2, 3]),
        ([1, 2.5, 3], [1, 2, 3]),
    ],
)
def test_what_makes_no_sense_is_refused(before, after):
    with pytest.raises(GisError):
        weighted_displacement(before, after)


def test_intervals_of_the_net_effect_hold_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(2)
    first, last = np.array([80.0, 60.0, 300.0]), np.array([50.0, 65.0, 280.0])
    truth = (80 + 60) * 280 / 300 - 50 - 65
    runs = [weighted_displacement(rng.poisson(first), rng.poisson(last), draws=399, seed=i) for i in range(600)]
    assert 0.92 < np.mean([r.net_low <= truth <= r.net_high for r in runs]) < 0.98


def test_the_quotient_is_called_sure_rarely_where_nothing_moved():
    rng = np.random.default_rng(3)
    runs = [
        weighted_displacement(rng.poisson([90, 60, 300]), rng.poisson([45, 60, 300]), draws=399, seed=i)
        for i in range(600)
    ]
    assert np.mean([r.sure for r in runs]) < 0.075


class TestDisplacementDifference:
    """Against the worked example of Wheeler and Ratcliffe (2018) and the examples of their implementation."""

    def test_the_papers_example(self):
        found = displacement_difference((207, 110), (308, 318), (178, 157), (150, 140))
        assert found.estimate == -118
        assert found.standard_error == pytest.approx(math.sqrt(1568))
        assert round(found.z, 2) == -2.98
        assert (round(found.low), round(found.high)) == (-196, -40)

    @pytest.mark.parametrize(
        ("areas", "estimate"),
        [
            (((20, 10), (20, 20)), -10),
            (((20, 20), (20, 20), (20, 10), (20, 20)), -10),
            (((20, 10), (20, 20), (20, 10), (20, 20)), -20),
        ],
    )
    def test_simple_ones(self, areas, estimate):
        assert displacement_difference(*areas).estimate == estimate

    def test_nothing_at_all(self):
        assert math.isnan(displacement_difference((0, 0), (0, 0)).p)


class TestAreas:
    def test_limits_belong_to_the_inner_area(self):
        found = areas_by_distance([0, 200, 200.1, 500, 500.1, 700, 700.1], 200, 300, 200)
        assert "".join(area.value for area in found) == "AABB--C"

    def test_without_a_strip_the_control_area_begins_at_the_ring(self):
        assert areas_by_distance([500.1], 200, 300)[0] is Area.CONTROL

    def test_what_is_no_distance_is_refused(self):
        with pytest.raises(BadCoordinatesError):
            areas_by_distance([np.nan], 200, 300)
        with pytest.raises(GisError):
            areas_by_distance([1], 200, 0)
