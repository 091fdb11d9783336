"""The Knox test against the published output of the Near Repeat Calculator 1.3, and by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gis.errors import BadCoordinatesError, GisError
from gis.hotspots.chance import Reason
from gis.hotspots.near_repeat import knox_test, summarise

PUBLISHED = [
    ("chicago_arson", "chicago_arson_NRverbose_2019-09-23_145637.csv", (200, 400, 600), (1, 2, 3)),
    ("chicago_be_month1", "chicago_be_month1_NRverbose_2019-09-23_143005.csv", (100, 200, 300), (7, 14, 21)),
]


def numbers(lines: list[str], title: str) -> np.ndarray:
    at = next(i for i, line in enumerate(lines) if line.startswith(title)) + 3
    return np.array([[float(cell or 0) for cell in line.split(",")[2:6]] for line in lines[at : at + 5]])


def simulations(text: str) -> np.ndarray:
    """Return the calculator's own simulated counts, shape ``(runs, rows, columns)``."""
    parts = re.findall(r"Row (\d) Column (\d)\s+Expected,(.*?)Observed,", text, flags=re.DOTALL)
    runs = {(int(r), int(c)): [int(n) for n in re.findall(r"\d+", body)] for r, c, body in parts}
    return np.array([[runs[r, c] for c in range(1, 5)] for r in range(1, 6)]).transpose(2, 0, 1)


@pytest.fixture(params=PUBLISHED, ids=[name for name, *_ in PUBLISHED])
def published(request, shared_data: Path):
    name, verbose, space, time = request.param
    folder = shared_data / "near_repeat"
    rows = [line.split(",") for line in (folder / f"{name}.csv").read_text().splitlines()]
    place = np.array([[float(row[0]), float(row[1])] for row in rows], dtype=np.float32)  # as the calculator keeps them
    day = np.array([row[2] for row in rows], dtype="datetime64[D]").astype(np.int64)
    text = (folder / verbose).read_text()
    table = knox_test(
        place[:, 0], place[:, 1], day, space_edges_m=space, time_edges_days=time, metric="manhattan", seed=1
    )
    return table, text.splitlines(), simulations(text)


def test_observed_pairs_are_those_published(published):
    table, lines, _ = published
    np.testing.assert_array_equal(table.observed, numbers(lines, "Observed frequencies"))


def test_ratios_and_p_values_of_the_published_simulations_are_those_published(published):
    table, lines, simulated = published
    _, ratio, p = summarise(table.observed, simulated)
    np.testing.assert_allclose(np.nan_to_num(ratio), numbers(lines, "Observed over mean"), atol=5.1e-4)
    np.testing.assert_allclose(p, numbers(lines, "Statistical significant"), atol=1e-9)


def test_expected_and_p_agree_with_the_published_ones_within_chance(published):
    table, _, simulated = published
    runs = len(simulated)
    error = np.sqrt(table.expected / runs) + 3 / runs  # counts of pairs are about Poisson, or vary less
    assert np.all(np.abs(simulated.mean(axis=0) - table.expected) < 4 * error)
    p = summarise(table.observed, simulated)[2]
    assert np.all(np.abs(p - table.p) < 4 * np.sqrt(table.p * (1 - table.p) / runs) + 2 / runs)


def brute(x, y, day, space, time) -> np.ndarray:
    out = np.zeros((len(space) + 2, len(time) + 1), dtype=int)
    for i in range(len(x)):
        for j in range(i):
            apart, days = np.hypot(x[i] - x[j], y[i] - y[j]), abs(day[i] - day[j])
            row = 0 if apart == 0 else 1 + sum(apart >= edge for edge in space)
            out[row, sum(days >= edge for edge in time)] += 1
    return out


def test_pairs_are_counted_as_one_by_one():
    rng = np.random.default_rng(2)
    x, y, day = rng.integers(0, 8, 60) * 50.0, rng.integers(0, 8, 60) * 50.0, rng.integers(0, 20, 60)
    table = knox_test(x, y, day, space_edges_m=(100, 250), time_edges_days=(1, 7), permutations=9)
    np.testing.assert_array_equal(table.observed, brute(x, y, day, (100, 250), (1, 7)))
    np.testing.assert_allclose(table.expected.sum(), 60 * 59 / 2)


def test_planted_repeats_are_found_and_chance_is_not():
    rng = np.random.default_rng(3)
    x, y, day = rng.uniform(0, 5000, 300), rng.uniform(0, 5000, 300), rng.integers(0, 180, 300)
    plain = knox_test(x, y, day, permutations=199)
    assert plain.p[1, 0] > 0.05
    echo = rng.choice(300, 60, replace=False)
    x = np.append(x, x[echo] + rng.uniform(-50, 50, 60))
    y, day = np.append(y, y[echo] + rng.uniform(-50, 50, 60)), np.append(day, day[echo] + rng.integers(0, 5, 60))
    found = knox_test(x, y, day, permutations=199)
    assert found.p[1, 0] == 1 / 200
    assert found.ratio[1, 0] > 5
    again = knox_test(x, y, day, permutations=199)
    np.testing.assert_array_equal(found.expected, again.expected)


def test_few_incidents_claim_nothing():
    for n, reason in ((0, Reason.NO_INCIDENTS), (1, Reason.LONE)):
        table = knox_test([5.0] * n, [5.0] * n, [1] * n)
        assert table.reason == reason
        assert not table.observed.any()
        assert np.isnan(table.p).all()
    same = knox_test([0.0] * 20, [0.0] * 20, list(range(20)), permutations=19)
    assert same.observed[0].sum() == 190
    assert (same.p == 1).all()  # one place: the days can be dealt out as one likes
    one_day = knox_test(np.arange(20.0) * 90, [0.0] * 20, [3] * 20, permutations=19)
    assert (one_day.p == 1).all()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0.0], [0.0, 1.0], [1], {}), BadCoordinatesError),
        (([0.0, np.nan], [0.0, 1.0], [1, 2], {}), BadCoordinatesError),
        (([0.0, 1.0], [0.0, 1.0], [1, 2], {"space_edges_m": (200, 100)}), GisError),
        (([0.0, 1.0], [0.0, 1.0], [1, 2], {"time_edges_days": ()}), GisError),
        (([0.0, 1.0], [0.0, 1.0], [1, 2], {"permutations": 0}), GisError),
        (([0.0] * 11_000, [0.0] * 11_000, [1] * 11_000, {}), GisError),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, error):
    x, y, day, options = arguments
    with pytest.raises(error):
        knox_test(x, y, day, **options)
