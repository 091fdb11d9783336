"""Databases for tests: templates that are filled once, and a copy of one for each test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.store.engine import make_engine

Fill = Callable[[Engine], object]


class Databases(Protocol):
    """Databases of one kind."""

    kind: str

    def fill(self, name: str, fill: Fill, *, of: str | None = None) -> None:
        """Make a template, once: ``fill`` applied to a copy of the template ``of``, or to an empty database."""

    def copy(self, name: str | None) -> Engine:
        """Return an engine of a new copy of a template, or of an empty database."""

    def drop(self, engine: Engine) -> None:
        """Throw a copy away."""


class SpatialiteDatabases:
    """Files in a folder."""

    kind = "spatialite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._filled: set[str] = set()

    def fill(self, name: str, fill: Fill, *, of: str | None = None) -> None:
        if name in self._filled:
            return
        path = self._folder / f"{name}.template"
        if of is not None:
            shutil.copy(self._folder / f"{of}.template", path)
        engine = make_engine(f"sqlite:///{path}")
        fill(engine)
        self._filled.add(name)
        engine.dispose()  # the last connection that closes writes the log back into the file

    def copy(self, name: str | None) -> Engine:
        path = self._folder / f"copy_{next(self._numbers)}.sqlite"
        if name is not None:
            shutil.copy(self._folder / f"{name}.template", path)
        return make_engine(f"sqlite:///{path}")

    def drop(self, engine: Engine) -> None:
        engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{engine.url.database}{suffix}").unlink(missing_ok=True)


_PATIENCE_S = 60  # a machine that stands still for a while is no database that is gone


class PostgisDatabases:
    """Databases of a cluster."""

    kind = "postgis"

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._numbers = itertools.count(1)
        self._filled: set[str] = set()

    def _administer(self, statement: str) -> None:
        engine = sa.create_engine(f"{self._cluster}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def fill(self, name: str, fill: Fill, *, of: str | None = None) -> None:
        if name in self._filled:
            return
        source = "template1" if of is None else f"template_{of}"
        self._administer(f"CREATE DATABASE template_{name} TEMPLATE {source}")
        engine = make_engine(f"{self._cluster}/template_{name}")
        fill(engine)
        self._filled.add(name)
        engine.dispose()

    def copy(self, name: str | None) -> Engine:
        database = f"copy_{next(self._numbers)}"
        source = "template1" if name is None else f"template_{name}"
        self._administer(f"CREATE DATABASE {database} TEMPLATE {source}")
        return make_engine(f"{self._cluster}/{database}?connect_timeout={_PATIENCE_S}")

    def drop(self, engine: Engine) -> None:
        engine.dispose()
        self._administer(f"DROP DATABASE {engine.url.database} WITH (FORCE)")
