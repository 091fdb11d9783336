"""Files attached to notices, kept by their hash."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import ConflictError, ForbiddenError, NotFoundError
from api.security.people import Actor
from api.services.attachments import TYPES, Attached, clean_name, kind_suffix, recognised
from api.services.notices.views import WRITERS, file_view, notice_for, own_departments
from api.services.photos import files
from api.settings import Settings
from api.store import notices
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models import Notice, NoticeFile

MOST_FILES = 10


def attach(
    engine: Engine, who: Who, actor: Actor, notice: uuid.UUID, given: tuple[uuid.UUID, str], content: bytes,
    settings: Settings,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Attach a file to a draft; the same UUID with the same file again creates nothing.

    Parameters
    ----------
    given
        The UUID made by the client, and the file's name.

    Raises
    ------
    NotFoundError, ForbiddenError, ConflictError
        Where there is no such notice, it is not theirs to change, it has been sent, or the UUID is another file's.
    UnsupportedTypeError, BadInputError
        Where it is no picture, PDF, Word or Excel file, or one with macros.
    """
    identity, name = given
    sent = hashlib.sha256(content).hexdigest()
    with reading(engine) as session:
        _draft(session, actor, notice)
        known = notices.get_file(session, identity)
        if known is not None:
            return _same(session, known, actor, notice, sent), False
    kind, kept = recognised(content, settings)
    sha256 = files.keep(settings.data, kept, suffix=kind_suffix(kind))
    record = {"uuid": identity, "name": clean_name(name, kind), "kind": kind, "sha256": sha256, "sent_sha256": sent,
              "size_bytes": len(kept)}  # fmt: skip
    try:
        return _record(engine, who, actor, notice, record)
    except IntegrityError:  # the same file, sent twice at the same time: now the other one is there
        return _record(engine, who, actor, notice, record)


def _record(
    engine: Engine, who: Who, actor: Actor, notice: uuid.UUID, record: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    with writing(engine, who) as session:
        draft = _draft(session, actor, notice, lock=True)
        known = notices.get_file(session, record["uuid"])
        if known is not None:
            return _same(session, known, actor, notice, record["sent_sha256"]), False
        if len(notices.files_of(session, [draft.id]).get(draft.id, [])) >= MOST_FILES:
            raise ConflictError(f"a notice has {MOST_FILES} files at most")
        row = NoticeFile(notice_id=draft.id, uploader_id=actor.id, **record)
        session.add(row)
        session.flush()
        return file_view(draft, row), True


def _draft(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> Notice:
    notice = notice_for(session, actor, identity, lock=lock)
    own = notice.writer_id == actor.id or notice.department_id in own_departments(session, actor)
    if not own or not actor.roles & WRITERS:
        raise ForbiddenError("only the department that writes a notice attaches files to it")
    if notice.sent_at is not None:
        raise ConflictError("the notice has been sent, so it stays as it is; write another one")
    return notice


def _same(session: Session, known: NoticeFile, actor: Actor, notice: uuid.UUID, sent: str) -> dict[str, Any]:
    owner = session.get_one(Notice, known.notice_id)
    if owner.uuid != notice or known.uploader_id != actor.id or known.sent_sha256 != sent:
        raise ConflictError("this id belongs to another file; send this one under a new id")
    return file_view(owner, known)


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
    content = files.read(settings.data, row.sha256, suffix=kind_suffix(row.kind))
    return Attached(content, TYPES[row.kind], row.name)
