"""The office draws a school, places a gate, sets its times, and changes a rule; what is kept is looked at over HTTP."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import expect

from tests.browser.conftest import until

pytestmark = pytest.mark.browser
NAME = "<img src=x onerror=alert(1)> 画出的小学"


def test_a_school_is_drawn_saved_and_there_again(visit, site):
    watched = visit("/admin#schools", name="demo-dispatcher")
    page = watched.page
    page.locator("#schools-list .pick").first.click()
    expect(page.locator("#school-campuses tbody input")).to_have_count(1)
    expect(page.locator("#school-gates tbody input")).not_to_have_count(0)
    page.locator("#schools-add").click()
    expect(page.locator("#school-hint")).not_to_be_empty()
    page.locator("#school-place").fill("枫桥")
    page.locator("#school-go").click()
    until(page, "document.querySelector('.leaflet-control-scale-line').textContent.endsWith(' m')")
    box = page.locator("#school-map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    corners = [(-60, -40), (60, -40), (60, 40), (-60, 40), (-60, -40)]
    for dx, dy in corners:
        page.mouse.move(x + dx, y + dy, steps=2)
        page.mouse.click(x + dx, y + dy)
    expect(page.locator("#school-campuses tbody input")).to_have_count(1)
    page.locator("#school-gate").click()
    page.mouse.move(x, y + 40, steps=2)
    page.mouse.click(x, y + 40)
    page.locator("#school-form [name=name]").fill(NAME)
    page.locator("#school-form [value=primary]").check()
    page.locator("#school-times-add").click()
    page.locator("#school-times tbody input[type=time]").first.fill("16:10")
    page.locator("#school-form button[type=submit]").click()
    expect(page.locator("#done")).to_contain_text(NAME)
    token = site.sign_in("demo-dispatcher")
    schools = site.ask("/api/v1/schools?limit=1000", token=token)["features"]
    made = next(one for one in schools if one["properties"]["name"] == NAME)
    detail = site.ask(f"/api/v1/schools/{made['id']}", token=token)["properties"]
    assert detail["perimeter_distance_m"] == 200
    assert [row["dismissal"] for row in detail["timetable"]] == ["16:10"]
    [gate] = detail["gates"]
    assert shapely.geometry.shape(made["geometry"]).distance(shapely.Point(gate["lon"], gate["lat"])) < 1e-4
    page.reload()
    page.locator("#schools-find").fill("画出的")
    page.locator("#schools-list .pick").click()
    expect(page.locator("#school-gates tbody input")).to_have_count(1)
    page.locator("#school-form [name=distance]").fill("120")
    every = page.locator("#school-intervals [data-key=school]")
    expect(every).to_have_attribute("placeholder", "7")
    every.fill("2")
    page.locator("#school-form button[type=submit]").click()
    expect(page.locator("#done")).to_be_visible()
    kept = site.ask(f"/api/v1/schools/{made['id']}", token=token)["properties"]
    assert kept["perimeter_distance_m"] == 120
    assert kept["intervals_days"] == {"school": 2}
    expect(every).to_have_value("2")
    assert watched.trouble() == []


def test_the_calendar_rules_and_exports(visit, site):
    watched = visit("/admin#calendar", name="demo-admin", language="en")
    page = watched.page
    page.locator("#calendar-day").click()
    row = page.locator("#calendar-days tbody tr").last
    row.locator("input[type=date]").fill("2026-12-31")
    row.locator("input[type=text]").fill("<b>invented</b>")
    page.locator("#calendar-save").click()
    expect(page.locator("#done")).to_be_visible()
    calendar = site.ask("/api/v1/school-calendar?city=330681")
    assert {"day": "2026-12-31", "is_school_day": False, "as_weekday": None, "name": "<b>invented</b>"} in calendar[
        "days"
    ]
    page.locator("#tab-rules").click()
    page.locator("#rules-table .text-button").last.click()
    page.locator("#rule-form [name=note_en], #rule-form [name=valid_to]").last.fill("2040-01-01")
    page.locator("#rule-form button[type=submit]").click()
    expect(page.locator("#rule-form")).to_be_hidden()
    assert 2 in {rule["version"] for rule in site.ask("/api/v1/distance-rules")["distance_rules"]}
    page.locator("#tab-exports").click()
    with page.expect_download() as coming:
        page.locator("#exports-table a[href*='gates.csv']").click()
    assert coming.value.suggested_filename.startswith("gates-330681-")
    assert [event for event in watched.trouble() if "download" not in event] == []
