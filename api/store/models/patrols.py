"""Patrols: posts that must be manned, plans, who stands where in them, and what was really done."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, now


class EscortPost(Record, Base):
    """An escort post (护学岗): a place at a school that must be manned while its pupils leave.

    ``begins_min`` and ``ends_min`` are minutes after midnight; without them the post is manned from 30 minutes before
    the first to 60 minutes after the last dismissal, as set. Without weekdays it is manned on every school day.
    """

    __tablename__ = "escort_posts"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    school_id: Mapped[int] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True)
    gate_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gates.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    lon: Mapped[float] = mapped_column(sa.Double)
    lat: Mapped[float] = mapped_column(sa.Double)
    weekdays: Mapped[list[str]]  # "1" (Monday) to "7"
    begins_min: Mapped[int | None]
    ends_min: Mapped[int | None]
    skill: Mapped[str] = mapped_column(sa.String(32), default="")
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("departments.id"), index=True)
    manned_by: Mapped[str] = mapped_column(sa.String(200), default="")  # a team or body in words, never pupils
    active: Mapped[bool] = mapped_column(default=True)


class PatrolPlan(Record, Base):
    """A plan for the hour after school of one day.

    ``wanted`` is what was asked for (hours, teams, limits, sources), ``outcome`` what came of it without its stops.
    ``state`` is planning, ready, failed, published or withdrawn; ``problem`` says why it failed.
    """

    __tablename__ = "patrol_plans"
    __table_args__ = (sa.Index("ix_patrol_plans_city_id_day", "city_id", "day"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    day: Mapped[dt.date]
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    state: Mapped[str] = mapped_column(sa.String(12), default="planning")
    basis: Mapped[str] = mapped_column(sa.String(8), default="groups")  # what prizes count: exact, or released groups
    wanted: Mapped[dict[str, Any]]
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[str] = mapped_column(sa.String(500), default="")
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    published_at: Mapped[dt.datetime | None]


class PatrolRun(Base):
    """How far the search for a plan is; it changes by the second, and is not in the audit log."""

    __tablename__ = "patrol_runs"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("patrol_plans.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    done: Mapped[float] = mapped_column(sa.Double, default=0.0)
    iterations: Mapped[int] = mapped_column(default=0)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    best: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"teams": [[stop, …], …], "manned": n}
    routes: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"teams": [{"line": …, "leaves_s": …}, …]}


class PatrolStop(Base):
    """A place that a plan looked at: where a team stands and when, or why nobody does.

    ``key`` names the place on other days ("gate:…", "cell:…"). ``prize`` counts incidents: it never leaves the server.
    Times are seconds after midnight of the plan's day.
    """

    __tablename__ = "patrol_stops"
    __table_args__ = (sa.UniqueConstraint("plan_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(sa.Uuid, unique=True, default=uuid_module.uuid4)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("patrol_plans.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(8))  # gate, cell, hot, risk, hazard, post, hand
    key: Mapped[str] = mapped_column(sa.String(64), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    school: Mapped[str] = mapped_column(sa.String(400), default="")  # its name, or those of two at one gate
    school_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="SET NULL"), index=True)
    hazard_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hazards.id", ondelete="SET NULL"), index=True)
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("escort_posts.id", ondelete="SET NULL"), index=True)
    lattice_column: Mapped[int | None]
    lattice_row: Mapped[int | None]
    lon: Mapped[float] = mapped_column(sa.Double)
    lat: Mapped[float] = mapped_column(sa.Double)
    stay_s: Mapped[int]
    windows: Mapped[dict[str, Any]]  # {"starts": [[first, last], …], "dismissals": …, "until": …}
    prize: Mapped[float] = mapped_column(sa.Double, default=0.0)
    required: Mapped[bool] = mapped_column(default=False)
    skill: Mapped[str] = mapped_column(sa.String(32), default="")
    assumed: Mapped[bool] = mapped_column(default=False)
    overdue: Mapped[bool] = mapped_column(default=False)
    pinned_team: Mapped[int | None]
    dropped: Mapped[bool] = mapped_column(default=False)
    moved: Mapped[bool] = mapped_column(default=False)
    team: Mapped[int | None]  # from 1; none: left out
    place_in_route: Mapped[int | None]
    arrives_s: Mapped[int | None]
    starts_s: Mapped[int | None]
    leaves_s: Mapped[int | None]
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)  # why it is in, or out


class PatrolShift(Record, Base):
    """The duty of one team on one day: planned with a plan, or without one; its members, and when it really was."""

    __tablename__ = "patrol_shifts"
    __table_args__ = (sa.Index("ix_patrol_shifts_city_id_day", "city_id", "day"),)

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("patrol_plans.id", ondelete="SET NULL"), index=True)
    day: Mapped[dt.date]
    team: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(sa.String(100), default="")
    mode: Mapped[str] = mapped_column(sa.String(8), default="foot")
    begins_s: Mapped[int]
    ends_s: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(10), default="planned")  # planned, on_duty, done, cancelled
    note: Mapped[str] = mapped_column(sa.Text, default="")


class PatrolMember(Base):
    """Somebody of a team: they see its shift."""

    __tablename__ = "patrol_members"

    shift_id: Mapped[int] = mapped_column(sa.ForeignKey("patrol_shifts.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)


class PatrolCheck(Record, Base):
    """What a team says of a stop: it arrived, it left, it could not be there, it found a hazard. Only ever added to.

    ``at`` is the team's own time, ``received_at`` ours; ``away_m`` how far from the stop the phone was.
    """

    __tablename__ = "patrol_checks"

    shift_id: Mapped[int] = mapped_column(sa.ForeignKey("patrol_shifts.id", ondelete="CASCADE"), index=True)
    stop_id: Mapped[int | None] = mapped_column(sa.ForeignKey("patrol_stops.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    hazard_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hazards.id", ondelete="SET NULL"), index=True)
    event: Mapped[str] = mapped_column(sa.String(8))  # arrive, leave, skip, finding
    at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=now)
    lon: Mapped[float | None] = mapped_column(sa.Double)
    lat: Mapped[float | None] = mapped_column(sa.Double)
    position_error_m: Mapped[float | None] = mapped_column(sa.Double)
    away_m: Mapped[float | None] = mapped_column(sa.Double)
    note: Mapped[str] = mapped_column(sa.Text, default="")
