"""The field app in the hand: taps, distances, doubles, what goes wrong and how it is mended. All data invented."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from shapely.geometry import shape

from tests import chromium
from tests.browser.conftest import Site, until
from tests.browser.test_field_offline import OUTBOX, coloured
from tests.conftest import skip_or_fail

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHINESE = re.compile("[一-鿿]")
DESCRIBE = """async (hazards) => {
  const { Shift, keptShift } = await import("/static/js/field/shift.js");
  const shift = await keptShift();
  return hazards.map(([id, place]) => [id, shift.describe(place).schools.map((one) => [one.school.id, one.boundary_m, one.gate_m])]);
}"""
WRITE = """async ([record, person]) => {
  const outbox = await import("/static/js/field/outbox.js");
  await outbox.write([record], [], person);
}"""
FULL = """() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, key) {
    if (this.name === "photos") throw new DOMException("no room", "QuotaExceededError");
    return put.call(this, value, key);
  };
}"""
TWICE_THE_TEXT = """() => {
  document.documentElement.style.fontSize = "200%";
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("#sheet-body *, .tabs-bar *, .fieldbar *")]
    .filter((one) => one.offsetParent !== null && !one.closest(".visually-hidden"))
    .filter((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && (box.right > wide + 1 || box.left < -1); })
    .map((one) => one.outerHTML.slice(0, 100));
  const sheet = document.getElementById("sheet").getBoundingClientRect();
  if (sheet.height < 160) out.push(`the sheet has ${sheet.height} px left`);
  document.documentElement.style.fontSize = "";
  return out;
}"""
FAST_CLOCK = """() => {
  const { now } = Date;
  const ahead = 3 * 3600_000;
  window.Date = class extends Date {
    constructor(...given) {
      if (given.length) super(...given);
      else super(now() + ahead);
    }
    static now() { return now() + ahead; }
  };
}"""
Phone = Callable[..., tuple[BrowserContext, Page]]


@pytest.fixture
def school(site: Site) -> tuple[float, float]:
    """Return a place near the first school of the demonstration's inspector."""
    pack = site.ask("/api/v1/field/pack", token=site.sign_in("demo-inspector"))
    lon, lat = pack["schools"]["features"][0]["properties"]["point"]
    return lon + 0.0006, lat + 0.0012


@pytest.fixture
def phone(browser: Browser, site: Site, school: tuple[float, float]) -> Iterator[Phone]:
    contexts: list[BrowserContext] = []

    def opened(
        *,
        name: str = "demo-inspector",
        at: tuple[float, float] | None = school,
        view: str = "",
        width: int = 360,
        init: str | None = None,
    ) -> tuple[BrowserContext, Page]:
        context = browser.new_context(
            viewport={"width": width, "height": 740 if width < 600 else 900},
            has_touch=True,
            is_mobile=width < 600,
            permissions=["geolocation"] if at else [],
            reduced_motion="reduce",
            service_workers="block",
        )
        contexts.append(context)
        context.set_default_timeout(chromium.PATIENCE_MS)
        if at:
            context.set_geolocation({"longitude": at[0], "latitude": at[1], "accuracy": 9})
        if name:
            body = {"username": name, "password": site.passwords[name]}
            assert context.request.post(f"{site.address}/api/v1/session", data=body).ok
        page = context.new_page()
        if init:
            page.add_init_script(f"({init})()")
        page.goto(f"{site.address}/field{view}")
        page.wait_for_selector("body[data-ready]")
        if name and at:
            expect(page.locator(".where__cell")).to_be_visible()
            expect(page.locator("#net")).to_have_attribute("data-phase", "idle")
            page.wait_for_load_state("networkidle")
        return context, page

    yield opened
    for context in contexts:
        context.close()


