"""The heat map in a browser with the network off; all data are invented."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from gis.maps.figure import policy_of
from gis.maps.heatmap import Tiles, heatmap_page
from gis.privacy import suppress
from tests.maps import invented

pytestmark = pytest.mark.browser

PAYLOADS = {
    "P1": "<img src=x onerror=alert(1)>",
    "P2": "`;alert(1);`",
    "P3": "${alert(1)}",
    "P4": "</script><script>alert(1)</script>",
    "P5": "\\`;alert(1);\\`",
    "P6": "\\u003cimg src=x onerror=alert(1)\\u003e",
    "template expression": "{{ 7 * 7 }}",
    "template statement": "{% for a in b %}",
    "template comment": "{# gone #}",
    "attribute": '" onmouseover="alert(1)" x=\'',
}
READ_SIGNS = """() => {
  const texts = [];
  state.map.eachLayer((layer) => {
    if (!layer.item) return;
    layer.openPopup();
    texts.push([...document.querySelectorAll(".leaflet-popup-content")].at(-1).innerText);
    layer.openTooltip();
    texts.push([...document.querySelectorAll(".leaflet-tooltip")].at(-1).innerText);
  });
  return texts;
}"""
READ_PERIMETERS = """() => {
  const texts = [];
  state.map.eachLayer((layer) => {
    if (!layer.feature?.properties?.text) return;
    layer.openTooltip();
    texts.push([...document.querySelectorAll(".leaflet-tooltip")].at(-1).innerText);
  });
  return texts;
}"""


def test_the_page_opens_with_the_network_off_and_asks_for_nothing(watch, assets):
    watched = watch(heatmap_page(invented.spec(), assets))
    page = watched.page
    assert page.title() == "放学后事件热力图"
    assert page.locator("#notice").inner_text() == "演示：虚构数据"
    assert page.locator(".watermark span").first.text_content() == "王某 2026-11-23 16:20"
    assert page.locator(".leaflet-control-layers-overlays label").count() == 10
    page.locator(".leaflet-control-layers-overlays input").first.click()
    page.wait_for_timeout(200)
    assert watched.events == []


def test_the_watcher_sees_what_it_should(watch):
    watched = watch("<title>x</title><img src=https://example.org/x.png><script>alert(1); nothing.at.all</script>")
    watched.page.wait_for_timeout(100)
    assert {event.partition(":")[0] for event in watched.events} == {"request", "dialog", "error", "console"}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_what_people_type_shows_as_text_everywhere(watch, assets, payload):
    watched = watch(heatmap_page(invented.spec(payload), assets))
    page = watched.page
    as_shown = re.sub(r"\s+", " ", payload)
    assert page.title() == payload
    for place in ("h1", ".panel__period", "#notice", ".panel__mark", ".panel__credit"):
        assert page.locator(place).inner_text() == payload
    assert page.locator(".leaflet-control-layers").inner_text().count(as_shown) == 1
    signs = page.evaluate(READ_SIGNS)
    assert len(signs) == 2 * (3 + 1 + 4)
    assert all(payload in text for text in signs)
    assert sum(text.count(payload) for text in signs) > len(signs)
    perimeters = page.evaluate(READ_PERIMETERS)
    assert [text.count(payload) for text in perimeters] == [1, 1, 1]
    page.locator("#language").click()
    page.wait_for_timeout(50)
    assert page.locator("h1").inner_text() == payload
    assert page.locator("img:not(.leaflet-tile)").count() == 0
    assert watched.events == []


def test_tile_credit_is_text_too_and_the_policy_lets_only_that_host_in(watch, assets):
    tiles = Tiles("https://tiles.example.org/{z}/{x}/{y}.png", PAYLOADS["P1"])
    text = heatmap_page(invented.spec(tiles=tiles, streets=None), assets)
    assert "img-src data: https://tiles.example.org;" in policy_of(text)
    watched = watch(text)
    assert PAYLOADS["P1"] in watched.page.locator(".leaflet-control-attribution").inner_text()
    assert watched.page.locator(".panel__credit").inner_text() == f"© nobody · {PAYLOADS['P1']}"
    asked = [event for event in watched.events if not event.startswith("console")]
    assert asked
    assert all(event.startswith("request: https://tiles.example.org/") for event in asked)


def test_moving_the_slider_by_keyboard_changes_what_is_shown(watch, assets):
    spec = invented.spec()
    shown = suppress(spec.cells.counts)
    watched = watch(heatmap_page(spec, assets))
    page = watched.page
    assert page.locator("#time-now").inner_text() == "全部时段"
    assert page.locator("#count-total").inner_text() == f"{shown.total:,}"
    assert page.locator("#count-cells").inner_text() == str(np.count_nonzero(shown.cell_totals))
    before = page.evaluate("document.querySelector('.leaflet-cells-pane canvas').toDataURL()")
    page.locator("#time-range").focus()
    for at in range(len(invented.WEEK)):
        page.keyboard.press("ArrowRight")
        assert page.locator("#count-total").inner_text() == f"{shown.slice_totals[at]:,}"
        assert page.locator("#count-cells").inner_text() == str(np.count_nonzero(shown.counts[:, at]))
    assert page.locator("#time-now").inner_text() == "周五 17:00–18:00"
    assert "周五 17:00–18:00" in page.locator("#time-range").get_attribute("aria-valuetext")
    assert page.evaluate("document.querySelector('.leaflet-cells-pane canvas').toDataURL()") != before
    page.keyboard.press("Home")
    assert page.locator("#count-total").inner_text() == f"{shown.total:,}"
    page.locator("[data-slice='3']").click()
    assert page.locator("#time-now").inner_text() == "周二 17:00–18:00"
    page.locator("#time-play").click()
    expect(page.locator("#time-now")).to_have_text("周三 16:00–17:00")
    page.locator("#time-play").click()
    assert watched.events == []


def test_the_legend_has_units_and_follows_the_language(watch, assets):
    page = watch(heatmap_page(invented.spec(), assets)).page
    legend = page.locator(".legend")
    assert "每个 100 m × 100 m 网格的事件" in legend.inner_text()
    assert "起 / (平方公里·百上课日)" in legend.inner_text()
    assert "无色：没有，或不足 3 起" in legend.inner_text()
    assert page.locator("#legend-classes li").first.inner_text().startswith("3")
    page.locator("#language").click()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == "After-school incidents: heat map"
    assert "Incidents per cell of 100 m × 100 m" in legend.inner_text()
    assert "per km² and 100 school days" in legend.inner_text()
    assert "Hazards: traffic" in page.locator(".leaflet-control-layers").inner_text()
    assert not re.search("[一-鿿]", page.locator("#panel").inner_text().replace("中文", "").replace("王某", ""))


def test_without_slices_and_in_english_from_the_start(watch, assets):
    spec = invented.spec()
    lon, lat, _ = invented.incidents()
    cells = invented.count_by_cell(lon, lat, spec.cells.lattice)
    plain = invented.spec(cells=cells, slices=None, language="en", school_days=None, k=5)
    watched = watch(heatmap_page(plain, assets), width=390, height=844)
    page = watched.page
    assert page.locator("#time-range").count() == 0
    assert page.locator("#time-now").inner_text() == "All times"
    assert page.locator("#legend-rate").is_hidden()
    assert page.locator("#legend-classes li").first.inner_text().startswith("5")
    assert page.locator("#panel-fold").get_attribute("aria-expanded") == "false"
    page.locator("#panel-fold").click()
    page.locator(".notes summary").click()
    assert "fewer than 5" in page.locator(".notes").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert watched.events == []


def test_too_few_incidents_leave_the_map_uncoloured_and_say_so(watch, assets):
    lon, lat, part = (values[:2] for values in invented.incidents())
    few = invented.count_by_cell(lon, lat, invented.cells().lattice, slice_index=part, n_slices=len(invented.WEEK))
    page = watch(heatmap_page(invented.spec(cells=few), assets)).page
    assert page.locator("#count-total").inner_text() == "< 3"
    assert "没有一个网格达到 3 起" in page.locator(".legend").inner_text()


def test_pointing_at_a_cell_tells_its_count_and_an_empty_place_nothing(watch, assets):
    spec = invented.spec(hazards=None, gates=None, perimeters=None)
    shown = suppress(spec.cells.counts)
    most = int(np.argmax(shown.cell_totals))
    centre = invented.LON + 0.5, invented.LAT  # far outside every cell
    page = watch(heatmap_page(spec, assets)).page
    read = """([column, row]) => {
      const { meridian, cell, x0, y0 } = state.cells.data.lattice;
      const [lat, lng] = toEarth(x0 + (column + 0.5) * cell, y0 + (row + 0.5) * cell, meridian);
      state.map.fire("mousemove", { latlng: L.latLng(lat, lng) });
      return document.querySelector(".leaflet-tooltip")?.innerText ?? null;
    }"""
    text = page.evaluate(read, [int(spec.cells.column[most]), int(spec.cells.row[most])])
    total = int(shown.cell_totals[most])
    assert f"{total} 起" in text
    rate = float(re.search(r"([\d,.]+) 起$", text)[1].replace(",", ""))
    assert rate == pytest.approx(100 * total / (0.01 * 58), rel=0.05)
    page.evaluate(f"() => {{ state.map.fire('mousemove', {{ latlng: L.latLng({centre[1]}, {centre[0]}) }}) }}")
    expect(page.locator(".leaflet-tooltip")).to_have_count(0)


def test_cells_lie_where_the_lattice_has_them_to_a_millimetre(watch, assets):
    from gis import crs

    rng = np.random.default_rng(2)
    lon, lat = 120 + rng.uniform(-1.5, 1.5, 50), rng.uniform(-50, 60, 50)
    x, y = crs.project(lon, lat, crs.meridian_crs(120))
    page = watch(heatmap_page(invented.spec(), assets)).page
    points = np.column_stack([lat, lon]).tolist()
    plane = np.array(page.evaluate("(points) => points.map(([lat, lon]) => toPlane(lat, lon, 120))", points))
    assert np.abs(plane - np.column_stack([x, y])).max() < 1e-3
    back = np.array(page.evaluate("(places) => places.map(([x, y]) => toEarth(x, y, 120))", plane.tolist()))
    assert np.abs(back - np.column_stack([lat, lon])).max() < 1e-8


def test_packed_numbers_come_out_as_they_went_in(watch, assets):
    from gis.maps.packing import pack, zigzag

    numbers = [0, 1, 7, 8, 63, 64, 511, 512, 123_456_789, 0, 3]
    signed = [0, -1, 1, -12_000_000, 12_000_000]
    page = watch(heatmap_page(invented.spec(), assets)).page
    assert page.evaluate("(text) => unpack(text)", pack(numbers)) == numbers
    assert page.evaluate("(text) => unpack(text).map(unzigzag)", pack(zigzag(signed))) == signed
    assert page.evaluate("() => unpack('')") == []


def test_the_page_works_in_a_sandboxed_frame(watch, assets):
    import html

    inner = html.escape(heatmap_page(invented.spec(), assets), quote=True)
    watched = watch(
        f'<title>x</title><iframe sandbox="allow-scripts" width="1200" height="700" srcdoc="{inner}"></iframe>'
    )
    frame = watched.page.frame_locator("iframe")
    frame.locator("#count-total").wait_for()
    assert frame.locator("#count-total").inner_text() == f"{suppress(invented.cells().counts).total:,}"
    assert [event for event in watched.events if "about:srcdoc" not in event] == []
