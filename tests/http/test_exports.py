"""What leaves as a file: whole, readable by others, harmless in a spreadsheet, and without a sealed incident."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.services.exports.collections import COLLECTIONS, K_EXPORTED
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import AuditEntry, City, Incident
from api.store.spatial import to_shape
from tests.http.invented_town import HAZARDS, MARKUP, assert_problem, place

EXTENSIONS = ("geojson", "gpkg", "csv", "xlsx", "kml")
FORMULA = "=HYPERLINK(A1)"
Headers = dict[str, str]


def read(content: bytes, extension: str, folder: Path) -> pd.DataFrame:
    """Read a file with somebody else's reader."""
    path = folder / f"exported.{extension}"
    path.write_bytes(content)
    if extension == "csv":
        return pd.read_csv(path)
    if extension == "xlsx":
        return pd.read_excel(path, engine="calamine")
    frame = geopandas.read_file(path, engine="pyogrio")
    assert frame.crs.to_epsg() == 4326
    return frame.rename(columns={"Name": "name"})  # what KML calls it


def test_every_collection_in_every_format(
    client: TestClient, viewer: Headers, inspector: Headers, sign_in: Callable[[TestClient, str], Headers], town: Engine,
    tmp_path: Path,
) -> None:  # fmt: skip
    lon, lat = place(60, 0)
    note = f"{MARKUP}]]></name><NetworkLink/>\x1b\ufffe"  # what ends a part of KML, and what no document can hold
    hazard = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "name": FORMULA, "note": note}
    assert client.post("/api/v1/hazards", json=hazard, headers=inspector).status_code == 201
    rows = {"schools": 2, "gates": 3, "perimeters": 2, "premises": 3, "districts": 0, "hazards": len(HAZARDS) + 1}
    for collection in COLLECTIONS:
        for extension in EXTENSIONS:
            answer = client.get(f"/api/v1/exports/{collection}.{extension}", headers=viewer)
            assert answer.status_code == 200, (collection, extension, answer.text)
            assert f'filename="{collection}-330681-' in answer.headers["Content-Disposition"]
            assert answer.headers["Cache-Control"] == "no-store"
            if not (answer.content.strip() and rows.get(collection, 1)):
                continue  # an empty layer: GDAL refuses to open some of these
            frame = read(answer.content, extension, tmp_path)
            assert len(frame) == rows.get(collection, len(frame)), (collection, extension)
            if collection == "hazards":
                said = frame.loc[frame["uuid"] == hazard["id"]].iloc[0]
                told = f"{MARKUP}]]{' ' if extension == 'kml' else ''}></name><NetworkLink/>"
                assert said["note"] == told
                assert said["name"] == (f"'{FORMULA}" if extension in {"csv", "xlsx"} else FORMULA)
                where = (
                    (said["longitude"], said["latitude"])
                    if extension in {"csv", "xlsx"}
                    else (said.geometry.x, said.geometry.y)
                )
                assert where == pytest.approx((lon, lat), abs=1e-7)
    book = client.get("/api/v1/exports/hazards.xlsx", headers=viewer).content
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name)
    document = client.get("/api/v1/exports/hazards.geojson", headers=viewer).json()
    assert document["exported"]["by"] == "vie"
    with reading(town) as session:
        lines = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "export")).all()
    assert len(lines) == len(COLLECTIONS) * len(EXTENSIONS) + 2
    assert json.loads(lines[-1].after or "")["rows"] == len(HAZARDS) + 1
    # parts of a collection
    west, south = place(50, -20)
    east, north = place(70, 20)
    box = f"bbox={west},{south},{east},{north}"
    some = client.get(f"/api/v1/exports/hazards.geojson?{box}&category=VEN&status=open", headers=viewer).json()
    assert {feature["properties"]["id"] for feature in some["features"]} == {"1", None}
    none = client.get("/api/v1/exports/hazards.geojson?status=gone", headers=viewer).json()
    assert none["features"] == []


