"""Notices as their readers see them, and who sees which."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.security.acting import OFFICE, WRITERS, acting_for
from api.security.people import Actor
from api.services.identities import identity_warnings
from api.store import cases, notices
from api.store.models import Notice, NoticeFile
from api.store.models.base import now
from api.store.notices import Reader, Wanted
from api.store.spatial import to_shape


def reader_of(session: Session, actor: Actor) -> Reader:
    """Return which notices somebody sees."""
    acting = acting_for(session, actor)
    return Reader(actor.id, acting.sees, bool(actor.roles & OFFICE), acting.speaks)


def writes(session: Session, actor: Actor, notice: Notice) -> bool:
    """Return whether a notice is somebody's own, or that of a department which they speak for."""
    return notice.writer_id == actor.id or notice.department_id in acting_for(session, actor).speaks


def notice_for(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> Notice:
    """Return a notice, if this person sees it.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they see.
    """
    notice = notices.get_notice(session, identity, lock=lock)
    if notice is None or not notices.seen_by(session, notice.id, reader_of(session, actor)):
        raise NotFoundError("there is no such notice, or none that you may see")
    return notice


def list_notices(
    session: Session, actor: Actor, wanted: Wanted, *, before: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the notices that somebody sees, the newest first, and the next page's cursor."""
    reader = reader_of(session, actor)
    rows = notices.notices_page(session, reader, wanted, before=before, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return _documents(session, actor, reader, rows[:limit]), following


def notice_detail(session: Session, actor: Actor, notice: Notice) -> dict[str, Any]:
    """Return a notice with its text, its receipts, and what this person may do with it."""
    reader = reader_of(session, actor)
    document = _documents(session, actor, reader, [notice])[0]
    files = notices.files_of(session, [notice.id]).get(notice.id, [])
    document |= {"body": notice.body, "origin": notice.origin or None}
    document |= {"files": [file_view(notice, row) for row in files]}
    texts = {name: getattr(notice, name) for name in ("title", "body", "address")}
    for entry in document["to"]:
        texts |= {f"answer.{entry['department']}": "\n".join(answer["text"] for answer in entry["answers"])}
    warnings = identity_warnings(texts)
    return document | ({"warnings": warnings} if warnings else {})


def file_view(notice: Notice, row: NoticeFile) -> dict[str, Any]:
    """Return what is said of an attached file."""
    return {
        "id": str(row.uuid),
        "name": row.name,
        "kind": row.kind,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "url": f"/api/v1/notices/{notice.uuid}/files/{row.uuid}",
    }


def _documents(session: Session, actor: Actor, reader: Reader, found: Sequence[Notice]) -> list[dict[str, Any]]:
    ids = [notice.id for notice in found]
    recipients, receipts = notices.recipients_of(session, ids), notices.receipts_of(session, ids)
    codes = cases.department_codes(session)
    names = notices.names_of(session, {notice.writer_id for notice in found})
    return [
        _document(actor, reader, notice, recipients.get(notice.id, []), receipts.get(notice.id, []), codes, names)
        for notice in found
    ]


def _document(
    actor: Actor,
    reader: Reader,
    notice: Notice,
    recipients: list[tuple[int, str]],
    receipts: list[Any],
    codes: dict[int, str],
    names: dict[int, str],
) -> dict[str, Any]:
    to = [_receipts(code, [r for r in receipts if r[0].department_id == ident]) for ident, code in recipients]
    for_us = [entry for (ident, _), entry in zip(recipients, to, strict=True) if ident in reader.departments]
    answers_for = [] if notice.sent_at is None else [code for ident, code in recipients if ident in reader.speaks]
    point = None if notice.location is None else to_shape(notice.location)
    late = notice.answer_by is not None and notice.answer_by < now()
    return {
        "id": str(notice.uuid),
        "title": notice.title,
        "state": "draft" if notice.sent_at is None else "sent",
        "category": notice.category,
        "place": None if point is None else {"lon": point.x, "lat": point.y},
        "address": notice.address,
        "from": {
            "department": None if notice.department_id is None else codes.get(notice.department_id),
            "person": None if notice.writer_id is None else names.get(notice.writer_id),
        },
        "to": to,
        "wants_answer": notice.wants_answer,
        "answer_by": _when(notice.answer_by),
        "answer_late": late and any(not entry["answers"] for entry in to),
        "sent_at": _when(notice.sent_at),
        "created_at": notice.created_at.isoformat(),
        "unread": notice.sent_at is not None and any(entry["read_at"] is None for entry in for_us),
        "allowed": _allowed(actor, reader, notice, to, for_us, answers_for),
        "answers_for": answers_for,
        "invented": notice.invented,
        "version": notice.version,
    }


def _receipts(code: str, own: list[Any]) -> dict[str, Any]:
    """Return who of a department has read and answered, and when it was reminded."""
    reads = [(receipt, person) for receipt, person in own if receipt.kind == "read"]
    return {
        "department": code,
        "read_at": _when(reads[0][0].at) if reads else None,
        "read_by": [{"person": person, "at": _when(receipt.at)} for receipt, person in reads],
        "answers": [
            {"id": str(receipt.uuid), "person": person, "at": _when(receipt.at), "text": receipt.text}
            for receipt, person in own
            if receipt.kind == "answer"
        ],
        "reminded_at": [_when(receipt.at) for receipt, _ in own if receipt.kind == "reminder"],
    }


def is_missing(entry: dict[str, Any], wants_answer: bool) -> bool:
    """Return whether a department has still to read a notice, or to answer it."""
    return entry["read_at"] is None or (wants_answer and not entry["answers"])


def missing_departments(session: Session, notice: Notice) -> list[int]:
    """Return the departments that have still to read a notice, or to answer it where an answer is wanted."""
    receipts = [receipt for receipt, _ in notices.receipts_of(session, [notice.id]).get(notice.id, [])]
    read = {receipt.department_id for receipt in receipts if receipt.kind == "read"}
    answered = {receipt.department_id for receipt in receipts if receipt.kind == "answer"}
    done = answered if notice.wants_answer else read
    return [ident for ident, _ in notices.recipients_of(session, [notice.id]).get(notice.id, []) if ident not in done]


def _allowed(
    actor: Actor,
    reader: Reader,
    notice: Notice,
    to: list[dict[str, Any]],
    for_us: list[dict[str, Any]],
    answers_for: list[str],
) -> list[str]:
    may_write = bool(actor.roles & WRITERS)
    sender = notice.writer_id == actor.id or notice.department_id in reader.speaks
    if notice.sent_at is None:
        return ["change", "send", "discard"] if may_write and sender else []
    out = ["read"] if any(entry["read_at"] is None for entry in for_us) else []
    if answers_for:
        out.append("answer")
    if may_write and (sender or reader.everything) and any(is_missing(entry, notice.wants_answer) for entry in to):
        out.append("remind")
    return out


def _when(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