def sent(page: Page) -> None:
    """Wait until something was written, and all of it is sent."""
    for _ in range(chromium.PATIENCE_MS // 100):
        outbox = page.evaluate(OUTBOX)
        if outbox and all(one["state"] == "sent" for one in outbox):
            break
        page.wait_for_timeout(100)
    else:
        raise AssertionError([(one["kind"], one["state"], one.get("detail")) for one in outbox])
    expect(page.locator("#outbox-count")).to_be_hidden()
    expect(page.locator("#net")).to_have_attribute("data-phase", "idle")


def test_two_taps_from_opening_to_saved(phone: Phone, site: Site) -> None:
    context, page = phone()
    expect(page.locator(".where strong").first).to_have_text("暨阳示例小学1")
    page.locator("[data-category=DNG]").tap()
    page.locator("#save").tap()
    expect(page.locator("#said")).to_have_text("已保存")
    sent(page)
    mine = context.request.get(f"{site.address}/api/v1/field/pack").json()["reports"]["features"][0]["properties"]
    assert (mine["category"], mine["position_error_m"]) == ("DNG", 9)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".grid .big").first).to_have_attribute("data-category", "DNG")  # the most used first


def test_tagging_works_before_the_rest_of_the_app_has_come(phone: Phone, site: Site) -> None:
    context, page = phone(name="")
    context.route("**/js/field/views.js", lambda route: route.abort())
    body = {"username": "demo-inspector", "password": site.passwords["demo-inspector"]}
    assert context.request.post(f"{site.address}/api/v1/session", data=body).ok
    page.reload()
    page.locator("[data-category=CUL]").tap()
    page.locator("#save").tap()
    sent(page)
    page.locator("[data-go=day]").tap()
    expect(page.locator("#sheet-body .warn")).to_contain_text("打点可照常使用")
    context.unroute("**/js/field/views.js")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(page.locator("#sheet-body .view__title")).to_have_text("我的一天")
    expect(page.locator(".leaflet-container")).to_have_count(1)


def test_distances_on_the_phone_are_those_of_the_server(phone: Phone, site: Site) -> None:
    context, page = phone()
    pack = context.request.get(f"{site.address}/api/v1/field/pack").json()
    hazards = [(one["id"], one["geometry"]["coordinates"]) for one in pack["hazards"]["features"]]
    assert len(hazards) > 10
    compared = 0
    for identity, schools in page.evaluate(DESCRIBE, hazards):
        detail = context.request.get(f"{site.address}/api/v1/hazards/{identity}").json()["properties"]["schools"]
        told = {one["uuid"]: (one["boundary_distance_m"], one["gate_distance_m"]) for one in detail}
        assert {one[0] for one in schools} == set(told)
        for school, boundary, gate in schools:
            assert boundary == pytest.approx(told[school][0], abs=0.02)
            assert gate == pytest.approx(told[school][1], abs=0.02)
            compared += 1
    assert compared > 10


def test_the_same_stall_again_is_a_sighting_and_not_lost(phone: Phone, site: Site) -> None:
    context, page = phone()
    page.locator("[data-category=FAC]").tap()
    page.locator("#note").fill("invented: no guard")
    page.locator("#save").tap()
    sent(page)
    page.locator("[data-category=FAC]").tap()
    expect(page.locator(".same h2")).to_have_text("是不是这一处？")
    page.locator(".yes").first.tap()
    expect(page.locator("#said")).to_have_text("已记为再次发现")
    sent(page)
    reports = context.request.get(f"{site.address}/api/v1/field/pack").json()["reports"]["features"]
    newest = next(one for one in reports if one["properties"]["note"] == "invented: no guard")
    assert newest["properties"]["sightings"] == 1
    page.locator("[data-category=FAC]").tap()
    page.get_by_role("button", name="都不是，作为新隐患").tap()
    expect(page.locator(".same")).to_have_count(0)


def test_an_ended_session_loses_nothing(phone: Phone, site: Site) -> None:
    context, page = phone()
    context.clear_cookies()
    page.locator("[data-category=ENV]").tap()
    page.locator("#save").tap()
    expect(page.locator("#net")).to_have_attribute("data-phase", "signin")
    page.locator("#net").tap()
    expect(page.locator(".warn")).to_contain_text("不会丢失")
    expect(page.locator(".state--waiting")).to_have_count(1)
    page.locator(".warn a").tap()
    page.locator("input[name=username]").fill("demo-inspector")
    page.locator("input[name=password]").fill(site.passwords["demo-inspector"])
    page.locator("button[type=submit]").tap()
    page.wait_for_selector("body[data-ready]")
    sent(page)


