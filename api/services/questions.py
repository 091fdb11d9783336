"""Which incidents are asked for: checked, and as cells of the lattice where the question is about a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.services.cities import today_in
from api.settings import Settings
from api.store import cities, grids, incidents
from api.store.models import City
from api.vocabulary import find_code, vocabulary
from gis import crs
from gis.lattice import Lattice

NOTHING_KNOWN = "nothing is known of this city yet; import schools and incidents first"
LONGEST_MIN = 12 * 60  # before and after dismissal


@dataclass(frozen=True)
class Question:
    """Which incidents are counted; days are those of the city, both included.

    Attributes
    ----------
    first, last
        The period.
    kinds
        Incident types; none: all.
    weekdays
        1 = Monday … 7 = Sunday; none: all.
    after_school
        Only the usual window around dismissal, as the settings have it.
    minutes
        Only from so many until so many minutes after dismissal; for those who see exact counts.
    school
        Only the cells of this school's perimeter.
    township
        Only the cells whose centre lies in the township of this code.
    by_week
        With a slider over weekdays and hours.
    city
        Code; None: the city with the most incidents.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    kinds: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    after_school: bool = False
    minutes: tuple[int, int] | None = None
    school: UUID | None = None
    township: str | None = None
    by_week: bool = False
    city: str | None = None

    def __post_init__(self) -> None:
        """Refuse days that cannot be right: weeks before the first year, or after the last, are no days any more."""
        for day in (self.first, self.last):
            if day is not None and not 1970 <= day.year <= 2200:
                raise BadInputError(f"the day {day} cannot be right")

    def window(self, settings: Settings) -> tuple[int, int] | None:
        """Return the minutes after dismissal that are asked for, from and until."""
        usual = (-settings.after_school_before_min, settings.after_school_after_min)
        return self.minutes or (usual if self.after_school else None)


def checked_kinds(wanted: Question) -> list[str]:
    """Return the codes of the types that are asked for, and refuse questions that cannot be answered."""
    types = vocabulary().incident_types
    codes = []
    for kind in wanted.kinds:
        code = find_code(types, kind)
        if code is None or types[code].serious:
            known = ", ".join(t.code for t in types.values() if not t.serious)
            raise BadInputError(f"the incident type {kind[:60]!r} cannot be mapped; use one of {known}")
        codes.append(code)
    if wanted.first and wanted.last and wanted.last < wanted.first:
        raise BadInputError(f"the period ends ({wanted.last}) before it begins ({wanted.first})")
    for day in (wanted.first, wanted.last):
        if day is not None and not 1900 <= day.year <= 2200:
            raise BadInputError(f"the day {day} cannot be right; use one from 1900 to 2200, as 2026-11-03")
    if any(not 1 <= day <= 7 for day in wanted.weekdays):
        raise BadInputError("a weekday is a number from 1 (Monday) to 7 (Sunday)")
    if wanted.minutes is not None:
        begin, end = wanted.minutes
        if not -LONGEST_MIN <= begin < end <= LONGEST_MIN:
            raise BadInputError(
                f"minutes after dismissal run from {begin} to {end}; they must rise, within {LONGEST_MIN} before and after"
            )
    return codes


def wanted_city(session: Session, code: str | None) -> City:
    """Return the city that is asked for; of several, the one with the most incidents that have been released.

    The exact number would be a way to count: whoever reports could watch at which report the answer turns.
    """
    if code is not None:
        return cities.get_city(session, code)
    known = cities.all_cities(session)
    if not known:
        raise NotFoundError("there is no city yet; import something first")
    return known[0] if len(known) == 1 else max(known, key=lambda city: incidents.how_many_released(session, city))


def day_asked_from(session: Session, code: str | None, moment: dt.datetime) -> dt.date:
    """Return the day that a moment is in the city that is asked for: in China it begins eight hours before that of UTC."""
    return today_in(wanted_city(session, code), moment)


@dataclass(frozen=True, eq=False)
class Places:
    """The cells that a question is about.

    Attributes
    ----------
    cells
        Keys of the cells of a school's perimeter; None: all.
    boundary
        A township in the lattice's plane; None: none is asked for.
    """

    lattice: Lattice
    cells: NDArray[np.int64] | None = None
    boundary: shapely.Geometry | None = None

    @property
    def everywhere(self) -> bool:
        """Whether every cell is meant."""
        return self.cells is None and self.boundary is None

    def holds(self, column: NDArray[np.integer], row: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return which cells are meant."""
        key = cell_keys(column, row)
        if self.cells is not None:
            found: NDArray[np.bool_] = np.isin(key, self.cells)
        else:
            found = np.ones(key.shape, dtype=bool)
        if self.boundary is not None:
            once, at = np.unique(key, return_inverse=True)
            x, y = ((np.array(part) + 0.5) * self.lattice.cell_m for part in cells_of_keys(once))
            found &= shapely.contains_xy(self.boundary, x, y)[at]
        return found


def cell_keys(column: NDArray[np.integer], row: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return one number for each cell of the lattice."""
    return np.asarray(row, dtype=np.int64) * 2**31 + np.asarray(column, dtype=np.int64)


def cells_of_keys(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return column and row of the cells of some numbers."""
    row, column = np.divmod(keys, 2**31)
    return column, row


def places_of(session: Session, city: City, lattice: Lattice, wanted: Question) -> Places:
    """Return the cells that a question is about.

    Raises
    ------
    NotFoundError
        Where the school or the township is not one of the city's, or is not drawn.
    """
    cells = boundary = None
    if wanted.school is not None:
        found: Sequence[tuple[int, int]] = grids.cells_of_school(session, city, wanted.school)
        if not found:
            raise NotFoundError("there is no such school in this city, or it has no perimeter yet: campus grid build")
        cells = cell_keys(*np.array(found, dtype=np.int64).T)
    if wanted.township is not None:
        shape = cities.district_boundary(session, city, wanted.township)
        if shape is None:
            raise NotFoundError(f"there is no township {wanted.township[:20]!r} in this city whose boundary is known")
        boundary = crs.project_geometries(np.array([shape], dtype=object), lattice.crs)[0]
        shapely.prepare(boundary)
    return Places(lattice, cells, boundary)
