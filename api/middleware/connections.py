"""How long a connection may keep the server waiting: a request that never comes to its end holds a place for ever else.

A few hundred connections that each send a byte now and then would take all places of a small server. A reverse proxy
in front sees to it too; this is for servers without one, and for what is asked past it.
"""

from __future__ import annotations

import asyncio
import math

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""Within so many seconds the head of a request must have come, from when it is waited for."""

BODY_S = 60.0
"""Within so many seconds a body that is not over must have brought something, however thin the line is."""

BODY_BYTES = 2_000
"""How much of a body at least; less than the slowest line of a phone carries in a second."""


class Patient(H11Protocol):
    """Speaks HTTP with one client, and hangs up where it has waited long enough."""

    _timer: asyncio.TimerHandle | None = None
    _waits_for: type[h11.IDLE] | type[h11.SEND_BODY] | None = None
    _come = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._mind()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._come += len(data)
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop()
        super().connection_lost(exc)

    def _mind(self) -> None:
        """Wait for what is to come now: a head, a body, or nothing, while it is answered."""
        state = self.conn.their_state
        waits_for = state if state in {h11.IDLE, h11.SEND_BODY} else None
        if waits_for is self._waits_for:
            return
        self._stop()
        self._waits_for = waits_for
        self._begin()

    def _begin(self) -> None:
        self._come = 0
        if self._waits_for is not None:
            self._timer = self.loop.call_later(HEAD_S if self._waits_for is h11.IDLE else BODY_S, self._look)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._waits_for = None, None

    def _look(self) -> None:
        """Hang up, unless the body goes on, or it is we who do not read it."""
        enough = BODY_BYTES if self._waits_for is h11.SEND_BODY else math.inf
        if self._come >= enough or self.flow.read_paused:
            self._begin()
        else:
            self.transport.close()
