"""GeoJSON, good and bad; all names and places are invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.files import Table, read_file

POINT = {"type": "Point", "coordinates": [120.24, 29.71]}


def feature(geometry: Any = POINT, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write(tmp_path: Path, content: Any, name: str = "rows.geojson", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_bytes(text.encode(encoding))
    return path


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def codes(table: Table) -> list[tuple[int | None, str, str]]:
    return [(p.row, p.code, p.severity) for p in table.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_features(tmp_path: Path, encoding: str) -> None:
    content = collection(
        feature(名称="第一小学", stages=["primary", "kindergarten"], n=3, more={"a": 1}),
        {**feature(名称="第二小学", ok=True), "id": "way/1"},
    )
    table = read_file(write(tmp_path, content, encoding=encoding))
    assert table.crs == "wgs84"
    assert table.frame.index.tolist() == [1, 2]
    assert table.frame["名称"].tolist() == ["第一小学", "第二小学"]
    assert table.frame["stages"].tolist() == ["primary;kindergarten", None]
    assert table.frame["more"].tolist() == ['{"a":1}', None]
    assert table.frame["n"].tolist() == [3, None]
    assert table.frame["id"].tolist() == [None, "way/1"]
    assert table.geometry is not None
    assert shapely.get_x(table.geometry[0]) == 120.24
    assert table.problems == []


@pytest.mark.parametrize(
    ("member", "crs"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "wgs84"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}, "cgcs2000"),
        ({"type": "name", "properties": {"name": "EPSG:4549"}}, "EPSG:4549"),
        (None, None),
    ],
)
def test_old_crs_member(tmp_path: Path, member: Any, crs: str | None) -> None:
    assert read_file(write(tmp_path, collection(feature(), crs=member))).crs == crs


def test_unknown_crs_member(tmp_path: Path) -> None:
    path = write(tmp_path, collection(feature(), crs={"type": "link", "properties": {"href": "http://example.org"}}))
    table = read_file(path)
    assert table.crs is None
    assert codes(table) == [(None, "unknown_crs", "warning")]
    assert read_file(path, crs="wgs84").problems == []


@pytest.mark.parametrize("content", [feature(name="A"), POINT, json.dumps(feature(name="A")) + "\n"])
def test_a_single_feature_or_geometry(tmp_path: Path, content: Any) -> None:
    table = read_file(write(tmp_path, content))
    assert len(table.frame) == 1
    assert table.geometry is not None


@pytest.mark.parametrize(("before", "name"), [("", "a.geojsonl"), ("\x1e", "a.geojsons"), ("", "a.json")])
def test_features_one_a_line(tmp_path: Path, before: str, name: str) -> None:
    lines = [before + json.dumps(feature(name=n)) for n in "ABC"]
    lines.insert(2, before + '{"type":"Feature", oops}')
    table = read_file(write(tmp_path, "\n".join(lines), name))
    assert table.frame["name"].tolist() == ["A", "B", None, "C"]
    assert codes(table) == [(3, "broken_json", "refused")]


def test_bad_geometries_by_feature_number(tmp_path: Path) -> None:
    deep: Any = POINT
    for _ in range(5):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    content = collection(
        feature(),
        feature(None),
        feature({"type": "Point", "coordinates": [120, "x"]}),
        feature({"type": "Circle", "coordinates": [1, 2]}),
        feature({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1]]]}),
        feature({"type": "Polygon", "coordinates": [1, 2]}),
        deep and feature(deep),
        {"type": "Nonsense"},
        5,
        {"type": "Feature", "properties": [1], "geometry": POINT},
        feature({"type": ["Point"], "coordinates": [1, 2]}),
        feature({"type": "Point", "coordinates": [1]}),
    )
    table = read_file(write(tmp_path, content))
    assert len(table.frame) == 12
    assert codes(table) == [
        (2, "no_geometry", "refused"),
        (3, "broken_geometry", "refused"),
        (4, "unknown_geometry", "refused"),
        (5, "ring_closed", "mended"),
        (6, "broken_geometry", "refused"),
        (7, "nested_collection", "refused"),
        (8, "not_a_feature", "refused"),
        (9, "not_a_feature", "refused"),
        (10, "broken_properties", "refused"),
        (11, "unknown_geometry", "refused"),
        (12, "broken_geometry", "refused"),
    ]
    assert table.geometry is not None
    assert table.geometry[4].wkt == "POLYGON ((0 0, 0 1, 1 1, 0 0))"
    assert table.geometry[2] is None


def test_too_many_vertices(tmp_path: Path) -> None:
    from gis.readers.geojson import read_geojson
    from gis.readers.report import Limits

    line = {"type": "LineString", "coordinates": [[i / 1000, 0] for i in range(200)]}
    table = read_geojson(write(tmp_path, collection(feature(line), feature())), limits=Limits(vertices=100))
    assert codes(table) == [(1, "too_many_vertices", "refused")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"type": "FeatureCollection",\n "features": [\n  {"type": "Feature",}\n]}', "line 3, column"),
        ('{"type": "FeatureCollection", "features": [', "line 1, column"),
        ('{"a": NaN}', "broken"),
        ("[" * 5000, "broken"),
        ('{"type": "Topology", "objects": {}}', "TopoJSON"),
        ('{"version": 0.6, "elements": []}', "Overpass"),
        ('{"geometryType": "esriGeometryPoint", "features": []}', "Esri JSON"),
        ('{"rows": []}', "has 'rows'"),
        ("[1, 2]", "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": {}}', 'no list "features"'),
        ('{"type": "FeatureCollection"}', 'no list "features"'),
        ('{"a": 1}\n{"b": 2}\n', "feature is needed on each line"),
    ],
)
def test_not_geojson(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_file(write(tmp_path, content))


def test_no_features(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError):
        read_file(write(tmp_path, collection()))


def test_feature_limit(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="split"):
        read_file(write(tmp_path, collection(*[feature()] * 11)), max_rows=10)


def test_real_boundary(shared_data: Path) -> None:
    table = read_file(shared_data / "zhuji" / "330681.geojson")
    assert table.geometry is not None
    assert shapely.get_num_coordinates(table.geometry).sum() > 1_700
    assert [p for p in table.problems if p.severity == "refused"] == []
