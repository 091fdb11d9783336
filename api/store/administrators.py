"""The first administrator."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

_LOCK = 0x63616D70  # any number of our own


def one_at_a_time(session: Session) -> None:
    """Wait for another server that is making the first administrator; an embedded database has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