def test_signing_out_and_in_again_keeps_what_waits(phone: Phone, site: Site) -> None:
    context, page = phone()
    page.locator("[data-go=outbox]").tap()
    page.locator("#sign-out-field").tap()
    page.wait_for_selector("input[name=username]")
    assert context.request.get(f"{site.address}/api/v1/me").json()["id"] is None


def test_a_refused_record_says_why_and_is_mended(phone: Phone, site: Site) -> None:
    context, page = phone()
    me = context.request.get(f"{site.address}/api/v1/me").json()["id"]
    identity = str(uuid.uuid4())
    lon, lat = context.request.get(f"{site.address}/api/v1/field/pack").json()["schools"]["features"][0]["properties"][
        "point"
    ]
    note = "<b>名字</b> 👩‍🏫 \u202eالاسم"
    data = {
        "id": identity,
        "lon": lon,
        "lat": lat,
        "category": "OLD",
        "note": note,
        "observed_at": "1970-01-01T00:00:00Z",
    }
    page.evaluate(WRITE, [{"id": identity, "kind": "hazard", "data": data}, me])
    page.locator("#net").tap()
    page.get_by_role("button", name="立即发送").tap()
    trouble = page.locator(f"[data-record='{identity}']")
    expect(trouble).to_contain_text("类别：没有这个类别")
    expect(trouble).to_contain_text("请先校准手机时间")
    trouble.get_by_role("button", name="修改").tap()
    page.locator("[data-category=MED]").tap()
    expect(page.locator("#note")).to_have_value(note)
    page.locator("#save").tap()
    sent(page)
    stored = context.request.get(f"{site.address}/api/v1/hazards/{identity}").json()["properties"]
    assert (stored["category"], stored["note"]) == ("MED", note)
    bad = data | {"id": str(uuid.uuid4()), "observed_at": "2099-01-01T00:00:00Z"}
    page.evaluate(WRITE, [{"id": bad["id"], "kind": "hazard", "data": bad}, me])
    page.locator("#net").tap()
    page.get_by_role("button", name="立即发送").tap()
    expect(page.locator(f"[data-record='{bad['id']}']")).to_contain_text("发现时间：时间比现在晚一天以上")
    page.locator(f"[data-record='{bad['id']}']").get_by_role("button", name="丢弃").tap()
    page.locator("#sure-no").tap()
    expect(page.locator(f"[data-record='{bad['id']}']")).to_be_visible()
    page.locator(f"[data-record='{bad['id']}']").get_by_role("button", name="丢弃").tap()
    page.locator("#sure-yes").tap()
    expect(page.locator(f"[data-record='{bad['id']}']")).to_have_count(0)


def test_a_conflict_shows_both_and_asks(phone: Phone, site: Site) -> None:
    context, page = phone()
    pack = context.request.get(f"{site.address}/api/v1/field/pack").json()
    hazard = pack["hazards"]["features"][0]
    version = hazard["properties"]["version"]
    me = context.request.get(f"{site.address}/api/v1/me").json()
    answer = context.request.patch(
        f"{site.address}/api/v1/hazards/{hazard['id']}",
        data={"note": "invented: the office was faster"},
        headers={"If-Match": f'"{version}"', "X-CSRF-Token": me["csrf"]},
    )
    assert answer.ok
    edit = {"id": str(uuid.uuid4()), "hazard": hazard["id"], "version": version, "note": "invented: mine"}
    page.evaluate(WRITE, [{"id": edit["id"], "kind": "hazard_edit", "data": edit}, me["id"]])
    page.locator("#net").tap()
    page.get_by_role("button", name="立即发送").tap()
    both = page.locator(f"[data-record='{edit['id']}'] .both")
    expect(both).to_contain_text("invented: mine")
    expect(both).to_contain_text("invented: the office was faster")
    page.get_by_role("button", name="用我的").tap()
    sent(page)
    stored = context.request.get(f"{site.address}/api/v1/hazards/{hazard['id']}").json()["properties"]
    assert stored["note"] == "invented: mine"


