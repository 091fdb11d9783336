"""Files attached to notices."""

from __future__ import annotations

import uuid
from functools import partial

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from api.dependencies import AppSettings, CurrentActor, CurrentWho, ReadSession
from api.routes.answers import json_answer
from api.routes.attached import FILE, UPLOAD, Sent, as_download, identity_of
from api.routes.photos import drawing
from api.services.notices import attachments

router = APIRouter(prefix="/api/v1", tags=["notices"])


@router.post("/notices/{identity}/files", **UPLOAD)
async def attach(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, identity: uuid.UUID, sent: Sent
) -> Response:
    """Attach a file to a draft; sending the same again answers the same result and creates nothing."""
    given = (identity_of(sent), sent.file.filename or "")
    add = partial(attachments.attach, request.app.state.engine, who, actor, identity, given, settings=settings)
    document, created = await anyio.to_thread.run_sync(lambda: add(content=sent.file.file.read()), limiter=drawing())
    return json_answer(document, status=201 if created else 200)


@router.get("/notices/{identity}/files/{file}", response_class=Response, responses={200: FILE})
def hand_out(
    session: ReadSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID, file: uuid.UUID
) -> Response:
    """Hand out an attached file, as a download, to whoever sees the notice."""
    return as_download(attachments.hand_out(session, actor, identity, file, settings))
