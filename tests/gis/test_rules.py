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
from gis.geodesic import nearest_on_boundaries
from gis.rules import LEAD_NOTICE, Rule, SchoolSet, Walk, check, explain, load_rules, rule_of, rules_at, screen

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


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("limit_m", "-5", "above 0"), ("measure", "guess", "measures 'guess'"), ("basis_status", "X", "basis"),
     ("valid_from", "1 June", "cannot be read"), ("version", "", "cannot be read"), ("stages", None, "cannot be read")],
)  # fmt: skip
def test_a_rule_that_says_nonsense_is_refused_by_name(column: str, value: Any, message: str) -> None:
    row = {**vars(RULES["fireworks_retail"]), column: value}
    with pytest.raises(GisError, match=rf"fireworks_retail.*{message}"):
        rule_of(row)


def test_a_rule_comes_back_as_it_was_kept() -> None:
    for rule in RULES.values():
        kept = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in vars(rule).items()}
        assert rule_of({**kept, "stages": list(rule.stages)}) == rule


def test_far_from_every_school_a_rule_without_metres_is_still_undetermined() -> None:
    for away in (5_000, 80_000):
        found = check(places((away, 0), target="tobacco_outlet"), school_set((0, 0)), RULES.values(), on=TODAY)
        row = one(found, "surroundings_tobacco")
        assert (row.verdict, row.school) == ("undetermined", 0)
        assert row.boundary_distance_m == pytest.approx(away - 50, rel=0.002)
        assert screen(places((away, 0), target="tobacco_outlet"), school_set((0, 0)), RULES.values(), on=TODAY).empty


def test_a_measured_walk_stands_for_itself_and_an_estimate_has_its_errors() -> None:
    schools, rule = school_set((0, 0), error_m=5), [RULES["internet_cafe_walk"]]
    cafe = places((0, -150), error_m=10)
    for walk, verdict, note in (
        (Walk(199.0, measured=True), "inside", "walk_measured"),
        (Walk(199.0, measured=True, error_m=3.0), "borderline", "walk_measured"),
        (Walk(199.0, measured=False), "borderline", "walk_estimated"),
        (Walk(180.0, measured=False), "inside", "walk_estimated"),
        (Walk(220.0, measured=False, error_m=30.0), "borderline", "walk_estimated"),
        (220.0, "outside", "walk_estimated"),
    ):
        row = one(check(cafe, schools, rule, on=TODAY, walking_m={(0, 0): walk}), "internet_cafe_walk")
        assert (row.verdict, row.notes) == (verdict, note), walk
    impossible = check(cafe, schools, rule, on=TODAY, walking_m={(0, 0): Walk(20.0, measured=False)})
    assert one(impossible, "internet_cafe_walk").walk_distance_m == pytest.approx(100, abs=0.1)  # the straight line


def test_of_several_campuses_the_gravest_verdict_counts() -> None:
    """The nearer campus is exact and 210 m off; the further is 220 m off, give or take 30."""
    two = school_set((0, 0), (530, 0))
    one_school = replace(
        two,
        boundary_school=np.array([0, 0]),
        boundary_error_m=np.array([0.0, 30.0]),
        gates=np.empty(0, dtype=object),
        gate_school=np.empty(0, dtype=np.int64),
    )
    rule = [RULES["internet_cafe_boundary"]]
    row = one(check(places((260, 0)), one_school, rule, on=TODAY), "internet_cafe_boundary")
    assert row.verdict == "borderline"
    assert row.boundary_distance_m == pytest.approx(220, abs=0.1)
    assert len(screen(places((260, 0)), one_school, rule, on=TODAY)) == 1


def test_a_few_coarse_positions_are_searched_as_widely_as_they_are_off() -> None:
    frame = places((100, 0), (3_000, 0)).assign(position_error_m=[0.0, 5_000.0])
    found = screen(frame, school_set((0, 0), (2_000, 0)), [RULES["internet_cafe_boundary"]], on=TODAY)
    assert found[["place", "school", "verdict"]].to_numpy().tolist() == [
        [0, 0, "inside"],
        [1, 0, "undetermined"],
        [1, 1, "undetermined"],
    ]
    for wrong in (np.nan, -1.0):
        with pytest.raises(GisError, match="place 1"):
            screen(frame.assign(position_error_m=[0.0, wrong]), school_set((0, 0)), RULES.values(), on=TODAY)


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


def test_a_township_area_is_measured_to_its_own_edge() -> None:
    drawn = shapely.Polygon([offset(x, y) for x, y in ((250, -50), (9_000, -50), (9_000, 50), (250, 50))])
    areas = pd.DataFrame({"district": ["T1"], "boundary": [drawn], "valid_from": [None], "valid_to": [None]})
    stalls = places((300, 0), (8_000, 0), (245, 0), (8_000, 80), target="food_stall", error_m=10.0)
    schools, rule = school_set((0, 0), (0, 4_000)), RULES["food_stall"]
    found = screen(stalls, schools, [rule], on=TODAY, township_areas=areas).set_index("place")
    # 8 km from any school, the township's nearest school still has it; its own 100 m say nothing any more
    assert found["verdict"].to_dict() == {0: "inside", 1: "inside", 2: "borderline"}
    assert found["school"].tolist() == [0, 0, 0]
    assert found["distance_m"].tolist() == pytest.approx([0, 0, 5], abs=0.05)
    assert found["margin_m"].tolist() == pytest.approx([50, 50, -5], abs=0.5)  # the long edge is straight in degrees
    assert found["limit_m"].isna().all()
    row = next(found.loc[[0]].itertuples())
    assert "在乡镇划定范围内" in explain(row, rule, "zh", school_name="虚构小学")
    assert "250.0 m from the campus boundary" in explain(row, rule, "en", school_name="Invented school")
    outside = check(stalls.iloc[3:], schools, [rule], on=TODAY, township_areas=areas)
    assert outside[["place", "verdict"]].to_numpy().tolist() == [[3, "outside"]]


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


