"""Links to briefs that read without a sign-in: made, listed and withdrawn by the office, and the page that they open."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, CurrentWho, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer
from api.routes.briefs import PAGE_POLICY
from api.routes.meetings import CityCode, PeriodCode, release
from api.schemas.meetings import ShareIn
from api.services.briefs import sharing

router = APIRouter(prefix="/api/v1", tags=["briefs"])
pages = APIRouter(tags=["pages"], include_in_schema=False, dependencies=[Depends(release)])


@router.get("/briefs/{period}/shares")
def list_shares(session: ReadSession, period: PeriodCode, city: CityCode = None) -> dict[str, Any]:
    """List the links to a brief: who made each, until when it works, and how often it was read."""
    return {"shares": sharing.list_shares(session, period, city)}


@router.post("/briefs/{period}/shares", response_class=JSONResponse, **NEW)
def share(session: WriteSession, actor: CurrentActor, period: PeriodCode, given: ShareIn) -> Response:
    """Make a link to a brief that reads without a sign-in; its ``path`` is in this answer and never again."""
    document, created = sharing.share(session, actor, period, given)
    return json_answer(document, status=201 if created else 200)


@router.delete("/briefs/shares/{identity}", status_code=204)
def withdraw(session: WriteSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Withdraw a link; it ends at once."""
    sharing.withdraw(session, actor, identity)
    return Response(status_code=204)


@pages.get("/shared/{token}")
def open_shared(
    request: Request, who: CurrentWho, settings: AppSettings, token: Annotated[str, Path(max_length=100)]
) -> Response:
    """Show the brief that a link leads to, read only."""
    page = sharing.open_shared(request.app.state.engine, who, settings, token)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": PAGE_POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)
