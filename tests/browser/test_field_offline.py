"""A shift with the network as it is: off, slow, cut amid requests, with a server that restarts. All data invented.

``CAMPUS_OFFLINE_RECORDS`` (40) is the number of records; the full proof is
``CAMPUS_OFFLINE_RECORDS=200 pytest tests/browser/test_field_offline.py``. ``CAMPUS_OFFLINE_SEED`` (8) is the schedule:
what the network does when, and where a connection is cut.
"""

from __future__ import annotations

import io
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from api.security.people import add_person
from api.services.photos.files import path_of
from api.settings import Settings
from api.store.engine import make_engine, reading, writing
from api.store.models import Hazard, Person, Photo
from api.store.spatial import to_shape
from tests import chromium
from tests.browser.bad_network import BadNetwork
from tests.browser.conftest import Demonstration, until
from tests.http.invented_town import PASSWORD

pytestmark = pytest.mark.browser

SEED = int(os.environ.get("CAMPUS_OFFLINE_SEED", "8"))
RECORDS = int(os.environ.get("CAMPUS_OFFLINE_RECORDS", "40"))
ROOT = Path(__file__).parents[2]
CATEGORIES = ["TRF", "VEN", "SHP", "CUL", "PUB", "MED", "ENV", "SEC", "DNG", "FAC"]
OUTBOX = """async () => {
  const open = indexedDB.open("campus-field");
  const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const all = db.transaction("records").objectStore("records").getAll();
  const records = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  db.close();
  return records;
}"""

APP_VERSION = """async () => {
  const names = await caches.keys();
  return names.filter((name) => /^campus-field-[0-9a-f]{16}$/.test(name)).sort().join();
}"""
NEW_APP_ALONE = f"""async (old) => {{
  const now = await ({APP_VERSION})();
  return now !== old && !now.includes(",");
}}"""
# tiles of our own in the place of a tile server's: the page says so, and its worker is another
ANOTHER_PAGE = {
    "CAMPUS_TILES_URL": "/static/img/mark-192.png?z={z}&x={x}&y={y}",
    "CAMPUS_TILES_ATTRIBUTION": "虚构地图 审图号：无",
}


