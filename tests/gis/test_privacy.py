"""The tables here are invented."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from gis.errors import GisError
from gis.privacy import ShownCounts, suppress


def attack(table: np.ndarray, shown: ShownCounts) -> list[tuple[str, int, float]]:
    """Return what somebody learns who has only the shown numbers: each count below k with its upper bound.

    Every number that is not shown is an unknown of 0 or more, the totals included; every sum that the table
    obeys is an equation. Each suppressed count of 1 … k − 1 is then maximised.
    """
    n, m = table.shape
    size = n * m + n + m + 1  # counts, cell totals, slice totals, grand total
    truth = np.concatenate([table.ravel(), table.sum(axis=1), table.sum(axis=0), [table.sum()]])
    known = np.concatenate([shown.counts.ravel(), shown.cell_totals, shown.slice_totals, [shown.total]])
    equations = []
    for i in range(n):
        row = np.zeros(size)
        row[i * m : (i + 1) * m] = 1
        row[n * m + i] = -1
        equations.append(row)
    for j in range(m):
        row = np.zeros(size)
        row[j : n * m : m] = 1
        row[n * m + n + j] = -1
        equations.append(row)
    for part in (slice(n * m, n * m + n), slice(n * m + n, n * m + n + m)):
        row = np.zeros(size)
        row[part] = 1
        row[-1] = -1
        equations.append(row)
    bounds = [(int(value), int(value)) if value else (0, 10_000) for value in known]
    learnt = []
    for at in np.flatnonzero((known == 0) & (truth > 0) & (truth < shown.k)):
        objective = np.zeros(size)
        objective[at] = -1
        answer = linprog(objective, A_eq=np.array(equations), b_eq=np.zeros(len(equations)), bounds=bounds)
        assert answer.status == 0
        kind = "count" if at < n * m else "total"
        learnt.append((kind, int(truth[at]), -answer.fun))
    return learnt


def assert_safe(table: np.ndarray, shown: ShownCounts) -> None:
    for numbers, truth in (
        (shown.counts, table),
        (shown.cell_totals, table.sum(axis=1)),
        (shown.slice_totals, table.sum(axis=0)),
        (np.array([shown.total]), np.array([table.sum()])),
    ):
        assert not np.any((numbers > 0) & (numbers < shown.k))
        assert np.all((numbers == 0) | (numbers == truth))
    for kind, value, highest in attack(table, shown):
        assert highest >= shown.k - 1e-6, f"a {kind} of {value} is known to be at most {highest}"


def draw(kind: str, rng: np.random.Generator) -> np.ndarray:
    n, m = int(rng.integers(1, 8)), int(rng.integers(1, 6))
    if kind == "sparse":
        return rng.poisson(0.6, (n, m))
    if kind == "busy":
        return rng.poisson(6, (n, m))
    if kind == "one odd column":
        table = rng.integers(3, 9, (n, m))
        table[:, 0] = rng.integers(0, 3, n)
        return table
    if kind == "one odd row":
        table = rng.integers(3, 9, (n, m))
        table[0] = rng.integers(0, 2, m)
        return table
    table = rng.integers(3, 20, (n, m))  # a single small number among large ones
    table[rng.integers(n), rng.integers(m)] = rng.integers(1, 3)
    return table


@pytest.mark.parametrize("kind", ["sparse", "busy", "one odd column", "one odd row", "one small number"])
@pytest.mark.parametrize("k", [3, 5])
def test_no_count_below_k_can_be_derived_by_linear_programming(kind, k):
    rng = np.random.default_rng([k, len(kind)])
    for _ in range(40):
        table = draw(kind, rng)
        assert_safe(table, suppress(table, k))


def test_primary_suppression_alone_would_not_pass_the_audit():
    table = np.array([[4, 3, 2], [5, 5, 9], [7, 8, 4]])
    naive = ShownCounts(np.where(table >= 3, table, 0), table.sum(axis=1), table.sum(axis=0), int(table.sum()), 3)
    assert attack(table, naive) == [("count", 2, pytest.approx(2))]
    assert_safe(table, suppress(table))


def test_one_cell_with_few_incidents_takes_another_cell_along():
    shown = suppress(np.array([[2], [9], [4]]))
    assert shown.cell_totals.tolist() == [0, 9, 0]
    assert shown.hidden_total == 6


def test_a_safe_table_is_shown_whole():
    table = np.array([[4, 0, 3], [0, 5, 9]])
    shown = suppress(table)
    assert shown.counts.tolist() == table.tolist()
    assert shown.total == 21
    assert shown.hidden_total == 0


def test_fewer_incidents_than_k_show_nothing_at_all():
    shown = suppress(np.array([[1, 0], [0, 1]]))
    assert not shown.counts.any()
    assert not shown.cell_totals.any()
    assert not shown.slice_totals.any()
    assert shown.total == 0
    assert shown.hidden_total == 0


def test_k_of_one_and_an_empty_table():
    assert suppress(np.array([[1, 0]]), 1).counts.tolist() == [[1, 0]]
    assert suppress(np.zeros((0, 35), dtype=np.int64)).total == 0


def test_large_sparse_table_keeps_most_of_the_cell_totals():
    rng = np.random.default_rng(7)
    table = rng.poisson(rng.gamma(0.3, 1.5, 20_000)[:, None], (20_000, 35))
    shown = suppress(table)
    assert shown.total == table.sum()
    assert np.array_equal(shown.slice_totals, table.sum(axis=0))
    totals = table.sum(axis=1)
    assert np.array_equal(shown.cell_totals, np.where(totals >= 3, totals, 0))
    left = totals - shown.counts.sum(axis=1)
    assert not np.any((left[totals >= 3] > 0) & (left[totals >= 3] < 3))
    assert shown.counts.sum() > 0.5 * np.where(table >= 3, table, 0).sum()


@pytest.mark.parametrize(
    ("counts", "k", "says"),
    [
        ([[1.5, 2]], 3, "whole numbers"),
        ([[np.nan, 2]], 3, "whole numbers"),
        ([[-1, 2]], 3, "0 or more"),
        ([[[1]]], 3, "3 dimensions"),
        ([[1]], 0, "1 or more"),
    ],
)
def test_what_is_not_a_table_of_counts_is_refused(counts, k, says):
    with pytest.raises(GisError, match=says):
        suppress(counts, k)
