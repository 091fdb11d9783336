"""Accounts, for administrators; the cells that inspectors walk, for the office too."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Request, Response

from api.dependencies import CurrentActor, CurrentWho, ReadSession, WriteSession
from api.errors import BadInputError, Problem
from api.problems import language_of
from api.routes.answers import NEW, json_answer, version_of
from api.routes.uploads import Upload, read_upload
from api.schemas.access import CellsIn, PersonIn, PersonPatch
from api.services import accounts
from api.services.field.assignments import keep_assignments, read_assignments
from api.store.audit import Who
from api.store.engine import reading, writing
from web.problems import in_language

router = APIRouter(prefix="/api/v1", tags=["people"])

_MOST_MB = 20
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "CSV, XLSX, GeoJSON, GeoPackage or Shapefile with a column of cells, and one of inspectors",
        },
        "save": {"type": "string", "enum": ["yes", "no"], "description": "no: only say what the file says"},
    },
}
ASSIGNMENTS: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
}


async def _upload(request: Request, _actor: CurrentActor) -> AsyncIterator[Upload]:
    """Give the form that was sent; it is not read before the policy has let its sender in."""
    async with read_upload(request, most_mb=_MOST_MB) as upload:
        yield upload


@router.get("/people")
def list_people(session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """List everybody who can sign in."""
    return {"people": accounts.list_people(session, actor)}


@router.post("/people", **NEW)
def add_person(session: WriteSession, given: PersonIn) -> Response:
    """Add somebody; without a password one is made up, and shown in this answer alone."""
    document, created = accounts.add_account(session, given)
    return json_answer(document, status=201 if created else 200, etag=document["version"])


@router.get("/people/{identity}")
def show_person(session: ReadSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """Show one account."""
    document = accounts.person_view(session, accounts.known_person(session, identity), to=actor)
    return json_answer(document, etag=document["version"])


@router.patch("/people/{identity}")
def change_person(
    session: WriteSession,
    actor: CurrentActor,
    identity: uuid.UUID,
    change: PersonPatch,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change an account; with another password, or disabled, its sessions and tokens end."""
    document = accounts.change_account(session, actor, identity, change, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.post("/people/{identity}/sign-out", status_code=204)
def sign_out_person(session: WriteSession, identity: uuid.UUID) -> Response:
    """End all sessions and tokens of somebody: a phone was lost."""
    accounts.sign_out_everywhere(session, identity)
    return Response(status_code=204)


@router.get("/people/{identity}/cells")
def list_cells(session: ReadSession, identity: uuid.UUID) -> Response:
    """List the cells that an inspector walks."""
    document = accounts.cells_of(session, identity)
    return json_answer(document, etag=document["version"])


@router.put("/people/{identity}/cells")
def assign_cells(
    session: WriteSession, identity: uuid.UUID, given: CellsIn, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Say which cells an inspector walks: these, and no others."""
    document = accounts.assign_cells(session, identity, given.cells, version_of(if_match))
    return json_answer(document, etag=document["version"])


@router.post("/cells/assignments", **ASSIGNMENTS)
async def assign_by_file(
    request: Request, who: CurrentWho, sent: Annotated[Upload, Depends(_upload)]
) -> dict[str, Any]:
    """Say what a file says of who walks which cell; with ``save`` as "yes", let it be so: all of it or nothing."""
    save = sent.fields.get("save", "no")
    if save not in ("yes", "no") or set(sent.fields) - {"save"}:
        raise BadInputError("save is yes or no", problems=[Problem("body.save", "save is yes or no")])
    said = await anyio.to_thread.run_sync(lambda: _assigned(request, who, sent, save=save == "yes"))
    language = language_of(request)
    for problem in said["problems"]:
        problem["what"] = in_language(problem["what"], language)
    return said


def _assigned(request: Request, who: Who, sent: Upload, *, save: bool) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        # the ending of the name is a hint to what the file is; the rest of it is the sender's and stays out of paths
        path = Path(folder) / f"file{Path(sent.file.filename or '').suffix[:10]}"
        path.write_bytes(sent.file.file.read())
        if save:
            with writing(request.app.state.engine, who) as session:
                return keep_assignments(session, path)
        with reading(request.app.state.engine) as session:
            return read_assignments(session, path)
