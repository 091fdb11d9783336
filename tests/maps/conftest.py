from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import chromium
from tests.conftest import skip_or_fail

VENDOR = Path(__file__).parents[2] / "web" / "static" / "vendor"


def pytest_configure(config: pytest.Config) -> None:
    chromium.register(config)


@pytest.fixture(scope="session")
def assets() -> dict[str, str]:
    """Return the browser libraries that pages are made of."""
    names = ("leaflet/leaflet.js", "leaflet/leaflet.css")
    if not all((VENDOR / name).is_file() for name in names):
        skip_or_fail("the browser libraries are not in place: run python -m web.vendor")
    return {name: (VENDOR / name).read_text(encoding="utf-8") for name in names}


@dataclass
class Watched:
    """A page and everything about it that must not happen."""

    page: Page
    events: list[str] = field(default_factory=list)


@pytest.fixture
def watch(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens a page's text from a file with the network off, and watches it."""
    contexts = []

    def open_page(text: str, *, width: int = 1280, height: int = 800) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        contexts.append(context)
        context.set_offline(True)
        watched = Watched(context.new_page())
        page, events = watched.page, watched.events

        def route_all(route):
            if route.request.url.startswith(("file:", "data:")):
                route.continue_()
            else:
                route.abort()

        def on_dialog(dialog):
            events.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        def on_request(request):
            if not request.url.startswith(("file:", "data:")) or request.url.startswith("file:") != (
                request.url == address
            ):
                events.append(f"request: {request.url}")

        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        address = path.as_uri()
        page.route("**/*", route_all)
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        page.on("pageerror", lambda error: events.append(f"error: {error}"))
        page.on("console", lambda said: events.append(f"console: {said.text}") if said.type == "error" else None)
        page.goto(address)
        return watched

    yield open_page
    for context in contexts:
        context.close()
