"""Hazards around schools, and the rounds on which they are found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry, now


class Hazard(Record, Base):
    """Something around a school that should not be there; ``category`` and ``subtype`` are vocabulary codes.

    ``observed_at`` is the observer's own time, ``received_at`` that of receipt.
    """

    __tablename__ = "hazards"
    __table_args__ = (
        sa.UniqueConstraint("city_id", "source_key"),
        sa.Index("ix_hazards_city_id_category_status", "city_id", "category", "status"),
    )

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    cell_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cells.id", ondelete="SET NULL"), index=True)
    category: Mapped[str] = mapped_column(sa.String(8))
    subtype: Mapped[str] = mapped_column(sa.String(48), default="")
    severity: Mapped[int] = mapped_column(default=2)  # 1 low, 2 middle, 3 high
    status: Mapped[str] = mapped_column(sa.String(16), default="open")  # open, resolved, gone
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    observed_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=now)
    position_error_m: Mapped[float | None]
    reporter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class HazardSchool(Base):
    """A school in whose perimeter a hazard lies, with the distances that may become evidence (geodesic metres)."""

    __tablename__ = "hazard_schools"

    hazard_id: Mapped[int] = mapped_column(sa.ForeignKey("hazards.id", ondelete="CASCADE"), primary_key=True)
    school_id: Mapped[int] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    boundary_distance_m: Mapped[float]
    gate_distance_m: Mapped[float | None]
    gate_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gates.id", ondelete="SET NULL"))


class Inspection(Record, Base):
    """One visit of an inspector to a cell or a school: when, where, what was asked and answered, what was found."""

    __tablename__ = "inspections"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    inspector_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="SET NULL"), index=True)
    cell_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cells.id", ondelete="SET NULL"), index=True)
    hazard_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hazards.id", ondelete="SET NULL"), index=True)
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime] = mapped_column(default=now)
    outcome: Mapped[str] = mapped_column(sa.String(16), default="done")  # done, nothing_found, not_reached
    note: Mapped[str] = mapped_column(sa.Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    arrival: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    position_error_m: Mapped[float | None]
