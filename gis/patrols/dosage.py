"""What was really done: stays from arrivals and departures, how they fit the plan, and how much each cell got by week.

Times are seconds on one clock for all, for instance seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

LONGEST_STAY_S = 4 * 3600.0
"""A departure later than this after its arrival belongs to another stay, or to a phone that was forgotten."""


@dataclass(frozen=True)
class Stay:
    """A stay at a place; ``ends_s`` is None where nobody said that they left."""

    place: Hashable
    begins_s: float
    ends_s: float | None

    @property
    def seconds(self) -> float:
        """Length; 0 where the end is not known: nothing is counted that nobody said."""
        return 0.0 if self.ends_s is None else self.ends_s - self.begins_s


def stays_of(events: Iterable[tuple[Hashable, str, float]]) -> list[Stay]:
    """Return the stays of one team from what it said.

    Parameters
    ----------
    events
        Place, ``arrive`` or ``leave`` (others are passed over), and the time in seconds; in any order.

    Examples
    --------
    An arrival that is said twice counts once; a departure without an arrival counts for nothing.

    >>> stays_of([("a", "arrive", 0), ("a", "arrive", 60), ("a", "leave", 840), ("b", "leave", 900)])
    [Stay(place='a', begins_s=0.0, ends_s=840.0)]
    """
    begun: dict[Hashable, float] = {}
    out: list[Stay] = []
    for place, event, at in sorted(events, key=lambda one: (one[2], one[1] == "leave")):
        moment = float(at)
        since = begun.get(place)
        if event == "arrive":
            if since is not None and moment - since > LONGEST_STAY_S:
                out.append(Stay(place, since, None))
                since = None
            begun[place] = moment if since is None else since
        elif event == "leave" and since is not None:
            out.append(Stay(place, since, moment if moment - since <= LONGEST_STAY_S else None))
            del begun[place]
    out += [Stay(place, since, None) for place, since in begun.items()]
    return sorted(out, key=lambda one: (one.begins_s, str(one.place)))


@dataclass(frozen=True)
class Kept:
    """How a planned stay was kept.

    Attributes
    ----------
    came
        Whether somebody was there within the planned time (and the grace around it).
    late_s
        By how much the first stay began after the planned time; negative: before.
    inside_s
        Seconds of all stays within the planned time.
    share
        Of the planned time.
    """

    came: bool
    late_s: float | None
    inside_s: float
    share: float


def kept(planned: tuple[float, float], stays: Sequence[Stay], *, grace_s: float = 600.0) -> Kept:
    """Return how a planned stay (from, to) was kept by the stays at its place.

    Examples
    --------
    >>> kept((0.0, 900.0), [Stay("a", 120.0, 1020.0)])
    Kept(came=True, late_s=120.0, inside_s=780.0, share=0.8666666666666667)
    """
    first, last = planned
    if not first < last:
        raise GisError("a planned stay must end after it begins")
    there = [one for one in stays if one.begins_s <= last + grace_s and (one.ends_s or one.begins_s) >= first - grace_s]
    inside = sum(max(0.0, min(last, one.ends_s) - max(first, one.begins_s)) for one in there if one.ends_s is not None)
    return Kept(bool(there), there[0].begins_s - first if there else None, inside, min(1.0, inside / (last - first)))


def dosage(
    cells: Sequence[Hashable], weeks: ArrayLike, minutes: ArrayLike
) -> Mapping[Hashable, tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]]:
    """Return how much each cell got in each week: weeks, minutes and number of stays, by cell.

    Parameters
    ----------
    cells, weeks, minutes
        Of each stay, shape ``(n,)``; weeks are whole numbers.

    Examples
    --------
    >>> weeks, minutes, stays = dosage(["a", "a", "a"], [1, 1, 2], [14, 10, 15])["a"]
    >>> weeks.tolist(), minutes.tolist(), stays.tolist()
    ([1, 2], [24.0, 15.0], [2, 1])
    """
    week, length = np.asarray(weeks, dtype=np.int64).ravel(), np.asarray(minutes, dtype=np.float64).ravel()
    if not len(cells) == week.size == length.size:
        raise GisError("give the cell, the week and the minutes of each stay")
    if not np.isfinite(length).all() or (length < 0).any():
        raise GisError("minutes must be finite and not negative")
    names = list(dict.fromkeys(cells))
    number = {cell: n for n, cell in enumerate(names)}
    own = np.array([number[cell] for cell in cells], dtype=np.int64)
    out: dict[Hashable, tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]] = {}
    for cell, n in number.items():
        at, index = np.unique(week[own == n], return_inverse=True)
        minutes_of = np.bincount(index, length[own == n]).astype(np.float64)
        out[cell] = (at.astype(np.int64), minutes_of, np.bincount(index).astype(np.int64))
    return out
