"""Cases, the log of what was done with them, and the data that filing and clocks go by."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry, now

NEVER = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)  # where a case stands in its queue while no clock runs


class Case(Record, Base):
    """A case (案卷): what was found, the rule it goes by as it was when it began, where it stands, and its clocks.

    ``rule`` is a copy, so that a rule that changes later changes no case. ``stops`` are pairs of moments (ISO 8601)
    between which the overall clock stood still; the second is null while it does.

    ``is_open`` and ``queue_at`` say where a case stands in its queue, so that a page of the board is a walk along an
    index and not a sort of everything there ever was: an open case stands at the nearer of its two due moments
    (``NEVER`` where no clock runs), one that is over at the moment when it came to its end. ``ix_cases_open`` has all
    that queues are counted, narrowed and searched by: few cases are open, and their rows are wide.

    ``parties`` are the departments that lead, assist with or have had their hands on a case, and whose people see it:
    ``|3|7|``. ``handlers`` are the people and departments that had it in hand, and so do not check it: ``|p12|d3|``;
    the flow log says the same. They stand in the row, and not in tables of their own, because they are asked of every
    case of a queue.
    """

    __tablename__ = "cases"
    __table_args__ = (
        sa.Index("ix_cases_is_open_queue_at_id", "is_open", "queue_at", "id"),
        sa.Index(
            "ix_cases_open",
            *("queue_at", "id", "state", "lead_id", "reporter_id", "category", "district_id", "school_id", "cell_id"),
            *("parties", "handlers"),
            *("number", "external_number", "name"),
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        ),
        sa.Index(
            "ix_cases_asked",
            "state",
            sqlite_where=sa.text("asked IS NOT NULL"),
            postgresql_where=sa.text("asked IS NOT NULL"),
        ),
        *(
            sa.Index(f"ix_cases_{column}_is_open_queue_at", column, "is_open", "queue_at")
            for column in ("state", "category", "lead_id", "district_id", "school_id")
        ),
    )

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    number: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    hazard_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hazards.id", ondelete="SET NULL"), index=True)
    cell_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cells.id", ondelete="SET NULL"), index=True)
    district_id: Mapped[int | None] = mapped_column(sa.ForeignKey("districts.id"))
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="SET NULL"))
    category: Mapped[str] = mapped_column(sa.String(8))
    subtype: Mapped[str] = mapped_column(sa.String(48), default="")
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    state: Mapped[str] = mapped_column(sa.String(16), default="reported")
    rule: Mapped[dict[str, Any]]
    lead_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"))
    parties: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")
    handlers: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    urgency: Mapped[str] = mapped_column(sa.String(16), default="ordinary")
    reporter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    observed_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    filed_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    closed_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    due_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    step_started_at: Mapped[dt.datetime | None]
    step_due_at: Mapped[dt.datetime | None]
    stops: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"overall": [[from, to]], "step": [[from, to]]}
    asked: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    extensions: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"amounts": [..]}, in the limit's own unit
    reworks: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)
    rung: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]
    recurrence_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    is_open: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    queue_at: Mapped[dt.datetime] = mapped_column(default=NEVER, server_default="2200-01-01 00:00:00.000000")
    external_number: Mapped[str | None] = mapped_column(sa.String(60), index=True)


class CaseAssisting(Base):
    """A department that assists with a case (协办)."""

    __tablename__ = "case_assisting"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), primary_key=True, index=True)


class CaseEntry(Base):
    """A line of the flow log of a case: who did what, when, and whether the step it ended was late.

    ``at`` is the server's time, ``said_at`` the doer's own; ``case_version`` the version of the case that came of it.
    """

    __tablename__ = "case_entries"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"))
    number: Mapped[int]
    action: Mapped[str] = mapped_column(sa.String(32))
    from_state: Mapped[str] = mapped_column(sa.String(16), default="")
    to_state: Mapped[str] = mapped_column(sa.String(16))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    said_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    step_due_at: Mapped[dt.datetime | None]
    late: Mapped[bool] = mapped_column(default=False)
    case_version: Mapped[int]
    content_hash: Mapped[str | None] = mapped_column(sa.String(32))


class FilingRule(Record, Base):
    """A city's own rule for what is to be done with hazards of a type at a place; replaces or joins the built-in ones.

    ``place_kind`` is "", "district", "school" or "cell", and ``place`` the code of the township or cell, or the UUID of
    the school. ``body`` is as in ``api/filing_rules.toml``.
    """

    __tablename__ = "filing_rules"
    __table_args__ = (sa.UniqueConstraint("city_id", "category", "subtype", "place_kind", "place"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    category: Mapped[str] = mapped_column(sa.String(8))
    subtype: Mapped[str] = mapped_column(sa.String(48), default="")
    place_kind: Mapped[str] = mapped_column(sa.String(8), default="")
    place: Mapped[str] = mapped_column(sa.String(64), default="")
    body: Mapped[dict[str, Any]]


class WorkYear(Record, Base):
    """A year of a city's working calendar: its hours, and the days that depart from the week."""

    __tablename__ = "work_years"
    __table_args__ = (sa.UniqueConstraint("city_id", "year"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    year: Mapped[int]
    body: Mapped[dict[str, Any]]  # as api/schemas/filing.py says: hours, days, confirmed, source