def test_a_full_phone_keeps_the_record_and_says_so(phone: Phone, site: Site) -> None:
    context, page = phone(init=FULL)
    page.locator("[data-category=PUB]").tap()
    page.locator("#note").fill("invented: kept without its photo")
    page.locator("#photo-gallery").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": coloured(3)[1]})
    expect(page.locator(".photo img")).to_be_visible()
    page.locator("#save").tap()
    expect(page.locator("#said")).to_contain_text("手机空间已满")
    sent(page)
    reports = context.request.get(f"{site.address}/api/v1/field/pack").json()["reports"]["features"]
    assert any(one["properties"]["note"] == "invented: kept without its photo" for one in reports)


def test_what_is_no_photo_is_said_at_once(phone: Phone) -> None:
    _, page = phone()
    page.locator("[data-category=PUB]").tap()
    page.locator("#photo-gallery").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no photo"})
    expect(page.locator("#said")).to_contain_text("不是可用的照片")
    large, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "INVENTED CAMERA"
    Image.new("RGB", (8000, 5000), (200, 30, 30)).save(large, "JPEG", exif=exif)
    page.locator("#photo-gallery").set_input_files(
        {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()}
    )
    expect(page.locator(".photo img")).to_be_visible()
    until(page, "async () => (await (await import('/static/js/field/store.js')).kept('tag'))?.photos.length === 1")
    sizes = page.evaluate(
        """async () => {
          const { kept } = await import("/static/js/field/store.js");
          const [{ blob }] = (await kept("tag")).photos;
          const { width, height } = await createImageBitmap(blob);
          return [width, height, (await blob.text()).includes("INVENTED")];
        }"""
    )
    assert sizes == [1600, 1000, False]


def test_without_a_position_and_far_from_it(phone: Phone, school: tuple[float, float]) -> None:
    _, page = phone(at=None)
    expect(page.locator(".where--none")).to_contain_text("定位未获允许")
    page.wait_for_load_state("networkidle")
    page.locator("#find").fill("小学")
    page.locator("#found button").first.tap()
    expect(page.locator(".where__cell")).to_be_visible()
    _, far = phone(at=(school[0] + 0.06, school[1]))
    far.locator("#find").fill("小学1")
    far.locator("#found button").first.tap()
    expect(far.locator(".where .warn")).to_contain_text("距您的位置")


def test_who_has_no_part_in_the_field_is_shown_to_the_board(phone: Phone) -> None:
    _, page = phone(name="demo-handler", at=None)
    said = page.locator("#not-for-them")
    expect(said).to_contain_text("您的账号不在其中")
    for hidden in (".tabs-bar", "#map", ".where"):
        expect(page.locator(hidden)).to_be_hidden()
    page.reload()
    expect(said.get_by_role("link", name="打开督办")).to_have_attribute("href", "/board")
    expect(page.locator(".tabs-bar")).to_be_hidden()


def begin_round(page: Page) -> None:
    page.locator("[data-go=day]").tap()
    page.get_by_role("button", name="按距离").tap()
    page.locator("[data-due]", has_text="小学").first.tap()
    expect(page.locator("[data-question=guard]")).to_be_visible()


def visit_of(context: BrowserContext, site: Site, identity: str) -> dict[str, Any]:
    visits = context.request.get(f"{site.address}/api/v1/inspections?limit=1000").json()["inspections"]
    return next(one for one in visits if one["id"] == identity)


def last_visit(page: Page) -> str:
    """Return the id of the visit that was written last on this phone."""
    visits = [one for one in page.evaluate(OUTBOX) if one["kind"] == "inspection"]
    return str(max(visits, key=lambda one: one["order"])["id"])


