"""Patrols: plans that are made in the background, escort posts, shifts, and what teams say of their stops."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, CurrentWho, Cursor, Language, Limit, ReadSession, WriteSession
from api.problems import language_of
from api.routes.answers import NEW, NEW_FEATURE, GeoJSONResponse, geojson_answer, json_answer, version_of
from api.schemas.filing import Code
from api.schemas.patrols import CheckIn, Day, PlanIn, PlanPatch, PostIn, PostPatch, ShiftIn, ShiftPatch
from api.services.patrols import calendar, posts, records, results, runs, shifts
from api.services.patrols.files import KINDS, write_plan
from api.services.questions import day_asked_from
from api.store.engine import writing
from api.store.models.base import now
from web.problems import in_language

router = APIRouter(prefix="/api/v1/patrols", tags=["patrols"])
IfMatch = Annotated[str | None, Header()]
City = Annotated[Code | None, Query()]
First = Annotated[Day | None, Query(alias="from")]
Last = Annotated[Day | None, Query(alias="to")]


def _searches(request: Request) -> runs.Searches:
    found: runs.Searches = request.app.state.searches
    return found


def _worded(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    """Return a plan with what was wrong and what is to be minded in the language of who asks."""
    language = language_of(request)
    warnings = [in_language(one, language) for one in document["warnings"]]
    return document | {"warnings": warnings, "problem": in_language(document["problem"], language)}


@router.get("/plans", response_class=JSONResponse)
def list_plans(
    request: Request, session: ReadSession, actor: CurrentActor, city: City = None, first: First = None,
    last: Last = None, limit: Limit = 100, cursor: Cursor = 0,
) -> Response:  # fmt: skip
    """List plans, the last made first."""
    found, following = records.list_plans(
        session, actor, city_code=city, first=first, last=last, after=cursor, limit=limit
    )
    answer = json_answer({"plans": found})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.post("/plans", **NEW_FEATURE)
def add_plan(request: Request, who: CurrentWho, actor: CurrentActor, plan: PlanIn) -> Response:
    """Ask for a plan; it is made in the background. Sending the same again answers the same plan."""
    with writing(request.app.state.engine, who) as session:
        document, created = records.add_plan(session, actor, plan)
    if created:  # only now, when it is committed
        _searches(request).begin(plan.id)
    answer = geojson_answer(request, _worded(request, document), etag=document["version"])
    answer.status_code = 201 if created else 200
    return answer


@router.get("/plans/{identity}.{kind}", response_class=Response)
def plan_file(
    session: ReadSession,
    actor: CurrentActor,
    language: Language,
    identity: uuid.UUID,
    kind: Literal["geojson", "gpx", "ics", "html"],
    team: Annotated[int | None, Query(ge=1, le=50)] = None,
) -> Response:
    """Give a plan, or one team's part of it, as a file: GeoJSON, GPX, a calendar, or sheets to be printed."""
    document = records.show_plan(session, actor, identity)
    name = f"patrol-{document['day']}{f'-team-{team}' if team else ''}.{kind}"
    headers = {"Cache-Control": "private, no-cache"}
    if kind == "html":  # it carries its own style, and runs nothing
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    else:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(write_plan(document, kind, language, team), media_type=KINDS[kind], headers=headers)


