"""What the field app calls beside hazards and inspections: its outbox, its shift, sightings and checklists."""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, CurrentWho, ReadSession, WriteSession
from api.problems import language_of
from api.routes.answers import NEW, json_answer, version_of
from api.schemas.field import ChecklistIn, SightingIn, SyncIn
from api.schemas.records import Latitude, Longitude
from api.services.checklists import checklists, replace_checklist
from api.services.field.coverage import coverage
from api.services.field.due import due_visits
from api.services.field.outbox import take_batch
from api.services.field.pack import shift_pack
from api.services.field.sightings import list_sightings, log_sighting
from api.store.models.base import now
from web.problems import in_language

router = APIRouter(prefix="/api/v1", tags=["field"])


@router.post("/sync", response_class=JSONResponse)
def sync(request: Request, actor: CurrentActor, who: CurrentWho, settings: AppSettings, batch: SyncIn) -> Response:
    """Take in a batch of an outbox; each record is answered by itself, in the order of the batch."""
    language = language_of(request)
    answers = take_batch(request.app.state.engine, who, actor, settings, batch.records)
    for answer in answers:
        for said in (answer, *answer.get("errors", ())):
            said |= {name: in_language(said[name], language) for name in ("detail", "what") if name in said}
    return json_answer({"received_at": now().isoformat(), "answers": answers})


@router.get("/field/pack", response_class=JSONResponse)
def pack(
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    lon: Longitude | None = None,
    lat: Latitude | None = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Give everything for a shift: the surroundings of one's own cells, or of a place for those who have none."""
    near = None if lon is None or lat is None else (lon, lat)
    document = shift_pack(session, actor, settings, now(), near=near)
    # what is asked for again and again over slow lines: 304 where nothing but the clock has changed
    stable = orjson.dumps(
        {name: part for name, part in document.items() if name != "made_at"}, option=orjson.OPT_SORT_KEYS
    )
    tag = f'"{hashlib.sha256(stable).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(orjson.dumps(document), media_type="application/json", headers=headers)


@router.get("/inspections/due")
def due(session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """List what one has to visit: schools and known hazards, the most overdue first."""
    return {"due": due_visits(session, actor, now())}


@router.get("/hazards/{identity}/sightings")
def sightings(session: ReadSession, actor: CurrentActor, settings: AppSettings, identity: uuid.UUID) -> dict[str, Any]:
    """List when a hazard was seen again, and how it was, the last first."""
    return {"sightings": list_sightings(session, actor, identity, settings)}


@router.post("/sightings", **NEW)
def add_sighting(session: WriteSession, actor: CurrentActor, settings: AppSettings, sighting: SightingIn) -> Response:
    """Say that a known hazard was seen again: still there, worse, or gone."""
    document, created = log_sighting(session, actor, sighting, settings)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/coverage")
def show_coverage(session: ReadSession, city: Annotated[str | None, Query(max_length=12)] = None) -> dict[str, Any]:
    """List the cells of a city by code: who walks them, and when somebody was last there."""
    return coverage(session, city)


@router.get("/checklists")
def list_checklists(session: ReadSession) -> dict[str, Any]:
    """List what is asked at schools and of each category of hazards, and how often."""
    return {"checklists": checklists(session)}


@router.put("/checklists/{key}", response_class=JSONResponse)
def put_checklist(
    session: WriteSession,
    key: Annotated[str, Path(max_length=32)],
    checklist: ChecklistIn,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Replace a checklist that nobody else has replaced meanwhile; version 0 is the built-in one."""
    document = replace_checklist(session, key, checklist, version_of(if_match))
    return json_answer(document, etag=document["version"])
