"""Briefs: the paper of a period as a file, and its texts as people edit them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, Language, ReadSession, WriteSession
from api.routes.answers import json_answer, version_of
from api.routes.meetings import CityCode, PeriodCode, release
from api.schemas.meetings import BriefTextIn
from api.services.briefs import files
from api.store.models.base import now

router = APIRouter(prefix="/api/v1", tags=["briefs"], dependencies=[Depends(release)])
Chosen = Annotated[Literal["zh", "en"] | None, Query(alias="language")]
MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# the page is handed out as a file: it is its own style and pictures, and runs nothing
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"


@router.get("/briefs/{period}.{kind}", response_class=Response)
def brief_file(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    period: PeriodCode,
    kind: Literal["docx", "pdf", "xlsx", "html", "pptx"],
    city: CityCode = None,
    chosen: Chosen = None,
) -> Response:
    """Write the brief of a week, month, quarter or term: the same period gives the same brief but for the watermark."""
    made = files.brief_file(
        session, settings, period, kind, city,
        language=chosen or language, viewer=actor.display_name or actor.name, moment=now(),
    )  # fmt: skip
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="brief-{period}.{kind}"',
    }
    if kind == "html":
        headers |= {"Content-Security-Policy": PAGE_POLICY, "Content-Disposition": "inline"}
    return Response(made, media_type=MEDIA[kind], headers=headers)


@router.get("/briefs/{period}")
def show_brief(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    period: PeriodCode,
    city: CityCode = None,
    chosen: Chosen = None,
) -> dict[str, Any]:
    """Show the texts of the brief, each with the numbers behind it and who edited it."""
    return files.show_brief(session, settings, actor, period, city, chosen or language)


@router.get("/briefs/{period}/history")
def show_history(
    session: ReadSession, language: Language, period: PeriodCode, city: CityCode = None, chosen: Chosen = None
) -> dict[str, Any]:
    """List every edit of the texts of the brief, the oldest first."""
    return {"edits": files.text_history(session, period, city, chosen or language)}


@router.put("/briefs/{period}/texts/{key}", response_class=JSONResponse)
def edit_text(
    session: WriteSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    period: PeriodCode,
    key: Annotated[str, Path(max_length=40)],
    given: BriefTextIn,
    if_match: Annotated[str | None, Header()] = None,
    city: CityCode = None,
    chosen: Chosen = None,
) -> Response:
    """Edit a paragraph that is still at the version of If-Match ("0": nobody edited it); empty takes the edits back."""
    document = files.edit_text(
        session, settings, actor, period, key, given, version_of(if_match), city, chosen or language
    )
    return json_answer(document, etag=document["version"])
