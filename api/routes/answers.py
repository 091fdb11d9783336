"""Answers that are made of bytes: GeoJSON, and pages of lists with the link to the next."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from api.schemas import geojson


def geojson_answer(
    request: Request, document: dict[str, Any], *, next_cursor: int | None = None, etag: int | None = None
) -> Response:
    """Return GeoJSON, with a ``Link`` to the next page where there is one."""
    headers: dict[str, str] = {}
    if next_cursor is not None:
        headers["Link"] = f'<{request.url.include_query_params(cursor=next_cursor)}>; rel="next"'
    if etag is not None:
        headers["ETag"] = f'"{etag}"'
    return Response(geojson.encode(document), media_type=geojson.MEDIA_TYPE, headers=headers)


def json_answer(document: Any, *, status: int = 200, etag: int | None = None) -> Response:
    """Return JSON."""
    headers = {} if etag is None else {"ETag": f'"{etag}"'}
    return Response(geojson.encode(document), status_code=status, media_type="application/json", headers=headers)


def version_of(if_match: str | None) -> int:
    """Return the version that an ``If-Match`` names; one that no record has where it names none."""
    if if_match is None:
        raise HTTPException(428, "send the ETag of the record you read as If-Match")
    text = if_match.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
