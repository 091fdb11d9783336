"""Import a file: read it, hold it against what is there, write what is new or changed, in one transaction."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.services import school_times
from api.services.cities import settle_lattice
from api.services.imports.fields import Collection, collections
from api.services.imports.report import ImportRefusedError, ImportReport
from api.services.imports.rows import Rows, raw_bytes, read_rows
from api.services.imports.schools import known_campuses, prepare_schools, write_schools
from api.services.imports.timetables import write_timetables
from api.services.imports.writers import Writer, writers
from api.services.releases import after_import
from api.settings import Settings
from api.store.audit import note
from api.store.bulk import insert_rows
from api.store.models import City, District, School, Source
from api.store.models.base import now
from api.store.records import Known, known_records, reserve_ids, update_records
from api.store.spatial import to_shape


@dataclass(frozen=True)
class ImportOptions:
    """How a file is read, and how strict the import is.

    ``mapping`` names columns for fields; ``keep_going`` takes the good rows of a file that has bad ones; ``actor`` is
    who imports; ``invented`` marks every record as made up.
    """

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    keep_going: bool = False
    dry_run: bool = False
    actor: str = "command line"
    invented: bool = False
    kind: str = "file"


def import_file(
    session: Session, city: City, name: str, path: Path, options: ImportOptions, settings: Settings
) -> ImportReport:
    """Import a file of one collection.

    All of it or nothing, unless ``options.keep_going``; the same file again changes nothing; a row whose identifier
    is known and that says something else updates its record. The caller's transaction keeps it.

    Raises
    ------
    ImportRefusedError
        Where rows cannot be used; it carries the report.
    BadInputError, gis.errors.GisError
        Where the file as a whole cannot be used.
    """
    with _without_cycle_collection():
        return _import(session, city, name, path, options, settings)


@contextmanager
def _without_cycle_collection() -> Iterator[None]:
    """Keep Python from looking again and again for cycles among the millions of values that an import makes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _import(
    session: Session, city: City, name: str, path: Path, options: ImportOptions, settings: Settings
) -> ImportReport:
    known_collections = collections()
    if name not in known_collections:
        raise BadInputError(f"{name!r} cannot be imported; one of {', '.join(known_collections)} can")
    collection = known_collections[name]
    rows = read_rows(
        path,
        collection,
        zone=ZoneInfo(city.time_zone),
        area=None if city.area is None else to_shape(city.area),
        crs=options.crs,
        encoding=options.encoding,
        layer=options.layer,
        mapping=options.mapping,
    )
    if len(rows) and collection.shape != "none":
        settle_lattice(city, shapely.get_coordinates(rows.geometry))
    return write_rows(session, city, collection, rows, path, options, settings)


def write_rows(
    session: Session,
    city: City,
    collection: Collection,
    rows: Rows,
    path: Path,
    options: ImportOptions,
    settings: Settings,
) -> ImportReport:
    """Write rows that were read, and report; see :func:`import_file`."""
    if collection.name == "timetables":
        _refuse(rows, options, path)
        return write_timetables(session, city, rows, path, options, settings)
    writer = None if collection.name == "schools" else writers(settings)[collection.name]
    if writer is None:
        rows = prepare_schools(session, city, rows, settings) if len(rows) else rows
        known = known_campuses(session, city)
    else:
        rows = _derive(session, city, rows, writer)
        known = _known(session, city, writer)
    _refuse(rows, options, path)
    new = np.array([key not in known for key in rows.key], dtype=bool)
    same = np.array(
        [known[k].content_hash == c if k in known else False for k, c in zip(rows.key, rows.content, strict=True)],
        dtype=bool,
    )
    report = ImportReport(
        collection=collection.name,
        file=path.name,
        crs=rows.crs,
        encoding=rows.encoding,
        read=rows.read,
        written=int(new.sum()),
        updated=int((~new & ~same).sum()),
        unchanged=int(same.sum()),
        refused=rows.refused,
        dry_run=options.dry_run,
        problems=tuple(rows.problems),
    )
    if options.dry_run or not (~same).any():
        return report
    source = add_source(session, collection.name, path, rows, options, report)
    if writer is None:
        write_schools(session, city, rows.only(~same), source, known=known)
        school_times.set_anew(session, city, settings)
    else:
        fresh, stale = rows.only(new), rows.only(~new & ~same)
        added = _insert(session, writer, fresh, source, options)
        changed = _update(session, writer, stale, source, known)
        if writer.after is not None:
            session.flush()
            writer.after(session, city, added, changed, np.concatenate([fresh.geometry, stale.geometry]))
        if collection.name == "incidents":
            after_import(session, city, settings, changed)
    return report


