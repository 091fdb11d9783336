"""What routes are given: sessions, the person, the language, a box. As annotated types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio
from fastapi import Depends, Query, Request
from sqlalchemy.orm import Session

from api.errors import BadInputError, ForbiddenError, Problem, SignInError
from api.security.people import NOBODY, Actor
from api.security.policy import LOGGED_VIEWS, may
from api.security.rates import LONG
from api.security.sessions import csrf_fits, who_is
from api.settings import Settings
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models.base import now
from api.store.spatial import Bounds
from web.i18n import choose_language


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def session_cookie(request: Request) -> str:
    """Return the name of the session's cookie: on https one that no other site or subdomain can set."""
    return "__Host-campus" if request.url.scheme == "https" else "campus"


def credential(request: Request) -> tuple[str, str] | None:
    """Return the secret that a request shows, and its kind: a bearer token, or else the cookie of a session."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        return (token.strip(), "bearer") if scheme.lower() == "bearer" and token.strip() else None
    cookie = request.cookies.get(session_cookie(request))
    return (cookie, "session") if cookie else None


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host[:64] if request.client else ""


READS_AT_ONCE, WRITES_AT_ONCE, LONG_AT_ONCE = 4, 4, 2


class Turns:
    """How many requests are worked on at once; the others wait in order, and hold no thread.

    A request is mostly Python's own work, so more at once would only take turns at the interpreter. And a writer that
    waits for the embedded database holds a thread: without a limit, all threads would wait for one that has none left.
    """

    def __init__(self) -> None:
        self._reads = anyio.Semaphore(READS_AT_ONCE)
        self._writes = anyio.Semaphore(WRITES_AT_ONCE)
        self._long = anyio.Semaphore(LONG_AT_ONCE)

    def of(self, method: str, path: str) -> anyio.Semaphore:
        """Return where requests of a route wait; those that write or take long never keep others from reading."""
        if (method, path) in LONG:
            return self._long
        return self._reads if method in {"GET", "HEAD", "OPTIONS"} else self._writes


async def take_turn(request: Request) -> AsyncIterator[None]:
    """Wait for the turn of a request whose body is there, and hold it until the answer is made, not sent."""
    async with request.app.state.turns.of(request.method, request.scope["route"].path):
        yield


def authorise(request: Request) -> Actor:
    """Return the person behind the request, if the policy table allows them this route."""
    shown = credential(request)
    actor = NOBODY
    if shown is not None:
        with reading(request.app.state.engine) as session:
            actor = who_is(session, *shown, now())
    route: Any = request.scope["route"]
    settings = _settings(request)
    if not may(request.method, route.path, actor.roles, public_view=settings.public_view):
        if actor is NOBODY:
            raise SignInError("sign in first: this is not for everybody")
        raise ForbiddenError("your roles do not allow this")
    if shown is None or shown[1] == "session":
        _refuse_forged(request, shown[0] if shown and actor is not NOBODY else None)
    request.app.state.rates.count(
        request.method, route.path, f"address {address_of(request)}" if actor.id is None else f"person {actor.id}"
    )
    return actor


def _refuse_forged(request: Request, secret: str | None) -> None:
    """Refuse a change that a browser sends from a page that is not ours, with or without a session's cookie.

    A view that is logged counts as a change: a link on another site would have it logged in somebody's name.
    """
    logged = ("GET" if request.method == "HEAD" else request.method, request.scope["route"].path) in LOGGED_VIEWS
    if request.method in {"GET", "HEAD", "OPTIONS"} and not logged:
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise ForbiddenError("this request comes from a page of another site")
    if secret is not None and not csrf_fits(secret, request.headers.get("X-CSRF-Token", "")):
        raise ForbiddenError("this request does not carry the X-CSRF-Token of its session; load the page again")


CurrentActor = Annotated[Actor, Depends(authorise)]


def _who(request: Request, actor: CurrentActor) -> Who:
    """Return who is behind a request, for the audit log."""
    return Who(actor.id, actor.name, "web", address_of(request), getattr(request.state, "request_id", "")[:36])


CurrentWho = Annotated[Who, Depends(_who)]


def _read(request: Request) -> Iterator[Session]:
    with reading(request.app.state.engine) as session:
        yield session


def _write(request: Request, who: CurrentWho) -> Iterator[Session]:
    with writing(request.app.state.engine, who) as session:
        yield session


AppSettings = Annotated[Settings, Depends(_settings)]
# scope="function": the commit happens before the answer is sent, so that nothing is acknowledged that is not kept
ReadSession = Annotated[Session, Depends(_read, scope="function")]
WriteSession = Annotated[Session, Depends(_write, scope="function")]


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
