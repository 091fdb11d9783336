"""Information notices."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer, version_of
from api.schemas.filing import Code
from api.schemas.notices import AnswerIn, NoticeIn, NoticePatch, ReminderIn
from api.schemas.records import Category
from api.services.notices import trends, views, writing
from api.store.notices import Wanted

router = APIRouter(prefix="/api/v1", tags=["notices"])
IfMatch = Annotated[str | None, Header()]


@router.get("/notices")
def list_notices(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    box: Literal["", "inbox", "sent", "drafts"] = "",
    unread: bool = False,
    category: Annotated[Category | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List the notices that one sees, the newest first, each with its receipts."""
    rows, following = views.list_notices(session, actor, Wanted(box, unread, category), before=cursor, limit=limit)
    answer = json_answer({"notices": rows})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.get("/notices/trends")
def list_trends(session: ReadSession, city: Annotated[Code | None, Query()] = None) -> dict[str, Any]:
    """List rises of a category in a township beyond its usual weekly variation, as drafts; nothing is sent by itself."""
    return trends.trends(session, city_code=city)


@router.post("/notices", response_class=JSONResponse, **NEW)
def write_notice(session: WriteSession, actor: CurrentActor, notice: NoticeIn) -> Response:
    """Send a notice, or keep it as a draft; sending the same record again creates nothing."""
    document, created = writing.write_notice(session, actor, notice)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/notices/{identity}", response_class=JSONResponse)
def show_notice(session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show one notice: who has read and answered it, and what one may do with it."""
    document = views.notice_detail(session, actor, views.notice_for(session, actor, identity))
    return json_answer(document, etag=document["version"])


@router.patch("/notices/{identity}", response_class=JSONResponse)
def change_draft(
    session: WriteSession, actor: CurrentActor, identity: uuid.UUID, change: NoticePatch, if_match: IfMatch = None
) -> Response:
    """Change a draft that nobody else has changed meanwhile; with ``send`` it goes out."""
    document = writing.change_draft(session, actor, identity, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.delete("/notices/{identity}", status_code=204)
def discard_draft(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, if_match: IfMatch = None) -> None:
    """Throw a draft away; what was sent stays."""
    writing.discard_draft(session, actor, identity, version_of(if_match))


@router.post("/notices/{identity}/read", response_class=JSONResponse)
def give_receipt(session: WriteSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Write down that one has read a notice."""
    document = writing.give_receipt(session, actor, identity)
    return json_answer(document, etag=document["version"])


@router.post("/notices/{identity}/answers", response_class=JSONResponse, **NEW)
def answer_notice(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, answer: AnswerIn) -> Response:
    """Answer a notice for one's department; sending the same answer again does nothing."""
    document, created = writing.answer_notice(session, actor, identity, answer)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.post("/notices/{identity}/reminders", response_class=JSONResponse, **NEW)
def remind(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, reminder: ReminderIn) -> Response:
    """Remind the departments that have not read a notice, or not answered where an answer is wanted."""
    document, created = writing.remind(session, actor, identity, reminder)
    return json_answer(document, status=201 if created else 200, etag=document["version"])
