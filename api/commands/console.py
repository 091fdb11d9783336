"""What the commands have in common: where they print, the options of every one of them, and the way to the database."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from api.settings import Settings
    from api.store.audit import Who

out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
err = Console(markup=False, emoji=False, stderr=True, highlight=False, soft_wrap=True)

Database = Annotated[
    str | None,
    typer.Option("--database", help="sqlite:///FILE or postgresql+psycopg://…; else CAMPUS_DATABASE_URL."),
]
CityOption = Annotated[str | None, typer.Option("--city", help="Code of the city, where there are several.")]
LINES_SHOWN = 50


def group(text: str) -> typer.Typer:
    """Return a group of commands."""
    return typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None)


def settings_for(database: str | None) -> Settings:
    """Return the settings, with the database that was named."""
    from pydantic import ValidationError

    from api.errors import BadInputError
    from api.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:  # its own words would show the values, and some are secrets
        first = error.errors(include_url=False, include_input=False)[0]
        where = "".join(f"CAMPUS_{str(name).upper()}: " for name in first["loc"])
        raise BadInputError(where + first["msg"].removeprefix("Value error, ")) from None
    return settings if database is None else settings.model_copy(update={"database_url": database})


def ready_engine(settings: Settings) -> Engine:
    """Return an engine for a database that is of this program's version."""
    from api.store import migrate
    from api.store.engine import open_engine

    _make_private(settings.resolved_database_url)
    engine = open_engine(settings.resolved_database_url, settings.data)
    atexit.register(engine.dispose)  # the log of an embedded database is written back before the program ends
    migrate.upgrade(engine)
    return engine


def _make_private(database_url: str) -> None:
    """Make an embedded database's file, where there is none yet, so that nobody else on the machine can read it."""
    path = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite:///") and "?" not in database_url and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))  # SQLite gives the log beside it the same permissions


def operator() -> Who:
    """Return who types the commands, for the audit log."""
    from api.store.audit import Who

    return Who(person=os.environ.get("USER", "")[:64], channel="command")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something goes on."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        yield
