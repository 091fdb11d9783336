"""Files attached to notices."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response

from api.dependencies import AppSettings, CurrentActor, CurrentWho, ReadSession
from api.routes.attached import FILE, UPLOAD, Sent, add_file, as_download
from api.services.notices import attachments

router = APIRouter(prefix="/api/v1", tags=["notices"])


@router.post("/notices/{identity}/files", **UPLOAD)
async def attach(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, identity: uuid.UUID, sent: Sent
) -> Response:
    """Attach a file to a draft; sending the same again answers the same result and creates nothing."""
    return await add_file(request, actor, who, settings, attachments.holder(actor, identity), sent)


@router.get("/notices/{identity}/files/{file}", response_class=Response, responses={200: FILE})
def hand_out(
    session: ReadSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID, file: uuid.UUID
) -> Response:
    """Hand out an attached file, as a download, to whoever sees the notice."""
    return as_download(attachments.hand_out(session, actor, identity, file, settings))
