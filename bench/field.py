"""The field app on a slow phone: what the first load weighs, and how long it takes until somebody can tap a category.

The line is Chromium's own emulation of a mobile network (1.5 Mbit/s down, 0.75 up, 150 ms), the processor four times
slower than this one. The peer in the same run is the same app once it lies on the phone: a later load, through its
service worker. Its targets: 500 KB compressed without the base map, and 3 s.

On a busy machine the processor is slower than four times: ``CAMPUS_BENCH_CPU`` is the factor, and the load of the machine
is printed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from api.services import demo
from api.settings import Settings
from api.store import migrate
from api.store.engine import open_engine, writing
from bench.load import running_server
from tests.chromium import FLAGS

CPU = float(os.environ.get("CAMPUS_BENCH_CPU", "4"))
TRIES = int(os.environ.get("CAMPUS_BENCH_TRIES", "3"))
LINE = {"offline": False, "downloadThroughput": 1_500_000 / 8, "uploadThroughput": 750_000 / 8, "latency": 150}
MOST_BYTES, MOST_S = 500_000, 3.0
GROUND = ("/api/v1/tiles/",)


_WATCH = """new MutationObserver((_, watch) => {
  if (!document.body?.dataset.usable || !document.querySelector("[data-category]")) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.paintedMs = performance.now(); }));
}).observe(document, { subtree: true, childList: true, attributes: true });"""
_WHOLE = """() => new Promise((done) => {
  const look = () => (document.body.dataset.ready ? done(performance.now()) : requestAnimationFrame(look));
  look();
})"""


def main() -> int:
    """Measure, print, and say whether a target was missed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not here: install the Debian package chromium")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        engine = open_engine(settings.resolved_database_url, settings.data)
        migrate.upgrade(engine)
        with writing(engine) as session:
            signs = demo.load(session, settings)
        engine.dispose()
        password = next(line.split()[1] for line in signs if "demo-inspector" in line)
        with running_server(settings) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            runs = [_measure(browser, address, password) for _ in range(TRIES)]
            browser.close()
    first_s, whole_s, later_s = (median(one[at] for one in runs) for at in range(3))
    weight, requests = runs[-1][3], runs[-1][4]
    print(f"1.5 Mbit/s, 150 ms, processor / {CPU:g}, load of the machine {os.getloadavg()[0]:.1f}, median of {TRIES}")
    print(f"first load   {weight / 1000:6.0f} KB in {requests} requests   interactive after {first_s:5.2f} s")
    print(f"             map and all views                 after {whole_s:5.2f} s")
    print(
        f"later load   from the phone                 interactive after {later_s:5.2f} s   ({later_s / first_s:.2f} of the first)"
    )
    missed = weight > MOST_BYTES or first_s > MOST_S
    print(f"targets: {MOST_BYTES / 1000:.0f} KB, {MOST_S:g} s: {'missed' if missed else 'met'}")
    return 1 if missed else 0


def _measure(browser: Browser, address: str, password: str) -> tuple[float, float, float, int, int]:
    """Return the seconds of a first load until tagging and until all of it, of a later one, and the first one's weight."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        permissions=["geolocation"],
        geolocation={"longitude": 120.24, "latitude": 29.71},
    )
    body = {"username": "demo-inspector", "password": password}
    assert context.request.post(f"{address}/api/v1/session", data=body).ok
    page = context.new_page()
    page.add_init_script(_WATCH)
    client = context.new_cdp_session(page)
    asked: dict[str, str] = {}
    received: dict[str, int] = {}
    interactive: list[str] = []

    def took(event: dict[str, object]) -> None:
        if not interactive:
            received[str(event["requestId"])] = int(str(event["encodedDataLength"]))

    client.on("Network.requestWillBeSent", lambda event: asked.setdefault(event["requestId"], event["request"]["url"]))
    client.on("Network.loadingFinished", took)
    _slow_down(client)
    first_s = _load(page, address)
    interactive.append("yes")
    whole_s = float(page.evaluate(_WHOLE)) / 1000
    counted = {one: size for one, size in received.items() if not any(part in asked.get(one, "") for part in GROUND)}
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.wait_for_load_state("networkidle")
    later_s = _load(page, address)
    context.close()
    return first_s, whole_s, later_s, sum(counted.values()), len(counted)


def _slow_down(client: CDPSession) -> None:
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", LINE)
    client.send("Emulation.setCPUThrottlingRate", {"rate": CPU})


def _load(page: Page, address: str) -> float:
    """Return the seconds from the beginning of the navigation until the categories are painted, by the page's own clock.

    Looked at from outside, the slowed-down processor would have to run the looking as well.
    """
    page.goto(f"{address}/field", wait_until="commit")
    page.wait_for_selector("html[data-painted-ms]", state="attached")
    return float(page.evaluate("document.documentElement.dataset.paintedMs")) / 1000


if __name__ == "__main__":
    sys.exit(main())
