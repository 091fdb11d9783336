"""Inspections, and the people as sources of what they record."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Cell, Hazard, Inspection, School, Source


def get_inspection(session: Session, identity: uuid.UUID) -> Inspection | None:
    """Return the inspection of a UUID."""
    return session.scalar(sa.select(Inspection).where(Inspection.uuid == identity))


def inspections_page(session: Session, *, inspector_id: int | None, after: int, limit: int) -> Sequence[Inspection]:
    """Return inspections by id, of one inspector or of all."""
    query = sa.select(Inspection).where(Inspection.id > after).order_by(Inspection.id).limit(limit)
    if inspector_id is not None:
        query = query.where(Inspection.inspector_id == inspector_id)
    return session.scalars(query).all()


def references(session: Session, record: Inspection) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return the UUIDs of the school and the hazard of an inspection."""
    school = None if record.school_id is None else session.get(School, record.school_id)
    hazard = None if record.hazard_id is None else session.get(Hazard, record.hazard_id)
    return (None if school is None else school.uuid, None if hazard is None else hazard.uuid)


def cell_of_code(session: Session, code: str) -> Cell | None:
    """Return the cell of a code; codes begin with the city's, so that two cities share none."""
    return session.scalar(sa.select(Cell).where(Cell.code == code).order_by(Cell.id).limit(1))


def code_of_cell(session: Session, cell_id: int | None) -> str | None:
    """Return the code of a cell, where one is named."""
    return None if cell_id is None else session.scalar(sa.select(Cell.code).where(Cell.id == cell_id))


def drop_tracks(session: Session, before: dt.datetime) -> int:
    """Take the tracks out of the visits that were received before a moment; return of how many."""
    old = session.scalars(
        sa.select(Inspection).where(
            Inspection.received_at < before, Inspection.answers["track"].as_string().is_not(None)
        )
    ).all()
    for visit in old:
        visit.answers = {name: value for name, value in visit.answers.items() if name != "track"}
    return len(old)


def person_source(session: Session, actor: str) -> Source:
    """Return the source that stands for what a person records."""
    found = session.scalar(sa.select(Source).where(Source.kind == "person", Source.actor == actor))
    if found is None:
        found = Source(kind="person", actor=actor, name=actor)
        session.add(found)
        session.flush()
    return found
