"""Patrols: posts, plans with their stops and runs, and what they are made from."""

from __future__ import annotations

import datetime as dt
import uuid as uuid_module
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Case,
    City,
    District,
    EscortPost,
    Gate,
    Hazard,
    PatrolCheck,
    PatrolPlan,
    PatrolRun,
    PatrolShift,
    PatrolStop,
    School,
    Term,
    Timetable,
)

STANDING = ("ready", "published")  # plans that are meant to be walked


def dismissals_on(
    session: Session, city: City, weekday: int, day: dt.date
) -> dict[int, list[tuple[str, int]]]:  # fmt: skip
    """Return for each school with a timetable for the weekday, valid on the day: grades and minutes after midnight."""
    rows = session.execute(
        sa.select(Timetable.school_id, Timetable.grades, Timetable.dismissal)
        .join(School, School.id == Timetable.school_id)
        .where(
            School.city_id == city.id,
            Timetable.weekday == weekday,
            sa.or_(Timetable.valid_from.is_(None), Timetable.valid_from <= day),
            sa.or_(Timetable.valid_to.is_(None), Timetable.valid_to >= day),
        )
        .order_by(Timetable.school_id, Timetable.dismissal, Timetable.grades)
    )
    out: dict[int, list[tuple[str, int]]] = {}
    for school, grades, dismissal in rows:
        out.setdefault(school, []).append((grades, dismissal.hour * 60 + dismissal.minute))
    return out


def schools_out_of_term(session: Session, city: City, day: dt.date) -> set[int]:
    """Return the schools that keep terms of their own, none of which holds the day."""
    rows = session.execute(
        sa.select(Term.school_id, Term.starts_on, Term.ends_on).where(
            Term.city_id == city.id, Term.school_id.is_not(None)
        )
    ).all()
    inside = {school for school, first, last in rows if first <= day <= last}
    return {school for school, _, _ in rows if school is not None} - inside


def hazards_to_check(session: Session, city_id: int, limit: int) -> list[tuple[Hazard, float, float, bool]]:
    """Return hazards to be checked: hazard, lon, lat, and whether its case waits for it; else it is open and severe."""
    place = (sa.func.ST_X(Hazard.location), sa.func.ST_Y(Hazard.location))
    waiting = sa.exists().where(Case.hazard_id == Hazard.id, Case.state == "awaiting_check")
    rows = session.execute(
        sa.select(Hazard, *place, waiting.label("waits"))
        .where(
            Hazard.city_id == city_id,
            sa.or_(waiting, sa.and_(Hazard.status == "open", Hazard.severity >= 3, Hazard.cell_id.is_not(None))),
        )
        .order_by(sa.desc("waits"), Hazard.observed_at, Hazard.id)
        .limit(limit)
    ).all()
    return [(row[0], float(row[1]), float(row[2]), bool(row[3])) for row in rows]


# ---- posts ----


def posts_with_schools(
    session: Session, city_id: int, *, active: bool | None = None
) -> list[tuple[EscortPost, str, uuid_module.UUID, str | None]]:
    """Return the posts of a city with the name, UUID and township of their school."""
    query = (
        sa.select(EscortPost, School.name, School.uuid, District.code)
        .join(School, School.id == EscortPost.school_id)
        .outerjoin(District, District.id == School.district_id)
        .where(EscortPost.city_id == city_id)
    )
    if active is not None:
        query = query.where(EscortPost.active.is_(active))
    rows = session.execute(query.order_by(School.name, EscortPost.id)).all()
    return [(post, name, identity, district) for post, name, identity, district in rows]


