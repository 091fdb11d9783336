"""Incidents: cells only, k-anonymous, and the heat map drawn of them; exact counts for the police alone."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.dependencies import AppSettings, CurrentActor, Language, ReadSession
from api.errors import BadInputError
from api.routes.answers import FEATURES, geojson_answer, in_both
from api.security.scope import limited_to
from api.services import cellcounts, heatmaps, releases
from api.services.density import density
from api.services.hotspots import Method, hot_spots
from api.services.questions import Question, day_asked_from
from api.services.surface_pages import DEFAULT_BANDWIDTH_M, Versus, View, comparison_page, density_page
from api.store.models.base import now
from gis.maps.figure import policy_of


def release(request: Request, settings: AppSettings) -> None:
    """Gather what a week that has ended brings, before the question is answered."""
    releases.release_if_due(request.app.state.engine, settings, now())


router = APIRouter(prefix="/api/v1", tags=["incidents"], dependencies=[Depends(release)])

Kinds = Annotated[list[str] | None, Query(alias="type", description="incident types, all when none is named")]
Weekdays = Annotated[list[int] | None, Query(description="1 = Monday … 7 = Sunday")]
CityCode = Annotated[str | None, Query(max_length=12)]


def day_of(text: str | None, name: str) -> dt.date | None:
    """Return the day that somebody typed."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{name}: {text!r} is not a day; write it as 2026-09-01") from None


def question(
    settings: AppSettings,
    first: Annotated[str | None, Query(alias="from", max_length=10, description="first day, as 2026-09-01")] = None,
    last: Annotated[str | None, Query(alias="to", max_length=10, description="last day")] = None,
    kinds: Kinds = None,
    weekday: Weekdays = None,
    after_school: Annotated[bool, Query(description="only the usual window around dismissal")] = False,
    minutes_from: Annotated[
        int | None, Query(ge=-720, le=720, description="minutes after dismissal, negative before it; for the police")
    ] = None,
    minutes_to: Annotated[int | None, Query(ge=-720, le=720)] = None,
    school: Annotated[uuid.UUID | None, Query(description="only the cells of this school's perimeter")] = None,
    township: Annotated[str | None, Query(max_length=20, description="only the cells of this township")] = None,
    city: CityCode = None,
) -> Question:
    """Return which incidents are asked for."""
    minutes = None
    if minutes_from is not None or minutes_to is not None:
        minutes = (
            -settings.after_school_before_min if minutes_from is None else minutes_from,
            settings.after_school_after_min if minutes_to is None else minutes_to,
        )
    return Question(
        first=day_of(first, "from"),
        last=day_of(last, "to"),
        kinds=tuple(kind for kind in kinds or () if kind),
        weekdays=tuple(sorted(set(weekday or ()))),
        after_school=after_school,
        minutes=minutes,
        school=school,
        township=township or None,
        city=city,
    )


Asked = Annotated[Question, Depends(question)]


def sees_sealed(actor: CurrentActor) -> bool:
    """Return whether somebody is shown exact counts."""
    return "police" in actor.roles


@router.get("/incidents/cells", **FEATURES)
def incident_cells(
    request: Request, session: ReadSession, settings: AppSettings, actor: CurrentActor, wanted: Asked
) -> Response:
    """Count incidents by cell, by groups of at least k; none below k can be worked out, from several answers either.

    A group counts where all that is said of it fits the question. The police are shown exact counts from k on. Rates are
    per km² and 100 school days.
    """
    found = cellcounts.incident_cells(session, settings, wanted, sealed=sees_sealed(actor))
    return geojson_answer(request, in_both(found))


@router.get("/incidents/density", **FEATURES)
def incident_density(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    wanted: Asked,
    bandwidth: Annotated[float, Query(ge=50, le=1000, description="of the kernel, metres")] = DEFAULT_BANDWIDTH_M,
) -> Response:
    """Draw the kernel density of incidents on the city's lattice, from counts that may be told (see /incidents/cells)."""
    return geojson_answer(request, in_both(density(session, settings, wanted, bandwidth, sealed=sees_sealed(actor))))


@router.get("/hotspots", **FEATURES)
def hotspots(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    wanted: Asked,
    weeks: Annotated[int, Query(ge=1, le=520)] = 13,
    method: Annotated[Method, Query(description="gi: Gi*, kde: of a kernel density, moran: local Moran's I")] = "gi",
) -> Response:
    """List the cells around schools that are hot or cold, with permutations and the false discovery rate."""
    document = hot_spots(
        session,
        settings,
        wanted,
        weeks=weeks,
        today=day_asked_from(session, wanted.city, now()),
        sealed=sees_sealed(actor),
        method=method,
    )
    return geojson_answer(request, document)


@router.get("/heatmap", response_class=HTMLResponse)
def heatmap(
    session: ReadSession,
    settings: AppSettings,
    actor: CurrentActor,
    language: Language,
    wanted: Asked,
    by_week: bool = False,
    view: Annotated[View, Query(description="cells, density, side (two periods side by side) or difference")] = "cells",
    bandwidth: Annotated[float, Query(ge=50, le=1000)] = DEFAULT_BANDWIDTH_M,
    versus_from: Annotated[str | None, Query(max_length=10, description="the other period: first day")] = None,
    versus_to: Annotated[str | None, Query(max_length=10, description="and last day")] = None,
    chosen: Annotated[str | None, Query(alias="language", max_length=5)] = None,
) -> Response:
    """Draw a map as one page that needs no network; it holds cells and counts, never a point."""
    shown = chosen if chosen in {"zh", "en"} else language
    viewer, sealed = actor.display_name, sees_sealed(actor)
    if view == "cells":
        asked = replace(wanted, by_week=by_week)
        page = heatmaps.heatmap_page(
            session,
            settings,
            asked,
            language=shown,
            viewer=viewer,
            sealed=sealed,
            of_inspector=limited_to(actor, settings),
        )
    elif view == "density":
        page = density_page(session, settings, wanted, bandwidth, language=shown, viewer=viewer, sealed=sealed)
    else:
        begin, end = day_of(versus_from, "versus_from"), day_of(versus_to, "versus_to")
        if begin is None or end is None:
            raise BadInputError("two periods are compared: give versus_from and versus_to")
        page = comparison_page(
            session, settings, wanted, Versus(begin, end), view, language=shown, viewer=viewer, sealed=sealed
        )
    # the page holds its own scripts: it runs as a stranger, and reaches nothing of ours
    policy = f"{policy_of(page)}; sandbox allow-scripts; frame-ancestors 'self'"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "private, max-age=60"})
