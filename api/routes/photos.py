"""Photos of hazards and inspections."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.dependencies import AppSettings, CurrentActor, CurrentWho, Cursor, Limit, ReadSession
from api.routes.answers import NEW, json_answer
from api.routes.uploads import AS_NO_PAGE, Upload, drawing, read_upload
from api.schemas.photos import PhotoIn
from api.services import photos

router = APIRouter(prefix="/api/v1", tags=["photos"])


class JpegResponse(Response):
    """A photo."""

    media_type = "image/jpeg"


_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "file"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "made by the client"},
        "file": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP"},
        "taken_at": {"type": "string", "format": "date-time", "description": "else the camera's own note counts"},
        "caption": {"type": "string", "maxLength": 200},
    },
}
UPLOAD: dict[str, Any] = NEW | {
    "openapi_extra": {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
}
JPEG: dict[str, Any] = {
    "response_class": JpegResponse,
    "responses": {
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "The ETag that was sent is that of the photo"},
    },
}


async def _upload(request: Request, settings: AppSettings, _actor: CurrentActor) -> AsyncIterator[Upload]:
    """Give the form that was sent; it is not read before the policy has let its sender in."""
    async with read_upload(request, most_mb=settings.photo_max_mb) as upload:
        yield upload


SentPhoto = Annotated[Upload, Depends(_upload)]
IfNoneMatch = Annotated[str | None, Header()]


@router.post("/hazards/{identity}/photos", **UPLOAD)
async def add_to_hazard(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, identity: uuid.UUID, sent: SentPhoto
) -> Response:
    """Add a photo to a hazard; sending the same again answers the same result and creates nothing."""
    add = partial(photos.add_photo, request.app.state.engine, who, actor, photos.Owner("hazard", identity))
    return await _added(partial(add, settings=settings), sent)


@router.post("/inspections/{identity}/photos", **UPLOAD)
async def add_to_inspection(
    request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, identity: uuid.UUID, sent: SentPhoto
) -> Response:
    """Add a photo to an inspection; sending the same again answers the same result and creates nothing."""
    add = partial(photos.add_photo, request.app.state.engine, who, actor, photos.Owner("inspection", identity))
    return await _added(partial(add, settings=settings), sent)


async def _added(add: Any, sent: Upload) -> Response:
    given = _given(sent)
    document, created = await anyio.to_thread.run_sync(
        lambda: add(given=given, content=sent.file.file.read()), limiter=drawing()
    )
    return json_answer(document, status=201 if created else 200, etag=document["version"])


def _given(sent: Upload) -> PhotoIn:
    try:
        return PhotoIn.model_validate({name: value for name, value in sent.fields.items() if value or name == "id"})
    except ValidationError as error:
        entries = [entry | {"loc": ("body", *entry["loc"])} for entry in error.errors(include_url=False)]
        raise RequestValidationError(entries) from None


@router.get("/hazards/{identity}/photos")
def list_photos(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    identity: uuid.UUID,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List the photos of a hazard."""
    rows, following = photos.list_photos(session, actor, identity, settings, after=cursor, limit=limit)
    answer = json_answer({"photos": rows})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.get("/photos/{identity}", **JPEG)
def show(
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    identity: uuid.UUID,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show a photo to whoever may see the record that it belongs to."""
    return _jpeg(identity, photos.shown_photo(session, actor, identity, settings), if_none_match)


@router.get("/photos/{identity}/thumbnail", **JPEG)
def show_thumbnail(
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    identity: uuid.UUID,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show a small copy of a photo, at most 480 pixels long."""
    return _jpeg(identity, photos.shown_thumbnail(session, actor, identity, settings), if_none_match)


def _jpeg(identity: uuid.UUID, shown: photos.ShownPhoto, if_none_match: str | None) -> Response:
    headers = AS_NO_PAGE | {"ETag": f'"{shown.etag}"', "Content-Disposition": f'inline; filename="{identity}.jpg"'}
    wanted = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if headers["ETag"] in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    return JpegResponse(shown.jpeg, headers=headers)
