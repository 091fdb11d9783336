"""Schools: campuses, gates, and when lessons end."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class School(Record, Base):
    """A school, with one campus or several; ``stages`` are codes of the vocabulary.

    ``intervals_days`` holds what is another interval here than in the checklist of the same key: "school", or the code
    of a category.
    """

    __tablename__ = "schools"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    district_id: Mapped[int | None] = mapped_column(sa.ForeignKey("districts.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), index=True)
    name_en: Mapped[str] = mapped_column(sa.String(200), default="")
    stages: Mapped[list[str]]
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    opened_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    intervals_days: Mapped[dict[str, int]] = mapped_column(
        sa.JSON(none_as_null=True), default=dict, server_default="{}"
    )


class Campus(Record, Base):
    """The grounds of a school: a polygon, or a disc of a stated radius around a known point.

    ``known_as`` is "polygon", "building" (only a building is drawn, so the wall is further out) or "point".
    """

    __tablename__ = "campuses"

    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    known_as: Mapped[str] = mapped_column(sa.String(8))
    radius_m: Mapped[float | None]
    boundary: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class Gate(Record, Base):
    """A gate in the wall of a school."""

    __tablename__ = "gates"

    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    kind: Mapped[str] = mapped_column(sa.String(16), default="gate")  # main, gate, vehicle, closed
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class Timetable(Record, Base):
    """When lessons end: one row per school, weekday (1 = Monday) and group of grades."""

    __tablename__ = "timetables"

    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    weekday: Mapped[int]
    grades: Mapped[str] = mapped_column(sa.String(64), default="")
    dismissal: Mapped[dt.time]
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]


class Term(Record, Base):
    """A term: its first and last school day, for a city, or for one school that keeps its own calendar."""

    __tablename__ = "terms"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]


class CalendarDay(Record, Base):
    """A day that departs from the week: a holiday, or a make-up school day (补课日) with another day's timetable."""

    __tablename__ = "calendar_days"
    __table_args__ = (sa.UniqueConstraint("city_id", "day"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    day: Mapped[dt.date]
    is_school_day: Mapped[bool]
    as_weekday: Mapped[int | None]
    name: Mapped[str] = mapped_column(sa.String(100), default="")
