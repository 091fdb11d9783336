"""Who somebody is: passwords, bearer tokens, and the person behind a request."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from functools import lru_cache

from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError
from api.security.policy import ROLES
from api.store import people
from api.store.models import Person, PersonRole

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200  # argon2 takes longer ones too, and a long time for them


@dataclass(frozen=True)
class Actor:
    """The person behind a request; without an id nobody is signed in.

    ``credential_id`` is the session or token that was shown.
    """

    id: int | None = None
    uuid: uuid.UUID | None = None
    name: str = ""
    display_name: str = ""
    roles: frozenset[str] = frozenset()
    department_id: int | None = None
    credential_id: int | None = None


NOBODY = Actor()


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _no_hash() -> str:
    """Return a hash that nothing fits, so that an unknown name takes as long as a wrong password."""
    return _hasher().hash(secrets.token_urlsafe(32))


def add_person(
    session: Session,
    *,
    name: str,
    password: str | None,
    roles: list[str],
    display_name: str = "",
    invented: bool = False,
    identity: uuid.UUID | None = None,
    external_subject: str | None = None,
) -> Person:
    """Add somebody who can sign in: by password, or (without one) by the city's own sign-on alone.

    Raises
    ------
    BadInputError
        For an unknown role or a password of fewer than 10 characters.
    ConflictError
        Where the name is taken.
    """
    if unknown := [role for role in roles if role not in ROLES]:
        raise BadInputError(f"there is no role {unknown[0]!r}; the roles are {', '.join(ROLES)}")
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise BadInputError("a name to sign in with has 1 to 64 characters, without spaces around them")
    if people.get_person(session, name) is not None:
        raise ConflictError(f"there is somebody called {name!r} already")
    person = Person(
        uuid=identity or uuid.uuid4(),
        name=name,
        display_name=display_name or name,
        password_hash=None if password is None else hash_password(password),
        external_subject=external_subject,
        invented=invented,
    )
    session.add(person)
    session.flush()
    session.add_all(PersonRole(person_id=person.id, role=role) for role in sorted(set(roles)))
    return person


def set_password(session: Session, person: Person, password: str) -> None:
    """Give somebody a new password; their sessions and tokens end."""
    person.password_hash = hash_password(password)
    people.remove_tokens(session, person.id)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises
    ------
    BadInputError
        For a password of fewer than 10 or more than 200 characters.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInputError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher().hash(password)


def password_fits(password: str, known: str | None) -> bool:
    """Return whether a password is the one that was hashed; without a hash it takes as long, and never fits."""
    right = _hasher().verify(password[:LONGEST_PASSWORD], known or _no_hash())
    return right and known is not None
