"""Distance checks: one place against the rules, with the evidence; and the table of rules."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import JSONResponse

from api.dependencies import AppSettings, Language, ReadSession, WriteSession
from api.routes.answers import json_answer, version_of
from api.schemas.records import DistanceCheckIn
from api.schemas.schools import DistanceRuleIn
from api.services import distance_rules, screening

router = APIRouter(prefix="/api/v1", tags=["distance rules"])
RuleId = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,63}$")]


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


@router.get("/distance-rules")
def rules(session: ReadSession) -> dict[str, Any]:
    """List the distance rules, each in its newest version, with its legal basis and how well that is known."""
    return {"distance_rules": distance_rules.list_rules(session)}


@router.get("/distance-rules/{rule_id}", response_class=JSONResponse)
def rule(session: ReadSession, rule_id: RuleId) -> Response:
    """Show a distance rule with all its versions."""
    document = distance_rules.show_rule(session, rule_id)
    return json_answer(document, etag=document["version"])


@router.put("/distance-rules/{rule_id}", response_class=JSONResponse)
def put_rule(
    session: WriteSession, rule_id: RuleId, given: DistanceRuleIn, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Add a version to a distance rule that nobody else has changed meanwhile; version 0 is a new one."""
    document = distance_rules.set_rule(session, rule_id, given, version_of(if_match))
    return json_answer(document, etag=document["version"])
