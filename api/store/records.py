"""What every kind of record needs when it is written in bulk: known keys, new ids, changed rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from api.store.audit import UNLOGGED_COLUMNS, note, readable
from api.store.models.base import now
from api.store.spatial import to_element

_BATCH = 500  # fewer than a statement may have parameters


class Known(NamedTuple):
    """A record that is there already: its id, and what its source said last."""

    id: int
    content_hash: str | None


def known_records(session: Session, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> dict[str, Known]:
    """Return the records of a table that came from a source, by their source key."""
    rows = session.execute(
        sa.select(table.c.source_key, table.c.id, table.c.content_hash).where(
            table.c.source_key.is_not(None), *conditions
        )
    )
    return {key: Known(identity, content) for key, identity, content in rows}


def claim(session: Session, identity: uuid.UUID) -> None:
    """Let nobody else make a record of this UUID until the transaction ends.

    To be called before it is looked whether the record is there: of the same record sent twice at the same moment, the
    second one then finds the first. The embedded database has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(identity.int >> 65, sa.BigInteger))))


def reserve_ids(session: Session, table: sa.Table, count: int) -> NDArray[np.int64]:
    """Return ``count`` ids that nobody else gets; the session holds the write lock, or takes them of the sequence."""
    if session.get_bind().dialect.name == "sqlite":
        last = session.scalar(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)))
        return np.arange(1, count + 1, dtype=np.int64) + int(last or 0)
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    drawn = session.scalars(
        sa.select(sa.func.nextval(sa.cast(sequence, postgresql.REGCLASS))).select_from(
            sa.func.generate_series(1, count)
        )
    )
    return np.fromiter(drawn, dtype=np.int64, count=count)


def update_records(
    session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, keep_where_none: Sequence[str] = ()
) -> None:
    """Write changed rows, each with its ``id``; geometry columns take shapely geometries. Each change is logged.

    ``keep_where_none`` names columns of which None means: as it was.
    """
    if not rows:
        return
    # the driver of the embedded database would keep numpy's numbers as bytes, which no later question could read
    rows = [{name: v.item() if isinstance(v, np.generic) else v for name, v in row.items()} for row in rows]
    names = [name for name in rows[0] if name != "id"]
    geometric = {name for name in names if isinstance(table.c[name].type, Geometry)}
    _log_changes(session, table, rows, [name for name in names if name not in UNLOGGED_COLUMNS], keep_where_none)
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("_id"))
        .values(
            **{name: _new_value(table.c[name], keep=name in keep_where_none) for name in names},
            updated_at=now(),
            version=table.c.version + 1,
        )
    )
    session.execute(
        statement,
        [
            {"_id": row["id"]} | {f"_{name}": _element(row[name]) if name in geometric else row[name] for name in names}
            for row in rows
        ],
    )


def _new_value(column: sa.Column[Any], *, keep: bool) -> Any:
    given = sa.bindparam(f"_{column.name}", type_=column.type)
    return sa.func.coalesce(given, column) if keep else given


def _log_changes(
    session: Session,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    keep_where_none: Sequence[str],
) -> None:
    """Put what the rows change into the audit log, by record."""
    for start in range(0, len(rows), _BATCH):
        batch = {row["id"]: row for row in rows[start : start + _BATCH]}
        columns = [table.c.id, table.c.uuid, *(table.c[name] for name in names)]
        for old in session.execute(sa.select(*columns).where(table.c.id.in_(batch))).mappings():
            before = {name: readable(old[name]) for name in names}
            after = {name: readable(batch[old["id"]][name]) for name in names}
            changed = [n for n in names if before[n] != after[n] and not (after[n] is None and n in keep_where_none)]
            if changed:
                note(
                    session,
                    "update",
                    table.name,
                    identity=old["uuid"],
                    before={name: before[name] for name in changed},
                    after={name: after[name] for name in changed},
                )


def _element(geometry: Any) -> Any:
    return None if geometry is None else to_element(geometry)
