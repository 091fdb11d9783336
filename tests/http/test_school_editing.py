"""The office adds schools, draws their grounds, places gates and edits timetables, on both databases."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading
from api.store.models import AuditEntry, Cell, CellPiece, Perimeter, School
from gis.geodesic import distance_m
from tests.http.invented_town import MARKUP, assert_problem, place

GEOD = pyproj.Geod(ellps="WGS84")
Headers = dict[str, str]


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Headers:
    return sign_in(client, "dis")


def square(x: float, y: float, half_m: float = 40.0) -> dict[str, Any]:
    shape = shapely.box(*place(x - half_m, y - half_m), *place(x + half_m, y + half_m))
    return dict(shapely.geometry.mapping(shape))


def a_school(x: float, y: float, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "name": f"{MARKUP} new",
        "stages": ["primary"],
        "campuses": [{"boundary": square(x, y)}],
    } | more


def tag(client: TestClient, path: str) -> Headers:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return {"If-Match": answer.headers["ETag"]}


def snapshot(engine: Engine, without: str) -> tuple[dict[str, Any], set[str]]:
    """Return the perimeters and pieces of the other schools as they lie in the database, and the codes of all cells."""
    with reading(engine) as session:
        rows = session.execute(
            sa.select(School.uuid, Perimeter.id, Perimeter.uuid, CellPiece.id, CellPiece.area_m2, Cell.code)
            .join(Perimeter, Perimeter.school_id == School.id)
            .join(CellPiece, CellPiece.perimeter_id == Perimeter.id)
            .join(Cell, Cell.id == CellPiece.cell_id)
            .where(School.uuid != uuid.UUID(without))
            .order_by(CellPiece.id)
        ).all()
        return {str(row[3]): tuple(map(str, row)) for row in rows}, set(session.scalars(sa.select(Cell.code)))


def edge_off_by_m(client: TestClient, school: str, boundary: dict[str, Any], width_m: float) -> float:
    """Return how far the zone's edge lies from its width, by brute force along the boundary."""
    zone = shapely.geometry.shape(client.get(f"/api/v1/schools/{school}/perimeter").json()["geometry"])
    corners = shapely.get_coordinates(shapely.geometry.shape(boundary))
    steps = np.linspace(0, 1, 2001)[:, None]
    along = np.vstack([a + (b - a) * steps for a, b in itertools.pairwise(corners)])
    worst = 0.0
    for lon, lat in shapely.get_coordinates(shapely.boundary(zone))[::7]:
        away = GEOD.inv(np.full(len(along), lon), np.full(len(along), lat), along[:, 0], along[:, 1])[2].min()
        worst = max(worst, abs(float(away) - width_m))
    return worst


