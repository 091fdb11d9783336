"""What operators ask the server for, and what it writes down about each request; all data invented."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.store import migrate
from api.store.audit import Who
from api.store.engine import reading
from api.store.models import AuditEntry
from tests.http.conftest import Headers
from tests.http.invented_town import PASSWORD, assert_problem, place

SignIn = Callable[[TestClient, str], Headers]


@pytest.fixture
def local_client(town: Engine, settings: Settings) -> TestClient:
    """Return a client on the same machine as the server."""
    return TestClient(create_app(settings, town), client=("127.0.0.1", 50_000))


def lines_of(client: TestClient, method: str, path: str, **words: Any) -> list[dict[str, Any]]:
    """Return the lines of the log that a request leaves."""
    with structlog.testing.capture_logs(processors=(structlog.contextvars.merge_contextvars,)) as lines:
        client.request(method, path, **words)
    return [dict(line) for line in lines]


@pytest.mark.parametrize("sent", ["plain", "a.b_c-1", "A" * 64, uuid.UUID(int=7).hex])
def test_a_plain_request_id_is_taken_over(client: TestClient, sent: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": sent})
    assert answer.headers.get_list("X-Request-ID") == [sent]


@pytest.mark.parametrize(
    "sent", [b"", b"A" * 65, b"a b", b"a\tb", b"<script>", b'{"level":"x"}', "虚构".encode(), b"a\x1b[2J"]
)
def test_any_other_request_id_is_replaced(client: TestClient, sent: bytes) -> None:
    answer = client.get("/healthz", headers={b"X-Request-ID": sent})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_a_line_of_the_log_says_the_route_and_nothing_of_anybody(client: TestClient, inspector: Headers) -> None:
    identity = str(uuid.uuid4())
    asked = [
        ("GET", f"/api/v1/hazards/{identity}?note=虚构人名", "/api/v1/hazards/{identity}", 404),
        ("GET", "/api/v1/geocode?q=虚构人名", "/api/v1/geocode", 200),
        ("GET", "/虚构人名/%0A%7B%22event%22%3A%22forged%22%7D", "none", 404),
        ("GET", "/static/虚构人名.js", "/static", 404),
        ("BREW\u00e9"[:4], "/healthz", "/healthz", 405),
    ]
    for method, path, route, status in asked:
        request_id = uuid.uuid4().hex
        lines = lines_of(client, method, path, headers=inspector | {"X-Request-ID": request_id})
        assert len(lines) == 1, lines
        line = lines[0]
        assert set(line) == {"event", "log_level", "request_id", "method", "route", "status", "duration_ms"}
        assert (line["route"], line["status"], line["request_id"]) == (route, status, request_id), path
        assert line["method"] == ("OTHER" if method == "BREW" else method)
        assert line["duration_ms"] >= 0
        assert not {"虚构人名", identity, "testclient", "forged"} & set(re.split(r"[\s/?=]", str(line)))


def test_the_audit_log_knows_the_request(client: TestClient, town: Engine, inspector: Headers) -> None:
    lon, lat = place(70, 0)
    body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    for sent, kept in (("a-request", "a-request"), ("B" * 64, "B" * 36)):
        body["id"] = str(uuid.uuid4())
        answer = client.post("/api/v1/hazards", json=body, headers=inspector | {"X-Request-ID": sent})
        assert answer.status_code == 201, answer.text
        with reading(town) as session:
            assert session.query(AuditEntry).filter_by(request_id=kept, subject="hazards").count() == 1
    assert Who().request_id == ""


def test_a_fault_inside_is_a_problem_that_says_nothing_of_it(town: Engine, settings: Settings) -> None:
    app = create_app(settings, town)

    @app.get("/broken/{name}")
    def broken(name: str) -> None:
        raise RuntimeError(f"the password of {name}")

    app.router.routes.insert(0, app.router.routes.pop())
    with TestClient(app, raise_server_exceptions=False) as client:
        with structlog.testing.capture_logs() as lines:
            answer = client.get("/broken/lin", headers={"X-Request-ID": "id-1"})
        body = assert_problem(answer, 500)
        assert "lin" not in str(body)
        assert answer.headers["X-Request-ID"] == "id-1"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        (line,) = lines
        assert (line["route"], line["status"], line["failure"]) == ("/broken/{name}", 500, "RuntimeError")
        assert "lin" not in str(line)
        assert client.get("/healthz").status_code == 200


def test_the_figures_are_for_administrators_and_this_machine(
    client: TestClient, local_client: TestClient, town: Engine, settings: Settings, sign_in: SignIn
) -> None:
    assert_problem(client.get("/metrics"), 401)
    assert_problem(client.get("/metrics", headers=sign_in(client, "vie")), 403)
    assert client.get("/metrics", headers=sign_in(client, "adm")).status_code == 200
    assert local_client.get("/metrics").status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):  # through a proxy on this machine
        assert_problem(local_client.get("/metrics", headers={header: "127.0.0.1"}), 401)
    public = settings.model_copy(update={"metrics_public": True})
    assert TestClient(create_app(public, town)).get("/metrics").status_code == 200


def test_the_figures_count_by_route(local_client: TestClient) -> None:
    for number in range(3):
        local_client.get(f"/api/v1/hazards/{uuid.UUID(int=number)}?name=lin")
        local_client.get(f"/lin/{number}")
    local_client.post("/api/v1/token", data={"username": "ins", "password": "not the password"})
    local_client.post("/api/v1/token", data={"username": "ins", "password": PASSWORD})
    answer = local_client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    assert 'campus_requests_total{method="GET",route="/api/v1/hazards/{identity}",status="404"} 3.0' in lines
    assert 'campus_requests_total{method="GET",route="none",status="404"} 3.0' in lines
    assert 'campus_request_duration_seconds_count{method="GET",route="none"} 3.0' in lines
    assert 'campus_sign_in_failures_total{reason="refused"} 1.0' in lines
    assert "campus_requests_outstanding 1.0" in lines
    assert any(line.startswith('campus_database_connections{state="idle"}') for line in lines)
    assert not any("lin" in re.split(r"\W", line) or "last_backup" in line for line in lines)


def test_the_age_of_the_last_backup_is_a_figure(local_client: TestClient, settings: Settings) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "last-backup.json").write_text('{"at": "2026-11-03T16:00:00+00:00"}')
    age = re.search(r"^campus_last_backup_age_seconds (\S+)$", local_client.get("/metrics").text, re.MULTILINE)
    assert age is not None
    assert float(age[1]) > 0
    (settings.data / "last-backup.json").write_text("no JSON")
    assert "last_backup" not in local_client.get("/metrics").text


def test_readiness_follows_the_database(client: TestClient, town: Engine) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    migrate.downgrade(town, "0002")
    assert "0002" in assert_problem(client.get("/readyz"), 503)["detail"]
    assert client.get("/healthz").status_code == 200
    migrate.upgrade(town)
    assert client.get("/readyz").status_code == 200


def test_readiness_needs_room_on_the_disk(town: Engine, settings: Settings) -> None:
    crowded = settings.model_copy(update={"free_space_mb": 10**12})
    with TestClient(create_app(crowded, town)) as client:
        assert assert_problem(client.get("/readyz"), 503)["detail"] == "磁盘已满"
        answer = client.get("/readyz", headers={"Accept-Language": "en"})
        assert "disk" in assert_problem(answer, 503)["detail"]
        assert answer.headers["Retry-After"] == "5"
        assert client.get("/healthz").status_code == 200
