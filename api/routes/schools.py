"""Schools, with campuses, gates, timetables and perimeters."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response

from api.dependencies import Box, Cursor, Limit, ReadSession
from api.routes.answers import FEATURE, FEATURES, geojson_answer
from api.services import atlas

router = APIRouter(prefix="/api/v1", tags=["schools"])


@router.get("/schools", **FEATURES)
def schools(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List schools as GeoJSON: campuses with what is around them."""
    page = atlas.schools_page(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/schools/{identity}", **FEATURE)
def school(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show one school."""
    return geojson_answer(request, atlas.school_detail(session, identity))


@router.get("/schools/{identity}/perimeter", **FEATURE)
def perimeter(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show the control zone of a school."""
    return geojson_answer(request, atlas.perimeter_of(session, identity))


@router.get("/schools/{identity}/gates")
def gates(session: ReadSession, identity: uuid.UUID) -> list[dict[str, Any]]:
    """List the gates of a school."""
    known, city = atlas.known_school(session, identity)
    return atlas.gates_of(session, city, known.id)


@router.get("/schools/{identity}/timetable")
def timetable(session: ReadSession, identity: uuid.UUID) -> list[dict[str, Any]]:
    """List when the lessons of a school end, by weekday and grade."""
    known, _ = atlas.known_school(session, identity)
    return atlas.timetable_of(session, known.id)
