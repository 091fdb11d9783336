"""What axe finds on the pages of the office and of everybody, in both languages: nothing serious. All data invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import skip_or_fail

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {"/": "", "/board": "demo-dispatcher", "/police": "demo-police", "/admin": "demo-admin"}


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(visit, site, path: str, language: str) -> None:
    if not AXE.exists():
        skip_or_fail("axe-core is not here: python -m web.vendor fetches it")
    watched = visit(f"{path}?lang={language[:2]}", name=PAGES[path], language=language)
    page = watched.page
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "en-GB" else "zh-CN")
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tabs = page.locator("[role=tab]").all() if path == "/admin" else [None]
    for tab in tabs:
        if tab is not None:
            tab.click()
            page.wait_for_load_state("networkidle")
            box = tab.bounding_box()
            assert box["x"] + box["width"] <= page.viewport_size["width"]  # none is cut off
        found = page.evaluate("async () => (await axe.run()).violations")
        serious = [
            (one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in {"serious", "critical"}
        ]
        assert serious == []
