"""What every table has in common."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

SRID = 4326  # WGS 84; CGCS2000 agrees with it here to well under a metre

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """A moment: aware in Python, UTC in the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Refuse a time without an offset, and turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def now() -> dt.datetime:
    """Return the present moment in UTC."""
    return dt.datetime.now(dt.UTC)


class Base(DeclarativeBase):
    """The registry of all tables."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {dt.datetime: UtcDateTime, dict[str, Any]: sa.JSON, list[str]: sa.JSON}  # noqa: RUF012


class Record:
    """Columns of every record: who it is, when it came, and where it came from.

    ``source_key`` is what names the record in its source (an identifier of the file, or a natural key) and
    ``content_hash`` what the source said last: so the same file twice changes nothing, and a changed row updates.
    ``raw_geometry`` is the geometry as it was given, as WKB in the source's own CRS; empty where that is WGS 84 and the
    geometry is kept as it was given.

    ``version`` is what an ``ETag`` names. An update or a deletion holds for the version that was read and no other, so of
    two people who change the same at once the second one hears of it, on PostgreSQL too.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=now, onupdate=now)
    version: Mapped[int] = mapped_column(default=1)
    invented: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sources.id"))
    source_key: Mapped[str | None] = mapped_column(sa.String(200))
    source_row: Mapped[int | None]
    content_hash: Mapped[str | None] = mapped_column(sa.String(32))
    raw_geometry: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        """Return what SQLAlchemy holds updates against; services say when a version ends."""
        return {"version_id_col": cls.version, "version_id_generator": False}


class KeptFile(Record):
    """Columns of a file that somebody attached to a record: ``sha256`` is that of what is kept, not of what was sent."""

    uploader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(8))  # jpeg, pdf, docx, xlsx
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    sent_sha256: Mapped[str] = mapped_column(sa.String(64))
    size_bytes: Mapped[int]


def geometry(kind: str) -> Geometry:
    """Return the type of a spatially indexed WGS 84 column of one geometry type."""
    return Geometry(kind, srid=SRID, spatial_index=True)
