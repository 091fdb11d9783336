"""The map page as a person uses it, over the demonstration's invented data."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
CHINESE = re.compile("[一-鿿]")
ATTACK = "<img src=x onerror=alert(1)>"
SCHOOL = "暨阳示例小学1"
# every text and label that the page itself says; what people named (schools, streets, hazards) is left out
OWN_WORDS = """() => {
  const names = ".pick__title, .pick__detail, .panel__title, .facts dd, .origin, .masthead__language, .search__results";
  const said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.nodeType === 1 ? node : node.parentElement;
    if (element.closest(`script, ${names}`)) continue;
    if (node.nodeType === 3) said.push(node.textContent.trim());
    else for (const name of ["aria-label", "title", "placeholder", "alt"]) said.push(element.getAttribute(name) ?? "");
  }
  return said.filter(Boolean);
}"""


def ready(page: Page) -> None:
    """Wait until the lists and the counts of the chips are there."""
    expect(page.locator("#overview-list .pick").first).to_be_attached()
    expect(page.locator(".chip__count").first).not_to_have_text("–")
    page.wait_for_load_state("networkidle")


def find(page: Page, text: str) -> None:
    page.locator("#search-input").fill(text)
    expect(page.locator("#search-results [role=option]").first).to_be_visible()


def open_school(page: Page, name: str = SCHOOL) -> None:
    find(page, name)
    page.locator("#search-results [role=option]", has_text=name).first.click()
    expect(page.locator(".panel__title")).to_have_text(name)


@SIZES
def test_the_map_opens_with_its_lists_and_without_trouble(visit, size):
    watched = visit("/", size)
    page = watched.page
    ready(page)
    assert page.title() == "地图 · 校园周边巡查"
    assert int(page.locator("#tab-schools .tab__count").inner_text()) == 58
    assert page.locator("#overview-list .pick").count() == 40
    assert page.locator(".chip").count() == 10
    expect(page.locator(".invented-banner")).to_contain_text("虚构")
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert watched.trouble() == []


@SIZES
def test_a_school_is_found_and_its_panel_tells_everything(visit, site, size):
    watched = visit("/", size)
    page = watched.page
    ready(page)
    open_school(page)
    identity = re.search("select=school/([0-9a-f-]+)", page.url)[1]
    panel = page.locator("#panel-body")
    expect(panel.locator("h3", has_text="校门（2）")).to_be_visible()
    assert panel.locator(".pick__title", has_text=re.compile("^(正门|侧门)$")).count() == 2
    times = panel.locator("table tbody tr").all_inner_texts()
    assert sorted(row.split() for row in times) == [
        ["1-2", "周一至周四", "15:30"],
        ["1-2", "周五", "15:00"],
        ["3-6", "周一至周四", "16:10"],
        ["3-6", "周五", "15:40"],
    ]
    tied = site.ask(f"/api/v1/hazards?school={identity}&status=open&limit=200")["features"]
    distances = sorted(one["properties"]["boundary_distance_m"] for one in tied)
    assert distances
    shown = panel.locator(".block", has_text="周边未整改隐患").locator(".picks .pick__value").all_inner_texts()
    assert len(shown) == len(distances)
    assert all(re.fullmatch(r"[\d.,]+ 米", text) for text in shown)
    for text, distance_m in zip(shown, distances, strict=True):
        assert float(text.split()[0].replace(",", "")) == pytest.approx(distance_m, abs=0.51)
    assert watched.trouble() == []


def test_one_category_hides_the_hazards_of_the_others(visit):
    watched = visit()
    page = watched.page
    ready(page)
    page.locator("#tab-hazards").click()
    everything = int(page.locator("#tab-hazards .tab__count").inner_text())
    chip = page.locator(".chip", has_text="交通拥堵")
    traffic = int(chip.locator(".chip__count").inner_text())
    assert 0 < traffic < everything
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#tab-hazards .tab__count")).to_have_text(str(traffic))
    details = page.locator("#overview-list .pick__detail").all_inner_texts()
    assert len(details) == min(traffic, 40)
    assert all(text.startswith("交通拥堵") for text in details)
    assert "categories=TRF" in page.url
    page.locator("#filter-reset").click()
    expect(page.locator("#tab-hazards .tab__count")).to_have_text(str(everything))
    assert watched.trouble() == []


@SIZES
def test_one_click_makes_the_page_english_and_another_one_chinese(visit, size):
    watched = visit("/", size)
    page = watched.page
    ready(page)
    open_school(page)
    page.locator(".masthead__language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".panel__title")).to_have_text("Jiyang example primary school 1")
    page.wait_for_load_state("networkidle")
    left = [text for text in page.evaluate(OWN_WORDS) if CHINESE.search(text)]
    assert left == []
    page.locator(".panel__head button").click()
    ready(page)
    page.locator("#tool-check").click()
    expect(page.locator(".check-form")).to_be_visible()
    left = [text for text in page.evaluate(OWN_WORDS) if CHINESE.search(text)]
    assert {text for text in left if "疑似线索" not in text} == set()  # the one phrase that stays, with its English
    page.locator(".masthead__language").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".masthead__name")).to_have_text("校园周边巡查")
    assert watched.trouble() == []


def test_markup_in_a_name_stays_text_everywhere(visit, site):
    token = site.sign_in("demo-inspector")
    identity = str(uuid.uuid4())
    school = site.ask("/api/v1/geocode?q=" + "%E6%9A%A8%E9%98%B3")["results"][0]
    # a made-up hazard in front of a made-up school
    body = {"id": identity, "lon": school["lon"], "lat": school["lat"], "category": "VEN", "severity": 3}
    site.ask("/api/v1/hazards", {**body, "name": ATTACK, "note": ATTACK, "address": ATTACK}, token=token)
    watched = visit(f"/#view=17/{school['lat']}/{school['lon']}&select=hazard/{identity}")
    page = watched.page
    expect(page.locator(".panel__title")).to_have_text(ATTACK)
    expect(page.locator(".note")).to_have_text(ATTACK)
    page.locator(".panel__head button").click()
    page.locator("#tab-hazards").click()
    expect(page.locator(".pick__title", has_text=ATTACK)).to_be_visible()
    box = page.locator("#map").bounding_box()
    for aside in range(-40, 41, 4):  # over its sign, wherever a cluster has moved it to
        page.mouse.move(box["x"] + box["width"] / 2 + aside, box["y"] + box["height"] / 2)
    page.locator("#search-input").fill(ATTACK)
    expect(page.locator(".search__results li").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    heat = visit("/api/v1/heatmap?after_school=true&city=330681")
    expect(heat.page.locator("#count-total")).not_to_be_empty()
    assert ATTACK in heat.page.evaluate(
        "() => { const said = []; state.map.eachLayer((one) => one.item && said.push(one.item[2])); return said; }"
    )
    assert heat.page.locator("img[src=x]").count() == 0
    assert watched.trouble() + heat.trouble() == []


@SIZES
def test_the_distance_check_gives_verdicts_and_calls_them_leads(visit, site, size):
    watched = visit("/", size)
    page = watched.page
    ready(page)
    open_school(page)
    identity = re.search("select=school/([0-9a-f-]+)", page.url)[1]
    gate = site.ask(f"/api/v1/schools/{identity}")["properties"]["gates"][0]
    page.locator("#tool-check").click()
    form = page.locator(".check-form")
    expect(form).to_contain_text("疑似线索")
    form.locator("[name=target]").select_option("internet_cafe")
    form.locator("[name=lon]").fill(str(gate["lon"]))
    form.locator("[name=lat]").fill(str(gate["lat"]))
    form.locator("button[type=submit]").click()
    answer = page.locator(".check__answer")
    expect(answer.locator(".result").first).to_be_visible()
    expect(answer).to_contain_text("疑似线索")
    expect(answer.locator(".result .verdict").first).to_have_text("在限制范围内")
    assert SCHOOL in answer.inner_text()
    assert "依据：" in answer.inner_text()
    form.locator("[name=lon]").fill("somewhere")
    form.locator("button[type=submit]").click()
    expect(answer.locator("[role=alert]")).to_contain_text("请填写经度")
    assert watched.trouble() == []


def test_a_click_on_the_map_is_the_place_to_check(visit):
    watched = visit("/#view=16/29.716/120.236")
    page = watched.page
    ready_for_click = page.locator("#map canvas").first
    expect(ready_for_click).to_be_attached()
    page.wait_for_load_state("networkidle")
    page.locator("#tool-check").click()
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".check__answer .lead-notice")).to_contain_text("疑似线索")
    assert float(page.locator(".check-form [name=lon]").input_value()) == pytest.approx(120.236, abs=1e-4)
    assert float(page.locator(".check-form [name=lat]").input_value()) == pytest.approx(29.716, abs=1e-4)
    assert watched.trouble() == []


def test_the_keyboard_alone_finds_a_school_and_comes_back(visit):
    watched = visit()
    page = watched.page
    ready(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "search-input":
            break
    expect(page.locator("#search-input")).to_be_focused()
    page.keyboard.insert_text(SCHOOL)
    first = page.locator("#search-results [role=option]").first
    expect(first).to_have_attribute("aria-selected", "true")
    assert page.locator("#search-input").get_attribute("aria-activedescendant") == first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.locator(".panel__title")).to_have_text(SCHOOL)
    page.go_back()
    expect(page.locator("#main")).to_have_attribute("data-panel", "overview")
    assert watched.trouble() == []