def test_a_school_from_beginning_to_end(client: TestClient, town: Engine, office: Headers) -> None:
    school = a_school(900, 0)
    path = f"/api/v1/schools/{school['id']}"
    others, _ = snapshot(town, school["id"])
    first = client.post("/api/v1/schools", json=school, headers=office)
    again = client.post("/api/v1/schools", json=school, headers=office)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json() == again.json()
    assert first.headers["ETag"] == '"1"'
    assert_problem(client.post("/api/v1/schools", json=school | {"name": "other"}, headers=office), 409)

    # its perimeter is there at once and true; a hazard beside it is tied, and nobody else's perimeter was touched
    assert edge_off_by_m(client, school["id"], school["campuses"][0]["boundary"], 200.0) < 0.05
    lon, lat = place(1000, 0)
    hazard = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    tied = client.post("/api/v1/hazards", json=hazard, headers=office).json()["properties"]["schools"]
    assert [row["uuid"] for row in tied] == [school["id"]]
    assert tied[0]["gate_distance_m"] is None
    assert snapshot(town, school["id"])[0] == others

    # a gate: distances follow, there and back
    x, y = place(940, 0)
    gate = {"id": str(uuid.uuid4()), "lon": x, "lat": y, "name": MARKUP, "kind": "main"}
    made = client.post(f"{path}/gates", json=gate, headers=office)
    assert made.status_code == 201, made.text
    assert client.post(f"{path}/gates", json=gate, headers=office).status_code == 200
    far = gate | {"id": str(uuid.uuid4()), "lat": y + 0.01}
    assert "500 m" in assert_problem(client.post(f"{path}/gates", json=far, headers=office), 422)["detail"]
    assert_problem(client.post(f"{path}/gates", json=gate | {"name": "other"}, headers=office), 409)

    def gate_distance() -> float:
        shown = client.get(f"/api/v1/hazards/{hazard['id']}").json()["properties"]["schools"]
        return float(shown[0]["gate_distance_m"])

    assert gate_distance() == pytest.approx(GEOD.inv(lon, lat, x, y)[2], abs=0.001)
    stale = tag(client, path)
    x, y = place(900, 40)
    moved = client.patch(f"{path}/gates/{gate['id']}", json={"lon": x, "lat": y}, headers=office | stale)
    assert moved.status_code == 200, moved.text
    assert gate_distance() == pytest.approx(GEOD.inv(lon, lat, x, y)[2], abs=0.001)
    assert_problem(client.patch(f"{path}/gates/{gate['id']}", json={"name": "x"}, headers=office | stale), 412)
    assert_problem(client.patch(f"{path}/gates/{gate['id']}", json={"name": "x"}, headers=office), 428)
    assert_problem(client.delete(f"{path}/gates/{uuid.uuid4()}", headers=office | tag(client, path)), 404)

    # other grounds: the perimeter and the ties follow, and nobody else's
    campus = client.get(path).json()["properties"]["campuses"][0]["uuid"]
    wider = square(920, 10, 60.0)
    change = {"campuses": [{"id": campus, "boundary": wider}], "name": "new name", "stages": ["小学"]}
    changed = client.patch(path, json=change, headers=office | tag(client, path))
    assert changed.status_code == 200, changed.text
    assert changed.json()["properties"]["stages"] == ["primary"]
    assert [c["uuid"] for c in changed.json()["properties"]["campuses"]] == [campus]
    assert edge_off_by_m(client, school["id"], wider, 200.0) < 0.05
    shown = client.get(f"/api/v1/hazards/{hazard['id']}").json()["properties"]["schools"][0]
    east = np.linspace(0, 1, 20_001)
    a, b = place(980, -50), place(980, 70)
    assert shown["boundary_distance_m"] == pytest.approx(
        float(distance_m(lon, lat, a[0] + (b[0] - a[0]) * east, a[1] + (b[1] - a[1]) * east).min()), abs=0.01
    )
    assert snapshot(town, school["id"])[0] == others

    # the same outline as it was answered is no change of the grounds
    answered = client.get(path).json()["properties"]["campuses"][0]
    same = {"campuses": [{"id": answered["uuid"], "boundary": answered["boundary"]}]}
    assert client.patch(path, json=same, headers=office | tag(client, path)).status_code == 200
    with reading(town) as session:
        boundary = "update", "campuses"
        lines = session.execute(sa.select(AuditEntry.action, AuditEntry.subject)).all()
    assert [tuple(line) for line in lines].count(boundary) == 1, "only when the outline was drawn anew"

    # another width, without the campus; it stays so when the grounds change
    narrow = client.patch(
        f"{path}/perimeter", json={"distance_m": 90, "cut_out_campus": True}, headers=office | tag(client, path)
    )
    assert narrow.status_code == 200, narrow.text
    assert narrow.json()["properties"]["campus_cut_out"] is True
    assert client.get(f"/api/v1/hazards/{hazard['id']}").json()["properties"]["schools"], "20 m away"
    change = {"campuses": [{"boundary": square(900, 0)}]}
    assert client.patch(path, json=change, headers=office | tag(client, path)).status_code == 200
    kept = client.get(f"{path}/perimeter").json()["properties"]
    assert (kept["distance_m"], kept["campus_cut_out"]) == (90, True)
    assert client.delete(f"{path}/perimeter", headers=office | tag(client, path)).status_code == 204
    assert_problem(client.get(f"{path}/perimeter"), 404)
    assert client.get(f"/api/v1/hazards/{hazard['id']}").json()["properties"]["schools"] == []
    assert client.post(f"{path}/perimeter", json={}, headers=office).status_code == 201
    assert client.post(f"{path}/perimeter", json={}, headers=office).status_code == 200
    assert_problem(client.post(f"{path}/perimeter", json={"distance_m": 50}, headers=office), 409)

    # closing takes the perimeter away and opening brings it back; a school that nothing tells of can be taken away
    closed = client.patch(path, json={"closed_on": "2020-01-31"}, headers=office | tag(client, path))
    assert closed.json()["properties"]["closed_on"] == "2020-01-31"
    assert_problem(client.get(f"{path}/perimeter"), 404)
    reopened = client.patch(path, json={"closed_on": None}, headers=office | tag(client, path))
    assert reopened.json()["properties"]["perimeter_distance_m"] == 200
    assert "closed_on" in assert_problem(client.delete(path, headers=office | tag(client, path)), 409)["detail"]
    closed = client.patch(path, json={"closed_on": "2020-01-31"}, headers=office | tag(client, path))
    assert closed.status_code == 200, "a case tells of it"
    spare = a_school(1500, 0, name="spare")
    assert client.post("/api/v1/schools", json=spare, headers=office).status_code == 201
    path = f"/api/v1/schools/{spare['id']}"
    x, y = place(1500, 40)
    spare_gate = gate | {"id": str(uuid.uuid4()), "lon": x, "lat": y}
    assert client.post(f"{path}/gates", json=spare_gate, headers=office).status_code == 201
    assert client.delete(f"{path}/gates/{spare_gate['id']}", headers=office | tag(client, path)).status_code == 204
    assert client.post(f"{path}/gates", json=spare_gate | {"id": str(uuid.uuid4())}, headers=office).status_code == 201
    assert client.delete(path, headers=office | tag(client, path)).status_code == 204
    assert_problem(client.get(path), 404)
    after, codes = snapshot(town, school["id"])
    assert after == others
    assert codes == {row[5] for row in others.values()}, "cells that no perimeter needs any more are gone"
    with reading(town) as session:
        lines = session.execute(sa.select(AuditEntry.action, AuditEntry.subject, AuditEntry.person)).all()
    done = {(action, subject) for action, subject, person in lines if person == "dis"}
    assert done >= {
        *itertools.product(("create", "update", "delete"), ("schools", "campuses", "gates")),
        ("update", "perimeters"), ("delete", "perimeters"), ("create", "perimeters"),
    }  # fmt: skip


