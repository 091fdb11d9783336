"""Reading the audit log."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import AuditEntry


def lines(
    session: Session,
    *,
    person: str | None,
    action: str | None,
    subject: str | None,
    identity: uuid.UUID | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    before: int,
    limit: int,
) -> Sequence[AuditEntry]:
    """Return lines of the log, the newest first; ``before`` is the id of the last line of the page before, or 0."""
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before:
        query = query.where(AuditEntry.id < before)
    if person is not None:
        query = query.where(AuditEntry.person == person)
    if action is not None:
        query = query.where(AuditEntry.action == action)
    if subject is not None:
        query = query.where(AuditEntry.subject == subject)
    if identity is not None:
        query = query.where(AuditEntry.subject_uuid == str(identity))
    if first is not None:
        query = query.where(AuditEntry.at >= first)
    if last is not None:
        query = query.where(AuditEntry.at < last)
    return session.scalars(query).all()
