"""Meetings that were held, what was decided there, and what became of it."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, KeptFile, Record, now

OPEN_STATES = ("open", "reported")
"""States of a decision that is still to be struck off."""


class Meeting(Record, Base):
    """A meeting (工作例会, 联席会议) about a period of a city: when and where, who was there, what was said.

    ``first_day`` and ``last_day`` are those of the period, ``present`` the codes of the departments that came.
    """

    __tablename__ = "meetings"
    __table_args__ = (sa.UniqueConstraint("city_id", "period"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    period: Mapped[str] = mapped_column(sa.String(12))
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    held_on: Mapped[dt.date]
    kind: Mapped[str] = mapped_column(sa.String(8), default="working")  # working, joint
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    chair: Mapped[str] = mapped_column(sa.String(200), default="")
    present: Mapped[list[str]] = mapped_column(default=list)
    summary: Mapped[str] = mapped_column(sa.Text, default="")


class Decision(Record, Base):
    """A decision: a problem, who answers for it and until when, and the case, joint action or notice that it became.

    ``state`` is open, reported (the department says that it is done), struck (销号) or withdrawn.
    """

    __tablename__ = "decisions"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "number"), sa.Index("ix_decisions_state", "state"))

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings.id"))
    number: Mapped[int]
    problem: Mapped[str] = mapped_column(sa.String(500))
    measure: Mapped[str] = mapped_column(sa.Text, default="")
    category: Mapped[str | None] = mapped_column(sa.String(8))
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    due_on: Mapped[dt.date]
    becomes: Mapped[str] = mapped_column(sa.String(8))  # case, action, notice
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cases.id"), index=True)
    action_id: Mapped[int | None] = mapped_column(sa.ForeignKey("joint_actions.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("notices.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(12), default="open")
    decider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))


class DecisionDepartment(Base):
    """A department that assists with a decision."""

    __tablename__ = "decision_departments"

    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), primary_key=True, index=True)


class DecisionEntry(Base):
    """A line of what was done with a decision: decide, change, report, strike, reopen, withdraw."""

    __tablename__ = "decision_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(sa.String(12))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DecisionFile(KeptFile, Base):
    """A file that shows how a decision was carried out; it lies beside the database under the SHA-256 of what is kept."""

    __tablename__ = "decision_files"

    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id", ondelete="CASCADE"), index=True)