def test_timetables_and_the_school_calendar(client: TestClient, office: Headers) -> None:
    school = client.get("/api/v1/schools").json()["features"][0]["id"]
    path = f"/api/v1/schools/{school}"
    table = {"dismissals": [{"weekday": day, "grades": "1-3", "dismissal": "15:40"} for day in range(1, 6)]}
    first = client.post(f"{path}/timetable", json=table, headers=office)
    assert first.status_code == 201, first.text
    assert client.post(f"{path}/timetable", json=table, headers=office).status_code == 200
    other = {"dismissals": [{"weekday": 1, "dismissal": "16:30"}]}
    assert_problem(client.post(f"{path}/timetable", json=other, headers=office), 409)
    changed = client.patch(f"{path}/timetable", json=other, headers=office | tag(client, path))
    assert [row["dismissal"] for row in changed.json()] == ["16:30"]
    assert changed.headers["ETag"] == client.get(path).headers["ETag"] == client.get(f"{path}/gates").headers["ETag"]
    for wrong in (
        {"dismissals": [{"weekday": 8, "dismissal": "16:30"}]},
        {"dismissals": [{"weekday": 1, "dismissal": "25:00"}]},
        {"dismissals": [{"weekday": 1, "dismissal": "16:30"}] * 2},
        {"dismissals": [{"weekday": 1, "dismissal": "16:30:20"}]},
        {},
    ):
        assert_problem(client.patch(f"{path}/timetable", json=wrong, headers=office | tag(client, path)), 422)
    assert client.delete(f"{path}/timetable", headers=office | tag(client, path)).status_code == 204
    assert client.get(f"{path}/timetable").json() == []

    calendar = {
        "terms": [{"name": "秋季学期", "starts_on": "2026-09-01", "ends_on": "2027-01-22"}],
        "days": [
            {"day": "2026-10-06", "is_school_day": False, "name": "国庆"},
            {"day": "2026-10-10", "is_school_day": True, "as_weekday": 2, "name": "补课"},
        ],
    }
    match = tag(client, "/api/v1/school-calendar")
    kept = client.put("/api/v1/school-calendar", json=calendar, headers=office | match)
    assert kept.status_code == 200, kept.text
    assert {name: kept.json()[name] for name in calendar} | {"days": []} == calendar | {"days": []}
    assert [day["as_weekday"] for day in client.get("/api/v1/school-calendar").json()["days"]] == [None, 2]
    assert_problem(client.put("/api/v1/school-calendar", json=calendar, headers=office | match), 412)
    twice = calendar | {"terms": calendar["terms"] * 2}
    match = tag(client, "/api/v1/school-calendar")
    assert_problem(client.put("/api/v1/school-calendar", json=twice, headers=office | match), 422)


