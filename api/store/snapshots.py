"""Whole copies of the database in one consistent state, made while others write, and put back into an empty place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from api.errors import BadInputError, ConflictError, UnavailableError
from api.store import migrate
from api.store.engine import sqlite_driver
from api.store.models import Base

MEMBERS = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
KINDS = {"sqlite": "SpatiaLite", "postgresql": "PostGIS"}
Advance = Callable[[int, int], None]
_PAGES_A_STEP = 1024
_FOREIGN_SCHEMAS = ("tiger", "tiger_data", "topology")  # of extensions that some installations bring along
_COUNTED = (*Base.metadata.tables, "alembic_version")


@dataclass(frozen=True)
class Snapshot:
    """What a copy holds.

    Attributes
    ----------
    revision
        The version of its tables.
    counts
        Rows of each of our tables.
    files
        The SHA-256 names of the files that its records speak of.
    """

    revision: str
    counts: Mapping[str, int]
    files: frozenset[str]


def backend_of(engine: Engine) -> str:
    """Return ``sqlite`` or ``postgresql``."""
    return engine.dialect.name


def take(engine: Engine, target: Path, advance: Advance) -> Snapshot:
    """Copy the database into a file, as it is at one moment; writers go on meanwhile.

    Parameters
    ----------
    engine
        An engine of the database.
    target
        The file, which is not there yet.
    advance
        Called now and then with how much is done and how much there is.

    Raises
    ------
    UnavailableError
        Where the database is empty, or a program that is needed is missing.
    """
    snapshot = (
        _take_embedded(engine, target, advance)
        if backend_of(engine) == "sqlite"
        else _take_dump(engine, target, advance)
    )
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return snapshot


def _take_embedded(engine: Engine, target: Path, advance: Advance) -> Snapshot:
    source = engine.raw_connection()
    copy = sqlite_driver().connect(str(target))
    try:
        driver: Any = source.driver_connection
        # a read transaction holds one state of the database for all steps of the copy, and stops no writer
        driver.execute("BEGIN")
        driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
        driver.backup(
            copy, pages=_PAGES_A_STEP, progress=lambda _status, left, pages: advance(max(pages - left, 0), pages)
        )
        driver.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        return _looked_at(lambda statement: copy.execute(statement).fetchall(), "sqlite_master WHERE type = 'table'")
    finally:
        copy.close()
        source.close()


def _take_dump(engine: Engine, target: Path, advance: Advance) -> Snapshot:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        name = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        major = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
        snapshot = _looked_at(
            lambda statement: list(connection.exec_driver_sql(statement)), "pg_tables WHERE schemaname = 'public'"
        )
        advance(0, 1)  # the program does not say how far it is
        program = _program("pg_dump", at_least=int(major) // 10_000)
        excluded = [f"--exclude-schema={schema}" for schema in _FOREIGN_SCHEMAS]
        _run(engine, program, "--format=custom", f"--snapshot={name}", f"--file={target}", *excluded)
        advance(1, 1)
    return snapshot


def _looked_at(run: Callable[[str], list[Any]], tables: str) -> Snapshot:
    column = "name" if tables.startswith("sqlite") else "tablename"
    there = {row[0] for row in run(f"SELECT {column} FROM {tables}")}  # noqa: S608 - both come from this file
    if "alembic_version" not in there or not (revision := run("SELECT version_num FROM alembic_version")):
        raise UnavailableError("the database is empty: there is nothing to copy")
    counts = {name: int(run(f'SELECT count(*) FROM "{name}"')[0][0]) for name in sorted(there.intersection(_COUNTED))}  # noqa: S608
    files = [
        row
        for name in ("photos", "notice_files", "decision_files")
        if name in there
        for row in run(f"SELECT DISTINCT sha256 FROM {name}")  # noqa: S608
    ]
    return Snapshot(str(revision[0][0]), counts, frozenset(str(row[0]) for row in files))


def look_at(engine: Engine) -> Snapshot:
    """Return what the database holds now."""
    tables = (
        "sqlite_master WHERE type = 'table'"
        if backend_of(engine) == "sqlite"
        else "pg_tables WHERE schemaname = 'public'"
    )
    with engine.connect().execution_options(read_only=True) as connection:
        return _looked_at(lambda statement: list(connection.exec_driver_sql(statement)), tables)


def look_at_file(path: Path) -> Snapshot:
    """Return what a copy of an embedded database holds.

    Raises
    ------
    BadInputError
        Where it is damaged.
    """
    driver = sqlite_driver()
    copy = driver.connect(str(path))
    try:
        said = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise BadInputError(f"the database in the archive is damaged: {said}")
        return _looked_at(lambda statement: copy.execute(statement).fetchall(), "sqlite_master WHERE type = 'table'")
    except driver.DatabaseError as error:
        raise BadInputError(f"the database in the archive cannot be read: {error}") from None
    finally:
        copy.close()


def knows_revision(revision: str) -> bool:
    """Return whether this program knows a version of the tables."""
    scripts = ScriptDirectory.from_config(migrate.configuration())
    return revision in {script.revision for script in scripts.walk_revisions()}


def refuse_unless_empty(engine: Engine) -> None:
    """Refuse a PostGIS database that holds something of ours.

    Raises
    ------
    ConflictError
        Where it does.
    """
    with engine.connect() as connection:
        there = {row[0] for row in connection.exec_driver_sql("SELECT tablename FROM pg_tables")}
    if found := sorted(there.intersection(_COUNTED)):
        raise ConflictError(
            f"the database is not empty (it has {found[0]}); name an empty one: createdb NAME, then --database …/NAME"
        )


def put_back_dump(engine: Engine, dump: Path) -> None:
    """Load a dump into an empty PostGIS database, in one transaction."""
    program = _program("pg_restore", at_least=0)
    words = ("--no-owner", "--no-privileges", "--no-comments", "--single-transaction", "--exit-on-error")
    _run(engine, program, *words, str(dump))


def _run(engine: Engine, program: str, *words: str) -> None:
    url = engine.url.set(drivername="postgresql", password=None)
    environment = dict(os.environ)
    if engine.url.password is not None:
        environment["PGPASSWORD"] = str(
            engine.url.password
        )  # not among the words, which everybody on a machine can see
    address = url.render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - the program and its words come from here
        [program, "--no-password", f"--dbname={address}", *words], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line.lower()), done.stderr.strip()[:300])
        raise UnavailableError(f"{Path(program).name} failed: {said}")


def _program(name: str, *, at_least: int) -> str:
    """Return a program of PostgreSQL that is not older than the server."""
    places = [shutil.which(name), *map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    versions = {place: _major(place) for place in places if place}
    if not versions:
        raise UnavailableError(f"{name} is not installed; install PostgreSQL's client programs: postgresql-client")
    newest = max(versions, key=lambda place: versions[place])
    if versions[newest] < at_least:
        raise UnavailableError(
            f"{name} is of version {versions[newest]} and the server of {at_least}; install postgresql-client-{at_least}"
        )
    return newest


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout  # noqa: S603
    found = re.search(r"(\d+)", said)
    return int(found.group(1)) if found else 0
