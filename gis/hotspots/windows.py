"""When a hot spot is hot: the weekdays and hours in which it holds most more than the rest of the study area would.

All runs of weekdays and of hours are looked at (a scan over time with a Poisson likelihood ratio; Kulldorff 1997,
Commun. Stat. 26, 1481–1496). That the best of so many is chosen is part of the reckoning: the same search is made in
as many places drawn at random, and the p-value is the share of them that have as good a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gis.errors import GisError
from gis.hotspots.chance import dealt
from gis.hotspots.ratio import GreatestRatio

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS = 7
LENGTHS_MIN = (30, 45, 60, 90, 120, 180)
_LEAST_EXPECTED = 1e-9


@dataclass(frozen=True)
class Window:
    """The weekdays and hours of a hot spot.

    Attributes
    ----------
    weekdays
        ISO weekdays, a run.
    minutes
        From and to, minutes after midnight.
    observed, expected
        Incidents, and how many there would be if they were spread over the study area evenly.
    p
        Share of places drawn at random, as large as the hot spot, that have a window as good; it counts among them.
    """

    weekdays: tuple[int, ...]
    minutes: tuple[int, int]
    observed: int
    expected: float
    p: float


@dataclass(frozen=True)
class DaySlots:
    """Slots of the day: from a minute after midnight to another, in steps of ``bin_min``."""

    first_min: int = 6 * 60
    last_min: int = 22 * 60
    bin_min: int = 15

    def __post_init__(self) -> None:
        if self.bin_min < 1 or not 0 <= self.first_min < self.last_min <= 24 * 60:
            raise GisError(f"from minute {self.first_min} to {self.last_min} by {self.bin_min} are no slots of a day")

    def __len__(self) -> int:
        return (self.last_min - self.first_min) // self.bin_min

    def table(self, cell: Integers, weekday: Integers, minute: Integers, weight: Floats, cells: int) -> sp.csr_array:
        """Return incidents by cell and slot of the week, shape ``(cells, 7 × slots)``; those at other hours are left out.

        Parameters
        ----------
        cell
            Index of the cell of each incident, −1 outside the study area, shape ``(n,)``.
        weekday, minute
            ISO weekday and minute after midnight, shape ``(n,)``.
        weight
            What each counts, shape ``(n,)``.
        cells
            Number of cells of the study area.
        """
        slot = (minute - self.first_min) // self.bin_min
        inside = (cell >= 0) & (slot >= 0) & (slot < len(self))
        at = (cell[inside], (weekday[inside] - 1) * len(self) + slot[inside])
        found = sp.coo_array((weight[inside], at), shape=(cells, DAYS * len(self)))
        return sp.csr_array(found)


def busiest_windows(
    table: sp.csr_array,
    spots: Sequence[Integers],
    *,
    slots: DaySlots | None = None,
    least: int = 3,
    draws: int = 199,
    seed: int = 0,
) -> list[Window | None]:
    """Return for each hot spot the window in which it stands out most; None where none holds enough.

    Parameters
    ----------
    table
        Incidents by cell and slot of the week, from :meth:`DaySlots.table`.
    spots
        Cells of each hot spot.
    slots
        The slots of the table.
    least
        A window is only told with so many incidents.
    draws
        Number of places drawn at random.
    seed
        Seed of the draws.

    Raises
    ------
    GisError
        If the table does not fit the slots, or there are no draws.
    """
    day = slots or DaySlots()
    cells, columns = table.shape
    if columns != DAYS * len(day) or draws < 1 or least < 1:
        raise GisError(f"a table of {columns} slots, {draws} draws and at least {least} incidents do not go together")
    everywhere = _sums(np.asarray(table.sum(axis=0), dtype=np.float64).reshape(1, -1), day)[0] / max(cells, 1)
    by_chance: dict[int, Floats] = {}
    found: list[Window | None] = []
    of_spots = _sums((_picked(spots, cells) @ table).toarray(), day)
    for members, here in zip(spots, of_spots, strict=True):
        size = len(members)
        expected = everywhere * size
        if size not in by_chance:
            drawn = _sums(
                (_picked(dealt(cells, size, draws, seed), cells) @ table).toarray().astype(np.float32), day
            )  # counts are exact so
            spread = np.maximum(expected, _LEAST_EXPECTED)
            greatest = GreatestRatio(expected, spread, least - 0.5, partial(_scores, least=least))
            by_chance[size] = greatest.of(drawn)
        score = _scores(here, expected, least)
        best = int(score.argmax())
        if score[best] <= 0:
            found.append(None)
            continue
        first_day, end_day, first, end = _window(day, best)
        found.append(
            Window(
                weekdays=tuple(range(first_day + 1, end_day + 1)),
                minutes=(day.first_min + first * day.bin_min, day.first_min + end * day.bin_min),
                observed=round(float(here[best])),
                expected=float(expected[best]),
                p=float((np.count_nonzero(by_chance[size] >= score[best] - 1e-10) + 1) / (draws + 1)),
            )
        )
    return found


def _picked(places: Sequence[Integers] | Integers, cells: int) -> sp.csr_array:
    """Return which cells each of some places consists of, a matrix of ones, shape ``(places, cells)``."""
    ends = np.cumsum([0, *(len(members) for members in places)])
    members = np.concatenate([np.zeros(0, dtype=np.int64), *places])
    return sp.csr_array((np.ones(members.size), members, ends), shape=(len(places), cells))


_FIRST_DAY, _END_DAY = np.triu_indices(DAYS + 1, 1)  # all runs of weekdays


def _lengths(day: DaySlots) -> list[int]:
    """Return the lengths of windows in slots."""
    lengths = [length // day.bin_min for length in LENGTHS_MIN if length % day.bin_min == 0]
    return [length for length in lengths if 0 < length <= len(day)]


def _window(day: DaySlots, number: int) -> tuple[int, int, int, int]:
    """Return a window by its number: first weekday and the one after the last, first slot and the one after the last."""
    for length in _lengths(day):
        places = len(day) - length + 1
        run, first = divmod(number, places)
        if run < len(_FIRST_DAY):
            return int(_FIRST_DAY[run]), int(_END_DAY[run]), first, first + length
        number -= places * len(_FIRST_DAY)
    raise GisError("there is no window of this number")


def _sums(tables: Floats, day: DaySlots) -> Floats:
    """Return what each window of each table holds, shape ``(tables, windows)``."""
    whole = np.zeros((len(tables), DAYS + 1, len(day) + 1), dtype=tables.dtype)
    whole[:, 1:, 1:] = tables.reshape(-1, DAYS, len(day)).cumsum(axis=1).cumsum(axis=2)
    of_days = whole[:, _END_DAY] - whole[:, _FIRST_DAY]
    parts = [of_days[:, :, length:] - of_days[:, :, :-length] for length in _lengths(day)]
    return np.concatenate([part.reshape(len(tables), -1) for part in parts], axis=1)


def _scores(found: Floats, expected: Floats, least: int) -> Floats:
    """Return the log likelihood ratio of each window that holds more than expected, and enough; else 0."""
    score = np.zeros(found.shape)
    some = (found > expected) & (found >= least - 0.5)
    held, fair = found[some], np.maximum(expected[some], _LEAST_EXPECTED)
    score[some] = held * np.log(held / fair) - (held - fair)
    return score
