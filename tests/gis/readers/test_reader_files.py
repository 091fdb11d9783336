"""Files that are not what they say they are, and files meant to do harm."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.errors import GisError, UnreadableFileError
from gis.readers.files import read_file

VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
ENDINGS = (".csv", ".geojson", ".gpkg", ".shp", ".xlsx", ".xls", ".zip", ".json", "", ".geojsonl")


def write(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refused(path: Path | str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_file(path)


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    refused(tmp_path / "no.csv", "there is no such file")
    refused(tmp_path, "this is a folder")
    refused(write(tmp_path, "zero.gpkg", b""), r"empty \(0 bytes\)")
    refused("bad\0name.csv", "no such file")
    refused("x" * 5000 + ".csv", "cannot be opened|no such file")
    refused("/vsicurl/http://localhost/x.geojson", "no such file")
    refused("https://localhost/x.geojson", "no such file")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.geojson", b"id,name\n1,x\n", "ending says JSON .* looks like a text file such as CSV"),
        ("a.csv", b'{"type":"FeatureCollection","features":[]}', "looks like JSON"),
        ("a.gpkg", b"id,name\n1,x\n", "ending says a GeoPackage"),
        ("a.shp", b'{"type":"FeatureCollection"}', "ending says a Shapefile"),
        ("a.xlsx", b"id,name\n1,x\n", "looks like a text file"),
        ("a.geojson", VRT.encode(), "GDAL virtual file"),
        ("a.csv", VRT.encode(), "GDAL virtual file"),
        ("a.vrt", VRT.encode(), "GDAL virtual file"),
        ("a.xls", b"<html><table><tr><td>x</td></tr></table></html>", "web page"),
        ("a.kml", b'<?xml version="1.0"?><kml/>', "KML"),
        ("a.osm", b'<?xml version="1.0"?><osm/>', "OpenStreetMap"),
        ("a.csv", b"%PDF-1.7\n", "PDF"),
        ("a.csv", gzip.compress(b"id,name\n", mtime=0), "gzip"),
        ("a.zip", b"Rar!\x1a\x07", "RAR"),
        ("a.csv", bytes(range(256)) * 10, "binary data"),
        ("a.dbf", b"\x03" + b"\0" * 40, r"give the \.shp file"),
        ("a.zip", b"PK\x03\x04" + b"x" * 100, "damaged"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "looks like a zip"),
    ],
)
def test_not_what_it_says(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    refused(write(tmp_path, name, content), message)


def test_content_decides_where_there_is_no_ending(tmp_path: Path) -> None:
    assert len(read_file(write(tmp_path, "rows", b"id,name\n1,x\n")).frame) == 1


def test_size_limit(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="split the file"):
        read_file(write(tmp_path, "a.csv", b"id,name\n" + b"1,x\n" * 1000), max_bytes=100)


def zipped(tmp_path: Path, members: dict[str, bytes], name: str = "a.zip") -> Path:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def test_zip_with_one_table(tmp_path: Path) -> None:
    table = read_file(zipped(tmp_path, {"说明.txt": b"x", "__MACOSX/._a.csv": b"\0", "数据/a.csv": b"id,name\n1,x\n"}))
    assert table.layer == "数据/a.csv"
    assert table.frame["name"].tolist() == ["x"]


def test_zip_with_several_tables(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": b"id,name\n1,x\n", "b.csv": b"id,name\n2,y\n"})
    refused(path, "--layer: 'a.csv', 'b.csv'")
    assert read_file(path, layer="b").frame["name"].tolist() == ["y"]


@pytest.mark.parametrize("member", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:/evil.csv"])
def test_zip_that_leads_out(tmp_path: Path, member: str) -> None:
    refused(zipped(tmp_path, {member: b"id,name\n1,x\n"}), "leads out of it")


def test_zip_bombs(tmp_path: Path) -> None:
    refused(zipped(tmp_path, {"a.csv": b"0" * 30_000_000}), "zip bomb")
    with pytest.raises(UnreadableFileError, match="more than the 1 MB allowed"):
        read_file(zipped(tmp_path, {f"{i}.csv": b"0" * 500_000 for i in range(4)}), max_bytes=1_000_000)
    refused(zipped(tmp_path, {f"{i}.csv": b"" for i in range(2_001)}), "pack only what is needed")


def test_workbook_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["id", "name"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 30_000_000)
    refused(path, "zip bomb")


def test_zip_with_password_link_or_nothing(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": b"id,name\n1,x\n"})
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    path.write_bytes(data)
    refused(path, "password")
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "link.zip", "is a link")
    refused(zipped(tmp_path, {"a.doc": b"x"}, "none.zip"), "nothing in the zip can be read")
    refused(zipped(tmp_path, {"a.dbf": b"x"}, "dbf.zip"), r"the \.shp of the Shapefile is missing")


def test_zip_whose_member_is_not_what_it_says(tmp_path: Path) -> None:
    refused(zipped(tmp_path, {"a.geojson": VRT.encode()}), "GDAL virtual file")
    refused(zipped(tmp_path, {"a.csv": b""}), "empty")


def test_zip_with_damaged_content(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": b"id,name\n" + bytes(range(48, 122)) * 100})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    refused(path, "zip file")


@given(
    content=st.binary(max_size=400),
    start=st.sampled_from(
        [b"", b"PK\x03\x04", b"SQLite format 3\0", b"\x00\x00\x27\x0a", b'{"type":"FeatureCollection","features":[',
         b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"id,lon,lat\n", b"\xff\xfe", b'"', b"\xef\xbb\xbf{"]
    ),
    ending=st.sampled_from(ENDINGS),
)  # fmt: skip
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_bytes_raise_only_our_errors(content: bytes, start: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(start + content)
        try:
            table = read_file(path)
        except GisError as error:
            assert str(error)  # noqa: PT017
        else:
            assert len(table.frame) > 0
            assert table.frame.columns.is_unique


@given(at=st.integers(0, 20_000), byte=st.integers(0, 255), kind=st.sampled_from(["xlsx", "gpkg", "shp"]))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_wrong_byte_raises_only_our_errors(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, kind: str
) -> None:
    import geopandas as gpd
    import shapely

    folder = tmp_path_factory.getbasetemp() / "one_wrong_byte"
    if not folder.exists():
        folder.mkdir()
        frame = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=shapely.points([1.0, 2], [3, 4]), crs="EPSG:4326")
        frame.to_file(folder / "a.gpkg", engine="pyogrio")
        frame.to_file(folder / "a.shp", engine="pyogrio")
        with xlsxwriter.Workbook(folder / "a.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["id", "name"])
            sheet.write_row(1, 0, [1, "x"])
    with tempfile.TemporaryDirectory() as place:
        for source in folder.iterdir():
            (Path(place) / source.name).write_bytes(source.read_bytes())
        path = Path(place) / f"a.{kind}"
        if kind == "shp":
            path = Path(place) / ("a.dbf" if at % 2 else "a.shp")
        data = bytearray(path.read_bytes())
        data[at % len(data)] = byte
        path.write_bytes(data)
        try:
            read_file(Path(place) / f"a.{kind}")
        except GisError as error:
            assert str(error)  # noqa: PT017
