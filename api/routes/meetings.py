"""Meetings: the figures of a period, what they were counted from, its maps, and what departments report."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, CurrentActor, Language, ReadSession, WriteSession
from api.errors import BadInputError
from api.routes.answers import NEW, json_answer, version_of
from api.schemas.filing import Code
from api.schemas.meetings import DutyReportIn
from api.services import releases
from api.services.meetings import alerts, figures, maps, members, outcomes, reported
from api.store.models.base import now


def release(request: Request, settings: AppSettings) -> None:
    """Gather the incidents of weeks that have ended, before they are counted."""
    releases.release_if_due(request.app.state.engine, settings, now())


router = APIRouter(prefix="/api/v1", tags=["meetings"], dependencies=[Depends(release)])
CityCode = Annotated[Code | None, Query()]
PeriodCode = Annotated[
    str, Path(max_length=12, description="2026-W47, 2026-11, 2026-Q4 or 2026-T1", examples=["2026-W47"])
]


@router.get("/meetings/{period}/figures")
def show_figures(
    session: ReadSession, settings: AppSettings, period: PeriodCode, city: CityCode = None
) -> dict[str, Any]:
    """Count a week, month, quarter or term beside the one before and the year to date, by township and department."""
    return figures.show_figures(session, settings, period, city)


@router.get("/meetings/{period}/members")
def show_members(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    period: PeriodCode,
    figure: Annotated[str, Query(max_length=40)],
    window: Annotated[str, Query(max_length=8)] = "this",
    district: Annotated[str | None, Query(max_length=12)] = None,
    department: Annotated[str | None, Query(max_length=32)] = None,
    category: Annotated[str | None, Query(max_length=8)] = None,
    city: CityCode = None,
) -> dict[str, Any]:
    """List the records that a figure was counted from, as far as one may open them."""
    return members.members(
        session, settings, actor, period,
        figure=figure, window=window, district=district, department=department, category=category, city_code=city,
    )  # fmt: skip


@router.get("/meetings/{period}/alerts")
def show_alerts(
    session: ReadSession, settings: AppSettings, period: PeriodCode, city: CityCode = None
) -> dict[str, Any]:
    """Say what is unusual in the last whole week: hot spots, categories that rise, schools unlike their own past."""
    return alerts.show_alerts(session, settings, period, city)


@router.get("/meetings/{period}/effects")
def show_effects(
    session: ReadSession, settings: AppSettings, period: PeriodCode, city: CityCode = None
) -> dict[str, Any]:
    """Say whether the joint actions worked that run in the period or ended in the eight weeks before it."""
    return outcomes.show_effects(session, settings, period, city)


@router.get("/meetings/{period}/maps/{name}.svg", response_class=Response)
def show_map(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    period: PeriodCode,
    name: Literal["hazards", "effort", "alerts"],
    city: CityCode = None,
) -> Response:
    """Draw this period beside the last with the difference, incidents beside inspection effort, or the alerts."""
    drawn = maps.meeting_map(session, settings, name, period, city, language=language, viewer=actor.display_name)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=60"})


@router.get("/duty-reports")
def list_duty_reports(
    session: ReadSession,
    actor: CurrentActor,
    first: Annotated[dt.date, Query(alias="from")],
    last: Annotated[dt.date, Query(alias="to")],
    city: CityCode = None,
) -> dict[str, Any]:
    """List what departments reported of some days, with the words of the figures."""
    return reported.list_reports(session, actor, city, first, last)


@router.put("/duty-reports/{identity}", response_class=JSONResponse, **NEW)
def put_duty_report(
    session: WriteSession,
    actor: CurrentActor,
    identity: uuid.UUID,
    given: DutyReportIn,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Keep what a department reports of a day, or correct it; If-Match "0" where there is none yet."""
    if given.id != identity:
        raise BadInputError("the id of the body is another than that of the address")
    document, created = reported.put_report(session, actor, given, version_of(if_match))
    answer = json_answer(document, etag=document["version"])
    answer.status_code = 201 if created else 200
    return answer
