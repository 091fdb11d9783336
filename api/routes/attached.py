"""Files attached to records, as they come in forms and go out as downloads."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response

from api.dependencies import AppSettings, CurrentActor
from api.errors import BadInputError, Problem
from api.routes.answers import NEW
from api.routes.uploads import Upload, read_upload
from api.services.attachments import TYPES, Attached

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
    upload = await read_upload(request, most_mb=settings.attachment_max_mb)
    try:
        yield upload
    finally:
        await upload.file.close()


Sent = Annotated[Upload, Depends(_upload)]


def identity_of(sent: Upload) -> uuid.UUID:
    """Return the UUID that the client made for its file."""
    try:
        return uuid.UUID(sent.fields.get("id", ""))
    except ValueError:
        what = "the form needs an id, a UUID made by the client"
        raise BadInputError(what, problems=[Problem("body.id", what)]) from None


def as_download(found: Attached) -> Response:
    """Hand a file out as a download that no browser takes for a page."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
    return Response(found.content, media_type=found.media_type, headers=headers)
