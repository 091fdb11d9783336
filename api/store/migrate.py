"""Bring a database to the version of this program, on SpatiaLite and on PostGIS alike."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from api.errors import UnavailableError


def configuration(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration for the scripts of this package, bound to ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """Return the newest revision that this program knows."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None  # noqa: S101 - there is always a first script
    return head


def current_revision(engine: Engine) -> str | None:
    """Return the revision that a database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Create or upgrade the database, in one transaction: a failed migration leaves nothing behind.

    Raises
    ------
    UnavailableError
        Where the database was written by a newer version of this program.
    """
    target = head_revision() if revision == "head" else revision
    at = current_revision(engine)
    if at == target:
        return
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if at is not None and at not in known:
        raise UnavailableError(
            f"the database is at version {at}, which this program does not know; use the newer program that wrote it"
        )
    _run(engine, lambda config: command.upgrade(config, target))


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to an earlier revision (``base``: empty)."""
    _run(engine, lambda config: command.downgrade(config, revision))


def _run(engine: Engine, step: object) -> None:
    if not callable(step):
        raise TypeError("a migration step is a function of the configuration")
    embedded = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if embedded:
            # A table that a migration re-creates is dropped and renamed: with foreign keys on that fails or cascades.
            # The pragma does nothing inside a transaction, so it is set on the driver's own connection first.
            _pragma(connection, "foreign_keys=OFF")
        elif current_revision(engine) is None:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
        try:
            step(configuration(connection))
            if embedded and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                raise UnavailableError(f"the migration would break {len(broken)} references; nothing was changed")
            connection.commit()
        finally:
            connection.rollback()
            if embedded:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: sa.Connection, pragma: str) -> None:
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None  # noqa: S101 - the connection is open
    driver_connection.execute(f"PRAGMA {pragma}")
