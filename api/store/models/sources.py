"""Where records come from."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, now


class Source(Base):
    """A file that was imported, a person who recorded, or the demonstration.

    ``crs`` is the source's coordinate reference system, in which ``raw_geometry`` of its records is kept;
    ``report`` counts the rows read, written, updated, unchanged and refused.
    """

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    kind: Mapped[str] = mapped_column(sa.String(16))  # file, osm, person, demonstration
    actor: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(255), default="")
    collection: Mapped[str] = mapped_column(sa.String(32), default="")
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    crs: Mapped[str] = mapped_column(sa.Text, default="wgs84")
    encoding: Mapped[str | None] = mapped_column(sa.String(32))
    invented: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
