"""Engines for the two databases, SpatiaLite and PostGIS, and their read and write sessions.

The embedded database is opened with ``pysqlite3``, since many Pythons are built without loadable extensions, and
``mod_spatialite`` must be loaded. Its transactions are opened here and not by the driver: the driver's own mode
loses updates silently (docs/decisions/0002).
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pyproj  # noqa: F401  its PROJ before that of mod_spatialite: the other way round the process dies as it ends
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from api.errors import StaleError, UnavailableError
from api.store.audit import MARK, Who, audit_key, watch, with_audit_key

BUSY_TIMEOUT_MS = 10_000
CONNECT_S = 5  # until a database that does not answer counts as lost
SILENT_MS = 15_000  # until a connection whose other end says nothing any more counts as broken
_EMBEDDED_CONNECTIONS = 40  # as many as the server has threads: a connection to a file is cheap
_LIBRARIES = ("mod_spatialite", "mod_spatialite.so", "mod_spatialite.dylib")
_PLACES = ("", "/opt/homebrew/lib/", "/usr/local/lib/", "/usr/lib/x86_64-linux-gnu/")


def sqlite_driver() -> ModuleType:
    """Return the SQLite driver that can load extensions, the interpreter's own where it can."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        if not hasattr(sqlite3.Connection, "enable_load_extension"):
            raise UnavailableError(
                "this Python cannot load SpatiaLite; install the package 'pysqlite3' (pip install pysqlite3)"
            ) from None
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def load_spatialite(connection: Any) -> None:
    """Load ``mod_spatialite`` into one SQLite connection.

    Raises
    ------
    UnavailableError
        Where the library is not installed; the text names the package to install.
    """
    named = os.environ.get("SPATIALITE_LIBRARY_PATH")
    candidates = [named] if named else [place + name for place in _PLACES for name in _LIBRARIES]
    connection.enable_load_extension(True)
    try:
        for candidate in candidates:
            try:
                connection.load_extension(candidate)
                return
            except Exception:  # noqa: S112 - each driver has an error class of its own; the next place is tried
                continue
    finally:
        connection.enable_load_extension(False)
    package = "brew install libspatialite" if sys.platform == "darwin" else "apt-get install libsqlite3-mod-spatialite"
    raise UnavailableError(f"SpatiaLite is not installed; install it with: {package}")


def make_engine(url: str | URL) -> Engine:
    """Return an engine for an embedded SpatiaLite file or a PostGIS database.

    Parameters
    ----------
    url
        ``sqlite:///path/to/file`` or ``postgresql+psycopg://…``.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _spatialite_engine(address)
    if address.get_backend_name() == "postgresql":
        if address.get_driver_name() in {"psycopg2", ""}:
            address = address.set(drivername="postgresql+psycopg")
        lost = {"connect_timeout": CONNECT_S, "tcp_user_timeout": SILENT_MS, "keepalives_idle": 30}
        engine = sa.create_engine(
            address,
            pool_size=20,
            max_overflow=20,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
            pool_pre_ping=True,
            connect_args={name: value for name, value in lost.items() if name not in address.query},
        )
        event.listen(engine, "connect", _without_compiling)
        return engine
    raise UnavailableError(
        f"the database {address.get_backend_name()!r} is not supported; use sqlite:///… or postgresql+psycopg://…"
    )


def _without_compiling(connection: Any, _record: object) -> None:
    """Have PostgreSQL compile no queries: for answers to people that takes longer than it saves.

    The planner thinks a count of queues dear because of conditions that few rows come to: it compiled for 850 ms what
    then ran in 50. Set here and not among the options of the connection, which poolers refuse.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")
    connection.commit()


def open_engine(url: str | URL, data: Path) -> Engine:
    """Return an engine whose sessions seal the audit log with the key in the data folder, which is made if need be.

    Raises
    ------
    UnavailableError
        Where the folder or the key cannot be made or read.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = audit_key(data / "audit.key")
    except (OSError, ValueError) as error:
        raise UnavailableError(f"the key of the audit log in {data} cannot be used: {error}") from error
    return with_audit_key(make_engine(url), key, data / MARK)


def _spatialite_engine(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise UnavailableError("the embedded database needs a file: sqlite:///path/to/campus.sqlite")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        address,
        module=sqlite_driver(),
        pool_size=_EMBEDDED_CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are opened in `begin` below
        load_spatialite(connection)
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged record survives a power loss
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _set_up_metadata(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        read_only = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _set_up_metadata(connection: Any) -> None:
    """Create SpatiaLite's own tables where they are missing, in one transaction: apart they take 10 s."""
    known = "SELECT 1 FROM sqlite_master WHERE name = 'spatial_ref_sys'"
    if connection.execute(known).fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute(known).fetchone():  # another process may have been faster
            connection.execute("SELECT InitSpatialMetaData(0, 'WGS84')")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


class _Queue:
    """Writers of one embedded database in this process, first come, first served.

    SQLite's own waiting is by chance: under load an unlucky writer would wait until its time is up.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = threading.Event()
        with self._guard:
            self._waiting.append(mine)
            if self._waiting[0] is mine:
                mine.set()
        mine.wait()
        try:
            yield
        finally:
            with self._guard:
                self._waiting.popleft()
                if self._waiting:
                    self._waiting[0].set()


_queues: defaultdict[str, _Queue] = defaultdict(_Queue)


def _turn(engine: Engine) -> AbstractContextManager[None]:
    """Wait for the turn to write; PostgreSQL's writers need none."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _queues[str(engine.url.database)].turn()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open a session that only reads: one consistent view of the database, and no lock on writers.

    Raises
    ------
    UnavailableError
        Where all connections are taken by requests that wait for the database.
    """
    options: dict[str, Any] = {"read_only": True}
    if engine.dialect.name == "postgresql":  # said with BEGIN, and not by a statement of its own
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _in_words(), Session(engine.execution_options(**options), expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine, who: Who | None = None) -> Iterator[Session]:
    """Open a session of one transaction: all of it is kept when the block ends well, or nothing.

    Whatever it changes is written into the audit log in the same transaction, as done by ``who``.

    Raises
    ------
    StaleError
        Where somebody else has changed a record since it was read here.
    UnavailableError
        Where all connections are taken by requests that wait for the database.
    """
    with (
        _in_words(),
        _turn(engine),
        Session(engine, expire_on_commit=False) as session,
        session.begin(),
    ):
        watch(session, who or Who())
        yield session


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except StaleDataError as error:
        raise StaleError("somebody else changed the record meanwhile; read it again") from error
    except PoolTimeoutError as error:
        raise UnavailableError("the database does not answer at the moment; try again") from error
