"""What trust stands on: the audit log, requests to see sealed records, failed sign-ins, and the server's secrets."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record


class AuditEntry(Base):
    """One line of the audit log: append-only (triggers refuse the rest), each line sealed with the one before.

    ``before`` and ``after`` hold canonical JSON as text, so that what was sealed is byte for byte what is kept.
    ``seal`` is the HMAC-SHA-256 over all other columns and the ``seal`` of the line before.
    """

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    person_id: Mapped[int | None] = mapped_column(sa.Integer(), index=True)
    person: Mapped[str] = mapped_column(sa.String(64), default="")
    channel: Mapped[str] = mapped_column(sa.String(8))
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    request_id: Mapped[str] = mapped_column(sa.String(36), default="")
    action: Mapped[str] = mapped_column(sa.String(24), index=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    subject_uuid: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    purpose: Mapped[str] = mapped_column(sa.String(500), default="")
    before: Mapped[str | None] = mapped_column(sa.Text)
    after: Mapped[str | None] = mapped_column(sa.Text)
    seal: Mapped[str] = mapped_column(sa.String(64))


class AuditHead(Base):
    """The last line of the audit log, so that lines taken from its end are missed too."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    lines: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    seal: Mapped[str] = mapped_column(sa.String(64))


class SealedRequest(Record, Base):
    """A request to see sealed incidents: for a purpose, decided by a leader, for a limited time."""

    __tablename__ = "sealed_requests"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    requester_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(500))
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    status: Mapped[str] = mapped_column(sa.String(12), default="requested")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    decided_at: Mapped[dt.datetime | None]
    decision_note: Mapped[str] = mapped_column(sa.String(500), default="")
    valid_until: Mapped[dt.datetime | None]


class SignInFailure(Base):
    """A sign-in that failed, for slowing down guesses; the name only as a keyed hash, for it may be a password."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    address: Mapped[str] = mapped_column(sa.String(64), index=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)


class ServerSecret(Base):
    """A random secret that all processes of the server share."""

    __tablename__ = "server_secrets"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    value: Mapped[bytes] = mapped_column(sa.LargeBinary)
