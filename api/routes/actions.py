"""Joint actions."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from api.dependencies import AppSettings, Box, CurrentActor, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURE, FEATURES, NEW_FEATURE, geojson_answer, version_of
from api.schemas.actions import JointActionIn, JointActionPatch
from api.schemas.filing import DepartmentCode
from api.services.actions import effect as effects
from api.services.actions import progress as following_up
from api.services.actions import records

router = APIRouter(prefix="/api/v1", tags=["joint actions"])


@router.get("/actions", **FEATURES)
def list_actions(
    request: Request,
    session: ReadSession,
    bbox: Box,
    first: Annotated[dt.date | None, Query(alias="from")] = None,
    last: Annotated[dt.date | None, Query(alias="to")] = None,
    department: Annotated[DepartmentCode | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> Response:
    """List joint actions as GeoJSON areas, the newest first: those whose days meet ``from`` … ``to``."""
    document, following = records.list_actions(
        session, bounds=bbox, first=first, last=last, department=department, before=cursor, limit=limit
    )
    return geojson_answer(request, document, next_cursor=following)


@router.post("/actions", **NEW_FEATURE)
def plan_action(request: Request, session: WriteSession, actor: CurrentActor, action: JointActionIn) -> Response:
    """Plan a joint action; sending the same record again answers the same result and creates nothing."""
    document, created = records.plan_action(session, actor, action)
    answer = geojson_answer(request, document, etag=document["properties"]["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.get("/actions/{identity}", **FEATURE)
def show_action(request: Request, session: ReadSession, identity: uuid.UUID) -> Response:
    """Show one joint action: its plan, who takes part, its report."""
    document = records.action_detail(session, records.action_of(session, identity))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.patch("/actions/{identity}", **FEATURE)
def change_action(
    request: Request,
    session: WriteSession,
    identity: uuid.UUID,
    change: JointActionPatch,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change a joint action that nobody else has changed meanwhile."""
    document = records.change_action(session, identity, change, version_of(if_match))
    return geojson_answer(request, document, etag=document["properties"]["version"])


@router.get("/actions/{identity}/progress")
def show_progress(session: ReadSession, identity: uuid.UUID) -> dict[str, Any]:
    """Count the cases and inspections in an action's area and period: done and open, by department and category."""
    return following_up.progress(session, identity)


@router.get("/actions/{identity}/cases", **FEATURES)
def list_cases(request: Request, session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """List the cases of a joint action as GeoJSON points, as far as one sees them."""
    return geojson_answer(request, following_up.cases_of(session, actor, identity))


@router.get("/actions/{identity}/effect")
def show_effect(
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    identity: uuid.UUID,
    outcome: Literal["hazards", "incidents"] = "hazards",
    weeks: Annotated[int, Query(ge=2, le=26)] = 8,
    since: Literal["end", "start"] = "end",
) -> dict[str, Any]:
    """Say whether an action worked: its cells before and after, beside comparable cells and the ring around it."""
    sealed = "police" in actor.roles
    return effects.effect(session, settings, identity, outcome=outcome, weeks=weeks, since=since, sealed=sealed)