class Server:
    """``campus serve`` on one port, again and again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> None:
        self.stop()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CAMPUS_")}
        environment |= {"CAMPUS_DATA": str(self._settings.data), "PYTHONPATH": str(ROOT), **more}
        environment["CAMPUS_UPLOADS_PER_MINUTE"] = "100000"
        with (self._settings.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
                env=environment,
                stdout=log,
                stderr=log,
            )
        while self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self._settings.data / "server.log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def shift(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Server]]:
    """Return the settings and the server of a demonstration with an inspector."""
    settings = demonstration.copied(tmp_path_factory.mktemp("shift"))
    engine = make_engine(settings.resolved_database_url)
    with writing(engine) as session:
        add_person(session, name="walker", password=PASSWORD, roles=["inspector"], invented=True)
    engine.dispose()
    server = Server(settings)
    server.start()
    yield settings, server
    server.stop()


def phone(browser: Browser, address: str, *, language: str = "zh-CN") -> BrowserContext:
    """Return a phone in the hands of somebody who is signed in, at a school."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        locale=language,
        permissions=["geolocation"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(chromium.PATIENCE_MS)
    signed = context.request.post(f"{address}/api/v1/session", data={"username": "walker", "password": PASSWORD})
    assert signed.ok
    schools = context.request.get(f"{address}/api/v1/schools?limit=1").json()
    lon, lat = schools["features"][0]["properties"]["point"]
    context.set_geolocation({"longitude": lon + 0.0006, "latitude": lat + 0.0012, "accuracy": 9})
    return context


def open_field(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/field")
    page.wait_for_selector("body[data-ready]")
    return page


def coloured(n: int) -> tuple[tuple[int, int, int], bytes]:
    colour = (n * 37 % 256, n * 91 % 256, n * 153 % 256)
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "PNG")
    return colour, out.getvalue()


def tag(page: Page, n: int, chance: random.Random) -> None:
    """Tag a hazard as a person would: tap the map, the category, a note, a photo, save."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.locator("[data-go=tag]").click()
    x, y = chance.uniform(0.2, 0.8) * box["width"], chance.uniform(0.5, 0.8) * box["height"]
    page.locator("#map").click(position={"x": x, "y": y}, force=True)
    page.locator(".tabs-bar [data-go=tag]").click()  # a hazard may have been under the finger
    page.locator(f"[data-category={CATEGORIES[n % 10]}]").click()
    page.locator("#note").fill(f"记录 {n} 🚸 <b>{n}</b>")
    _, content = coloured(n)
    page.locator("#photo-gallery").set_input_files({"name": f"{n}.png", "mimeType": "image/png", "buffer": content})
    expect(page.locator(".photo img")).to_be_visible()
    page.locator("#save").click()
    expect(page.locator("#said")).to_be_visible()
    expect(page.locator(".grid .big").first).to_be_visible()


def all_sent(page: Page, records: int) -> list[dict[str, Any]]:
    for _ in range(600):
        outbox: list[dict[str, Any]] = page.evaluate(OUTBOX)
        open_ones = [one for one in outbox if one["state"] != "sent"]
        if not open_ones and len(outbox) >= 2 * records:
            return outbox
        page.wait_for_timeout(200)
    raise AssertionError([(one["kind"], one["state"], one.get("detail")) for one in open_ones][:5])


def test_nothing_is_lost_or_doubled_whatever_the_network_does(browser: Browser, shift: tuple[Settings, Server]) -> None:
    settings, server = shift
    network, chance = BadNetwork(server.port, SEED), random.Random(SEED)
    context = phone(browser, network.address)
    page = open_field(context, network.address)
    expect(page.locator(".where__cell")).to_be_visible()
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()  # from here on the app comes from the phone
    page.wait_for_selector("body[data-ready]")
    modes = ["off", "on", "cut", "slow", "cut", "off", "cut", "on"]
    if SEED != 8:
        chance.shuffle(modes)
    for n in range(RECORDS):
        if n % max(1, RECORDS // len(modes)) == 0:
            network.turn(modes[n * len(modes) // RECORDS])
        if n == RECORDS // 3:
            server.start()
        if n == RECORDS // 2:
            network.turn("off")
            page.reload()  # without a signal
            page.wait_for_selector("body[data-ready]")
        if n == 2 * RECORDS // 3:
            version = page.evaluate(APP_VERSION)
            server.start(**ANOTHER_PAGE)  # so that the app is another, and its worker new
            network.turn("on")
            page.evaluate("async () => { await (await navigator.serviceWorker.ready).update(); }")
            until(page, NEW_APP_ALONE, version)
            page.reload()  # the outbox of the old app is sent by the new one
            page.wait_for_selector("body[data-ready]")
        tag(page, n, chance)
    network.turn("on")
    page.locator("#net").click()
    page.get_by_role("button", name="立即发送").click()
    outbox = all_sent(page, RECORDS)
    context.close()
    network.close()
    check_what_arrived(settings, outbox)


def check_what_arrived(settings: Settings, outbox: list[dict[str, Any]]) -> None:
    """Hold the server's records against what the phone wrote down: each once, with every field and its own photo."""
    hazards = {one["id"]: one["data"] for one in outbox if one["kind"] == "hazard"}
    photos = {one["data"]["hazard"]: one["data"] for one in outbox if one["kind"] == "photo"}
    assert len(hazards) == len(photos) == RECORDS
    engine = make_engine(settings.resolved_database_url)
    with reading(engine) as session:
        rows = session.scalars(
            sa.select(Hazard).join(Person, Person.id == Hazard.reporter_id).where(Person.name == "walker")
        ).all()
        assert sorted(str(row.uuid) for row in rows) == sorted(hazards)
        for row in rows:
            data, place = hazards[str(row.uuid)], to_shape(row.location)
            assert (place.x, place.y) == (data["lon"], data["lat"])
            assert (row.category, row.note, row.severity) == (data["category"], data["note"], data["severity"])
            written = row.observed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            assert written == data["observed_at"]
            assert row.received_at >= row.observed_at
            kept = session.scalars(sa.select(Photo).where(Photo.hazard_id == row.id)).all()
            assert [(str(one.uuid), one.sent_sha256) for one in kept] == [
                (photos[str(row.uuid)]["id"], photos[str(row.uuid)]["sent_sha256"])
            ]
            n = int(row.note.split()[1])
            with Image.open(path_of(settings.data, kept[0].sha256)) as image:
                pixel = image.convert("RGB").getpixel((320, 240))
            assert isinstance(pixel, tuple)
            assert all(abs(a - b) <= 8 for a, b in zip(pixel, coloured(n)[0], strict=True)), (n, pixel)
    engine.dispose()


def test_the_base_map_stays_on_the_phone(browser: Browser, shift: tuple[Settings, Server]) -> None:
    _, server = shift
    server.start()  # as it is by default, without the tiles that another test configures: those come up instead
    network = BadNetwork(server.port, 3)
    context = phone(browser, network.address)
    page = open_field(context, network.address)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()  # from here on the worker is between the page and the network
    page.wait_for_selector("body[data-ready]")
    until(
        page,
        """async () => {
          const { fetchGround } = await import("/static/js/field/ground.js");
          const { keptShift } = await import("/static/js/field/shift.js");
          return fetchGround((await keptShift()).pack);
        }""",
    )
    page.locator("#net").click()
    expect(page.locator("#offline[data-ready=true]")).to_be_visible()
    page.locator("[data-go=tag]").click()
    network.turn("off")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    until(
        page,
        """() => {
          const canvas = document.querySelector(".leaflet-streets-pane canvas");
          if (!canvas) return false;
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let painted = 0;
          for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
          return painted > 500;
        }""",
    )
    context.close()
    network.close()
