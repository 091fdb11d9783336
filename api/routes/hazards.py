"""Hazards and inspections."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from api.dependencies import AppSettings, Box, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURE, FEATURES, NEW, NEW_FEATURE, geojson_answer, json_answer, version_of
from api.schemas.records import Category, HazardIn, HazardPatch, InspectionIn, Latitude, Longitude, Status
from api.security.scope import limited_to
from api.services import inspections

router = APIRouter(prefix="/api/v1", tags=["hazards"])


@router.get("/hazards", **FEATURES)
def hazards(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    bbox: Box,
    school: uuid.UUID | None = None,
    category: Annotated[list[Category] | None, Query()] = None,
    status: Annotated[list[Status] | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List hazards as GeoJSON points."""
    document, following = inspections.hazards_in(
        session,
        bounds=bbox,
        school=school,
        categories=category or [],
        statuses=status or [],
        of_inspector=limited_to(actor, settings),
        after=cursor,
        limit=limit,
    )
    return geojson_answer(request, document, next_cursor=following)


@router.get("/hazards/nearby", **FEATURES)
def nearby(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    lon: Longitude,
    lat: Latitude,
    category: Category,
    within_m: Annotated[float, Query(gt=0, le=1000, allow_inf_nan=False)] = 50.0,
) -> Response:
    """List open hazards of a category around a point: perhaps it is one of them."""
    document = inspections.hazards_nearby(
        session, lon=lon, lat=lat, category=category, within_m=within_m, of_inspector=limited_to(actor, settings)
    )
    return geojson_answer(request, document)


@router.get("/hazards/{identity}", **FEATURE)
def hazard(
    request: Request, session: ReadSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID
) -> Response:
    """Show one hazard, with the distances to the schools in whose perimeter it lies."""
    document = inspections.hazard_shown(session, actor, identity, settings)
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.post("/hazards", **NEW_FEATURE)
def log_hazard(request: Request, session: WriteSession, actor: CurrentActor, hazard: HazardIn) -> Response:
    """Log a hazard; sending the same record again answers the same result and creates nothing."""
    document, created = inspections.log_hazard(session, actor, hazard)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.patch("/hazards/{identity}", **FEATURE)
def change_hazard(
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    identity: uuid.UUID,
    change: HazardPatch,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change a hazard that nobody else has changed meanwhile; a new position ties it anew."""
    document = inspections.change_hazard(session, actor, identity, change, version_of(if_match))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.get("/inspections")
def list_inspections(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List inspections: your own, or all for those who oversee them."""
    rows, following = inspections.list_inspections(session, actor, settings, after=cursor, limit=limit)
    answer = json_answer({"inspections": rows})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.post("/inspections", **NEW)
def log_inspection(
    session: WriteSession, actor: CurrentActor, settings: AppSettings, inspection: InspectionIn
) -> Response:
    """Log an inspection; sending the same record again answers the same result and creates nothing."""
    document, created = inspections.log_inspection(session, actor, inspection, settings)
    return json_answer(document, status=201 if created else 200, etag=document["version"])
