"""Many rows out of the database, or into one table, fast and still in the caller's transaction.

SpatiaLite's insert triggers check each geometry and write the R-tree row by row, which makes 100,000 points five
times slower. The importers have checked every geometry before, so a large load drops these triggers, fills the
R-tree in one statement and puts the triggers back: all inside the transaction, so a failure undoes it too.
PostGIS takes the rows by ``COPY``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.models.base import SRID

Values = Sequence[Any] | NDArray[Any]
Columns = Mapping[str, Values]
_AT_ONCE = 300  # with so few alive Python has no reason to go through all its objects for garbage
_FEW = 500  # below this the triggers cost less than taking them away


def insert_rows(session: Session, table: sa.Table, columns: Columns) -> None:
    """Insert rows given as columns; ids are given by the database.

    Parameters
    ----------
    session
        A writing session.
    table
        The table; columns that are not given take their declared Python default, or NULL.
    columns
        Column name → values, all of one length. Geometry columns take arrays of shapely geometries in WGS 84 of
        the column's own type, already checked.
    """
    count = len(next(iter(columns.values()), ()))
    if count == 0:
        return
    complete = {**columns, **_defaults(table, columns, count)}
    geometric = [name for name in complete if isinstance(table.c[name].type, Geometry)]
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        _insert_spatialite(connection, table, complete, geometric, count)
    else:
        _insert_postgis(connection, table, complete, geometric)


def read_arrays(session: Session, query: sa.Select[Any], types: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the rows of a query as one array per column, by name.

    Rows are taken a few at a time, and are gone before more come: kept all at once they would cost more in the search
    for garbage than they take to read.

    Parameters
    ----------
    types
        dtype of a column by its name; of those that are not named, objects. NULL is NaN among floats.
    """
    session.flush()  # as a query of the session does; but columns alone: the way through objects takes half as long again
    found = session.connection().execute(query)
    names = list(found.keys())
    parts: list[list[NDArray[Any]]] = [[np.zeros(0, dtype=types.get(name, object))] for name in names]
    for rows in found.partitions(_AT_ONCE):
        for name, part, values in zip(names, parts, zip(*rows, strict=True), strict=True):
            part.append(np.array(values, dtype=types.get(name, object)))
    return {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)}


def read_typed(
    session: Session, columns: Mapping[str, tuple[Any, Any]], *conditions: Any, order_by: Any = None
) -> dict[str, NDArray[Any]]:
    """Return columns, given by name as expression and dtype, of the rows that meet some conditions: one array each."""
    query = sa.select(*(column.label(name) for name, (column, _) in columns.items())).where(*conditions)
    return read_arrays(session, query.order_by(order_by), {name: kind for name, (_, kind) in columns.items()})


def _defaults(table: sa.Table, columns: Columns, count: int) -> dict[str, Values]:
    filled: dict[str, Values] = {}
    for column in table.columns:
        if column.name in columns or column.default is None or column.primary_key:
            continue
        default: Any = column.default
        if default.is_scalar:
            filled[column.name] = [default.arg] * count
        elif default.is_callable and column.name == "uuid":
            filled[column.name] = _new_uuids(count)
        elif default.is_callable:
            filled[column.name] = [default.arg(None)] * count
    return filled


def _new_uuids(count: int) -> list[str]:
    """Return random UUIDs (version 4, RFC 9562) as 32 hexadecimal digits, as both databases take them."""
    raw = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = raw.tobytes().hex()
    return [digits[at : at + 32] for at in range(0, 32 * count, 32)]


def _bound(column: sa.Column[Any], values: Values, dialect: sa.Dialect) -> list[Any]:
    """Turn Python values into the driver's, by the column's own type."""
    values = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if isinstance(next((value for value in values if value is not None), None), np.generic):
        # the driver would keep numpy's numbers as bytes
        values = [value.item() if isinstance(value, np.generic) else value for value in values]
    if isinstance(column.type, sa.Uuid) and values and isinstance(values[0], str):
        return values
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    done = {id(value): None if value is None else process(value) for value in {id(v): v for v in values}.values()}
    return [done[id(value)] for value in values]  # most columns hold a few objects many times


