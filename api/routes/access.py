"""Who are you: sessions of browsers, tokens of scripts, and what you may do."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from api.dependencies import (
    CurrentActor,
    CurrentWho,
    ReadSession,
    WriteSession,
    credential,
    session_cookie,
)
from api.routes.answers import json_answer
from api.schemas.access import PasswordIn, SignInIn, TokenIn
from api.security import sessions
from api.security.signin import sign_in
from api.services import accounts
from api.store.models.base import now

router = APIRouter(prefix="/api/v1", tags=["access"])
DEVICE_COOKIE = "campus-device"
_YEAR_S = 365 * 86_400


@router.post("/session", status_code=201)
def start_session(request: Request, who: CurrentWho, given: SignInIn) -> Response:
    """Sign in from a browser: the session goes into a cookie that no script can read."""
    signed = sign_in(
        request.app.state.engine,
        who,
        name=given.username,
        password=given.password,
        kind="session",
        days=sessions.SESSION_DAYS,
        moment=now(),
        device=request.cookies.get(DEVICE_COOKIE),
    )
    answer = json_answer(
        {"csrf": sessions.csrf_token(signed.secret), "expires_at": signed.expires_at.isoformat()}, status=201
    )
    keep_session(request, answer, signed.secret, signed.device)
    return answer


def keep_session(request: Request, answer: Response, secret: str, device: str) -> None:
    """Put a new session, and the mark of a known device, into the cookies of an answer."""
    secure = request.url.scheme == "https"
    answer.set_cookie(
        session_cookie(request),
        secret,
        max_age=sessions.SESSION_DAYS * 86_400,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    answer.set_cookie(
        DEVICE_COOKIE, device, max_age=_YEAR_S, path="/api/v1/", secure=secure, httponly=True, samesite="lax"
    )


@router.delete("/session", status_code=204)
def end_session(request: Request, session: WriteSession, actor: CurrentActor) -> Response:
    """Sign out: the session of this request ends, here and on the server."""
    sessions.end_current(session, actor)
    answer = Response(status_code=204)
    answer.delete_cookie(session_cookie(request), path="/", secure=request.url.scheme == "https", httponly=True)
    return answer


@router.post("/token")
def get_token(
    request: Request, who: CurrentWho, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> dict[str, Any]:
    """Sign in from a script by name and password; the token is shown once."""
    signed = sign_in(
        request.app.state.engine,
        who,
        name=form.username,
        password=form.password,
        kind="bearer",
        days=sessions.TOKEN_DAYS,
        moment=now(),
    )
    return {"access_token": signed.secret, "token_type": "bearer", "expires_in": sessions.TOKEN_DAYS * 86_400}


@router.delete("/token", status_code=204)
def end_token(session: WriteSession, actor: CurrentActor) -> Response:
    """Sign out: the token of this request ends."""
    sessions.end_current(session, actor)
    return Response(status_code=204)


@router.get("/tokens")
def list_tokens(session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """List your own sessions and tokens."""
    return {"tokens": accounts.credential_views(sessions.list_credentials(session, actor, now()), actor)}


@router.post("/tokens", status_code=201)
def make_token(session: WriteSession, actor: CurrentActor, who: CurrentWho, given: TokenIn) -> Response:
    """Make a bearer token for a script; it is shown in this answer and never again."""
    return json_answer(accounts.make_token(session, actor, given, now(), who.address), status=201)


@router.delete("/tokens/{identity}", status_code=204)
def revoke_token(session: WriteSession, actor: CurrentActor, identity: uuid.UUID) -> Response:
    """End one of your sessions or tokens."""
    sessions.revoke(session, actor, identity)
    return Response(status_code=204)


@router.get("/me")
def me(request: Request, session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """Say who you are, which roles you have, and which cells are yours."""
    shown = credential(request)
    csrf = sessions.csrf_token(shown[0]) if shown and shown[1] == "session" and actor.id is not None else None
    return accounts.me(session, actor) | {"csrf": csrf}


@router.post("/me/password", status_code=204)
def change_password(session: WriteSession, actor: CurrentActor, given: PasswordIn) -> Response:
    """Change your password; all your sessions and tokens end."""
    accounts.change_own_password(session, actor, given)
    return Response(status_code=204)