def test_what_is_exported_can_be_imported_again_and_changes_nothing(
    client: TestClient, viewer: Headers, town: Engine, settings: Settings, tmp_path: Path
) -> None:
    for collection in ("hazards", "premises", "schools"):
        path = tmp_path / f"{collection}.csv"
        path.write_bytes(client.get(f"/api/v1/exports/{collection}.csv", headers=viewer).content)
        if collection == "schools":
            path = path.with_suffix(".geojson")
            path.write_bytes(client.get(f"/api/v1/exports/{collection}.geojson", headers=viewer).content)
        with writing(town) as session:
            city = session.scalars(sa.select(City)).one()
            crs = "wgs84" if path.suffix == ".csv" else None
            report = import_file(session, city, collection, path, ImportOptions(crs=crs), settings)
        assert (report.written, report.refused) == (0, 0), report
    shown = client.get("/api/v1/hazards", headers=viewer).json()["features"]
    assert {row["properties"]["name"] for row in shown} == {f"{MARKUP} {key}" for key in HAZARDS}


def test_no_sealed_incident_gets_into_a_file(
    client: TestClient, sign_in: Callable[[TestClient, str], Headers], town: Engine
) -> None:
    police = sign_in(client, "pol")  # who is shown exact counts on the map takes out what everybody may
    with reading(town) as session:
        places = [to_shape(where) for where in session.scalars(sa.select(Incident.location))]
        kinds = set(session.scalars(sa.select(Incident.kind)))
    for extension in EXTENSIONS:
        answer = client.get(f"/api/v1/exports/incidents.{extension}", headers=police)
        assert answer.status_code == 200
        for where in places:
            for digits in (6, 7):
                assert f"{where.x:.{digits}f},{where.y:.{digits}f}".encode() not in answer.content
        assert not any(kind.encode() in answer.content for kind in kinds)
    document: Any = client.get("/api/v1/exports/incidents.geojson", headers=police).json()
    assert all(row["properties"]["count"] >= K_EXPORTED for row in document["features"])
    assert set(document["features"][0]["properties"]) == {"code", "count"} if document["features"] else True
    assert sum(row["properties"]["count"] for row in document["features"]) == 5, "the crowded cell alone has five"
    assert_problem(client.get("/api/v1/exports/incidents.csv?type=coercion", headers=police), 422)
    for path in ("sealed.csv", "people.csv", "incidents.exe", "audit_log.xlsx", "hazards.shp"):
        assert_problem(client.get(f"/api/v1/exports/{path}", headers=police), 404)


def test_who_may_and_how_often(
    client: TestClient, closed_client: TestClient, sign_in: Callable[[TestClient, str], Headers], town: Engine,
    settings: Settings,
) -> None:  # fmt: skip
    assert_problem(client.get("/api/v1/exports/hazards.csv"), 401)
    # where the map is not public, an inspector takes out what they may see
    admin, inspector, other = (sign_in(closed_client, name) for name in ("adm", "ins", "other"))
    people = {p["name"]: p["id"] for p in closed_client.get("/api/v1/people", headers=admin).json()["people"]}
    cells = [
        f["properties"]["code"] for f in closed_client.get("/api/v1/cells?limit=1000", headers=admin).json()["features"]
    ]
    body = {"cells": cells}
    path = f"/api/v1/people/{people['other']}/cells"
    match = {"If-Match": closed_client.get(path, headers=admin).headers["ETag"]}
    answer = closed_client.put(path, json=body, headers=admin | match)
    assert answer.status_code == 200
    own, theirs = (
        len(closed_client.get("/api/v1/exports/hazards.geojson", headers=who).json()["features"])
        for who in (inspector, other)
    )
    assert (own, theirs) == (0, 4), "one of the five lies in no cell"
    few = settings.model_copy(update={"exports_per_minute": 2})
    with TestClient(create_app(few, town), follow_redirects=False) as limited:
        viewer = sign_in(limited, "vie")
        codes = [limited.get("/api/v1/exports/gates.csv", headers=viewer).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
