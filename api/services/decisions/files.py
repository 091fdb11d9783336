"""Files that show how a decision was carried out."""

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
from api.services.decisions.taking import decision_of
from api.services.decisions.views import file_view, may_report
from api.services.photos import files
from api.settings import Settings
from api.store import decisions as store
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models import Decision, DecisionFile

MOST_FILES = 10


def attach(
    engine: Engine, who: Who, actor: Actor, decision: uuid.UUID, given: tuple[uuid.UUID, str], content: bytes,
    settings: Settings,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Attach a file to a decision that is to be carried out; the same UUID with the same file again creates nothing.

    Raises
    ------
    NotFoundError, ForbiddenError, ConflictError
        Where there is no such decision, it is not theirs to carry out, it is struck off, or the UUID is another file's.
    UnsupportedTypeError, BadInputError
        Where it is no picture, PDF, Word or Excel file, or one with macros.
    """
    identity, name = given
    sent = hashlib.sha256(content).hexdigest()
    with reading(engine) as session:
        _theirs(session, actor, decision)
        known = store.get_file(session, identity)
        if known is not None:
            return _same(session, known, actor, decision, sent), False
    kind, kept = recognised(content, settings)
    sha256 = files.keep(settings.data, kept, suffix=kind_suffix(kind))
    record = {"uuid": identity, "name": clean_name(name, kind), "kind": kind, "sha256": sha256, "sent_sha256": sent,
              "size_bytes": len(kept)}  # fmt: skip
    try:
        return _record(engine, who, actor, decision, record)
    except IntegrityError:  # the same file, sent twice at the same time: now the other one is there
        return _record(engine, who, actor, decision, record)


def _record(
    engine: Engine, who: Who, actor: Actor, identity: uuid.UUID, record: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    with writing(engine, who) as session:
        decision = _theirs(session, actor, identity, lock=True)
        known = store.get_file(session, record["uuid"])
        if known is not None:
            return _same(session, known, actor, identity, record["sent_sha256"]), False
        if len(store.files(session, [decision]).get(decision.id, [])) >= MOST_FILES:
            raise ConflictError(f"a decision has {MOST_FILES} files at most")
        row = DecisionFile(decision_id=decision.id, uploader_id=actor.id, **record)
        session.add(row)
        session.flush()
        return file_view(decision, row), True


def _theirs(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> Decision:
    decision = decision_of(session, identity, lock=lock)
    if not may_report(actor, decision, store.assisting(session, [decision]).get(decision.id, [])):
        raise ForbiddenError("the departments that carry a decision out say that it is done, or the office for them")
    if decision.state not in {"open", "reported"}:
        raise ConflictError("the decision is struck off or withdrawn; open it again first")
    return decision


def _same(session: Session, known: DecisionFile, actor: Actor, identity: uuid.UUID, sent: str) -> dict[str, Any]:
    owner = session.get_one(Decision, known.decision_id)
    if owner.uuid != identity or known.uploader_id != actor.id or known.sent_sha256 != sent:
        raise ConflictError("this id belongs to another file; send this one under a new id")
    return file_view(owner, known)


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
    content = files.read(settings.data, row.sha256, suffix=kind_suffix(row.kind))
    return Attached(content, TYPES[row.kind], row.name)