def test_a_round_can_be_left_and_taken_up_again(phone: Phone, site: Site) -> None:
    context, page = phone()
    begin_round(page)
    page.locator("#answer-guard-yes").tap()
    page.locator("#answer-stalls").fill("3")
    page.locator("#round-note").fill("<i>虚构</i> 🚸 \u202eالاسم")
    expect(page.locator("#answer-guard-yes")).to_have_attribute("aria-pressed", "true")
    until(
        page,
        """async () => {
      const { kept } = await import("/static/js/field/store.js");
      return (await kept("round"))?.note.includes("虚构") && (await kept("round")).answers.stalls === 3;
    }""",
    )
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.locator("[data-go=day]").tap()
    page.get_by_role("button", name="继续").tap()
    expect(page.locator("#answer-stalls")).to_have_value("3")
    expect(page.locator("#round-note")).to_have_value("<i>虚构</i> 🚸 \u202eالاسم")
    expect(page.locator("#round-arrival .good")).to_be_visible()  # as soon as there is a position
    known = page.locator(".known").first
    known.get_by_role("button", name="更严重").tap()
    known.locator("input[type=file]").set_input_files(
        {"name": "now.png", "mimeType": "image/png", "buffer": coloured(5)[1]}
    )
    expect(known.locator(".photo img")).to_be_visible()
    page.locator("#round-finding").tap()
    page.locator("[data-category=TRF]").tap()
    page.locator("#save").tap()
    expect(page.locator(".questions")).to_be_visible()
    page.locator("#answer-stalls").fill("999")
    page.locator("#round-done").tap()
    expect(page.locator("#said")).to_contain_text("须在 0 与 200 之间")
    page.locator("#answer-stalls").fill("3")
    page.locator("#round-done").tap()
    expect(page.locator("#sure-question")).to_contain_text("6 项未填")
    page.locator("#sure-yes").tap()
    expect(page.locator("#said")).to_have_text("巡查已保存")
    sent(page)
    answers = visit_of(context, site, last_visit(page))["answers"]
    assert answers["items"] == {"guard": "yes", "stalls": 3}
    assert len(answers["found"]) == 1
    assert "arrival_reason" not in answers


def test_what_is_due_follows_the_own_interval_of_a_school_without_a_signal_too(phone: Phone, site: Site) -> None:
    token = site.sign_in("demo-inspector")
    [school, *_] = [one for one in site.ask("/api/v1/inspections/due", token=token)["due"] if one["kind"] == "school"]
    context, page = phone()
    office = context.browser.new_context()  # type: ignore[union-attr]
    body = {"username": "demo-dispatcher", "password": site.passwords["demo-dispatcher"]}
    csrf = office.request.post(f"{site.address}/api/v1/session", data=body).json()["csrf"]
    path = f"{site.address}/api/v1/schools/{school['id']}"

    def every(days: dict[str, int]) -> None:
        head = {"If-Match": office.request.get(path).headers["etag"], "X-CSRF-Token": csrf, "Origin": site.address}
        assert office.request.patch(path, data={"intervals_days": days}, headers=head).ok

    every({"school": 2})
    page.evaluate("async () => { window.dispatchEvent(new Event('online')); }")
    until(
        page,
        """async (id) => {
          const { kept } = await import("/static/js/field/store.js");
          return (await kept("pack")).pack.due.find((one) => one.id === id).interval_days === 2;
        }""",
        school["id"],
    )
    context.set_offline(True)
    page.locator("[data-go=day]").tap()
    visit = {"id": str(uuid.uuid4()), "school": school["id"], "started_at": dt.datetime.now(dt.UTC).isoformat()}
    page.evaluate(WRITE, [{"id": visit["id"], "kind": "inspection", "data": visit}, None])
    page.locator(".later summary").tap()
    line = page.locator(f".later [data-due='{school['id']}']")
    expect(line).to_contain_text("每 2 天巡查")
    expect(line).to_contain_text("2 天后到期")
    every({})
    office.close()


def test_who_has_not_arrived_says_why(phone: Phone, site: Site, school: tuple[float, float]) -> None:
    context, page = phone(at=(school[0] + 0.02, school[1]))
    begin_round(page)
    expect(page.locator("#round-arrival .warn")).to_be_visible()
    page.locator("#round-done").tap()
    expect(page.locator("#said")).to_contain_text("原因")
    expect(page.locator("#round-reason")).to_be_focused()
    page.locator("#round-reason").fill("虚构：道路封闭")
    page.locator("#round-absent").tap()
    expect(page.locator("#round-reason")).to_have_value("虚构：道路封闭")
    page.locator("#round-done").tap()
    expect(page.locator("#said")).to_have_text("巡查已保存")
    sent(page)
    visit = visit_of(context, site, last_visit(page))
    assert visit["outcome"] == "not_reached"
    assert visit["answers"]["arrival_reason"] == "虚构：道路封闭"


