"""Counselling rooms and stations on the map, and what is made of them: targets, use, the way to the nearest station."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import Box, Cursor, Limit, ReadSession, WriteSession
from api.routes.answers import FEATURES, geojson_answer, json_answer, version_of
from api.routes.meetings import CityCode
from api.schemas.facilities import TargetsIn
from api.services import facilities

router = APIRouter(prefix="/api/v1", tags=["facilities"])


@router.get("/facilities", **FEATURES)
def list_facilities(
    request: Request, session: ReadSession, bbox: Box, limit: Limit = 100, cursor: Cursor = 0
) -> Response:
    """List counselling rooms, stations and centres with their levels."""
    page = facilities.facilities_in(session, bounds=bbox, after=cursor, limit=limit)
    return geojson_answer(request, page.document, next_cursor=page.next_cursor)


@router.get("/facilities/support")
def show_support(
    session: ReadSession,
    city: CityCode = None,
    at: Annotated[dt.date | None, Query(description="the day that is looked at; none: today")] = None,
    walk_m: Annotated[int, Query(ge=100, le=20_000, description="metres on foot to the nearest station")] = 1_500,
) -> dict[str, Any]:
    """Say how far a city is from its targets, how rooms are used by month, and who has no station near."""
    return facilities.show_support(session, city, at=at, walk_m=walk_m)


@router.put("/facilities/targets", response_class=JSONResponse)
def put_targets(session: WriteSession, given: TargetsIn, if_match: Annotated[str | None, Header()] = None) -> Response:
    """Set a city's own targets in place of those that one has read (If-Match "0": those of the notice)."""
    document = facilities.put_targets(session, given, version_of(if_match))
    return json_answer(document, etag=document["version"])
