"""Lists, distance checks, incidents, heat map and pages over HTTP, on both databases."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable
from typing import Any

import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from gis import crs
from tests.http.invented_town import COMPLEMENT, CROWDED, HAZARDS, LONELY, MARKUP, SEALED, assert_problem, place

LISTS = ("schools", "perimeters", "cells", "gates", "premises", "streets", "hazards")
DOCUMENT_NUMBER = re.compile(r"[\u4e00-\u9fff]+〔\d{4}〕\d+号")  # as a document is cited, in any language
CHINESE = re.compile("[\u4e00-\u9fff]")


def following(response: Any) -> str | None:
    """Return the address of the next page."""
    found = re.fullmatch(r'<(.+)>; rel="next"', response.headers.get("link", ""))
    return found[1] if found else None


@pytest.mark.parametrize("name", LISTS)
def test_pages_hold_each_record_exactly_once(client: TestClient, name: str) -> None:
    whole = client.get(f"/api/v1/{name}", params={"limit": 1000})
    assert whole.headers["content-type"].startswith("application/geo+json")
    assert following(whole) is None
    identities = [feature["id"] for feature in whole.json()["features"]]
    assert len(identities) == len(set(identities)) >= 2
    size = 7 if name == "cells" else 1
    address: str | None = f"/api/v1/{name}?limit={size}&bbox=120,29,121,30"
    paged: list[str] = []
    pages = 0
    while address:
        page = client.get(address)
        assert page.status_code == 200
        found = [feature["id"] for feature in page.json()["features"]]
        assert 1 <= len(found) <= size
        paged += found
        pages += 1
        address = following(page)
    assert paged == identities
    assert pages == -(-len(identities) // size)


def test_a_box_takes_what_lies_in_it(client: TestClient) -> None:
    west, south = place(-100, -100)
    east, north = place(200, 100)
    found = client.get("/api/v1/hazards", params={"bbox": f"{west},{south},{east},{north}"}).json()["features"]
    expected = {key for key, (x, y) in HAZARDS.items() if -100 <= x <= 200 and -100 <= y <= 100}
    assert {f["properties"]["name"][-1] for f in found} == expected
    assert client.get("/api/v1/hazards", params={"bbox": "0,0,1,1"}).json()["features"] == []


def test_bad_boxes_limits_and_cursors_are_refused(client: TestClient) -> None:
    for name in LISTS:
        for box in ("1,2,3", "a,b,c,d", "10,0,5,1", "0,5,1,2", "nan,0,1,1", "0,0,inf,1", "-181,0,0,0", "", "0,0,0,91"):
            body = assert_problem(client.get(f"/api/v1/{name}", params={"bbox": box}), 422)
            assert body["errors"][0]["where"] == "query.bbox"
        for query in ("limit=0", "limit=1001", "limit=x", "cursor=-1", "cursor=x", "cursor=99999999999999999999"):
            assert_problem(client.get(f"/api/v1/{name}?{query}"), 422)


def test_unknown_things_are_not_found(client: TestClient) -> None:
    nobodys = uuid.UUID(int=1)
    for path in ("schools/{}", "schools/{}/perimeter", "schools/{}/gates", "schools/{}/timetable", "hazards/{}"):
        assert_problem(client.get(f"/api/v1/{path.format(nobodys)}"), 404)
        assert_problem(client.get(f"/api/v1/{path.format('x')}"), 422)
    assert_problem(client.get("/api/v1/nowhere"), 404)
    assert_problem(client.put("/api/v1/hazards"), 405)
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def check(client: TestClient, lang: str = "zh", **body: Any) -> Any:
    return client.post("/api/v1/distance-checks", params={"lang": lang}, json={"target": "internet_cafe"} | body)


def test_a_place_in_another_crs_is_the_same_place(client: TestClient) -> None:
    lon, lat = place(150, 0)
    first = check(client, lon=lon, lat=lat).json()
    verdicts = {row["rule_id"]: row["verdict"] for row in first["results"]}
    assert verdicts["internet_cafe_boundary"] == "inside"
    for name in ("gcj02", "bd09", "cgcs2000", "EPSG:4549"):
        x, y = crs.from_wgs84([lon], [lat], name)
        other = check(client, lon=float(x[0]), lat=float(y[0]), crs=name).json()
        assert other["point"] == pytest.approx(first["point"], abs=1e-8)
        assert {row["rule_id"]: row["verdict"] for row in other["results"]} == verdicts
        for mine, theirs in zip(first["results"], other["results"], strict=True):
            assert theirs["boundary_distance_m"] == pytest.approx(mine["boundary_distance_m"], abs=0.01)
    assert check(client, lon=lon, lat=lat, target="网吧").json()["results"] == first["results"]


def test_a_check_is_said_in_the_language_that_was_asked_for(client: TestClient) -> None:
    lon, lat = place(150, 0)
    chinese, english = (check(client, lang, lon=lon, lat=lat).json() for lang in ("zh", "en"))
    for row in (*chinese["results"], chinese):
        assert CHINESE.search(row.get("sentence", chinese["notice"]))
    for row in (*english["results"], english):
        assert not CHINESE.search(DOCUMENT_NUMBER.sub("", row.get("sentence", english["notice"])))
    assert len(english["results"]) == len(chinese["results"]) >= 3
    client.cookies.set("language", "en")
    by_cookie = client.post("/api/v1/distance-checks", json={"target": "internet_cafe", "lon": lon, "lat": lat})
    assert by_cookie.json()["notice"] == english["notice"]


def test_places_that_cannot_be_checked_are_refused(client: TestClient) -> None:
    lon, lat = place(150, 0)
    for body in (
        {"lon": lon, "lat": lat, "target": "volcano"},
        {"lon": lon, "lat": lat, "target": "\x00"},
        {"lon": lon, "lat": lat, "crs": "EPSG:0"},
        {"lon": lon, "lat": lat, "crs": "\x00"},
        {"lon": lon, "lat": lat, "crs": "EPSG:5773"},
        {"lon": lat, "lat": lon},
        {"lon": 620, "lat": lat},
        {"lon": 1e300, "lat": 1e300, "crs": "EPSG:4549"},
        {"lon": lon, "lat": lat, "position_error_m": -1},
        {"lon": lon, "lat": lat, "colour": "red"},
        {"lon": lon},
    ):
        assert_problem(check(client, **body), 422)


def count_at(document: dict[str, Any], at: tuple[float, float]) -> int | None:
    """Return the count of the cell that holds a place; None where no cell is shown there."""
    import shapely

    point = shapely.Point(place(*at))
    for feature in document["features"]:
        if shapely.geometry.shape(feature["geometry"]).covers(point):
            return int(feature["properties"]["count"])
    return None


def test_no_cell_shows_fewer_than_k_incidents_and_none_that_are_sealed(client: TestClient) -> None:
    document = client.get("/api/v1/incidents/cells").json()
    assert document["basis"] == "groups"
    assert all(f["properties"]["count"] >= document["k"] >= 3 for f in document["features"])
    assert count_at(document, CROWDED) == 5
    assert count_at(document, LONELY) is None
    assert count_at(document, COMPLEMENT) in {None, 3}  # as the secret threshold wills
    assert count_at(document, SEALED) is None
    for query in ("type=bullying", "from=2026-11-04", "weekday=3", "to=2026-11-02", "from=2026-11-03&to=2026-11-03"):
        assert client.get(f"/api/v1/incidents/cells?{query}").json()["features"] == []
    for query in ("type=fight", "from=2026-11-02&to=2026-11-08", "weekday=2", "after_school=true", "city=330681"):
        assert count_at(client.get(f"/api/v1/incidents/cells?{query}").json(), CROWDED) == 5


def test_the_police_see_exact_counts_of_any_day(client: TestClient, sign_in: Callable[..., dict[str, str]]) -> None:
    police = sign_in(client, "pol")
    document = client.get("/api/v1/incidents/cells?from=2026-11-03&to=2026-11-03", headers=police).json()
    assert document["basis"] == "exact"
    assert count_at(document, CROWDED) == 5
    assert count_at(document, LONELY) is None
    assert count_at(document, COMPLEMENT) is None  # else the total would give the lonely one away
    assert count_at(document, SEALED) is None


def test_bad_questions_about_incidents_are_refused(client: TestClient) -> None:
    for path in ("incidents/cells", "heatmap"):
        for query in (
            "from=yesterday",
            "to=2026-02-30",
            "from=2026-11-04&to=2026-11-03",
            "type=volcano",
            "type=coercion",
            "weekday=8",
            "weekday=99999999999999999999",
            "after_school=perhaps",
        ):
            assert_problem(client.get(f"/api/v1/{path}?{query}"), 422)
        for code in ("000", "%00"):
            assert client.get(f"/api/v1/{path}?city={code}").status_code in {404, 422}


def test_the_heat_map_runs_as_a_stranger_and_names_stay_names(client: TestClient) -> None:
    for query in (
        "",
        "?by_week=true&after_school=true&language=en",
        "?from=2026-11-01&to=2026-11-30",
        "?to=2020-01-01",
    ):
        page = client.get(f"/api/v1/heatmap{query}")
        assert page.status_code == 200, page.text[:500]
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "sandbox allow-scripts;" in policy
        assert "default-src 'none'" in policy
        assert "allow-same-origin" not in policy
        assert MARKUP not in page.text
        assert "&lt;script&gt;alert(1)" in page.text or r"\u003cscript\u003ealert(1)" in page.text


def test_a_vector_tile_holds_the_ground_and_may_be_kept(client: TestClient) -> None:
    lon, lat = place(0, 0)
    x, y = int((lon + 180) / 360 * 2**15), int((0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**15)
    tile = client.get(f"/api/v1/tiles/15/{x}/{y}.mvt?v=7")
    assert tile.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert "immutable" in tile.headers["cache-control"]
    streets = mapbox_vector_tile.decode(tile.content)["streets"]["features"]
    assert {one["properties"]["name"] for one in streets} == {f"invented street {n}" for n in range(3)}
    empty = client.get("/api/v1/tiles/15/0/0.mvt")
    assert (empty.status_code, empty.content) == (200, b"")
    assert "immutable" not in empty.headers["cache-control"]
    assert_problem(client.get("/api/v1/tiles/3/8/0.mvt"), 422)
    for wrong in ("99999999999999999999/0/0", "-1/0/0", "1/x/0", "16/0/0"):
        assert_problem(client.get(f"/api/v1/tiles/{wrong}.mvt"), 422)


def test_odd_questions_never_break_the_server(client: TestClient) -> None:
    lon, lat = place(0, 0)
    for query in (
        "hazards?status=%00",
        "hazards?status=%ED%A0%80",
        "hazards?category=%00",
        "hazards?school=x",
        "hazards/nearby?lon=nan&lat=0&category=VEN",
        "hazards/nearby?lon=0&lat=0&category=VEN&within_m=inf",
        "geocode?q=%00",
        "geocode?q=%FF%FE",
        "geocode?q=",
        "geocode?q=%25%5F%27%22%5C",
        "geocode/reverse?lon=inf&lat=0",
        f"geocode/reverse?lon={lon}&lat={lat}",
        "geocode/reverse?lon=180&lat=-90",
        "streets?zoom=23",
        "streets?zoom=0",
        "incidents/cells?type=%00",
        "incidents/cells?to=9999-12-31",
        "incidents/cells?from=0001-01-01",
        "incidents/cells?from=0001-01-01&to=9999-12-31",
        "heatmap?to=9999-12-31",
        "heatmap?from=0001-01-01",
        "heatmap?from=9999-12-31",
        "schools?lang=%00",
    ):
        answer = client.get(f"/api/v1/{query}")
        assert answer.status_code in {200, 404, 422}, (query, answer.text)
        if answer.status_code != 200:
            assert_problem(answer, answer.status_code)
    for name in ("\x00", "x" * 100_000, "'; DROP TABLE people; --"):
        answer = client.post("/api/v1/token", data={"username": name, "password": name})
        assert answer.status_code in {401, 422}
        assert_problem(answer, answer.status_code)


def test_the_language_is_kept_and_the_way_back_stays_here(client: TestClient) -> None:
    for target, goes in {
        "/heat": "/heat",
        "/heat?x=1": "/heat?x=1",
        "https://example.org/": "/",
        "//example.org/": "/",
        "/\\example.org/": "/",
        "/\t/example.org/": "/",
        "\\\\example.org": "/",
        "javascript:alert(1)": "/",
        "/a\r\nSet-Cookie: x=1": "/",
        "": "/",
    }.items():
        answer = client.get("/language/en", params={"next": target})
        assert answer.status_code == 303
        assert answer.headers["location"] == goes
        assert answer.headers["set-cookie"].startswith("language=en;")
    assert "set-cookie" not in client.get("/language/xx").headers


def test_pages_are_served_under_their_policy(client: TestClient) -> None:
    for path, language in (("/", "zh"), ("/heat", "zh"), ("/?lang=en", "en")):
        page = client.get(path)
        assert page.status_code == 200
        assert f'lang="{language}' in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")
    assert client.get("/readyz").json() == {"status": "ready"}
