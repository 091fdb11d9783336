"""Changes of cases, counted by the ids of the lines of their flow logs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Case, CaseEntry

MOST = 2_000


@dataclass(frozen=True)
class Change:
    """A change of a case: the id of its line, and of the case what decides who may see it."""

    entry: int
    case: int
    uuid: uuid.UUID
    state: str
    reporter: int | None


def last_change(session: Session) -> int:
    """Return the id of the last line of all flow logs; 0 where there is none."""
    return session.scalar(sa.select(sa.func.max(CaseEntry.id))) or 0


def changes_after(session: Session, entry: int) -> list[Change]:
    """Return the changes after a line, at most ``MOST``: the last ones."""
    rows = session.execute(
        sa.select(CaseEntry.id, Case.id, Case.uuid, Case.state, Case.reporter_id)
        .join(Case, Case.id == CaseEntry.case_id)
        .where(CaseEntry.id > entry)
        .order_by(CaseEntry.id.desc())
        .limit(MOST)
    )
    return [Change(*row) for row in rows]
