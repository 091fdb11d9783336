"""Messages to people, and the outbox of what goes out by e-mail and to robots."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, now


class Message(Base):
    """A message in the app to one person: what happened (``event``, once for each person), and with which record."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "event"),
        sa.Index("ix_messages_person_id_read_at", "person_id", "read_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[str] = mapped_column(sa.String(32))
    subject: Mapped[str] = mapped_column(sa.String(8))  # case, notice, action
    subject_uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid)
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    read_at: Mapped[dt.datetime | None]


class OutboxEntry(Base):
    """What is to go out to one target: written with what caused it in one transaction, sent later, kept as a record.

    ``target`` is ``email`` or the name of a robot of the configuration; ``person_id`` is whom an e-mail is for, whose
    address is looked up when it is sent. ``state`` is waiting, sending (claimed until ``claimed_until``), sent or dead.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        sa.UniqueConstraint("event", "target", "addressee"),
        sa.Index("ix_outbox_state_target_next_at", "state", "target", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    event: Mapped[str] = mapped_column(sa.String(120))
    target: Mapped[str] = mapped_column(sa.String(40))
    addressee: Mapped[str] = mapped_column(sa.String(36), default="")
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    subject: Mapped[str] = mapped_column(sa.String(8))
    subject_uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid)
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(sa.String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    next_at: Mapped[dt.datetime] = mapped_column(default=now)
    claimed_until: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")


class ToldDue(Base):
    """That people were told of a due moment of a case: that it is near (``soon``), or that it has passed (``over``)."""

    __tablename__ = "told_dues"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column(primary_key=True)