def test_existing_stock_names_the_day_its_licence_ends() -> None:
    cafe = places((100, 0), licensed_from=dt.date(2015, 3, 1)).assign(licence_expires=[dt.date(2027, 2, 28)])
    found = check(cafe, school_set((0, 0), opened_on=dt.date(2018, 9, 1)), RULES.values(), on=TODAY)
    row = one(found, "internet_cafe_boundary")
    assert "2027-02-28" in explain(row, RULES[row.rule_id], "zh")
    assert "2027-02-28" in explain(row, RULES[row.rule_id], "en")


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


def slowly(place: Any, school: int, schools: SchoolSet, rule: Rule, walks: dict[tuple[int, int], float]) -> str:
    """Decide one place, school and rule by the words of the rules alone; some gates lie far from their wall."""
    if not {"unknown", *rule.stages} & set(schools.stages[school]) or rule.target not in place.categories:
        return "outside"
    at = np.array([shapely.Point(place.lon, place.lat)], dtype=object)
    gates = [
        (crs.GEOD.inv(place.lon, place.lat, gate.x, gate.y)[2], at)
        for at, (gate, owner) in enumerate(zip(schools.gates, schools.gate_school, strict=True))
        if owner == school
    ]
    campuses = np.flatnonzero(schools.boundary_school == school)
    said = []
    for campus in campuses:
        wall = nearest_on_boundaries(at, schools.boundaries[[campus]]).distance_m[0]
        error = place.position_error_m + schools.boundary_error_m[campus]
        if rule.limit_m is None:
            said.append("undetermined" if wall <= 200 + error else "outside")
            continue
        away = wall
        if gates and rule.measure in {"gate", "walk"}:
            away, gate = min(gates)
            nearest = min(campuses, key=lambda c: schools.boundaries[c].distance(schools.gates[gate]))
            error = place.position_error_m + schools.boundary_error_m[nearest]
        walk = walks.get((place.id, school)) if rule.measure == "walk" else None
        away = away if walk is None else max(walk, away)
        verdict = "inside" if away <= rule.limit_m else "outside"
        if abs(away - rule.limit_m) < error:
            verdict = "borderline"
        unknown = (rule.measure == "walk" and walk is None) or (rule.measure == "gate" and not gates)
        if away <= rule.limit_m + error and (unknown or place.position_error_m > rule.limit_m):
            verdict = "undetermined"
        said.append(verdict)
    return min(said, key=["inside", "borderline", "undetermined", "outside"].index)


@pytest.mark.parametrize("seed", range(6))
def test_all_rules_at_once_equal_one_pair_at_a_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    table = [replace(rule, limit_m=50.0 * random.integers(1, 6)) if "tobacco" in rule.rule_id else rule
             for rule in RULES.values() if rule.measure != "road"]  # fmt: skip
    targets = sorted({rule.target for rule in table})
    frame = places(*random.uniform(-900, 900, (40, 2)).tolist()).assign(
        categories=[list(random.choice(targets, 3, replace=False)) for _ in range(40)],
        position_error_m=random.choice([0.0, 12.0, 80.0, 260.0], 40),
    )
    campuses = school_set(*random.uniform(-700, 700, (7, 2)).tolist())
    schools = replace(
        campuses,
        boundary_school=np.array([0, 1, 2, 3, 4, 4, 0]),
        boundary_error_m=random.choice([0.0, 5.0, 40.0], 7),
        stages=(("primary",), ("kindergarten",), ("unknown",), ("college",), ("college", "vocational")),
        opened_on=(None,) * 5,
        district=(None,) * 5,
        gates=campuses.gates[:5],
        gate_school=np.array([0, 0, 1, 4, 2]),
    )
    walks = {(int(p), int(s)): float(d) for p, s, d in zip(
        random.integers(0, 40, 30), random.integers(0, 5, 30), random.uniform(0, 400, 30), strict=True)}  # fmt: skip
    found = screen(frame, schools, table, on=TODAY, walking_m=walks)
    mine = {(row.place, row.school, row.rule_id): row.verdict for row in found.itertuples()}
    expected = {
        (place.id, school, rule.rule_id): verdict
        for place in frame.itertuples()
        for school in range(5)
        for rule in table
        if (verdict := slowly(place, school, schools, rule, walks)) != "outside"
    }
    assert mine == expected
    assert set(mine.values()) == {"inside", "borderline", "undetermined"}


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 360), st.floats(0, 600), st.floats(0, 120))
def test_without_errors_only_inside_and_outside_are_left(azimuth: float, away: float, error_m: float) -> None:
    """An error may turn a verdict into borderline, and into nothing else; at 0 the limit alone decides."""
    lon, lat, _ = crs.GEOD.fwd(LON, LAT, azimuth, away)
    frame, rule = places((0, 0)).assign(lon=lon, lat=lat), RULES["internet_cafe_boundary"]
    exact = one(check(frame, school_set((0, 0)), [rule], on=TODAY), rule.rule_id)
    assert exact.verdict == ("inside" if exact.distance_m <= 200.0 else "outside")
    rough = one(check(frame.assign(position_error_m=error_m), school_set((0, 0)), [rule], on=TODAY), rule.rule_id)
    assert rough.verdict == ("borderline" if abs(exact.margin_m) < error_m else exact.verdict)


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
