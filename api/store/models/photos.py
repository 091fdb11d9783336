"""Photos of hazards and inspections; the files lie beside the database, named by their content."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record


class Photo(Record, Base):
    """A photo: re-encoded on arrival, without EXIF; ``sha256`` is that of the kept file and names it."""

    __tablename__ = "photos"
    __table_args__ = (sa.CheckConstraint("(hazard_id IS NULL) <> (inspection_id IS NULL)", name="one_owner"),)

    hazard_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hazards.id"), index=True)
    inspection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("inspections.id"), index=True)
    uploader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    sent_sha256: Mapped[str] = mapped_column(sa.String(64))
    size_bytes: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    taken_at: Mapped[dt.datetime | None]
    caption: Mapped[str] = mapped_column(sa.String(200), default="")
