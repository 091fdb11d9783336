"""The outbox: written with what caused it, claimed by one sender at a time, marked when it is out.

Of two senders each takes other entries: PostgreSQL passes over rows that somebody holds (``SKIP LOCKED``), the embedded
database lets one write at a time (``BEGIN IMMEDIATE``). A claim ends by itself, so what a killed sender held is sent by
another.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api.store.models import Message, OutboxEntry, Person, ToldDue

EMAIL = "email"


@dataclass(frozen=True)
class Robot:
    """A robot of the configuration, as far as whoever writes to the outbox knows it; no departments: told of all."""

    name: str
    departments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Channels:
    """What messages go out by, beside the app itself."""

    email: bool = False
    robots: tuple[Robot, ...] = ()


def with_channels(engine: Engine, channels: Channels) -> Engine:
    """Return an engine whose sessions write to the outbox for these channels; without them for none."""
    return engine.execution_options(channels=channels)


def channels_of(session: Session) -> Channels:
    """Return the channels that a session writes for."""
    found = session.get_bind().get_execution_options().get("channels")
    return found if isinstance(found, Channels) else Channels()


def told(session: Session, event: str) -> set[int]:
    """Return the people who have a message of an event."""
    return set(session.scalars(sa.select(Message.person_id).where(Message.event == event)))


def waiting_for(session: Session, event: str) -> set[tuple[str, str]]:
    """Return targets and addressees that an event is written to the outbox for."""
    rows = session.execute(sa.select(OutboxEntry.target, OutboxEntry.addressee).where(OutboxEntry.event == event))
    return {(row.target, row.addressee) for row in rows}


def due_targets(session: Session, moment: dt.datetime) -> list[str]:
    """Return the targets for which something is to be sent now."""
    return sorted(session.scalars(sa.select(OutboxEntry.target).where(_due(moment)).distinct()))


def _due(moment: dt.datetime) -> Any:
    return sa.or_(
        sa.and_(OutboxEntry.state == "waiting", OutboxEntry.next_at <= moment),
        sa.and_(OutboxEntry.state == "sending", OutboxEntry.claimed_until < moment),
    )


def claim(session: Session, target: str, moment: dt.datetime, *, lease_s: float, limit: int) -> Sequence[OutboxEntry]:
    """Claim what is to be sent to a target now, the oldest first: until the lease ends nobody else sends it."""
    query = sa.select(OutboxEntry).where(OutboxEntry.target == target, _due(moment))
    query = query.order_by(OutboxEntry.next_at, OutboxEntry.id).limit(limit).with_for_update(skip_locked=True)
    rows = session.scalars(query).all()
    for row in rows:
        row.state = "sending"
        row.claimed_until = moment + dt.timedelta(seconds=lease_s)
        row.attempts += 1
    session.flush()
    return rows


def claimed(session: Session, identity: int, attempt: int) -> OutboxEntry | None:
    """Return an entry, if it is still the one that was claimed for an attempt; None where another has taken it."""
    query = sa.select(OutboxEntry).where(
        OutboxEntry.id == identity, OutboxEntry.state == "sending", OutboxEntry.attempts == attempt
    )
    return session.scalar(query.with_for_update())


def sent_since(session: Session, target: str, moment: dt.datetime) -> int:
    """Return how many messages went to a target since a moment."""
    query = sa.select(sa.func.count()).select_from(OutboxEntry)
    return session.scalar(query.where(OutboxEntry.target == target, OutboxEntry.sent_at > moment)) or 0


def address_of(session: Session, person_id: int | None) -> str | None:
    """Return the e-mail address of somebody who can sign in; None without one."""
    query = sa.select(Person.email).where(Person.id == person_id, Person.disabled.is_(False))
    return session.scalar(query) or None


def counts(session: Session) -> dict[str, int]:
    """Return how many entries there are by state."""
    rows = session.execute(sa.select(OutboxEntry.state, sa.func.count()).group_by(OutboxEntry.state)).all()
    return {state: int(number) for state, number in rows}


def entries_page(session: Session, *, state: str | None, before: int, limit: int) -> Sequence[Any]:
    """Return entries with the shown name of whom they are for, the newest first."""
    query = sa.select(OutboxEntry, Person.display_name).outerjoin(Person, Person.id == OutboxEntry.person_id)
    if state is not None:
        query = query.where(OutboxEntry.state == state)
    if before:
        query = query.where(OutboxEntry.id < before)
    return session.execute(query.order_by(OutboxEntry.id.desc()).limit(limit)).all()


def get_entry(session: Session, identity: uuid.UUID) -> OutboxEntry | None:
    """Return the entry of a UUID."""
    return session.scalar(sa.select(OutboxEntry).where(OutboxEntry.uuid == identity).with_for_update())


def dead_entries(session: Session) -> Sequence[OutboxEntry]:
    """Return all that could not be sent."""
    return session.scalars(sa.select(OutboxEntry).where(OutboxEntry.state == "dead").order_by(OutboxEntry.id)).all()


def forget_before(session: Session, moment: dt.datetime) -> None:
    """Take away what was sent, and messages that were read, before a moment."""
    session.execute(sa.delete(OutboxEntry).where(OutboxEntry.state == "sent", OutboxEntry.sent_at < moment))
    session.execute(sa.delete(Message).where(Message.read_at.is_not(None), Message.read_at < moment))
    session.execute(sa.delete(ToldDue).where(ToldDue.due_at < moment))