def _derive(session: Session, city: City, rows: Rows, writer: Writer) -> Rows:
    """Add the table's own columns to the rows, and leave out those that turn out not to be usable."""
    if not len(rows):
        return rows
    before = len(rows.problems)
    derived = writer.derive(session, city, rows)
    table: dict[str, Any] = {}
    for name, values in derived.items():
        column = np.empty(len(rows), dtype=object)
        column[:] = list(values)
        table[name] = column
    rows.columns = table
    bad = {p.row for p in rows.problems[before:] if p.severity == "refused"}
    if bad:
        rows = rows.only(~np.isin(rows.number, np.array(sorted(b for b in bad if b is not None))))
        rows.refused = rows.read - len(rows)
    return rows


def _known(session: Session, city: City, writer: Writer) -> dict[str, Known]:
    """Return the records of the city that came from a source; some belong to it by their school or their township."""
    columns = writer.table.c
    if "city_id" in columns:
        return known_records(session, writer.table, columns.city_id == city.id)
    owner, key = (School, columns.school_id) if "school_id" in columns else (District, columns.district_id)
    return known_records(session, writer.table, key.in_(sa.select(owner.id).where(owner.city_id == city.id)))


def _refuse(rows: Rows, options: ImportOptions, path: Path) -> None:
    """Stop where rows are bad and the person did not ask to go on."""
    whole_file = any(p.severity == "refused" and p.row is None for p in rows.problems)
    if whole_file or (rows.refused and not options.keep_going):
        raise ImportRefusedError(
            ImportReport(
                collection=rows.collection.name,
                file=path.name,
                crs=rows.crs,
                encoding=rows.encoding,
                read=rows.read,
                refused=rows.refused,
                dry_run=options.dry_run,
                problems=tuple(rows.problems),
            )
        )


def add_source(
    session: Session, name: str, path: Path, rows: Rows, options: ImportOptions, report: ImportReport
) -> Source:
    """Add the file as the source of the records that come of it."""
    source = Source(
        kind=options.kind,
        actor=options.actor,
        name=path.name[:255],
        collection=name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None,
        crs=rows.crs,
        encoding=rows.encoding,
        invented=options.invented,
        report=report.as_dict(),
    )
    session.add(source)
    session.flush()
    said = "\n".join(f"{key} {content}" for key, content in zip(rows.key, rows.content, strict=True))
    note(
        session,
        "import",
        name,
        after={"file": path.name}
        | report.as_dict()
        | {"file_sha256": source.sha256, "rows_sha256": hashlib.sha256(said.encode()).hexdigest()},
    )
    return source


def _provenance(rows: Rows, source: Source) -> dict[str, Any]:
    return {
        "source_id": [source.id] * len(rows),
        "source_row": rows.number,
        "content_hash": rows.content,
        "raw_geometry": raw_bytes(rows),
    }


def _insert(session: Session, writer: Writer, rows: Rows, source: Source, options: ImportOptions) -> list[int]:
    if not len(rows):
        return []
    ids = reserve_ids(session, writer.table, len(rows))
    columns: dict[str, Any] = {
        "id": ids,
        **rows.columns,
        **_provenance(rows, source),
        "source_key": rows.key,
        "invented": [options.invented] * len(rows),
    }
    if writer.arrival is not None:
        moment = now()
        columns[writer.arrival] = [moment if value is None else value for value in columns[writer.arrival]]
    insert_rows(session, writer.table, columns)
    return list(map(int, ids))


def _update(session: Session, writer: Writer, rows: Rows, source: Source, known: dict[str, Known]) -> list[int]:
    if not len(rows):
        return []
    columns = {**rows.columns, **_provenance(rows, source)}
    names = list(columns)
    changed = [
        {"id": known[key].id, **dict(zip(names, values, strict=True))}
        for key, *values in zip(rows.key, *(list(columns[name]) for name in names), strict=True)
    ]
    update_records(session, writer.table, changed, keep_where_none=() if writer.arrival is None else (writer.arrival,))
    return [row["id"] for row in changed]
