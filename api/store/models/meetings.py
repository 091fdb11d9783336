"""What meetings keep: figures that departments report, texts of briefs, decisions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record


class DutyReport(Record, Base):
    """Figures of one day that a department reports, because no other record holds them: turns, papers, posts.

    ``figures`` holds whole numbers by code (``api/services/meetings/reported.py``), never anything about a person.
    """

    __tablename__ = "duty_reports"
    __table_args__ = (sa.Index("ix_duty_reports_city_id_day", "city_id", "day"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    district_id: Mapped[int | None] = mapped_column(sa.ForeignKey("districts.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    day: Mapped[dt.date]
    figures: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(sa.Text, default="")


class BriefText(Record, Base):
    """An edit of one paragraph of a period's brief in one language: each edit is kept, the last counts.

    ``number`` counts the edits of a paragraph from 1; an empty text goes back to what the numbers say.
    """

    __tablename__ = "brief_texts"
    __table_args__ = (sa.UniqueConstraint("city_id", "period", "language", "key", "number"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    period: Mapped[str] = mapped_column(sa.String(12))
    language: Mapped[str] = mapped_column(sa.String(2))
    key: Mapped[str] = mapped_column(sa.String(40))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)


class SharedBrief(Record, Base):
    """A link to the brief of a period that reads without a sign-in, until it expires or is withdrawn.

    Of the secret in the link only its SHA-256 is kept; ``opened`` counts how often it was read.
    """

    __tablename__ = "shared_briefs"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    period: Mapped[str] = mapped_column(sa.String(12))
    language: Mapped[str] = mapped_column(sa.String(2))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[dt.datetime]
    maker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    revoked_at: Mapped[dt.datetime | None]
    revoker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    opened: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[dt.datetime | None]
