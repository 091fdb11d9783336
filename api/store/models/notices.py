"""Information notices: what a department tells others, and who has read and answered it."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, KeptFile, Record, geometry, now


class Notice(Record, Base):
    """An information notice (信息通报) of a department to others: a draft until ``sent_at``.

    ``origin`` has the numbers of the rise that a draft was made of; nothing for what somebody wrote.
    """

    __tablename__ = "notices"

    city_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    writer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    category: Mapped[str | None] = mapped_column(sa.String(8))
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    wants_answer: Mapped[bool] = mapped_column(default=False)
    answer_by: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    origin: Mapped[dict[str, Any]] = mapped_column(default=dict)


class NoticeDepartment(Base):
    """A department that a notice goes to."""

    __tablename__ = "notice_departments"

    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), primary_key=True, index=True)


class NoticeReceipt(Base):
    """A receipt: somebody of a department has read a notice or answered it, or the department was reminded."""

    __tablename__ = "notice_receipts"
    __table_args__ = (sa.Index("ix_notice_receipts_notice_id_kind", "notice_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("notices.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(8))  # read, answer, reminder
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    text: Mapped[str] = mapped_column(sa.Text, default="")


class NoticeFile(KeptFile, Base):
    """A file attached to a notice; it lies beside the database under the SHA-256 of what is kept."""

    __tablename__ = "notice_files"

    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("notices.id", ondelete="CASCADE"), index=True)
