"""``kill -9`` of the server amid concurrent writes: what was acknowledged is there once and whole. All data invented.

``CAMPUS_CRASHES`` (2) is how often the server is killed on each database, ``CAMPUS_CRASH_WRITES`` (400) how many writes
are under way; the full run is ``CAMPUS_CRASHES=50 CAMPUS_CRASH_WRITES=2000 pytest tests/http/test_crashes.py``.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.engine import Engine

from api.services.photos.files import path_of
from api.store.audit import audit_key, check_chain, with_audit_key
from api.store.engine import reading
from api.store.models import AuditEntry, Hazard, HazardSchool, Inspection, Photo
from tests.http.invented_town import PASSWORD, place

CRASHES = int(os.environ.get("CAMPUS_CRASHES", "2"))
WRITES = int(os.environ.get("CAMPUS_CRASH_WRITES", "400"))
ROOT = Path(__file__).parents[2]
EVERY_PHOTO = 8  # one in so many hazards has one


def some_photo(n: int) -> bytes:
    """Return a photo that no other number has."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (n % 256, n // 256 % 256, 99)).save(out, "JPEG")
    return out.getvalue()


@contextmanager
def server(engine: Engine, data: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run ``campus serve`` on a database, and give the process and its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = engine.url.render_as_string(hide_password=False)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CAMPUS_")} | {
        "CAMPUS_DATA": str(data),
        "CAMPUS_DATABASE_URL": url,
        "PYTHONPATH": str(ROOT),
    }
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx2.Client() as client:
                while True:
                    assert process.poll() is None, (data / "server.log").read_text()
                    try:
                        client.get(f"{address}/readyz").raise_for_status()
                        break
                    except httpx2.TransportError:
                        continue
            yield process, address
        finally:
            process.kill()
            process.wait()


async def write_until_it_dies(
    process: subprocess.Popen[bytes], address: str, kill_after: int
) -> tuple[set[str], set[str], dict[str, str]]:
    """Send hazards, photos of some, and inspections at once, kill the server after some answers.

    Return what was acknowledged; of photos the SHA-256 that the answer named.
    """
    hazards: set[str] = set()
    inspections: set[str] = set()
    photos: dict[str, str] = {}
    killed = False
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    patient = httpx2.Timeout(600, pool=None)  # a write that waits for its turn in the client has not failed
    # photos have connections of their own: else they would wait behind all the other writes, and none be amid them
    async with (
        httpx2.AsyncClient(base_url=address, timeout=patient, limits=limits) as client,
        httpx2.AsyncClient(base_url=address, timeout=patient) as camera,
    ):
        token = (await client.post("/api/v1/token", data={"username": "ins", "password": PASSWORD})).json()[
            "access_token"
        ]
        client.headers["Authorization"] = camera.headers["Authorization"] = f"Bearer {token}"

        async def send(n: int) -> None:
            nonlocal killed
            identity = str(uuid.uuid4())
            lon, lat = place(60 + n % 40, n % 37)
            kept, path = (inspections, "inspections") if n % 4 == 0 else (hazards, "hazards")
            body = {"id": identity, "lon": lon, "lat": lat}
            body |= {"started_at": "2026-11-03T16:00:00+08:00"} if kept is inspections else {"category": "VEN"}
            try:
                answer = await client.post(f"/api/v1/{path}", json=body)
                if answer.status_code in {200, 201}:
                    kept.add(identity)
                    if n % EVERY_PHOTO == 1:
                        form = {"data": {"id": identity}, "files": {"file": ("a.jpg", some_photo(n))}}
                        sent = await camera.post(f"/api/v1/{path}/{identity}/photos", **form)
                        if sent.status_code in {200, 201}:
                            photos[identity] = sent.json()["sha256"]
            except httpx2.TransportError:
                pass  # not acknowledged: it may be there or not
            if len(hazards) + len(inspections) >= kill_after and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed = True

        await asyncio.gather(*(send(n) for n in range(WRITES)))
    assert killed, f"{len(hazards) + len(inspections)} of {WRITES} were acknowledged, fewer than {kill_after}"
    return hazards, inspections, photos


def test_what_was_acknowledged_survives_kill_9_once_and_whole(town: Engine, tmp_path: Path) -> None:
    chance = random.Random(20261123)
    kept_hazards: set[str] = set()
    kept_inspections: set[str] = set()
    kept_photos: dict[str, str] = {}
    for _ in range(CRASHES):
        with server(town, tmp_path) as (process, address):
            kill_after = round(math.exp(chance.uniform(math.log(WRITES / 100), math.log(WRITES * 0.9))))  # often early
            writing = write_until_it_dies(process, address, kill_after)
            with ThreadPoolExecutor(1) as thread:  # this one may have an event loop already
                hazards, inspections, photos = thread.submit(asyncio.run, writing).result()
            assert process.wait() == -signal.SIGKILL
        assert len(hazards) + len(inspections) < WRITES, "the server was killed amid the writes"
        kept_hazards |= hazards
        kept_inspections |= inspections
        kept_photos |= photos
    with server(town, tmp_path) as (_, address):  # it comes back by itself
        assert httpx2.get(f"{address}/api/v1/hazards?limit=1").status_code == 200
    key = audit_key(tmp_path / "audit.key")
    with reading(with_audit_key(town, key)) as session:
        if town.dialect.name == "sqlite":
            assert session.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert session.execute(sa.text("PRAGMA foreign_key_check")).all() == []
        stored = [str(u) for u in session.scalars(sa.select(Hazard.uuid).where(Hazard.reporter_id.is_not(None)))]
        assert len(stored) == len(set(stored))
        assert kept_hazards <= set(stored)
        visits = {str(u) for u in session.scalars(sa.select(Inspection.uuid))}
        assert kept_inspections <= visits
        files = {str(row.uuid): row.sha256 for row in session.execute(sa.select(Photo.uuid, Photo.sha256))}
        assert kept_photos
        assert kept_photos.items() <= files.items()
        for name in files.values():
            assert hashlib.sha256(path_of(tmp_path, name).read_bytes()).hexdigest() == name, (
                "a photo that is half there"
            )
        tied = sa.select(HazardSchool.hazard_id)
        half = sa.select(Hazard.uuid).where(Hazard.reporter_id.is_not(None), Hazard.id.not_in(tied))
        assert session.scalars(half).all() == [], "a hazard without its ties"
        logged = set(session.scalars(sa.select(AuditEntry.subject_uuid).where(AuditEntry.action == "create")))
        assert set(stored) | visits <= logged, "a record without its line in the log"
        from_servers = [line for line in check_chain(session, key) if "as it was written" in line]
        assert len(from_servers) <= own_lines(session), from_servers[:3]


def own_lines(session: sa.orm.Session) -> int:
    """Return the number of lines that the loading of the town sealed, with the empty key of a tool."""
    return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.channel == "system")) or 0