def get_post(session: Session, identity: uuid_module.UUID, *, lock: bool = False) -> EscortPost | None:
    """Return the post of a UUID."""
    query = sa.select(EscortPost).where(EscortPost.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


# ---- plans ----


def get_plan(session: Session, identity: uuid_module.UUID, *, lock: bool = False) -> PatrolPlan | None:
    """Return the plan of a UUID; locked where it is about to change."""
    query = sa.select(PatrolPlan).where(PatrolPlan.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def plan_of_id(session: Session, plan_id: int) -> PatrolPlan:
    """Return the plan of an id."""
    return session.get_one(PatrolPlan, plan_id)


def plans_page(
    session: Session, *, city_id: int | None, first: dt.date | None, last: dt.date | None, after: int, limit: int
) -> Sequence[PatrolPlan]:
    """Return a page of plans, the last made first; ``after`` 0: from the beginning, else below that id."""
    query = sa.select(PatrolPlan)
    if after:
        query = query.where(PatrolPlan.id < after)
    if city_id is not None:
        query = query.where(PatrolPlan.city_id == city_id)
    if first is not None:
        query = query.where(PatrolPlan.day >= first)
    if last is not None:
        query = query.where(PatrolPlan.day <= last)
    return session.scalars(query.order_by(PatrolPlan.id.desc()).limit(limit)).all()


def run_of(session: Session, plan_id: int) -> PatrolRun | None:
    """Return how far the search for a plan is."""
    return session.get(PatrolRun, plan_id)


def stops_of(session: Session, plan_id: int) -> Sequence[PatrolStop]:
    """Return the stops of a plan by number."""
    return session.scalars(sa.select(PatrolStop).where(PatrolStop.plan_id == plan_id).order_by(PatrolStop.number)).all()


def get_stop(session: Session, identity: uuid_module.UUID) -> PatrolStop | None:
    """Return the stop of a UUID."""
    return session.scalar(sa.select(PatrolStop).where(PatrolStop.uuid == identity))


def names_of_schools(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, uuid_module.UUID]]:
    """Return names and UUIDs of schools by id."""
    wanted = sorted(set(ids))
    rows = session.execute(sa.select(School.id, School.name, School.uuid).where(School.id.in_(wanted)))
    return {row.id: (row.name, row.uuid) for row in rows}


def hazards_of_ids(session: Session, ids: Iterable[int]) -> dict[int, Hazard]:
    """Return hazards by id."""
    wanted = sorted(set(ids))
    return {one.id: one for one in session.scalars(sa.select(Hazard).where(Hazard.id.in_(wanted)))}


def _standing(city_id: int, first: dt.date, before: dt.date, without: int | None) -> Any:
    """Return the ids of the plans that count for each day: the published ones, or else the newest."""
    rank = sa.func.row_number().over(
        partition_by=PatrolPlan.day,
        order_by=(sa.case((PatrolPlan.state == "published", 0), else_=1), PatrolPlan.id.desc()),
    )
    query = sa.select(PatrolPlan.id.label("id"), PatrolPlan.state.label("state"), rank.label("rank")).where(
        PatrolPlan.city_id == city_id, PatrolPlan.day >= first, PatrolPlan.day < before, PatrolPlan.state.in_(STANDING)
    )
    if without is not None:
        query = query.where(PatrolPlan.id != without)
    ranked = query.subquery()
    return sa.select(ranked.c.id).where(sa.or_(ranked.c.rank == 1, ranked.c.state == "published"))


def stays_between(
    session: Session, city_id: int, first: dt.date, before: dt.date, *, without: int | None = None
) -> Sequence[Any]:
    """Return the planned stays of a period (``before`` not included), with the day and the UUID of their plan."""
    return session.execute(
        sa.select(
            PatrolPlan.day,
            PatrolPlan.uuid,
            PatrolStop.key,
            PatrolStop.kind,
            PatrolStop.name,
            PatrolStop.school_id,
            PatrolStop.team,
            PatrolStop.starts_s,
            PatrolStop.leaves_s,
        )
        .join(PatrolPlan, PatrolPlan.id == PatrolStop.plan_id)
        .where(PatrolStop.team.is_not(None), PatrolStop.plan_id.in_(_standing(city_id, first, before, without)))
        .order_by(PatrolPlan.day, PatrolStop.starts_s, PatrolStop.id)
    ).all()


def planned_stops(session: Session, city_id: int, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Return the stops with a team of published plans (both days included): PatrolStop, day, shift id."""
    return session.execute(
        sa.select(PatrolStop, PatrolPlan.day, PatrolShift.id.label("shift_id"))
        .join(PatrolPlan, PatrolPlan.id == PatrolStop.plan_id)
        .outerjoin(PatrolShift, sa.and_(PatrolShift.plan_id == PatrolPlan.id, PatrolShift.team == PatrolStop.team))
        .where(
            PatrolPlan.city_id == city_id,
            PatrolPlan.state == "published",
            PatrolPlan.day.between(first, last),
            sa.or_(PatrolStop.team.is_not(None), PatrolStop.required.is_(True)),
        )
        .order_by(PatrolPlan.day, PatrolStop.id)
    ).all()


def checks_between(session: Session, city_id: int, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Return the checks of the shifts of a period (both days included): PatrolCheck, day."""
    return session.execute(
        sa.select(PatrolCheck, PatrolShift.day)
        .join(PatrolShift, PatrolShift.id == PatrolCheck.shift_id)
        .where(PatrolShift.city_id == city_id, PatrolShift.day.between(first, last))
        .order_by(PatrolCheck.shift_id, PatrolCheck.at, PatrolCheck.id)
    ).all()


def gate_place(
    session: Session, school_id: int, identity: uuid_module.UUID
) -> tuple[int, str, float, float] | None:  # fmt: skip
    """Return id, name, longitude and latitude of a school's gate."""
    row = session.execute(
        sa.select(Gate.id, Gate.name, sa.func.ST_X(Gate.location), sa.func.ST_Y(Gate.location)).where(
            Gate.school_id == school_id, Gate.uuid == identity
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], float(row[2]), float(row[3]))
