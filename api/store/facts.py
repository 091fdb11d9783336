"""What meetings count, read in bulk: one lean row per record, moments as seconds since 1970 (NaN: none)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.bulk import read_arrays
from api.store.case_figures import came_back
from api.store.models import (
    Case,
    Cell,
    City,
    Department,
    DutyReport,
    Hazard,
    HazardSchool,
    IncidentGroup,
    Inspection,
    School,
    Sighting,
)
from api.store.moments import whole_seconds

_MANY = 500


def _frame(session: Session, query: Any, numbers: Sequence[str] = ()) -> pd.DataFrame:
    return pd.DataFrame(read_arrays(session, query, dict.fromkeys(numbers, np.float64)))


def hazard_facts(session: Session, city: City, before: dt.datetime) -> pd.DataFrame:
    """Return the hazards observed before a moment.

    Columns: ``id``, ``category``, ``subtype``, ``is_open``, ``observed_s``, ``gone_s`` (last seen gone), ``case_closed_s``,
    ``changed_s`` (NaN: never edited), ``district_id``, ``column`` and ``row`` of its cell, ``school_id`` (the nearest of
    those in whose perimeter it lies).
    """
    gone = (
        sa.select(Sighting.hazard_id, sa.func.max(Sighting.observed_at).label("at"))
        .where(Sighting.state == "gone")
        .group_by(Sighting.hazard_id)
        .subquery()
    )
    closed = (
        sa.select(Case.hazard_id, sa.func.max(Case.closed_at).label("at"))
        .where(Case.closed_at.is_not(None), Case.hazard_id.is_not(None))
        .group_by(Case.hazard_id)
        .subquery()
    )
    seconds = ("observed_s", "gone_s", "case_closed_s", "changed_s")
    moments = (
        Hazard.observed_at, gone.c.at, closed.c.at, sa.case((Hazard.version > 1, Hazard.updated_at))
    )  # fmt: skip
    frame = _frame(
        session,
        sa.select(
            Hazard.id, Hazard.category, Hazard.subtype, (Hazard.status == "open").label("is_open"), Cell.district_id,
            Cell.lattice_column.label("column"), Cell.lattice_row.label("row"),
            *(whole_seconds(session, moment).label(name) for name, moment in zip(seconds, moments, strict=True)),
        )
        .outerjoin(gone, gone.c.hazard_id == Hazard.id)
        .outerjoin(closed, closed.c.hazard_id == Hazard.id)
        .outerjoin(Cell, Cell.id == Hazard.cell_id)
        .where(Hazard.city_id == city.id, Hazard.observed_at < before)
        .order_by(Hazard.id),
        ("id", "district_id", "column", "row", *seconds),
    )  # fmt: skip
    frame["is_open"] = frame["is_open"].astype(bool)
    return frame.join(_nearest_schools(session, city), on="id")


def _nearest_schools(session: Session, city: City) -> pd.Series[float]:
    pairs = _frame(
        session,
        sa.select(HazardSchool.hazard_id, HazardSchool.school_id, HazardSchool.boundary_distance_m)
        .join(School, School.id == HazardSchool.school_id)
        .where(School.city_id == city.id),
        ("hazard_id", "school_id", "boundary_distance_m"),
    )
    order = np.lexsort((pairs["school_id"], pairs["boundary_distance_m"], pairs["hazard_id"]))
    first = pairs.iloc[order].drop_duplicates("hazard_id")
    return first.set_index("hazard_id")["school_id"]


def case_facts(session: Session, city: City, before: dt.datetime) -> pd.DataFrame:
    """Return the cases received before a moment, drafts left out.

    Columns: ``id``, ``category``, ``subtype``, ``state``, ``department`` (code of the lead), ``district_id``,
    ``school_id``, ``hazard_id``, ``received_s``, ``filed_s``, ``due_s``, ``closed_s``, ``reworks``, ``is_recurrence``,
    ``recurred``.
    """
    seconds = {
        "received_s": Case.received_at,
        "filed_s": Case.filed_at,
        "due_s": Case.due_at,
        "closed_s": Case.closed_at,
    }
    frame = _frame(
        session,
        sa.select(
            Case.id, Case.category, Case.subtype, Case.state, Department.code.label("department"), Case.district_id,
            Case.school_id, Case.hazard_id, Case.reworks, Case.recurrence_of_id.is_not(None).label("is_recurrence"),
            Case.id.in_(came_back()).label("recurred"),
            *(whole_seconds(session, moment).label(name) for name, moment in seconds.items()),
        )
        .outerjoin(Department, Department.id == Case.lead_id)
        .where(Case.city_id == city.id, Case.state != "draft", Case.received_at < before)
        .order_by(Case.id),
        ("id", "district_id", "school_id", "hazard_id", "reworks", *seconds),
    )  # fmt: skip
    return frame.astype({"is_recurrence": bool, "recurred": bool})


def inspection_facts(session: Session, city: City, after: dt.datetime, before: dt.datetime) -> pd.DataFrame:
    """Return the inspections that began in ``[after, before)`` and reached their place.

    Columns: ``id``, ``inspector_id``, ``school_id``, ``district_id``, ``started_s``.
    """
    return _frame(
        session,
        sa.select(
            Inspection.id, Inspection.inspector_id, Inspection.school_id,
            sa.func.coalesce(Cell.district_id, School.district_id).label("district_id"),
            whole_seconds(session, Inspection.started_at).label("started_s"),
        )
        .outerjoin(Cell, Cell.id == Inspection.cell_id)
        .outerjoin(School, School.id == Inspection.school_id)
        .where(
            Inspection.city_id == city.id, Inspection.started_at >= after, Inspection.started_at < before,
            Inspection.outcome != "not_reached",
        )
        .order_by(Inspection.id),
        ("id", "inspector_id", "school_id", "district_id", "started_s"),
    )  # fmt: skip


def group_facts(session: Session, city: City, first: dt.date, last: dt.date, least: int) -> pd.DataFrame:
    """Return the released groups of at least ``least`` incidents of periods within some days.

    Columns: ``column``, ``row``, ``count``, ``first_day``, ``last_day``, ``weekday``, ``hour`` (NaN: not said).
    """
    return _frame(
        session,
        sa.select(
            IncidentGroup.lattice_column.label("column"), IncidentGroup.lattice_row.label("row"), IncidentGroup.count,
            IncidentGroup.first_day, IncidentGroup.last_day, IncidentGroup.weekday, IncidentGroup.hour,
        )
        .where(
            IncidentGroup.city_id == city.id, IncidentGroup.count >= least, IncidentGroup.first_day >= first,
            IncidentGroup.last_day <= last,
        )
        .order_by(IncidentGroup.id),
        ("column", "row", "count", "weekday", "hour"),
    )  # fmt: skip


def districts_of_cells(session: Session, city: City) -> dict[tuple[int, int], int]:
    """Return the township of each lattice cell around schools, by column and row."""
    query = sa.select(Cell.lattice_column, Cell.lattice_row, Cell.district_id).where(
        Cell.city_id == city.id, Cell.lattice_column.is_not(None), Cell.district_id.is_not(None)
    )
    rows: Sequence[Any] = session.execute(query).all()
    return {(row.lattice_column, row.lattice_row): row.district_id for row in rows}


def report_facts(session: Session, city: City, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return what departments reported of some days: ``day``, ``department``, ``district_id``, ``figures``."""
    return _frame(
        session,
        sa.select(DutyReport.day, Department.code.label("department"), DutyReport.district_id, DutyReport.figures)
        .join(Department, Department.id == DutyReport.department_id)
        .where(DutyReport.city_id == city.id, DutyReport.day >= first, DutyReport.day <= last)
        .order_by(DutyReport.id),
        ("district_id",),
    )


