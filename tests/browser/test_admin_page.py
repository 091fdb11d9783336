"""Who walks which cell, and checklists, as the office sets them. All data invented."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_cells_are_painted_saved_and_there_again(visit, site):
    watched = visit("/admin", name="demo-dispatcher")
    page = watched.page
    expect(page.locator("[role=tab]")).to_have_count(
        6
    )  # accounts, distance rules, checklists, messages and the log are the administrator's
    expect(page.locator("#walks-summary")).to_contain_text("格")
    page.locator("#walks-person").select_option(label="demo-inspector")
    before = page.locator("#walks-summary").inner_text()
    page.locator("#walks-township").select_option(index=5)
    expect(page.locator("#walks-summary")).to_contain_text("未保存")
    box = page.locator("#walks-map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 10, steps=8)
    page.mouse.up()
    page.locator("#walks-codes").fill("330681-100-0-0，nonsense")
    page.locator("#walks-add").click()
    expect(page.locator("#problem")).to_contain_text("nonsense")
    codes = site.ask("/api/v1/coverage?city=330681", token=site.sign_in("demo-dispatcher"))["cells"]
    code = min(codes)
    table = f"编号,网格号,备注\n1,{code},虚构\n2,330681-100-1-1,虚构\n".encode()
    page.locator("#walks-file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": table})
    expect(page.locator("#walks-read-bad")).to_contain_text("330681-100-1-1")
    expect(page.locator("#walks-read-save")).to_be_hidden()
    page.locator("#walks-read-away").click()
    page.locator("#walks-save").click()
    expect(page.locator("#done")).to_contain_text("已保存")
    after = page.locator("#walks-summary").inner_text()
    assert after != before
    page.reload()
    expect(page.locator("#walks-summary")).to_have_text(after)
    assert watched.trouble() == []


def test_a_file_says_who_walks_which_cell(visit, site):
    admin = site.sign_in("demo-admin")
    identity = str(uuid.uuid4())
    new = {"id": identity, "name": "file-walker", "display_name": "<b>虚构</b>巡查员", "roles": ["inspector"]}
    site.ask("/api/v1/people", new, token=admin)
    codes = sorted(site.ask("/api/v1/coverage?city=330681", token=admin)["cells"])[:4]
    watched = visit("/admin", name="demo-dispatcher")
    page = watched.page
    expect(page.locator("#walks-summary")).to_contain_text("格")
    rows = "".join(f"{code},<b>虚构</b>巡查员\n" for code in codes)
    page.locator("#walks-file").set_input_files(
        {"name": "分工.csv", "mimeType": "text/csv", "buffer": f"网格编号,姓名\n{rows}".encode("gb18030")}
    )
    expect(page.locator("#walks-read-people")).to_have_text("<b>虚构</b>巡查员：4 格")
    page.locator("#walks-read-save").click()
    expect(page.locator("#done")).to_contain_text("1 名巡查员")
    kept = site.ask(f"/api/v1/people/{identity}/cells", token=admin)["cells"]
    assert sorted(kept) == codes
    assert watched.trouble() == []


def test_a_checklist_is_edited_and_asked_from_then_on(visit, site):
    watched = visit("/admin#lists", name="demo-admin", language="en")
    page = watched.page
    page.goto(f"{site.address}/language/en?next=/admin")
    page.locator("#tab-lists").click()
    page.locator("#lists-key").select_option("ENV")
    expect(page.locator("#lists-state")).to_have_text("Built in")
    page.locator("#lists-interval").fill("4")
    page.locator("#lists-add").click()
    page.locator("#lists-save").click()
    expect(page.locator("#problem")).to_be_visible()  # a question without words
    page.locator("#lists-table tbody tr").last.locator("input[type=text]").nth(0).fill("<b>油烟</b>")
    page.locator("#lists-table tbody tr").last.locator("input[type=text]").nth(1).fill("Smoke")
    page.locator("#lists-save").click()
    expect(page.locator("#lists-state")).to_contain_text("version 1")
    lists = site.ask("/api/v1/checklists", token=site.sign_in("demo-inspector"))["checklists"]
    assert lists["ENV"]["interval_days"] == 4
    assert lists["ENV"]["items"][-1]["zh"] == "<b>油烟</b>"
    assert [event for event in watched.trouble() if "422" not in event] == []


def test_a_filing_rule_is_set_for_a_place_and_taken_away(visit, site):
    watched = visit("/admin#filing", name="demo-dispatcher")
    page = watched.page
    rows = page.locator("#filing-table tbody tr")
    expect(rows.first.locator("[data-act=place]")).to_be_visible()
    built_in = rows.count()
    rows.first.locator("[data-act=place]").click()
    form = page.locator(".rule-form")
    form.locator("[name=place_kind]").select_option("district")
    form.locator("[name='handle.unit']").select_option("working_hours")
    form.locator("[name='handle.amount']").fill("2.5")
    form.locator("[type=submit]").click()
    expect(rows).to_have_count(built_in + 1)
    page.locator("#filing-own").check()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("2.5 工作小时")
    rows.first.locator("[data-act=reset]").click()
    page.locator("#filing-own").uncheck()
    expect(rows).to_have_count(built_in)
    page.locator("#tab-workdays").click()
    expect(page.locator("#workdays-table tbody tr").first).to_be_visible()
    page.locator("#workdays-hours").fill("nonsense")
    page.locator("#workdays-save").click()
    expect(page.locator("#problem")).to_contain_text("nonsense")
    page.locator("#workdays-hours").fill("9:00-12:00, 13:00-17:00")
    page.locator("#workdays-save").click()
    expect(page.locator("#workdays-state")).to_contain_text("第 1 版")
    assert watched.trouble() == []