@router.get("/plans/{identity}", response_class=GeoJSONResponse)
def show_plan(request: Request, session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show a plan: its stops with why they are in or out, its routes, and how far its search is."""
    document = records.show_plan(session, actor, identity)
    return geojson_answer(request, _worded(request, document), etag=document["version"])


@router.patch("/plans/{identity}", response_class=GeoJSONResponse)
def change_plan(
    request: Request,
    who: CurrentWho,
    actor: CurrentActor,
    identity: uuid.UUID,
    change: PlanPatch,
    if_match: IfMatch = None,
) -> Response:
    """Change a plan by hand and plan the rest anew, end its search, publish or withdraw it."""
    version = version_of(if_match)
    with writing(request.app.state.engine, who) as session:
        document, again = records.change_plan(session, actor, identity, change, version)
    if again:
        _searches(request).begin(identity)
    return geojson_answer(request, _worded(request, document), etag=document["version"])


@router.get("/posts")
def list_posts(session: ReadSession, city: City = None) -> dict[str, Any]:
    """List the escort posts of a city."""
    return {"posts": posts.list_posts(session, city)}


@router.post("/posts", **NEW)
def add_post(session: WriteSession, post: PostIn) -> Response:
    """Add an escort post; sending the same again answers the same post."""
    document, created = posts.add_post(session, post)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/posts/{identity}", response_class=JSONResponse)
def show_post(session: ReadSession, identity: uuid.UUID) -> Response:
    """Show one escort post."""
    document = posts.show_post(session, identity)
    return json_answer(document, etag=document["version"])


@router.patch("/posts/{identity}", response_class=JSONResponse)
def change_post(session: WriteSession, identity: uuid.UUID, change: PostPatch, if_match: IfMatch = None) -> Response:
    """Change an escort post that nobody else has changed meanwhile."""
    document = posts.change_post(session, identity, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.get("/shifts", response_class=JSONResponse)
def list_shifts(
    request: Request, session: ReadSession, actor: CurrentActor, city: City = None, first: First = None,
    last: Last = None, mine: bool = False, limit: Limit = 100, cursor: Cursor = 0,
) -> Response:  # fmt: skip
    """List shifts: all of them for who plans, one's own for everybody else."""
    found, following = shifts.list_shifts(
        session, actor, city_code=city, first=first, last=last, mine=mine, after=cursor, limit=limit
    )
    answer = json_answer({"shifts": found})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.post("/shifts", **NEW)
def add_shift(session: WriteSession, actor: CurrentActor, shift: ShiftIn) -> Response:
    """Write down a shift without a plan; sending the same again answers the same shift."""
    document, created = shifts.add_shift(session, actor, shift)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/shifts/{identity}", response_class=JSONResponse)
def show_shift(session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show a shift with its stops, and what its team said of them."""
    document = shifts.shift_document(session, actor, shifts.shift_for(session, actor, identity))
    return json_answer(document, etag=document["version"])


@router.patch("/shifts/{identity}", response_class=JSONResponse)
def change_shift(
    session: WriteSession, actor: CurrentActor, identity: uuid.UUID, change: ShiftPatch, if_match: IfMatch = None
) -> Response:
    """Begin or end a shift, add a note, or put people into it."""
    document = shifts.change_shift(session, actor, identity, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.post("/checks", **NEW)
def add_check(session: WriteSession, actor: CurrentActor, check: CheckIn) -> Response:
    """Say that a team arrived at a stop, left it, could not be there, or found a hazard."""
    document, created = shifts.add_check(session, actor, check)
    return json_answer(document, status=201 if created else 200)


@router.get("/people")
def list_people(session: ReadSession) -> dict[str, Any]:
    """List who may be in a team, by the names that are shown."""
    return {"people": shifts.people_in_the_field(session)}


@router.get("/calendar")
def show_calendar(
    session: ReadSession,
    first: First = None,
    days: Annotated[int, Query(ge=1, le=62)] = 14,
    every_days: Annotated[int, Query(ge=1, le=60)] = 10,
    city: City = None,
) -> dict[str, Any]:
    """Show which school is seen on which day and at what time, which are due, and what could be guessed."""
    return calendar.fortnight(session, city, first or day_asked_from(session, city, now()), days, every_days)


@router.get("/results", response_class=JSONResponse)
def show_results(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    settings: AppSettings,
    first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to")],
    weeks_before: Annotated[int, Query(ge=4, le=104)] = 26,
    city: City = None,
) -> Response:
    """Say what came of it: planned against done, dosage by cell and week, and whether incidents moved."""
    document = results.results(session, actor, settings, city, first, last, weeks_before)
    if document["effect"] is not None and "reason" in document["effect"]:
        document["effect"]["reason"] = in_language(document["effect"]["reason"], language_of(request))
    return json_answer(document)
