"""What happens when a part behind the application fails: a clear answer, and the server goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.testclient import TestClient

from api.settings import Settings
from api.store.engine import writing
from api.store.models import City
from tests.http.conftest import Headers
from tests.http.invented_town import CITY, assert_problem, place

BAD_ADDRESSES = [
    "/api/v1/hazards?bbox=1,2,3",
    "/api/v1/hazards?bbox=9,9,1,1",
    "/api/v1/hazards?limit=0",
    "/api/v1/hazards?cursor=-1",
    "/api/v1/hazards?category=volcano",
    "/api/v1/schools/no-uuid",
    "/api/v1/heatmap?from=yesterday",
    "/api/v1/hotspots?to=0001-01-01",  # weeks before it are no days any more
    "/api/v1/incidents/cells?from=9999-12-31",
    "/api/v1/hazards/nearby?lon=1&lat=99&category=VEN",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_bad_addresses_are_refused_in_words(client: TestClient, address: str) -> None:
    assert_problem(client.get(address), 422)


def test_of_many_mistakes_the_first_are_said(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> None:
    ring = [[120.24 + n / 1e6, 29.71] for n in range(2_000)]  # not closed
    campus = {"boundary": {"type": "Polygon", "coordinates": [ring]}}
    school = {"id": str(uuid.uuid4()), "name": "invented", "campuses": [campus]}
    body = assert_problem(client.post("/api/v1/schools", json=school, headers=sign_in(client, "dis")), 422)
    assert len(body["errors"]) == 100


def test_a_lost_database_answers_503_and_the_server_goes_on(client: TestClient, town: Engine) -> None:
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    with writing(town) as session:
        session.execute(sa.text("ALTER TABLE gates RENAME TO gone"))
    answer = client.get("/api/v1/gates")
    assert_problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    with writing(town) as session:
        session.execute(sa.text("ALTER TABLE gone RENAME TO gates"))
        assert session.scalars(sa.select(City.code)).one() == CITY
    assert client.get("/api/v1/gates").status_code == 200


def test_a_request_that_is_too_large_is_not_read(client: TestClient, settings: Settings) -> None:
    """Also of somebody who has not signed in, since a body is read before it is known whose it is."""
    most = round(settings.request_max_mb * 1_000_000)
    read = 0

    def without_end() -> Iterator[bytes]:
        nonlocal read
        while read < 20 * most:
            read += 100_000
            yield b"[" * 100_000

    json_type = {"Content-Type": "application/json"}
    announced = client.post("/api/v1/session", content=b"[" * (most + 1), headers=json_type)
    assert "8 MB" in assert_problem(announced, 413)["detail"]
    assert_problem(client.post("/api/v1/session", content=without_end(), headers=json_type), 413)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert_problem(client.post("/api/v1/token", content=b"a=b&" * (most // 4 + 1), headers=form), 413)
    just = b'{"username": "ins", "password": "' + b"x" * (most - 1000) + b'"}'
    assert_problem(client.post("/api/v1/session", content=just, headers=json_type), 422)
    deep = client.post("/api/v1/session", content=b"[" * 100_000, headers=json_type | {"Accept-Language": "zh"})
    assert assert_problem(deep, 400)["detail"] == "请求的内容不是可读的 JSON"


def test_requests_that_wait_for_a_silent_database_are_answered_503(
    client: TestClient, town: Engine, inspector: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All connections are taken, as by requests that wait for a database that says nothing any more."""
    pool = town.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    taken = []
    try:
        while True:
            taken.append(town.raw_connection())
    except PoolTimeoutError:
        pass
    try:
        record = {"kind": "hazard", "data": a_hazard()}
        for answer in (
            client.get("/api/v1/hazards"),
            client.post("/api/v1/hazards", json=a_hazard(), headers=inspector),
            client.post("/api/v1/sync", json={"records": [record]}, headers=inspector),
        ):
            assert_problem(answer, 503)
            assert int(answer.headers["Retry-After"]) > 0
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    finally:
        for connection in taken:
            connection.close()
    assert client.post("/api/v1/hazards", json=a_hazard(), headers=inspector).status_code == 201


def a_hazard() -> dict[str, object]:
    lon, lat = place(70, 0)
    return {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "note": "invented " * 1000}


def test_a_full_disk_answers_503_and_loses_nothing(client: TestClient, town: Engine, inspector: Headers) -> None:
    """SQLite says "database or disk is full" as on a full disk, once the file may not grow any further."""
    if town.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's own disk cannot be filled from here; its lost connection is tested below")
    with town.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = {"pages": pages + 20}

    @sa.event.listens_for(town, "begin")
    def no_larger(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={limit['pages']}")

    kept, refused = [], None
    for _ in range(60):
        body = a_hazard()
        answer = client.post("/api/v1/hazards", json=body, headers=inspector)
        if answer.status_code == 503:
            refused = (body, answer)
            break
        assert answer.status_code == 201
        kept.append(body["id"])
    assert refused is not None, "the disk was never full"
    assert_problem(refused[1], 503)
    assert int(refused[1].headers["Retry-After"]) > 0
    assert client.get(f"/api/v1/hazards/{refused[0]['id']}").status_code == 404
    limit["pages"] = pages + 10_000
    assert client.post("/api/v1/hazards", json=refused[0], headers=inspector).status_code == 201
    for identity in [*kept, refused[0]["id"]]:
        assert client.get(f"/api/v1/hazards/{identity}").status_code == 200


def test_a_database_that_hangs_up_answers_503_and_comes_back(
    client: TestClient, town: Engine, inspector: Headers, cluster: str
) -> None:
    """PostgreSQL drops every connection and lets nobody in, as when it is restarted."""
    if town.dialect.name != "postgresql":
        pytest.skip("an embedded database cannot hang up")
    name = town.url.database
    administration = sa.create_engine(f"{cluster}/postgres", isolation_level="AUTOCOMMIT")
    body = a_hazard()
    with administration.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        for _ in range(3):
            answer = client.post("/api/v1/hazards", json=body, headers=inspector)
            assert_problem(answer, 503)
            assert answer.headers["Retry-After"] == "5"
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    administration.dispose()
    assert client.post("/api/v1/hazards", json=body, headers=inspector).status_code == 201
    assert client.get("/readyz").status_code == 200
