"""Schools, with campuses, gates, timetables and perimeters; the ``ETag`` of each is the version of the school."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, Box, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURE, FEATURES, NEW, NEW_FEATURE, geojson_answer, json_answer, version_of
from api.schemas.filing import Code
from api.schemas.schools import (
    GateIn,
    GatePatch,
    PerimeterIn,
    SchoolCalendarIn,
    SchoolIn,
    SchoolPatch,
    TimetableIn,
)
from api.services import atlas
from api.services.schools import calendar, parts, records

router = APIRouter(prefix="/api/v1", tags=["schools"])
IfMatch = Annotated[str | None, Header()]
CityCode = Annotated[Code | None, Query()]


@router.get("/schools", **FEATURES)
def schools(request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0) -> Response:
    """List schools as GeoJSON: campuses with what is around them."""
    page = atlas.schools_page(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.post("/schools", **NEW_FEATURE)
def add_school(
    request: Request, session: WriteSession, settings: AppSettings, actor: CurrentActor, school: SchoolIn
) -> Response:
    """Add a school with its perimeter; sending the same record again creates nothing."""
    document, created = records.add_school(session, actor, settings, school)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.get("/schools/{identity}", **FEATURE)
def school(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show one school."""
    document = atlas.school_detail(session, identity)
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.patch("/schools/{identity}", **FEATURE)
def change_school(
    request: Request,
    session: WriteSession,
    settings: AppSettings,
    actor: CurrentActor,
    identity: uuid.UUID,
    change: SchoolPatch,
    if_match: IfMatch = None,
) -> Response:
    """Change a school; its perimeter, cells and the ties of hazards follow its grounds, and nobody else's."""
    document = records.change_school(session, actor, settings, identity, change, version_of(if_match))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.delete("/schools/{identity}", status_code=204)
def remove_school(session: WriteSession, identity: uuid.UUID, if_match: IfMatch = None) -> None:
    """Take away a school that was added by mistake; one that records tell of is closed instead."""
    records.remove_school(session, identity, version_of(if_match))


@router.get("/schools/{identity}/perimeter", **FEATURE)
def perimeter(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show the control zone of a school."""
    document = atlas.perimeter_of(session, identity)
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.post("/schools/{identity}/perimeter", **NEW_FEATURE)
def draw_perimeter(request: Request, session: WriteSession, identity: uuid.UUID, given: PerimeterIn) -> Response:
    """Draw the control zone of a school that has none."""
    document, created = parts.set_perimeter(session, identity, given, None)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.patch("/schools/{identity}/perimeter", **FEATURE)
def change_perimeter(
    request: Request, session: WriteSession, identity: uuid.UUID, given: PerimeterIn, if_match: IfMatch = None
) -> Response:
    """Draw the control zone of a school anew, wider or narrower, with the campus or without it."""
    document, _ = parts.set_perimeter(session, identity, given, version_of(if_match))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.delete("/schools/{identity}/perimeter", status_code=204)
def remove_perimeter(session: WriteSession, identity: uuid.UUID, if_match: IfMatch = None) -> None:
    """Take the control zone of a school away, with the ties of hazards to it."""
    parts.remove_perimeter(session, identity, version_of(if_match))


@router.get("/schools/{identity}/gates", response_class=JSONResponse)
def gates(session: ReadSession, identity: uuid.UUID) -> Response:
    """List the gates of a school."""
    known, city = atlas.known_school(session, identity)
    return json_answer(atlas.gates_of(session, city, known.id), etag=known.version)


@router.post("/schools/{identity}/gates", response_class=JSONResponse, **NEW)
def add_gate(session: WriteSession, actor: CurrentActor, identity: uuid.UUID, gate: GateIn) -> Response:
    """Add a gate; the gate distances of the hazards around follow."""
    document, created = parts.add_gate(session, actor, identity, gate)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.patch("/schools/{identity}/gates/{gate_id}", response_class=JSONResponse)
def change_gate(
    session: WriteSession, identity: uuid.UUID, gate_id: uuid.UUID, change: GatePatch, if_match: IfMatch = None
) -> Response:
    """Move or rename a gate; the gate distances of the hazards around follow."""
    document = parts.change_gate(session, identity, gate_id, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.delete("/schools/{identity}/gates/{gate_id}", status_code=204)
def remove_gate(session: WriteSession, identity: uuid.UUID, gate_id: uuid.UUID, if_match: IfMatch = None) -> None:
    """Take a gate away; the gate distances of the hazards around follow."""
    parts.remove_gate(session, identity, gate_id, version_of(if_match))


@router.get("/schools/{identity}/timetable", response_class=JSONResponse)
def timetable(session: ReadSession, identity: uuid.UUID) -> Response:
    """List when the lessons of a school end, by weekday and grade."""
    known, _ = atlas.known_school(session, identity)
    return json_answer(atlas.timetable_of(session, known.id), etag=known.version)


@router.post("/schools/{identity}/timetable", response_class=JSONResponse, **NEW)
def add_timetable(
    session: WriteSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID, given: TimetableIn
) -> Response:
    """Give a school its first timetable."""
    rows, version, created = parts.set_timetable(session, actor, settings, identity, given, None)
    return json_answer(rows, status=201 if created else 200, etag=version)


@router.patch("/schools/{identity}/timetable", response_class=JSONResponse)
def change_timetable(
    session: WriteSession,
    actor: CurrentActor,
    settings: AppSettings,
    identity: uuid.UUID,
    given: TimetableIn,
    if_match: IfMatch = None,
) -> Response:
    """Replace all dismissals of a school."""
    rows, version, _ = parts.set_timetable(session, actor, settings, identity, given, version_of(if_match))
    return json_answer(rows, etag=version)


@router.delete("/schools/{identity}/timetable", status_code=204)
def remove_timetable(
    session: WriteSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID, if_match: IfMatch = None
) -> None:
    """Take the timetable of a school away: the assumed dismissal of the settings counts again."""
    parts.remove_timetable(session, actor, settings, identity, version_of(if_match))


@router.get("/school-calendar", response_class=JSONResponse)
def school_calendar(session: ReadSession, city: CityCode = None) -> Response:
    """Show the terms of a city, and the days that depart from the week."""
    document = calendar.show_calendar(session, city)
    return json_answer(document, etag=document["version"])


@router.put("/school-calendar", response_class=JSONResponse)
def put_school_calendar(
    session: WriteSession,
    actor: CurrentActor,
    settings: AppSettings,
    given: SchoolCalendarIn,
    city: CityCode = None,
    if_match: IfMatch = None,
) -> Response:
    """Replace the school calendar of a city that nobody else has replaced meanwhile."""
    document = calendar.set_calendar(session, actor, settings, city, given, version_of(if_match))
    return json_answer(document, etag=document["version"])
