"""Two hundred inspectors at once, on the embedded database: every acknowledged write is looked up afterwards.

There is no peer for this one: it prints what was done in a minute, and fails where an answer was an error or a write is
lost. Each inspector opens the map around a school, logs a hazard there, looks around again, and walks on for some
seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np
import sqlalchemy as sa

from api.security.people import add_person
from api.services import demo
from api.settings import Settings
from api.store import migrate
from api.store.engine import open_engine, reading, writing
from api.store.models import Hazard

INSPECTORS = int(os.environ.get("CAMPUS_BENCH_INSPECTORS", "200"))
SECONDS = float(os.environ.get("CAMPUS_BENCH_SECONDS", "60"))
WALK_S = (5.0, 11.0)  # between two places; an inspector at work logs far less often
PASSWORD = "a password made up for the benchmark"


@contextmanager
def running_server(settings: Settings) -> Iterator[str]:
    """Run the server as it is run in earnest, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"CAMPUS_DATA": str(settings.data), "CAMPUS_SIGN_INS_PER_MINUTE": "100000"}
    environment |= {} if settings.database_url is None else {"CAMPUS_DATABASE_URL": settings.database_url}
    with (settings.data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
        try:
            while True:
                if process.poll() is not None:
                    raise SystemExit((settings.data / "server.log").read_text())
                try:
                    httpx2.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                    break
                except httpx2.TransportError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


class Shift:
    """What two hundred inspectors do, and how long they waited for it."""

    def __init__(self, address: str, token: str, places: np.ndarray) -> None:
        self.client = httpx2.AsyncClient(
            base_url=address,
            timeout=60,
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx2.Limits(max_connections=INSPECTORS, max_keepalive_connections=INSPECTORS),
        )
        self.places = places
        self.waited_s: dict[str, list[float]] = {"read": [], "write": []}
        self.errors: list[str] = []
        self.kept: list[str] = []

    async def ask(self, kind: str, method: str, path: str, **more: object) -> httpx2.Response | None:
        begin = time.perf_counter()
        try:
            answer = await self.client.request(method, path, **more)  # type: ignore[arg-type]
        except httpx2.TransportError as error:
            self.errors.append(type(error).__name__)
            return None
        self.waited_s[kind].append(time.perf_counter() - begin)
        if answer.status_code >= 400:
            self.errors.append(f"{answer.status_code} {path.split('?')[0]}")
        return answer

    async def inspector(self, seed: int, until: float) -> None:
        chance = random.Random(seed)
        await asyncio.sleep(chance.uniform(0, WALK_S[1]))
        while time.perf_counter() < until:
            lon, lat = self.places[chance.randrange(len(self.places))]
            lon, lat = lon + chance.uniform(-0.002, 0.002), lat + chance.uniform(-0.002, 0.002)
            box = f"{lon - 0.004:.6f},{lat - 0.004:.6f},{lon + 0.004:.6f},{lat + 0.004:.6f}"
            await self.ask("read", "GET", f"/api/v1/hazards?bbox={box}&limit=200")
            body = {"id": str(uuid.UUID(int=chance.getrandbits(128))), "lon": lon, "lat": lat, "category": "VEN"}
            answer = await self.ask("write", "POST", "/api/v1/hazards", json=body)
            if answer is not None and answer.status_code == 201:
                self.kept.append(str(body["id"]))
            await self.ask("read", "GET", f"/api/v1/cells?bbox={box}&limit=200")
            await asyncio.sleep(chance.uniform(*WALK_S))

    async def work(self) -> float:
        begin = time.perf_counter()
        await asyncio.gather(*(self.inspector(n, begin + SECONDS) for n in range(INSPECTORS)))
        await self.client.aclose()
        return time.perf_counter() - begin


def main() -> int:
    """Run the benchmark; return 1 where an answer was an error or a write is lost."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        engine = open_engine(settings.resolved_database_url, settings.data)
        migrate.upgrade(engine)
        with writing(engine) as session:
            demo.load(session, settings)
            add_person(session, name="bench", password=PASSWORD, roles=["inspector"], invented=True)
        with reading(engine) as session:
            rows = session.execute(sa.select(sa.func.ST_X(Hazard.location), sa.func.ST_Y(Hazard.location))).all()
            places = np.array([tuple(row) for row in rows])
        with running_server(settings) as address:
            signed = httpx2.post(f"{address}/api/v1/token", data={"username": "bench", "password": PASSWORD}).json()
            shift = Shift(address, signed["access_token"], places)
            seconds = asyncio.run(shift.work())
        with reading(engine) as session:
            stored = {str(u) for u in session.scalars(sa.select(Hazard.uuid).where(Hazard.reporter_id.is_not(None)))}
        engine.dispose()
    lost = [identity for identity in shift.kept if identity not in stored]
    lines = [
        f"{INSPECTORS} inspectors for {seconds:.0f} s: {len(shift.errors)} errors, {len(lost)} of {len(shift.kept)} writes lost"
    ]
    for kind, waited in shift.waited_s.items():
        p50, p95, p99 = np.percentile(waited, [50, 95, 99]) * 1000
        lines.append(
            f"{kind}s: {len(waited) / seconds:.1f} a second, p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms"
        )
    print("\n".join([*lines, *sorted(set(shift.errors))]))
    return 1 if shift.errors or lost else 0


if __name__ == "__main__":
    sys.exit(main())
