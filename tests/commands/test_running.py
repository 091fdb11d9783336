"""Running an installation: the first start, the log, the end, backups and their check; all data invented."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.commands.test_commands import LAT, LON, ROOT, Campus, write
from tests.databases import Databases

SHOWN = re.compile(r"^first start: sign in as (\S+) with the password (\S{16,})$", re.MULTILINE)


@pytest.fixture
def campus(databases: Databases, tmp_path: Path) -> Iterator[Campus]:
    """Return what runs commands on an empty database of either kind."""
    made = Campus(tmp_path)
    engine = databases.copy(None)
    if databases.kind == "postgis":
        made.environment["CAMPUS_DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
    yield made
    databases.drop(engine)


class Server:
    """A running server, and what it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("http://"):
                break
        else:
            raise AssertionError((self.lines, process.stderr.read() if process.stderr else ""))
        self.address = urlsplit(self.lines[-1]).netloc
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += [line.rstrip("\n") for line in self.process.stdout]

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if "json" in (answer.getheader("Content-Type") or "") else data.decode()

    def token(self, name: str, password: str) -> str:
        form = urlencode({"username": name, "password": password})
        status, said = self.ask("POST", "/api/v1/token", form, Content_Type="application/x-www-form-urlencoded")
        assert status == 200, said
        return str(said["access_token"])

    def ended(self) -> int:
        """Wait for the end, and return the exit code."""
        code = self.process.wait(timeout=60)
        self._reader.join()
        return code


@contextmanager
def serving(campus: Campus) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--port", "0"],
        cwd=campus.folder,
        env=campus.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        server = Server(process)
        yield server
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        server.ended()
    finally:
        process.kill()
        process.communicate()


def with_input(campus: Campus, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        cwd=campus.folder,
        env=campus.environment,
        capture_output=True,
        encoding="utf-8",
        input=text,
        timeout=120,
    )


def test_help_and_small_commands_load_nothing_heavy() -> None:
    heavy = "{'pandas', 'geopandas', 'sqlalchemy', 'fastapi', 'folium', 'alembic', 'pydantic'}"
    program = f"import sys, api.cli; found = {heavy} & set(sys.modules); assert not found, found"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_program_ends_in_peace_whatever_is_loaded_after_the_database(tmp_path: Path) -> None:
    """Two libraries of projections in one process: the one that came second must not take the first one down."""
    script = (
        "from pathlib import Path; from api.settings import Settings; from api.store.engine import make_engine\n"
        f"engine = make_engine(Settings(data=Path({str(tmp_path)!r})).resolved_database_url)\n"
        "engine.connect().exec_driver_sql('SELECT spatialite_version()')\n"
        "import geopandas, pyogrio"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=120).returncode == 0


def test_the_first_start_makes_one_administrator_also_when_two_start_together(campus: Campus) -> None:
    with serving(campus) as one, serving(campus) as two:
        shown = SHOWN.findall("\n".join([*one.lines, *two.lines]))
        assert len(shown) == 1
        name, password = shown[0]
        headers = {"Authorization": f"Bearer {two.token(name, password)}"}
        assert two.ask("GET", "/api/v1/me", **headers)[1]["roles"] == ["admin"]
    with serving(campus) as again:
        assert SHOWN.findall("\n".join(again.lines)) == []
    for path in (campus.folder / "data").rglob("*"):
        assert password.encode() not in path.read_bytes()
    assert campus.good("user", "list").split() == ["admin", "admin"]


def test_passwords_are_given_by_option_or_on_the_standard_input(campus: Campus) -> None:
    campus.good("user", "add", "lin", "--role", "viewer", "--password", "invented-password-1")
    done = with_input(campus, "invented-password-2\n", "user", "password", "lin")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--password" in campus.bad("user", "password", "lin")  # neither
    assert "10" in campus.bad("user", "password", "lin", "--password", "short")
    with serving(campus) as server:
        assert server.token("lin", "invented-password-2")
        form = urlencode({"username": "lin", "password": "invented-password-1"})
        status, _ = server.ask("POST", "/api/v1/token", form, Content_Type="application/x-www-form-urlencoded")
        assert status == 401


