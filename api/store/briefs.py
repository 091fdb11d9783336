"""Edits of briefs, of which every one is kept and the last counts, and links to briefs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from api.store.models import BriefText, City, Person, SharedBrief


def edits(session: Session, city: City, period: str, language: str) -> Sequence[tuple[BriefText, str]]:
    """Return all edits of a period's brief with their author's shown name, the oldest first."""
    rows = session.execute(
        sa.select(BriefText, Person.display_name, Person.name)
        .outerjoin(Person, Person.id == BriefText.person_id)
        .where(BriefText.city_id == city.id, BriefText.period == period, BriefText.language == language)
        .order_by(BriefText.key, BriefText.number)
    )
    return [(row, shown or name or "") for row, shown, name in rows]


def shared_briefs(session: Session, city: City, period: str) -> Sequence[tuple[SharedBrief, str, str]]:
    """Return the links to a period's brief with the shown names of who made and who withdrew each, the newest first."""
    maker, revoker = aliased(Person), aliased(Person)
    rows = session.execute(
        sa.select(SharedBrief, maker.display_name, maker.name, revoker.display_name, revoker.name)
        .outerjoin(maker, maker.id == SharedBrief.maker_id)
        .outerjoin(revoker, revoker.id == SharedBrief.revoker_id)
        .where(SharedBrief.city_id == city.id, SharedBrief.period == period)
        .order_by(SharedBrief.id.desc())
    )
    return [(row, shown or name or "", other or another or "") for row, shown, name, other, another in rows]


def get_shared(session: Session, identity: uuid.UUID) -> SharedBrief | None:
    """Return the link of a UUID."""
    return session.scalar(sa.select(SharedBrief).where(SharedBrief.uuid == identity))


def shared_by_digest(session: Session, digest: str) -> tuple[SharedBrief, str] | None:
    """Return the link whose secret has this SHA-256, with the shown name of who made it."""
    row = session.execute(
        sa.select(SharedBrief, Person.display_name, Person.name)
        .outerjoin(Person, Person.id == SharedBrief.maker_id)
        .where(SharedBrief.token_sha256 == digest)
    ).first()
    return None if row is None else (row[0], row[1] or row[2] or "")


def count_opening(session: Session, shared: SharedBrief, moment: dt.datetime) -> None:
    """Count that a link was read; of several at once each counts."""
    session.execute(
        sa.update(SharedBrief)
        .where(SharedBrief.id == shared.id)
        .values(opened=SharedBrief.opened + 1, opened_at=moment, updated_at=SharedBrief.updated_at)
        .execution_options(synchronize_session=False)
    )