def school_facts(session: Session, city: City) -> pd.DataFrame:
    """Return the schools of a city: ``id``, ``uuid``, ``name``, ``name_en``, ``district_id``."""
    return _frame(
        session,
        sa.select(School.id, School.uuid, School.name, School.name_en, School.district_id)
        .where(School.city_id == city.id)
        .order_by(School.id),
        ("id", "district_id"),
    )


def hazards_named(session: Session, ids: Sequence[int]) -> list[Hazard]:
    """Return some hazards, by id."""
    return _some(session, Hazard, ids)


def cases_named(session: Session, ids: Sequence[int]) -> list[Case]:
    """Return some cases, by id."""
    return _some(session, Case, ids)


def inspections_named(session: Session, ids: Sequence[int]) -> list[Inspection]:
    """Return some inspections, by id."""
    return _some(session, Inspection, ids)


def _some(session: Session, model: Any, ids: Sequence[int]) -> list[Any]:
    out: list[Any] = []
    for start in range(0, len(ids), _MANY):
        query = sa.select(model).where(model.id.in_(list(ids[start : start + _MANY]))).order_by(model.id)
        out += session.scalars(query).all()
    return out


def duty_report(session: Session, identity: uuid.UUID) -> DutyReport | None:
    """Return the report of a UUID."""
    return session.scalar(sa.select(DutyReport).where(DutyReport.uuid == identity))


def duty_reports(session: Session, city: City, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Return reports of some days with their department's code: the latest day first."""
    return session.execute(
        sa.select(DutyReport, Department.code)
        .join(Department, Department.id == DutyReport.department_id)
        .where(DutyReport.city_id == city.id, DutyReport.day >= first, DutyReport.day <= last)
        .order_by(DutyReport.day.desc(), DutyReport.id.desc())
    ).all()
