"""Accounts, for administrators; the cells that inspectors walk, for the office too."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from api.dependencies import CurrentActor, ReadSession, WriteSession
from api.routes.answers import NEW, json_answer, version_of
from api.schemas.access import CellsIn, PersonIn, PersonPatch
from api.services import accounts

router = APIRouter(prefix="/api/v1", tags=["people"])


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
