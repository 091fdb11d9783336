"""Somebody's messages in the app, and what administrators see of the outbox."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem
from api.schemas.messages import EmailIn, ReadIn
from api.security.people import Actor
from api.services.messages.wording import link, sentence
from api.store import messages, outbox
from api.store.audit import note
from api.store.models import Person
from api.store.models.base import now


def my_messages(
    session: Session, actor: Actor, language: str, *, only_unread: bool, before: int, limit: int
) -> tuple[dict[str, Any], int | None]:
    """Return somebody's messages in a language, the newest first, how many are unread, and the next page's cursor."""
    if actor.id is None:
        return {"unread": 0, "messages": []}, None
    rows = messages.messages_page(session, actor.id, only_unread=only_unread, before=before, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    shown = [
        {
            "id": str(row.uuid),
            "kind": row.kind,
            "text": sentence(row.kind, row.said, language),
            "subject": row.subject,
            "subject_id": str(row.subject_uuid),
            "link": link(row.subject, row.subject_uuid),
            "at": row.at.isoformat(),
            "read_at": None if row.read_at is None else row.read_at.isoformat(),
        }
        for row in rows[:limit]
    ]
    return {"unread": messages.unread(session, actor.id), "messages": shown}, following


def mark_read(session: Session, actor: Actor, given: ReadIn) -> dict[str, int]:
    """Mark one's messages as read; those of others stay as they are."""
    if actor.id is None:
        return {"unread": 0}
    if given.ids is None and not given.everything:
        what = "say which messages were read: ids, or everything"
        raise BadInputError(what, problems=[Problem("body.ids", what)])
    messages.mark_read(session, actor.id, now(), None if given.everything else given.ids)
    return {"unread": messages.unread(session, actor.id)}


def my_email(session: Session, actor: Actor) -> dict[str, Any]:
    """Return where one's e-mail goes, and whether e-mail is sent at all."""
    person = session.get_one(Person, actor.id)
    return {"email": person.email or "", "email_is_sent": outbox.channels_of(session).email}


def set_my_email(session: Session, actor: Actor, given: EmailIn) -> dict[str, Any]:
    """Say where one's e-mail goes; empty: nowhere."""
    session.get_one(Person, actor.id).email = given.email or None
    session.flush()
    return my_email(session, actor)


def show_outbox(session: Session, *, state: str | None, before: int, limit: int) -> tuple[dict[str, Any], int | None]:
    """Return what is in the outbox, the newest first: no address and no text, only what kind went where."""
    rows = outbox.entries_page(session, state=state, before=before, limit=limit + 1)
    following = rows[limit - 1][0].id if len(rows) > limit else None
    channels = outbox.channels_of(session)
    shown = [
        {
            "id": str(entry.uuid),
            "target": entry.target,
            "person": person,
            "kind": entry.kind,
            "state": entry.state,
            "attempts": entry.attempts,
            "created_at": entry.created_at.isoformat(),
            "next_at": _when(entry.next_at if entry.state == "waiting" else None),
            "sent_at": _when(entry.sent_at),
            "last_error": entry.last_error,
        }
        for entry, person in rows[:limit]
    ]
    return {
        "counts": dict.fromkeys(("waiting", "sending", "sent", "dead"), 0) | outbox.counts(session),
        "channels": {"email": channels.email, "robots": [robot.name for robot in channels.robots]},
        "entries": shown,
    }, following


def send_again(session: Session, identity: uuid.UUID | None) -> dict[str, int]:
    """Let what could not be delivered go out again: one message, or (None) all of them.

    Raises
    ------
    NotFoundError, ConflictError
        Where there is no such message, or it is on its way or out already.
    """
    if identity is None:
        found = list(outbox.dead_entries(session))
    else:
        entry = outbox.get_entry(session, identity)
        if entry is None:
            raise NotFoundError("there is no such message in the outbox")
        if entry.state != "dead":
            raise ConflictError("this message is on its way, or out already")
        found = [entry]
    for one in found:
        one.state, one.attempts, one.next_at = "waiting", 0, now()
        note(session, "send again", "outbox", identity=one.uuid, after={"target": one.target, "kind": one.kind})
    session.flush()
    return {"again": len(found)}


def _when(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
