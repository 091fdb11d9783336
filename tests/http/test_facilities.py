"""Counselling rooms and stations, on both databases: imported, counted again by hand, on the meeting and in the brief."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.briefs.content import brief_of
from api.services.imports import ImportOptions, import_file
from api.services.imports.report import ImportRefusedError
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import City, Facility, FacilityUse, PupilCount, School
from gis.geodesic import distance_m
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import CITY, assert_problem, place

MOMENT = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def bring_in(engine: Engine, settings: Settings, what: str, folder: Path, text: str, **options: Any) -> Any:
    path = folder / f"{what}.csv"
    path.write_text(text, encoding="utf-8")
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        crs = "wgs84" if what == "facilities" else None
        return import_file(session, city, what, path, ImportOptions(crs=crs, invented=True, **options), settings)


def fill(engine: Engine, settings: Settings, folder: Path) -> list[str]:
    """Bring in two rooms, a station, visits and pupils, with Chinese heads; return the names of the schools."""
    with reading(engine) as session:
        names = list(session.scalars(sa.select(School.name).order_by(School.id)))
    rows = [
        ("r1", "甲室", "心理辅导室", "省标准;示范", names[0], "2020-09-01", *place(0, 0)),
        ("r2", "乙室", "心理辅导室", "", names[1], "2026-12-01", *place(300, 0)),
        ("s1", "丙站", "辅导站", "省一级站", "", "", *place(0, 900)),
    ]
    head = "编号,名称,类型,等级,所属学校,启用日期,经度,纬度\n"
    report = bring_in(engine, settings, "facilities", folder, head + "\n".join(",".join(map(str, row)) for row in rows))
    assert (report.written, report.refused) == (3, 0)
    again = bring_in(engine, settings, "facilities", folder, head + "\n".join(",".join(map(str, row)) for row in rows))
    assert (again.written, again.updated, again.unchanged) == (0, 0, 3)
    uses = "名称,月份,使用人次\nr1,2026-10,9\n甲室,2026年11月,12\ns1,2026/11,3\n"
    assert bring_in(engine, settings, "facility_uses", folder, uses).written == 3
    pupils = f"学校,在校生数\n{names[0]},600\n{names[1]},450\n"
    assert bring_in(engine, settings, "pupils", folder, pupils).written == 2
    return names


def test_targets_use_and_ways_are_those_counted_by_hand(
    office: Office, town: Engine, settings: Settings, tmp_path: Path
) -> None:
    nothing = office.get("/api/v1/facilities/support", "vie")
    assert (nothing["facilities"], nothing["beyond"]["schools"]) == (0, 2)
    names = fill(town, settings, tmp_path)
    said = office.get("/api/v1/facilities/support?at=2026-11-22&walk_m=1000", "vie")
    assert (said["facilities"], said["stations"]) == (2, 1), "one opens in December"
    assert [(one["level"], one["done"], one["of"]) for one in said["targets"]] == [
        ("provincial", 1, 2), ("demonstration", 1, 30), ("first_class", 1, 10), ("special_feature", 0, 1),
    ]  # fmt: skip
    months = {one["month"]: one for one in said["months"]}
    assert len(months) == 12
    assert (months["2026-10"]["visits"], months["2026-10"]["at_least"]) == (9, False)
    assert (months["2026-11"]["visits"], months["2026-11"]["at_least"]) == (12, True), "three visits are not told"
    assert months["2026-09"]["visits"] is None, "what nobody reported is not nought"
    ways = {one["zh"]: one for one in said["schools"]}
    for name, x in zip(names, (0.0, 300.0), strict=True):  # on foot it is no shorter than straight, nor twice as long
        straight = float(distance_m(*place(x, 0), *place(0, 900)))
        assert ways[name]["station"] == "丙站"
        assert straight * 0.98 <= ways[name]["walk_m"] <= 2 * straight
    far = [one for one in said["schools"] if one["walk_m"] > 1000]
    assert said["beyond"]["schools"] == len(far)
    assert said["beyond"]["pupils"] == sum(one["pupils"] for one in far)
    assert office.get("/api/v1/facilities/support?walk_m=20000", "vie")["beyond"]["pupils"] == 0
    shown = office.client.get("/api/v1/facilities?bbox=120,29,121,30").json()["features"]
    assert {one["properties"]["name"] for one in shown} == {"甲室", "乙室", "丙站"}
    with reading(town) as session:
        for language, word in (("zh", "心理辅导室、站共 2 处"), ("en", "2 counselling rooms and stations")):
            brief = brief_of(
                session, settings, "2026-W47", CITY, language=language, viewer="", moment=MOMENT, pictures=False
            )
            assert word in next(one.text for one in brief.paragraphs if one.key == "support")


def test_the_office_sets_targets_of_its_own(office: Office, town: Engine) -> None:
    def put(name: str, version: int, **more: Any) -> Any:
        body = {
            "targets": [{"zh": "辅导站", "en": "Stations", "kind": "station", "goal": 3, "due_on": "2027-06-30"} | more]
        }
        return office.client.put(
            "/api/v1/facilities/targets", json=body, headers=office.headers[name] | {"If-Match": f'"{version}"'}
        )

    assert_problem(put("vie", 0), 403)
    assert put("dis", 0).json()["version"] == 1
    assert_problem(put("adm", 0), 412)
    assert put("adm", 1, goal=None).status_code == 200
    found = office.get("/api/v1/facilities/support", "vie")
    assert (found["version"], found["targets"][0]["of"], found["targets"][0]["every_school"]) == (2, 2, True)
    for day, status in (("0001-01-01", 422), ("2026-02-30", 422), ("9999-12-31", 200)):
        asked = office.client.get(f"/api/v1/facilities/support?at={day}", headers=office.headers["vie"])
        assert asked.status_code == status
    for wrong in ({"goal": 0}, {"level": "best"}, {"zh": ""}, {"pupil": "x"}):
        assert_problem(put("dis", 2, **wrong), 422)


def test_what_is_wrong_in_files_is_said_and_no_pupil_has_a_place(
    town: Engine, settings: Settings, tmp_path: Path
) -> None:
    fill(town, settings, tmp_path)
    wrong = "名称,月份,使用人次\n无此室,2026-10,9\n甲室,2026-13,9\n甲室,2026-10,-1\n甲室,2026-09,abc\n"
    with pytest.raises(ImportRefusedError) as refused:
        bring_in(town, settings, "facility_uses", tmp_path, wrong)
    found = {(one.row, one.field) for one in refused.value.report.problems if one.severity == "refused"}
    assert {field for _, field in found} == {"facility", "month", "visits"}
    with pytest.raises(ImportRefusedError):
        bring_in(town, settings, "pupils", tmp_path, "学校,在校生数\n无此校,60\n")
    allowed = {"facility_id", "month", "visits", "school_id", "pupils", "city_id"}
    record = {"id", "uuid", "created_at", "updated_at", "version", "invented", "raw_geometry"}
    for table in (FacilityUse, PupilCount):
        columns = {column.name for column in sa.inspect(table).columns}
        assert {one for one in columns if not one.startswith(("source_", "content_"))} <= allowed | record
    assert "person_id" not in {column.name for column in sa.inspect(Facility).columns}
