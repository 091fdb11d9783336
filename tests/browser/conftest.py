"""A real server over the demonstration's data (invented, and marked so), and pages that are watched."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from sqlalchemy.engine import Engine

from api.app import create_app
from api.services import demo
from api.settings import Settings
from api.store import migrate
from api.store.engine import make_engine, writing
from tests import chromium

DESKTOP, PHONE = (1440, 900), (390, 844)
_NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def pytest_configure(config: pytest.Config) -> None:
    chromium.register(config)


@dataclass(frozen=True)
class Site:
    """A running server, and the passwords of the demonstration's made-up people."""

    address: str
    passwords: dict[str, str]

    def ask(self, path: str, body: dict[str, Any] | None = None, *, token: str = "", form: bool = False) -> Any:
        """Return the answer to a GET, or with a body to a POST."""
        data = kind = None
        if body is not None:
            data = (urllib.parse.urlencode(body) if form else json.dumps(body)).encode()
            kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind or "", "Authorization": f"Bearer {token}" if token else ""}
        request = urllib.request.Request(
            self.address + path, data, {name: value for name, value in headers.items() if value}
        )
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)

    def sign_in(self, name: str) -> str:
        body = {"grant_type": "password", "username": name, "password": self.passwords[name]}
        return self.ask("/api/v1/token", body, form=True)["access_token"]


@dataclass(frozen=True)
class Demonstration:
    """A data folder with the demonstration, to be copied, and the passwords of its people."""

    folder: Path
    passwords: dict[str, str]

    def copied(self, folder: Path) -> Settings:
        """Return the settings of a copy in a new folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Settings(data=folder)


@pytest.fixture(scope="session")
def demonstration(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """Return the demonstration, loaded once; the browser is asked for first, so that nothing is loaded in vain."""
    settings = Settings(data=tmp_path_factory.mktemp("demonstration"))
    engine = make_engine(settings.resolved_database_url)
    migrate.upgrade(engine)
    with writing(engine) as session:
        signs = demo.load(session, settings)
    engine.dispose()
    return Demonstration(settings.data, dict(line.split() for line in signs if line.startswith("  demo-")))


@pytest.fixture(scope="session")
def site(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a server with the demonstration."""
    settings = demonstration.copied(tmp_path_factory.mktemp("data"))
    with running(make_engine(settings.resolved_database_url), settings) as address:
        yield Site(address, demonstration.passwords)


@contextmanager
def running(engine: Engine, settings: Settings) -> Iterator[str]:
    """Run a server on a database, and give its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings, engine), log_level="warning"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def until(page: Page, script: str, argument: Any = None) -> None:
    """Wait until a script of the page, which may be asynchronous, gives something true."""
    for _ in range(chromium.PATIENCE_MS // 100):
        if page.evaluate(script, argument):
            return
        page.wait_for_timeout(100)
    raise AssertionError(script)


@dataclass
class Watched:
    """A page, and everything that must not happen on it."""

    page: Page
    events: list[str] = field(default_factory=list)

    def trouble(self) -> list[str]:
        """Return what went wrong so far: in the console, in scripts, against the policy, or by asking elsewhere."""
        told = [f"{frame.url}: {text}" for frame in self.page.frames for text in frame.evaluate("window.violations")]
        return self.events + told


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens an address of the site and watches the page."""
    contexts = []

    def open_page(
        path: str = "/",
        size: tuple[int, int] = DESKTOP,
        *,
        language: str = "zh-CN",
        address: str = site.address,
        name: str = "",
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            locale=language,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(chromium.PATIENCE_MS)
        context.add_init_script(_NOTE_VIOLATIONS)
        if name:
            body = {"username": name, "password": site.passwords[name]}
            assert context.request.post(f"{address}/api/v1/session", data=body).ok
        watched = Watched(context.new_page())
        events = watched.events

        def on_request(request):
            if not request.url.startswith((f"{address}/", "data:", "blob:")):
                events.append(f"request: {request.url}")

        def on_dialog(dialog):
            events.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        def on_console(said):
            if said.type in ("error", "warning"):
                events.append(f"{said.type}: {said.text}")

        watched.page.on("request", on_request)
        watched.page.on("dialog", on_dialog)
        watched.page.on("pageerror", lambda error: events.append(f"script: {error}"))
        watched.page.on("console", on_console)
        watched.page.goto(address + path)
        return watched

    yield open_page
    for context in contexts:
        context.close()
