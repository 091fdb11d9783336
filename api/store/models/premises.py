"""Licensed premises around schools, and the distance rules they are held against."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class Premises(Record, Base):
    """A shop, venue or practice; ``categories`` are vocabulary codes, the targets of the distance rules."""

    __tablename__ = "premises"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    categories: Mapped[list[str]]
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    licence: Mapped[str] = mapped_column(sa.String(100), default="")
    licensed_from: Mapped[dt.date | None]
    licence_expires: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    opening_hours: Mapped[str] = mapped_column(sa.String(200), default="")
    position_error_m: Mapped[float | None]
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    footprint: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))


class DistanceRule(Base):
    """One version of one distance rule; an administrator's change adds a version and keeps the old ones.

    The columns are those of ``gis.rules.Rule``, from whose table the first versions come.
    """

    __tablename__ = "distance_rules"
    __table_args__ = (sa.UniqueConstraint("rule_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int]
    rule: Mapped[dict[str, object]] = mapped_column(sa.JSON)
