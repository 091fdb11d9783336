"""The address book of the departments, absences with their substitutes, and departments as data."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import JSONResponse

from api.dependencies import CurrentActor, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer, version_of
from api.schemas.filing import AbsenceIn, DepartmentIn
from api.services import addresses

router = APIRouter(prefix="/api/v1", tags=["departments"])
DepartmentPath = Annotated[str, Path(max_length=32, pattern="^[a-z][a-z0-9_]{0,31}$")]


@router.get("/address-book")
def address_book(session: ReadSession) -> dict[str, Any]:
    """List the departments with who holds which duty today, and who substitutes."""
    return {"departments": addresses.address_book(session)}


@router.get("/departments/{code}", response_class=JSONResponse)
def show_department(session: ReadSession, code: DepartmentPath) -> Response:
    """Show a department with all its names, its days and its successor."""
    document = addresses.show_department(session, code)
    return json_answer(document, etag=document["version"])


@router.put("/departments/{code}", response_class=JSONResponse)
def set_department(
    session: WriteSession,
    code: DepartmentPath,
    given: DepartmentIn,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Add a department, or change one that nobody else has changed meanwhile; version 0 is new, or of the file."""
    document = addresses.set_department(session, code, given, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.get("/absences")
def list_absences(session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """List absences of today and later: one's own, to the office all; and who could substitute."""
    return {
        "absences": addresses.list_absences(session, actor),
        "colleagues": addresses.colleagues(session, actor),
    }


@router.post("/absences", response_class=JSONResponse, **NEW)
def add_absence(session: WriteSession, actor: CurrentActor, given: AbsenceIn) -> Response:
    """Write down when one is away, and who substitutes."""
    document, created = addresses.add_absence(session, actor, given)
    return json_answer(document, status=201 if created else 200)


@router.delete("/absences/{identity}", status_code=204)
def remove_absence(session: WriteSession, actor: CurrentActor, identity: uuid.UUID) -> None:
    """Take an absence away."""
    addresses.remove_absence(session, actor, identity)
