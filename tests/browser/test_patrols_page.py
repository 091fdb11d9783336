"""Patrols in a browser: planned, changed by hand on the map, published, printed, and walked with a phone. All made up."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DAY = "2026-11-25"


def ready(page: Page) -> Page:
    page.wait_for_selector("body[data-ready]")
    return page


@pytest.fixture(scope="module")
def walked_day() -> str:
    """Return a school day that is not over: the demonstration's term, seen from the clock of its city."""
    day = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    while day.weekday() > 4:
        day += dt.timedelta(days=1)
    if not dt.date(2026, 9, 1) <= day <= dt.date(2027, 1, 22):
        pytest.skip(f"the demonstration has no term on {day}")
    return day.isoformat()


def make_plan(page: Page, day: str = DAY) -> None:
    if page.locator("#wanted").is_hidden():
        page.locator("#new-plan").click()
    page.select_option("#city", "330681")
    page.fill("[name=day]", day)
    page.select_option("[name=limit]", "seed")
    page.locator("[name=sources][value=cells]").uncheck()
    for risk in page.locator("[name=sources][value=risk]").all():  # what is foretold is asked about by the police alone
        risk.uncheck()
    page.locator("#wanted button[type=submit]").click()
    expect(page.locator("#publish")).to_be_visible(timeout=60_000)


def test_a_plan_is_made_and_the_rest_is_planned_anew_after_changes_by_hand(visit, site):
    watched = visit("/patrols", name="demo-dispatcher")
    page = ready(watched.page)
    expect(page.locator("[name=sources]")).to_have_count(
        4
    )  # the dispatcher is not offered what the police alone may use
    expect(page.locator("[name=sources][value=risk]")).to_have_count(0)
    make_plan(page)
    expect(page.locator(".timeline__stay").first).to_be_visible()
    first = page.locator(".team-stops .stop").first
    name = first.locator("button").inner_text()
    first.locator("button").click()
    page.locator("[data-drop]").click()
    expect(page.locator(".stop .changed")).to_have_count(1)
    second = page.locator(".team-stops").nth(1).locator(".stop").first
    second.locator("button").click()
    moved = second.get_attribute("data-stop")
    page.locator("[name=pin]").select_option("1")
    mark = page.locator(".stop-mark--chosen")
    box = mark.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=5)
    page.mouse.up()
    page.locator("#plan-again").click()
    expect(page.locator("#publish")).to_be_visible(timeout=60_000)
    expect(page.locator(".left-out .stop").first).to_contain_text(re.compile("指挥员去掉|Left out|排不下|到不了|必须"))
    plan = page.url.partition("plan=")[2]
    token = site.sign_in("demo-dispatcher")
    said = {one["id"]: one["properties"] for one in site.ask(f"/api/v1/patrols/plans/{plan}", token=token)["features"]}
    assert sum(bool(one.get("dropped")) for one in said.values()) == 1
    assert (said[moved]["pinned"], said[moved]["moved"]) == (1, True)
    assert said[moved]["team"] in (1, None)
    assert name
    page.locator(".view[data-view=calendar]").click()
    expect(page.locator(".fortnight tbody tr").first).to_be_visible()
    page.locator(".view[data-view=posts]").click()
    page.select_option("[name=school]", index=1)
    expect(page.locator("[name=gate] option").first).to_be_attached()
    page.fill("[name=manned_by]", "<b>一中队</b>")
    page.locator("#panel-posts form button[type=submit]").click()
    post = page.locator(".posts li", has_text="<b>一中队</b>")  # beside those of the demonstration
    post.get_by_role("button").click()
    expect(post).to_have_class("off")
    page.locator(".view[data-view=results]").click()
    expect(page.locator(".figures")).to_be_visible()
    assert watched.trouble() == []


def test_the_sheets_print_as_one_page_a_team_in_large_type(visit, site, tmp_path):
    watched = visit("/patrols", name="demo-police")
    page = ready(watched.page)
    expect(page.locator("[name=sources][value=risk]")).to_be_checked()
    make_plan(page)
    plan = page.url.partition("plan=")[2]
    page.goto(f"{site.address}/api/v1/patrols/plans/{plan}.html?lang=zh")
    teams = page.locator("section").count()
    assert teams >= 2
    sizes = page.eval_on_selector_all(
        ".time, .where", "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 20  # pixels: 15 points
    printed = tmp_path / "sheets.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", printed, "-"], capture_output=True, text=True, check=True).stdout
        assert text.count("到岗签字") == text.count("\f") == teams  # a page each
        assert [n for n in range(1, teams + 1) if f"第 {n} 组" in text] == list(range(1, teams + 1))
    assert printed.stat().st_size > 10_000


def test_a_team_walks_its_shift_with_a_phone_without_a_signal(visit, site, walked_day):
    watched = visit("/patrols", name="demo-police")
    page = ready(watched.page)
    make_plan(page, walked_day)
    page.locator(".members summary").click()
    page.locator(".members fieldset").first.get_by_text("demo-inspector").click()
    page.locator(".members > button").click()
    page.locator("#publish").click()
    expect(page.locator(".state-tag--published")).to_be_visible()
    phone = visit("/field", PHONE, name="demo-inspector")
    field = phone.page
    field.wait_for_selector("body[data-ready]")
    field.locator("#go-patrol").click()
    stop = field.locator("[data-next]")
    lon, lat = site.ask(f"/api/v1/patrols/plans/{page.url.partition('plan=')[2]}", token=site.sign_in("demo-police"))[
        "features"
    ][0]["geometry"]["coordinates"]
    first = stop.get_attribute("data-next")
    context = field.context
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 8})
    context.set_offline(True)
    field.locator("#patrol-arrive").click()
    expect(field.locator("#patrol-leave")).to_be_visible()
    field.locator("#patrol-finding").click()
    field.locator("[data-category], .grid .big").first.click()
    field.locator(".save").first.click()
    expect(field.locator("#patrol-leave")).to_be_visible()
    field.locator("#patrol-leave").click()
    expect(stop).not_to_have_attribute("data-next", first)
    context.set_offline(False)
    field.evaluate("window.dispatchEvent(new Event('online'))")
    field.locator("[data-go=outbox]").click()
    expect(field.locator(".state--sent")).to_have_count(4, timeout=60_000)  # three checks and a hazard
    token = site.sign_in("demo-inspector")
    shifts = site.ask("/api/v1/patrols/shifts?mine=true", token=token)["shifts"]
    shift = next(one for one in shifts if one["day"] == walked_day and one["state"] == "on_duty")
    told = site.ask(f"/api/v1/patrols/shifts/{shift['id']}", token=token)["checks"]
    assert [one["event"] for one in told] == ["arrive", "finding", "leave"]
    assert {one["stop"] for one in told} == {first}
    without_signal = ("ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")  # the second is what its worker could not fetch
    assert [event for event in phone.events if not any(code in event for code in without_signal)] == []


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en-GB"), ((1440, 900), "zh-CN")])
def test_everybody_can_use_it(visit, size, language):
    page = ready(visit("/patrols", size, name="demo-police", language=language).page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for view in ("plan", "calendar", "posts", "results"):
        page.locator(f".view[data-view={view}]").click()
        page.wait_for_load_state("networkidle")
        found = page.evaluate(
            "axe.run({ exclude: ['.leaflet-marker-pane'] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })"
        )
        serious = [
            (one["id"], one["nodes"][0]["html"])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert serious == [], view
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), view
