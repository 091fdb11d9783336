"""What filing and clocks go by: filing rules, the working calendar, departments."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from api.dependencies import CurrentActor, ReadSession, WriteSession
from api.routes.answers import json_answer, version_of
from api.schemas.filing import Code, DutiesIn, FilingRuleIn, WorkYearIn
from api.services.cases import calendar, rules, timing
from api.services.departments import list_departments, set_duties, show_duties

router = APIRouter(prefix="/api/v1", tags=["filing"])
DepartmentPath = Annotated[str, Path(max_length=32)]
Year = Annotated[int, Path(ge=2000, le=2200)]
CityCode = Annotated[Code | None, Query()]


@router.get("/departments")
def departments(session: ReadSession) -> dict[str, Any]:
    """List the departments that cases go to, with their names."""
    return {"departments": list_departments(session)}


@router.get("/departments/{code}/duties", response_class=JSONResponse)
def duties(session: ReadSession, code: DepartmentPath) -> Response:
    """Show who leads a department and who is its liaison officer, with deputies and days."""
    document = show_duties(session, code)
    return json_answer(document, etag=document["version"])


@router.put("/departments/{code}/duties", response_class=JSONResponse)
def put_duties(
    session: WriteSession, code: DepartmentPath, given: DutiesIn, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Replace the duties of a department: one leader in charge and one liaison officer at a time, and deputies."""
    document = set_duties(session, code, given, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.get("/filing-rules")
def filing_rules(session: ReadSession, city: CityCode = None) -> dict[str, Any]:
    """List who leads with which hazards, and how long each step may take: the city's rules and the built-in ones."""
    return {"filing_rules": rules.list_rules(session, city)}


@router.get("/filing-rules/{identity}", response_class=JSONResponse)
def filing_rule(session: ReadSession, identity: uuid.UUID, city: CityCode = None) -> Response:
    """Show one filing rule."""
    document = rules.show_rule(session, identity, city)
    return json_answer(document, etag=document["version"])


@router.put("/filing-rules/{identity}", response_class=JSONResponse)
def put_filing_rule(
    session: WriteSession, identity: uuid.UUID, rule: FilingRuleIn, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Set a filing rule that nobody else has changed meanwhile; version 0 is a built-in one, or a new one."""
    document = rules.set_rule(session, identity, rule, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.delete("/filing-rules/{identity}", status_code=204)
def delete_filing_rule(
    session: WriteSession, identity: uuid.UUID, if_match: Annotated[str | None, Header()] = None
) -> None:
    """Take a city's own filing rule away; a built-in one for the same holds again."""
    rules.remove_rule(session, identity, version_of(if_match))


@router.get("/working-calendar/{year}", response_class=JSONResponse)
def working_year(session: ReadSession, year: Year, city: CityCode = None) -> Response:
    """Show a year of the working calendar: hours, days off, make-up days."""
    document = calendar.show_year(session, city, year)
    return json_answer(document, etag=document["version"])


@router.put("/working-calendar/{year}", response_class=JSONResponse)
def put_working_year(
    session: WriteSession,
    actor: CurrentActor,
    year: Year,
    given: WorkYearIn,
    city: CityCode = None,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Replace a year that nobody else has replaced meanwhile; open cases get their due moments anew."""
    document = timing.set_work_year(session, actor, city, year, given, version_of(if_match))
    return json_answer(document, etag=document["version"])
