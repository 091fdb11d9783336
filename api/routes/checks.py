"""Distance checks: one place against the rules, with the evidence."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.dependencies import AppSettings, Language, ReadSession
from api.schemas.records import DistanceCheckIn
from api.services import screening

router = APIRouter(prefix="/api/v1", tags=["distance rules"])


@router.post("/distance-checks")
def check(session: ReadSession, settings: AppSettings, language: Language, place: DistanceCheckIn) -> dict[str, Any]:
    """Hold a place against the rules of a target: a lead for the department in charge, never a finding."""
    return screening.check_place(
        session,
        settings,
        lon=place.lon,
        lat=place.lat,
        target=place.target,
        source_crs=place.crs,
        position_error_m=place.position_error_m,
        language=language,
    )
