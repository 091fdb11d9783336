"""Departments, the people in them, and what they are."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record


class Department(Record, Base):
    """A member unit of the committee; names change, so they are kept apart with their dates."""

    __tablename__ = "departments"

    city_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(32), unique=True)
    is_convenor: Mapped[bool] = mapped_column(default=False)


class DepartmentName(Base):
    """A name or alias of a department, with the time for which it is right."""

    __tablename__ = "department_names"

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="zh")
    is_alias: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]


class Person(Record, Base):
    """Somebody who works with the system."""

    __tablename__ = "people"

    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(100), default="")
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    disabled: Mapped[bool] = mapped_column(default=False)


class PersonRole(Base):
    """A role that a person has; a person can have several."""

    __tablename__ = "person_roles"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)


class AccessToken(Base):
    """A bearer token of a person; only its SHA-256 is kept."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
