"""Groups of incidents: those that wait for one, new groups, and groups that are taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.bulk import insert_rows, read_typed
from api.store.models import City, Incident, IncidentGroup
from api.store.models.base import now
from api.store.moments import whole_seconds
from api.store.records import reserve_ids
from gis.release import Groups

_BATCH = 500  # fewer than a statement may have parameters
_INCIDENTS = cast(sa.Table, Incident.__table__)
_GROUPS = cast(sa.Table, IncidentGroup.__table__)


@dataclass(frozen=True)
class Waiting:
    """Incidents of the public layer without a group, arrays of one length."""

    id: NDArray[np.int64]
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    kind: NDArray[np.object_]
    times: Times


@dataclass(frozen=True)
class Times:
    """When incidents happened, as far as it is known, arrays of one length."""

    from_s: NDArray[np.int64]  # seconds since 1970 in UTC
    to_s: NDArray[np.int64]
    time_known: NDArray[np.bool_]
    minutes: NDArray[np.float64]  # after dismissal, of the beginning; NaN: none are known
    school: NDArray[np.int64]  # −1: none

    def __len__(self) -> int:
        return len(self.from_s)


def _time_columns(session: Session) -> dict[str, tuple[Any, Any]]:
    return {
        "from_s": (whole_seconds(session, Incident.occurred_from), np.int64),
        "to_s": (whole_seconds(session, Incident.occurred_to), np.int64),
        "time_known": (Incident.time_known, np.bool_),
        "minutes": (Incident.minutes_after_dismissal, np.float64),
        "school": (sa.func.coalesce(Incident.school_id, -1), np.int64),
    }


def hold(session: Session, city: City) -> None:
    """Let nobody else gather this city's incidents until the transaction ends."""
    session.execute(sa.select(City.id).where(City.id == city.id).with_for_update())


def waiting(session: Session, city: City, before: dt.datetime) -> Waiting:
    """Return the incidents before a moment that have no group; serious ones are never among them."""
    times = _time_columns(session)
    columns = {
        "id": (Incident.id, np.int64),
        "column": (Incident.lattice_column, np.int64),
        "row": (Incident.lattice_row, np.int64),
        "kind": (Incident.kind, object),
        **times,
    }
    found = read_typed(
        session, columns, Incident.city_id == city.id, Incident.group_id.is_(None), Incident.serious.is_(False),
        Incident.lattice_column.is_not(None), Incident.occurred_from < before,
    )  # fmt: skip
    return Waiting(times=Times(**{name: found.pop(name) for name in times}), **found)


def add_groups(
    session: Session, city: City, groups: Groups, incident_ids: NDArray[np.int64], group: NDArray[np.int64]
) -> None:
    """Add groups, and put incidents into them; ``group`` is the position of each incident's, −1 for none."""
    if not len(groups):
        return
    ids = reserve_ids(session, _GROUPS, len(groups))
    insert_rows(
        session,
        _GROUPS,
        {
            "id": ids,
            "city_id": [city.id] * len(groups),
            "lattice_column": groups.column,
            "lattice_row": groups.row,
            "count": groups.count,
            "first_day": groups.first_day,
            "last_day": groups.last_day,
            "kind": groups.kind,
            "after_school": [None if said < 0 else bool(said) for said in groups.after_school.tolist()],
            "weekday": [said or None for said in groups.weekday.tolist()],
            "hour": [None if said < 0 else said for said in groups.hour.tolist()],
            "released_at": [now()] * len(groups),
        },
    )
    inside = group >= 0
    _put_into(session, incident_ids[inside], ids[group[inside]])


def _put_into(session: Session, incident_ids: NDArray[np.int64], group_ids: NDArray[np.int64]) -> None:
    connection = session.connection()
    pairs = list(zip(group_ids.tolist(), incident_ids.tolist(), strict=True))
    if connection.dialect.name == "sqlite":
        cursor: Any = connection.connection.driver_connection
        cursor.executemany("UPDATE incidents SET group_id = ? WHERE id = ?", pairs)
        return
    cursor = connection.connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE new_members (group_id integer, id integer) ON COMMIT DROP")
    with cursor.copy("COPY new_members FROM STDIN") as copy:
        for pair in pairs:
            copy.write_row(pair)
    cursor.execute("ANALYZE new_members")
    cursor.execute(
        "UPDATE incidents SET group_id = new_members.group_id FROM new_members WHERE incidents.id = new_members.id"
    )
    cursor.execute("DROP TABLE new_members")


