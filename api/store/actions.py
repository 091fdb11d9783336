"""Joint actions, and the cases and inspections that fall in their area and period."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Campus,
    Case,
    Cell,
    Department,
    Hazard,
    Incident,
    Inspection,
    JointAction,
    JointActionDepartment,
    Perimeter,
    Person,
    School,
)
from api.store.moments import whole_seconds
from api.store.spatial import Bounds, meets_bbox

_MANY = 500
_NOT_COUNTED = ("draft", "rejected", "void", "merged")


def get_action(session: Session, identity: uuid.UUID, *, lock: bool = False) -> JointAction | None:
    """Return the joint action of a UUID."""
    query = sa.select(JointAction).where(JointAction.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def actions_page(
    session: Session,
    *,
    bounds: Bounds | None,
    first: dt.date | None,
    last: dt.date | None,
    department: str | None,
    before: int,
    limit: int,
) -> Sequence[JointAction]:
    """Return a page of joint actions, the newest first: those whose days meet ``first`` … ``last``."""
    query = sa.select(JointAction)
    if before:
        query = query.where(JointAction.id < before)
    if bounds is not None:
        query = query.where(meets_bbox(JointAction.area, bounds))
    if first is not None:
        query = query.where(JointAction.ends_on >= first)
    if last is not None:
        query = query.where(JointAction.starts_on <= last)
    if department is not None:
        taking_part = (
            sa.select(JointActionDepartment.action_id)
            .join(Department, Department.id == JointActionDepartment.department_id)
            .where(Department.code == department)
        )
        query = query.where(JointAction.id.in_(taking_part))
    return session.scalars(query.order_by(JointAction.id.desc()).limit(limit)).all()


def actions_in(session: Session, city_id: int, first: dt.date, last: dt.date) -> Sequence[JointAction]:
    """Return the joint actions of a city that were not called off and whose days meet ``first`` … ``last``, the latest end first."""
    query = sa.select(JointAction).where(
        JointAction.city_id == city_id,
        JointAction.cancelled.is_(False),
        JointAction.ends_on >= first,
        JointAction.starts_on <= last,
    )
    return session.scalars(query.order_by(JointAction.ends_on.desc(), JointAction.id.desc())).all()


def taking_part(session: Session, action_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return who takes part in joint actions: department, is_lead, people and vehicles, the leading one first."""
    rows = session.execute(
        sa.select(
            JointActionDepartment.action_id,
            Department.code.label("department"),
            JointActionDepartment.is_lead,
            JointActionDepartment.people,
            JointActionDepartment.vehicles,
        )
        .join(Department, Department.id == JointActionDepartment.department_id)
        .where(JointActionDepartment.action_id.in_(list(action_ids)))
        .order_by(JointActionDepartment.is_lead.desc(), Department.code)
    ).all()
    out: dict[int, list[Any]] = {}
    for row in rows:
        out.setdefault(row.action_id, []).append(row)
    return out


def taking_part_rows(session: Session, action_id: int) -> Sequence[JointActionDepartment]:
    """Return the records of who takes part in a joint action."""
    query = sa.select(JointActionDepartment).where(JointActionDepartment.action_id == action_id)
    return session.scalars(query).all()


def taking_part_ids(session: Session, action_id: int) -> list[int]:
    """Return the departments that take part in a joint action."""
    query = sa.select(JointActionDepartment.department_id).where(JointActionDepartment.action_id == action_id)
    return list(session.scalars(query))


def planner_name(session: Session, action: JointAction) -> str | None:
    """Return the shown name of who planned a joint action."""
    return session.scalar(sa.select(Person.display_name).where(Person.id == action.planner_id))


