"""Files that show how a decision was carried out."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from api.errors import ConflictError, ForbiddenError, NotFoundError
from api.security.people import Actor
from api.services.attachments import Attached, Holder, kept_file
from api.services.decisions.taking import decision_of, require_open
from api.services.decisions.views import file_view, may_report
from api.settings import Settings
from api.store import decisions as store
from api.store.models import Decision, DecisionFile

MOST_FILES = 10


def holder(actor: Actor, decision: uuid.UUID) -> Holder:
    """Return a decision as what files are attached to, by those who carry it out, until it is struck off."""
    return Holder(
        find=partial(_theirs, actor=actor, identity=decision),
        known=store.get_file,
        owns=lambda one, row: row.decision_id == one.id,
        make=_made,
        view=file_view,
    )


def _theirs(session: Session, *, lock: bool, actor: Actor, identity: uuid.UUID) -> Decision:
    decision = decision_of(session, identity, lock=lock)
    if not may_report(actor, decision, store.assisting(session, [decision]).get(decision.id, [])):
        raise ForbiddenError("the departments that carry a decision out say that it is done, or the office for them")
    require_open(decision)
    return decision


def _made(session: Session, decision: Decision, record: dict[str, Any]) -> DecisionFile:
    if len(store.files(session, [decision]).get(decision.id, [])) >= MOST_FILES:
        raise ConflictError(f"a decision has {MOST_FILES} files at most")
    return DecisionFile(decision_id=decision.id, **record)


def hand_out(session: Session, decision: uuid.UUID, identity: uuid.UUID, settings: Settings) -> Attached:
    """Return a file of a decision.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    owner = decision_of(session, decision)
    row = store.get_file(session, identity)
    if row is None or row.decision_id != owner.id:
        raise NotFoundError("there is no such file at this decision")
    return kept_file(row, settings)
