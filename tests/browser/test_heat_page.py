"""The page of the heat map: its form, and the map in its frame; all data are invented."""

from __future__ import annotations

import pytest
import shapely.geometry
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def framed(page: Page) -> FrameLocator:
    frame = page.frame_locator("#heat-frame")
    expect(frame.locator("#count-total")).not_to_be_empty()
    return frame


@SIZES
def test_the_frame_loads_by_week_and_its_slider_changes_the_counts(visit, site, size):
    watched = visit("/heat", size)
    page = watched.page
    frame = framed(page)
    expect(page.locator("[name=by_week]")).to_be_checked()
    assert "by_week=true" in page.locator("#heat-frame").get_attribute("src")
    answer = site.ask("/api/v1/incidents/cells?after_school=true&city=330681")
    total = frame.locator("#count-total")
    expect(total).to_have_text(f"{answer['total']:,}")
    expect(frame.locator("#count-cells")).to_have_text(f"{len(answer['features']):,}")
    slider = frame.locator("#time-range")
    if size == PHONE:
        frame.locator("#panel-fold").click()
    slider.focus()
    seen = {total.inner_text()}
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        expect(frame.locator("body")).not_to_have_attribute("data-slice", "-1")
        seen.add(total.inner_text())
    assert len(seen) > 2
    assert watched.trouble() == []


def test_all_times_of_day_have_more_incidents_than_after_school(visit, site):
    watched = visit("/heat")
    page = watched.page
    before = framed(page).locator("#count-total").inner_text()
    page.locator("[name=after_school]").uncheck()
    everything = site.ask("/api/v1/incidents/cells?city=330681")["total"]
    total = framed(page).locator("#count-total")
    expect(total).to_have_text(f"{everything:,}")
    assert everything > int(before.replace(",", ""))
    page.evaluate("history.back()")
    expect(total).to_have_text(before)
    expect(page.locator("[name=after_school]")).to_be_checked()
    expect(page.locator("[name=by_week]")).to_be_checked()
    page.locator(".skip-link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=after_school]")).to_be_checked()
    assert watched.trouble() == []


def test_another_city_is_chosen_and_stays_chosen(visit, site):
    watched = visit("/heat")
    page = watched.page
    total, city = framed(page).locator("#count-total"), page.locator("[name=city]")
    expect(city).to_have_value("330681")
    for code in ("TEMPE", "330681"):
        city.select_option(code)
        counted = site.ask(f"/api/v1/incidents/cells?after_school=true&city={code}")["total"]
        expect(total).to_have_text(f"{counted:,}")
        assert f"city={code}" in page.locator("#heat-open").get_attribute("href")
    page.evaluate("history.back()")
    expect(city).to_have_value("TEMPE")
    page.reload()
    expect(city).to_have_value("TEMPE")
    expect(framed(page).locator("h1")).to_contain_text("坦佩市")
    page.goto(page.url.replace("TEMPE", "nowhere"))
    page.reload()
    expect(city).to_have_value("330681")
    assert watched.trouble() == []


def test_a_period_that_ends_before_it_begins_is_refused_in_words(visit):
    watched = visit("/heat")
    page = watched.page
    framed(page)
    page.locator("[name=from]").fill("2026-10-20")
    page.locator("[name=to]").fill("2026-10-01")
    page.locator("#heat-form button[type=submit]").click()
    expect(page.locator("#heat-problem")).to_have_text("截止日期早于起始日期。")
    assert watched.trouble() == []


def test_the_whole_page_is_english_by_one_click(visit):
    watched = visit("/heat")
    page = watched.page
    framed(page)
    page.locator(".masthead__language").click()
    expect(page.locator("h1")).to_have_text("Heat map of after-school incidents")
    frame = framed(page)
    expect(frame.locator("html")).to_have_attribute("lang", "en")
    expect(frame.locator("h1")).to_contain_text("incidents after school")
    assert watched.trouble() == []


def test_hot_cells_are_seen_at_any_zoom_and_the_hottest_lies_on_top(visit, site):
    answer = site.ask("/api/v1/incidents/cells?after_school=true&city=330681")
    hottest = max(answer["features"], key=lambda one: one["properties"]["count"])
    lon, lat = shapely.geometry.shape(hottest["geometry"]).centroid.coords[0]
    page = visit("/api/v1/heatmap?after_school=true&city=330681").page
    expect(page.locator("#count-total")).not_to_be_empty()
    for zoom in (7, 9, 11, 13, 15):
        drawn = page.evaluate(
            """async ([lat, lng, zoom]) => {
          const { map, cells } = state, { ramp, breaks, most } = cells.data, latlng = L.latLng(lat, lng);
          map.setView(latlng, zoom, { animate: false });
          let pixels;
          for (let n = 0; n < 300; n++) {  // the canvas is drawn with one of the next frames
            await new Promise(requestAnimationFrame);
            const canvas = document.querySelector(".leaflet-cells-pane canvas"), ratio = canvas.width / canvas.clientWidth;
            const at = map.latLngToLayerPoint(latlng).subtract(L.DomUtil.getPosition(canvas)).multiplyBy(ratio);
            const side = 12 * ratio, from = [at.x - side / 2, at.y - side / 2].map(Math.round);
            pixels = canvas.getContext("2d").getImageData(...from, side, side).data;
            if (pixels.some((value) => value > 0)) break;
          }
          const colours = [];
          for (let i = 0; i < pixels.length; i += 4) colours.push([...pixels.slice(i, i + 4)]);
          map.fire("mousemove", { latlng });
          return { colours, ramp: ramp[breaks.length - 1], most, says: document.querySelector(".leaflet-tooltip").innerText };
            }""",
            [lat, lon, zoom],
        )
        hot = [int(drawn["ramp"][i : i + 2], 16) for i in (1, 3, 5)]
        seen = sum(alpha > 150 and colour == pytest.approx(hot, abs=16) for *colour, alpha in drawn["colours"])
        assert seen >= 20  # a square of five pixels, but for its edge
        assert f"{drawn['most']} 起" in drawn["says"]
