"""Mental health as a layer: counselling rooms and stations, how often each is used in a month, and targets.

Counts only: no table here has a column for a person, a visit, a day or a reason.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class Facility(Record, Base):
    """A counselling room of a school, a station or a centre; ``kind`` and ``levels`` are vocabulary codes."""

    __tablename__ = "facilities"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    levels: Mapped[list[str]] = mapped_column(default=list)
    name: Mapped[str] = mapped_column(sa.String(200), index=True)
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    opened_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class FacilityUse(Record, Base):
    """How often a facility was used in a month; ``month`` is its first day."""

    __tablename__ = "facility_uses"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    facility_id: Mapped[int] = mapped_column(sa.ForeignKey("facilities.id", ondelete="CASCADE"), index=True)
    month: Mapped[dt.date] = mapped_column(index=True)
    visits: Mapped[int]


class PupilCount(Record, Base):
    """How many pupils a school has: one number."""

    __tablename__ = "pupil_counts"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    pupils: Mapped[int]


class FacilityTargets(Record, Base):
    """The targets of a city, as rows of ``name``, ``kind``, ``level``, ``goal`` (none: every school) and ``due_on``."""

    __tablename__ = "facility_targets"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), unique=True)
    targets: Mapped[dict[str, Any]]
