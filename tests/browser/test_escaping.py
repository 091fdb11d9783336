"""A script in every text that a person or a file can bring: no page runs it, and none shows it as markup. Invented."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import httpx2
import icalendar
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from api.store.engine import make_engine, writing
from api.store.models.base import Base
from tests.browser.conftest import PHONE, Demonstration, running
from tests.http.test_briefs import words_of

pytestmark = pytest.mark.browser

ATTACKS = (
    "'\"><img src=x onerror=run()><script>run()</script></script><b>${7*7}{{7*7}}",
    '"><img src=x onerror=run()>',
    "<img src=x>",
)
# columns of text that a person writes or a file brings; each is filled with an attack
TEXTS = {
    "cities": {"name", "name_en"},
    "calendar_days": {"name"},
    "department_names": {"name"},
    "districts": {"name", "name_en"},
    "places": {"name", "address"},
    "premises": {"name", "address", "licence", "opening_hours"},
    "streets": {"name"},
    "buildings": {"name"},
    "cells": {"responsible"},
    "people": {"display_name"},
    "schools": {"name", "name_en", "address"},
    "campuses": {"name"},
    "gates": {"name"},
    "hazards": {"name", "note", "address"},
    "cases": {"name", "note", "address", "external_number"},
    "case_entries": {"note"},
    "joint_actions": {"title", "purpose", "report"},
    "facilities": {"name", "address"},
    "notices": {"title", "body", "address"},
    "notice_files": {"name"},
    "notice_receipts": {"text"},
    "outbox": {"last_error"},  # in the words of somebody else's server
    "brief_texts": {"text"},
    "shared_briefs": {"note"},
    "meetings": {"place", "chair", "summary"},
    "decisions": {"problem", "measure"},
    "decision_entries": {"note"},
    "decision_files": {"name"},
    "duty_reports": {"note"},
    "incidents": {"note"},
    "sealed_requests": {"purpose", "decision_note"},
    "terms": {"name"},
    "inspections": {"note"},
    "sightings": {"note"},
    "photos": {"caption"},
    "escort_posts": {"name", "manned_by"},
    "patrol_plans": {"name", "problem"},
    "patrol_stops": {"name", "school"},
    "patrol_shifts": {"name", "note"},
    "patrol_checks": {"note"},
    "access_tokens": {"name"},
    "sources": {"name", "actor"},
    "timetables": {"grades"},
    "audit_log": {"person", "purpose", "address"},  # append-only: written by the requests of this test
}
# what the program writes itself, or takes from a list of its own
CODES = {
    "audit_head": {"seal"},
    "audit_log": {"channel", "request_id", "action", "subject", "subject_uuid", "before", "after", "seal"},
    "distance_rules": {"rule_id"},
    "server_secrets": {"name"},
    "sign_in_failures": {"name_hash", "address"},
    "sources": {"kind", "collection", "sha256", "crs", "encoding"},
    "cities": {"code", "time_zone"},
    "departments": {"code"},
    "department_duties": {"duty"},
    "districts": {"code", "kind"},
    "incident_groups": {"kind"},
    "places": {"kind"},
    "streets": {"highway"},
    "cells": {"code", "kind"},
    "department_names": {"language"},
    "people": {"name", "password_hash", "external_subject", "email"},  # a name of 64 characters is tried below
    "campuses": {"known_as"},
    "access_tokens": {"kind", "token_sha256", "address"},
    "gates": {"kind"},
    "hazards": {"category", "subtype", "status"},
    "incidents": {"kind", "age_band"},
    "person_roles": {"role"},
    "sealed_requests": {"status"},
    "inspections": {"outcome"},
    "sightings": {"state"},
    "checklists": {"key"},
    "cases": {"number", "category", "subtype", "state", "urgency", "parties", "handlers"},
    "case_entries": {"action", "from_state", "to_state"},
    "facilities": {"kind"},
    "notices": {"category"},
    "notice_files": {"kind", "sha256", "sent_sha256"},
    "notice_receipts": {"kind"},
    "messages": {"kind", "subject", "event"},
    "outbox": {"kind", "event", "addressee", "state", "subject", "target"},
    "told_dues": {"kind"},
    "brief_texts": {"period", "language", "key"},
    "shared_briefs": {"period", "language", "token_sha256"},
    "meetings": {"period", "kind"},
    "decisions": {"category", "becomes", "state"},
    "decision_entries": {"action"},
    "decision_files": {"kind", "sha256", "sent_sha256"},
    "filing_rules": {"category", "subtype", "place_kind", "place"},
    "photos": {"sha256", "sent_sha256"},
    "escort_posts": {"skill"},
    "patrol_plans": {"state", "basis"},
    "patrol_stops": {"kind", "key", "skill"},
    "patrol_shifts": {"mode", "state"},
    "patrol_checks": {"event"},
}
_ALWAYS_CODES = {"source_key", "content_hash"}
EVERYTHING_OPEN = """() => {
  for (const name of Object.keys(window).filter((key) => key.startsWith("map_"))) {
    if (!window.L || !(window[name] instanceof L.Map)) continue;
    window[name].eachLayer((layer) => {
      if (layer.getPopup?.()) layer.openPopup();
      if (layer.getTooltip?.()) layer.openTooltip();
    });
  }
}"""
MARKUP = """() => document.querySelectorAll('img[src="x"], [onerror]').length
  + [...document.scripts].filter((script) => script.textContent.trim() === "run()").length"""


def test_every_column_of_text_is_looked_at() -> None:
    for table in Base.metadata.sorted_tables:
        columns = {column.name for column in table.columns if isinstance(column.type, sa.String)} - _ALWAYS_CODES
        decided = TEXTS.get(table.name, set()) | CODES.get(table.name, set())
        assert columns - decided == set(), f"{table.name}: is it text from people, or a code?"


@pytest.fixture(scope="module")
def attacked(
    demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    settings = demonstration.copied(tmp_path_factory.mktemp("attacked"))
    engine = make_engine(settings.resolved_database_url)
    with writing(engine) as session:
        for table in Base.metadata.sorted_tables:
            if table.name == "audit_log":
                continue
            for name in TEXTS.get(table.name, ()):
                longest = getattr(table.columns[name].type, "length", None) or 10_000
                text = next(attack for attack in ATTACKS if len(attack) + 8 <= longest)
                session.execute(
                    sa.update(table).values({name: sa.literal(text) + sa.cast(table.primary_key.columns[0], sa.String)})
                )
    with running(engine, settings) as address:
        yield address, demonstration.passwords
    engine.dispose()


def looked_at(page: Page) -> None:
    """Open whatever can be opened on a page, and look for markup in all its frames."""
    page.wait_for_load_state("networkidle")
    for frame in page.frames:
        frame.evaluate(EVERYTHING_OPEN)
        assert frame.evaluate(MARKUP) == 0, frame.url


def opened(page: Page, selector: str, *, most: int = 3) -> None:
    """Open the first of what a list offers, and look at the page each time."""
    found = page.locator(selector)
    expect(found).not_to_have_count(0)
    for at in range(min(most, found.count())):
        found.nth(at).dispatch_event("click")
        looked_at(page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_takes_a_text_for_markup(visit, attacked, language):
    address, passwords = attacked
    watched = visit("/", PHONE if language == "en" else (1440, 900), language=language, address=address)
    page = watched.page
    looked_at(page)
    for selector in (".tab", "#overview-list .pick", ".back", ".tab:nth-of-type(2)", "#overview-list .pick"):
        found = page.locator(selector)
        if found.count() and found.first.is_visible():
            found.first.dispatch_event("click")
            looked_at(page)
    page.goto(address)
    page.locator("#search-input").fill("img")
    expect(page.locator("#search-results")).to_contain_text("<img src=x")  # as it was written
    looked_at(page)
    page.locator("#search-results [role=option]").first.dispatch_event("click")
    looked_at(page)
    page.goto(f"{address}/heat")
    looked_at(page)
    police = {"username": "demo-police", "password": passwords["demo-police"]}
    signed = page.context.request.post(f"{address}/api/v1/session", data=police)
    page.goto(f"{address}/police")
    page.wait_for_selector("body[data-ready]")
    opened(page, "#spots button")
    page.goto(f"{address}/sealed")
    page.locator("#view [name=purpose]").fill("an invented inquiry")
    page.locator("#view [name=from]").fill("2026-09-01")
    page.locator("#view [name=to]").fill("2026-11-30")
    page.locator("#view button").click()
    expect(page.locator("#incidents-table tbody tr")).not_to_have_count(0)
    expect(page.locator("#incidents-table")).to_contain_text("<img src=x")  # as it was written
    looked_at(page)
    plan = {"id": str(uuid.uuid4()), "city": "330681", "day": "2026-11-25", "begins": "15:30", "ends": "17:30", "name": ATTACKS[0],
            "teams": [{"name": ATTACKS[1]}], "sources": ["gates"], "iterations": 1}  # fmt: skip
    headers = {"X-CSRF-Token": signed.json()["csrf"]}
    assert page.context.request.post(f"{address}/api/v1/patrols/plans", data=plan, headers=headers).status == 201
    page.goto(f"{address}/patrols#plan={plan['id']}")
    expect(page.locator("#publish")).to_be_visible(timeout=60_000)
    expect(page.locator(".team-stops").first).to_contain_text("<img src=x")
    looked_at(page)
    page.goto(f"{address}/api/v1/patrols/plans/{plan['id']}.html")
    looked_at(page)
    page.context.clear_cookies()
    body = {"username": "demo-admin", "password": passwords["demo-admin"]}
    csrf = page.context.request.post(f"{address}/api/v1/session", data=body).json()["csrf"]
    send = {"headers": {"X-CSRF-Token": csrf}}
    person = {
        "id": "6f0f4b0e-0000-4000-8000-000000000001",
        "name": "<img src=x onerror=run()>",
        "password": "an invented one",
        "roles": ["viewer"],
        "display_name": ATTACKS[0],
    }
    assert page.context.request.post(f"{address}/api/v1/people", data=person, **send).status in {200, 201}
    page.goto(f"{address}/board")
    page.wait_for_selector("body[data-ready]")
    opened(page, "#cases li")
    expect(page.locator("#case h2")).to_contain_text("<img src=x")
    page.goto(f"{address}/board/indicators")
    page.locator("#figures button").first.click()
    expect(page.locator("#behind-table tbody tr")).not_to_have_count(0)
    looked_at(page)
    decided = {"id": str(uuid.uuid4()), "city": "330681", "problem": ATTACKS[0], "measure": ATTACKS[1], "becomes": "notice",
               "department": "urban_management", "due_on": "2199-12-31"}  # fmt: skip
    assert (
        page.context.request.post(f"{address}/api/v1/meetings/2026-W40/decisions", data=decided, **send).status == 201
    )
    page.goto(f"{address}/meeting#period=2026-W40&city=330681")
    expect(page.locator("#decisions")).to_contain_text("<img src=x")
    for path in ("/actions", "/notices", "/departments", "/meeting", "/admin", "/sealed", "/", "/heat", "/sign-in"):
        page.goto(address + path)
        looked_at(page)
        for tab in page.locator("[role=tab], details > summary").all():
            if tab.is_visible():
                tab.dispatch_event("click")
        looked_at(page)
    assert watched.trouble() == []


def test_an_export_holds_no_formula_and_a_missing_page_no_markup(visit, attacked):
    address, passwords = attacked
    page = visit("/sign-in", address=address).page
    body = {"username": "demo-admin", "password": passwords["demo-admin"]}
    csrf = page.context.request.post(f"{address}/api/v1/session", data=body).json()["csrf"]
    person = {
        "id": "6f0f4b0e-0000-4000-8000-000000000002",
        "name": "=HYPERLINK(1)",
        "password": "an invented one",
        "roles": ["viewer"],
        "display_name": "＝1+1",
    }
    answer = page.context.request.post(f"{address}/api/v1/people", data=person, headers={"X-CSRF-Token": csrf})
    assert answer.status in {200, 201}
    page.context.request.post(f"{address}/api/v1/session", data={"username": "@SUM(A1)", "password": "wrong one"})
    text = page.context.request.get(f"{address}/api/v1/audit/export", headers={"X-CSRF-Token": csrf}).text()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) > 2
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]
    page.goto(f"{address}/%3Cimg%20src=x%20onerror=run()%3E?next=%22%3E%3Cimg%20src=x%3E")
    looked_at(page)


def harmless_words(kind: str, made: bytes) -> str:
    """Return what a file says, as a program of its kind reads it; what would run in it fails."""
    if kind in {"gpx", "kml"}:
        return " ".join(ET.fromstring(made).itertext())
    if kind == "ics":
        events = icalendar.Calendar.from_ical(made).walk("VEVENT")
        return " ".join(f"{event['summary']} {event['location']}" for event in events)
    if kind == "pdf":  # its streams are compressed, and its fonts name glyphs of their own
        assert made.startswith(b"%PDF-")
        assert not [word for word in (b"/JavaScript", b"/JS ", b"/URI", b"/OpenAction", b"/Launch") if word in made]
    if kind in {"pptx", "xlsx"}:
        with zipfile.ZipFile(io.BytesIO(made)) as parts:
            pages = [name for name in parts.namelist() if name.startswith(("ppt/slides/slide", "xl/worksheets/sheet"))]
            tags = {element.tag for name in pages for element in ET.fromstring(parts.read(name)).iter()}
        assert not {tag.rsplit("}", 1)[-1] for tag in tags} & {"f", "hyperlink", "hlinkClick"}
    return words_of(kind, made)


def test_files_that_people_carry_away_hold_a_text_as_text(attacked):
    address, passwords = attacked
    with httpx2.Client(base_url=f"{address}/api/v1", timeout=120) as client:

        def sign_in(name: str) -> None:
            body = {"username": name, "password": passwords[name]}
            token = client.post("/token", data=body).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"

        sign_in("demo-police")
        plan = {"id": str(uuid.uuid4()), "city": "330681", "day": "2026-11-25", "begins": "15:30", "ends": "17:30", "name": ATTACKS[0],
                "teams": [{"name": ATTACKS[1]}], "sources": ["gates"], "iterations": 1}  # fmt: skip
        client.post("/patrols/plans", json=plan).raise_for_status()
        paths = [f"/patrols/plans/{plan['id']}.{kind}" for kind in ("gpx", "ics")]
        while client.get(f"/patrols/plans/{plan['id']}").raise_for_status().json()["state"] == "planning":
            pass
        said = {path: harmless_words(path[-3:], client.get(path).raise_for_status().content) for path in paths}
        sign_in("demo-admin")
        decided = {"id": str(uuid.uuid4()), "city": "330681", "problem": f"={ATTACKS[0]}", "measure": ATTACKS[1], "becomes": "notice",
                   "department": "urban_management", "due_on": "2199-12-31"}  # fmt: skip
        client.post("/meetings/2026-W39/decisions", json=decided).raise_for_status()
        kinds = ("docx", "pptx", "xlsx", "pdf")
        paths = [f"/briefs/2026-W39.{kind}?city=330681" for kind in kinds]
        paths += [
            f"/meetings/2026-W39/{what}.{kind}?city=330681"
            for what in ("minutes", "lists")
            for kind in ("docx", "xlsx", "pdf")
        ]
        paths += ["/exports/schools.xlsx?city=330681", "/exports/hazards.kml?city=330681"]
        for path in paths:
            kind = path.split("?")[0].rsplit(".", 1)[1]
            said[path] = harmless_words(kind, client.get(path).raise_for_status().content)
    for path, words in said.items():
        assert ".pdf" in path or "<img src=x" in words, path