def test_the_log_is_json_a_line_an_event_and_holds_nothing_of_anybody(campus: Campus) -> None:
    with serving(campus) as server:
        began = len(server.lines)
        server.ask("GET", "/api/v1/geocode?q=Wang%20Invented", X_Request_ID="plain-id")
        server.ask("GET", "/Wang%0A%7B%22event%22:%22forged%22%7D", X_Request_ID='x" , "event": "forged')
        server.ask("GET", "/healthz", X_Forwarded_For="203.0.113.9")
        assert server.ask("GET", "/metrics")[0] == 200
        with socket.create_connection(urlsplit(f"//{server.address}").netloc.split(":")) as raw:  # type: ignore[arg-type]
            raw.sendall(b"no HTTP at all\r\n\r\n")
            raw.recv(1000)
    text = "\n".join(server.lines[began:])
    events = [json.loads(line) for line in server.lines[began:]]
    requests = [event for event in events if event["event"] == "request"]
    assert [event["route"] for event in requests] == ["/api/v1/geocode", "none", "/healthz", "/metrics"]
    assert requests[0]["request_id"] == "plain-id"
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", event["request_id"]) for event in requests)
    assert all({"timestamp", "level", "duration_ms", "status", "method"} <= set(event) for event in requests)
    for secret in ("Wang", "forged", "203.0.113.9", "127.0.0.1"):
        assert secret not in text


def test_a_request_in_flight_is_answered_when_the_server_is_told_to_end(campus: Campus) -> None:
    campus.good("city", "add", "330681", "虚构市")
    with serving(campus) as server:
        name, password = SHOWN.findall("\n".join(server.lines))[0]
        token = server.token(name, password)
        body = json.dumps({"id": str(uuid.uuid4()), "lon": LON, "lat": LAT, "category": "VEN", "note": "x" * 2000})
        head = (
            f"POST /api/v1/hazards HTTP/1.1\r\nHost: {server.address}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=60) as slow:
            slow.sendall(head.encode())
            assert slow.recv(100).startswith(b"HTTP/1.1 100 ")  # the request is being worked on
            slow.sendall(body[:1000].encode())
            server.process.send_signal(signal.SIGTERM)
            while True:
                try:
                    socket.create_connection((host, int(port)), timeout=60).close()
                except OSError:
                    break
            assert server.process.poll() is None
            slow.sendall(body[1000:].encode())
            answer = slow.recv(100_000)
            assert answer.startswith(b"HTTP/1.1 201 "), answer
        assert server.ended() == 0
    with serving(campus) as server:
        status, hazards = server.ask("GET", "/api/v1/hazards", Authorization=f"Bearer {server.token(name, password)}")
        assert (status, len(hazards["features"])) == (200, 1)


def test_a_taken_port_is_one_clear_line(campus: Campus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = campus("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("campus: the server cannot listen")


def test_backup_restore_and_doctor(campus: Campus, databases: Databases, tmp_path: Path) -> None:
    assert "campus" in campus.bad("doctor")
    campus.bad("backup", "campus.tar")
    campus.good("city", "add", "330681", "虚构市")
    rows = "".join(f"{n},VEN,{LON + n / 10_000},{LAT}\n" for n in range(20))
    hazards = write(tmp_path / "hazards.csv", "id,category,lon,lat\n" + rows)
    campus.good("import", "hazards", hazards, "--crs", "wgs84")
    campus.good("user", "add", "lin", "--role", "admin", "--password", "invented-password-1")
    assert "warning  backup" in campus.good("doctor")
    assert "rows of" in campus.good("backup", "campus.tar.gz")
    assert "--force" in campus.bad("backup", "campus.tar.gz")
    campus.good("backup", "campus.tar.gz", "--force")
    assert "ok       backup" in campus.good("doctor")
    assert "already" in campus.bad("restore", "campus.tar.gz")

    engine = databases.copy(None)
    there = Campus(tmp_path)
    there.environment["CAMPUS_DATA"] = str(tmp_path / "there")
    if databases.kind == "postgis":
        there.environment["CAMPUS_DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
    assert "nowhere.tar" in there.bad("restore", "nowhere.tar")
    assert "damaged" in there.bad("restore", hazards)
    assert "are back as they were" in there.good("restore", "campus.tar.gz")
    assert there.good("user", "list") == campus.good("user", "list")
    assert "ok       audit log" in there.good("doctor")
    if databases.kind == "spatialite":
        (tmp_path / "there" / "campus.sqlite").chmod(0o644)
        assert "chmod 600" in there.good("doctor")  # the folder is closed: a warning
        (tmp_path / "there").chmod(0o755)
        assert "permissions" in there("doctor").stderr
        assert there("doctor").returncode == 2
    databases.drop(engine)
