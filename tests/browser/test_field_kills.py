"""The phone dies amid writing: the browser is killed hard, again and again. All data invented.

``CAMPUS_BROWSER_KILLS`` (3) is the number of kills; half of them come while the outbox is also being sent.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.conftest import Site
from tests.browser.test_field_offline import OUTBOX, all_sent
from tests.chromium import FLAGS, PATIENCE_MS

pytestmark = pytest.mark.browser

KILLS = int(os.environ.get("CAMPUS_BROWSER_KILLS", "3"))
# write hazards with photos one after the other, and name each one as soon as the app would say "saved"
WRITING = """async ([round, place]) => {
  const outbox = await import("/static/js/field/outbox.js");
  const { takeIn, photoRecord } = await import("/static/js/field/photo.js");
  const { kept } = await import("/static/js/field/store.js");
  const me = await kept("me");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 500;
  for (let n = 0; ; n += 1) {
    const ctx = canvas.getContext("2d");
    for (let i = 0; i < 200; i += 1) {
      ctx.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
      ctx.fillRect(Math.random() * 500, Math.random() * 500, 40, 40);
    }
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const photo = await takeIn(new File([blob], "invented.png", { type: "image/png" }));
    const id = crypto.randomUUID();
    const data = { id, category: "ENV", lon: place[0], lat: place[1], note: `invented ${round} ${n}`, severity: 2, observed_at: new Date().toISOString() };
    await outbox.write([{ id, kind: "hazard", data }, photoRecord(photo, { hazard: id })], [photo], me.id);
    console.log(`saved ${id} ${photo.id} ${photo.sent_sha256}`);
  }
}"""
HASHES = """async () => {
  const outbox = await import("/static/js/field/outbox.js");
  const found = {};
  for (const one of await outbox.all()) {
    const blob = one.kind === "photo" && one.state !== "sent" ? await outbox.photo(one.id) : null;
    if (!blob) continue;
    const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    found[one.id] = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return found;
}"""


def kill(folder: Path) -> None:
    """Kill every process of the browser that has this folder, as a phone whose battery is taken out."""
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if str(folder).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def opened(browser: Browser, folder: Path, site: Site, *, offline: bool) -> tuple[BrowserContext, Page]:
    for lock in folder.glob("Singleton*"):  # left by the killed one
        lock.unlink()
    context = browser.browser_type.launch_persistent_context(
        folder,
        executable_path="/usr/bin/chromium",
        args=FLAGS,
        viewport={"width": 360, "height": 740},
        permissions=["geolocation"],
        geolocation={"longitude": 120.24, "latitude": 29.71},
    )
    body = {"username": "demo-inspector", "password": site.passwords["demo-inspector"]}
    assert context.request.post(f"{site.address}/api/v1/session", data=body).ok
    page = context.pages[0]
    page.goto(f"{site.address}/field")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#person")).not_to_be_empty()  # from here on the phone knows whose records these are
    context.set_offline(offline)
    return context, page


def test_what_was_said_to_be_saved_survives_a_hard_kill(browser: Browser, site: Site, tmp_path: Path) -> None:
    folder, chance = tmp_path / "phone", random.Random(11)
    pack = site.ask("/api/v1/field/pack", token=site.sign_in("demo-inspector"))
    place = pack["schools"]["features"][0]["properties"]["point"]
    saved: dict[str, tuple[str, str]] = {}
    trouble: list[Error] = []
    for number in range(KILLS):
        _, page = opened(browser, folder, site, offline=number % 2 == 0)

        def heard(message: object) -> None:
            words = str(message.text).split()  # type: ignore[attr-defined]
            if words[:1] == ["saved"]:
                saved[words[1]] = (words[2], words[3])

        page.on("console", heard)
        page.on("pageerror", lambda error: trouble.append(error))
        before = len(saved)
        page.evaluate(f"(given) => {{ ({WRITING})(given); }}", [number, place])
        until = time.monotonic() + PATIENCE_MS / 1000
        while len(saved) < before + 5 and not trouble and time.monotonic() < until:
            page.wait_for_timeout(chance.uniform(20, 120))
        assert not trouble
        assert len(saved) >= before + 5
        kill(folder)
        with contextlib.suppress(Error):
            page.context.close()
    context, page = opened(browser, folder, site, offline=True)
    records = {one["id"]: one for one in page.evaluate(OUTBOX)}
    hashes = page.evaluate(HASHES)
    for hazard, (photo, digest) in saved.items():
        assert hazard in records
        assert records[photo]["state"] == "sent" or hashes[photo] == digest
    context.set_offline(False)
    page.evaluate("async () => { (await import('/static/js/field/sender.js')).send(); }")
    all_sent(page, len(saved))
    token = site.sign_in("demo-inspector")
    for hazard, (photo, _) in saved.items():
        kept = site.ask(f"/api/v1/hazards/{hazard}/photos", token=token)["photos"]
        assert [one["id"] for one in kept] == [photo]
    context.close()
