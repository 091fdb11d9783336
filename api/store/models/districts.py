"""Cities with their lattice, and the townships in them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class City(Record, Base):
    """A county or city: its area, its time zone, and the one lattice that all its perimeters share.

    ``lattice_meridian_deg`` and ``cell_m`` are fixed by the first grid and never move with the schools.
    ``after_school_before_min`` and ``after_school_after_min`` bound the window around dismissal.
    """

    __tablename__ = "cities"

    code: Mapped[str] = mapped_column(sa.String(12), unique=True)  # GB/T 2260: six digits, in China
    name: Mapped[str] = mapped_column(sa.String(100))
    name_en: Mapped[str] = mapped_column(sa.String(100), default="")
    time_zone: Mapped[str] = mapped_column(sa.String(64))
    area: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    lattice_meridian_deg: Mapped[float | None]
    cell_m: Mapped[float]
    perimeter_distance_m: Mapped[float]
    incidents_released_until: Mapped[dt.date | None]


class District(Record, Base):
    """A township or subdistrict (乡镇、街道)."""

    __tablename__ = "districts"
    __table_args__ = (sa.UniqueConstraint("city_id", "code"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    code: Mapped[str] = mapped_column(sa.String(12))  # city code + 3 digits of GB/T 10114
    name: Mapped[str] = mapped_column(sa.String(100))
    name_en: Mapped[str] = mapped_column(sa.String(100), default="")
    kind: Mapped[str] = mapped_column(sa.String(16), default="town")  # subdistrict, town, township
    boundary: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]


class StallArea(Record, Base):
    """The area around a school, drawn by its township, where food stalls are not allowed (Zhejiang, art. 14)."""

    __tablename__ = "stall_areas"

    district_id: Mapped[int] = mapped_column(sa.ForeignKey("districts.id"), index=True)
    boundary: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
