"""The HTTP interface on both databases: who may, what is answered, and that bad input is never a 500. All data invented."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
import sqlalchemy as sa
from fastapi import APIRouter
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.routes import access, atlas, checks, hazards, health, incidents, pages, schools
from api.security.people import add_person
from api.security.policy import ANYONE, POLICY, may
from api.services.cities import add_city
from api.services.grids import build_grid
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.engine import writing
from api.store.models import City
from gis import crs

LON, LAT = 120.24, 29.71
PASSWORD = "invented password"


@pytest.fixture
def client(engine: Engine, settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    with writing(engine) as session:
        city = add_city(session, code="330681", name="invented", settings=settings)
        frame = geopandas.GeoDataFrame(
            {"id": ["A", "B"], "name": ["<b>A</b>", "B"], "stage": ["小学", "初中"]},
            geometry=[
                shapely.box(LON, LAT, LON + 0.001, LAT + 0.001),
                shapely.box(LON + 0.02, LAT, LON + 0.021, LAT + 0.001),
            ],
            crs="EPSG:4326",
        )
        frame.to_file(tmp_path / "s.geojson", driver="GeoJSON")
        import_file(session, city, "schools", tmp_path / "s.geojson", ImportOptions(), settings)
        rows = "".join(f"{n},打架,2026-11-03 16:{n:02d},{LON + 0.0005},{LAT - 0.0005}\n" for n in range(7))
        rows += "".join(f"x{n},打架,2026-11-03 16:00,{LON + 0.006 * n},{LAT}\n" for n in (1, 2, 3))
        (tmp_path / "i.csv").write_text("id,类型,时间,经度,纬度\n" + rows)
        import_file(session, city, "incidents", tmp_path / "i.csv", ImportOptions(crs="wgs84"), settings)
        build_grid(session, city)
        for name, role in (("inspector", "inspector"), ("other", "inspector"), ("viewer", "viewer")):
            add_person(session, name=name, password=PASSWORD, roles=[role], invented=True)
    with TestClient(create_app(settings, engine)) as made:
        yield made


def token(client: TestClient, name: str) -> dict[str, str]:
    answer = client.post("/api/v1/token", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def hazard(x: float = 0.0015, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "lon": LON + x, "lat": LAT + 0.0005, "category": "VEN"} | more


def all_routes() -> set[tuple[str, str]]:
    found = {("GET", "/docs"), ("GET", "/openapi.json")}
    for module in (access, atlas, checks, hazards, health, incidents, pages, schools):
        router: APIRouter = module.router
        found |= {(method, route.path) for route in router.routes for method in route.methods}  # type: ignore[attr-defined]
    return found


def test_every_route_has_a_row_in_the_policy_and_every_row_a_route() -> None:
    assert all_routes() == set(POLICY)


def test_what_is_not_in_the_table_is_denied_to_everybody() -> None:
    assert not may("GET", "/api/v1/nothing", ["admin"], public_view=True)
    assert not may("DELETE", "/api/v1/hazards/{identity}", ["admin"], public_view=True)


def test_without_public_view_everything_asks_for_a_sign_in(client: TestClient, settings: Settings) -> None:
    client.app.state.settings = settings.model_copy(update={"public_view": False})  # type: ignore[attr-defined]
    for (method, path), allowed in POLICY.items():
        address = path.replace("{identity}", str(uuid.uuid4())).replace("{code}", "en")
        answer = client.request(method, address, follow_redirects=False)
        assert (answer.status_code == 401) == (allowed is not ANYONE), (method, path, answer.status_code)


def test_only_people_of_the_field_write(client: TestClient) -> None:
    for path, body in (
        ("/api/v1/hazards", hazard()),
        (
            "/api/v1/inspections",
            {"id": str(uuid.uuid4()), "lon": LON, "lat": LAT, "started_at": "2026-11-03T16:00:00+08:00"},
        ),
    ):
        assert client.post(path, json=body).status_code == 401
        assert client.post(path, json=body, headers={"Authorization": "Bearer made-up"}).status_code == 401
        assert client.post(path, json=body, headers=token(client, "viewer")).status_code == 403
        assert client.post(path, json=body, headers=token(client, "inspector")).status_code == 201


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: TestClient) -> None:
    wrong = client.post("/api/v1/token", data={"username": "viewer", "password": "wrong"})
    unknown = client.post("/api/v1/token", data={"username": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_token_that_was_given_back_is_worth_nothing(client: TestClient) -> None:
    headers = token(client, "inspector")
    assert client.get("/api/v1/me", headers=headers).json()["roles"] == ["inspector"]
    assert client.delete("/api/v1/token", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).json()["roles"] == []


def test_the_same_hazard_again_creates_nothing(client: TestClient) -> None:
    headers, body = token(client, "inspector"), hazard()
    first = client.post("/api/v1/hazards", json=body, headers=headers)
    again = client.post("/api/v1/hazards", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(client.get("/api/v1/hazards").json()["features"]) == 1
    other = client.post("/api/v1/hazards", json=body | {"category": "TRF"}, headers=headers)
    assert other.status_code == 409


def test_a_hazard_carries_its_distances_and_moves_with_them(client: TestClient) -> None:
    headers, body = token(client, "inspector"), hazard()
    made = client.post("/api/v1/hazards", json=body, headers=headers)
    (school,) = made.json()["properties"]["schools"]
    expected = crs.GEOD.inv(LON + 0.0015, LAT + 0.0005, LON + 0.001, LAT + 0.0005)[2]
    assert school["boundary_distance_m"] == pytest.approx(expected, abs=0.01)
    address, moved = f"/api/v1/hazards/{body['id']}", {"lon": LON + 0.0215, "lat": LAT + 0.0005}
    assert client.patch(address, json=moved, headers=headers).status_code == 428
    tag = made.headers["ETag"]
    changed = client.patch(address, json=moved, headers=headers | {"If-Match": tag})
    assert [s["name"] for s in changed.json()["properties"]["schools"]] == ["B"]
    assert client.patch(address, json=moved, headers=headers | {"If-Match": tag}).status_code == 412
    assert (
        client.patch(address, json={"lon": 1.0}, headers=headers | {"If-Match": changed.headers["ETag"]}).status_code
        == 422
    )


BAD = [
    hazard(lon=620),
    hazard(lat="north"),
    hazard(category="volcano"),
    hazard(subtype="volcano"),
    hazard(severity=9),
    hazard(name="x" * 201),
    hazard(note="\x00"),
    hazard(observed_at="1500-01-01T00:00:00Z"),
    hazard(observed_at="2026-11-03T16:00:00"),
    hazard(surprise=1),
    hazard(id="no uuid"),
    {},
    [],
]


@pytest.mark.parametrize("body", BAD)
def test_bad_hazards_are_refused_with_where_and_what(client: TestClient, body: Any) -> None:
    answer = client.post("/api/v1/hazards", json=body, headers=token(client, "inspector"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert all(entry["where"] and entry["what"] for entry in problem["errors"])


def test_numbers_that_json_does_not_know_are_refused(client: TestClient) -> None:
    text = json.dumps(hazard(lon=float("nan"), lat=float("inf")))
    headers = token(client, "inspector") | {"Content-Type": "application/json"}
    assert client.post("/api/v1/hazards", content=text, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/hazards?bbox=1,2,3",
        "/api/v1/hazards?bbox=9,9,1,1",
        "/api/v1/hazards?bbox=nan,0,1,1",
        "/api/v1/hazards?limit=0",
        "/api/v1/hazards?limit=1001",
        "/api/v1/hazards?cursor=-1",
        "/api/v1/hazards?category=volcano",
        "/api/v1/schools/no-uuid",
        "/api/v1/heatmap?from=yesterday",
        "/api/v1/heatmap?type=coercion",
        "/api/v1/hazards/nearby?lon=1&lat=99&category=VEN",
    ],
)
def test_bad_addresses_are_refused_in_words(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_pages_of_a_list_hold_every_record_once(client: TestClient) -> None:
    headers = token(client, "inspector")
    made = {client.post("/api/v1/hazards", json=hazard(x=n / 10_000), headers=headers).json()["id"] for n in range(7)}
    seen: list[str] = []
    address: str | None = "/api/v1/hazards?limit=3"
    while address:
        answer = client.get(address)
        seen += [f["id"] for f in answer.json()["features"]]
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert sorted(seen) == sorted(made)
    box = f"{LON - 0.0001},{LAT},{LON + 0.00025},{LAT + 0.001}"
    assert len(client.get(f"/api/v1/hazards?bbox={box}").json()["features"]) == 3
    assert len(client.get("/api/v1/hazards?category=TRF").json()["features"]) == 0


def test_map_layers_and_the_distances_of_one_school(client: TestClient) -> None:
    (a, b) = client.get("/api/v1/schools").json()["features"]
    assert a["properties"]["name"] == "<b>A</b>"
    detail = client.get(f"/api/v1/schools/{a['id']}").json()["properties"]
    assert detail["cells"] > 0
    zone = client.get(f"/api/v1/schools/{a['id']}/perimeter").json()
    assert zone["properties"]["distance_m"] == 200
    for name in ("perimeters", "cells", "gates", "premises", "streets"):
        assert client.get(f"/api/v1/{name}").json()["type"] == "FeatureCollection"
    cells = client.get("/api/v1/cells?limit=1000").json()["features"]
    assert {s["name"] for c in cells for s in c["properties"]["schools"]} == {"<b>A</b>", "B"}
    assert client.get(f"/api/v1/schools/{uuid.uuid4()}").status_code == 404
    found = client.get("/api/v1/geocode", params={"q": "B"}).json()["results"]
    assert found[0]["uuid"] == b["id"]


def test_distance_checks_convert_and_speak_both_languages(client: TestClient) -> None:
    x, y = crs.from_wgs84([LON + 0.002], [LAT], "gcj02")
    shifted = {"lon": x[0], "lat": y[0], "crs": "gcj02", "target": "网吧"}
    plain = {"lon": LON + 0.002, "lat": LAT, "target": "internet_cafe"}
    one, other = (client.post("/api/v1/distance-checks", json=body).json() for body in (shifted, plain))
    for mine, theirs in zip(one["results"], other["results"], strict=True):
        assert mine["verdict"] == theirs["verdict"]
        assert mine["distance_m"] == pytest.approx(theirs["distance_m"], abs=0.01)
    assert "非认定" in one["notice"]
    english = client.post("/api/v1/distance-checks?lang=en", json=plain).json()
    assert "not a finding" in english["notice"]
    for bad in ({"target": "volcano"}, {"crs": "mars"}, {"lon": 620.0}):
        assert client.post("/api/v1/distance-checks", json=plain | bad).status_code == 422


def test_incidents_are_cells_of_at_least_k_and_the_page_has_a_policy_of_its_own(client: TestClient) -> None:
    document = client.get("/api/v1/incidents/cells").json()
    assert [f["properties"]["count"] for f in document["features"]] == [7]
    assert (document["total"], document["hidden"]) == (10, 3)  # three cells with one each, which nobody can tell apart
    page = client.get("/api/v1/heatmap?lang=en&by_week=true")
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox allow-scripts" in page.headers["content-security-policy"]
    assert "<b>A</b>" not in page.text


def test_inspections_are_logged_once_and_seen_by_their_own_inspector(client: TestClient) -> None:
    (a, _) = client.get("/api/v1/schools").json()["features"]
    body = {
        "id": str(uuid.uuid4()),
        "school": a["id"],
        "started_at": "2026-11-03T16:00:00+08:00",
        "answers": {"护学岗": "是"},
    }
    mine, other = token(client, "inspector"), token(client, "other")
    assert client.post("/api/v1/inspections", json=body, headers=mine).status_code == 201
    assert client.post("/api/v1/inspections", json=body, headers=mine).status_code == 200
    assert len(client.get("/api/v1/inspections", headers=mine).json()["inspections"]) == 1
    assert client.get("/api/v1/inspections", headers=other).json()["inspections"] == []
    early = body | {"id": str(uuid.uuid4()), "ended_at": "2026-11-03T15:00:00+08:00"}
    assert client.post("/api/v1/inspections", json=early, headers=mine).status_code == 422
    nowhere = {"id": str(uuid.uuid4()), "started_at": "2026-11-03T16:00:00+08:00"}
    assert client.post("/api/v1/inspections", json=nowhere, headers=mine).status_code == 422


def test_pages_have_a_strict_policy_and_the_language_only_goes_back_inside(client: TestClient) -> None:
    page = client.get("/")
    assert 'lang="zh-CN"' in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    for wish, goes in (("/heat", "/heat"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")):
        answer = client.get("/language/en", params={"next": wish}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, goes)
    assert 'lang="en"' in client.get("/").text
    lost = client.get("/nowhere", headers={"Accept": "text/html"})
    assert lost.status_code == 404
    assert "<html" in lost.text


def test_a_lost_database_answers_503_and_the_server_goes_on(client: TestClient, engine: Engine) -> None:
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    with writing(engine) as session:
        session.execute(sa.text("ALTER TABLE gates RENAME TO gone"))
    answer = client.get("/api/v1/gates")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    with writing(engine) as session:
        session.execute(sa.text("ALTER TABLE gone RENAME TO gates"))
        assert session.scalars(sa.select(City.code)).one() == "330681"
    assert client.get("/api/v1/gates").status_code == 200
