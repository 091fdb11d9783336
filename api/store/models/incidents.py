"""After-school incidents: the sealed layer."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class Incident(Record, Base):
    """An incident. No column can hold a student's name, number, class or face; points never leave the server.

    ``occurred_from`` … ``occurred_to`` is the interval in which it is known to have happened (equal: a moment);
    ``time_known`` is false where only the day is known. ``minutes_after_dismissal`` is counted from the dismissal
    of the nearest school on a school day, and empty where there was none. ``weekday`` (1 = Monday) and ``hour`` are
    those of the city's own time; ``lattice_column`` and ``lattice_row`` name the cell of the city's lattice.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        sa.UniqueConstraint("city_id", "source_key"),
        sa.Index("ix_incidents_city_id_occurred_from", "city_id", "occurred_from"),
        # what the heat map counts by, so that it is answered from the index alone
        sa.Index(
            "ix_incidents_aggregate",
            "city_id",
            "lattice_column",
            "lattice_row",
            "weekday",
            "hour",
            "serious",
            "kind",
            "minutes_after_dismissal",
            "occurred_from",
        ),
    )

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    serious: Mapped[bool] = mapped_column(default=False)
    occurred_from: Mapped[dt.datetime]
    occurred_to: Mapped[dt.datetime]
    time_known: Mapped[bool] = mapped_column(default=True)
    weekday: Mapped[int]
    hour: Mapped[int]
    minutes_after_dismissal: Mapped[int | None]
    dismissal_assumed: Mapped[bool] = mapped_column(default=False)
    lattice_column: Mapped[int | None]
    lattice_row: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    people_count: Mapped[int | None]
    age_band: Mapped[str] = mapped_column(sa.String(12), default="")
    reporter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incident_groups.id"), index=True)
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class IncidentChanges(Base):
    """How often a city's incidents were added and altered, counted by the database itself (triggers).

    What is kept of them in memory is good as long as these numbers are those it was read with.
    """

    __tablename__ = "incident_changes"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id", ondelete="CASCADE"), primary_key=True)
    added: Mapped[int] = mapped_column(sa.BigInteger)
    altered: Mapped[int] = mapped_column(sa.BigInteger)


class IncidentGroup(Base):
    """At least k incidents of one cell that are only ever counted together: what may leave the sealed layer.

    A group never changes. What is empty is not known of all its members: ``kind``, ``after_school``, and the time of
    the week (``weekday`` 1 = Monday, ``hour``). ``after_school`` is true where all of them were surely after school,
    and false where that is sure of none. ``first_day`` … ``last_day`` is the calendar period that holds
    all of them.
    """

    __tablename__ = "incident_groups"
    __table_args__ = (sa.Index("ix_incident_groups_city_id_first_day", "city_id", "first_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    lattice_column: Mapped[int]
    lattice_row: Mapped[int]
    count: Mapped[int]
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    kind: Mapped[str | None] = mapped_column(sa.String(24))
    after_school: Mapped[bool | None]
    weekday: Mapped[int | None]
    hour: Mapped[int | None]
    released_at: Mapped[dt.datetime]
