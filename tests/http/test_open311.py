"""Open311 GeoReport v2: read by a client library of others, written by its rules, and closed unless it is switched on."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from georeport import GeoReport
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.services.cases.open311 import NOT_OFFERED
from api.settings import Settings
from api.vocabulary import vocabulary
from tests.browser.conftest import running
from tests.http.case_office import Office, SignIn
from tests.http.conftest import ENGLISH
from tests.http.invented_town import place

BASE = "/open311/v2"
# the names of the specification, in its order
REQUEST = ["service_request_id", "status", "status_notes", "service_name", "service_code", "description",
           "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
           "address", "address_id", "zipcode", "lat", "long", "media_url"]  # fmt: skip


@pytest.fixture
def open_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"open311": True, "open311_per_minute": 40})


@pytest.fixture
def office(town: Engine, open_settings: Settings, sign_in: SignIn) -> Iterator[Office]:
    with TestClient(create_app(open_settings, town), follow_redirects=False, headers=ENGLISH) as client:
        yield Office(client, sign_in)


def key(office: Office, name: str) -> str:
    return office.headers[name]["Authorization"].removeprefix("Bearer ")


def report(office: Office, ending: str = ".json", **more: Any) -> Any:
    lon, lat = place(70, 0)
    form = {"service_code": "VEN", "lat": lat, "long": lon, "api_key": key(office, "ins")} | more
    return office.client.post(f"{BASE}/requests{ending}", data={n: v for n, v in form.items() if v is not None})


def test_it_is_closed_unless_it_is_switched_on(client: TestClient) -> None:
    for path in ("services.json", "requests.xml", "requests/x.json", "tokens/x.xml", "discovery.json"):
        assert client.get(f"{BASE}/{path}").status_code == 404
    assert client.post(f"{BASE}/requests.json", data={"service_code": "VEN"}).status_code == 404


def test_a_client_of_others_reads_services_and_requests(office: Office, town: Engine, open_settings: Settings) -> None:
    made = report(office, description="by a person called Nobody", email="a@example.org", phone="123").json()
    number = made[0]["service_request_id"]
    case = office.get("/api/v1/cases/queue", "dis")["features"][0]
    assert case["properties"]["number"] == number
    assert office.show(case["id"])["note"] == "by a person called Nobody"  # for the office alone
    office.bring(case["id"], "filed")
    with running(town, open_settings) as address:
        for form in ("json", "xml"):
            theirs = GeoReport(f"{address}{BASE}", output_format=form)
            services = theirs.get_service_list()
            assert [one["service_code"] for one in services] == [
                code for code in vocabulary().hazard_categories if code not in NOT_OFFERED
            ]
            assert {str(one["metadata"]).lower() for one in services} <= {"true", "false"}
            defined = theirs.get_service_definition("VEN")
            assert defined["service_code"] == "VEN"
            listed = theirs.get_service_requests(service_code="VEN", status="open")
            one = listed[0] if isinstance(listed, list) else listed  # its XML reader gives a single one as it is
            assert list(one) == REQUEST
            assert one["service_request_id"] == number
            assert (one["status"], one["status_notes"]) == ("open", "已立案")
            assert one["expected_datetime"].endswith("+08:00")
            assert float(one["lat"]) == pytest.approx(place(70, 0)[1], abs=1e-6)
            assert theirs.get_service_request(number) == one
            said = str(one)
            assert "Nobody" not in said
            assert "example.org" not in said
    office.do(case["id"], "dis", "void", note="a test")
    closed = office.client.get(f"{BASE}/requests.json?status=closed").json()
    assert [one["service_request_id"] for one in closed] == [number]
    token = office.client.get(f"{BASE}/tokens/{case['id']}.json").json()
    assert token == [{"service_request_id": number, "token": case["id"]}]
    assert office.client.get(f"{BASE}/requests.json?service_request_id={number},nothing").json() == closed


def test_what_is_wrong_is_said_as_the_specification_says_it(office: Office) -> None:
    for more, status, words in (
        ({"api_key": "made-up"}, 403, "api_key"), ({"api_key": None}, 403, "api_key"),
        ({"api_key": key(office, "vie")}, 403, "roles"), ({"service_code": None}, 400, "service_code"),
        ({"service_code": "SEC"}, 404, "no service"), ({"lat": None}, 400, "lat and long"),
        ({"lat": "ninety"}, 400, "lat"), ({"attribute[subtype]": "volcano"}, 400, "subtype"),
    ):  # fmt: skip
        answer = report(office, **more)
        assert answer.status_code == status, (more, answer.text)
        [error] = answer.json()
        assert (error["code"], words in error["description"]) == (status, True), error
    answer = report(office, ".xml", service_code=None)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    tree = ET.fromstring(answer.text)
    assert (tree.tag, tree.findtext("error/code")) == ("errors", "400")
    for path, status in (
        ("requests/nothing.json", 404), ("services/NOPE.json", 404), ("services.json?jurisdiction_id=1", 404),
        ("tokens/x.json", 404), ("requests.json?start_date=yesterday", 400), ("requests.json?status=gone", 400),
        ("requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-12-01T00:00:00Z", 400),
    ):  # fmt: skip
        assert office.client.get(f"{BASE}/{path}").status_code == status, path
    made = report(office, ".xml", **{"attribute[subtype]": "food_stall"})
    assert made.status_code == 200
    assert ET.fromstring(made.text).findtext("request/service_request_id")
    for _ in range(40):
        last = office.client.get(f"{BASE}/services.json")
    assert (last.status_code, last.json()[0]["code"]) == (429, 429)


def test_where_the_map_is_not_public_reading_needs_a_key(
    town: Engine, open_settings: Settings, sign_in: SignIn
) -> None:
    closed = open_settings.model_copy(update={"public_view": False})
    with TestClient(create_app(closed, town), headers=ENGLISH) as client:
        token = sign_in(client, "vie")["Authorization"].removeprefix("Bearer ")
        assert client.get(f"{BASE}/requests.json").status_code == 403
        assert client.get(f"{BASE}/requests.json?api_key={token}").json() == []
        keys = {
            name: sign_in(client, name)["Authorization"].removeprefix("Bearer ") for name in ("ins", "other", "dis")
        }
        lon, lat = place(70, 0)
        form = {"service_code": "VEN", "lat": lat, "long": lon, "api_key": keys["other"]}
        number = client.post(f"{BASE}/requests.json", data=form).json()[0]["service_request_id"]
        office = {"Authorization": f"Bearer {keys['dis']}"}
        case = client.get("/api/v1/cases", headers=office).json()["features"][0]["id"]
        people = client.get("/api/v1/people", headers=office).json()["people"]
        walks = f"/api/v1/people/{next(p['id'] for p in people if p['name'] == 'other')}/cells"
        codes = [
            f["properties"]["code"] for f in client.get("/api/v1/cells?limit=1000", headers=office).json()["features"]
        ]
        match = office | {"If-Match": client.get(walks, headers=office).headers["ETag"]}
        assert client.put(walks, json={"cells": codes}, headers=match).status_code == 200
        for name, seen in (("other", True), ("dis", True), ("ins", False), ("vie", False)):
            with_key = f"api_key={keys.get(name, token)}"
            listed = client.get(f"{BASE}/requests.json?{with_key}").json()
            assert [one["service_request_id"] for one in listed] == ([number] if seen else []), name
            for path in (f"requests/{number}.json", f"tokens/{case}.json"):
                assert client.get(f"{BASE}/{path}?{with_key}").status_code == (200 if seen else 404), (name, path)
        assert client.get(f"{BASE}/discovery.json").json()["endpoints"][0]["url"].endswith(BASE)
