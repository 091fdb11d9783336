"""The audit log: what goes into it, that nothing comes out of it, and that a tampered one is found. All data invented."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.doctor import check_audit_chain
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.audit import MARK, audit_key, check_chain, key_of, read_mark, with_audit_key
from api.store.engine import reading, writing
from api.store.models import City
from tests.http.conftest import Headers
from tests.http.invented_town import MARKUP, assert_problem, place

SignIn = Callable[[TestClient, str], Headers]


def log_hazard(client: TestClient, headers: Headers, **more: Any) -> str:
    lon, lat = place(70, 0)
    body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"} | more
    assert client.post("/api/v1/hazards", json=body, headers=headers).status_code == 201
    return str(body["id"])


def lines(client: TestClient, admin: Headers, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/audit?{query}", headers=admin)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["lines"])


@pytest.fixture
def admin(client: TestClient, sign_in: SignIn) -> Headers:
    return sign_in(client, "adm")


def test_a_change_is_logged_with_who_and_before_and_after(
    client: TestClient, inspector: Headers, admin: Headers
) -> None:
    hazard = log_hazard(client, inspector, note="first")
    lon, lat = place(155, -20)
    client.patch(
        f"/api/v1/hazards/{hazard}",
        json={"note": "second", "lon": lon, "lat": lat},
        headers=inspector | {"If-Match": '"1"'},
    )
    changed, created = lines(client, admin, f"identity={hazard}")
    assert (created["action"], created["person"], created["before"]) == ("create", "ins", None)
    assert created["after"]["note"] == "first"
    assert created["after"]["location"].startswith("POINT (120.24")
    assert (changed["action"], changed["channel"], changed["address"]) == ("update", "web", "testclient")
    assert (changed["before"]["note"], changed["after"]["note"]) == ("first", "second")
    assert changed["before"]["location"] == created["after"]["location"] != changed["after"]["location"]
    assert "severity" not in changed["after"]


def test_what_is_refused_is_not_in_the_log(client: TestClient, inspector: Headers, admin: Headers) -> None:
    before = len(lines(client, admin, "limit=1000"))
    lon, lat = place(70, 0)
    bad = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "subtype": "volcano"}
    assert_problem(client.post("/api/v1/hazards", json=bad, headers=inspector), 422)
    assert len(lines(client, admin, "limit=1000")) == before


def test_an_import_logs_its_file_and_every_changed_row(
    client: TestClient, town: Engine, admin: Headers, settings: Settings, tmp_path: Path
) -> None:
    lon, lat = place(60, 0)
    path = tmp_path / "again.csv"
    path.write_text(f"id,category,name,lon,lat\n1,VEN,another invented name,{lon:.8f},{lat:.8f}\n", encoding="utf-8")
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        import_file(session, city, "hazards", path, ImportOptions(crs="wgs84", invented=True), settings)
    imported = lines(client, admin, "action=import")[0]
    assert (imported["after"]["updated"], imported["after"]["file"]) == (1, "again.csv")
    assert len(imported["after"]["rows_sha256"]) == 64
    changed = lines(client, admin, "action=update&subject=hazards")[0]
    assert changed["before"] == {"name": f"{MARKUP} 1"}
    assert changed["after"] == {"name": "another invented name"}


def test_passwords_and_sealed_records_are_not_told_by_the_log(
    client: TestClient, sign_in: SignIn, admin: Headers, inspector: Headers
) -> None:
    person = {"id": str(uuid.uuid4()), "name": "new", "roles": ["viewer"], "password": "an invented secret"}
    client.post("/api/v1/people", json=person, headers=admin)
    lon, lat = place(70, 0)
    incident = {
        "id": str(uuid.uuid4()),
        "type": "fight",
        "lon": lon,
        "lat": lat,
        "occurred_from": "2026-11-03T16:00:00+08:00",
        "note": "an invented quarrel",
    }
    assert client.post("/api/v1/incidents", json=incident, headers=inspector).status_code == 201
    period = "from=2026-11-03&to=2026-11-03"
    police = sign_in(client, "pol")
    seen = client.get(f"/api/v1/incidents?{period}&purpose=an+invented+inquiry", headers=police)
    assert incident["id"] in {row["id"] for row in seen.json()["incidents"]}
    text = json.dumps(lines(client, admin, "limit=1000"))
    assert "an invented secret" not in text
    assert "argon2" not in text
    assert "an invented quarrel" not in text
    created = lines(client, admin, f"identity={incident['id']}")[0]
    assert set(created["after"].values()) == {"(sealed)"}
    view = lines(client, admin, "action=view")[0]
    assert (view["person"], view["purpose"]) == ("pol", "an invented inquiry")
    assert incident["id"] in view["after"]["seen"]


def test_the_log_is_paged_and_filtered(client: TestClient, inspector: Headers, admin: Headers) -> None:
    made = [log_hazard(client, inspector) for _ in range(7)]
    found, address = [], "/api/v1/audit?person=ins&action=create&subject=hazards&limit=3"
    while address:
        answer = client.get(address, headers=admin)
        found += [line["subject_uuid"] for line in answer.json()["lines"]]
        address = answer.links.get("next", {}).get("url", "")
    assert found == made[::-1]
    assert lines(client, admin, "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z") == []
    for bad in ("from=2020-01-01", "from=yesterday", "limit=0", "cursor=-1", "identity=x"):
        assert_problem(client.get(f"/api/v1/audit?{bad}", headers=admin), 422)


def test_the_export_is_a_table_that_no_spreadsheet_runs_and_a_line_of_the_log(
    client: TestClient, inspector: Headers, admin: Headers
) -> None:
    person = {"id": str(uuid.uuid4()), "name": "=cmd|'/c calc'!A1", "roles": ["admin"], "password": "an invented one"}
    assert client.post("/api/v1/people", json=person, headers=admin).status_code == 201
    token = client.post("/api/v1/token", data={"username": person["name"], "password": person["password"]}).json()
    log_hazard(client, {"Authorization": f"Bearer {token['access_token']}"})
    answer = client.get("/api/v1/audit/export", headers=admin)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert person["name"] not in {row["person"] for row in rows}
    assert f"'{person['name']}" in {row["person"] for row in rows}
    exported = lines(client, admin, "action=export")[0]
    assert (exported["person"], exported["after"]["lines"]) == ("adm", len(rows))


def test_the_database_refuses_to_change_the_log(client: TestClient, town: Engine, inspector: Headers) -> None:
    log_hazard(client, inspector)
    statements = ["UPDATE audit_log SET person = 'somebody else'", "DELETE FROM audit_log"]
    if town.dialect.name == "postgresql":
        statements.append("TRUNCATE audit_log")
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="the audit log only grows"), town.begin() as connection:
            connection.execute(sa.text(statement))


def _without_guard(engine: Engine) -> list[str]:
    """Return what takes the triggers away: an attacker with the rights of the owner of the database."""
    if engine.dialect.name == "postgresql":
        return ["DROP TRIGGER audit_log_only_grows ON audit_log"]
    return ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"]


TAMPERINGS = {
    "a changed person": ["UPDATE audit_log SET person = 'somebody else' WHERE id = 2"],
    "a changed value": ["UPDATE audit_log SET after = '{}' WHERE id = 3"],
    "a removed line": ["DELETE FROM audit_log WHERE id = 2"],
    "a removed beginning": ["DELETE FROM audit_log WHERE id <= 2"],
    "a removed end": ["DELETE FROM audit_log WHERE id >= 4"],
    "a removed end, with the head set back": [
        "UPDATE audit_head SET last_id = 3, lines = 3",
        "DELETE FROM audit_log WHERE id > 3",
    ],
    "a removed end, with the head set back to the line that is the last then": [
        "UPDATE audit_head SET last_id = 3, lines = 3, seal = (SELECT seal FROM audit_log WHERE id = 3)",
        "DELETE FROM audit_log WHERE id > 3",
    ],
    "everything gone, and the head as of a new log": [
        "UPDATE audit_head SET last_id = 0, lines = 0, seal = ''",
        "DELETE FROM audit_log",
    ],
    "swapped lines": [
        "UPDATE audit_log SET id = 900002 WHERE id = 2",
        "UPDATE audit_log SET id = 2 WHERE id = 3",
        "UPDATE audit_log SET id = 3 WHERE id = 900002",
    ],
    "everything gone": ["DELETE FROM audit_log"],
}


@pytest.mark.parametrize("statements", TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_tampered_log_is_found(town: Engine, tmp_path: Path, statements: list[str]) -> None:
    mark = tmp_path / MARK
    engine = with_audit_key(town, audit_key(tmp_path / "audit.key"), mark)
    with town.begin() as connection:
        for statement in [
            *_without_guard(town),
            "DELETE FROM audit_log",
            "UPDATE audit_head SET last_id=0, lines=0, seal=''",
        ]:
            connection.execute(sa.text(statement))
    for n in range(5):
        with writing(engine) as session:
            session.scalars(sa.select(City)).one().name = f"虚构 {n}"
    with reading(engine) as session:
        assert list(check_chain(session, key_of(session), read_mark(mark))) == []
    with town.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    with reading(engine) as session:
        assert list(check_chain(session, key_of(session), read_mark(mark))) != []


def test_the_doctor_misses_the_mark_and_the_triggers(town: Engine, settings: Settings, tmp_path: Path) -> None:
    here = settings.model_copy(update={"data": tmp_path})
    (tmp_path / "audit.key").write_text("")  # this town's log was sealed without a key
    with reading(town) as session:
        found = check_audit_chain(session, here)
        assert (found.state, "audit.mark is not there" in found.seen) == ("warning", True)
        last, seal = session.execute(sa.text("SELECT last_id, seal FROM audit_head")).one()
        (tmp_path / MARK).write_text(f"{last:020} {seal}\n")
        assert check_audit_chain(session, here).seen == "nothing wrong"
    with town.begin() as connection:
        for statement in _without_guard(town):
            connection.execute(sa.text(statement))
    with reading(town) as session:
        found = check_audit_chain(session, here)
    assert (found.state, "triggers that refuse it are gone" in found.seen) == ("error", True)


def test_the_mark_goes_with_the_log_and_an_old_copy_is_found_by_it(town: Engine, tmp_path: Path) -> None:
    key, mark = audit_key(tmp_path / "audit.key"), tmp_path / MARK
    engine = with_audit_key(town, key, mark)
    copies = []
    for n in range(3):
        with writing(engine) as session:
            session.scalars(sa.select(City)).one().name = f"虚构 {n}"
        copies.append(mark.read_bytes())
        with reading(engine) as session:
            head = session.execute(sa.text("SELECT last_id, seal FROM audit_head")).one()
        assert read_mark(mark) == tuple(head)
    assert mark.stat().st_mode & 0o077 == 0
    for earlier in copies:  # what a power cut may leave: a mark that lags behind
        mark.write_bytes(earlier)
        with reading(engine) as session:
            said = list(check_chain(session, key, read_mark(mark)))
        assert not [line for line in said if "cut off" in line or "another one" in line]
    last, seal = read_mark(mark) or (0, "")
    with reading(engine) as session:  # another history of the same length
        assert (
            f"line {last} of the audit log is another one than was there before"
            in list(check_chain(session, key, (last, seal[::-1])))
            or seal == seal[::-1]
        )
        assert "lines were cut off its end" in list(check_chain(session, key, (last + 1, seal)))[-1]
    for broken in (b"", b"12", b"x y", b"\xff\xff"):
        mark.write_bytes(broken)
        assert read_mark(mark) is None
    mark.unlink()
    mark.mkdir()  # where it cannot be written, what is kept is kept all the same
    with writing(engine) as session:
        session.scalars(sa.select(City)).one().name = "虚构"
    with reading(engine) as session:
        assert session.scalars(sa.select(City.name)).one() == "虚构"


def test_whoever_has_the_database_but_not_the_key_cannot_seal_anew(town: Engine, tmp_path: Path) -> None:
    key = audit_key(tmp_path / "audit.key")
    assert audit_key(tmp_path / "audit.key") == key
    assert (tmp_path / "audit.key").stat().st_mode & 0o077 == 0
    with reading(town) as session:  # this town's log was sealed without a key
        assert list(check_chain(session, b"")) == []
        assert list(check_chain(session, key)) != []
