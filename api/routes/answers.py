"""Answers that are made of bytes: GeoJSON, and pages of lists with the link to the next."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import geojson
from api.schemas.documents import Feature, FeatureCollection, ProblemDocument
from web.problems import in_language


class GeoJSONResponse(JSONResponse):
    """An answer as GeoJSON, for the OpenAPI document."""

    media_type = geojson.MEDIA_TYPE


# what routes say of their answers in the OpenAPI document
FEATURES: dict[str, Any] = {"response_class": GeoJSONResponse, "responses": {200: {"model": FeatureCollection}}}
FEATURE: dict[str, Any] = {"response_class": GeoJSONResponse, "responses": {200: {"model": Feature}}}
NEW_FEATURE: dict[str, Any] = {
    "status_code": 201,
    "response_class": GeoJSONResponse,
    "responses": {200: {"model": Feature, "description": "It was there already"}, 201: {"model": Feature}},
}
NEW: dict[str, Any] = {"status_code": 201, "responses": {200: {"description": "It was there already"}}}


def _problem(description: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": description, "content": {"application/problem+json": {"schema": reference}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": _problem("The request cannot be answered: the problem says why"),
    422: _problem("Input that cannot be used: the problem says what is wrong, and where"),
    503: _problem("Not available at the moment: try again after the time in Retry-After"),
}


def problem_schemas() -> dict[str, Any]:
    """Return the schemas that the problems of the OpenAPI document refer to."""
    schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs", {})
    return parts | {"ProblemDocument": schema}


def geojson_answer(
    request: Request, document: dict[str, Any], *, next_cursor: int | str | None = None, etag: int | None = None
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
    """Return the version that an ``If-Match`` names; one that no record has where it names none.

    ``W/"1"`` is version 1 too, though ``If-Match`` compares strongly (RFC 9110, 13.1.1): a web server in front that
    compresses answers makes our tags weak, and a version is exact however it is written.
    """
    if if_match is None:
        raise HTTPException(428, "send the ETag of the record you read as If-Match")
    text = if_match.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1


def in_both(document: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its ``reason``, where it has one, as ``reason_zh`` and ``reason_en``."""
    why = document.get("reason")
    rest = {name: value for name, value in document.items() if name != "reason"}
    return (
        rest if why is None else rest | {f"reason_{language}": in_language(why, language) for language in ("zh", "en")}
    )