def test_the_checklist_of_a_category_is_asked_at_a_known_hazard(phone: Phone, site: Site) -> None:
    context, page = phone()
    page.locator("[data-category=TRF]").tap()
    page.locator("#note").fill("invented: cars on the crossing")
    page.locator("#save").tap()
    sent(page)
    pack = context.request.get(f"{site.address}/api/v1/field/pack").json()
    hazard = next(one["id"] for one in pack["reports"]["features"] if "crossing" in one["properties"]["note"])
    page.reload()
    page.wait_for_selector("body[data-ready]")
    until(page, "async (id) => (await (await import('/static/js/field/shift.js')).keptShift()).told.has(id)", hazard)
    page.evaluate("(id) => import('/static/js/pages/field.js').then((page) => page.app.openHazard(id))", hazard)
    page.locator("#hazard-list-open").tap()
    page.locator("#answer-blocked-yes").tap()
    page.locator("[data-state=there]").tap()
    expect(page.locator("#said")).to_contain_text("须附照片")
    page.locator("[data-question=blocked] input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": coloured(7)[1]}
    )
    expect(page.locator("[data-question=blocked] .photo img")).to_be_visible()
    page.locator("[data-state=there]").tap()
    sent(page)
    visit = visit_of(context, site, last_visit(page))
    assert (visit["hazard"], visit["answers"]["checklist"]) == (hazard, "TRF")
    assert visit["answers"]["items"] == {"blocked": "yes"}
    written = sorted(page.evaluate(OUTBOX), key=lambda one: one["order"])
    assert [one["kind"] for one in written] == ["hazard", "sighting", "inspection", "photo"]


def test_what_was_half_written_comes_back_when_the_phone_closed_the_app(phone: Phone) -> None:
    _, page = phone()
    page.locator("[data-category=CUL]").tap()
    page.locator("#photo-gallery").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": coloured(9)[1]})
    expect(page.locator(".photo img")).to_be_visible()
    page.locator("#note").fill("长" * 100_000)
    page.locator("#save").tap()
    expect(page.locator("#said")).to_contain_text("100000 字")
    page.locator("#note").fill("虚构：长话短说")
    until(
        page,
        """async () => {
      const { kept } = await import("/static/js/field/store.js");
      return (await kept("tag"))?.note === "虚构：长话短说";
    }""",
    )
    page.reload()  # as when the camera needs all the memory
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#note")).to_have_value("虚构：长话短说")
    expect(page.locator(".photo img")).to_be_visible()
    page.locator("#save").tap()
    sent(page)
    assert sorted(one["kind"] for one in page.evaluate(OUTBOX)) == ["hazard", "photo"]
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".grid .big").first).to_be_visible()  # and not once more


