"""Messages: one's own in the app, and for administrators what goes out by e-mail and to robots."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from api.dependencies import CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.problems import language_of
from api.routes.answers import json_answer
from api.schemas.messages import EmailIn, ReadIn
from api.services.messages import inbox
from web.problems import in_language

router = APIRouter(prefix="/api/v1", tags=["messages"])


def _page(request: Request, document: dict[str, Any], following: int | None) -> Response:
    answer = json_answer(document)
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.get("/messages")
def my_messages(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    unread: bool = False,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List one's own messages, the newest first, and say how many are unread."""
    language = language_of(request)
    document, following = inbox.my_messages(session, actor, language, only_unread=unread, before=cursor, limit=limit)
    return _page(request, document, following)


@router.post("/messages/read")
def mark_read(session: WriteSession, actor: CurrentActor, given: ReadIn) -> dict[str, int]:
    """Mark some of one's messages, or all, as read."""
    return inbox.mark_read(session, actor, given)


@router.get("/me/email")
def my_email(session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """Say where one's e-mail goes; nobody but administrators and oneself sees it."""
    return inbox.my_email(session, actor)


@router.put("/me/email")
def set_my_email(session: WriteSession, actor: CurrentActor, given: EmailIn) -> dict[str, Any]:
    """Say where one's e-mail goes; empty: nowhere."""
    return inbox.set_my_email(session, actor, given)


@router.get("/outbox")
def show_outbox(
    request: Request,
    session: ReadSession,
    state: Literal["waiting", "sending", "sent", "dead"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List what goes out by e-mail and to robots, the newest first; ``dead`` could not be delivered."""
    document, following = inbox.show_outbox(session, state=state, before=cursor, limit=limit)
    for entry in document["entries"]:
        entry["last_error"] = in_language(entry["last_error"], language_of(request))
    return _page(request, document, following)


@router.post("/outbox/again")
def send_all_again(session: WriteSession) -> dict[str, int]:
    """Let everything that could not be delivered go out again."""
    return inbox.send_again(session, None)


@router.post("/outbox/{identity}/again")
def send_again(session: WriteSession, identity: uuid.UUID) -> dict[str, int]:
    """Let a message that could not be delivered go out again."""
    return inbox.send_again(session, identity)
