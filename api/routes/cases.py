"""Cases: what there is, what was done, what may be done."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.dependencies import AppSettings, Box, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURE, FEATURES, NEW_FEATURE, geojson_answer, json_answer, version_of
from api.schemas.cases import ActionIn, CaseIn
from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import Category
from api.services.cases import actions, queues, views
from api.services.cases.live import Live
from api.services.cases.machine import StateCode
from api.store.case_queues import Narrowed
from api.store.cases import Wanted

QueueName = Literal["open", "mine", "new", "dispatch", "today", "overdue", "returned", "handling", "check", "closed"]
router = APIRouter(prefix="/api/v1", tags=["cases"])


@router.get("/cases", **FEATURES)
def list_cases(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    bbox: Box,
    state: Annotated[list[StateCode] | None, Query()] = None,
    category: Annotated[list[Category] | None, Query()] = None,
    department: Annotated[DepartmentCode | None, Query()] = None,
    district: Annotated[Code | None, Query()] = None,
    school: uuid.UUID | None = None,
    hazard: uuid.UUID | None = None,
    overdue: bool = False,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List the cases that one sees as GeoJSON points, each with what one may do now."""
    wanted = Wanted(bbox, state or (), category or (), department, district, school, hazard)
    document, following = views.list_cases(session, actor, wanted, overdue=overdue, after=cursor, limit=limit)
    return geojson_answer(request, document, next_cursor=following)


@router.get("/cases/queue", **FEATURES)
def show_queue(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    bbox: Box,
    queue: QueueName = "open",
    q: Annotated[str, Query(max_length=80, description="words of a number, name, school, township or cell")] = "",
    category: Annotated[list[Category] | None, Query()] = None,
    department: Annotated[DepartmentCode | None, Query()] = None,
    district: Annotated[Code | None, Query()] = None,
    school: uuid.UUID | None = None,
    counts: Annotated[bool, Query(description="also how many stand in each queue of open cases")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """Give a page of a queue of the board: the nearest deadline first; of cases that are over the latest first."""
    narrowed = Narrowed(bbox, category or (), department, district, school, queues.words_of(q))
    document, following = queues.show_queue(
        session, actor, queue, narrowed, cursor=cursor, limit=limit, with_counts=counts
    )
    return geojson_answer(request, document, next_cursor=following)


@router.get("/cases/changes", include_in_schema=False)
async def follow_changes(
    request: Request, actor: CurrentActor, last_event_id: Annotated[str, Header(max_length=40)] = ""
) -> StreamingResponse:
    """Tell as server-sent events which cases change, of those that one sees; docs/cases.md says how."""
    live: Live = request.app.state.live
    live.require_room(actor)
    since = (
        int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 18 else None
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(live.listen(actor, since), media_type="text/event-stream", headers=headers)


@router.get("/cases/machine")
def machine(session: ReadSession) -> dict[str, Any]:
    """Give the states, actions and departments with their words, for whoever draws a board."""
    return views.show_machine(session)


@router.get("/cases/{identity}", **FEATURE)
def show_case(request: Request, session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show one case: its rule, its clocks, its flow log, and what one may do now."""
    document = views.case_detail(session, actor, views.case_for(session, actor, identity))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.post("/cases", **NEW_FEATURE)
def add_case(
    request: Request, session: WriteSession, actor: CurrentActor, settings: AppSettings, case: CaseIn
) -> Response:
    """Report a case; sending the same record again answers the same result and creates nothing."""
    document, created = actions.add_case(session, actor, case, settings)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.get("/cases/{identity}/actions")
def list_actions(session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """List what was done with a case, and what one may do now."""
    document = views.case_detail(session, actor, views.case_for(session, actor, identity))
    said = document["properties"]
    return json_answer({name: said[name] for name in ("state", "allowed_actions", "log")}, etag=said["version"])


@router.post("/cases/{identity}/actions", **NEW_FEATURE)
def take_action(
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    identity: uuid.UUID,
    action: ActionIn,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Do something with a case; with ``If-Match`` only if nobody acted since it was read.

    Sending the same action (by its id) again does nothing. What is refused says what is allowed, and what happened.
    """
    version = None if if_match is None else version_of(if_match)
    document, done = actions.take_action(session, actor, identity, action, version)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if done else 200
    return answer
