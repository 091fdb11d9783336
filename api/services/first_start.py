"""What a new installation needs before anybody can sign in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.engine import Engine

from api.security.people import add_person
from api.store import administrators, people
from api.store.audit import Who
from api.store.engine import reading, writing

NAME = "admin"
_PASSWORD_BYTES = 15  # 20 characters


@dataclass(frozen=True)
class FirstAdministrator:
    """An account that was made at the first start; its password is kept nowhere but here."""

    name: str
    password: str


def make_administrator(engine: Engine) -> FirstAdministrator | None:
    """Make the account ``admin`` where nobody can sign in as administrator; of two servers that start, one makes it.

    Returns
    -------
    FirstAdministrator or None
        None where somebody can sign in, or where the name is taken by an account that was disabled by intent.
    """
    with reading(engine) as session:
        if people.any_administrator(session):
            return None
    with writing(engine, Who(channel="system")) as session:
        administrators.one_at_a_time(session)
        if people.any_administrator(session) or people.get_person(session, NAME) is not None:
            return None
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        add_person(session, name=NAME, password=password, roles=["admin"])
    return FirstAdministrator(NAME, password)
