"""GeoPackages and Shapefiles written by GDAL, whole and damaged; all names and places are invented."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyogrio import raw as ogr

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.files import Table, read_file

NAMES = ["诸暨市第一小学", "实验幼儿园", "镇中心初级中学"]


def schools(crs: str | None = "EPSG:4326", **columns: object) -> gpd.GeoDataFrame:
    geometry = shapely.points([120.24, 120.25, 120.26], [29.71, 29.72, 29.73])
    return gpd.GeoDataFrame({"名称": NAMES, "人数": [300, 120, 900], **columns}, geometry=geometry, crs=crs)


def codes(table: Table) -> list[tuple[int | None, str, str]]:
    return [(p.row, p.code, p.severity) for p in table.problems]


def shapefile(folder: Path, frame: gpd.GeoDataFrame | None = None, *, encoding: str = "GBK", cpg: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "学校.shp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no CRS, or that texts were cut
        (schools() if frame is None else frame).to_file(path, encoding=encoding, engine="pyogrio")
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("cpg", [False, True])
def test_shapefile_encodings(tmp_path: Path, encoding: str, cpg: bool) -> None:
    table = read_file(shapefile(tmp_path, encoding=encoding, cpg=cpg))
    assert table.frame["名称"].tolist() == NAMES
    assert table.frame["人数"].tolist() == [300, 120, 900]
    assert table.frame.index.tolist() == [1, 2, 3]
    assert table.encoding == {"GBK": "gb18030", "UTF-8": "utf-8"}[encoding]
    assert table.crs == "wgs84"
    assert table.geometry is not None
    assert shapely.get_x(table.geometry).tolist() == [120.24, 120.25, 120.26]
    assert table.problems == []


@pytest.mark.parametrize(
    ("crs", "name"),
    [("EPSG:4490", "cgcs2000"), ("EPSG:4549", "EPSG:4549"), ("ESRI:102012", "ESRI:102012"), (None, None)],
)
def test_prj(tmp_path: Path, crs: str | None, name: str | None) -> None:
    frame = schools(None)
    frame = frame.set_crs(crs) if crs else frame
    path = shapefile(tmp_path, frame)
    assert path.with_suffix(".prj").exists() == (crs is not None)
    assert read_file(path).crs == name


def test_unknown_prj(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    path.with_suffix(".prj").write_text("nonsense")
    table = read_file(path)
    assert table.crs is None
    assert codes(table) == [(None, "unknown_crs", "warning")]


def test_texts_cut_within_a_character(tmp_path: Path) -> None:
    long = "校园周边安全隐患" * 20
    for encoding in ("UTF-8", "GBK"):
        table = read_file(shapefile(tmp_path / encoding, schools(说明=[long] * 3), encoding=encoding))
        text = table.frame["说明"].iloc[0]
        assert long.startswith(text)
        assert len(text) > 80


def test_types_of_attributes_and_deleted_records(tmp_path: Path) -> None:
    frame = schools(
        d=np.array([dt.date(2025, 1, 2), None, dt.date(2025, 3, 4)]), f=[1.5, np.nan, 3.0], ok=[True, False, True]
    )
    path = shapefile(tmp_path, frame)
    assert [str(v) for v in read_file(path).frame["d"]] == ["2025-01-02", "None", "2025-03-04"]
    assert read_file(path).frame["ok"].tolist() == [True, False, True]
    assert read_file(path).frame["f"].tolist() == [1.5, None, 3.0]
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    start, length = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    data[start + length] = ord("*")
    dbf.write_bytes(data)
    table = read_file(path)
    assert table.frame.index.tolist() == [1, 3]
    assert table.geometry is not None
    assert shapely.get_x(table.geometry).tolist() == [120.24, 120.26]


def test_dates(tmp_path: Path) -> None:
    days = np.array(["2025-01-02", "NaT"], dtype="datetime64[D]")
    shapes = np.array(shapely.to_wkb(shapely.points([1.0, 2], [3, 4])), dtype=object)
    path = tmp_path / "a.shp"
    ogr.write(path, shapes, [days], ["day"], geometry_type="Point", crs="EPSG:4326")
    assert read_file(path).frame["day"].tolist() == [dt.date(2025, 1, 2), None]


def test_texts_that_are_in_no_known_encoding(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = 0
    start = int.from_bytes(data[8:10], "little")
    data[start + 1 : start + 3] = b"\xff\x20"
    dbf.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=r"no \.cpg file"):
        read_file(path)
    path.with_suffix(".cpg").write_text("GBK")
    assert codes(read_file(path)) == [(1, "unreadable_text", "refused")]


def test_unknown_cpg(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    path.with_suffix(".cpg").write_text("Klingon-1")
    table = read_file(path)
    assert table.frame["名称"].tolist() == NAMES
    assert codes(table) == [(None, "unknown_encoding", "warning")]


@pytest.mark.parametrize("missing", [".shx", ".dbf"])
def test_missing_parts_are_named(tmp_path: Path, missing: str) -> None:
    path = shapefile(tmp_path)
    path.with_suffix(missing).unlink()
    with pytest.raises(UnreadableFileError, match=rf"\{missing} is missing"):
        read_file(path)


def test_endings_in_capitals(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    assert read_file(path.with_suffix(".SHP")).frame["名称"].tolist() == NAMES


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_parts_that_are_cut_off(tmp_path: Path, part: str) -> None:
    path = shapefile(tmp_path)
    whole = path.with_suffix(part).read_bytes()
    path.with_suffix(part).write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(UnreadableFileError, match="cut off"):
        read_file(path)


def test_parts_that_do_not_belong_together(tmp_path: Path) -> None:
    one, two = shapefile(tmp_path / "a"), shapefile(tmp_path / "b", schools().iloc[:2])
    shutil.copy(two.with_suffix(".dbf"), one.with_suffix(".dbf"))
    with pytest.raises(UnreadableFileError, match="do not belong together"):
        read_file(one)


def test_null_shapes(tmp_path: Path) -> None:
    frame = schools()
    frame.loc[1, "geometry"] = None
    assert codes(read_file(shapefile(tmp_path, frame))) == [(2, "no_geometry", "refused")]


def test_zip_with_names_of_chinese_windows(tmp_path: Path) -> None:
    shapefile(tmp_path / "in")
    path = tmp_path / "windows.zip"
    _write_zip_with_raw_names(
        path, {f"数据/{p.name}".encode("gbk"): p.read_bytes() for p in (tmp_path / "in").iterdir()}
    )
    table = read_file(path)
    assert table.frame["名称"].tolist() == NAMES
    assert table.layer == "数据/学校.shp"


def _write_zip_with_raw_names(path: Path, members: dict[bytes, bytes]) -> None:
    """Write a zip whose names are bytes of another encoding, without the mark of UTF-8."""
    stand_ins = {f"m{at:03d}".ljust(len(name), "_"): name for at, name in enumerate(members)}
    with zipfile.ZipFile(path, "w") as archive:
        for stand_in, name in stand_ins.items():
            archive.writestr(stand_in, members[name])
    data = path.read_bytes()
    for stand_in, name in stand_ins.items():
        assert data.count(stand_in.encode()) == 2
        data = data.replace(stand_in.encode(), name)
    path.write_bytes(data)


def geopackage(tmp_path: Path, **layers: gpd.GeoDataFrame) -> Path:
    path = tmp_path / "学校.gpkg"
    for name, frame in (layers or {"schools": schools()}).items():
        frame.to_file(path, layer=name, engine="pyogrio")
    return path


def test_geopackage(tmp_path: Path) -> None:
    when = pd.to_datetime(["2025-01-02T03:04:05+08:00"] * 3)
    table = read_file(geopackage(tmp_path, schools=schools("EPSG:4490", when=when)))
    assert table.crs == "cgcs2000"
    assert table.layer == "schools"
    assert table.frame["名称"].tolist() == NAMES
    assert table.frame["when"].iloc[0].startswith("2025-01-02T03:04:05")
    assert table.frame["when"].iloc[0].endswith("+08:00")
    assert table.frame.index.tolist() == [1, 2, 3]


def test_geopackage_with_several_layers(tmp_path: Path) -> None:
    path = geopackage(tmp_path, schools=schools(), gates=schools().iloc[:1])
    with pytest.raises(UnreadableFileError, match="--layer: 'schools', 'gates'"):
        read_file(path)
    assert len(read_file(path, layer="gates").frame) == 1
    with pytest.raises(UnreadableFileError, match="no layer 'x'; the layers are 'schools', 'gates'"):
        read_file(path, layer="x")


def test_layer_of_a_zipped_geopackage(tmp_path: Path) -> None:
    inner = geopackage(tmp_path, schools=schools(), gates=schools().iloc[:1])
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "in/a.gpkg")
    with pytest.raises(UnreadableFileError, match="'schools', 'gates'"):
        read_file(path)
    table = read_file(path, layer="gates")
    assert len(table.frame) == 1
    assert table.layer == "in/a.gpkg/gates"


def test_geopackage_cut_off_or_damaged(tmp_path: Path) -> None:
    path = geopackage(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFileError, match="cut off"):
        read_file(path)
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_file(path)


def test_empty_geopackage_layer_and_limit(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError):
        read_file(geopackage(tmp_path, none=schools().iloc[:0]))
    with pytest.raises(UnreadableFileError, match="split"):
        read_file(geopackage(tmp_path, schools=schools()), layer="schools", max_rows=2)


def test_sqlite_that_is_no_geopackage(tmp_path: Path) -> None:
    for name in ("data.db", "data.gpkg"):
        path = tmp_path / name
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE schools (name TEXT)")
        connection.commit()
        connection.close()
        with pytest.raises((UnreadableFileError, EmptyInputError)):
            read_file(path)