def with_groups(session: Session, incident_ids: Sequence[int]) -> tuple[pd.DataFrame, Times]:
    """Return those of some incidents that have a group, each beside what is said of it, and their times.

    Columns of the incident: ``column``, ``row``, ``serious``, ``kind``; of its group: ``group_id``, and ``group_``
    before the name.
    """
    times = _time_columns(session)
    said = ("lattice_column", "lattice_row", "first_day", "last_day", "kind", "after_school", "weekday", "hour")
    columns: list[Any] = [
        Incident.group_id,
        Incident.lattice_column.label("column"),
        Incident.lattice_row.label("row"),
        Incident.serious,
        Incident.kind,
        *(column.label(name) for name, (column, _) in times.items()),
        *(_GROUPS.c[name].label(f"group_{name}") for name in said),
    ]
    query = sa.select(*columns).join(IncidentGroup, IncidentGroup.id == Incident.group_id)
    rows: list[Any] = []
    for start in range(0, len(incident_ids), _BATCH):
        rows += session.execute(query.where(Incident.id.in_(incident_ids[start : start + _BATCH]))).all()
    frame = pd.DataFrame(rows, columns=[column.key for column in columns], dtype=object)
    return frame, Times(**{name: frame.pop(name).to_numpy(dtype=kind) for name, (_, kind) in times.items()})


def groups_of(session: Session, incident_ids: Sequence[int]) -> list[int]:
    """Return the groups of some incidents."""
    found: set[int] = set()
    for start in range(0, len(incident_ids), _BATCH):
        batch = list(incident_ids[start : start + _BATCH])
        query = sa.select(Incident.group_id).where(Incident.id.in_(batch), Incident.group_id.is_not(None))
        found.update(identity for identity in session.scalars(query) if identity is not None)
    return sorted(found)


def take_back(session: Session, group_ids: Sequence[int]) -> None:
    """Take groups back whole: their members have none any more."""
    for start in range(0, len(group_ids), _BATCH):
        batch = list(group_ids[start : start + _BATCH])
        session.execute(sa.update(_INCIDENTS).where(_INCIDENTS.c.group_id.in_(batch)).values(group_id=None))
        session.execute(sa.delete(_GROUPS).where(_GROUPS.c.id.in_(batch)))
    session.expire_all()


def take_all_back(session: Session, city: City) -> None:
    """Take all groups of a city back."""
    of_city = _INCIDENTS.c.city_id == city.id
    session.execute(sa.update(_INCIDENTS).where(of_city, _INCIDENTS.c.group_id.is_not(None)).values(group_id=None))
    session.execute(sa.delete(_GROUPS).where(_GROUPS.c.city_id == city.id))
    set_released_until(session, city, None)
    session.expire_all()


def released_until(session: Session, city: City) -> dt.date | None:
    """Return the day before which a city's incidents have been gathered; None: never."""
    return session.scalar(sa.select(City.incidents_released_until).where(City.id == city.id))


def set_released_until(session: Session, city: City, day: dt.date | None) -> None:
    """Remember how far a city's incidents have been gathered; this is no change of the city's record."""
    table = cast(sa.Table, City.__table__)
    session.execute(
        sa.update(table)
        .where(table.c.id == city.id)
        .values(incidents_released_until=day, updated_at=table.c.updated_at)
    )


def places_of(session: Session, city: City) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ids and places (longitude, latitude) of all incidents of a city."""
    place = (sa.func.ST_X(Incident.location), sa.func.ST_Y(Incident.location))
    rows = session.execute(sa.select(Incident.id, *place).where(Incident.city_id == city.id)).all()
    table = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1:]


def set_cells(session: Session, ids: NDArray[np.int64], column: NDArray[np.int64], row: NDArray[np.int64]) -> None:
    """Put incidents into cells of the lattice."""
    if not len(ids):
        return
    table = _INCIDENTS
    session.execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("_id"))
        .values(lattice_column=sa.bindparam("_column"), lattice_row=sa.bindparam("_row")),
        [
            {"_id": i, "_column": c, "_row": r}
            for i, c, r in zip(ids.tolist(), column.tolist(), row.tolist(), strict=True)
        ],
    )
