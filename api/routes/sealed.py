"""Sealed incidents: reporting them, and seeing them by role or by an approved request."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AppSettings, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer
from api.schemas.sealed import DecisionIn, IncidentIn, SealedRequestIn
from api.services import sealed

router = APIRouter(prefix="/api/v1", tags=["sealed incidents"])
Purpose = Annotated[str, Query(max_length=500, description="what you need this for; it is kept in the log")]


@router.post("/incidents", **NEW)
def report(session: WriteSession, actor: CurrentActor, settings: AppSettings, given: IncidentIn) -> Response:
    """Report an incident: it is sealed at once, and the answer is a receipt."""
    document, created = sealed.report_incident(session, actor, settings, given)
    return json_answer(document, status=201 if created else 200)


@router.get("/incidents")
def list_incidents(
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    purpose: Purpose,
    first: Annotated[dt.date, Query(alias="from")],
    last: Annotated[dt.date, Query(alias="to")],
    kinds: Annotated[list[str] | None, Query(alias="type", max_length=50)] = None,
    city: Annotated[str | None, Query(max_length=12)] = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List sealed incidents of some days, without exact places; the view is kept in the audit log."""
    rows, following = sealed.list_incidents(
        session,
        actor,
        purpose=purpose,
        first_day=first,
        last_day=last,
        kinds=kinds or [],
        city_code=city,
        after=cursor,
        limit=limit,
    )
    answer = json_answer({"incidents": rows})
    answer.headers["Cache-Control"] = "no-store"
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.get("/incidents/{identity}")
def show(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, purpose: Purpose) -> Response:
    """Show one sealed incident with its place; the view is kept in the audit log."""
    answer = json_answer(sealed.show_incident(session, actor, identity, purpose=purpose))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/sealed-requests")
def list_requests(
    request: Request, session: ReadSession, actor: CurrentActor, limit: Limit = 100, cursor: Cursor = 0
) -> Response:
    """List requests to see sealed incidents: your own, or all for those who decide."""
    rows, following = sealed.list_requests(session, actor, after=cursor, limit=limit)
    answer = json_answer({"requests": rows})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.post("/sealed-requests", **NEW)
def ask(session: WriteSession, actor: CurrentActor, given: SealedRequestIn) -> Response:
    """Ask to see the sealed incidents of some days; a leader decides."""
    document, created = sealed.ask(session, actor, given)
    return json_answer(document, status=201 if created else 200)


@router.post("/sealed-requests/{identity}/decision")
def decide(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, given: DecisionIn) -> Response:
    """Approve or refuse a request, once; nobody decides on their own."""
    return json_answer(sealed.decide(session, actor, identity, given))
