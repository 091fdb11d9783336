"""Meetings that are held, their decisions, minutes and lists."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, CurrentWho, Cursor, Language, Limit, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer, version_of
from api.routes.attached import FILE, UPLOAD, Sent, add_file, as_download
from api.routes.briefs import MEDIA, PAGE_POLICY, Chosen
from api.routes.meetings import CityCode, PeriodCode
from api.schemas.decisions import DecisionActionIn, DecisionIn, DecisionPatch, MeetingIn, MeetingPatch
from api.services.decisions import files, minutes, taking
from api.store.models.base import now

router = APIRouter(prefix="/api/v1", tags=["meetings"])
proofs = APIRouter(prefix="/api/v1", tags=["meetings"])  # files, which have turns of their own
IfMatch = Annotated[str | None, Header()]


@router.get("/meetings")
def list_meetings(
    request: Request, session: ReadSession, city: CityCode = None, limit: Limit = 100, cursor: Cursor = 0
) -> Response:
    """List the meetings of a city, the newest first, with how many decisions each took and are open."""
    document, following = taking.list_meetings(session, city, before=cursor, limit=limit)
    answer = json_answer(document)
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.post("/meetings", response_class=JSONResponse, **NEW)
def hold_meeting(session: WriteSession, actor: CurrentActor, meeting: MeetingIn) -> Response:
    """Write down that a meeting is held; sending the same record again creates nothing."""
    document, created = taking.hold_meeting(session, actor, meeting)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/meetings/{period}")
def show_meeting(
    session: ReadSession, actor: CurrentActor, period: PeriodCode, city: CityCode = None
) -> dict[str, Any]:
    """Show the meeting about a period: its decisions, and what became of those of earlier meetings."""
    return taking.show_meeting(session, actor, period, city)


@router.patch("/meetings/{period}", response_class=JSONResponse)
def change_meeting(
    session: WriteSession, period: PeriodCode, change: MeetingPatch, city: CityCode = None, if_match: IfMatch = None
) -> Response:
    """Change what is written of a meeting that nobody else has changed meanwhile."""
    document = taking.change_meeting(session, period, city, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.post("/meetings/{period}/decisions", response_class=JSONResponse, **NEW)
def decide(
    session: WriteSession, actor: CurrentActor, settings: AppSettings, period: PeriodCode, decision: DecisionIn
) -> Response:
    """Take a decision: it becomes a case, a joint action or a notice; sending the same record again creates nothing."""
    document, created = taking.decide(session, actor, period, decision, settings)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/meetings/{period}/{what}.{kind}", response_class=Response)
def write_paper(
    session: ReadSession,
    actor: CurrentActor,
    language: Language,
    period: PeriodCode,
    what: Literal["minutes", "lists"],
    kind: Literal["docx", "pdf", "xlsx", "html"],
    city: CityCode = None,
    chosen: Chosen = None,
) -> Response:
    """Write the minutes of a meeting, or the lists of problems, duties and remedies."""
    made = minutes.paper(session, actor, period, what, kind, city, language=chosen or language, moment=now())
    name = f"{what}-{period}.{kind}"
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    if kind == "html":
        headers |= {"Content-Security-Policy": PAGE_POLICY, "Content-Disposition": "inline"}
    return Response(made, media_type=MEDIA[kind], headers=headers)


@router.get("/decisions/{identity}", response_class=JSONResponse)
def show_decision(session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show one decision: what became of it, and what one may do."""
    document = taking.show_decision(session, actor, identity)
    return json_answer(document, etag=document["version"])


@router.patch("/decisions/{identity}", response_class=JSONResponse)
def change_decision(
    session: WriteSession, actor: CurrentActor, identity: uuid.UUID, change: DecisionPatch, if_match: IfMatch = None
) -> Response:
    """Change a decision that nobody else has changed meanwhile; what it was stays in its log."""
    document = taking.change_decision(session, actor, identity, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.post("/decisions/{identity}/actions", response_class=JSONResponse, **NEW)
def act(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, action: DecisionActionIn) -> Response:
    """Say that a decision is carried out, strike it off with proof, open it again, or withdraw it."""
    document, done = taking.act(session, actor, identity, action)
    return json_answer(document, status=201 if done else 200, etag=document["version"])


@proofs.post("/decisions/{identity}/files", **UPLOAD)
async def attach(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, identity: uuid.UUID, sent: Sent
) -> Response:
    """Attach a file that shows how a decision was carried out."""
    return await add_file(request, actor, who, settings, files.holder(actor, identity), sent)


@proofs.get("/decisions/{identity}/files/{file}", response_class=Response, responses={200: FILE})
def hand_out(session: ReadSession, settings: AppSettings, identity: uuid.UUID, file: uuid.UUID) -> Response:
    """Hand out a file of a decision, as a download."""
    return as_download(files.hand_out(session, identity, file, settings))
