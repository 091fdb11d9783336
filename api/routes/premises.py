"""Licensed premises."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from api.dependencies import Box, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURE, FEATURES, NEW_FEATURE, geojson_answer, version_of
from api.schemas.schools import PremisesIn, PremisesPatch
from api.services import atlas
from api.services import premises as service

router = APIRouter(prefix="/api/v1", tags=["premises"])


@router.get("/premises", **FEATURES)
def premises(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List licensed premises."""
    page = atlas.premises_in(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.post("/premises", **NEW_FEATURE)
def add_premises(request: Request, session: WriteSession, actor: CurrentActor, given: PremisesIn) -> Response:
    """Add premises; sending the same record again creates nothing."""
    document, created = service.add_premises(session, actor, given)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.get("/premises/{identity}", **FEATURE)
def one(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show premises with their licence."""
    document = service.show_premises(session, identity)
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.patch("/premises/{identity}", **FEATURE)
def change_premises(
    request: Request,
    session: WriteSession,
    identity: uuid.UUID,
    change: PremisesPatch,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change premises that nobody else has changed meanwhile: a licence renewed, a business closed."""
    document = service.change_premises(session, identity, change, version_of(if_match))
    return geojson_answer(request, document, etag=document["properties"]["version"])