def test_each_kind_of_refused_record_can_be_mended(phone: Phone, site: Site) -> None:
    context, page = phone()
    me = context.request.get(f"{site.address}/api/v1/me").json()["id"]
    pack = context.request.get(f"{site.address}/api/v1/field/pack").json()
    long_ago = "1970-01-01T00:00:00Z"
    own = str(uuid.uuid4())
    lon, lat = pack["schools"]["features"][0]["properties"]["point"]
    visit = {"id": str(uuid.uuid4()), "school": pack["schools"]["features"][0]["id"], "started_at": long_ago}
    visit["answers"] = {"checklist": "school", "version": 0, "items": {"guard": "yes"}}
    lost = {
        "id": str(uuid.uuid4()),
        "hazard": str(uuid.uuid4()),
        "state": "there",
        "observed_at": "2026-11-20T08:00:00Z",
    }
    late = {"id": str(uuid.uuid4()), "hazard": own, "state": "worse", "observed_at": "2099-01-01T00:00:00Z"}
    hazard = {"id": own, "lon": lon, "lat": lat, "category": "ENV", "observed_at": "2026-11-20T08:00:00Z"}
    poison = {"id": str(uuid.uuid4())} | {f"field_{n}": n for n in range(50)}  # of an app that is newer than the server
    photo = {"id": str(uuid.uuid4()), "hazard": own, "sent_sha256": "0" * 64}  # its bytes are gone from the phone
    kinds = {"hazard": [poison, hazard], "inspection": [visit], "sighting": [lost, late], "photo": [photo]}
    for kind, many in kinds.items():
        for data in many:
            page.evaluate(WRITE, [{"id": data["id"], "kind": kind, "data": data}, me])
    page.locator("#net").tap()
    page.get_by_role("button", name="立即发送").tap()
    expect(page.locator(".trouble")).to_have_count(5)  # and the good one is sent

    def trouble(data: dict[str, Any]) -> Locator:
        return page.locator(f"[data-record='{data['id']}']")

    trouble(poison).get_by_role("button", name="丢弃").tap()
    page.locator("#sure-yes").tap()
    trouble(late).get_by_role("button", name="修改").tap()
    trouble(photo).locator("input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": coloured(2)[1]}
    )
    expect(trouble(photo)).to_have_count(0)
    trouble(lost).get_by_role("button", name="改为新隐患上报").tap()
    page.locator("[data-category=SEC]").tap()
    page.locator("#save").tap()
    page.locator("#net").tap()
    trouble(visit).get_by_role("button", name="修改").tap()
    expect(page.locator("#answer-guard-yes")).to_have_attribute("aria-pressed", "true")
    page.locator("#round-done").tap()
    page.locator("#sure-yes").tap()
    sent(page)
    assert visit_of(context, site, visit["id"])["answers"]["items"] == {"guard": "yes"}
    history = context.request.get(f"{site.address}/api/v1/hazards/{own}/sightings").json()["sightings"]
    assert [one["id"] for one in history] == [late["id"]]
    seen = dt.datetime.fromisoformat(history[0]["observed_at"])
    assert abs(seen - dt.datetime.now(dt.UTC)) < dt.timedelta(
        hours=1
    )  # when it was mended: of 2099 nobody knows better
    assert len(context.request.get(f"{site.address}/api/v1/hazards/{own}/photos").json()["photos"]) == 1


def test_records_of_before_the_first_sign_in_and_of_an_older_app_are_sent(phone: Phone, site: Site) -> None:
    context, page = phone(init=FAST_CLOCK)
    lon, lat = context.request.get(f"{site.address}/api/v1/field/pack").json()["schools"]["features"][0]["properties"][
        "point"
    ]
    data = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "SHP", "observed_at": "2026-11-20T08:00:00Z"}
    old = {"id": data["id"], "kind": "hazard", "data": data, "order": 1, "person": None, "state": "waiting"}
    page.evaluate(
        "async (old) => (await (await import('/static/js/field/store.js')).database()).put('records', old)", old
    )
    page.locator("[data-go=tag]").tap()
    page.locator("[data-category=MED]").tap()
    page.locator("#save").tap()
    sent(page)
    assert context.request.get(f"{site.address}/api/v1/hazards/{data['id']}").ok
    page.locator("#net").tap()
    expect(page.locator("#clock-off")).to_contain_text("快了 180 分钟")
    reports = context.request.get(f"{site.address}/api/v1/field/pack").json()["reports"]["features"]
    mine = next(one["properties"] for one in reports if one["properties"]["category"] == "MED")
    seen, received = (dt.datetime.fromisoformat(mine[name]) for name in ("observed_at", "received_at"))
    assert dt.timedelta(minutes=170) < seen - received < dt.timedelta(minutes=181)  # both are kept


def test_a_walk_notes_each_own_cell_once(phone: Phone, site: Site) -> None:
    context, page = phone()
    pack = context.request.get(f"{site.address}/api/v1/field/pack").json()
    own = [one for one in pack["cells"]["features"] if one["properties"]["own"]][:2]
    places = [shape(one["geometry"]).representative_point() for one in own]
    page.locator("[data-go=round]").tap()
    page.locator("#walk-begin").tap()
    for one, spot in zip(own, places, strict=True):
        context.set_geolocation({"longitude": spot.x, "latitude": spot.y, "accuracy": 9})
        expect(page.locator(f"[data-cell='{one['properties']['code']}'] .state--sent")).to_be_visible()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.locator("[data-go=round]").tap()
    for one in own:
        expect(page.locator(f"[data-cell='{one['properties']['code']}'] .state--sent")).to_be_visible()
    page.locator("#walk-end").tap()
    sent(page)
    token = site.sign_in("demo-dispatcher")
    covered = site.ask(f"/api/v1/coverage?city={own[0]['properties']['code'][:6]}", token=token)["cells"]
    assert all(covered[one["properties"]["code"]]["last_at"] for one in own)


