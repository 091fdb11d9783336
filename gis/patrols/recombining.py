"""The best plan from all routes that a search has seen: a set packing problem, solved exactly by HiGHS.

As in the heuristics with route recombination for this problem (Hu and Lim 2014, Eur. J. Oper. Res. 232, 276–286): a
search that sticks has mostly found the routes of a better plan, only not all at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import coo_array, csc_array

Floats = NDArray[np.float64]

_NODES = 300


def recombine(
    routes: Sequence[frozenset[int]],
    kinds: Sequence[int],
    available: Sequence[int],
    worth: Floats,
    at_least: float,
    *,
    seconds: float | None = None,
) -> list[int] | None:
    """Return which routes make the best plan, if that is worth at least ``at_least``.

    Parameters
    ----------
    routes
        The stops of each route.
    kinds
        The type of team of each route.
    available
        How many teams there are of each type.
    worth
        What stops are worth, shape ``(stops,)``.
    at_least
        What a plan must be worth to be of interest.
    seconds
        Limit to the time of the branch and bound; without it only its nodes are limited, so that the same routes give
        the same plan.
    """
    if not routes:
        return None
    table, value = _table(routes, kinds, len(available), worth)
    most = np.concatenate([np.ones(worth.size), np.asarray(available, dtype=np.float64)])
    relaxed = linprog(-value, A_ub=table, b_ub=most, method="highs")
    if relaxed.x is None:
        return None
    price = -relaxed.ineqlin.marginals
    bound, tolerance = float(most @ price), 1e-7 * max(1.0, float(value.max()))
    if bound < at_least - tolerance:
        return None
    # A route whose reduced cost exceeds the gap is in no plan that is good enough.
    kept = np.flatnonzero(value - table.T @ price >= at_least - bound - tolerance)
    solved = _solved(
        value[kept], table[:, kept], most, {"node_limit": _NODES} if seconds is None else {"time_limit": seconds}
    )
    if solved.x is None or -solved.fun < at_least - tolerance:
        return None
    return [int(k) for k in kept[solved.x > 0.5]]


def best_set(
    routes: Sequence[frozenset[int]], kinds: Sequence[int], available: Sequence[int], worth: Floats, besides: Floats
) -> list[int] | None:
    """Return which routes make the best plan of all, or None if that cannot be proved soon.

    The parameters are those of :func:`recombine`; ``besides`` is what each route is worth apart from its stops, shape
    ``(routes,)``.
    """
    if not routes:
        return []
    table, value = _table(routes, kinds, len(available), worth)
    most = np.concatenate([np.ones(worth.size), np.asarray(available, dtype=np.float64)])
    solved = _solved(value + besides, table, most, {"node_limit": _NODES})
    return [int(k) for k in np.flatnonzero(solved.x > 0.5)] if solved.status == 0 else None


def _table(
    routes: Sequence[frozenset[int]], kinds: Sequence[int], types: int, worth: Floats
) -> tuple[csc_array, Floats]:
    """Return which stops and which type of team each route uses, and what its stops are worth."""
    sizes = np.array([len(route) for route in routes])
    column = np.repeat(np.arange(len(routes)), sizes)
    stop = np.array([i for route in routes for i in sorted(route)], dtype=np.int64)
    value = np.bincount(column, worth[stop], minlength=len(routes)).astype(np.float64)
    rows = np.concatenate([stop, worth.size + np.asarray(kinds, dtype=np.int64)])
    columns = np.concatenate([column, np.arange(len(routes))])
    shape = (worth.size + types, len(routes))
    return csc_array(coo_array((np.ones(rows.size), (rows, columns)), shape=shape)), value


def _solved(value: Floats, table: csc_array, most: Floats, limit: dict[str, float]) -> OptimizeResult:
    return milp(
        -value,
        constraints=LinearConstraint(table, -np.inf, most),
        integrality=np.ones(value.size),
        bounds=Bounds(0, 1),
        options=limit | {"mip_rel_gap": 0.0},  # a share of what posts that must be manned count would be many prizes
    )
