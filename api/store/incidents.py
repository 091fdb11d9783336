"""Incidents, counted by cell of the lattice; the points themselves stay here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.models import City, Incident, IncidentGroup
from gis.release import BEGINNING

_DAYS = 7


@dataclass(frozen=True)
class CountedIncidents:
    """Counts by cell, weekday (1–7) and hour: arrays of one length.

    Counts of incidents are not yet safe to show (see ``gis.privacy``), and hold fractions where times are intervals;
    those of groups are safe (see ``gis.release``). Weekday 0 and hour −1 stand for a group that does not say them.
    """

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    weekday: NDArray[np.int64]
    hour: NDArray[np.int64]
    count: NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class GroupFilter:
    """Which groups answer a question: those whose description implies it. A group is taken whole or not at all.

    ``first`` and ``last`` are days, both included; ``least`` is the smallest group that is taken, for a k that has
    been raised since it was made.
    """

    least: int
    first: dt.date | None = None
    last: dt.date | None = None
    kinds: Sequence[str] = ()
    weekdays: Sequence[int] = ()
    after_school: bool = False

    def conditions(self, city: City) -> list[sa.ColumnElement[bool]]:
        """Return the filter as conditions of a query."""
        out: list[sa.ColumnElement[bool]] = [IncidentGroup.city_id == city.id, IncidentGroup.count >= self.least]
        if self.first is not None:
            out.append(IncidentGroup.first_day >= self.first)
        if self.last is not None:
            out.append(IncidentGroup.last_day <= self.last)
        if self.kinds:
            out.append(IncidentGroup.kind.in_(list(self.kinds)))
        if self.weekdays and len(set(self.weekdays)) < _DAYS:
            out.append(IncidentGroup.weekday.in_(list(self.weekdays)))
        if self.after_school:
            out.append(IncidentGroup.after_school.is_(True))
        return out


def count_groups(session: Session, city: City, wanted: GroupFilter) -> CountedIncidents:
    """Count the incidents of groups by cell of the lattice, weekday and hour, as far as the groups say these."""
    keys = (
        IncidentGroup.lattice_column,
        IncidentGroup.lattice_row,
        sa.func.coalesce(IncidentGroup.weekday, sa.literal_column("0")),
        sa.func.coalesce(IncidentGroup.hour, sa.literal_column("-1")),
    )
    rows = session.execute(
        sa.select(*keys, sa.func.sum(IncidentGroup.count)).where(*wanted.conditions(city)).group_by(*keys)
    ).all()
    table = np.array([tuple(map(int, row)) for row in rows], dtype=np.int64).reshape(-1, 5)
    return CountedIncidents(*(table[:, i] for i in range(5)))


def period_of_groups(session: Session, city: City, wanted: GroupFilter) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of the periods of groups; those of all years say nothing of the first."""
    beginning = IncidentGroup.first_day
    first, last = session.execute(
        sa.select(
            sa.func.min(sa.case((beginning > BEGINNING.item(), beginning))), sa.func.max(IncidentGroup.last_day)
        ).where(*wanted.conditions(city))
    ).one()
    return None if first is None else (first, last)


def any_invented(session: Session, city: City) -> bool:
    """Return whether some of a city's incidents are made up."""
    query = sa.select(Incident.id).where(Incident.city_id == city.id, Incident.invented.is_(True)).limit(1)
    return session.scalar(query) is not None


def how_many_released(session: Session, city: City) -> int:
    """Return the number of a city's incidents that are in a group."""
    query = sa.select(sa.func.sum(IncidentGroup.count)).where(IncidentGroup.city_id == city.id)
    return session.scalar(query) or 0
