"""The server, and the demonstration."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.console import Database, operator, out, ready_engine, settings_for, working
from api.errors import UnavailableError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

_GRACE_S = 30


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    forwarded_allow_ips: Annotated[
        str, typer.Option(help="Addresses of reverse proxies whose X-Forwarded headers are believed, by commas.")
    ] = "127.0.0.1",
    database: Database = None,
) -> None:
    """Run the server; the database is created or upgraded first."""
    import uvicorn

    from api.app import create_app
    from api.jobs.worker import working_beside
    from api.middleware.connections import Patient
    from api.middleware.logs import configure_logs

    os.umask(0o077)  # nobody else on the machine reads what is written from here on
    settings = settings_for(database)
    engine = ready_engine(settings)
    _show_first_administrator(engine)
    configure_logs(as_json=not sys.stdout.isatty())

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _spare_what_stays()
            if self.started:  # the address is printed when it answers, and not before
                for listening in self.servers[0].sockets:
                    out.print(_address(host, listening.getsockname()[1]))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.live.close()  # who listens for changes would hold the server up
            await super().shutdown(sockets)

    app = create_app(settings, engine)
    server = Server(
        uvicorn.Config(
            app,
            http=Patient,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=forwarded_allow_ips,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    # The server lets requests end and then raises the signal again; having ended in order is a success.
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: None)
    beside = working_beside(engine, settings) if settings.worker_in_server else nullcontext()
    try:
        with beside:
            server.run()
    except SystemExit:
        raise UnavailableError(f"the server cannot listen on {host}:{port}; the line above says why") from None


def _spare_what_stays() -> None:
    """Have the collector of garbage leave alone what is there for good: all modules, routes and tables.

    To walk through these 400,000 objects takes 0.2 s, in which nobody gets an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def work(
    once: Annotated[bool, typer.Option("--once", help="Send what is to be sent now, and end.")] = False,
    database: Database = None,
) -> None:
    """Send messages by e-mail and to robots, and tell people of what is due; until it is stopped."""
    import asyncio
    import threading

    from api.jobs.worker import Worker
    from api.middleware.logs import configure_logs

    settings = settings_for(database)
    worker = Worker(ready_engine(settings), settings)
    if once:
        out.print(f"{asyncio.run(worker.once())} messages sent")
        return
    configure_logs(as_json=not sys.stdout.isatty())
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: stop.set())
    out.print("working; Ctrl+C ends it")
    asyncio.run(worker.run(stop.is_set))


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty embedded database.")] = False,
    database: Database = None,
) -> None:
    """Load the demonstration and print what is in it."""
    from api.services import demo as service
    from api.store.engine import writing

    settings = settings_for(database)
    if fresh:
        service.remove_embedded(settings)
    engine = ready_engine(settings)
    _show_first_administrator(engine)
    with working("loading the demonstration"), writing(engine, operator()) as session:
        lines = service.load(session, settings)
    for line in lines:
        out.print(line)


def _show_first_administrator(engine: Engine) -> None:
    from api.services.first_start import make_administrator

    made = make_administrator(engine)
    if made is not None:
        out.print(f"first start: sign in as {made.name} with the password {made.password}")
        out.print(f"it is shown this once; to have another: campus user password {made.name}")
