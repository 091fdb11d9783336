"""Who somebody is: passwords, bearer tokens, and the person behind a request."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import dataclass
from functools import lru_cache

from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError
from api.security.policy import ROLES
from api.store import people
from api.store.models import AccessToken, Person, PersonRole

TOKEN_DAYS = 7
SHORTEST_PASSWORD = 10


@dataclass(frozen=True)
class Actor:
    """The person behind a request; without an id nobody is signed in."""

    id: int | None = None
    uuid: uuid.UUID | None = None
    name: str = ""
    display_name: str = ""
    roles: frozenset[str] = frozenset()


NOBODY = Actor()


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _no_hash() -> str:
    """Return a hash that nothing fits, so that an unknown name takes as long as a wrong password."""
    return _hasher().hash(secrets.token_urlsafe(32))


def add_person(
    session: Session, *, name: str, password: str, roles: list[str], display_name: str = "", invented: bool = False
) -> Person:
    """Add somebody who can sign in.

    Raises
    ------
    BadInputError
        For an unknown role or a password of fewer than 10 characters.
    ConflictError
        Where the name is taken.
    """
    if unknown := [role for role in roles if role not in ROLES]:
        raise BadInputError(f"there is no role {unknown[0]!r}; the roles are {', '.join(ROLES)}")
    if len(password) < SHORTEST_PASSWORD:
        raise BadInputError(f"a password has at least {SHORTEST_PASSWORD} characters")
    if people.get_person(session, name) is not None:
        raise ConflictError(f"there is somebody called {name!r} already")
    person = Person(
        name=name, display_name=display_name or name, password_hash=_hasher().hash(password), invented=invented
    )
    session.add(person)
    session.flush()
    session.add_all(PersonRole(person_id=person.id, role=role) for role in roles)
    return person


def set_password(session: Session, person: Person, password: str) -> None:
    """Give somebody a new password; their tokens end."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInputError(f"a password has at least {SHORTEST_PASSWORD} characters")
    person.password_hash = _hasher().hash(password)
    people.remove_tokens(session, person.id)


def sign_in(session: Session, name: str, password: str, moment: dt.datetime) -> str | None:
    """Return a new bearer token, shown once and stored as its SHA-256; None for a wrong name or password."""
    person = people.get_person(session, name)
    known = person.password_hash if person is not None and not person.disabled else None
    right = _hasher().verify(password, known or _no_hash())
    if person is None or known is None or not right:
        return None
    token = secrets.token_urlsafe(32)
    session.add(
        AccessToken(
            person_id=person.id,
            token_sha256=_digest(token),
            created_at=moment,
            expires_at=moment + dt.timedelta(days=TOKEN_DAYS),
        )
    )
    return token


def sign_out(session: Session, token: str) -> None:
    """End a token."""
    people.remove_token(session, _digest(token))


def who_is(session: Session, token: str, moment: dt.datetime) -> Actor:
    """Return the person of a bearer token; nobody where it is unknown or has ended."""
    found = people.person_of_token(session, _digest(token), moment)
    if found is None:
        return NOBODY
    person, roles = found
    return Actor(person.id, person.uuid, person.name, person.display_name, frozenset(roles))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
