"""Who may call what: the table against the routes there are, and against what the application answers."""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import api.routes
from api.app import create_app
from api.security.policy import ANYONE, POLICY, PUBLIC_VIEW, ROLES, may
from api.settings import Settings
from tests.http.invented_town import assert_problem, place

SignIn = Callable[[TestClient, str], dict[str, str]]
NOBODYS = str(uuid.UUID(int=1))


def registered(folder: Path) -> list[APIRoute]:
    """Return the routes of every module of api.routes, and those that the application adds itself."""
    found: list[object] = list(create_app(Settings(data=folder)).routes)
    for entry in pkgutil.iter_modules(api.routes.__path__):
        module = importlib.import_module(f"api.routes.{entry.name}")
        for value in vars(module).values():
            if isinstance(value, APIRouter):
                found += value.routes
    return [route for route in found if isinstance(route, APIRoute)]


def routes_there_are(folder: Path) -> set[tuple[str, str]]:
    return {(method, route.path) for route in registered(folder) for method in route.methods - {"HEAD"}}


def filled(path: str) -> str:
    path = path.replace("{form:ending}", "").replace(":plain}", "}")
    return path.replace("{identity}", NOBODYS).replace("{code}", "en")


def test_every_route_has_a_row_and_every_row_a_route(tmp_path: Path) -> None:
    there = routes_there_are(tmp_path)
    assert there - set(POLICY) == set(), "routes without a row in the policy table: they are denied to everybody"
    assert set(POLICY) - there == set(), "rows in the policy table without a route"
    assert all(roles <= {"anyone", "public view", *ROLES} and roles for roles in POLICY.values())


def test_what_is_not_in_the_table_is_denied() -> None:
    assert not may("GET", "/api/v1/nowhere", ROLES, public_view=True)
    assert not may("DELETE", "/api/v1/hazards/{identity}", ROLES, public_view=True)


def test_nothing_is_shown_without_a_token_when_the_view_is_not_public(
    closed_client: TestClient, sign_in: SignIn
) -> None:
    viewer = sign_in(closed_client, "vie")
    for (method, path), roles in POLICY.items():
        anonymous = closed_client.request(method, filled(path))
        if roles == ANYONE:
            assert anonymous.status_code in {200, 204, 303, 404, 422}, (method, path)
            continue
        assert_problem(anonymous, 401)
        assert anonymous.headers["www-authenticate"] == "Bearer"
        if roles == PUBLIC_VIEW:
            assert closed_client.request(method, filled(path), headers=viewer).status_code in {200, 404, 422}, path


def test_the_map_is_shown_without_a_token_when_the_view_is_public(client: TestClient) -> None:
    for (method, path), roles in POLICY.items():
        if roles == PUBLIC_VIEW:
            assert client.request(method, filled(path)).status_code in {200, 404, 422}, path
        elif roles != ANYONE:
            assert_problem(client.request(method, filled(path)), 401)


def test_writes_need_a_role_that_may(client: TestClient, inspector: dict[str, str], viewer: dict[str, str]) -> None:
    lon, lat = place(70, 0)
    hazard = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    inspection = {"id": str(uuid.uuid4()), "started_at": "2026-11-03T16:00:00+08:00", "lon": lon, "lat": lat}
    writes = [
        ("POST", "/api/v1/hazards", hazard),
        ("PATCH", f"/api/v1/hazards/{hazard['id']}", {"note": "invented"}),
        ("POST", "/api/v1/inspections", inspection),
    ]
    for method, path, body in writes:
        match = {"If-Match": '"1"'}
        assert_problem(client.request(method, path, json=body, headers=match), 401)
        assert_problem(
            client.request(method, path, json=body, headers=match | {"Authorization": "Bearer made-up"}), 401
        )
        assert_problem(client.request(method, path, json=body, headers=match | viewer), 403)
        answer = client.request(method, path, json=body, headers=match | inspector)
        assert answer.status_code in {200, 201}, answer.text
    assert_problem(client.get("/api/v1/inspections", headers=viewer), 403)


def test_a_token_says_who_one_is_until_it_ends(client: TestClient, inspector: dict[str, str]) -> None:
    nobody = client.get("/api/v1/me").json()
    assert (nobody["id"], nobody["name"], nobody["roles"], nobody["cells"]) == (None, None, [], [])
    assert client.get("/api/v1/me", headers=inspector).json()["roles"] == ["inspector"]
    assert client.delete("/api/v1/token", headers=inspector).status_code == 204
    assert client.get("/api/v1/me", headers=inspector).json()["name"] is None
    assert_problem(client.get("/api/v1/inspections", headers=inspector), 401)


def test_wrong_sign_ins_are_answered_alike(client: TestClient) -> None:
    said = {
        assert_problem(client.post("/api/v1/token", data={"username": name, "password": "not the password"}), 401)[
            "detail"
        ]
        for name in ("ins", "nobody", "")[:2]
    }
    assert len(said) == 1
    assert_problem(client.post("/api/v1/token"), 422)
