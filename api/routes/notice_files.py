"""Files attached to notices."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import APIRouter, Depends, Request, Response

from api.dependencies import AppSettings, CurrentActor, CurrentWho, ReadSession
from api.errors import BadInputError, Problem
from api.routes.answers import NEW, json_answer
from api.routes.photos import drawing
from api.routes.uploads import Upload, read_upload
from api.services.notices import attachments

router = APIRouter(prefix="/api/v1", tags=["notices"])
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "file"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "made by the client"},
        "file": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, PDF, docx or xlsx"},
    },
}
_UPLOAD: dict[str, Any] = NEW | {
    "openapi_extra": {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
}
_FILE: dict[str, Any] = {
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in attachments.TYPES.values()}
}


async def _upload(request: Request, settings: AppSettings, _actor: CurrentActor) -> AsyncIterator[Upload]:
    """Give the form that was sent; it is not read before the policy has let its sender in."""
    upload = await read_upload(request, most_mb=settings.attachment_max_mb)
    try:
        yield upload
    finally:
        await upload.file.close()


@router.post("/notices/{identity}/files", **_UPLOAD)
async def attach(
    request: Request,
    actor: CurrentActor,
    who: CurrentWho,
    settings: AppSettings,
    identity: uuid.UUID,
    sent: Annotated[Upload, Depends(_upload)],
) -> Response:
    """Attach a file to a draft; sending the same again answers the same result and creates nothing."""
    try:
        given = uuid.UUID(sent.fields.get("id", ""))
    except ValueError:
        what = "the form needs an id, a UUID made by the client"
        raise BadInputError(what, problems=[Problem("body.id", what)]) from None
    add = partial(
        attachments.attach, request.app.state.engine, who, actor, identity, (given, sent.file.filename or ""),
        settings=settings,
    )  # fmt: skip
    document, created = await anyio.to_thread.run_sync(lambda: add(content=sent.file.file.read()), limiter=drawing())
    return json_answer(document, status=201 if created else 200)


@router.get("/notices/{identity}/files/{file}", response_class=Response, responses={200: _FILE})
def hand_out(
    session: ReadSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID, file: uuid.UUID
) -> Response:
    """Hand out an attached file, as a download, to whoever sees the notice."""
    found = attachments.hand_out(session, actor, identity, file, settings)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
    return Response(found.content, media_type=found.media_type, headers=headers)
