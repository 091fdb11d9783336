"""Files attached to records, as they come in forms and go out as downloads."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import Depends, Request, Response

from api.dependencies import AppSettings, CurrentActor, CurrentWho
from api.errors import BadInputError, Problem
from api.routes.answers import NEW, json_answer
from api.routes.uploads import AS_NO_PAGE, Upload, drawing, read_upload
from api.services.attachments import TYPES, Attached, Holder, attach

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "file"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "made by the client"},
        "file": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, PDF, docx or xlsx"},
    },
}
UPLOAD: dict[str, Any] = NEW | {
    "openapi_extra": {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
}
FILE: dict[str, Any] = {
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()}
}


async def _upload(request: Request, settings: AppSettings, _actor: CurrentActor) -> AsyncIterator[Upload]:
    """Give the form that was sent; it is not read before the policy has let its sender in."""
    async with read_upload(request, most_mb=settings.attachment_max_mb) as upload:
        yield upload


Sent = Annotated[Upload, Depends(_upload)]


async def add_file(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, holder: Holder, sent: Upload
) -> Response:
    """Attach the file that was sent to a record; sending the same again answers the same result and creates nothing."""
    given = (_identity_of(sent), sent.file.filename or "")
    add = partial(attach, request.app.state.engine, who, actor, holder, given, settings=settings)
    document, created = await anyio.to_thread.run_sync(lambda: add(content=sent.file.file.read()), limiter=drawing())
    return json_answer(document, status=201 if created else 200)


def _identity_of(sent: Upload) -> uuid.UUID:
    """Return the UUID that the client made for its file."""
    try:
        return uuid.UUID(sent.fields.get("id", ""))
    except ValueError:
        what = "the form needs an id, a UUID made by the client"
        raise BadInputError(what, problems=[Problem("body.id", what)]) from None


def as_download(found: Attached) -> Response:
    """Hand a file out as a download that no browser takes for a page."""
    headers = AS_NO_PAGE | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"}
    return Response(found.content, media_type=found.media_type, headers=headers)
