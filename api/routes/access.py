"""Who are you: bearer tokens for scripts, and what you may do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from starlette.exceptions import HTTPException

from api.dependencies import CurrentActor, WriteSession, bearer
from api.security import people
from api.store.models.base import now

router = APIRouter(prefix="/api/v1", tags=["access"])


@router.post("/token")
def get_token(form: Annotated[OAuth2PasswordRequestForm, Depends()], session: WriteSession) -> dict[str, Any]:
    """Sign in by name and password; the token is shown once."""
    token = people.sign_in(session, form.username, form.password, now())
    if token is None:
        raise HTTPException(401, "the name or the password is wrong", headers={"WWW-Authenticate": "Bearer"})
    return {"access_token": token, "token_type": "bearer", "expires_in": people.TOKEN_DAYS * 86400}


@router.delete("/token", status_code=204)
def end_token(request: Request, session: WriteSession) -> Response:
    """Sign out: the token of this request ends."""
    token = bearer(request)
    if token is not None:
        people.sign_out(session, token)
    return Response(status_code=204)


@router.get("/me")
def me(actor: CurrentActor) -> dict[str, Any]:
    """Say who you are and which roles you have."""
    return {"name": actor.name or None, "display_name": actor.display_name or None, "roles": sorted(actor.roles)}
