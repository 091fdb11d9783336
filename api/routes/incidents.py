"""Incidents: cells only, k-anonymous, and the heat map drawn of them; exact counts for the police alone."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.dependencies import AppSettings, CurrentActor, Language, ReadSession
from api.errors import BadInputError
from api.routes.answers import FEATURES, geojson_answer
from api.security.scope import limited_to
from api.services import heatmaps, releases
from api.services.heatmaps import HeatRequest
from api.services.hotspots import hot_spots
from api.services.rhythm import rhythm
from api.services.risk import risk
from api.store.models.base import now
from gis.maps.figure import policy_of


def release(request: Request, settings: AppSettings) -> None:
    """Gather what a week that has ended brings, before the question is answered."""
    releases.release_if_due(request.app.state.engine, settings, now())


router = APIRouter(prefix="/api/v1", tags=["incidents"], dependencies=[Depends(release)])

Kinds = Annotated[list[str] | None, Query(alias="type", description="incident types, all when none is named")]
Weekdays = Annotated[list[int] | None, Query(description="1 = Monday … 7 = Sunday")]
CityCode = Annotated[str | None, Query(max_length=12)]


def _day(text: str | None, name: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{name}: {text!r} is not a day; write it as 2026-09-01") from None


@router.get("/incidents/cells", **FEATURES)
def incident_cells(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    first: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    last: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    kinds: Kinds = None,
    weekday: Weekdays = None,
    after_school: bool = False,
    city: CityCode = None,
) -> Response:
    """Count incidents by cell, by groups of at least k; none below k can be worked out, from several answers either.

    A group counts where all that is said of it fits the question. The police are shown exact counts from k on.
    """
    wanted = heat_request(first, last, kinds, weekday, after_school, city)
    return geojson_answer(request, heatmaps.incident_cells(session, settings, wanted, sealed=_sees_sealed(actor)))


def _sees_sealed(actor: CurrentActor) -> bool:
    return "police" in actor.roles


@router.get("/hotspots", **FEATURES)
def hotspots(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    first: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    last: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    kinds: Kinds = None,
    weekday: Weekdays = None,
    after_school: bool = False,
    city: CityCode = None,
    weeks: Annotated[int, Query(ge=1, le=520)] = 13,
) -> Response:
    """List the cells around schools that are hot or cold: Gi* with permutations and the false discovery rate."""
    wanted = heat_request(first, last, kinds, weekday, after_school, city)
    document = hot_spots(session, settings, wanted, weeks=weeks, today=now().date(), sealed=_sees_sealed(actor))
    return geojson_answer(request, document)


@router.get("/incidents/rhythm")
def show_rhythm(
    session: ReadSession,
    settings: AppSettings,
    first: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    last: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    kinds: Kinds = None,
    weekday: Weekdays = None,
    after_school: bool = False,
    city: CityCode = None,
) -> dict[str, Any]:
    """Count incidents by hour and weekday, and by minutes after dismissal: exact, for the police."""
    return rhythm(session, settings, heat_request(first, last, kinds, weekday, after_school, city))


@router.get("/risk", **FEATURES)
def show_risk(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    city: CityCode = None,
    days: Annotated[int, Query(ge=1, le=92)] = 28,
) -> Response:
    """List the cells with the highest risk in the coming days, and what it comes from: for the police."""
    return geojson_answer(request, risk(session, settings, city_code=city, days=days, today=now().date()))


@router.get("/heatmap", response_class=HTMLResponse)
def heatmap(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    last: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    since: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    kinds: Kinds = None,
    weekday: Weekdays = None,
    after_school: bool = False,
    by_week: bool = False,
    city: CityCode = None,
    chosen: Annotated[str | None, Query(alias="language", max_length=5)] = None,
) -> Response:
    """Draw the heat map as one page that needs no network; it holds cells and counts, never a point."""
    wanted = heat_request(since, last, kinds, weekday, after_school, city, by_week=by_week)
    page = heatmaps.heatmap_page(
        session,
        settings,
        wanted,
        language=chosen if chosen in {"zh", "en"} else language,
        viewer=actor.display_name,
        sealed=_sees_sealed(actor),
        of_inspector=limited_to(actor, settings),
    )
    # the page holds its own scripts: it runs as a stranger, and reaches nothing of ours
    policy = f"{policy_of(page)}; sandbox allow-scripts; frame-ancestors 'self'"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "private, max-age=60"})


def heat_request(
    first: str | None,
    last: str | None,
    kinds: list[str] | None,
    weekdays: list[int] | None,
    after_school: bool,
    city: str | None,
    *,
    by_week: bool = False,
) -> HeatRequest:
    """Return what of the incidents is asked for."""
    return HeatRequest(
        first=_day(first, "from"),
        last=_day(last, "to"),
        kinds=tuple(kind for kind in kinds or () if kind),
        weekdays=tuple(weekdays or ()),
        after_school=after_school,
        by_week=by_week,
        city=city,
    )
