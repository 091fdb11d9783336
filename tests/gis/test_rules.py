"""The distance rules: verdicts against a slow and obvious reference, and the law's own edge cases. All places invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import crs
from gis.errors import GisError
from gis.rules import LEAD_NOTICE, Rule, SchoolSet, check, explain, load_rules, rule_of, rules_at, screen

TODAY = dt.date(2026, 11, 23)
LON, LAT = 120.24, 29.71
RULES = {rule.rule_id: rule for rule in load_rules()}


def offset(x_m: float, y_m: float) -> tuple[float, float]:
    """Return the place x metres east and y metres north of the origin, by geodesics."""
    lon, lat, _ = crs.GEOD.fwd(LON, LAT, 90.0 if x_m >= 0 else 270.0, abs(x_m))
    lon, lat, _ = crs.GEOD.fwd(lon, lat, 0.0 if y_m >= 0 else 180.0, abs(y_m))
    return lon, lat


def school_set(
    *campuses: tuple[float, float],
    stages: tuple[str, ...] = ("primary",),
    half_m: float = 50.0,
    error_m: float = 0.0,
    gates: bool = True,
    district: str | None = "T1",
    opened_on: dt.date | None = None,
) -> SchoolSet:
    shapes = [
        shapely.Polygon([offset(x + half_m * a, y + half_m * b) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
        for x, y in campuses
    ]
    count = len(campuses)
    points = [shapely.Point(offset(x, y - half_m)) for x, y in campuses] if gates else []
    return SchoolSet(
        boundaries=np.array(shapes, dtype=object),
        boundary_school=np.arange(count),
        boundary_error_m=np.full(count, error_m),
        stages=(stages,) * count,
        opened_on=(opened_on,) * count,
        district=(district,) * count,
        gates=np.array(points, dtype=object),
        gate_school=np.arange(len(points)),
    )


def places(
    *rows: tuple[float, float], target: str = "internet_cafe", error_m: float = 0.0, **more: Any
) -> pd.DataFrame:
    xy = [offset(x, y) for x, y in rows]
    return pd.DataFrame(
        {
            "id": range(len(rows)),
            "lon": [x for x, _ in xy],
            "lat": [y for _, y in xy],
            "categories": [[target]] * len(rows),
            "position_error_m": error_m,
            "licensed_from": more.get("licensed_from"),
            "licence_expires": None,
        }
    )


def one(frame: pd.DataFrame, rule_id: str) -> Any:
    rows = frame[frame["rule_id"] == rule_id]
    assert len(rows) == 1, frame
    return next(rows.itertuples())


def test_every_rule_of_the_table_reads_and_says_how_well_its_basis_is_known() -> None:
    assert len(RULES) == 21
    for rule in RULES.values():
        assert rule.title_zh
        assert rule.title_en
        assert rule.basis_status in "LSRVI"
        assert rule.limit_m is None or rule.limit_m > 0
    with pytest.raises(GisError, match="cannot be read"):
        rule_of({"rule_id": "broken"})


@pytest.mark.parametrize(("x", "verdict"), [(249.9, "inside"), (250.1, "outside"), (60.0, "inside"), (0.0, "inside")])
def test_200_m_from_any_point_of_the_wall(x: float, verdict: str) -> None:
    row = one(check(places((x, 0)), school_set((0, 0)), RULES.values(), on=TODAY), "internet_cafe_boundary")
    assert row.verdict == verdict
    assert row.boundary_distance_m == pytest.approx(max(x - 50, 0), abs=0.02)


def test_the_limit_itself_is_within() -> None:
    schools = school_set((0, 0))
    row = one(check(places((180, 30)), schools, RULES.values(), on=TODAY), "internet_cafe_boundary")
    exact = replace(RULES["internet_cafe_boundary"], limit_m=row.boundary_distance_m)
    assert one(check(places((180, 30)), schools, [exact], on=TODAY), exact.rule_id).verdict == "inside"


def test_a_margin_below_the_position_error_is_borderline() -> None:
    schools = school_set((0, 0), error_m=5)
    for x, verdict in ((264.9, "borderline"), (235.1, "borderline"), (265.1, "outside"), (234.9, "inside")):
        row = one(check(places((x, 0), error_m=10), schools, RULES.values(), on=TODAY), "internet_cafe_boundary")
        assert row.verdict == verdict, x


def test_a_position_coarser_than_the_limit_decides_nothing() -> None:
    row = one(
        check(places((100, 0), error_m=500), school_set((0, 0)), RULES.values(), on=TODAY), "internet_cafe_boundary"
    )
    assert (row.verdict, row.notes) == ("undetermined", "position_too_coarse")


def test_a_rule_without_metres_is_never_complied_with() -> None:
    near = check(places((100, 0), target="tobacco_outlet"), school_set((0, 0)), RULES.values(), on=TODAY)
    row = one(near, "surroundings_tobacco")
    assert (row.verdict, row.notes) == ("undetermined", "no_metres")
    assert np.isnan(row.limit_m)
    assert "待确定" in explain(row, RULES[row.rule_id], "zh", school_name="虚构小学")


def test_a_walk_is_never_shorter_than_the_straight_line() -> None:
    schools = school_set((0, 0))
    far = one(check(places((0, -251)), schools, RULES.values(), on=TODAY), "internet_cafe_walk")
    assert (far.verdict, far.notes) == ("outside", "walk_cannot_be_shorter")
    near = one(check(places((0, -240)), schools, RULES.values(), on=TODAY), "internet_cafe_walk")
    assert (near.verdict, near.notes) == ("undetermined", "walk_not_measured")
    assert "直线" in explain(near, RULES["internet_cafe_walk"], "zh", school_name="虚构小学")
    for walked, verdict in ((200.0, "inside"), (201.0, "outside")):
        known = check(places((0, -240)), schools, RULES.values(), on=TODAY, walking_m={(0, 0): walked})
        assert one(known, "internet_cafe_walk").verdict == verdict


def test_a_gate_rule_with_metres_needs_a_gate() -> None:
    rule = replace(RULES["surroundings_tobacco"], limit_m=100.0)
    shop = places((120, 0), target="tobacco_outlet")
    assert (
        one(check(shop, school_set((0, 0)), [rule], on=TODAY), rule.rule_id).verdict == "outside"
    )  # 130 m to the gate
    row = one(check(shop, school_set((0, 0), gates=False), [rule], on=TODAY), rule.rule_id)
    assert (row.verdict, row.notes) == ("undetermined", "no_gate")


def test_stages_decide_whom_a_rule_protects() -> None:
    cafe = places((100, 0))
    kindergarten = check(cafe, school_set((0, 0), stages=("kindergarten",)), RULES.values(), on=TODAY)
    assert set(kindergarten["rule_id"]) == {"surroundings_internet_cafe"}  # art. 58 names kindergartens
    unknown = check(cafe, school_set((0, 0), stages=("unknown",)), RULES.values(), on=TODAY)
    row = one(unknown, "internet_cafe_boundary")
    assert (row.verdict, row.notes) == ("inside", "stage_unknown")
    assert check(cafe, school_set((0, 0), stages=("college",)), RULES.values(), on=TODAY).empty


def test_the_area_that_a_township_drew_comes_before_100_m() -> None:
    stall = places((140, 0), (300, 0), target="food_stall")
    schools = school_set((0, 0))
    without = screen(stall, schools, RULES.values(), on=TODAY)
    assert without[without["rule_id"] == "food_stall"][["place", "verdict"]].to_numpy().tolist() == [[0, "inside"]]
    drawn = shapely.Polygon([offset(x, y) for x, y in ((250, -50), (350, -50), (350, 50), (250, 50))])
    areas = pd.DataFrame({"district": ["T1"], "boundary": [drawn], "valid_from": [None], "valid_to": [None]})
    with_area = screen(stall, schools, RULES.values(), on=TODAY, township_areas=areas)
    found = with_area[with_area["rule_id"] == "food_stall"]
    assert found[["place", "verdict", "notes"]].to_numpy().tolist() == [[1, "inside", "township_area"]]
    ended = areas.assign(valid_to=[dt.date(2020, 1, 1)])
    again = screen(stall, schools, RULES.values(), on=TODAY, township_areas=ended)
    assert again[again["rule_id"] == "food_stall"]["place"].tolist() == [0]
    elsewhere = screen(stall, school_set((0, 0), district="T2"), RULES.values(), on=TODAY, township_areas=areas)
    assert elsewhere[elsewhere["rule_id"] == "food_stall"]["place"].tolist() == [0]


def test_a_licence_older_than_the_school_or_the_rule_is_existing_stock() -> None:
    cafe = places((100, 0), licensed_from=dt.date(2015, 3, 1))
    found = check(cafe, school_set((0, 0), opened_on=dt.date(2018, 9, 1)), RULES.values(), on=TODAY)
    assert found["existing"].all()
    found = check(cafe, school_set((0, 0), opened_on=dt.date(2010, 9, 1)), RULES.values(), on=TODAY)
    assert found.set_index("rule_id")["existing"].to_dict() == {
        "internet_cafe_boundary": False,
        "internet_cafe_walk": False,
        "internet_cafe_zhejiang": False,
        "surroundings_internet_cafe": True,  # licensed before 2021-06-01
    }


def test_rules_have_versions_and_dates() -> None:
    old = replace(RULES["fireworks_retail"], valid_to=dt.date(2026, 1, 1))
    new = replace(RULES["fireworks_retail"], version=2, limit_m=150.0, valid_from=dt.date(2026, 1, 2))
    assert [r.version for r in rules_at([new, old], dt.date(2025, 5, 5))] == [1]
    assert [r.limit_m for r in rules_at([new, old], TODAY)] == [150.0]


def test_an_unconverted_point_of_a_chinese_map_flips_the_decision() -> None:
    """About 510 m: what lies 60 m from the wall seems far away."""
    schools, place = school_set((0, 0)), places((110, 0))
    x, y = crs.from_wgs84(place["lon"], place["lat"], "gcj02")
    unconverted = place.assign(lon=x, lat=y)
    rule = [RULES["internet_cafe_boundary"]]
    assert one(check(place, schools, rule, on=TODAY), "internet_cafe_boundary").verdict == "inside"
    assert one(check(unconverted, schools, rule, on=TODAY), "internet_cafe_boundary").verdict == "outside"


def test_the_measured_line_is_as_long_as_the_distance_says() -> None:
    found = check(places((170, 90)), school_set((0, 0)), RULES.values(), on=TODAY)
    for row in found.itertuples():
        assert crs.GEOD.geometry_length(row.line) == pytest.approx(row.distance_m, abs=1e-6)


def test_sentences_in_both_languages_name_distance_limit_basis_and_department() -> None:
    row = one(check(places((232.4, 0)), school_set((0, 0)), RULES.values(), on=TODAY), "internet_cafe_boundary")
    chinese = explain(row, RULES[row.rule_id], "zh", school_name="虚构小学")
    english = explain(row, RULES[row.rule_id], "en", school_name="Invented school")
    assert all(word in chinese for word in ("182.4 米", "限 200 米", "虚构小学", "第九条", "文化和旅游"))
    assert all(
        word in english for word in ("182.4 m", "limit 200 m", "Invented school", "art. 9", "culture and tourism")
    )
    assert "非认定" in LEAD_NOTICE["zh"]
    assert "not a finding" in LEAD_NOTICE["en"]


def reference(place: Any, schools: SchoolSet, rule: Rule) -> dict[int, str]:
    """Decide each school by itself: dense points on its wall, the geodesic to each, the words of the rule."""
    out = {}
    for at, wall in enumerate(schools.boundaries):
        if shapely.Point(place.lon, place.lat).intersects(wall):
            away = 0.0
        else:
            dense = shapely.get_coordinates(shapely.segmentize(wall.exterior, 2e-6))
            away = crs.GEOD.inv(*np.broadcast_arrays(place.lon, place.lat, dense[:, 0], dense[:, 1]))[2].min()
        error = place.position_error_m + schools.boundary_error_m[at]
        assert rule.limit_m is not None
        if abs(away - rule.limit_m) < error:
            out[at] = "borderline"
        elif away <= rule.limit_m:
            out[at] = "inside"
    return out


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-600, 600), st.floats(-600, 600)), min_size=1, max_size=5),
    st.floats(0, 30),
    st.sampled_from(["internet_cafe_boundary", "fireworks_retail"]),
)
def test_screening_equals_the_slow_reference(where: list[tuple[float, float]], error_m: float, name: str) -> None:
    schools = school_set((0, 0), (250, 40), (-700, 300), error_m=3.0)
    rule = RULES[name]
    frame = places(*where, target=rule.target, error_m=error_m)
    found = screen(frame, schools, [rule], on=TODAY)
    for place in frame.itertuples():
        mine = found[found["place"] == place.id].set_index("school")["verdict"].to_dict()
        expected = reference(place, schools, rule)
        for school in set(mine) ^ set(expected) | {s for s in mine if mine[s] != expected.get(s)}:
            # only a distance within a centimetre of a decision may differ: the reference samples the wall
            away = check(frame[frame["id"] == place.id], schools, [rule], on=TODAY)
            assert np.isclose(np.abs(away["margin_m"]) - np.r_[0, error_m + 3.0][:, None], 0, atol=0.01).any(), school


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360), st.floats(60, 900), st.floats(0, 400))
def test_further_from_all_schools_never_comes_nearer(azimuth: float, away: float, further: float) -> None:
    schools = school_set((0, 0))
    rank = {"inside": 0, "borderline": 1, "outside": 2}
    seen = []
    for distance in (away, away + further):
        lon, lat, _ = crs.GEOD.fwd(LON, LAT, azimuth, distance)
        frame = places((0, 0), error_m=5).assign(lon=lon, lat=lat)
        row = one(check(frame, schools, [RULES["internet_cafe_boundary"]], on=TODAY), "internet_cafe_boundary")
        seen.append(rank[row.verdict])
    assert seen == sorted(seen)


def test_nothing_to_screen_gives_an_empty_list_of_leads() -> None:
    empty = places().astype({"lon": float, "lat": float, "position_error_m": float})
    assert screen(empty, school_set((0, 0)), RULES.values(), on=TODAY).empty
    assert "verdict" in screen(empty, school_set((0, 0)), RULES.values(), on=TODAY).columns