def test_grounds_that_cannot_be_used_are_refused(client: TestClient, town: Engine, office: Headers) -> None:
    west, south = place(900, 0)
    east, north = place(980, 80)
    bow_tie = {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, north], [east, south], [west, north], [west, south]]],
    }
    swapped = {"type": "Polygon", "coordinates": [[[y, x] for x, y in square(900, 0)["coordinates"][0]]]}
    endless = {"type": "Polygon", "coordinates": [[[120.2, 29.7], [120.3, 29.7], [120.3, 29.75], [120.2, 29.7]]]}
    before = snapshot(town, str(uuid.UUID(int=1)))
    for campus in (
        {"boundary": bow_tie},
        {"boundary": endless},
        {"boundary": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}},
        {"boundary": {"type": "Polygon", "coordinates": [[[0, 0], [500, 0], [500, 1], [0, 0]]]}},
        {"boundary": {"type": "Point", "coordinates": [west, south]}},
        {"lon": west},
        {"lon": west, "lat": 99},
        {"boundary": square(900, 0), "lon": west, "lat": south},
        {},
    ):
        assert_problem(client.post("/api/v1/schools", json=a_school(0, 0, campuses=[campus]), headers=office), 422)
    assert_problem(
        client.post("/api/v1/schools", json=a_school(0, 0, campuses=[{"boundary": swapped}]), headers=office), 422
    )
    assert_problem(client.post("/api/v1/schools", json=a_school(0, 0, stages=["volcano"]), headers=office), 422)
    assert_problem(client.post("/api/v1/schools", json=a_school(0, 0, name=""), headers=office), 422)
    assert snapshot(town, str(uuid.UUID(int=1))) == before
    # a repeated vertex is mended; a point becomes a disc of the stated radius
    ring = square(900, 0)["coordinates"][0]
    mended = a_school(0, 0, campuses=[{"boundary": {"type": "Polygon", "coordinates": [[ring[0], *ring]]}}])
    assert client.post("/api/v1/schools", json=mended, headers=office).status_code == 201
    disc = a_school(0, 0, name="disc", campuses=[{"lon": west, "lat": south, "radius_m": 30}])
    shown = client.post("/api/v1/schools", json=disc, headers=office).json()["properties"]["campuses"][0]
    assert (shown["known_as"], shown["radius_m"]) == ("point", 30)
    assert shown["point"] == pytest.approx([west, south], abs=1e-6)


