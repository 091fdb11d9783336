"""Perimeters, and the cells they are cut into."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class Perimeter(Record, Base):
    """The control zone of a school: every point within ``distance_m`` of the boundary of one of its campuses."""

    __tablename__ = "perimeters"

    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), unique=True)
    distance_m: Mapped[float]
    campus_cut_out: Mapped[bool] = mapped_column(default=False)
    area_m2: Mapped[float]
    zone: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class Cell(Record, Base):
    """A cell of the city's grid: a square of the lattice, or an official unit grid (单元网格) that was imported."""

    __tablename__ = "cells"
    __table_args__ = (sa.UniqueConstraint("city_id", "code"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    district_id: Mapped[int | None] = mapped_column(sa.ForeignKey("districts.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(8))  # lattice, unit
    lattice_column: Mapped[int | None]
    lattice_row: Mapped[int | None]
    responsible: Mapped[str] = mapped_column(sa.String(200), default="")
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    outline: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class CellPiece(Base):
    """The part of a cell that lies in one perimeter; neighbouring schools share cells and have pieces of their own."""

    __tablename__ = "cell_pieces"
    __table_args__ = (sa.UniqueConstraint("perimeter_id", "cell_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    perimeter_id: Mapped[int] = mapped_column(sa.ForeignKey("perimeters.id", ondelete="CASCADE"))
    cell_id: Mapped[int] = mapped_column(sa.ForeignKey("cells.id", ondelete="CASCADE"), index=True)
    area_m2: Mapped[float]
    piece: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class CellInspector(Base):
    """Which inspector walks which cell, and since when."""

    __tablename__ = "cell_inspectors"
    __table_args__ = (sa.UniqueConstraint("cell_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cell_id: Mapped[int] = mapped_column(sa.ForeignKey("cells.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    since: Mapped[dt.date | None]
