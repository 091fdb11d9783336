"""A city's incidents as columns: what maps, hot spots and risk are counted from; the places themselves stay behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.bulk import read_typed
from api.store.models import City, Incident, IncidentChanges
from api.store.moments import whole_seconds


@dataclass(frozen=True)
class Changes:
    """How often a city's incidents were added, and how often altered or removed."""

    added: int
    altered: int


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows of ordinary incidents (serious ones are never among them), arrays of one length.

    ``from_s`` and ``to_s`` are seconds since 1970 in UTC; ``minutes`` after dismissal are NaN where there is none;
    ``school`` is −1 where no school is near.
    """

    id: NDArray[np.int64]
    column: NDArray[np.int32]
    row: NDArray[np.int32]
    from_s: NDArray[np.int64]
    to_s: NDArray[np.int64]
    time_known: NDArray[np.bool_]
    kind: NDArray[np.object_]
    minutes: NDArray[np.float32]
    school: NDArray[np.int32]
    assumed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.id)


def changes_of(session: Session, city: City) -> Changes:
    """Return what the database has counted of a city's incidents."""
    row = session.execute(
        sa.select(IncidentChanges.added, IncidentChanges.altered).where(IncidentChanges.city_id == city.id)
    ).one_or_none()
    return Changes(0, 0) if row is None else Changes(row.added, row.altered)


def note_altered(session: Session, city: City) -> None:
    """Count an alteration that no row shows: what is worked out from the incidents is no longer good."""
    of_city = IncidentChanges.city_id == city.id
    session.execute(sa.update(IncidentChanges).where(of_city).values(altered=IncidentChanges.altered + 1))


def added_since(session: Session, city: City, last_id: int) -> int:
    """Return how many incidents of a city, serious ones too, have an id after one."""
    query = sa.select(sa.func.count()).select_from(Incident).where(Incident.city_id == city.id, Incident.id > last_id)
    return session.scalar(query) or 0


def read_columns(session: Session, city: City, *, after_id: int = 0) -> Columns:
    """Return the ordinary incidents of a city that lie in its lattice and whose id is after one, by id."""
    columns = {
        "id": (Incident.id, np.int64),
        "column": (Incident.lattice_column, np.int32),
        "row": (Incident.lattice_row, np.int32),
        "from_s": (whole_seconds(session, Incident.occurred_from), np.int64),
        "to_s": (whole_seconds(session, Incident.occurred_to), np.int64),
        "time_known": (Incident.time_known, np.bool_),
        "kind": (Incident.kind, object),
        "minutes": (Incident.minutes_after_dismissal, np.float32),
        "school": (sa.func.coalesce(Incident.school_id, -1), np.int32),
        "assumed": (Incident.dismissal_assumed, np.bool_),
    }
    found = read_typed(
        session, columns, Incident.city_id == city.id, Incident.id > after_id, Incident.serious.is_(False),
        Incident.lattice_column.is_not(None), order_by=Incident.id,
    )  # fmt: skip
    return Columns(**found)


def highest_id(session: Session, city: City) -> int:
    """Return the highest id of a city's incidents, serious ones too."""
    return session.scalar(sa.select(sa.func.max(Incident.id)).where(Incident.city_id == city.id)) or 0
