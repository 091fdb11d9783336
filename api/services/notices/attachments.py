"""Files attached to notices, kept by their hash."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from api.errors import ConflictError, ForbiddenError, NotFoundError
from api.security.acting import WRITERS
from api.security.people import Actor
from api.services.attachments import Attached, Holder, kept_file
from api.services.notices.views import file_view, notice_for, writes
from api.settings import Settings
from api.store import notices
from api.store.models import Notice, NoticeFile

MOST_FILES = 10


def holder(actor: Actor, notice: uuid.UUID) -> Holder:
    """Return a notice as what files are attached to, by the department that writes it, until it is sent."""
    return Holder(
        find=partial(_draft, actor=actor, identity=notice),
        known=notices.get_file,
        owns=lambda one, row: row.notice_id == one.id,
        make=_made,
        view=file_view,
    )


def _draft(session: Session, *, lock: bool, actor: Actor, identity: uuid.UUID) -> Notice:
    notice = notice_for(session, actor, identity, lock=lock)
    if not writes(session, actor, notice) or not actor.roles & WRITERS:
        raise ForbiddenError("only the department that writes a notice attaches files to it")
    if notice.sent_at is not None:
        raise ConflictError("the notice has been sent, so it stays as it is; write another one")
    return notice


def _made(session: Session, notice: Notice, record: dict[str, Any]) -> NoticeFile:
    if len(notices.files_of(session, [notice.id]).get(notice.id, [])) >= MOST_FILES:
        raise ConflictError(f"a notice has {MOST_FILES} files at most")
    return NoticeFile(notice_id=notice.id, **record)


def hand_out(session: Session, actor: Actor, notice: uuid.UUID, identity: uuid.UUID, settings: Settings) -> Attached:
    """Return an attached file to somebody who sees the notice.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they may see.
    """
    owner = notice_for(session, actor, notice)
    row = notices.get_file(session, identity)
    if row is None or row.notice_id != owner.id:
        raise NotFoundError("there is no such file at this notice")
    return kept_file(row, settings)
