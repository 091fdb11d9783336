"""The city's own sign-on, against a small real OpenID Connect provider that runs beside the test. All people invented."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem

CLIENT, SECRET = "campus", "an invented client secret"


@dataclass
class Provider:
    """A provider at which one invented person is signed in; what it says can be bent."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True))
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "4711", "preferred_username": "wang", "name": "虚构王"}
    )
    bent: dict[str, Any] = field(default_factory=dict)
    signed_by: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discovery() -> dict[str, str]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
            assert asked["code_challenge_method"] == "S256"
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", status_code=303)

        @app.post("/token")
        def token(
            request: Request,
            code: str = Form(),
            redirect_uri: str = Form(),
            code_verifier: str = Form(),
            grant_type: str = Form(),
        ) -> JSONResponse:
            basic = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
            asked = self.codes.pop(code, None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
            if (
                asked is None
                or basic not in {f"{CLIENT}:{SECRET}", f"{CLIENT}:{SECRET.replace(' ', '%20')}"}
                or (challenge, redirect_uri) != (asked["code_challenge"], asked["redirect_uri"])
            ):
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            assert grant_type == "authorization_code"
            moment = int(time.time())
            claims = {
                "iss": self.issuer,
                "aud": CLIENT,
                "iat": moment,
                "exp": moment + 300,
                "nonce": asked["nonce"],
                **self.person,
                **self.bent,
            }
            signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signed_by or self.key)
            return JSONResponse({"access_token": "unused", "token_type": "Bearer", "id_token": signed})

        return app


@pytest.fixture(scope="session")
def provider_server() -> Iterator[Provider]:
    provider = Provider()
    server = uvicorn.Server(uvicorn.Config(provider.app(), log_level="error"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        provider.issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            pass
        yield provider
        server.should_exit = True
        thread.join()


@pytest.fixture
def provider(provider_server: Provider) -> Iterator[Provider]:
    yield provider_server
    provider_server.bent, provider_server.signed_by = {}, None


@pytest.fixture
def by_city(town: Engine, settings: Settings, provider: Provider) -> Iterator[TestClient]:
    """Return a client of an application at which the city's sign-on is switched on."""
    on = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_title": "诸暨统一登录",
    }
    with TestClient(create_app(Settings(data=settings.data, **on), town), follow_redirects=False) as client:
        yield client


def go_there(client: TestClient, wanted: str = "/heat") -> str:
    """Press the button and let the provider send the browser back; return the address that it is sent to."""
    away = client.get("/sign-in/city", params={"next": wanted})
    assert away.status_code == 303
    back = httpx2.get(away.headers["location"])
    return urlsplit(back.headers["location"]).path + "?" + urlsplit(back.headers["location"]).query


def come_back(client: TestClient, address: str) -> Any:
    return client.get(address, headers={"Accept": "text/html"})


def prepared(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> None:
    """Make the account that waits for the person."""
    person = {"id": str(uuid.uuid4()), "name": "wang", "roles": ["handler"], "city_sign_on": True}
    made = client.post("/api/v1/people", json=person, headers=sign_in(client, "adm"))
    assert made.status_code == 201
    assert "password" not in made.json()


def me(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/api/v1/me").json())


def test_signing_in_by_the_city_and_again_with_another_name(
    by_city: TestClient, provider: Provider, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    prepared(by_city, sign_in)
    assert "诸暨统一登录" in by_city.get("/sign-in").text
    answer = come_back(by_city, go_there(by_city))
    assert (answer.status_code, answer.headers["location"]) == (303, "/heat")
    assert (me(by_city)["name"], me(by_city)["roles"]) == ("wang", ["handler"])
    by_city.cookies.clear()
    provider.bent = {"preferred_username": "wang-married"}
    come_back(by_city, go_there(by_city))
    assert me(by_city)["name"] == "wang", "the subject counts, and names change"


def test_without_an_account_there_is_no_session_unless_newcomers_are_welcome(
    by_city: TestClient, town: Engine, settings: Settings, provider: Provider
) -> None:
    refused = come_back(by_city, go_there(by_city))
    assert refused.status_code == 403
    assert me(by_city)["name"] is None
    on = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    welcoming = Settings(data=settings.data, **on, oidc_newcomer_role="viewer")
    with TestClient(create_app(welcoming, town), follow_redirects=False) as client:
        come_back(client, go_there(client))
        assert (me(client)["name"], me(client)["roles"]) == ("wang", ["viewer"])


def test_an_account_with_a_password_is_not_taken_over(by_city: TestClient, provider: Provider) -> None:
    provider.bent = {"preferred_username": "adm", "sub": "an attacker"}
    assert come_back(by_city, go_there(by_city)).status_code == 403
    assert me(by_city)["name"] is None


@pytest.mark.parametrize(
    "bent",
    [
        {"nonce": "another"},
        {"aud": "another client"},
        {"iss": "http://another.example"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
    ids=["nonce", "audience", "issuer", "expired", "nobody"],
)
def test_an_identity_token_that_is_not_ours_is_refused(
    by_city: TestClient, provider: Provider, sign_in: Callable[[TestClient, str], Headers], bent: dict[str, Any]
) -> None:
    prepared(by_city, sign_in)
    provider.bent = bent
    answer = come_back(by_city, go_there(by_city))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?failed=city")
    assert me(by_city)["name"] is None


def test_a_token_signed_by_somebody_else_is_refused(by_city: TestClient, provider: Provider) -> None:
    provider.signed_by = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
    assert come_back(by_city, go_there(by_city)).headers["location"] == "/sign-in?failed=city"
    assert me(by_city)["name"] is None


def test_state_code_and_memo_belong_together(
    by_city: TestClient, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    prepared(by_city, sign_in)
    address = go_there(by_city)
    code = parse_qs(urlsplit(address).query)["code"][0]
    for forged in (
        f"/sign-in/city/answer?code={code}&state=another",
        f"/sign-in/city/answer?code={code}",
        "/sign-in/city/answer?state=%FF&code=%00",
        "/sign-in/city/answer",
    ):
        assert come_back(by_city, forged).headers["location"] == "/sign-in?failed=city"
    assert come_back(by_city, address).status_code == 303
    assert me(by_city)["name"] == "wang"
    by_city.cookies.clear()
    come_back(by_city, address)  # a code is good once, and nothing without the cookie it began with
    assert me(by_city)["name"] is None


def test_the_way_back_stays_here(by_city: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> None:
    prepared(by_city, sign_in)
    assert come_back(by_city, go_there(by_city, "//evil.example/")).headers["location"] == "/"


def test_a_provider_that_is_down_is_said_so(town: Engine, settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    on = Settings(data=settings.data, oidc_issuer=nobody, oidc_client_id=CLIENT)
    with TestClient(create_app(on, town), follow_redirects=False) as client:
        assert_problem(client.get("/sign-in/city"), 503)


def test_it_is_off_by_default(client: TestClient) -> None:
    assert_problem(client.get("/sign-in/city"), 404)
    assert_problem(client.get("/sign-in/city/answer?code=x&state=y"), 404)
    assert "/sign-in/city" not in client.get("/sign-in").text
