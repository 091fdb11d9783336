"""What the field app adds to hazards: each time somebody sees one again, edits, and the checklists of rounds."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry, now


class Sighting(Record, Base):
    """A hazard seen again: still there, worse, or gone; ``observed_at`` is the observer's own time."""

    __tablename__ = "sightings"

    hazard_id: Mapped[int] = mapped_column(sa.ForeignKey("hazards.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(8))  # there, worse, gone
    observed_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    position_error_m: Mapped[float | None]


class HazardEdit(Base):
    """An edit of a hazard that was taken in, by the id that its sender gave it: sent again, it changes nothing."""

    __tablename__ = "hazard_edits"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True)
    hazard_id: Mapped[int] = mapped_column(sa.ForeignKey("hazards.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    received_at: Mapped[dt.datetime] = mapped_column(default=now)


class Checklist(Record, Base):
    """What is asked on a round, at a school or of a category of hazards, and how often; replaces the built-in one."""

    __tablename__ = "checklists"

    key: Mapped[str] = mapped_column(sa.String(16), unique=True)  # "school", or the code of a category
    interval_days: Mapped[int]
    start_of_term: Mapped[bool] = mapped_column(default=False)
    items: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"items": [...]}, see api/checklists.toml
