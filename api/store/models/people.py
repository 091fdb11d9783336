"""Departments, the people in them, and what they are."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record


class Department(Record, Base):
    """A member unit of the committee; names change, so they are kept apart with their dates."""

    __tablename__ = "departments"

    city_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(32), unique=True)
    is_convenor: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]  # its last day; afterwards nothing goes to it any more
    successor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id", ondelete="SET NULL"))


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


class DepartmentDuty(Record, Base):
    """Who is a department's leader in charge (分管领导) or liaison officer (信息员), from when to when.

    Of each there is exactly one at a time (notice 67 of 2018, 二(一)1), beside any number of deputies.
    """

    __tablename__ = "department_duties"

    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    duty: Mapped[str] = mapped_column(sa.String(8))  # leader, liaison
    is_deputy: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]  # the last day


class Absence(Record, Base):
    """Days on which somebody is away, and who substitutes; why is nobody's business, and there is no column for it."""

    __tablename__ = "absences"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    substitute_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id", ondelete="SET NULL"))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]  # the last day


class Person(Record, Base):
    """Somebody who works with the system."""

    __tablename__ = "people"

    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(100), default="")
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    external_subject: Mapped[str | None] = mapped_column(sa.String(300), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    disabled: Mapped[bool] = mapped_column(default=False)


class PersonRole(Base):
    """A role that a person has; a person can have several."""

    __tablename__ = "person_roles"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)


class AccessToken(Base):
    """A session of a browser or a bearer token of a script; only the SHA-256 of its secret is kept."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8), default="bearer")
    name: Mapped[str] = mapped_column(sa.String(100), default="")
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime | None]
    address: Mapped[str] = mapped_column(sa.String(64), default="")
