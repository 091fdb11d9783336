"""Joint actions, notices, the address book and the bell in a browser, over the demonstration (invented)."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Site

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def nothing_serious(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found["violations"] if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_action_is_planned_around_schools_and_followed(visit: Any) -> None:
    watched = visit("/actions", name="demo-dispatcher")
    page = watched.page
    page.locator("#new").click()
    form = page.locator(".plan-form")
    form.locator("[name=title]").fill("浏览器里的行动（虚构）")
    form.locator("[name=starts_on]").fill("2026-11-01")
    form.locator("[name=ends_on]").fill("2026-11-08")
    form.locator("[name=department]").select_option("urban_management")
    form.locator("[name=people]").fill("7")
    form.locator("[type=submit]").click()
    expect(form.locator(".form-problem")).to_be_visible()  # no area yet
    offered = form.locator(".pick-list label")
    here = offered.first.inner_text()
    form.locator("[name=city]").select_option("TEMPE")
    expect(offered.first).not_to_have_text(here)
    offered.first.locator("input").check()
    form.locator("[name=city]").select_option("330681")
    expect(offered.first).to_have_text(here)
    # the school of the other city is forgotten
    expect(form.locator("fieldset [role=status]")).to_have_text("已选 0 所学校")
    form.locator(".pick-list input").first.check()
    form.locator("[type=submit]").click()
    card = page.locator("#action")
    expect(card.locator("h2")).to_have_text("浏览器里的行动（虚构）")
    expect(card).to_contain_text("进展")
    assert "#action=" in page.url
    page.get_by_role("button", name="计算").click()
    expect(card.locator(".finding").first).to_be_visible()
    card.locator("[name=report]").fill("完成（虚构）")
    card.locator(".move-form [type=submit]").click()
    expect(card.locator(".tag").first).to_have_text("已总结")
    nothing_serious(page)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert watched.events == []


def test_an_area_is_drawn_on_the_map(visit: Any) -> None:
    watched = visit("/actions?lang=en", name="demo-dispatcher", language="en")
    page = watched.page
    page.locator("#new").click()
    form = page.locator(".plan-form")
    form.locator("[value=draw]").check()
    expect(page.locator("#hint")).to_contain_text("corners")
    for x, y in ((200, 200), (400, 200), (400, 400), (200, 400)):
        page.locator("#map").click(position={"x": x, "y": y})
    expect(form).to_contain_text("4 corners drawn")
    form.get_by_role("button", name="Undo one step").click()
    expect(form).to_contain_text("3 corners drawn")
    assert watched.events == []


def test_a_notice_is_written_told_by_the_bell_read_and_answered(visit: Any, site: Site) -> None:
    title = f"浏览器通报 {uuid.uuid4().hex[:6]}（虚构）"
    office = visit("/notices", name="demo-dispatcher")
    page = office.page
    page.locator("#new").click()
    form = page.locator(".plan-form")
    form.locator("[name=title]").fill(title)
    form.locator("[name=body]").fill("内容（虚构）")
    form.locator("[name=to][value=urban_management]").check()
    form.locator("[name=wants_answer]").check()
    form.locator("input[type=file]").set_input_files(
        {"name": "情况.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 invented\n%%EOF\n"}
    )
    form.locator("[value=send]").click()
    expect(page.locator("#notice h2")).to_have_text(title)
    expect(page.locator("#notice")).to_contain_text("未读")
    expect(page.locator("#notice .files a")).to_have_text("情况.pdf")
    nothing_serious(page)
    reader = visit("/board", PHONE, name="demo-liaison")
    expect(reader.page.locator("#bell-number")).to_be_visible()
    reader.page.locator("#bell summary").click()
    reader.page.locator("#bell-list a", has_text=title).click()
    reader.page.wait_for_url(re.compile("/notices#notice="))
    expect(reader.page.locator("#notice h2")).to_have_text(title)
    nothing_serious(reader.page)
    reader.page.locator("#notice [name=text]").fill("已安排（虚构）")
    reader.page.locator("#notice .move-form [type=submit]").click()
    expect(reader.page.locator("#notice")).to_contain_text("已安排（虚构）")
    page.reload()
    expect(page.locator("#notice")).to_contain_text("已安排（虚构）")
    assert office.events == reader.events == []


def test_the_address_book_says_who_is_away(visit: Any) -> None:
    watched = visit("/departments", name="demo-liaison")
    page = watched.page
    expect(page.locator("#book")).to_contain_text("demo-leader")
    page.locator("#away [name=starts_on]").fill("2026-01-01")
    page.locator("#away [name=ends_on]").fill("2099-01-01")
    page.locator("#away [name=substitute]").select_option(label="demo-handler")
    page.locator("#away [type=submit]").click()
    expect(page.locator("#book")).to_contain_text("由demo-handler代理")
    nothing_serious(page)
    page.locator("#away-table .text-button").click()
    expect(page.locator("#book")).not_to_contain_text("由demo-handler代理")
    office = visit("/departments?lang=en", PHONE, name="demo-dispatcher", language="en")
    office.page.locator("#book .text-button").first.click()
    expect(office.page.locator("#edit h2")).to_be_visible()
    assert watched.events == office.events == []


def test_administrators_see_the_outbox(visit: Any) -> None:
    watched = visit("/admin?lang=en#outbox", name="demo-admin", language="en")
    expect(watched.page.locator("#outbox-counts")).to_contain_text("not deliverable")
    assert watched.events == []
