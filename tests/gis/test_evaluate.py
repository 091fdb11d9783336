"""Rolling-origin evaluation by hand, on invented incidents, and on Chicago."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.chicago import load, months
from gis.errors import EmptyInputError, GisError
from gis.evaluate import Evaluation, Period, choose_method, evaluate, hits_of, paired_difference, table
from gis.forecasts import risk_method, simple_methods
from gis.surfaces import History, StudyArea

SIDE, CELL = 30, 150.0
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
AREA = StudyArea(COLUMN, ROW, CELL)
TODAY = 20_000
PERIODS = [Period(TODAY - 90 + 30 * at, TODAY - 60 + 30 * at) for at in range(3)]


def invented(rate: np.ndarray, days: int = 1500, seed: int = 1) -> History:
    rng = np.random.default_rng(seed)
    cell = np.repeat(np.arange(rate.size), rng.poisson(rate * days / 365))
    x = (COLUMN[cell] + rng.uniform(0, 1, cell.size)) * CELL
    y = (ROW[cell] + rng.uniform(0, 1, cell.size)) * CELL
    group = rng.choice([0, 1, 2], cell.size, p=[0.3, 0.3, 0.4]).astype(np.int8)
    return History(x, y, rng.integers(TODAY - days, TODAY, cell.size), group)


def test_hits_by_hand():
    score = np.array([9, 7, 7, 7, 1, 0, 0, 0, 0, 0])
    cell = np.arange(10)
    assert hits_of(score, cell, [0.1])[0].tolist() == [1] + [0] * 9
    np.testing.assert_allclose(hits_of(score, cell, [0.3])[0], [1, 2 / 3, 2 / 3, 2 / 3, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(hits_of(np.zeros(10), cell, [0.05])[0], [0.05] * 10)
    np.testing.assert_allclose(hits_of(score, cell, [0.25])[0].sum(), 2.5)
    assert hits_of(score, [], [0.1, 0.2]).shape == (2, 0)


def test_a_map_without_knowledge_hits_its_share_and_a_perfect_one_all():
    rng = np.random.default_rng(2)
    cell = rng.integers(0, 900, 4000)
    assert hits_of(rng.uniform(size=900), cell, [0.05]).mean() == pytest.approx(0.05, abs=0.015)
    assert hits_of(np.bincount(cell, minlength=900), cell[:50], [0.999]).mean() == pytest.approx(1, abs=0.02)


def test_the_interval_of_a_paired_difference_covers_the_truth():
    rng = np.random.default_rng(3)
    inside = 0
    for run in range(40):
        one = (rng.uniform(size=(1, 400)) < 0.4).astype(float)
        other = np.where(rng.uniform(size=(1, 400)) < 0.9, one, rng.uniform(size=(1, 400)) < 0.2)
        found = paired_difference(one, other, seed=run)
        inside += bool(found.low[0] <= 0.1 * (0.4 - 0.2) <= found.high[0])
    assert inside >= 33
    with pytest.raises(GisError):
        paired_difference(np.zeros((1, 3)), np.zeros((1, 4)))


@pytest.fixture(scope="module")
def uneven():
    rate = np.random.default_rng(4).gamma(0.3, 6.0, SIDE * SIDE)
    history = invented(rate)
    return history, evaluate(history, AREA, PERIODS)


def test_an_evaluation_says_how_every_family_did(uneven):
    history, done = uneven
    assert [p.family for p in done.performances] == ["counts", "kde", "gi", "near repeat", "risk"]
    assert done.incidents == np.count_nonzero((history.group == 0) & (history.day >= TODAY - 90))
    for performance in done.performances:
        np.testing.assert_allclose(performance.pai, performance.hit_rate / np.array(done.shares))
        assert (performance.low <= performance.hit_rate).all()
        assert (performance.hit_rate <= performance.high).all()
        assert (performance.pei <= 1).all()
        assert (np.diff(performance.hit_rate) >= 0).all()
    # where cells differ for good and do not hang together, counts of all years are near the best there is
    assert done.best_simple == "counts"
    assert done.of("counts").hit_rate[2] > 1.5 * done.of("near repeat").hit_rate[2]
    assert done.of("risk").hit_rate[2] > 0.9 * done.of("counts").hit_rate[2]


def test_the_default_is_risk_only_where_it_is_better_beyond_chance(uneven):
    _, done = uneven
    assert (done.honest_default == "risk") == bool((done.difference.low > 0).all())
    if done.honest_default != "risk":
        assert done.honest_default == done.best_simple


def test_the_table_has_a_row_for_each_method_and_share(uneven):
    _, done = uneven
    rows = table(done)
    assert len(rows) == 15
    assert rows[0].keys() == {"method", "setting", "share", "hit_rate", "low", "high", "pai", "pei", "incidents"}
    assert all(0 <= row["hit_rate"] <= 1 for row in rows)


def test_nothing_of_a_period_or_later_is_used(uneven):
    history, _ = uneven
    day = TODAY - 90
    late = history.day >= day
    moved = History(np.where(late, 5.0, history.x_m), history.y_m, history.day, history.group)
    for method in (*simple_methods(AREA), risk_method(AREA)):
        np.testing.assert_array_equal(method.score(history, day), method.score(moved, day), err_msg=method.setting)


def test_settings_are_chosen_before_the_tested_periods(uneven):
    history, done = uneven
    late = history.day >= TODAY - 90
    moved = History(np.where(late, 5.0, history.x_m), history.y_m, history.day, history.group)
    again = evaluate(moved, AREA, PERIODS)
    assert [p.setting for p in again.performances] == [p.setting for p in done.performances]
    assert again.best_simple == done.best_simple
    with pytest.raises(GisError, match="before those"):
        evaluate(history, AREA, PERIODS, training=PERIODS[:1])


def test_too_little_history_falls_back_to_counts():
    history = invented(np.full(SIDE * SIDE, 0.05), days=200)
    risk, plain = risk_method(AREA), simple_methods(AREA)[0]
    np.testing.assert_array_equal(risk.score(history, TODAY), plain.score(history, TODAY))
    empty = history.between(0, 1)
    for method in (*simple_methods(AREA), risk):
        assert not method.score(empty, TODAY).any()


def test_all_incidents_in_one_cell_are_all_hit():
    rate = np.zeros(SIDE * SIDE)
    rate[450] = 100
    done = evaluate(invented(rate), AREA, PERIODS)
    np.testing.assert_allclose(done.of("counts").hit_rate, 1.0)
    np.testing.assert_allclose(done.of("risk").hit_rate, 1.0)
    np.testing.assert_allclose(done.of("counts").pei, 1.0)
    assert done.honest_default == done.best_simple


@pytest.mark.parametrize(
    ("periods", "options", "error"),
    [
        ([], {}, GisError),
        ([Period(5, 5)], {}, GisError),
        ([Period(TODAY - 10, TODAY), Period(TODAY - 5, TODAY + 5)], {}, GisError),
        (PERIODS, {"shares": (0.0,)}, GisError),
        (PERIODS, {"shares": ()}, GisError),
        ([Period(TODAY + 10, TODAY + 20)], {}, EmptyInputError),
        ([Period(10, 20)], {}, EmptyInputError),
    ],
)
def test_what_cannot_be_evaluated_is_refused(uneven, periods, options, error):
    with pytest.raises(error):
        evaluate(uneven[0], AREA, periods, **options)


def test_the_method_of_today_is_the_best_honest_one(uneven):
    history, _ = uneven
    method, done = choose_method(history, AREA, TODAY)
    assert method.family == done.honest_default
    assert method.setting == done.of(method.family).setting
    assert method.score(history, TODAY).shape == (len(AREA),)
    early = choose_method(history, AREA, TODAY - 100)[1]
    cut = choose_method(history.between(0, TODAY - 100), AREA, TODAY - 100)[1]
    np.testing.assert_array_equal(early.of("risk").hit_rate, cut.of("risk").hit_rate)
    for n in (0, 1):
        few = History(np.full(n, 50.0), np.full(n, 50.0), np.full(n, TODAY - 5), np.zeros(n, np.int8))
        method, done = choose_method(few, AREA, TODAY)
        assert (method.family, method.setting) == ("counts", "all hours, all years")
        assert done is None
        assert method.score(few, TODAY).sum() == n


def test_risk_is_taken_where_it_is_better_beyond_chance():
    better = paired_difference(np.ones((2, 50)), np.zeros((2, 50)))
    assert (better.low > 0).all()
    done = Evaluation((0.01, 0.05), (), "counts", better, 50)
    assert done.honest_default == "risk"
    half = paired_difference(np.stack([np.ones(50), np.zeros(50)]), np.zeros((2, 50)))
    assert Evaluation((0.01, 0.05), (), "counts", half, 50).honest_default == "counts"
    assert Evaluation((0.01, 0.05), (), "kde", None, 50).honest_default == "kde"


def test_on_chicago_long_memory_beats_wide_bandwidths_and_recent_weeks(shared_data: Path):
    """After-school assaults of 2018 by month, cells of 300 m, trained on what came before."""
    city = load(shared_data / "chicago", 300.0)
    done = evaluate(city.history, city.area, months(2018))
    assert done.incidents > 1000
    assert done.best_simple in ("counts", "kde")
    best = done.of(done.best_simple).hit_rate
    assert best[2] > 0.24
    assert best[0] > 0.07
    assert (best > done.of("near repeat").hit_rate).all()
    assert (best > done.of("gi").hit_rate).all()
    assert done.of("risk").hit_rate[2] > 0.95 * best[2]
