"""The board in a browser, over the demonstration's made-up cases."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Site, until

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def ready(page: Page) -> Page:
    page.wait_for_selector("body[data-ready]")
    return page


def reported(site: Site, note: str) -> str:
    """Report a hazard beside a school, and return the case that was proposed for it."""
    token = site.sign_in("demo-dispatcher")
    lon, lat = site.ask("/api/v1/schools?limit=1", token=token)["features"][0]["properties"]["point"]
    hazard = {"id": str(uuid.uuid4()), "category": "ENV", "lon": lon + 0.0011, "lat": lat, "name": note}
    site.ask("/api/v1/hazards", hazard, token=token)
    found = site.ask(f"/api/v1/cases?hazard={hazard['id']}", token=token)["features"]
    return str(found[0]["id"])


def test_a_case_is_filed_and_dispatched_by_the_keyboard_alone(visit, site):
    case = reported(site, "键盘案件（虚构）")
    watched = visit("/board#queue=new&find=键盘案件", name="demo-dispatcher")
    page = ready(watched.page)
    expect(page.locator(".case__name")).to_have_text("键盘案件（虚构）")
    page.keyboard.press("j")
    card = page.locator("#case")
    expect(card.locator("h2")).to_have_text("键盘案件（虚构）")
    file = card.locator("[data-action=file]")
    page.keyboard.press(
        str(
            1
            + card.locator("[data-action]").evaluate_all(
                "(all) => all.findIndex((one) => one.dataset.action === 'file')"
            )
        )
    )
    expect(file).to_be_visible()
    card.locator("form [type=submit]").click()
    expect(card.locator(".tag").first).to_have_text("已立案")
    card.locator("[data-action=dispatch]").click()
    card.locator("form [type=submit]").click()
    expect(card.locator(".tag").first).to_have_text("已派遣")
    expect(card.locator(".log li")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    token = site.sign_in("demo-dispatcher")
    assert site.ask(f"/api/v1/cases/{case}", token=token)["properties"]["state"] == "dispatched"
    assert watched.trouble() == []


def test_who_comes_second_is_told_what_happened(visit, site):
    case = reported(site, "两人案件（虚构）")
    page = ready(visit(f"/board#queue=new&case={case}", name="demo-dispatcher").page)
    card = page.locator("#case")
    card.locator("[data-action=reject]").click()
    card.locator("textarea").fill("不是隐患（虚构）")
    token = site.sign_in("demo-dispatcher")
    site.ask(f"/api/v1/cases/{case}/actions", {"action": "file"}, token=token)
    card.locator("form [type=submit]").click()
    expect(card.locator(".moves-title ~ .form-problem").first).to_contain_text(re.compile("其间|已被|有人|变"))
    expect(card.locator(".case__news")).to_be_visible()
    expect(card.locator("textarea")).to_have_value("不是隐患（虚构）")  # what was written is not lost
    assert site.ask(f"/api/v1/cases/{case}", token=token)["properties"]["state"] == "filed"


def test_a_page_says_what_is_asked_for_and_takes_a_photo_of_how_it_is_now(visit, site, tmp_path):
    case, other = reported(site, "延期案件（虚构）"), reported(site, "重复案件（虚构）")
    dispatcher, handler = site.sign_in("demo-dispatcher"), site.sign_in("demo-handler")
    limits = {"handle": {"amount": 9, "unit": "working_hours"}}
    ways = [
        (dispatcher, {"action": "file", "departments": ["traffic_police"], "limits": limits}),
        (dispatcher, {"action": "dispatch", "department": "urban_management"}),
        (handler, {"action": "accept"}),
        (handler, {"action": "ask_extension", "amount": 3, "note": "业主外出（虚构）"}),
    ]
    for token, action in ways:
        site.ask(f"/api/v1/cases/{case}/actions", action, token=token)
    site.ask(f"/api/v1/cases/{other}/actions", {"action": "merge", "into": case}, token=dispatcher)
    watched = visit(f"/board#case={other}", name="demo-dispatcher")
    card = ready(watched.page).locator("#case")
    number = site.ask(f"/api/v1/cases/{case}", token=dispatcher)["properties"]["number"]
    card.get_by_role("link", name=number).first.click()
    expect(card.locator("h2")).to_have_text("延期案件（虚构）")
    expect(card.locator(".facts")).to_contain_text(re.compile(r"申请延期 · 3 \S+ · demo-handler · 业主外出（虚构）"))
    expect(card.locator(".log")).to_contain_text("协办：")
    expect(card.locator(".log")).to_contain_text(re.compile("时限：.*处置 9 工作小时"))
    expect(card.locator(".log").get_by_role("link", name=re.compile(r"^\d+-\d+-\d+$"))).to_have_count(1)
    assert watched.trouble() == []
    photo = tmp_path / "now.jpg"
    Image.new("RGB", (2400, 1600), "orange").save(photo)
    watched = visit(f"/board#case={case}", name="demo-handler")
    card = ready(watched.page).locator("#case")
    expect(card.locator(".facts")).to_contain_text("结案条件")
    assert card.locator("input[name=photo]").get_attribute("capture") is None  # one that was taken before may be chosen
    card.locator("input[name=photo]").set_input_files(photo)
    expect(card.locator("[data-side=after] img")).to_have_count(1)  # although nobody has pressed "start"
    expect(card.locator("[data-side=before] img")).to_have_count(0)
    expect(card.locator(".photo-form [role=status]")).to_be_hidden()
    card.locator("input[name=photo]").set_input_files(Path(__file__))
    expect(card.locator(".photo-form .form-problem")).to_contain_text("不是可用的照片")
    card.locator("input[name=photo]").set_input_files(photo)
    expect(card.locator("[data-side=before] img")).to_have_count(1)  # of two the first stands before
    assert watched.trouble() == []
    card = ready(visit(f"/board#case={case}", name="demo-traffic").page).locator("#case")
    expect(card.locator(".before-after img")).to_have_count(2)
    expect(card.locator(".photo-form")).to_have_count(0)  # who assists only looks on
    assert card.locator("[data-action]").evaluate_all("(all) => all.map((one) => one.dataset.action)") == ["comment"]


def test_several_cases_are_dispatched_after_a_preview(visit, site):
    cases = [reported(site, f"批量案件{n}（虚构）") for n in range(2)]
    page = ready(visit("/board#queue=new&find=批量案件", name="demo-dispatcher").page)
    expect(page.locator(".case input")).to_have_count(2)
    for n in range(2):
        page.locator(".case input").nth(n).check()
    expect(page.locator("#bulk li")).to_have_count(2)
    site.ask(f"/api/v1/cases/{cases[0]}/actions", {"action": "file"}, token=site.sign_in("demo-dispatcher"))
    page.locator("#bulk-go").click()
    expect(page.locator("#bulk [role=status]")).to_have_text("已派遣 1 件。")
    expect(page.locator("#bulk .form-problem li")).to_have_count(1)  # somebody was faster: said until it was read
    page.locator("#bulk button").click()
    expect(page.locator("#bulk")).to_be_hidden()
    page.goto(page.url.replace("queue=new", "queue=dispatch"))
    page.locator(".case input").check()
    page.locator("#bulk-go").click()
    expect(page.locator("#bulk [role=status]")).to_have_text("已派遣 1 件。")
    expect(page.locator(".case__name")).to_have_count(0)
    token = site.sign_in("demo-dispatcher")
    assert {site.ask(f"/api/v1/cases/{one}", token=token)["properties"]["state"] for one in cases} == {"dispatched"}


def test_a_returned_case_goes_to_another_department_or_says_why_not(visit, site):
    case = reported(site, "退回案件（虚构）")
    office, handler = site.sign_in("demo-dispatcher"), site.sign_in("demo-handler")
    steps = ((office, "file", ""), (office, "dispatch", ""), (handler, "return", "不属本部门（虚构）"))
    for token, action, note in steps:
        site.ask(f"/api/v1/cases/{case}/actions", {"action": action, "note": note}, token=token)
    page = ready(visit(f"/board#queue=returned&case={case}", name="demo-dispatcher").page)
    card = page.locator("#case")
    card.locator("[data-action=redispatch]").click()
    assert card.locator("select[name=department]").input_value() == ""  # none is chosen for the office
    card.locator("select[name=department]").select_option("urban_management")
    card.locator("form [type=submit]").click()
    expect(card.locator(".moves-title ~ .form-problem").first).to_have_text("改派给原部门须说明理由")
    card.locator("textarea[name=note]").fill("职责已核实（虚构）")
    card.locator("form [type=submit]").click()
    expect(card.locator(".tag").first).to_have_text("已派遣")
    expect(card.locator(".moves-title ~ .form-problem").first).to_be_hidden()


def test_filters_stay_in_the_address(visit):
    watched = visit("/board", name="demo-dispatcher")
    page = ready(watched.page)
    page.locator("[data-queue=overdue]").click()
    with page.expect_response(lambda answer: "category=VEN" in answer.url):
        page.locator("#category").select_option("VEN")
    until(page, "[...document.querySelectorAll('.case .sign')].every((one) => one.textContent === '摊')")
    before = page.locator(".case__name").all_inner_texts()
    assert before
    page.reload()
    ready(page)
    expect(page.locator("[data-queue=overdue]")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".case__name").all_inner_texts() == before


def test_what_somebody_else_does_appears_by_itself(visit, site):
    case = reported(site, "实时案件（虚构）")
    watched = visit(f"/board#queue=new&find=实时案件&case={case}", name="demo-dispatcher")
    page = ready(watched.page)
    expect(page.locator(".case__name")).to_have_count(1)
    expect(page.locator("#case .tag").first).to_have_text("已上报")
    expect(page.locator("#state")).to_contain_text("实时")  # the stream is open
    token = site.sign_in("demo-admin")
    site.ask(f"/api/v1/cases/{case}/actions", {"action": "file"}, token=token)
    expect(page.locator("#case .tag").first).to_have_text("已立案")
    expect(page.locator(".case__name")).to_have_count(0)
    expect(page.locator("#case .case__map canvas").first).to_be_visible()
    assert watched.trouble() == []


@pytest.mark.parametrize("how", ["held back", "broken off"])
def test_where_the_stream_does_not_come_through_it_is_asked_for(visit, site, how):
    case = reported(site, f"询问案件（虚构）{how}")
    page = visit("/departments", name="demo-dispatcher").page
    page.route("**/api/v1/cases/changes", lambda route: None if how == "held back" else route.abort())
    page.clock.install()
    page.goto(f"{site.address}/board#case={case}")
    ready(page)
    expect(page.locator("#case .tag").first).to_have_text("已上报")
    page.clock.fast_forward(9_000)
    token = site.sign_in("demo-admin")
    site.ask(f"/api/v1/cases/{case}/actions", {"action": "file"}, token=token)
    page.clock.fast_forward(16_000)
    expect(page.locator("#case .tag").first).to_have_text("已立案")
    expect(page.locator("#state")).to_contain_text("更新于")
    page.unroute("**/api/v1/cases/changes")
    page.clock.fast_forward(61_000)  # it is tried again
    expect(page.locator("#state")).to_contain_text("实时")


def test_a_case_that_is_over_says_how_it_ended_and_no_clock_runs(visit, site):
    token = site.sign_in("demo-dispatcher")
    over = site.ask("/api/v1/cases/queue?queue=closed", token=token)["features"]
    closed = next(one for one in over if one["properties"]["closed_at"])
    late = closed["properties"]["closed_at"] > closed["properties"]["due_at"]
    page = ready(visit(f"/board#queue=closed&case={closed['id']}", name="demo-dispatcher").page)
    card = page.locator("#case")
    expect(card.locator(".facts")).to_contain_text("结案" if late else "按期结案")
    expect(page.locator(f'.case[data-id="{closed["id"]}"] .case__side')).to_contain_text("期")
    assert page.locator(".time--late").count() == 0  # nothing is running late that has come to its end
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(card.locator(".case__foot")).to_contain_text("demo-dispatcher 打印于")
    expect(card.locator(".case__map canvas").first).to_be_visible()
    expect(card.locator(".moves-title")).to_be_hidden()
    drawn, shown = (card.locator(one).first.bounding_box()["width"] for one in (".case__map canvas", ".case__map"))
    assert drawn >= shown - 1  # no part of the map is missing on paper


@pytest.mark.parametrize("width", [1240, 1440])
def test_twelve_pages_in_english_leave_room_for_the_bell(visit, site, width):
    page = visit("/departments?lang=en", name="demo-dispatcher", size=(width, 900)).page
    ends = page.locator(".masthead__nav a").last.bounding_box()
    bell = page.locator("#bell").bounding_box()
    assert ends["x"] + ends["width"] <= bell["x"]


def test_a_figure_opens_the_list_of_its_cases(visit, site):
    watched = visit("/board/indicators#span=year&by=category", name="demo-leader")
    page = ready(watched.page)
    figure = page.locator("#figures tbody tr").first.locator("[data-figure=filed]")
    n = int(figure.inner_text())
    figure.click()
    expect(page.locator("#behind-table tbody tr")).to_have_count(min(n, 50))
    expect(page.locator("#meanings li")).to_have_count(13)
    page.locator("#behind-table a").first.click()
    ready(page)
    expect(page.locator("#case h2")).to_be_visible()
    assert watched.trouble() == []


def test_today_is_that_of_the_city_and_not_of_the_computer(visit, site):
    """At one in the morning of 1 December in Zhuji it is still November for a computer that is set to UTC."""
    page = visit("/board/indicators", name="demo-leader").page
    page.clock.set_fixed_time("2026-11-30T17:00:00Z")
    for span, first in (
        ("week", "2026-11-30"),
        ("month", "2026-12-01"),
        ("quarter", "2026-10-01"),
        ("year", "2026-01-01"),
    ):
        page.goto(f"{site.address}/board/indicators#span={span}")
        page.reload()
        ready(page)
        assert page.locator("[name=from]").input_value() == first
        assert page.locator("[name=to]").input_value() == "2026-12-01"


def test_a_handler_sees_the_cases_of_their_department_only(visit, site):
    page = ready(visit("/board", name="demo-traffic").page)
    names = page.locator(".case__line").all_inner_texts()
    assert names
    token = site.sign_in("demo-traffic")
    for one in site.ask("/api/v1/cases?limit=1000", token=token)["features"]:
        assert "traffic_police" in [one["properties"]["lead"], *one["properties"]["assisting"]]


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en-GB"), ((1440, 900), "zh-CN")])
def test_everybody_can_use_it(visit, size, language):
    page = ready(visit("/board", size, name="demo-dispatcher", language=language).page)
    page.locator(".case__name").first.click()
    expect(page.locator("#case h2")).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found["violations"] if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