def perimeters_of(session: Session, city_id: int, schools: Sequence[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return the perimeters of schools of a city, by school; those without one are left out."""
    out: dict[uuid.UUID, Any] = {}
    for start in range(0, len(schools), _MANY):
        rows = session.execute(
            sa.select(School.uuid, Perimeter.zone)
            .join(Perimeter, Perimeter.school_id == School.id)
            .where(School.city_id == city_id, School.uuid.in_(list(schools[start : start + _MANY])))
        )
        out |= {row.uuid: row.zone for row in rows}
    return out


def schools_by_cases(session: Session, city_id: int, categories: Sequence[str], limit: int) -> list[uuid.UUID]:
    """Return schools of a city that have a perimeter: those with the most cases of some categories, then the first."""
    n = (
        sa.select(sa.func.count())
        .where(Case.school_id == School.id, Case.category.in_(list(categories)))
        .scalar_subquery()
    )
    query = sa.select(School.uuid).join(Perimeter, Perimeter.school_id == School.id).where(School.city_id == city_id)
    return list(session.scalars(query.order_by(n.desc(), School.id).limit(limit)))


def outlines_of(session: Session, city_id: int, codes: Sequence[str]) -> dict[str, Any]:
    """Return the outlines of cells of a city, by code."""
    out: dict[str, Any] = {}
    for start in range(0, len(codes), _MANY):
        rows = session.execute(
            sa.select(Cell.code, Cell.outline).where(
                Cell.city_id == city_id, Cell.code.in_(list(codes[start : start + _MANY]))
            )
        )
        out |= {row.code: row.outline for row in rows}
    return out


def cells_of(session: Session, city_id: int, *, most: int) -> Sequence[Any]:
    """Return the cells of a city's lattice by their code: column and row."""
    return (
        session.connection()
        .execute(
            sa.select(Cell.lattice_column, Cell.lattice_row)
            .where(Cell.city_id == city_id, Cell.kind == "lattice")
            .order_by(Cell.code)
            .limit(most)
        )
        .all()
    )


def cases_near(
    session: Session, city_id: int, bounds: Bounds, start: dt.datetime, end: dt.datetime, categories: Sequence[str]
) -> Sequence[Case]:
    """Return the cases in a box that came before ``end`` and were not closed before ``start``."""
    query = sa.select(Case).where(
        Case.city_id == city_id,
        meets_bbox(Case.location, bounds),
        Case.state.not_in(_NOT_COUNTED),
        Case.received_at < end,
        sa.or_(Case.closed_at.is_(None), Case.closed_at >= start),
    )
    if categories:
        query = query.where(Case.category.in_(list(categories)))
    return session.scalars(query.order_by(Case.id)).all()


def inspections_between(session: Session, city_id: int, start: dt.datetime, end: dt.datetime) -> Sequence[Any]:
    """Return the inspections of a period with the places that tell where they were, the most exact first."""
    return session.execute(
        sa.select(
            Inspection.id, Inspection.inspector_id, Inspection.school_id, Inspection.outcome, Inspection.arrival,
            Hazard.location.label("hazard"), Cell.outline.label("cell"),
        )
        .outerjoin(Hazard, Hazard.id == Inspection.hazard_id)
        .outerjoin(Cell, Cell.id == Inspection.cell_id)
        .where(Inspection.city_id == city_id, Inspection.started_at >= start, Inspection.started_at < end)
        .order_by(Inspection.id)
    ).all()  # fmt: skip


def hazards_between(
    session: Session, city_id: int, start: dt.datetime, end: dt.datetime, categories: Sequence[str]
) -> Sequence[Any]:
    """Return the hazards of a city that were observed in ``[start, end)``: seconds since 1970, longitude, latitude."""
    query = sa.select(
        whole_seconds(session, Hazard.observed_at), sa.func.ST_X(Hazard.location), sa.func.ST_Y(Hazard.location)
    ).where(Hazard.city_id == city_id, Hazard.observed_at >= start, Hazard.observed_at < end)
    if categories:
        query = query.where(Hazard.category.in_(list(categories)))
    return session.connection().execute(query).all()


def incidents_by_cell(session: Session, city_id: int, start: dt.datetime, end: dt.datetime) -> Sequence[Any]:
    """Count the ordinary incidents of ``[start, end)`` by cell of the lattice: column, row and count; not yet safe."""
    cell = (Incident.lattice_column, Incident.lattice_row)
    return session.execute(
        sa.select(*cell, sa.func.count())
        .where(Incident.city_id == city_id, Incident.serious.is_(False), Incident.lattice_column.is_not(None))
        .where(Incident.occurred_from >= start, Incident.occurred_from < end)
        .group_by(*cell)
    ).all()


def campuses_of(session: Session, school_ids: Sequence[int]) -> dict[int, Any]:
    """Return an outline of each of some schools."""
    out: dict[int, Any] = {}
    for start in range(0, len(school_ids), _MANY):
        rows = session.execute(
            sa.select(Campus.school_id, Campus.boundary).where(
                Campus.school_id.in_(list(school_ids[start : start + _MANY]))
            )
        )
        out |= {row.school_id: row.boundary for row in rows}
    return out
