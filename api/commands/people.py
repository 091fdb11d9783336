"""People who can sign in."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from api.commands.console import Database, group, operator, out, ready_engine, settings_for
from api.errors import BadInputError, NotFoundError

user = group("People who can sign in.")

Password = Annotated[
    str | None,
    typer.Option(help="Else it is asked for on a terminal, or read from the first line of the standard input."),
]


@user.command("add", epilog="Example: campus user add lin --role inspector")
def add_user(
    name: str,
    role: Annotated[list[str], typer.Option(help="inspector, handler, dispatcher, police, … ; may be repeated.")],
    password: Password = None,
    database: Database = None,
) -> None:
    """Add somebody who can sign in."""
    from api.security.people import add_person
    from api.store.engine import writing

    password = _password(password)
    with writing(ready_engine(settings_for(database)), operator()) as session:
        add_person(session, name=name, password=password, roles=role)
    out.print(f"{name} added")


@user.command("password", epilog="Example: campus user password lin")
def change_password(
    name: str,
    password: Password = None,
    database: Database = None,
) -> None:
    """Give somebody a new password; their tokens end."""
    from api.security.people import set_password
    from api.store.engine import writing

    password = _password(password)
    with writing(ready_engine(settings_for(database)), operator()) as session:
        set_password(session, _known_person(session, name), password)
    out.print(f"the password of {name} is changed")


@user.command("disable", epilog="Example: campus user disable lin")
def disable_user(name: str, database: Database = None) -> None:
    """Keep somebody from signing in."""
    from api.store import people
    from api.store.engine import writing

    with writing(ready_engine(settings_for(database)), operator()) as session:
        person = _known_person(session, name)
        person.disabled = True
        people.remove_tokens(session, person.id)
    out.print(f"{name} is disabled")


@user.command("list", epilog="Example: campus user list")
def list_users(database: Database = None) -> None:
    """List who can sign in."""
    from api.store import people
    from api.store.engine import reading

    with reading(ready_engine(settings_for(database))) as session:
        for person, roles in people.all_people(session):
            out.print(f"{person.name:<16} {roles}{' (disabled)' if person.disabled else ''}")


def _password(given: str | None) -> str:
    """Return the password: given, typed twice, or the first line of the standard input."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise BadInputError("no password: give one with --password, or as a line on the standard input")
    return line


def _known_person(session: Any, name: str) -> Any:
    from api.store import people

    person = people.get_person(session, name)
    if person is None:
        raise NotFoundError(f"there is nobody called {name!r}")
    return person
