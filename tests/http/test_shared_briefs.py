"""Links to briefs that read without a sign-in, on both databases: made, read, expired, withdrawn, logged, refused."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading, writing
from api.store.models import AuditEntry, SharedBrief
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem

PAGE = {"Accept": "text/html"}


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def share(office: Office, name: str = "dis", period: str = "2026-W47", **more: Any) -> Any:
    body = {"id": str(uuid.uuid4()), "language": "en"} | more
    return office.client.post(f"/api/v1/briefs/{period}/shares", json=body, headers=office.headers[name])


def listed(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.get("/api/v1/briefs/2026-W47/shares", "dis")["shares"]
    return found


def test_a_link_reads_until_it_expires_or_is_withdrawn_and_each_reading_is_logged(office: Office, town: Engine) -> None:
    identity = str(uuid.uuid4())
    made = share(office, id=identity, note="an invented table")
    assert made.status_code == 201
    path = made.json()["path"]
    again = share(office, id=identity, note="an invented table")
    assert (again.status_code, again.json()["path"]) == (200, None), "the secret is shown once"
    page = office.client.get(path, headers=PAGE)  # nobody is signed in
    assert page.status_code == 200
    assert "shared link (by dis)" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "private, no-store")
    assert "<script" not in page.text
    assert "coercion" not in page.text
    secret = path.rsplit("/", 1)[1]
    with reading(town) as session:
        kept = session.scalars(sa.select(SharedBrief)).one()
        assert secret not in repr(vars(kept))
        lines = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == "shared_briefs")).all()
        assert [(line.action, line.subject_uuid) for line in lines] == [("create", identity), ("read_shared", identity)]
        assert all(
            secret not in f"{line.before}{line.after}" and kept.token_sha256 not in f"{line.after}" for line in lines
        )
        assert lines[1].address
    one = listed(office)[0]
    assert (one["state"], one["opened"], one["made_by"], one["note"]) == ("works", 1, "dis", "an invented table")
    # withdrawn by somebody else of the office: at once, for good, in clear words
    assert office.client.delete(f"/api/v1/briefs/shares/{identity}", headers=office.headers["adm"]).status_code == 204
    assert office.client.delete(f"/api/v1/briefs/shares/{identity}", headers=office.headers["dis"]).status_code == 204
    gone = office.client.get(path, headers=PAGE | {"Cookie": "language=en"})
    assert gone.status_code == 410
    assert "whoever sent it has withdrawn it" in gone.text
    assert "已过期，或已被发送人撤销" in office.client.get(path, headers=PAGE | {"Cookie": "language=zh"}).text
    assert_problem(office.client.get(path), 410)
    one = listed(office)[0]
    assert (one["state"], one["withdrawn_by"], one["opened"]) == ("withdrawn", "adm", 1)
    # and one that has expired
    path = share(office, days=1).json()["path"]
    with writing(town) as session:
        newest = session.scalars(sa.select(SharedBrief).order_by(SharedBrief.id.desc())).first()
        assert newest is not None
        newest.expires_at, newest.version = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1), 2
    assert office.client.get(path, headers=PAGE).status_code == 410
    assert listed(office)[0]["state"] == "expired"


def test_who_may_share_and_what_is_refused(office: Office, client: TestClient) -> None:
    for name in ("vie", "lia", "lea", "pol", "ins"):
        assert_problem(share(office, name), 403)
    for wrong in ({"days": 0}, {"days": 32}, {"language": "fr"}, {"id": "1"}, {"city": "999999"}, {"note": "x" * 201}):
        assert share(office, **wrong).status_code in {404, 422}
    assert_problem(share(office, period="soon"), 422)
    taken = str(uuid.uuid4())
    assert share(office, id=taken).status_code == 201
    assert_problem(share(office, id=taken, note="other"), 409)
    assert_problem(share(office, "adm", id=taken), 409)
    assert_problem(office.client.delete(f"/api/v1/briefs/shares/{uuid.uuid4()}", headers=office.headers["dis"]), 404)
    for guess in ("x", "%00", "a" * 100, "虚构"):
        assert client.get(f"/shared/{guess}").status_code in {404, 422}
    assert client.get(f"/shared/{'a' * 101}").status_code == 422
    for _ in range(19):
        assert share(office).status_code == 201
    assert_problem(share(office), 422)
