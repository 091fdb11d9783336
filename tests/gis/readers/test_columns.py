from __future__ import annotations

import pytest

from gis.errors import GisError
from gis.readers.columns import ColumnsError, find_header, fold_header, match_columns, unique_headers

ALIASES = {
    "longitude": ["lon", "lng", "x", "经度", "东经"],
    "latitude": ["lat", "y", "纬度", "北纬"],
    "category": ["类别", "隐患类别", "type"],
    "observed_at": ["发现时间", "时间"],
}


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        ("经度(°)", "纬度（°）"),
        ("Longitude", "LATITUDE"),
        ("lng", "lat"),
        ("X", "Y"),
        ("ｌｏｎ", "ＬＡＴ"),
        (" 经 度 ", "纬度[WGS84]"),
    ],
)
def test_spellings(longitude: str, latitude: str) -> None:
    matched = match_columns([longitude, "名称", latitude], ALIASES, {})
    assert matched == {"longitude": longitude, "latitude": latitude}


def test_underscores_and_case() -> None:
    assert match_columns(["Observed At"], ALIASES, {}) == {"observed_at": "Observed At"}
    assert fold_header("Observed-At") == fold_header("observed_at")


def test_better_names_win() -> None:
    matched = match_columns(["type", "隐患类别", "x", "经度", "时间", "发现时间"], ALIASES, {})
    assert matched == {"longitude": "x", "category": "隐患类别", "observed_at": "发现时间"}


def test_whole_header_before_bracketed() -> None:
    assert match_columns(["经度(GCJ02)", "经度"], ALIASES, {})["longitude"] == "经度"


def test_ambiguous_columns_are_named() -> None:
    with pytest.raises(ColumnsError, match=r"'经度\(GCJ02\)' and '经度\(WGS84\)' both fit 'longitude'"):
        match_columns(["经度(GCJ02)", "经度(WGS84)"], ALIASES, {})
    chosen = match_columns(["经度(GCJ02)", "经度(WGS84)"], ALIASES, {"longitude": "经度(WGS84)"})
    assert chosen["longitude"] == "经度(WGS84)"


def test_one_column_serves_one_field() -> None:
    assert match_columns(["name"], {"name": ["name"], "title": ["name"]}, {}) == {"name": "name"}


def test_a_named_column_wins_and_is_not_used_again() -> None:
    matched = match_columns(["lon", "lon_raw", "lat"], ALIASES, {"longitude": "lon_raw"})
    assert matched["longitude"] == "lon_raw"
    assert match_columns(["时间", "类别"], ALIASES, {"category": "时间"}) == {"category": "时间"}


def test_unknown_fields_and_columns_list_what_there_is() -> None:
    with pytest.raises(GisError, match="no field 'colour'; the fields are longitude, latitude"):
        match_columns(["a"], ALIASES, {"colour": "a"})
    with pytest.raises(GisError, match="no column 'b'; it has a, 经度"):
        match_columns(["a", "经度"], ALIASES, {"longitude": "b"})


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([["编号", "名称"], ["1", "甲"]], 0),
        ([["清单"], [], ["编号", "名称", "备注"], ["1", "甲", "乙"]], 2),
        ([["单位：某局", "", "日期：2025年1月"], ["编号", "名称", "备注"], ["a", "b", "c"]], 1),
        ([["a", "b", "c"], ["d", "e", "f"]], 0),
        ([["州", "1929", "1930", "1931"], ["甲", 1, 2, 3], ["乙", 4, 5, 6]], 0),
        ([["", None], [1, 2.5]], None),
        ([], None),
    ],
)
def test_header_row(rows: list[list[object]], at: int | None) -> None:
    assert find_header(rows) == at


def test_unique_headers() -> None:
    names, problems = unique_headers(["a", "a", "a #2", "", "b\nc"])
    assert names == ["a", "a #2", "a #2 #2", "column 4", "b c"]
    assert [p.code for p in problems] == ["repeated_header", "repeated_header"]
