"""The police page in a browser, over the demonstration's made-up incidents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def ready(page: Page) -> Page:
    page.wait_for_selector("body[data-ready]")
    return page


def test_hot_spots_are_sentences_and_the_filters_stay_in_the_address(visit):
    watched = visit("/police", name="demo-police")
    page = ready(watched.page)
    expect(page.locator("#spots button").first).to_contain_text(re.compile(r"周内 \d+ 起，预期 [\d.]+ 起"))
    all_week = page.locator("#state").inner_text()
    page.locator(".day").nth(1).click()
    expect(page.locator("#spots button").first).to_contain_text("周二", timeout=60_000)
    expect(page.locator("#rhythm tbody tr").nth(2).locator("td", has_text=re.compile(r"\d"))).to_have_count(0)
    page.locator("#spots button").first.click()
    expect(page.locator("#spots li").first).to_have_attribute("aria-current", "true")
    page.reload()
    ready(page)
    expect(page.locator(".day input").nth(1)).to_be_checked()
    assert page.locator("#state").inner_text() != all_week
    assert watched.trouble() == []


def test_a_period_without_incidents_says_so(visit):
    page = ready(visit("/police#weeks=4&to=2001-02-01", name="demo-police").page)
    expect(page.locator("#spots li")).to_have_count(0)
    expect(page.locator("#state")).not_to_be_empty()
    expect(page.locator("#rhythm")).to_contain_text("没有事件")


def test_the_week_adds_up_to_what_is_counted(visit, site):
    token = site.sign_in("demo-police")
    said = site.ask("/api/v1/incidents/rhythm?city=330681", token=token)
    assert sum(map(sum, said["hours"])) == pytest.approx(said["total"], abs=0.5)
    assert said["total"] > 1000
    assert sum(one["count"] for one in said["dismissal"]) <= said["total"] - said["untimed"]
    tuesdays = site.ask("/api/v1/incidents/rhythm?city=330681&weekday=2", token=token)
    assert tuesdays["hours"][1] == pytest.approx(said["hours"][1], abs=0.01)


def test_risk_is_ranked_by_long_memory_and_says_why(visit, site):
    token = site.sign_in("demo-police")
    said = site.ask("/api/v1/risk?city=330681&days=7", token=token)
    ranks = [one["properties"]["rank"] for one in said["features"]]
    assert ranks == list(range(1, len(ranks) + 1))
    assert len(ranks) <= -(-said["cells"] // 5)
    tops = [one["properties"]["top"] for one in said["features"]]
    assert tops == sorted(tops)
    told = [one["properties"] for one in said["features"] if one["properties"]["expected"] is not None]
    assert all(one["expected"] >= 0 and sum(c["share"] for c in one["causes"]) <= 1.02 for one in told)
    assert told
    watched = visit("/police", name="demo-police")
    page = ready(watched.page)
    page.locator("[data-mode=risk]").click()
    expect(page.locator("#spots li").first).to_contain_text("预计", timeout=120_000)
    expect(page.locator("#legend li")).to_have_count(4)
    page.locator("#spots button").first.click()
    expect(page.locator("#cell-card")).to_contain_text("预计")
    expect(page.locator("#cell-card a").last).to_have_attribute("href", re.compile("^/sealed#from="))
    assert watched.trouble() == []


def test_every_mode_shows_something_and_says_what(visit):
    watched = visit("/police#city=330681&to=2026-11-20&weeks=13", name="demo-police")
    page = ready(watched.page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/heatmap?" in request.url else None)
    for mode, sign in (
        ("density", "#legend .swatch-hot"),
        ("clusters", "#spots li"),
        ("emerging", "#spots li"),
        ("near", ".near-table tbody tr"),
        ("maps", "#views button"),
    ):
        page.locator(f"[data-mode={mode}]").click()
        expect(page.locator(sign).first).to_be_visible(timeout=120_000)
        expect(page.locator("#state")).not_to_be_empty()
    frame = page.frame_locator("#frame")
    expect(frame.locator("#time-range")).to_be_visible(timeout=60_000)  # the slider of the week
    page.locator("#views button").nth(1).click()
    expect(frame.locator(".legend__class").first).to_be_visible(timeout=60_000)
    page.locator("#views button").nth(3).click()  # the difference from the summer before, without a school day
    expect(frame.locator("[role=alert]")).to_contain_text("没有上课日", timeout=60_000)
    assert len(asked) == len(set(asked)) == 3  # each map page is asked for once
    page.reload()
    expect(page.locator("[data-mode=maps]")).to_have_attribute("aria-pressed", "true", timeout=60_000)
    assert [one for one in watched.trouble() if "422" not in one] == []


def test_an_incident_is_reported_on_the_map_and_sealed(visit, site):
    watched = visit("/police#city=330681&to=2026-11-20&weeks=4", name="demo-police")
    page = ready(watched.page)
    token = site.sign_in("demo-police")
    before = site.ask("/api/v1/incidents/rhythm?city=330681&from=2026-11-19&to=2026-11-19", token=token)["total"]
    page.locator("#report-panel summary").click()
    page.locator("#report button").click()
    page.locator("#report [name=from]").fill("2026-11-19T16:35")
    page.locator("#report button").click()
    expect(page.locator("#report-problem")).to_contain_text("还没有位置")
    page.locator("#map").click(position={"x": 300, "y": 220})
    expect(page.locator("#report-place")).to_contain_text("位置：")
    page.locator("#report [name=note]").fill("<img src=x onerror=alert(1)> 虚构")
    page.locator("#report button").click()
    expect(page.locator("#report-done")).to_contain_text("已收到并封存")
    after = site.ask("/api/v1/incidents/rhythm?city=330681&from=2026-11-19&to=2026-11-19", token=token)["total"]
    assert after == before + 1
    page.locator("#report [name=time_unknown]").check()
    expect(page.locator("#report [name=to]")).to_be_disabled()
    page.locator("#map").click(position={"x": 300, "y": 220})
    page.locator("#report [name=from]").fill("2026-11-19T16:35")
    page.locator("#report button").click()
    expect(page.locator("#report [name=time_unknown]")).not_to_be_checked()
    expect(page.locator("#report [name=to]")).to_be_enabled()  # the next report may have an interval
    assert watched.trouble() == []


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en-GB"), ((1440, 900), "zh-CN")])
def test_everybody_can_use_it(visit, size, language):
    page = ready(visit("/police", size, name="demo-police", language=language).page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found["violations"] if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_city_that_is_not_known_is_not_passed_over_in_silence(visit):
    page = ready(visit("/police#city=000000&mode=spots", name="demo-police").page)
    expect(page.locator("[name=city]")).to_have_value("330681")
    expect(page).to_have_url(re.compile("city=330681"))


@pytest.mark.parametrize("size", [PHONE, (1440, 900)])
def test_tables_have_the_room_of_the_map_until_a_place_is_wanted(visit, size):
    page = ready(visit("/police#mode=near", size, name="demo-police").page)
    expect(page.locator(".near-table")).to_be_visible()
    expect(page.locator("#map")).to_be_hidden()
    if size != PHONE:
        table, holder = (page.locator(at).bounding_box()["width"] for at in (".near-table", ".police__told"))
        assert table <= holder
    page.locator("#report-panel summary").click()
    expect(page.locator("#map")).to_be_visible()
    page.locator("[data-mode=maps]").click()
    expect(page.locator("#views button").first).to_be_visible()
    expect(page.locator("#frame")).to_be_hidden()
    page.locator("#map").click(position={"x": 150, "y": 200})
    expect(page.locator("#report-place")).to_contain_text("位置：")
    page.locator("#report-panel summary").click()
    expect(page.locator("#frame")).to_be_visible()


def test_on_a_phone_what_is_shown_is_chosen_just_above_the_map(visit):
    page = ready(visit("/police", PHONE, name="demo-police").page)
    where = {
        at: page.locator(at).first.bounding_box()["y"] for at in ("[data-mode]", "#state", "#map", "#spots", "#rhythm")
    }
    assert list(where.values()) == sorted(where.values())
    assert where["#map"] - where["[data-mode]"] < 200


@pytest.mark.parametrize("size", [PHONE, (1440, 900)])
def test_weekdays_stand_in_one_row_in_english_too(visit, size):
    page = ready(visit("/police", size, name="demo-police", language="en-GB").page)
    days = page.locator(".day")
    assert days.count() == 7
    assert days.evaluate_all("all => new Set(all.map((one) => one.getBoundingClientRect().top)).size") == 1
    wider = "all => all.filter((one) => one.firstElementChild.nextElementSibling.scrollWidth > one.clientWidth).length"
    assert days.evaluate_all(wider) == 0


def test_on_a_phone_numbers_and_the_attribution_keep_apart(visit):
    page = ready(visit("/police#weeks=52&after_school=false", PHONE, name="demo-police").page)
    numbers = page.locator("#rhythm td", has_text=re.compile(r"\d{3}"))
    expect(numbers.first).to_be_visible()
    page.locator("#spots button").first.click()
    expect(page.locator("#cell-card")).to_be_in_viewport()
    run_over = "cells => cells.filter((one) => { const words = document.createRange(); words.selectNodeContents(one); return words.getBoundingClientRect().width > one.getBoundingClientRect().width; }).length"
    assert numbers.evaluate_all(run_over) == 0
    expect(page.locator("#legend")).to_be_visible()
    legend, attribution = (page.locator(at).bounding_box() for at in ("#legend", "#attribution"))
    assert legend["y"] + legend["height"] <= attribution["y"]
