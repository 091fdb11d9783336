"""What routes are given: sessions, the person, the language, a box. As annotated types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from api.errors import BadInputError, Problem
from api.security.people import NOBODY, Actor, who_is
from api.security.policy import may
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models.base import now
from api.store.spatial import Bounds
from web.i18n import choose_language


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _read(request: Request) -> Iterator[Session]:
    with reading(request.app.state.engine) as session:
        yield session


def _write(request: Request) -> Iterator[Session]:
    with writing(request.app.state.engine) as session:
        yield session


AppSettings = Annotated[Settings, Depends(_settings)]
# scope="function": the commit happens before the answer is sent, so that nothing is acknowledged that is not kept
ReadSession = Annotated[Session, Depends(_read, scope="function")]
WriteSession = Annotated[Session, Depends(_write, scope="function")]


def bearer(request: Request) -> str | None:
    """Return the bearer token of a request."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def authorise(request: Request) -> Actor:
    """Return the person behind the request, if the policy table allows them this route."""
    token = bearer(request)
    actor = NOBODY
    if token is not None:
        with reading(request.app.state.engine) as session:
            actor = who_is(session, token, now())
    route: Any = request.scope["route"]
    settings = _settings(request)
    if may(request.method, route.path, actor.roles, public_view=settings.public_view):
        return actor
    if actor is NOBODY:
        raise HTTPException(401, "sign in first: this needs a bearer token", headers={"WWW-Authenticate": "Bearer"})
    raise HTTPException(403, "your roles do not allow this")


CurrentActor = Annotated[Actor, Depends(authorise)]


def _language(request: Request, lang: Annotated[str | None, Query(max_length=10)] = None) -> str:
    """Return the language of the answer: asked for, chosen before, preferred by the browser, or the default."""
    header = request.headers.get("Accept-Language", "")
    cookie = request.cookies.get("language")
    wishes = [lang, cookie]
    if not header.startswith("*") and _settings(request).language == "en":
        wishes.append("en")
    return choose_language(*wishes)


Language = Annotated[str, Depends(_language)]


def _bounds(
    bbox: Annotated[
        str | None,
        Query(description="west,south,east,north in degrees", examples=["120.1,29.6,120.4,29.9"], max_length=200),
    ] = None,
) -> Bounds | None:
    if bbox is None:
        return None
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        raise _bad_bbox("it needs four numbers: west,south,east,north") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _bad_bbox("west must not lie east of east, nor south north of north, and all must be on Earth")
    return west, south, east, north


def _bad_bbox(what: str) -> BadInputError:
    return BadInputError(f"bbox: {what}", problems=[Problem(where="query.bbox", what=what)])


Box = Annotated[Bounds | None, Depends(_bounds)]
Limit = Annotated[int, Query(ge=1, le=1000, description="at most so many")]
Cursor = Annotated[int, Query(ge=0, lt=2**62, description="where to go on: from the Link header of the last answer")]
