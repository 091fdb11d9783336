"""The risk surface on invented incidents whose true risk is known."""

from __future__ import annotations

import numpy as np
import pytest

from gis.errors import BadCoordinatesError, EmptyInputError, GisError
from gis.forecasts import simple_methods
from gis.risk import CAUSES, fit_risk, predict_risk
from gis.surfaces import OTHER, RELATED, TARGET, History, StudyArea, group_by_hours, history_of_intervals

SIDE, CELL = 24, 150.0
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
AREA = StudyArea(COLUMN, ROW, CELL)
TODAY = 20_000


def invented(rng: np.random.Generator, rate: np.ndarray, days: int = 1460) -> History:
    """Return incidents at a yearly rate by cell, a fifth of them of the kind to be foretold."""
    cell = np.repeat(np.arange(rate.size), rng.poisson(rate * days / 365))
    x = (COLUMN[cell] + rng.uniform(0, 1, cell.size)) * CELL
    y = (ROW[cell] + rng.uniform(0, 1, cell.size)) * CELL
    group = rng.choice([0, 1, 2], cell.size, p=[0.2, 0.3, 0.5]).astype(np.int8)
    return History(x, y, rng.integers(TODAY - days, TODAY, cell.size), group)


@pytest.fixture(scope="module")
def uneven() -> tuple[np.ndarray, History]:
    rng = np.random.default_rng(1)
    rate = rng.gamma(0.4, 5.0, SIDE * SIDE)
    return rate, invented(rng, rate)


def test_the_forecast_is_calibrated_and_near_the_truth(uneven):
    rate, history = uneven
    surface = predict_risk(fit_risk(history, AREA, TODAY), history, TODAY, 365)
    truth = 0.2 * rate
    assert surface.expected.sum() == pytest.approx(truth.sum(), rel=0.1)
    assert np.corrcoef(surface.expected, truth)[0, 1] > 0.9
    order = np.argsort(surface.expected)
    for part in np.array_split(order, 5)[2:]:
        assert surface.expected[part].sum() == pytest.approx(truth[part].sum(), rel=0.35)
    half = predict_risk(fit_risk(history, AREA, TODAY), history, TODAY, 73)
    np.testing.assert_allclose(half.expected, surface.expected / 5)


def test_shares_of_causes_add_up_and_lie_with_history_where_the_past_is_uneven(uneven):
    _, history = uneven
    surface = predict_risk(fit_risk(history, AREA, TODAY), history, TODAY, 28)
    assert surface.causes == CAUSES
    assert surface.factors.shape == (len(AREA), 0)
    np.testing.assert_allclose(surface.shares.sum(axis=1), 1.0)
    assert (surface.shares >= 0).all()
    top = np.argsort(-surface.expected)[:30]
    assert surface.shares[top, CAUSES.index("history")].mean() > 0.5


def test_uncertain_incidents_count_once_in_all_by_the_hours_in_which_they_may_have_been():
    """Two known after school on Tuesdays; one of a whole Tuesday, one of a Wednesday, one of two days."""
    start = np.array(
        ["2026-11-03T15:00", "2026-11-03T17:00", "2026-11-03", "2026-11-04", "2026-11-09T12:00"], dtype="datetime64[m]"
    )
    long = np.array([0, 0, 1440, 1440, 2880]).astype("timedelta64[m]")
    share = [1, 1, 0.125, 0, 0.0625]
    history = history_of_intervals(np.arange(5.0), np.zeros(5), start, start + long, share)
    day = history.day - np.datetime64("2026-11-03").astype(int)
    found = {
        (x, d, g): w
        for x, d, g, w in zip(history.x_m.tolist(), day.tolist(), history.group.tolist(), history.weight, strict=True)
    }
    # related are Tuesdays from 12:00 to 20:00: three hours before and after; the minute of 20:00 is one of them
    related = 481 / 1440
    assert found == pytest.approx(
        {
            (0, 0, TARGET): 1, (1, 0, TARGET): 1,
            (2, 0, TARGET): 0.125, (2, 0, RELATED): related - 0.125, (2, 0, OTHER): 1 - related,
            (3, 1, OTHER): 1,
            (4, 8, TARGET): 0.0625, (4, 8, RELATED): related / 2 - 0.0625, (4, 8, OTHER): 1 - related / 2,
        }
    )  # fmt: skip
    assert history.x_m[history.whole].tolist() == [0, 1, 3]
    assert len(history.between(20_760, 20_766).weight) == 6
    with pytest.raises(GisError, match="share"):
        History(np.zeros(2), np.zeros(2), np.zeros(2, int), np.zeros(2, np.int8), np.ones(1))
    with pytest.raises(GisError, match="one share per incident"):
        history_of_intervals([0], [0], start[:1], start[:1], [1, 1])


