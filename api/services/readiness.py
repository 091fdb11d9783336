"""Whether the server can work at the moment."""

from __future__ import annotations

import shutil
from functools import lru_cache

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.settings import Settings
from api.store import migrate


@lru_cache(maxsize=1)
def _head() -> str:
    return migrate.head_revision()


def obstacle(engine: Engine, settings: Settings) -> str | None:
    """Return what keeps the server from working, in words that name nothing inside; None where nothing does."""
    try:
        revision = migrate.current_revision(engine)
    except (DBAPIError, PoolTimeoutError):
        return "the database does not answer"
    if revision != _head():
        return f"the database is at version {revision}, not {_head()}"
    return "the disk is full" if free_bytes(settings) < settings.free_space_mb * 1_000_000 else None


def free_bytes(settings: Settings) -> int:
    """Return how much room the disk of the data folder has, also before there is one."""
    place = settings.data.absolute()
    return shutil.disk_usage(next(folder for folder in (place, *place.parents) if folder.exists())).free
