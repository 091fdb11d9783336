"""What lies on the map beside schools and hazards, and the words for it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import Box, Cursor, Limit, ReadSession
from api.routes.answers import FEATURES, geojson_answer, json_answer
from api.schemas.records import Latitude, Longitude
from api.services import atlas, ground, places
from api.vocabulary import hazard_words, vocabulary, word, words_of

Level = Annotated[int, Path(ge=0, le=22)]
MVT = "application/vnd.mapbox-vector-tile"

router = APIRouter(prefix="/api/v1", tags=["map"])


@router.get("/perimeters", **FEATURES)
def perimeters(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List the control zones of schools."""
    page = atlas.perimeters_in(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/cells", **FEATURES)
def cells(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List grid cells with their code, schools and inspector."""
    page = atlas.cells_in(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/gates", **FEATURES)
def gates(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List gates."""
    page = atlas.gates_in(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/streets", **FEATURES)
def streets(
    request: Request,
    session: ReadSession,
    bbox: Box,
    zoom: Annotated[int, Query(ge=0, le=22)] = 17,
    limit: Limit = 1000,
    cursor: Cursor = 0,
) -> Response:
    """List streets, thinned for a zoom level."""
    page = atlas.streets_in(session, bounds=bbox, zoom=zoom, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/tiles/{z}/{x}/{y}.mvt", response_class=Response, responses={200: {"content": {MVT: {}}}})
def tile(session: ReadSession, z: Level, x: int, y: int, v: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Give a vector tile of the ground: streets, buildings and names; ``v`` changes with every import."""
    keep = "private, max-age=2592000, immutable" if v else "private, max-age=300"
    return Response(ground.tile(session, z, x, y), media_type=MVT, headers={"Cache-Control": keep})


@router.get("/geocode")
def geocode(
    session: ReadSession,
    q: Annotated[str, Query(max_length=200)],
    lon: Longitude | None = None,
    lat: Latitude | None = None,
) -> dict[str, Any]:
    """Find places by name or address, offline; nearer ones first where a point is given."""
    near = None if lon is None or lat is None else (lon, lat)
    return {"results": places.geocode(session, q, near=near)}


@router.get("/geocode/reverse")
def reverse(session: ReadSession, lon: Longitude, lat: Latitude) -> dict[str, Any]:
    """Name the places nearest to a point."""
    return {"results": places.reverse_geocode(session, lon, lat)}


@router.get("/vocabulary")
def words() -> Response:
    """List the codes and their words in both languages."""
    known = vocabulary()
    return json_answer(
        {
            "hazard_categories": hazard_words(),
            "premises_categories": words_of(known.premises_categories),
            "stages": words_of(known.stages),
            "verdicts": words_of(known.verdicts),
            "hazard_statuses": words_of(known.hazard_statuses),
            "severities": words_of(known.severities),
            "gate_kinds": words_of(known.gate_kinds),
            "facility_kinds": words_of(known.facility_kinds),
            "facility_levels": words_of(known.facility_levels),
            "incident_types": [word(t) for t in known.incident_types.values() if not t.serious],
        }
    )
