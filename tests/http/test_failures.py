"""What happens when a part behind the application fails: a clear answer, and the server goes on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import writing
from api.store.models import City
from tests.http.invented_town import CITY, assert_problem

BAD_ADDRESSES = [
    "/api/v1/hazards?bbox=1,2,3",
    "/api/v1/hazards?bbox=9,9,1,1",
    "/api/v1/hazards?limit=0",
    "/api/v1/hazards?cursor=-1",
    "/api/v1/hazards?category=volcano",
    "/api/v1/schools/no-uuid",
    "/api/v1/heatmap?from=yesterday",
    "/api/v1/hazards/nearby?lon=1&lat=99&category=VEN",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_bad_addresses_are_refused_in_words(client: TestClient, address: str) -> None:
    assert_problem(client.get(address), 422)


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
