"""Looking names up: invented places for the rules, real extracts for the whole."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import BadCoordinatesError
from gis.gazetteer import GazetteerIndex, build_index, find, fold_name, nearest
from gis.readers.osm import read_osm


def invented() -> gpd.GeoDataFrame:
    rows = [
        ("文化路", ["Wenhua Road"], "street", "", 120.240, 29.710),
        ("文化路12号", [], "address", "诸暨市暨阳街道文化路12号", 120.241, 29.710),
        ("文化路120号", [], "address", "诸暨市暨阳街道文化路120号", 120.249, 29.710),
        ("文化路", [], "street", "", 121.5, 31.2),
        ("暨阳小学", ["Jiyang Primary School"], "poi", "诸暨市文化路30号", 120.242, 29.712),
        ("Hauptstraße", [], "street", "", 8.70, 49.41),
        ("Hauptstraße 12", [], "address", "Hauptstraße 12, 69117 Heidelberg", 8.701, 49.41),
        ("Hauptstraße 12 a", [], "address", "Hauptstraße 12 a, 69117 Heidelberg", 8.702, 49.41),
        ("Alte Hauptstraße", [], "street", "", 8.80, 49.50),
        ("Hauptbahnhof", ["Heidelberg Hbf", "Central Station"], "station", "", 8.675, 49.404),
        ("École du Parc", [], "poi", "", 7.42, 43.73),
        ("Main Street 5", [], "address", "Main Street 5, Springfield", -72.5, 42.1),
        ("<img src=x onerror=alert(1)>", [], "poi", "", 0.0, 0.0),
        ("(.*", [], "poi", "", 1.0, 1.0),
    ]
    columns = {
        "name": [row[0] for row in rows],
        "alt_names": [row[1] for row in rows],
        "kind": [row[2] for row in rows],
        "address": [row[3] for row in rows],
    }
    points = gpd.points_from_xy([row[4] for row in rows], [row[5] for row in rows])
    return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")


@pytest.fixture(scope="module")
def index() -> GazetteerIndex:
    return build_index(invented())


@pytest.mark.parametrize(
    ("query", "name", "match"),
    [
        ("文化路12号", "文化路12号", "exact"),
        ("文化路 １２ 號", "文化路12号", "exact"),
        ("文化路12", "文化路12号", "exact"),
        ("诸暨市暨阳街道文化路12号", "文化路12号", "exact"),
        ("暨阳小学", "暨阳小学", "exact"),
        ("暨阳", "暨阳小学", "prefix"),
        ("阳小学", "暨阳小学", "substring"),
        ("暨杨小学", "暨阳小学", "fuzzy"),
        ("jiyang primary", "暨阳小学", "prefix"),
        ("ＨＡＵＰＴＳＴＲＡＳＳＥ 12", "Hauptstraße 12", "exact"),
        ("Hauptstr. 12a", "Hauptstraße 12 a", "exact"),
        ("Hauptstraße 12, 69117 Heidelberg", "Hauptstraße 12", "exact"),
        ("Hauptstraße 77", "Hauptstraße", "street"),
        ("文化路99号", "文化路", "street"),
        ("Haupstrase", "Hauptstraße", "fuzzy"),
        ("central station", "Hauptbahnhof", "exact"),
        ("ecole du parc", "École du Parc", "exact"),
        ("5 Main St", "Main Street 5", "exact"),
        ("onerror=alert", "<img src=x onerror=alert(1)>", "substring"),
    ],
)
def test_the_first_answer(index: GazetteerIndex, query: str, name: str, match: str) -> None:
    first = find(index, query).iloc[0]
    assert (first["name"], first["match"]) == (name, match)


def test_exact_before_prefix_before_substring_before_fuzzy(index: GazetteerIndex) -> None:
    answer = find(index, "Hauptstraße")
    assert answer["name"].tolist()[:4] == ["Hauptstraße", "Hauptstraße 12", "Hauptstraße 12 a", "Alte Hauptstraße"]
    assert answer["match"].tolist()[:4] == ["exact", "prefix", "prefix", "substring"]
    assert answer["score"].is_monotonic_decreasing
    assert not answer.index.has_duplicates


def test_house_12_is_not_the_beginning_of_house_120(index: GazetteerIndex) -> None:
    assert find(index, "文化路12号", limit=2)["name"].tolist()[0] == "文化路12号"
    assert "prefix" not in find(index, "文化路12号")["match"].tolist()


def test_of_equals_the_nearer_comes_first(index: GazetteerIndex) -> None:
    shanghai = find(index, "文化路", near=(121.47, 31.23))
    zhuji = find(index, "文化路", near=(120.24, 29.71))
    assert shanghai.iloc[0].geometry.x == 121.5
    assert zhuji.iloc[0].geometry.x == 120.24
    assert zhuji["distance_m"].iloc[0] == 0
    assert shanghai["distance_m"].iloc[0] == pytest.approx(4399, rel=0.01)
    assert find(index, "文化路")["distance_m"].isna().all()


@pytest.mark.parametrize("query", ["", "  ", "()", "…", "zzzzqqqq", "\x00"])
def test_nothing_found_is_an_empty_answer(index: GazetteerIndex, query: str) -> None:
    answer = find(index, query)
    assert answer.empty
    assert {"name", "match", "score", "distance_m"} <= set(answer.columns)


@pytest.mark.parametrize("near", [(200.0, 0.0), (0.0, 91.0), (float("nan"), 0.0)])
def test_a_place_off_the_earth_is_refused(index: GazetteerIndex, near: tuple[float, float]) -> None:
    with pytest.raises(BadCoordinatesError, match="longitude first"):
        find(index, "x", near=near)
    with pytest.raises(BadCoordinatesError):
        nearest(index, *near)


def test_limit(index: GazetteerIndex) -> None:
    assert len(find(index, "Hauptstraße", limit=2)) == 2
    assert find(index, "Hauptstraße", limit=0).empty
    assert len(nearest(index, 8.7, 49.41, limit=3)) == 3


def test_nearest(index: GazetteerIndex) -> None:
    answer = nearest(index, 8.7012, 49.41, limit=2)
    assert answer["name"].tolist() == ["Hauptstraße 12", "Hauptstraße 12 a"]
    assert answer["distance_m"].to_numpy() == pytest.approx([14.5, 58.1], abs=0.2)
    assert nearest(index, 120.24, 29.71, kinds=["poi"])["name"].iloc[0] == "暨阳小学"
    across = nearest(index, -179.999, 0.0, limit=1)
    assert np.isfinite(across["distance_m"]).all()


def test_no_places_at_all() -> None:
    index = build_index(invented().iloc[:0])
    assert find(index, "文化路").empty
    assert nearest(index, 0, 0).empty


@settings(deadline=None)
@given(query=st.text(max_size=30))
def test_any_text_may_be_asked(index: GazetteerIndex, query: str) -> None:
    answer = find(index, query, limit=5, near=(120.0, 30.0))
    assert len(answer) <= 5
    assert answer["score"].between(0, 100).all()


@settings(deadline=None)
@given(st.text(max_size=30))
def test_folding_leaves_one_trimmed_line(text: str) -> None:
    once = fold_name(text)
    assert once == once.strip()
    assert "\n" not in once


def test_every_name_of_a_real_extract_finds_itself(shared_data: Path) -> None:
    places = read_osm(shared_data / "osm" / "krems.osm.gz").places
    index = build_index(places)
    for number in range(0, len(places), 7):
        row = places.iloc[number]
        answer = find(index, row["name"], limit=5, near=(row.geometry.x, row.geometry.y))
        if fold_name(row["name"]):
            assert number in answer.index
            assert answer["match"].iloc[0] == "exact"


def test_fuzzy_answers_agree_with_scoring_every_name(shared_data: Path) -> None:
    # the pair index only narrows: a brute-force search over all names gives the same best street
    from rapidfuzz import fuzz, process

    places = read_osm(shared_data / "osm" / "heidelberg.osm.pbf").places
    streets = places[places["kind"] == "street"].reset_index(drop=True)
    index = build_index(streets)
    names = sorted(set(streets["name"]))
    for name in names[::40]:
        wrong = name[:2] + name[3:]  # one letter left out
        if len(name) < 6:
            continue
        best = find(index, wrong, limit=1)
        known = process.extractOne(fold_name(wrong), [fold_name(n) for n in names], scorer=fuzz.ratio)
        assert known is not None
        if best["match"].iloc[0] == "fuzzy":
            ours = fuzz.ratio(fold_name(wrong), fold_name(best["name"].iloc[0]))
            assert ours >= known[1] - 12  # token order may weigh more than single letters
