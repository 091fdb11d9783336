"""How large a request may be: counted while it comes, before anything is made of it.

Without a limit anybody could fill the memory of the machine, for a body is read before it is known who sends it.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.settings import Settings


class Bodies:
    """Refuses what is too large.

    A route that has looked who sends it may count by itself, in pieces: it sets ``request.state.counts_its_body``.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._most_mb = settings.request_max_mb
        self._most_bytes = round(settings.request_max_mb * 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the answer is 413 once more of its body has come than is read, or has been announced."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("Content-Length", "")
        taken = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 18 else 0
        state = scope.setdefault("state", {})
        come = 0

        async def counted() -> Message:
            nonlocal come
            if max(come, taken) > self._most_bytes and not state.get("counts_its_body"):
                raise self._too_large()
            message = await receive()
            come += len(message.get("body", b""))
            if come > self._most_bytes and not state.get("counts_its_body"):
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"the request is larger than {self._most_mb:g} MB")
