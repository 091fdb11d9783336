"""Random secrets that all processes of a server share."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.store.models import ServerSecret

_BYTES = 32


def known_secret(session: Session, name: str) -> bytes | None:
    """Return the secret of a name; None where there is none yet."""
    return session.scalar(sa.select(ServerSecret.value).where(ServerSecret.name == name))


def server_secret(session: Session, name: str) -> bytes:
    """Return the secret of a name, made at its first use; the first of two that make it wins."""
    found = known_secret(session, name)
    if found is not None:
        return found
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(ServerSecret).values(name=name, value=secrets.token_bytes(_BYTES)).on_conflict_do_nothing())
    return session.scalars(sa.select(ServerSecret.value).where(ServerSecret.name == name)).one()
