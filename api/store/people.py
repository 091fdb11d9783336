"""People, their roles and their tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import AccessToken, Person, PersonRole


def get_person(session: Session, name: str) -> Person | None:
    """Return the person of a sign-in name."""
    return session.scalar(sa.select(Person).where(Person.name == name))


def all_people(session: Session) -> Sequence[tuple[Person, str]]:
    """Return everybody with their roles, joined by commas."""
    roles: dict[int, list[str]] = {}
    for person_id, role in session.execute(sa.select(PersonRole.person_id, PersonRole.role)):
        roles.setdefault(person_id, []).append(role)
    everybody = session.scalars(sa.select(Person).order_by(Person.name)).all()
    return [(person, ", ".join(sorted(roles.get(person.id, [])))) for person in everybody]


def person_of_token(session: Session, digest: str, moment: dt.datetime) -> tuple[Person, list[str]] | None:
    """Return the person of a token that has not ended, with their roles."""
    person = session.scalar(
        sa.select(Person)
        .join(AccessToken, AccessToken.person_id == Person.id)
        .where(AccessToken.token_sha256 == digest, AccessToken.expires_at > moment, Person.disabled.is_(False))
    )
    if person is None:
        return None
    return person, list(session.scalars(sa.select(PersonRole.role).where(PersonRole.person_id == person.id)))


def remove_token(session: Session, digest: str) -> None:
    """Take a token away."""
    session.execute(sa.delete(AccessToken).where(AccessToken.token_sha256 == digest))


def remove_tokens(session: Session, person_id: int) -> None:
    """Take all tokens of a person away."""
    session.execute(sa.delete(AccessToken).where(AccessToken.person_id == person_id))
