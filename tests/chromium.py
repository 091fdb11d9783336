"""Debian's Chromium for every folder of tests that opens pages: one browser for the whole run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import skip_or_fail

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 90_000  # a busy machine is slow; what never comes still ends

expect.set_options(timeout=PATIENCE_MS)


def register(config: pytest.Config) -> None:
    """Make the fixture `browser` known; two folders that ask get the same one, since Playwright runs but once."""
    if not config.pluginmanager.has_plugin("chromium"):
        config.pluginmanager.register(sys.modules[__name__], "chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, started once."""
    found = shutil.which("chromium")
    if not found:
        skip_or_fail("Chromium is not here: install the Debian package chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()