def test_a_track_is_only_kept_when_switched_on_and_handed_in_by_its_walker(
    phone: Phone, site: Site, school: tuple[float, float]
) -> None:
    context, page = phone()
    page.locator("[data-go=day]").tap()
    page.get_by_role("button", name="开始记录").tap()
    expect(page.locator(".good")).to_contain_text("1 个点")  # else the first point may be where one goes next
    for step in range(1, 5):
        context.set_geolocation({"longitude": school[0] + 0.0004 * step, "latitude": school[1], "accuracy": 9})
        expect(page.locator(".good")).to_contain_text(f"{step + 1} 个点")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="结束记录").tap()
    assert page.evaluate(OUTBOX) == []  # nothing has left the phone
    page.get_by_role("button", name="提交轨迹").tap()
    sent(page)
    assert len(visit_of(context, site, last_visit(page))["answers"]["track"]) >= 5
    expect(page.get_by_role("button", name="开始记录")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [360, 1024], ids=["phone", "tablet"])
def test_everybody_can_use_it(phone: Phone, language: str, width: int) -> None:
    if not AXE.exists():
        skip_or_fail("axe-core is not here: python -m web.vendor fetches it")
    _, page = phone(view="?lang=en" if language == "en" else "", width=width)
    for view in ("tag", "form", "day", "hazard", "round", "outbox"):
        if view == "form":
            page.locator("[data-category=VEN]").tap()
        elif view == "hazard":
            page.locator("[data-due]").first.tap()
        else:
            page.locator(f"[data-go={view}]").tap()
        expect(page.locator("#sheet")).to_have_attribute("data-view", "tag" if view == "form" else view)
        own_words = page.locator("#sheet-body button:not(.list__one), .tabs-bar, #net").all_inner_texts()
        assert bool(CHINESE.search(" ".join(own_words))) == (language != "en")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run()).violations")
        serious = [
            (one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in {"serious", "critical"}
        ]
        assert serious == [], view
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, a, select, textarea, input:not([type=file])")]
            .filter((one) => one.offsetParent !== null && !one.closest("#map, .visually-hidden, .skip-link"))
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 47.5 || box.width < 47.5)).map(([html]) => html)"""
        )
        assert small == [], view
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), view
        assert page.evaluate(TWICE_THE_TEXT) == [], view


def test_a_browser_that_keeps_nothing_says_so_and_takes_nothing(browser: Browser, site: Site) -> None:
    refuses, fails = "new DOMException('no', 'SecurityError')", "new TypeError('a fault of ours')"
    for language, error, words in (
        ("zh", refuses, "无法在手机上保存"),
        ("en", refuses, "cannot keep records"),
        ("zh", fails, "未能启动"),
        ("en", fails, "could not start"),
    ):
        context = browser.new_context(viewport={"width": 360, "height": 740}, service_workers="block")
        page = context.new_page()
        page.add_init_script(f"IDBFactory.prototype.open = () => {{ throw {error}; }};")
        page.goto(f"{site.address}/field?lang={language}")
        expect(page.locator("#no-storage")).to_contain_text(words)
        assert page.locator("[data-category]").count() == 0
        context.close()


def test_who_reports_sees_it_at_once_among_the_own_reports(phone: Phone) -> None:
    context, page = phone()
    context.set_offline(True)
    page.locator("[data-category=MED]").tap()
    page.locator("#save").tap()
    page.locator("[data-go=day]").tap()
    expect(page.locator(".list__one", has_text="非法行医").filter(has_text="待发")).to_be_visible()
    context.set_offline(False)


def test_the_first_load_is_light(phone: Phone) -> None:
    context, page = phone(name="", at=None)
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.clearBrowserCache")
    received = []
    client.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.wait_for_load_state("networkidle")
    assert sum(received) < 500_000