def test_a_school_that_records_tell_of_stays(client: TestClient, office: Headers) -> None:
    school = client.get("/api/v1/schools").json()["features"][0]["id"]
    visit = {"id": str(uuid.uuid4()), "school": school, "started_at": "2026-11-03T16:00:00+08:00"}
    assert client.post("/api/v1/inspections", json=visit, headers=office).status_code == 201
    path = f"/api/v1/schools/{school}"
    assert "closed_on" in assert_problem(client.delete(path, headers=office | tag(client, path)), 409)["detail"]
    assert_problem(client.delete(path, headers=office), 428)
    assert_problem(client.delete(path, headers=office | {"If-Match": '"999"'}), 412)
    assert_problem(client.patch(path, json={"closed_on": "1700-01-01"}, headers=office | tag(client, path)), 422)


def test_premises_and_what_the_rules_say_of_them(
    client: TestClient, office: Headers, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    lon, lat = place(140, 0)
    cafe = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "name": MARKUP, "categories": ["网吧"], "licence": "=1+1"}
    first = client.post("/api/v1/premises", json=cafe, headers=office)
    assert first.status_code == 201, first.text
    assert client.post("/api/v1/premises", json=cafe, headers=office).status_code == 200
    assert_problem(client.post("/api/v1/premises", json=cafe | {"name": "other"}, headers=office), 409)
    assert first.json()["properties"]["categories"] == ["internet_cafe"]
    path = f"/api/v1/premises/{cafe['id']}"
    match = {"If-Match": first.headers["ETag"]}
    change = {"licence_expires": "2027-01-01", "licensed_from": "2020-01-01", "categories": ["internet_cafe", "bar"]}
    changed = client.patch(path, json=change, headers=office | match)
    assert changed.json()["properties"] | change == changed.json()["properties"]
    assert_problem(client.patch(path, json={"name": "x"}, headers=office | match), 412)
    match = {"If-Match": changed.headers["ETag"]}
    for wrong in ({"licence_expires": "2019-01-01"}, {"categories": []}, {"categories": ["volcano"]}, {"lon": 1}):
        assert_problem(client.patch(path, json=wrong, headers=office | match), 422)
    assert client.patch(path, json={"closed_on": "2026-01-01"}, headers=office | match).status_code == 200

    # an administrator sets a rule anew: a version is added, and the check goes by it; nobody else may
    check = {"lon": lon, "lat": lat, "target": "internet_cafe"}

    def verdict() -> tuple[str, float, int]:
        rows = client.post("/api/v1/distance-checks", json=check).json()["results"]
        row = next(row for row in rows if row["rule_id"] == "internet_cafe_boundary")
        return row["verdict"], row["limit_m"], row["version"]

    assert verdict() == ("inside", 200, 1)
    address = "/api/v1/distance-rules/internet_cafe_boundary"
    known = client.get(address).json()
    body = {n: v for n, v in known.items() if n not in {"rule_id", "version", "versions", "version_in_force"}}
    match = {"If-Match": '"1"'}
    assert_problem(client.put(address, json=body, headers=office | match), 403)
    admin = sign_in(client, "adm")
    set_anew = client.put(address, json=body | {"limit_m": 50.0}, headers=admin | match)
    assert set_anew.status_code == 200, set_anew.text
    assert [row["limit_m"] for row in set_anew.json()["versions"]] == [50, 200]
    assert verdict()[1:] == (50, 2)
    assert verdict()[0] == "outside"
    assert_problem(client.put(address, json=body, headers=admin | match), 412)
    assert_problem(client.put(address, json=body, headers=admin), 428)
    for wrong in ({"limit_m": -1}, {"target": "volcano"}, {"measure": "none"}, {"stages": []}, {"basis_zh": ""}):
        assert_problem(client.put(address, json=body | wrong, headers=admin | {"If-Match": '"2"'}), 422)
    assert len(client.get("/api/v1/distance-rules").json()["distance_rules"]) >= 20, "the others hold as before"
    new = client.put("/api/v1/distance-rules/own_bar", json=body | {"target": "bar", "limit_m": 300},
                     headers=admin | {"If-Match": '"0"'})  # fmt: skip
    assert new.json()["version_in_force"] == 1
    assert any(
        row["rule_id"] == "own_bar"
        for row in client.post("/api/v1/distance-checks", json=check | {"target": "bar"}).json()["results"]
    )
    assert_problem(client.get("/api/v1/distance-rules/nowhere"), 404)
