"""Files into the database, on both databases: what is kept, what is refused, and that nothing is half there."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.errors import BadInputError
from api.services.cities import add_city
from api.services.imports import ImportOptions, ImportRefusedError, ImportReport, import_file
from api.services.screening import check_place
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import (
    Campus,
    Cell,
    City,
    Gate,
    Hazard,
    Incident,
    Place,
    Premises,
    School,
    Source,
    StallArea,
    Street,
    Timetable,
)
from api.store.spatial import to_shape
from gis import crs

LON, LAT = 120.2401, 29.7123
HEADER = "id,category,subtype,lon,lat,note,observed_at\n"


@pytest.fixture
def city_code(engine: Engine, settings: Settings) -> str:
    with writing(engine) as session:
        area = shapely.box(119.9, 29.3, 120.6, 30.0)
        add_city(session, code="330681", name="测试市（虚构）", settings=settings, area=area, invented=True)
    return "330681"


def bring(
    engine: Engine, settings: Settings, what: str, path: Path, code: str = "330681", **options: Any
) -> ImportReport:
    with writing(engine) as session:
        city = session.scalars(sa.select(City).where(City.code == code)).one()
        return import_file(session, city, what, path, ImportOptions(**options), settings)


def count(engine: Engine, model: Any) -> int:
    with reading(engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def schools_geojson(path: Path) -> Path:
    campus = shapely.box(LON, LAT, LON + 0.002, LAT + 0.001)
    frame = geopandas.GeoDataFrame(
        {"学校名称": ["虚构小学", "虚构中学"], "学段": ["小学", "初中、高中"], "编号": ["S1", "S2"]},
        geometry=[campus, shapely.Point(LON + 0.02, LAT)],
        crs="EPSG:4326",
    )
    frame.to_file(path, driver="GeoJSON")
    return path


def test_hazards_of_a_chinese_sheet_with_title_rows_and_degrees(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    path = tmp_path / "隐患.xlsx"
    rows = [
        ["校园周边隐患排查表", None, None, None, None],
        [None, None, None, None, None],
        ["编号", "问题类别", "经度", "纬度", "发现时间"],
        ["H1", "流动摊贩", "120°14′24.36″E", "29°42′44.28″N", dt.datetime(2026, 11, 2, 16, 10)],
        ["H2", "交通", "120.2411", "29.7125", "2026年11月3日 16:20"],
    ]
    pd.DataFrame(rows).to_excel(path, index=False, header=False, engine="xlsxwriter")
    report = bring(engine, settings, "hazards", path, crs="wgs84")
    assert (report.read, report.written, report.refused) == (2, 2, 0)
    with reading(engine) as session:
        first, second = session.scalars(sa.select(Hazard).order_by(Hazard.source_key)).all()
        assert (first.category, second.category) == ("VEN", "TRF")
        place = to_shape(first.location)
        assert (place.x, place.y) == pytest.approx((120.2401, 29.7123), abs=1e-7)
        assert first.observed_at == dt.datetime(2026, 11, 2, 8, 10, tzinfo=dt.UTC)  # 16:10 in Shanghai
        assert second.observed_at == dt.datetime(2026, 11, 3, 8, 20, tzinfo=dt.UTC)
        assert first.source_row == 4
        assert first.raw_geometry is None  # it was WGS 84 already


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_usual_encoding(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path / "a.csv", f"编号,类别,经度,纬度,备注\n1,非法摊贩,{LON},{LAT},校门口\x1b煎饼摊\n", encoding)
    bring(engine, settings, "hazards", path, crs="wgs84")
    with reading(engine) as session:
        assert session.scalars(sa.select(Hazard.note)).one() == "校门口煎饼摊"


@pytest.mark.parametrize(("name", "off_m"), [("gcj02", 510), ("bd09", 1134)])
def test_shifted_coordinates_are_put_right(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path, name: str, off_m: float
) -> None:
    x, y = crs.from_wgs84([LON], [LAT], name)
    assert crs.GEOD.inv(LON, LAT, x[0], y[0])[2] == pytest.approx(off_m, rel=0.04)
    path = write(tmp_path / "a.csv", f"{HEADER}1,VEN,,{x[0]:.9f},{y[0]:.9f},,\n")
    bring(engine, settings, "hazards", path, crs=name)
    with reading(engine) as session:
        place = to_shape(session.scalars(sa.select(Hazard.location)).one())
        raw = to_shape(session.scalars(sa.select(Hazard.raw_geometry)).one())
        assert crs.GEOD.inv(LON, LAT, place.x, place.y)[2] < 0.01
        assert (raw.x, raw.y) == pytest.approx((x[0], y[0]), abs=1e-8)
        assert session.scalars(sa.select(Source.crs)).one() == name


def test_a_projected_file_is_read_in_its_own_units(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    x, y = crs.from_wgs84([LON], [LAT], "EPSG:4549")
    path = write(tmp_path / "a.csv", f"id,category,x,y\n1,VEN,{x[0]:.4f},{y[0]:.4f}\n")
    bring(engine, settings, "hazards", path, crs="EPSG:4549")
    with reading(engine) as session:
        place = to_shape(session.scalars(sa.select(Hazard.location)).one())
        assert crs.GEOD.inv(LON, LAT, place.x, place.y)[2] < 0.01


def test_a_table_without_a_crs_is_refused(engine: Engine, settings: Settings, city_code: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"{HEADER}1,VEN,,{LON},{LAT},,\n")
    with pytest.raises(BadInputError, match="--crs"):
        bring(engine, settings, "hazards", path)
    assert count(engine, Hazard) == 0


BAD_ROWS = {
    "swapped": (f"2,VEN,,{LAT},{LON},,", "swapped"),
    "outside the city": ("2,VEN,,121.5,31.2,,", "outside"),
    "not on Earth": ("2,VEN,,620.1,29.7,,", "not a place"),
    "unknown category": (f"2,volcano,,{LON},{LAT},,", "not known"),
    "unknown subtype": (f"2,VEN,volcano,{LON},{LAT},,", "not a subtype"),
    "no category": (f"2,,,{LON},{LAT},,", "empty"),
    "no position": ("2,VEN,,,,,", "position"),
    "the place of no position": ("2,VEN,,0,0,,", "no position is known"),
    "unreadable coordinate": (f"2,VEN,,north,{LAT},,", "north"),
    "duplicate": (f"1,VEN,,{LON},{LAT},,", "row 2"),
    "bad date": (f"2,VEN,,{LON},{LAT},,31.12.99x", "date"),
    "date in 1900": (f"2,VEN,,{LON},{LAT},,1900-01-01", "year"),
    "text of 100,000 characters": (f"2,VEN,,{LON},{LAT},{'x' * 100_000},", "100000"),
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_is_kept(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path, what: str
) -> None:
    row, said = BAD_ROWS[what]
    path = write(tmp_path / "a.csv", f"{HEADER}1,VEN,,{LON},{LAT},,\n{row}\n")
    with pytest.raises(ImportRefusedError) as caught:
        bring(engine, settings, "hazards", path, crs="wgs84")
    problems = [p for p in caught.value.report.problems if p.severity == "refused"]
    assert {p.row for p in problems} == {3}
    assert any(said in p.detail for p in problems), problems
    assert count(engine, Hazard) == count(engine, Source) == 0
    report = bring(engine, settings, "hazards", path, crs="wgs84", keep_going=True)
    assert (report.written, report.refused) == (1, 1)
    assert count(engine, Hazard) == 1


def test_the_same_file_again_changes_nothing_and_a_changed_row_updates(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", f"{HEADER}1,VEN,,{LON},{LAT},one,\n2,TRF,,{LON},{LAT},two,\n")
    bring(engine, settings, "hazards", path, crs="wgs84")
    with reading(engine) as session:
        before = session.execute(sa.select(Hazard.uuid, Hazard.updated_at, Hazard.version)).all()
    again = bring(engine, settings, "hazards", path, crs="wgs84")
    assert (again.written, again.updated, again.unchanged) == (0, 0, 2)
    with reading(engine) as session:
        assert session.execute(sa.select(Hazard.uuid, Hazard.updated_at, Hazard.version)).all() == before
    assert count(engine, Source) == 1
    write(path, f"{HEADER}1,VEN,,{LON},{LAT},changed,\n2,TRF,,{LON},{LAT},two,\n")
    changed = bring(engine, settings, "hazards", path, crs="wgs84")
    assert (changed.written, changed.updated, changed.unchanged) == (0, 1, 1)
    with reading(engine) as session:
        rows = session.execute(sa.select(Hazard.note, Hazard.version).order_by(Hazard.source_key)).all()
        assert rows == [("changed", 2), ("two", 1)]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", f"{HEADER}1,VEN,,{LON},{LAT},,\n")
    report = bring(engine, settings, "hazards", path, crs="wgs84", dry_run=True)
    assert (report.dry_run, report.written) == (True, 1)
    assert count(engine, Hazard) == 0


def test_schools_of_chinese_geojson_with_a_point_among_them(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    report = bring(engine, settings, "schools", schools_geojson(tmp_path / "学校.geojson"))
    assert report.written == 2
    with reading(engine) as session:
        schools = session.scalars(sa.select(School).order_by(School.source_key)).all()
        assert [s.stages for s in schools] == [["primary"], ["junior_middle", "senior_middle"]]
        campuses = session.scalars(sa.select(Campus).order_by(Campus.source_key)).all()
        assert [(c.known_as, c.radius_m) for c in campuses] == [("polygon", None), ("point", settings.point_radius_m)]
        disc = to_shape(campuses[1].boundary)
        away = [crs.GEOD.inv(LON + 0.02, LAT, *xy)[2] for xy in shapely.get_coordinates(disc)]
        assert np.allclose(away, settings.point_radius_m, atol=0.01)


def test_intervals_of_schools_come_from_a_file_and_stay_where_it_is_silent(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    def after(header: str, *cells: str) -> list[dict[str, int]]:
        rows = "".join(f"{n},虚构小学{n},{LON + n / 100},{LAT}{cell}\n" for n, cell in enumerate(cells))
        path = write(tmp_path / "schools.csv", f"编号,学校名称,lon,lat{header}\n{rows}")
        bring(engine, settings, "schools", path, crs="wgs84")
        with reading(engine) as session:
            return list(session.scalars(sa.select(School.intervals_days).order_by(School.source_key)))

    first = [{"school": 3, "VEN": 1}, {"school": 2}, {"TRF": 5}, {}]
    assert after(",巡查间隔（天）", ",学校 3；非法摊贩：1天", ",2", ",TRF=5", ",") == first
    assert after("", "", "", "", "") == first
    assert after(",地址", ",甲路", ",乙路", ",", ",") == first
    assert after(",巡查间隔", ",", ",-", ",无", ",学校 7") == [first[0], {}, {}, {"school": 7}]
    for bad in ("often", "XXX 3", "VEN 0", "VEN 401", "VEN 1.5"):
        with pytest.raises(ImportRefusedError) as refused:
            after(",巡查间隔", f",{bad}")
        assert refused.value.report.problems[0].code == "bad_interval_days", bad


def test_a_shapefile_in_gbk_without_cpg_and_zipped(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    folder = tmp_path / "shp"
    folder.mkdir()
    frame = geopandas.GeoDataFrame(
        {"名称": ["虚构网吧"], "类别": ["网吧"]}, geometry=[shapely.Point(LON, LAT)], crs="EPSG:4490"
    )
    frame.to_file(folder / "场所.shp", encoding="GBK", engine="pyogrio")
    for cpg in folder.glob("*.cpg"):
        cpg.unlink()
    archive = tmp_path / "场所.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in folder.iterdir():
            packed.write(part, part.name)
    for path in (folder / "场所.shp", archive):
        report = bring(engine, settings, "premises", path)
        assert report.crs == "cgcs2000"
    assert (report.unchanged, count(engine, Premises)) == (1, 1)
    with reading(engine) as session:
        assert session.scalars(sa.select(Premises.name)).one() == "虚构网吧"
        assert session.scalars(sa.select(Premises.categories)).one() == ["internet_cafe"]


def test_a_geopackage(engine: Engine, settings: Settings, city_code: str, tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    line = shapely.LineString([(LON, LAT), (LON + 0.01, LAT)])
    geopandas.GeoDataFrame({"name": ["人民路"], "highway": ["primary"]}, geometry=[line], crs="EPSG:4326").to_file(path)
    bring(engine, settings, "streets", path)
    with reading(engine) as session:
        assert to_shape(session.scalars(sa.select(Street.line)).one()).equals(line)


def test_a_bow_tie_is_mended_and_said_so(engine: Engine, settings: Settings, city_code: str, tmp_path: Path) -> None:
    """A boundary that runs over a vertex twice is mended; one that crosses itself in the middle is refused."""
    spike = [(0, 0), (2, 0), (2, 1), (2, 3), (2, 1), (0, 1), (0, 0)]
    cross = [(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)]
    for name, ring, good in (("spike", spike, True), ("cross", cross, False)):
        coordinates = [[[LON + x / 1000, LAT + y / 1000] for x, y in ring]]
        feature = {
            "type": "Feature",
            "properties": {"id": name, "name": name},
            "geometry": {"type": "Polygon", "coordinates": coordinates},
        }
        path = write(tmp_path / f"{name}.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
        if good:
            report = bring(engine, settings, "schools", path)
            assert [p.severity for p in report.problems] == ["mended"]
            assert report.written == 1
        else:
            with pytest.raises(ImportRefusedError) as caught:
                bring(engine, settings, "schools", path)
            assert [p.code for p in caught.value.report.problems] == ["broken_polygon"]


def test_gates_find_their_school_by_key_name_or_nearness(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"))
    text = f"id,school,name,lon,lat\nG1,S1,南门,{LON + 0.001},{LAT}\nG2,虚构中学,东门,{LON + 0.02},{LAT}\nG3,,北门,{LON},{LAT}\n"
    bring(engine, settings, "gates", write(tmp_path / "g.csv", text), crs="wgs84")
    with reading(engine) as session:
        query = sa.select(Gate.name, School.name).join(School).order_by(Gate.source_key)
        assert session.execute(query).all() == [("南门", "虚构小学"), ("东门", "虚构中学"), ("北门", "虚构小学")]
    with pytest.raises(ImportRefusedError, match="1 of 1"):
        bring(
            engine,
            settings,
            "gates",
            write(tmp_path / "h.csv", f"id,school,lon,lat\nG9,nobody,{LON},{LAT}\n"),
            crs="wgs84",
        )


def test_timetables(engine: Engine, settings: Settings, city_code: str, tmp_path: Path) -> None:
    bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"))
    path = write(tmp_path / "t.csv", "学校,星期,年级,放学时间\n虚构小学,星期一,1-2,15:30\n虚构小学,周五,,15:00\n")
    assert bring(engine, settings, "timetables", path).written == 2
    assert bring(engine, settings, "timetables", path).unchanged == 2
    with reading(engine) as session:
        rows = session.execute(sa.select(Timetable.weekday, Timetable.dismissal).order_by(Timetable.weekday)).all()
        assert rows == [(1, dt.time(15, 30)), (5, dt.time(15, 0))]


def test_incidents_are_set_against_dismissal_and_the_lattice(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"))
    times = write(tmp_path / "t.csv", "school,weekday,dismissal\n" + "".join(f"S1,{d},16:00\n" for d in range(1, 6)))
    bring(engine, settings, "timetables", times)
    text = (
        "id,类型,发案时间,经度,纬度\n"
        f"1,敲诈勒索,2026-11-03 16:20,{LON},{LAT}\n"  # a Tuesday: 20 minutes after dismissal
        f"2,打架,2026-11-07 16:20,{LON},{LAT}\n"  # a Saturday: no school
        f"3,引诱威逼,2026-11-03 15:50,{LON},{LAT}\n"  # a serious type
        f"4,欺凌,2026-11-03,{LON},{LAT}\n"  # only the day is known
        f"5,欺凌,2026-11-03 16:05,{LON + 0.0201},{LAT}\n"  # at the school without a timetable: 16:00 is assumed
        f"6,欺凌,2026-11-03 16:05,{LON + 0.2},{LAT}\n"  # far from every school
    )
    bring(engine, settings, "incidents", write(tmp_path / "i.csv", text, "gb18030"), crs="wgs84")
    with reading(engine) as session:
        rows = session.scalars(sa.select(Incident).order_by(Incident.source_key)).all()
        assert [r.minutes_after_dismissal for r in rows] == [20, None, -10, None, 5, None]
        assert [r.serious for r in rows] == [False, False, True, False, False, False]
        assert [r.time_known for r in rows] == [True, True, True, False, True, True]
        assert [r.dismissal_assumed for r in rows] == [False, False, False, False, True, False]
        assert (rows[0].weekday, rows[0].hour) == (2, 16)
        kinds = session.execute(sa.text("SELECT DISTINCT lattice_column + 1 - 1 = lattice_column FROM incidents")).all()
        assert [bool(kind) for (kind,) in kinds] == [True]  # numbers in the database, not bytes


def test_schools_of_the_same_name_in_two_cities_are_told_apart(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    with writing(engine) as session:
        area = shapely.box(119.9, 29.3, 120.6, 30.0)
        add_city(session, code="330600", name="另一市（虚构）", settings=settings, area=area, invented=True)
    times = write(tmp_path / "t.csv", "school,weekday,dismissal\nS1,1,16:00\n虚构中学,1,17:00\n")
    gates = write(tmp_path / "g.csv", f"id,school,name,lon,lat\nG1,S1,正门,{LON},{LAT}\n")
    for code in (city_code, "330600"):
        bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"), code)
        assert bring(engine, settings, "timetables", times, code).written == 2
        assert bring(engine, settings, "gates", gates, code, crs="wgs84").written == 1


def test_what_has_not_happened_yet_is_refused(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"))
    files = {
        "incidents": "id,类型,发案时间,结束时间,经度,纬度\n"
        f"1,打架,2026-11-03 16:20,,{LON},{LAT}\n"
        f"2,打架,2100-11-03 16:20,,{LON},{LAT}\n"
        f"3,打架,2026-11-03 16:20,2100-11-03 16:20,{LON},{LAT}\n",
        "hazards": "id,类别,名称,发现时间,经度,纬度\n"
        f"1,VEN,臆造摊位,2026-11-03 16:20,{LON},{LAT}\n"
        f"2,VEN,臆造摊位,2100-11-03 16:20,{LON},{LAT}\n",
    }
    for what, ahead in (("incidents", ["2", "3"]), ("hazards", ["2"])):
        path = write(tmp_path / f"{what}.csv", files[what])
        report = bring(engine, settings, what, path, crs="wgs84", keep_going=True)
        found = [p for p in report.problems if p.code == "in_the_future"]
        assert [str((p.row or 0) - 1) for p in found] == ahead, report.problems
        assert (report.written, report.refused) == (1, len(ahead))


def test_official_unit_grids_need_their_15_digits_and_no_overlaps(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    boxes = [shapely.box(LON, LAT, LON + 0.001, LAT + 0.001), shapely.box(LON + 0.0005, LAT, LON + 0.0015, LAT + 0.001)]
    path = tmp_path / "u.geojson"
    geopandas.GeoDataFrame(
        {"网格编码": ["330681001001001", "330681001001002"]}, geometry=boxes, crs="EPSG:4326"
    ).to_file(path, driver="GeoJSON")
    with pytest.raises(ImportRefusedError) as caught:
        bring(engine, settings, "cells", path)
    assert [p.code for p in caught.value.report.problems] == ["overlap"]
    geopandas.GeoDataFrame(
        {"网格编码": ["33068100100100", "330602001001002"]},
        geometry=[boxes[0], shapely.box(LON + 0.01, LAT, LON + 0.011, LAT + 0.001)],
        crs="EPSG:4326",
    ).to_file(path, driver="GeoJSON")
    with pytest.raises(ImportRefusedError) as caught:
        bring(engine, settings, "cells", path)
    assert [p.code for p in caught.value.report.problems] == ["bad_unit_code", "foreign_code"]
    assert count(engine, Cell) == 0


def write_shapes(path: Path, geometry: list[shapely.Geometry], **columns: list[str | None]) -> Path:
    geopandas.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4326").to_file(path, driver="GeoJSON")
    return path


def test_the_area_that_a_township_drew_comes_from_a_file_and_takes_the_place_of_100_m(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    def verdict(lon: float, lat: float) -> str:
        with reading(engine) as session:
            found = check_place(session, settings, lon=lon, lat=lat, target="food_stall", position_error_m=1)
        return str(next(row["verdict"] for row in found["results"] if row["rule_id"] == "food_stall"))

    township, drawn = shapely.Point(LON, LAT).buffer(0.1), shapely.box(LON + 0.004, LAT, LON + 0.005, LAT + 0.001)
    townships = write_shapes(tmp_path / "d.geojson", [township], code=["330681001"], name=["虚构镇"])
    bring(engine, settings, "districts", townships)
    bring(engine, settings, "schools", schools_geojson(tmp_path / "s.geojson"))
    near, within = (LON + 0.001, LAT - 0.0005), (LON + 0.0045, LAT + 0.0005)
    assert (verdict(*near), verdict(*within)) == ("inside", "outside")
    path = tmp_path / "a.geojson"
    rows: dict[str, list[str | None]] = {"编号": ["A1"], "乡镇": ["虚构镇"], "生效日期": ["2026-01-01"]}
    assert bring(engine, settings, "stall_areas", write_shapes(path, [drawn], **rows)).written == 1
    assert bring(engine, settings, "stall_areas", path).unchanged == 1
    assert (verdict(*near), verdict(*within)) == ("outside", "inside")
    ended = write_shapes(path, [drawn], **rows, 失效日期=["2026-02-01"])
    assert bring(engine, settings, "stall_areas", ended).updated == 1
    assert (verdict(*near), verdict(*within)) == ("inside", "outside")


def test_an_area_of_a_township_that_is_not_there_or_that_ends_before_it_begins_is_refused(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    box = shapely.box(LON, LAT, LON + 0.001, LAT + 0.001)
    bring(
        engine, settings, "districts", write_shapes(tmp_path / "d.geojson", [box], code=["330681001"], name=["虚构镇"])
    )
    rows = {"编号": ["A1", "A2", None], "乡镇": ["别处镇", "330681001", "虚构镇"]}
    days = {"生效日期": [None, "2026-02-01", None], "失效日期": [None, "2026-01-01", None]}
    with pytest.raises(ImportRefusedError) as caught:
        bring(engine, settings, "stall_areas", write_shapes(tmp_path / "a.geojson", [box, box, box], **rows, **days))
    found = {(p.row, p.field, p.code) for p in caught.value.report.problems}
    assert found == {(3, "id", "missing"), (1, "district", "unknown_district"), (2, "valid_to", "bad_interval")}
    assert count(engine, StallArea) == 0


def test_columns_are_named_by_hand(engine: Engine, settings: Settings, city_code: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"k,what,here,there\n7,VEN,{LON},{LAT}\n")
    mapping = {"id": "k", "category": "what", "longitude": "here", "latitude": "there"}
    bring(engine, settings, "hazards", path, crs="wgs84", mapping=mapping)
    with reading(engine) as session:
        assert session.scalars(sa.select(Hazard.source_key)).one() == "7"


def test_markup_and_emoji_are_kept_as_they_are(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    name = "<img src=x onerror=alert(1)> 😀 ‏שלום"
    path = write(tmp_path / "a.csv", f'id,name,kind,lon,lat\n1,"{name}",x,{LON},{LAT}\n')
    bring(engine, settings, "places", path, crs="wgs84")
    with reading(engine) as session:
        assert session.scalars(sa.select(Place.name)).one() == name


def test_a_large_file_is_loaded_in_bulk_and_leaves_the_guards_in_place(
    engine: Engine, settings: Settings, city_code: str, tmp_path: Path
) -> None:
    random = np.random.default_rng(7)
    xy = np.column_stack([random.uniform(120.0, 120.4, 1200), random.uniform(29.5, 29.9, 1200)])
    lines = "".join(f"{n},VEN,,{x:.6f},{y:.6f},,\n" for n, (x, y) in enumerate(xy))
    bring(engine, settings, "hazards", write(tmp_path / "a.csv", HEADER + lines), crs="wgs84")
    from api.store.hazards import hazards_page

    box = (120.1, 29.6, 120.2, 29.7)
    inside = ((xy >= box[:2]) & (xy <= box[2:])).all(axis=1).sum()
    with reading(engine) as session:
        assert len(hazards_page(session, bounds=box, limit=2000)) == inside  # by the spatial index
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            triggers = connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name IN "
                "('ggi_hazards_location', 'gii_hazards_location', 'tmi_hazards_location')"
            ).scalar_one()
        assert triggers == 3
