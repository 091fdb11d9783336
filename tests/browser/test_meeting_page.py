"""The meeting in a browser: decided on the page, carried out, struck off, and there again next week (invented)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_exchange_pages import nothing_serious

pytestmark = pytest.mark.browser


def test_a_decision_is_taken_and_stands_on_the_page_of_next_week(visit: Any) -> None:
    watched = visit("/meeting#period=2026-W47&city=330681", name="demo-dispatcher")
    page = watched.page
    expect(page.locator("#decide-part")).to_be_visible()
    form = page.locator("#decide")
    form.locator("[name=problem]").fill("浏览器里的问题（虚构）")
    form.locator("[name=becomes]").select_option("notice")
    expect(form.locator("[name=school]")).to_be_hidden()
    form.locator("[name=department]").select_option("urban_management")
    page.locator("#assisting input[value=market_supervision]").check()
    form.locator("button").click()
    row = page.locator("#decisions tbody tr", has_text="浏览器里的问题")
    expect(row).to_contain_text("配合：")
    expect(row).to_contain_text("办理中")
    # nothing shows yet that it was carried out
    row.get_by_role("button", name="销号").click()
    page.locator("#deed-form [name=note]").fill("虚构")
    page.locator("#deed-form button.button--primary").click()
    expect(page.locator("#deed-problem")).to_contain_text("尚无办结依据")
    page.locator("#deed-form [data-close]").click()
    # a case at a school
    form.locator("[name=problem]").fill("浏览器里的摊贩（虚构）")
    form.locator("[name=department]").select_option("urban_management")
    form.locator("[name=becomes]").select_option("case")
    expect(form.locator("[name=school]")).to_be_visible()
    form.locator("button").click()
    expect(page.locator("#decide-said")).to_contain_text("已议定")
    expect(page.locator("#decisions tbody tr", has_text="浏览器里的摊贩")).to_contain_text("已派遣")
    with page.expect_download() as down:
        page.locator("#papers a").first.click()
    assert re.fullmatch(r"minutes-2026-W47\.docx", down.value.suggested_filename)
    nothing_serious(page)
    page.locator("#after").click()
    earlier = page.locator("#earlier tbody tr", has_text="浏览器里的问题")
    expect(earlier).to_contain_text("2026-W47-")
    page.locator("#present").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#s-earlier")).to_be_visible()
    page.keyboard.press("Escape")
    assert [one for one in watched.trouble() if "409 (Conflict)" not in one] == []  # striking off was refused


def test_everybody_at_the_table_reads_it_in_english_on_a_phone(visit: Any) -> None:
    watched = visit("/meeting?lang=en#period=2020-W53&city=330681", PHONE, name="demo-viewer")
    page = watched.page
    expect(page.locator("#period")).to_have_text("week 53 of 2020")  # nothing is on record of it, and it says so
    expect(page.locator("#decisions")).to_contain_text("Nothing has been decided")
    expect(page.locator("#decide-part")).to_be_hidden()
    nothing_serious(page)
    assert watched.trouble() == []


def test_the_office_has_a_brief_written_and_sets_the_targets(visit: Any) -> None:
    watched = visit("/meeting#period=2026-W47&city=330681", name="demo-dispatcher")
    page = watched.page
    page.wait_for_selector("body[data-ready]")
    with page.expect_download() as down:
        page.locator("#brief-files").get_by_role("button", name="Excel").click()
        expect(page.locator("#writing")).to_contain_text("正在生成Excel")
    assert down.value.suggested_filename == "brief-2026-W47.xlsx"
    expect(page.locator("#writing")).to_be_hidden()
    expect(page.locator("#brief-files button").first).to_be_enabled()
    page.locator("#targets-edit summary").click()
    rows = page.locator("#targets-list li")
    expect(rows).to_have_count(4)  # those of the notice
    expect(rows.nth(1).locator("[name=goal]")).to_have_value("30")
    for _ in range(3):
        rows.last.get_by_role("button").click()
    page.locator("#target-add").click()
    rows.nth(1).locator("[name=zh]").fill("<b>街道辅导站</b>（虚构）")
    page.locator("#targets-keep").click()
    expect(page.locator("#targets tbody tr")).to_have_count(4)  # the browser wants an English name first
    rows.nth(1).locator("[name=en]").fill("Stations of townships (made up)")
    rows.nth(1).locator("[name=kind]").select_option("station")
    rows.nth(1).locator("[name=goal]").fill("23")
    rows.nth(1).locator("[name=due_on]").fill("2027-06-30")
    page.locator("#targets-keep").click()
    expect(page.locator("#targets tbody tr")).to_have_count(2)
    last = page.locator("#targets tbody tr").last
    expect(last).to_contain_text("<b>街道辅导站</b>")
    expect(last).to_contain_text("23")
    expect(last).to_contain_text("2027-06-30")
    nothing_serious(page)
    assert watched.trouble() == []


def test_another_city_takes_its_own_term_and_a_week_that_has_not_begun_tells_nothing(visit: Any) -> None:
    watched = visit("/meeting#period=2026-T1&city=330681", name="demo-viewer")
    page = watched.page
    expect(page.locator("#tiles .tile")).not_to_have_count(0)
    city = page.locator("#chooser [name=city]")
    for other in [one.get_attribute("value") for one in city.locator("option").all()]:
        city.select_option(other)
        page.wait_for_selector("body[data-ready]")
        own = page.evaluate(
            "code => JSON.parse(document.getElementById('page-config').textContent).periods[code].term", other
        )
        if own is None:
            expect(page.locator("#problem")).to_contain_text("学期")
            expect(page.locator("#slides")).to_be_hidden()
        else:
            expect(page.locator("#problem")).to_be_hidden()
            expect(page).to_have_url(re.compile(f"period={own}.*city={other}"))
    page.goto(page.url.split("#")[0] + "#period=2199-W10&city=330681")
    expect(page.locator("#days")).to_contain_text("本期尚未开始")
    expect(page.locator("#tiles")).to_be_hidden()
    expect(page.locator("#decisions")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#period=2026-T9&city=330681")
    expect(page.locator("#problem")).to_contain_text("没有学期")
    expect(page.locator("#slides")).to_be_hidden()
    assert [one for one in watched.trouble() if "404" not in one] == []