def _insert_spatialite(
    connection: sa.Connection, table: sa.Table, columns: Columns, geometric: list[str], count: int
) -> None:
    names: list[str] = []
    places: list[str] = []
    data: list[Sequence[Any]] = []
    for name, values in columns.items():
        if name in geometric:
            names.append(name)
            places.append(f"GeomFromWKB(?, {SRID})")
            data.append(_wkb(values))
            continue
        bound = _bound(table.c[name], values, connection.dialect)
        constant = count >= _FEW and len(set(map(id, bound))) == 1
        if constant and isinstance(bound[0], int | str | None):
            # one value throughout stands in the statement: nothing to bind row by row
            names.append(name)
            places.append(_literal(bound[0]))
        else:
            names.append(name)
            places.append("?")
            data.append(bound)
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(places)})"  # noqa: S608 - our names
    cursor: Any = connection.connection.driver_connection
    last = cursor.execute(f"SELECT coalesce(max(rowid), 0) FROM {table.name}").fetchone()[0]  # noqa: S608
    taken = _take_triggers(cursor, table.name, geometric) if count >= _FEW else []
    fill_rtrees = bool(taken)
    if fill_rtrees and last < count:  # a table that more than doubles: its indexes are made faster in one go
        taken += _take_indexes(cursor, table.name)
    cursor.executemany(statement, zip(*data, strict=True))
    if fill_rtrees:
        for name in geometric:
            _fill_rtree(cursor, table.name, name, columns, last)
    for definition in taken:
        cursor.execute(definition)


def _fill_rtree(cursor: Any, table: str, column: str, columns: Columns, last: int) -> None:
    """Write the boxes of the rows after ``last``; R-tree coordinates are rounded outwards by SQLite itself."""
    ids = columns["id"] if "id" in columns else _ids_after(cursor, table, last)
    boxes = shapely.bounds(np.asarray(columns[column], dtype=object))
    there = np.flatnonzero(~np.isnan(boxes[:, 0]))
    rows = zip(np.asarray(ids)[there].tolist(), *(boxes[there, side].tolist() for side in (0, 2, 1, 3)), strict=True)
    cursor.executemany(f"INSERT INTO idx_{table}_{column} (pkid, xmin, xmax, ymin, ymax) VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608


def _ids_after(cursor: Any, table: str, last: int) -> list[int]:
    query = f"SELECT rowid FROM {table} WHERE rowid > ? ORDER BY rowid"  # noqa: S608 - our names
    return [identity for (identity,) in cursor.execute(query, (last,))]


def _take_indexes(cursor: Any, table: str) -> list[str]:
    """Drop the plain indexes of a table and return their definitions."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    found = cursor.execute(query, (table,)).fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def _literal(value: int | str | None) -> str:
    """Return a value as SQL text."""
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(int(value))


def _take_triggers(cursor: Any, table: str, geometric: list[str]) -> list[str]:
    """Drop SpatiaLite's insert triggers of a table and return their definitions."""
    wanted = [f"{kind}_{table}_{column}" for column in geometric for kind in ("ggi", "gii", "tmi")]
    found = cursor.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN ({', '.join('?' * len(wanted))})",  # noqa: S608
        wanted,
    ).fetchall()
    for name, _ in found:
        cursor.execute(f'DROP TRIGGER "{name}"')
    return [definition for _, definition in found]


def _insert_postgis(connection: sa.Connection, table: sa.Table, columns: Columns, geometric: list[str]) -> None:
    names = list(columns)
    data = []
    for name in names:
        if name in geometric:
            data.append(_ewkb(columns[name]))
        else:
            data.append(_bound(table.c[name], columns[name], connection.dialect))
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in zip(*data, strict=True):
            copy.write_row(row)


def _wkb(geometries: Values) -> list[bytes | None]:
    return list(shapely.to_wkb(np.asarray(geometries, dtype=object)))


def _ewkb(geometries: Values) -> list[str | None]:
    array = np.asarray(geometries, dtype=object)
    return list(shapely.to_wkb(shapely.set_srid(array, SRID), hex=True, include_srid=True))