def test_shares_weigh_as_much_as_the_incidents_that_they_are_parts_of(uneven):
    """Each incident cut in four parts gives the same surface."""
    _, history = uneven
    rows = np.repeat(np.arange(len(history)), 4)
    parts = History(
        history.x_m[rows], history.y_m[rows], history.day[rows], history.group[rows], np.full(rows.size, 0.25)
    )
    whole, cut = (predict_risk(fit_risk(one, AREA, TODAY), one, TODAY, 28).expected for one in (history, parts))
    np.testing.assert_allclose(cut, whole, rtol=1e-6)
    for method in simple_methods(AREA):
        np.testing.assert_allclose(method.score(parts, TODAY), method.score(history, TODAY), rtol=1e-9, atol=1e-9)


def test_nothing_after_the_day_is_used(uneven):
    _, history = uneven
    early = TODAY - 200
    cut = history.between(0, early)
    one = predict_risk(fit_risk(history, AREA, early), history, early, 28)
    other = predict_risk(fit_risk(cut, AREA, early), cut, early, 28)
    np.testing.assert_array_equal(one.expected, other.expected)
    with pytest.raises(GisError, match="must not know"):
        predict_risk(fit_risk(history, AREA, TODAY), history, early, 28)


def test_a_hazard_that_matters_has_its_share_and_factor_and_one_that_does_not_has_none():
    rng = np.random.default_rng(2)
    cafes, trees = rng.choice(SIDE * SIDE, 25, replace=False), rng.choice(SIDE * SIDE, 25, replace=False)
    rate = np.full(SIDE * SIDE, 0.8)
    rate[cafes] += 4.0
    history = invented(rng, rate)

    def middle(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (COLUMN[cells] + 0.5) * CELL, (ROW[cells] + 0.5) * CELL

    hazards = {"cafes": middle(cafes), "trees": middle(trees)}
    surface = predict_risk(fit_risk(history, AREA, TODAY, hazards=hazards), history, TODAY, 28)
    assert surface.causes == (*CAUSES, "cafes", "trees")
    at_cafe, at_tree = surface.shares[cafes, 4].mean(), surface.shares[np.setdiff1d(trees, cafes), 5].mean()
    assert at_cafe > 0.2
    assert at_cafe > 3 * at_tree
    far = np.hypot(COLUMN[:, None] - COLUMN[cafes], ROW[:, None] - ROW[cafes]).min(axis=1) > 5
    assert surface.factors[cafes, 0].mean() > 1.3
    np.testing.assert_allclose(surface.factors[far, 0], 1.0, atol=0.2)
    assert surface.expected[cafes].mean() > 3 * np.delete(surface.expected, cafes).mean()


def test_a_category_without_hazards_explains_nothing(uneven):
    _, history = uneven
    nothing = {"none": (np.zeros(0), np.zeros(0))}
    surface = predict_risk(fit_risk(history, AREA, TODAY, hazards=nothing), history, TODAY, 28)
    np.testing.assert_allclose(surface.factors, 1.0)
    assert not surface.shares[:, 4].any()


def test_all_incidents_in_one_cell():
    rng = np.random.default_rng(3)
    rate = np.zeros(SIDE * SIDE)
    rate[300] = 200
    history = invented(rng, rate)
    surface = predict_risk(fit_risk(history, AREA, TODAY), history, TODAY, 365)
    assert np.isfinite(surface.expected).all()
    assert surface.expected.argmax() == 300
    assert surface.expected[300] > 0.9 * surface.expected.sum()


@pytest.mark.parametrize("n", [0, 1, 15])
def test_too_little_to_learn_from_is_said(n):
    rng = np.random.default_rng(4)
    history = History(
        rng.uniform(0, 3000, n), rng.uniform(0, 3000, n), rng.integers(TODAY - 900, TODAY, n), np.zeros(n, np.int8)
    )
    with pytest.raises(EmptyInputError):
        fit_risk(history, AREA, TODAY)


def test_a_short_history_and_a_history_elsewhere():
    rng = np.random.default_rng(5)
    history = invented(rng, np.full(SIDE * SIDE, 8.0), days=40)
    with pytest.raises(EmptyInputError, match="eight weeks"):
        fit_risk(history, AREA, TODAY)
    longer = invented(rng, np.full(SIDE * SIDE, 8.0), days=120)
    model = fit_risk(longer, AREA, TODAY)
    assert model.period_days == 30
    away = History(longer.x_m + 1e6, longer.y_m, longer.day, longer.group)
    with pytest.raises(EmptyInputError, match="from: 0; at least 20"):
        fit_risk(away, AREA, TODAY)
    nothing = longer.between(0, 1)
    with pytest.raises(EmptyInputError, match="no history"):
        predict_risk(model, nothing, TODAY, 28)
    with pytest.raises(GisError):
        predict_risk(model, longer, TODAY, 0)


def test_surfaces_count_by_cell_and_smoothing_keeps_the_sum():
    x, y = np.array([1820.0, 1830.0, 10.0, -5.0, 9e9]), np.array([1820.0, 1949.0, 10.0, 10.0, 0.0])
    fine = AREA.fine_cells(x, y)
    assert (fine[3:] == -1).all()
    counts = AREA.surface(fine)
    assert counts[12 * SIDE + 12] == 2
    assert counts.sum() == 3
    assert AREA.cells_of(x, y).tolist() == [12 * SIDE + 12, 12 * SIDE + 12, 0, -1, -1]
    smooth = AREA.surface(fine[:2], np.array([2.0, 1.0]), 120.0)
    assert smooth.sum() == pytest.approx(3.0, rel=1e-3)
    assert smooth.argmax() == 12 * SIDE + 12
    hole = StudyArea(np.array([0, 2]), np.array([5, 5]), 100.0)
    assert hole.cells_of([50.0, 150.0, 250.0], [550.0] * 3).tolist() == [0, -1, 1]
    assert hole.surface(hole.fine_cells([50.0, 150.0, 250.0], [550.0] * 3)).tolist() == [1, 1]


def test_groups_by_hours():
    times = ["2026-11-23T16:00", "2026-11-24T14:10", "2026-11-23T12:00", "2026-11-28T16:00", "2026-11-23T23:00"]
    assert group_by_hours(times, [True, True, False, False, False]).tolist() == [0, 0, 1, 2, 2]
    assert group_by_hours(times, [False] * 5).tolist() == [2] * 5
    assert group_by_hours([], []).shape == (0,)
    with pytest.raises(GisError):
        group_by_hours(times, [True])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: StudyArea(np.array([], int), np.array([], int), 100.0), GisError),
        (lambda: StudyArea(np.array([1, 1]), np.array([2, 2]), 100.0), GisError),
        (lambda: StudyArea(np.array([1]), np.array([2]), 0.0), GisError),
        (lambda: StudyArea(np.array([0, 100_000]), np.array([0, 100_000]), 10.0), GisError),
        (lambda: History(np.zeros(2), np.zeros(2), np.zeros(1, int), np.zeros(2, np.int8)), BadCoordinatesError),
        (lambda: History(np.full(1, np.nan), np.zeros(1), np.zeros(1, int), np.zeros(1, np.int8)), BadCoordinatesError),
        (lambda: History(np.zeros(1), np.zeros(1), np.zeros(1, int), np.full(1, 3, np.int8)), GisError),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, error):
    with pytest.raises(error):
        wrong()
