"""Good single routes by beam search: the route is built stop by stop, and only the most promising beginnings go on.

An iterated local search sticks where a better route has several other stops; a beam of beginnings does not, and takes a
fraction of a second. Beginnings with the same stops and the same last one are compared by when they are ready (Held and
Karp 1962, J. SIAM 10, 196–210), the others by their prizes less what their time is worth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.patrols.encoding import Encoding

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_WIDTH = 1_500  # beginnings that go on
_LOOKED_AT = 6  # so many times more are compared by their stops
_WORTH_OF_TIME = (0.0, 0.3, 0.6, 1.0, 1.5)  # in mean prizes of the best route; the first finds that route
_SEED = 20261127  # of the numbers that tell sets of stops apart; the same ones in each run


class _Layer(NamedTuple):
    """Beginnings with as many stops: the one each goes on from, its last client, and its prizes."""

    before: Integers
    last: Integers
    prize: Floats


def good_routes(encoding: Encoding, kind: int, most: int) -> list[tuple[int, ...]]:
    """Return routes of a type of team without a break, clients in order, those of the highest prizes first.

    Parameters
    ----------
    kind
        The type of team.
    most
        How many routes at most.
    """
    found: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {}
    rate = 0.0
    for worth in _WORTH_OF_TIME:
        for prize, route in _search(encoding, kind, worth * rate, most):
            stops = frozenset(encoding.tasks[client].stop for client in route)
            found.setdefault(stops, (prize, route))
        if not rate and found:
            rate = max(prize for prize, _ in found.values()) / max(encoding.horizon, 1)
    return [route for _, route in sorted(found.values(), key=lambda one: (-one[0], one[1]))[:most]]


def _search(encoding: Encoding, kind: int, rate: float, most: int) -> list[tuple[float, tuple[int, ...]]]:
    """Return prizes and clients of the best routes of one beam; ``rate`` is the worth of a second."""
    data, team = encoding.data, encoding.data.vehicle_type(kind)
    clients = [c for c, task in enumerate(encoding.tasks) if task.stop >= 0]
    if not clients:
        return []
    first, last_place = len(encoding.tasks) + 2 * kind, len(encoding.tasks) + 2 * kind + 1
    seconds = np.asarray(data.duration_matrix(team.profile), dtype=np.float64)
    between, leaving, home = seconds[np.ix_(clients, clients)], seconds[first, clients], seconds[clients, last_place]
    known = [data.client(c) for c in clients]
    prizes, stay, opens, closes = (
        np.array([getattr(one, name) for one in known], dtype=np.float64)
        for name in ("prize", "service_duration", "tw_early", "tw_late")
    )
    _, stop = np.unique([encoding.tasks[c].stop for c in clients], return_inverse=True)
    codes = np.random.default_rng(_SEED).integers(1, 2**62, stop.max() + 1)
    done = np.zeros((1, stop.max() + 1), dtype=bool)
    ready, last, prize = np.array([float(team.tw_early)]), np.array([-1]), np.zeros(1)
    code = np.zeros(1, dtype=np.int64)
    layers: list[_Layer] = []
    while True:
        way = np.where(last[:, None] >= 0, between[last], leaving)
        arrives = np.maximum(ready[:, None] + way, opens)
        fits = (arrives <= closes) & ~done[:, stop] & (arrives + stay + home <= team.tw_late)
        begun, client = np.nonzero(fits)
        if not begun.size:
            break
        after = arrives[begun, client] + stay[client]
        total = prize[begun] + prizes[client]
        kept = _best(total - rate * after, _LOOKED_AT * _WIDTH)
        begun, client, after, total = begun[kept], client[kept], after[kept], total[kept]
        same = code[begun] ^ codes[stop[client]]
        order = np.lexsort((after, client, same))
        new = np.ones(order.size, dtype=bool)
        new[1:] = (same[order][1:] != same[order][:-1]) | (client[order][1:] != client[order][:-1])
        order = order[new]
        order = order[_best(total[order] - rate * after[order], _WIDTH)]
        begun, client = begun[order], client[order]
        ready, prize, code = after[order], total[order], same[order]
        done = done[begun]
        done[np.arange(client.size), stop[client]] = True
        last = client
        layers.append(_Layer(begun, client, prize))
    return _routes(layers, clients, most)


def _best(score: Floats, most: int) -> Integers:
    """Return where the highest scores are, at most so many."""
    if score.size <= most:
        return np.arange(score.size)
    return np.argpartition(-score, most)[:most].astype(np.int64)


def _routes(layers: list[_Layer], clients: list[int], most: int) -> list[tuple[float, tuple[int, ...]]]:
    ends = [(float(p), depth, at) for depth, layer in enumerate(layers) for at, p in enumerate(layer.prize.tolist())]
    out = []
    for prize, depth, end in sorted(ends, key=lambda one: (-one[0], one[1], one[2]))[:most]:
        route, at = [], end
        for layer in reversed(layers[: depth + 1]):
            route.append(clients[int(layer.last[at])])
            at = int(layer.before[at])
        out.append((prize, tuple(reversed(route))))
    return out
