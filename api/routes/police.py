"""What the police page asks beside hot spots: rhythm, clusters, emerging hot spots, near repeats, risk, evaluation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AppSettings, ReadSession
from api.routes.answers import FEATURES, geojson_answer, in_both
from api.routes.incidents import Asked, CityCode
from api.services import clusters
from api.services.own_evaluation import own_evaluation
from api.services.questions import day_asked_from
from api.services.rhythm import rhythm
from api.services.risk import risk
from api.store.models.base import now

router = APIRouter(prefix="/api/v1", tags=["police"])


@router.get("/incidents/rhythm")
def show_rhythm(session: ReadSession, settings: AppSettings, wanted: Asked) -> dict[str, Any]:
    """Count incidents by hour and weekday, and by minutes after dismissal: exact, for the police."""
    return rhythm(session, settings, wanted)


@router.get("/clusters", **FEATURES)
def show_clusters(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    wanted: Asked,
    weeks: Annotated[int, Query(ge=8, le=104)] = 26,
) -> Response:
    """List clusters of the last four weeks: Kulldorff's space-time permutation scan, for the police."""
    return geojson_answer(
        request,
        clusters.scan(session, settings, wanted, weeks=weeks, today=day_asked_from(session, wanted.city, now())),
    )


@router.get("/emerging", **FEATURES)
def show_emerging(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    wanted: Asked,
    weeks: Annotated[int, Query(ge=4, le=104)] = 13,
) -> Response:
    """List new, intensifying, persistent, diminishing and sporadic hot spots over weekly bins, for the police."""
    return geojson_answer(
        request,
        clusters.emerging(session, settings, wanted, weeks=weeks, today=day_asked_from(session, wanted.city, now())),
    )


@router.get("/near-repeats")
def show_near_repeats(
    session: ReadSession,
    settings: AppSettings,
    wanted: Asked,
    weeks: Annotated[int, Query(ge=1, le=104)] = 26,
) -> dict[str, Any]:
    """Count pairs of incidents that lie near in space and time against chance (Knox test), for the police."""
    return clusters.near_repeats(
        session, settings, wanted, weeks=weeks, today=day_asked_from(session, wanted.city, now())
    )


@router.get("/risk", **FEATURES)
def show_risk(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    city: CityCode = None,
    days: Annotated[int, Query(ge=1, le=92)] = 28,
) -> Response:
    """List the cells with the highest risk in the coming days, and what it comes from: for the police."""
    found = risk(session, settings, city_code=city, days=days, today=day_asked_from(session, city, now()))
    return geojson_answer(request, in_both(found))


@router.get("/evaluation")
def show_evaluation(session: ReadSession, settings: AppSettings, city: CityCode = None) -> dict[str, Any]:
    """Say how well maps of the past months foretold the city's own incidents; ask again while it is worked out."""
    return in_both(own_evaluation(session, settings, city_code=city, today=day_asked_from(session, city, now())))
