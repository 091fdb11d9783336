"""Licensed premises, one by one."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Premises, Source


def get_premises(session: Session, identity: uuid.UUID, *, hold: bool = False) -> Premises | None:
    """Return the premises of a UUID; ``hold`` keeps them as they are until the transaction ends."""
    query = sa.select(Premises).where(Premises.uuid == identity)
    return session.scalar(query.with_for_update() if hold else query)


def source_name(session: Session, premises: Premises) -> str | None:
    """Return the name of the source that premises come from."""
    return session.scalar(sa.select(Source.name).where(Source.id == premises.source_id))
