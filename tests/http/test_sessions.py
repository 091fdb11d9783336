"""Signing in: sessions and their cookies, forged requests, tokens, guessing; all on both databases."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.store.audit import check_chain, key_of
from api.store.engine import reading
from tests.http.conftest import Headers
from tests.http.invented_town import PASSWORD, assert_problem, place

SignIn = Callable[[TestClient, str], Headers]


def start(client: TestClient, name: str = "ins", password: str = PASSWORD) -> Any:
    return client.post("/api/v1/session", json={"username": name, "password": password})


def a_hazard() -> dict[str, Any]:
    lon, lat = place(70, 0)
    return {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}


def test_a_session_lives_in_a_cookie_that_no_script_reads(client: TestClient) -> None:
    answer = start(client)
    assert answer.status_code == 201
    session, device = answer.headers.get_list("set-cookie")
    assert session.startswith("campus=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(session.split("; "))
    assert "Secure" not in session  # http: the browser would not send it back
    assert "HttpOnly" in device
    assert client.cookies["campus"] not in answer.text
    me = client.get("/api/v1/me").json()
    assert (me["name"], me["csrf"]) == ("ins", answer.json()["csrf"])


def test_on_https_the_cookie_is_secure_and_bound_to_the_host(town: Engine, settings: Settings) -> None:
    with TestClient(create_app(settings, town), base_url="https://testserver") as client:
        cookie = start(client).headers.get_list("set-cookie")[0]
        assert cookie.startswith("__Host-campus=")
        assert "Secure" in cookie
        assert client.get("/api/v1/me").json()["name"] == "ins"


def test_a_change_with_the_cookie_alone_is_refused(client: TestClient) -> None:
    csrf = start(client).json()["csrf"]
    assert_problem(client.post("/api/v1/hazards", json=a_hazard()), 403)
    assert_problem(client.post("/api/v1/hazards", json=a_hazard(), headers={"X-CSRF-Token": "0" * 64}), 403)
    assert_problem(client.post("/api/v1/hazards", json=a_hazard(), headers={b"X-CSRF-Token": b"\xff"}), 403)
    forged = {"X-CSRF-Token": csrf, "Origin": "https://evil.example"}
    assert_problem(client.post("/api/v1/hazards", json=a_hazard(), headers=forged), 403)
    assert_problem(client.delete("/api/v1/session"), 403)
    own = {"X-CSRF-Token": csrf, "Origin": "http://testserver"}
    assert client.post("/api/v1/hazards", json=a_hazard(), headers=own).status_code == 201


def test_a_link_on_another_site_writes_no_view_into_the_log(client: TestClient, town: Engine) -> None:
    csrf = start(client, "pol").json()["csrf"]
    period = "from=2026-11-03&to=2026-11-03&purpose=a+purpose+made+up+by+somebody+else"
    unsealed = {"X-CSRF-Token": csrf}
    seen = client.get(f"/api/v1/incidents?{period}", headers=unsealed).json()["incidents"][0]["id"]
    for path in (f"/api/v1/incidents?{period}", f"/api/v1/incidents/{seen}?{period[30:]}"):
        assert_problem(client.get(path), 403)
        assert_problem(client.get(path, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}), 403)
        assert_problem(client.get(path, headers=unsealed | {"Origin": "https://evil.example"}), 403)
    with reading(town) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM audit_log WHERE action = 'view'")) == 1
    client.cookies.clear()
    csrf = start(client, "adm").json()["csrf"]
    assert_problem(client.get("/api/v1/audit/export"), 403)
    assert client.get("/api/v1/audit/export", headers={"X-CSRF-Token": csrf}).status_code == 200


def test_nobody_is_signed_in_from_another_site(client: TestClient) -> None:
    body = {"username": "ins", "password": PASSWORD}
    for origin in ("https://evil.example", "null"):
        assert_problem(client.post("/api/v1/session", json=body, headers={"Origin": origin}), 403)
    text = '{"username": "ins", "password": "' + PASSWORD + '"}'
    assert_problem(client.post("/api/v1/session", content=text, headers={"Content-Type": "text/plain"}), 422)


def test_a_session_that_ended_is_worth_nothing(client: TestClient) -> None:
    csrf = start(client).json()["csrf"]
    cookie = client.cookies["campus"]
    assert client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert "campus" not in client.cookies
    client.cookies.set("campus", cookie)
    assert client.get("/api/v1/me").json()["name"] is None


def test_a_session_is_no_bearer_token_and_a_token_no_session(client: TestClient, inspector: Headers) -> None:
    start(client)
    cookie = client.cookies["campus"]
    client.cookies.clear()
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {cookie}"}).json()["name"] is None
    client.cookies.set("campus", inspector["Authorization"].removeprefix("Bearer "))
    assert client.get("/api/v1/me").json()["name"] is None


def test_tokens_have_names_and_ends_and_are_shown_once(client: TestClient, inspector: Headers) -> None:
    made = client.post("/api/v1/tokens", json={"name": "<b>nightly</b> export", "days": 30}, headers=inspector)
    assert made.status_code == 201
    secret, identity = made.json()["access_token"], made.json()["id"]
    script = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me", headers=script).json()["name"] == "ins"
    listed = client.get("/api/v1/tokens", headers=inspector)
    assert secret not in listed.text
    assert {t["name"] for t in listed.json()["tokens"]} >= {"<b>nightly</b> export"}
    assert [t["id"] for t in listed.json()["tokens"] if t["current"]] != [identity]
    assert client.delete(f"/api/v1/tokens/{identity}", headers=inspector).status_code == 204
    assert client.get("/api/v1/me", headers=script).json()["name"] is None
    assert_problem(client.delete(f"/api/v1/tokens/{identity}", headers=inspector), 404)
    for bad in ({"name": ""}, {"name": "x", "days": 0}, {"name": "x", "days": 400}, {"name": "x\x00"}, {}):
        assert_problem(client.post("/api/v1/tokens", json=bad, headers=inspector), 422)


def test_secrets_are_nowhere_in_the_database(client: TestClient, town: Engine) -> None:
    start(client)
    secret = client.cookies["campus"]
    with reading(town) as session:
        for name in sa.inspect(town).get_table_names():
            if name in {"access_tokens", "audit_log", "people", "sign_in_failures"}:
                rows = session.execute(sa.text(f"SELECT * FROM {name}")).all()
                assert secret not in str(rows)
                assert PASSWORD not in str(rows)


def test_another_password_ends_every_session(client: TestClient, inspector: Headers) -> None:
    start(client)
    wrong = client.post(
        "/api/v1/me/password", json={"old": "not it at all", "new": "a new invented one"}, headers=inspector
    )
    assert_problem(wrong, 422)
    short = client.post("/api/v1/me/password", json={"old": PASSWORD, "new": "short"}, headers=inspector)
    assert_problem(short, 422)
    good = client.post("/api/v1/me/password", json={"old": PASSWORD, "new": " a new invented one "}, headers=inspector)
    assert good.status_code == 204
    assert client.get("/api/v1/me", headers=inspector).json()["name"] is None
    assert client.get("/api/v1/me").json()["name"] is None
    assert_problem(start(client), 401)
    assert_problem(start(client, password="a new invented one"), 401)  # its spaces are part of it
    assert start(client, password=" a new invented one ").status_code == 201


def test_a_disabled_person_is_out_at_once_and_the_last_administrator_stays(
    client: TestClient, sign_in: SignIn, inspector: Headers
) -> None:
    admin = sign_in(client, "adm")
    people = {p["name"]: p for p in client.get("/api/v1/people", headers=admin).json()["people"]}
    address = f"/api/v1/people/{people['ins']['id']}"
    assert_problem(client.patch(address, json={"disabled": True}, headers=admin), 428)
    assert_problem(client.patch(address, json={"disabled": True}, headers=admin | {"If-Match": '"9"'}), 412)
    off = client.patch(address, json={"disabled": True}, headers=admin | {"If-Match": '"1"'})
    assert off.json()["disabled"] is True
    assert client.get("/api/v1/me", headers=inspector).json()["name"] is None
    assert_problem(start(client), 401)
    myself = f"/api/v1/people/{people['adm']['id']}"
    for change in ({"disabled": True}, {"roles": ["viewer"]}):
        assert_problem(client.patch(myself, json=change, headers=admin | {"If-Match": '"1"'}), 422)
    assert client.get("/api/v1/people", headers=admin).status_code == 200


def test_guessing_gets_slower_for_the_guesser_alone(client: TestClient, town: Engine, settings: Settings) -> None:
    said = [start(client, password=f"invented guess {n}").status_code for n in range(8)]
    assert said[:5] == [401] * 5
    assert said[5:] == [429] * 3
    slow = start(client)  # the right password, from the same place: not looked at
    assert_problem(slow, 429)
    assert int(slow.headers["retry-after"]) >= 1
    with TestClient(create_app(settings, town), client=("192.0.2.7", 1)) as elsewhere:
        assert start(elsewhere).status_code == 201
    assert start(client, "other").status_code == 201


def test_a_name_that_many_try_stays_open_for_the_browser_that_knows_it(town: Engine, settings: Settings) -> None:
    with TestClient(create_app(settings, town), client=("192.0.2.7", 1)) as known:
        assert start(known).status_code == 201
        for n in range(100):
            with TestClient(create_app(settings, town), client=(f"198.51.100.{n}", 1)) as bot:
                assert start(bot, password="invented guess").status_code == 401
        assert start(known).status_code in {201, 403}
        known.cookies.delete("campus")
        assert start(known).status_code == 201
        known.cookies.clear()
        assert_problem(start(known), 429)


def test_an_unknown_name_and_a_wrong_password_do_the_same_work(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pwdlib import PasswordHash

    done: list[str] = []
    verify = PasswordHash.verify

    def counting(self: PasswordHash, password: str, known: str, **more: Any) -> bool:
        done.append(known[:30])
        return verify(self, password, known, **more)

    monkeypatch.setattr(PasswordHash, "verify", counting)
    answers = [start(client, name, "not the password").json() for name in ("ins", "nobody at all")]
    assert answers[0] == answers[1]
    assert len(done) == 2
    assert done[0].split("$")[:4] == done[1].split("$")[:4]  # argon2id with the same cost


def test_a_password_is_hashed_at_full_cost() -> None:
    """Another process, for this one hashes with next to no work (tests/conftest.py)."""
    say = "from api.security.people import hash_password; print(hash_password('an invented password'))"
    said = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True).stdout
    assert said.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, the second recommended option


def test_signing_in_and_out_is_in_the_log(client: TestClient, town: Engine) -> None:
    csrf = start(client).json()["csrf"]
    client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    start(client, password="a wrong password typed as invented")
    with reading(town) as session:
        rows = session.execute(
            sa.text("SELECT action, person, channel, address, after FROM audit_log ORDER BY id")
        ).all()
        assert [(r.action, r.person) for r in rows[-3:]] == [
            ("sign_in", "ins"),
            ("sign_out", "ins"),
            ("sign_in_failed", ""),
        ]
        assert {(r.channel, r.address) for r in rows[-3:]} == {("web", "testclient")}
        assert list(check_chain(session, key_of(session))) == []
