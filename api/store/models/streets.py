"""The ground that the map is drawn from: streets and buildings; and named places for the offline gazetteer."""

from __future__ import annotations

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class Street(Record, Base):
    """A street: ``highway`` in OpenStreetMap's words; ``oneway`` is −1, 0 or 1 along the line."""

    __tablename__ = "streets"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    highway: Mapped[str] = mapped_column(sa.String(32), default="unclassified")
    oneway: Mapped[int] = mapped_column(default=0)
    foot: Mapped[bool] = mapped_column(default=True)
    car: Mapped[bool] = mapped_column(default=True)
    maxspeed_kmh: Mapped[float | None]
    node_ids: Mapped[list[int] | None] = mapped_column(sa.JSON)
    line: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class Place(Record, Base):
    """A named place or an address."""

    __tablename__ = "places"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    name: Mapped[str] = mapped_column(sa.String(200), index=True)
    alt_names: Mapped[list[str]] = mapped_column(default=list)
    kind: Mapped[str] = mapped_column(sa.String(32), default="")
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class Building(Record, Base):
    """A building's footprint, drawn under everything else."""

    __tablename__ = "buildings"
    __table_args__ = (sa.UniqueConstraint("city_id", "source_key"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    levels: Mapped[float | None]
    outline: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
