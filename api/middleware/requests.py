"""The id of each request, its line in the log, and the figures about it.

The line names the route by its template and never by the path that was asked for: paths and queries hold names of
places and people. It holds no address either.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.figures import Figures
from api.problems import problem

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("api.request")


class Requests:
    """Gives each request its id, and writes down how it went."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what goes wrong unexpectedly is a problem 500 that says nothing of the inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(Headers(scope=scope).get("X-Request-ID", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        began = time.perf_counter()
        self._figures.outstanding.inc()
        failure = ""
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, with_id)
            except Exception as error:
                failure = type(error).__name__
                if not status:
                    answer = problem(500, "the fault is on our side, and is in the log", code="fault")
                    await answer(scope, receive, with_id)
                raise
            finally:
                self._figures.outstanding.dec()
                self._write_down(scope, status, time.perf_counter() - began, failure)

    def _write_down(self, scope: Scope, status: int, duration_s: float, failure: str) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        route = route_of(scope)
        self._figures.count(method, route, status, duration_s)
        said: dict[str, Any] = {"method": method, "route": route, "status": status}
        said["duration_ms"] = round(duration_s * 1000, 1)
        if failure:
            _log.error("request", **said, failure=failure)
        else:
            _log.info("request", **said)


def _id_of(sent: str) -> str:
    """Return the id that a client sent, if it can do no harm in a log; else a new one."""
    return sent if _PLAIN_ID.fullmatch(sent) else uuid.uuid4().hex


def route_of(scope: Scope) -> str:
    """Return the template of a request's route; what fits no route has one name, whatever was asked for."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    return "/static" if scope["path"].startswith("/static/") else "none"
