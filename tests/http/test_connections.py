"""Clients that keep the server waiting, on a real socket; each test waits for the server to hang up, not for a clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import h11
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api.middleware import connections
from tests import loops

T = TypeVar("T")
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n"
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def length(request: Request) -> JSONResponse:
    return JSONResponse(len(await request.body()))


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Serve how long a body is, on a free port."""
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=connections.Patient, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def said(reader: asyncio.StreamReader) -> tuple[bytes, object]:
    """Return the first line of an answer, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return head.split(b"\r\n")[0], json.loads(await reader.readexactly(size))


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost:", POST + b"\r\n", POST + b"\r\nabcd", GET, GET + b"GET / HT"],
    ids=["nothing", "half a head", "no body", "half a body", "no second request", "half a second head"],
)
def test_whoever_keeps_the_server_waiting_is_hung_up_on(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    monkeypatch.setattr(connections, "BODY_S", 0.2)

    async def wait() -> None:
        async with serving() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            if sent.startswith(GET):
                assert await said(reader) == (b"http/1.1 200 ok", 0)
            async with asyncio.timeout(60):
                assert await reader.read() in {b"", b"Internal Server Error"}
            writer.close()

    loops.run(wait())


def test_a_body_that_goes_on_is_waited_for_and_one_that_drips_is_not() -> None:
    """Each time the clock of the server rings: here we ring it."""

    async def wait() -> None:
        async with serving() as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POST.replace(b"10", b"6001") + b"\r\n")
            (connection,) = await until(lambda: server.server_state.connections)
            assert isinstance(connection, connections.Patient)
            await until(lambda: connection._waits_for is h11.SEND_BODY)
            for _ in range(2):
                writer.write(b"x" * connections.BODY_BYTES)
                await until(lambda: connection._come >= connections.BODY_BYTES)
                connection._look()
            assert not connection.transport.is_closing()
            writer.write(b"x" * (6_001 - 2 * connections.BODY_BYTES))
            assert await said(reader) == (b"http/1.1 200 ok", 6_001)
            writer.write(GET)  # and the connection is good for more
            assert await said(reader) == (b"http/1.1 200 ok", 0)
            writer.write(POST + b"\r\n")
            await until(lambda: connection._waits_for is h11.SEND_BODY)
            writer.write(b"x")
            await until(lambda: connection._come == 1)
            connection._look()
            assert connection.transport.is_closing()
            writer.close()

    loops.run(wait())


async def until(look: Callable[[], T]) -> T:
    async with asyncio.timeout(60):
        while not (found := look()):
            await asyncio.sleep(0.001)
        return found
