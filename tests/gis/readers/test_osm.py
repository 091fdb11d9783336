"""Extracts of OpenStreetMap: real ones against GDAL's own reader, and small invented ones for each rule."""

from __future__ import annotations

import bz2
import gzip
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.osm import OsmExtract, read_osm
from gis.readers.osm.premises import categories_of, premises_table
from gis.readers.osm.stages import stages_in_name, stages_of
from gis.readers.osm.streets import may_drive, may_walk, oneway_of, speed_kmh

M = 1 / 111_000  # degrees of latitude in a metre, near enough for drawing
CATEGORIES = frozenset(
    [
        "internet_cafe",
        "game_arcade",
        "song_dance_venue",
        "bar",
        "entertainment_venue",
        "tobacco_outlet",
        "alcohol_outlet",
        "lottery_outlet",
        "e_cigarette_outlet",
        "food_stall",
        "food_shop",
        "clinic",
        "publications_outlet",
        "fireworks_retail",
        "hazardous_goods",
        "convenience_store",
        "sex_shop",
        "tattoo_parlour",
        "other",
    ]
)


class Drawing:
    """An invented extract near 120.2 E, 29.7 N, drawn in metres east and north of there."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []
        self.number = 0

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _tags(self, tags: Mapping[str, str]) -> str:
        return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())

    def node(self, east_m: float, north_m: float, **tags: str) -> int:
        number = self._next()
        lon = 120.2 + east_m * M / np.cos(np.radians(29.7))
        keys = {k.replace("__", ":"): v for k, v in tags.items()}
        self.lines.append(
            f'<node id="{number}" version="1" lat="{29.7 + north_m * M:.7f}" lon="{lon:.7f}">{self._tags(keys)}</node>'
        )
        return number

    def way(self, nodes: Sequence[int], **tags: str) -> int:
        number = self._next()
        keys = {k.replace("__", ":"): v for k, v in tags.items()}
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        self.ways.append(f'<way id="{number}" version="1">{refs}{self._tags(keys)}</way>')
        return number

    def ring(self, corners: Sequence[tuple[float, float]], **tags: str) -> int:
        nodes = [self.node(x, y) for x, y in corners]
        return self.way([*nodes, nodes[0]], **tags)

    def square(self, east_m: float, north_m: float, size_m: float = 100, **tags: str) -> int:
        x, y = east_m, north_m
        return self.ring([(x, y), (x + size_m, y), (x + size_m, y + size_m), (x, y + size_m)], **tags)

    def relation(self, members: Sequence[tuple[str, int, str]], **tags: str) -> int:
        number = self._next()
        text = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self.relations.append(f'<relation id="{number}" version="1">{text}{self._tags(tags)}</relation>')
        return number

    def text(self, *, ways_first: bool = False) -> str:
        parts = [self.ways, self.lines] if ways_first else [self.lines, self.ways]
        body = "\n".join(line for part in (*parts, self.relations) for line in part)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="invented">\n{body}\n</osm>\n'

    def save(self, folder: Path, name: str = "invented.osm") -> Path:
        path = folder / name
        path.write_text(self.text(), encoding="utf-8")
        return path

    def read(self, folder: Path) -> OsmExtract:
        return read_osm(self.save(folder))


def codes(extract: OsmExtract) -> list[str]:
    return [problem.code for problem in extract.problems]


class TestRealExtracts:
    @pytest.mark.parametrize(
        ("name", "polygons"),
        [
            ("heidelberg.osm.pbf", 44),
            ("krems.osm.gz", 9),
            ("liechtenstein-2013-08-03.osm.pbf", 12),
            ("monaco-latest.osm.pbf", 3),
            ("Helsinki.osm.pbf", 4),
        ],
    )
    def test_finds_the_campuses_that_gdal_finds(self, shared_data: Path, name: str, polygons: int) -> None:
        path = shared_data / "osm" / name
        known = gdal_campuses(path)

        schools = read_osm(path).schools

        drawn = schools[schools["outline"] != "point"]
        assert len(drawn) == polygons
        assert rims(drawn.geometry) == rims(known)
        assert schools.crs == "EPSG:4326"

    def test_universities_are_not_campuses_of_minors(self, shared_data: Path) -> None:
        # the data set's own description counts 54 polygons, 10 of them universities
        extract = read_osm(shared_data / "osm" / "heidelberg.osm.pbf")
        assert set(extract.schools["amenity"]) == {"school", "kindergarten"}
        assert not extract.schools["name"].str.contains("Universität").any()

    def test_counts_of_heidelberg(self, shared_data: Path) -> None:
        extract = read_osm(shared_data / "osm" / "heidelberg.osm.pbf")
        ways = pyogrio.read_dataframe(
            shared_data / "osm" / "heidelberg.osm.pbf", layer="lines", where="highway IS NOT NULL"
        )
        by_id = ways.set_index("way/" + ways["osm_id"])
        assert len(extract.streets) > 23_000
        assert extract.streets["osm_id"].isin(by_id.index).mean() > 0.98  # closed squares are no lines for GDAL
        same = extract.streets[extract.streets["osm_id"].isin(by_id.index)]
        assert (same["highway"].to_numpy() == by_id["highway"].reindex(same["osm_id"]).to_numpy()).all()
        assert (same["node_ids"].str.len() >= 2).all()
        assert extract.gates["school_osm_id"].isin(extract.schools["osm_id"]).all()
        assert len(extract.gates) == 15
        assert extract.gates["distance_m"].between(0, 3).all()
        assert codes(extract) == []

    def test_premises_of_krems_against_a_raw_scan(self, shared_data: Path) -> None:
        path = shared_data / "osm" / "krems.osm.gz"
        counted: dict[str, int] = {"pub": 0, "fuel": 0, "supermarket": 0}
        with gzip.open(path) as stream:
            for _, element in ET.iterparse(stream):
                tags = {tag.get("k"): tag.get("v") for tag in element.findall("tag")}
                for key in counted.keys() & {tags.get("amenity"), tags.get("shop")}:
                    counted[str(key)] += element.tag in {"node", "way"}

        premises = read_osm(path).premises

        matched = premises["matched"].explode().value_counts()
        assert matched["amenity=pub"] == counted["pub"]
        assert matched["amenity=fuel"] == counted["fuel"]
        assert matched["shop=supermarket"] == counted["supermarket"]
        assert set(premises["categories"].explode()) <= CATEGORIES
        assert (premises.geometry.geom_type == "Point").all()
        with_footprint = premises[premises["footprint"].notna()]
        assert shapely.covers(with_footprint["footprint"].to_numpy(), with_footprint.geometry.to_numpy()).all()

    def test_the_cut_edge_of_helsinki_is_one_line(self, shared_data: Path) -> None:
        extract = read_osm(shared_data / "osm" / "Helsinki.osm.pbf")
        assert codes(extract) == ["ways_cut_at_edge"]
        assert extract.problems[0].detail.split()[0].isdigit()
        nodes = extract.premises[extract.premises["osm_id"].str.startswith("node/")]
        assert nodes["matched"].explode().eq("amenity=fast_food").sum() == 52

    def test_stages_from_german_finnish_and_french_names(self, shared_data: Path) -> None:
        def stages(name: str) -> dict[str, list[str]]:
            schools = read_osm(shared_data / "osm" / name).schools
            return dict(zip(schools["name"], schools["stages"], strict=True))

        krems, helsinki, monaco = stages("krems.osm.gz"), stages("Helsinki.osm.pbf"), stages("monaco-latest.osm.pbf")
        assert krems["BORG Krems"] == ["senior_middle"]
        assert krems["BG/BRG Piaristengasse Krems"] == ["junior_middle", "senior_middle"]
        assert krems["Handelsakademie, Höhere Bundeslehranstalt für Fremdenverkehrsberufe"] == ["vocational"]
        assert helsinki["Kaisaniemen ala-aste"] == ["primary"]
        assert helsinki["Ressun lukio"] == ["senior_middle"]
        assert monaco["École du Parc"] == ["kindergarten"]  # by school:MC=maternelle
        assert monaco["École Saint-Charles"] == ["unknown"]

    def test_places_hold_each_street_once_a_kilometre(self, shared_data: Path) -> None:
        extract = read_osm(shared_data / "osm" / "krems.osm.gz")
        streets = extract.places[extract.places["kind"] == "street"]
        assert set(streets["name"]) == set(extract.streets["name"]) - {""}
        assert len(streets) < 1.2 * streets["name"].nunique()
        assert not extract.places[extract.places["kind"] == "address"].duplicated(["name", "address", "geometry"]).any()
        assert (extract.places.geometry.geom_type == "Point").all()


def gdal_campuses(path: Path) -> gpd.GeoSeries:
    """Return the campuses by GDAL's driver for OSM files, which shares no code with ours."""
    source = f"/vsigzip/{path}" if path.suffix == ".gz" else str(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL warns of the objects that are cut at the edge
        frame = pyogrio.read_dataframe(
            source, layer="multipolygons", where="amenity IN ('school', 'kindergarten', 'college')"
        )
    return frame.geometry


def rims(shapes: gpd.GeoSeries) -> set[str]:
    """Return the outer rings to 1e-7°; courtyards differ where a relation without tags cuts them out (GDAL follows it)."""
    rings = shapely.get_exterior_ring(shapely.get_parts(shapes.to_numpy()))
    return set(shapely.to_wkt(shapely.normalize(shapely.polygons(rings)), rounding_precision=7))


class TestCampuses:
    """Invented extracts."""

    def test_relation_with_two_outers_is_one_school_with_two_campuses(self, tmp_path: Path) -> None:
        draw = Drawing()
        west, east, yard = draw.square(0, 0), draw.square(400, 0, 50), draw.square(20, 20, 10)
        members = [("way", east, "outer"), ("way", west, "outer"), ("way", yard, "inner")]
        number = draw.relation(members, type="multipolygon", amenity="school", name="暨阳小学")

        schools = draw.read(tmp_path).schools

        assert schools["osm_id"].tolist() == [f"relation/{number}"] * 2
        assert schools["school_key"].nunique() == 1
        assert schools["n"].tolist() == [1, 2]
        assert schools["stages"].tolist() == [["primary"]] * 2
        assert schools.geometry.iloc[0].centroid.x < schools.geometry.iloc[1].centroid.x
        assert len(schools.geometry.iloc[0].interiors) == 1

    def test_site_relation_ties_campuses_together_and_names_them(self, tmp_path: Path) -> None:
        draw = Drawing()
        north, south = draw.square(0, 2000, amenity="school"), draw.square(0, 0, amenity="school", name="南校区")
        site = draw.relation(
            [("way", north, "perimeter"), ("way", south, "perimeter")], type="site", amenity="school", name="文化中学"
        )
        schools = draw.read(tmp_path).schools.set_index("osm_id")
        assert set(schools["school_key"]) == {f"relation/{site}"}
        assert schools.loc[f"way/{north}", "name"] == "文化中学"
        assert schools.loc[f"way/{south}", "name"] == "南校区"

    def test_site_relation_whose_ways_bear_no_tags(self, tmp_path: Path) -> None:
        draw = Drawing()
        ground = draw.square(0, 0)
        hall = draw.square(10, 10, 20, building="yes")
        label = draw.node(50, 50)
        members = [("way", ground, "perimeter"), ("way", hall, ""), ("node", label, "label")]
        site = draw.relation(members, type="site", amenity="school", name="Stadtschule")
        empty = draw.relation([("node", 999_999, "")], type="site", amenity="school", name="Nowhere")

        extract = draw.read(tmp_path)

        assert extract.schools[["osm_id", "school_key", "outline"]].values.tolist() == [
            [f"way/{ground}", f"relation/{site}", "ground"]
        ]
        assert codes(extract) == ["no_outline"]
        assert f"relation/{empty} (Nowhere)" in extract.problems[0].detail

    def test_same_name_within_300_m_is_one_school(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.square(0, 0, amenity="school", name="实验学校")
        draw.square(395, 0, amenity="school", name="实验学校")  # 295 m from fence to fence
        draw.square(0, 405, amenity="school", name="实验学校")  # 305 m
        draw.square(0, 110, 50, amenity="kindergarten", name="实验学校")
        draw.square(2000, 0, amenity="kindergarten", name="Kindergarten")
        draw.square(2150, 0, amenity="kindergarten", name="Kindergarten")  # a common word, not a name
        schools = draw.read(tmp_path).schools
        assert sorted(schools.groupby("school_key").size()) == [1, 1, 1, 1, 2]
        assert not schools.duplicated(["school_key", "n"]).any()

    def test_node_inside_the_ground_is_the_same_school(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", building="no")
        draw.node(50, 50, amenity="school", name="阳光小学", name__en="Sunshine Primary School", addr__street="文化路")
        draw.node(60, 50, amenity="kindergarten", name="阳光幼儿园")
        schools = draw.read(tmp_path).schools
        assert schools["amenity"].tolist() == ["school", "kindergarten"]
        row = schools.iloc[0]
        assert (row["osm_id"], row["name"], row["name_zh"]) == (f"way/{way}", "阳光小学", "阳光小学")
        assert (row["name_en"], row["address"], row["stages"]) == ("Sunshine Primary School", "文化路", ["primary"])

    def test_node_with_another_name_gets_the_ground(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", name="第一小学")
        node = draw.node(50, 50, amenity="school", name="育才中学")
        extract = draw.read(tmp_path)
        schools = extract.schools.set_index("osm_id")
        assert schools.loc[f"node/{node}", "geometry"].equals(schools.loc[f"way/{way}", "geometry"])
        assert schools["school_key"].nunique() == 2
        assert codes(extract) == ["shared_ground"]

    def test_school_building_inside_the_ground_is_no_second_campus(self, tmp_path: Path) -> None:
        draw = Drawing()
        ground = draw.square(0, 0, amenity="school", name="St. Mary's School")
        draw.square(20, 20, 30, amenity="school", building="school")
        draw.square(60, 20, 30, amenity="school", building="school", name="St Mary's")
        schools = draw.read(tmp_path).schools
        assert schools["osm_id"].tolist() == [f"way/{ground}"]
        assert schools["outline"].tolist() == ["ground"]

    def test_self_crossing_outline_is_refused_and_the_rest_is_read(self, tmp_path: Path) -> None:
        draw = Drawing()
        bow = draw.ring([(0, 0), (100, 100), (100, 0), (0, 100)], amenity="school", name="Bow Tie School")
        draw.square(500, 0, amenity="school", name="Good School")
        extract = draw.read(tmp_path)
        assert extract.schools["name"].tolist() == ["Good School"]
        (problem,) = extract.problems
        assert (problem.code, problem.severity, problem.row) == ("crossing_outline", "refused", None)
        assert f"way/{bow} (Bow Tie School)" in problem.detail

    def test_outline_that_crosses_itself_in_a_sliver_is_mended(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.ring([(0, 0), (100, 0), (100, 100), (-2, 98), (0, 101)], amenity="school")
        extract = draw.read(tmp_path)
        assert codes(extract) == ["crossing_mended"]
        assert extract.schools.geometry.is_valid.all()
        assert extract.schools.geometry.iloc[0].geom_type == "Polygon"

    def test_open_outlines_and_missing_members(self, tmp_path: Path) -> None:
        draw = Drawing()
        nodes = [draw.node(0, 0), draw.node(100, 0), draw.node(100, 100)]
        draw.way(nodes, amenity="school", name="Open")
        draw.way([*nodes, 888_888, nodes[0]], amenity="school", name="Cut")
        draw.way([*nodes[:2]], amenity="school", name="Line")
        half = draw.way(nodes)
        draw.relation([("way", half, "outer")], type="multipolygon", amenity="school", name="Open ring")
        draw.relation([("way", 777_777, "outer")], type="multipolygon", amenity="school", name="Far")
        extract = draw.read(tmp_path)
        assert extract.schools.empty
        assert codes(extract) == ["open_outline", "cut_at_edge", "open_outline", "broken_outline", "cut_at_edge"]

    def test_what_is_disused_is_no_school(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.square(0, 0, disused__amenity="school", name="Old")
        draw.square(200, 0, amenity="school", abandoned="yes", name="Older")
        extract = draw.read(tmp_path)
        assert extract.schools.empty
        assert codes(extract) == ["closed_down"]

    def test_names_stay_as_they_are_written(self, tmp_path: Path) -> None:
        draw = Drawing()
        name = "<img src=x onerror=alert(1)> „Škola“ ß & 第一小学"
        draw.square(0, 0, amenity="school", name=name)
        draw.node(500, 0, amenity="school", name="two\n  lines\u202e")
        assert draw.read(tmp_path).schools["name"].tolist() == [name, "two lines"]


class TestGates:
    """Invented extracts."""

    def test_gates_on_the_boundary(self, tmp_path: Path) -> None:
        draw = Drawing()
        corners = [draw.node(0, 0), draw.node(100, 0), draw.node(100, 100), draw.node(0, 100)]
        middle = draw.node(50, 0, entrance="main", name="正门")
        way = draw.way([corners[0], middle, *corners[1:], corners[0]], amenity="school", name="A")
        near = draw.node(50, 102.5, barrier="lift_gate")
        draw.node(50, 120, barrier="gate")
        draw.node(50, 50, entrance="yes")  # the door of a building inside
        draw.node(0, 20, barrier="bollard")
        gates = draw.read(tmp_path).gates
        assert gates["osm_id"].tolist() == [f"node/{middle}", f"node/{near}"]
        assert gates["kind"].tolist() == ["main", "gate"]
        assert gates["name"].tolist() == ["正门", ""]
        assert gates["distance_m"].to_numpy() == pytest.approx([0, 2.5], abs=0.05)
        assert set(gates["school_osm_id"]) == {f"way/{way}"}

    def test_gate_between_two_campuses_serves_both(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.square(0, 0, amenity="school", name="A")
        draw.square(102, 0, amenity="kindergarten", name="B")
        draw.node(101, 50, barrier="gate")
        gates = draw.read(tmp_path).gates
        assert gates["school_key"].nunique() == 2
        assert gates["osm_id"].nunique() == 1


class TestPremises:
    """Invented extracts."""

    def test_every_row_of_the_table_is_of_a_known_category(self) -> None:
        rows = [row for rows in premises_table().values() for row in rows]
        assert len(rows) > 100
        assert {row.category for row in rows} == CATEGORIES
        assert not [row for row in rows if row.key.startswith(("disused:", "abandoned:", "was:"))]

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({"amenity": "internet_cafe"}, ["internet_cafe"]),
            ({"leisure": "adult_gaming_centre"}, ["game_arcade"]),
            ({"amenity": "karaoke_box"}, ["song_dance_venue"]),
            ({"amenity": "bar;restaurant"}, ["bar", "food_shop"]),
            ({"shop": "convenience", "tobacco": "yes"}, ["tobacco_outlet", "convenience_store"]),
            ({"shop": "convenience", "tobacco": "no"}, ["convenience_store"]),
            ({"amenity": "vending_machine", "vending": "drinks; cigarettes"}, ["tobacco_outlet"]),
            ({"shop": "e-cigarette"}, ["e_cigarette_outlet"]),
            ({"amenity": "fast_food", "street_vendor": "yes"}, ["food_stall"]),
            ({"amenity": "fast_food"}, ["food_shop"]),
            ({"shop": "fruit", "street_vendor": "yes"}, ["food_stall"]),
            ({"healthcare": "doctor", "amenity": "doctors"}, ["clinic"]),
            ({"shop": "fireworks"}, ["fireworks_retail"]),
            ({"shop": "bar", "amenity": "bench"}, []),
            ({"disused:amenity": "bar"}, []),
            ({"was:shop": "tobacco", "shop": "vacant"}, []),
            ({"amenity": "pub", "abandoned": "yes"}, []),
            ({"amenity": "pub", "disused": "no"}, ["bar"]),
        ],
    )
    def test_categories(self, tags: dict[str, str], expected: list[str]) -> None:
        assert categories_of(tags)[0] == expected

    def test_point_and_footprint(self, tmp_path: Path) -> None:
        draw = Drawing()
        hook = [(0, 0), (60, 0), (60, 60), (50, 60), (50, 10), (0, 10)]
        way = draw.ring(hook, building="yes", shop="tobacco", name="烟", opening_hours="Mo-Su 08:00-22:00")
        draw.node(55, 55, shop="tobacco", name="烟")  # the same shop mapped twice
        stall = draw.node(5, 5, amenity="fast_food", street_vendor="yes", name="烤肠摊")
        premises = draw.read(tmp_path).premises.set_index("osm_id")
        assert sorted(premises.index) == sorted([f"way/{way}", f"node/{stall}"])
        row = premises.loc[f"way/{way}"]
        assert row["footprint"].covers(row["geometry"])
        assert not row["footprint"].covers(row["footprint"].centroid)
        assert row["opening_hours"] == "Mo-Su 08:00-22:00"
        assert premises.loc[f"node/{stall}", "footprint"] is None

    def test_broken_footprint_is_reported(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.node(0, 500, shop="books")
        draw.ring([(0, 0), (9, 9), (9, 0), (0, 9)], building="yes", amenity="bar", name="Knot")
        extract = draw.read(tmp_path)
        assert extract.premises["matched"].tolist() == [["shop=books"]]
        assert codes(extract) == ["broken_footprint"]


class TestStreetsAndPlaces:
    @pytest.mark.parametrize(
        ("tags", "foot", "car", "oneway"),
        [
            ({"highway": "residential"}, True, True, 0),
            ({"highway": "motorway"}, False, True, 1),
            ({"highway": "footway"}, True, False, 0),
            ({"highway": "primary", "oneway": "-1", "foot": "no"}, False, True, -1),
            ({"highway": "service", "access": "private"}, False, False, 0),
            ({"highway": "service", "access": "private", "foot": "yes"}, True, False, 0),
            ({"highway": "residential", "motor_vehicle": "no"}, True, False, 0),
            ({"highway": "tertiary", "junction": "roundabout"}, True, True, 1),
            ({"highway": "track"}, True, False, 0),
            ({"highway": "track", "motorcar": "yes"}, True, True, 0),
            ({"highway": "construction", "foot": "yes"}, False, False, 0),
        ],
    )
    def test_who_may_go_where(self, tags: dict[str, str], foot: bool, car: bool, oneway: int) -> None:
        assert (may_walk(tags), may_drive(tags), oneway_of(tags)) == (foot, car, oneway)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("50", 50), ("30 km/h", 30), ("20 mph", 32.18688), ("DE:zone30", 30), ("walk", None), ("", None)],
    )
    def test_speed(self, text: str, expected: float | None) -> None:
        assert speed_kmh(text) == (None if expected is None else pytest.approx(expected))

    def test_a_way(self, tmp_path: Path) -> None:
        draw = Drawing()
        nodes = [draw.node(0, 0), draw.node(50, 0), draw.node(100, 10)]
        way = draw.way(
            nodes, highway="secondary", name="文化路", name__en="Wenhua Road", bridge="yes", layer="1", maxspeed="40"
        )
        draw.way([nodes[0], 12345], highway="residential", name="Cut Road")
        extract = draw.read(tmp_path)
        (row,) = extract.streets.to_dict("records")
        assert (row["osm_id"], row["node_ids"], row["layer"], row["bridge"], row["tunnel"]) == (
            f"way/{way}",
            nodes,
            1,
            True,
            False,
        )
        assert (row["maxspeed_kmh"], row["alt_names"]) == (40, ["Wenhua Road"])
        assert codes(extract) == ["ways_cut_at_edge"]
        (place,) = extract.places.to_dict("records")
        assert (place["name"], place["alt_names"], place["kind"]) == ("文化路", ["Wenhua Road"], "street")

    def test_streets_far_apart_are_two(self, tmp_path: Path) -> None:
        draw = Drawing()
        for north in (0, 900, 8000):
            draw.way([draw.node(0, north), draw.node(80, north)], highway="residential", name="Hauptstraße")
        assert len(draw.read(tmp_path).places) == 2

    def test_addresses_and_names(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.node(0, 0, addr__housenumber="12", addr__street="Hauptstraße", addr__city="Krems", addr__postcode="3500")
        draw.node(5, 0, shop="books", name="Buch & Co", addr__housenumber="12", addr__street="Hauptstraße",
                  addr__city="Krems", addr__postcode="3500")  # fmt: skip
        draw.node(9, 0, addr__housenumber="12", addr__street="文化路", addr__city="诸暨市")
        draw.node(20, 0, place="village", name="店口镇", name__en="Diankou", alt_name="Tien-k'ou;Old")
        draw.node(30, 0, highway="bus_stop", name="市政府")
        draw.node(40, 0, power="tower", name="7")
        places = draw.read(tmp_path).places
        assert places[["name", "kind", "address"]].values.tolist() == [
            ["Hauptstraße 12", "address", "Hauptstraße 12, 3500 Krems"],
            ["Buch & Co", "poi", "Hauptstraße 12, 3500 Krems"],
            ["文化路12号", "address", "诸暨市文化路12号"],
            ["店口镇", "place", ""],
            ["市政府", "station", ""],
        ]
        assert places["alt_names"].iloc[3] == ["Diankou", "Tien-k'ou", "Old"]


class TestStages:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("诸暨市暨阳街道第一小学", ["primary"]),
            ("浣东初级中学", ["junior_middle"]),
            ("诸暨中学", ["junior_middle", "senior_middle"]),
            ("牌头高级中学", ["senior_middle"]),
            ("湄池高中", ["senior_middle"]),
            ("城南九年一贯制学校", ["primary", "junior_middle"]),
            ("杭州师范大学附属小学", ["primary"]),
            ("杭州师大附中", ["junior_middle", "senior_middle"]),
            ("职业教育中心", ["vocational"]),
            ("市中等职业技术学校", ["vocational"]),
            ("轻工技师学院", ["vocational"]),
            ("特殊教育学校", ["special"]),
            ("实验幼儿园", ["kindergarten"]),
            ("阳光学校", ["unknown"]),
            ("Grund- und Hauptschule Nord", ["primary", "junior_middle"]),
            ("Heinrich Sigmund Gymnasium", ["junior_middle", "senior_middle"]),
            ("Förderschule", ["special"]),
            ("Berufliche Schulen", ["vocational"]),
            ("École élémentaire Jules Ferry", ["primary"]),
            ("Collège Victor Hugo", ["junior_middle"]),
            ("Springfield Elementary School", ["primary"]),
            ("Lincoln Junior High School", ["junior_middle"]),
            ("Lincoln High School", ["senior_middle"]),
            ("Eastside Secondary School", ["junior_middle", "senior_middle"]),
            ("青山中学校", ["junior_middle"]),
            ("서울초등학교", ["primary"]),
        ],
    )
    def test_names(self, name: str, expected: list[str]) -> None:
        assert (stages_in_name(name) or ["unknown"]) == expected

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({"isced:level": "0-1"}, ["kindergarten", "primary"]),
            ({"isced:level": "2,3"}, ["junior_middle", "senior_middle"]),
            ({"grades": "1-9"}, ["primary", "junior_middle"]),
            ({"grades": "K-5"}, ["kindergarten", "primary"]),
            ({"school": "secondary"}, ["junior_middle", "senior_middle"]),
            ({"school:de": "Grundschule"}, ["primary"]),
            ({"school": "special_education_needs"}, ["special"]),
            ({"min_age": "6", "max_age": "12"}, ["primary"]),
            ({"min_age": "6"}, ["unknown"]),
            ({"isced:level": "many"}, ["unknown"]),
            ({"amenity": "college", "isced:level": "3"}, ["college"]),
            ({"amenity": "school;kindergarten", "isced:level": "1"}, ["kindergarten", "primary"]),
        ],
    )
    def test_tags(self, tags: dict[str, str], expected: list[str]) -> None:
        assert stages_of({"amenity": "school"} | tags, "") == expected


class TestFiles:
    def test_compressed_files_read_the_same(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.square(0, 0, amenity="school", name="小学")
        plain = draw.save(tmp_path)
        packed, tight = tmp_path / "a.osm.gz", tmp_path / "A.OSM.BZ2"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        tight.write_bytes(bz2.compress(plain.read_bytes()))
        known = read_osm(plain).schools
        for path in (packed, tight):
            pd.testing.assert_frame_equal(pd.DataFrame(read_osm(path).schools), pd.DataFrame(known))

    def test_ways_before_nodes_are_read_all_the_same(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", name="小学")
        path = tmp_path / "overpass.osm"
        path.write_text(draw.text(ways_first=True), encoding="utf-8")
        extract = read_osm(path)
        assert extract.schools["osm_id"].tolist() == [f"way/{way}"]
        assert extract.problems == ()

    def test_negative_numbers_of_an_editor(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", name="小学")
        draw.relation([("way", way, "outer")], type="site", amenity="school")
        path = tmp_path / "josm.osm"
        path.write_text(draw.text().replace('id="', 'id="-').replace('ref="', 'ref="-'), encoding="utf-8")
        schools = read_osm(path).schools
        assert schools["osm_id"].tolist() == [f"way/-{way}"]
        assert schools["school_key"].tolist() == [f"relation/-{way + 1}"]

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("page.osm", b"<!DOCTYPE html><html><body>429 Too Many Requests</body></html>", "web page"),
            ("page2.osm", b"<html></html>", "web page"),
            ("diff.osm", b'<?xml version="1.0"?><osmChange version="0.6"></osmChange>', "change file"),
            ("track.osm", b'<?xml version="1.0"?><gpx version="1.1"></gpx>', "<gpx>"),
            ("nothing.osm", b"", "holds nothing"),
            ("nothing.osm.pbf", b"", "holds nothing"),
            ("notes.txt", b"hello", "by its name"),
            ("schools.geojson", b"{}", "by its name"),
            ("text.osm.pbf", b"hello", "not OSM data"),
            ("cut.osm", b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="1" lon="1"><ta', "broken or cut off"),
            ("old.osm", b'<osm><node id="1" lat="1" lon="1"/></osm>', "version"),
            ("letters.osm", b'<osm version="0.6"><node id="1" lat="north" lon="1"/></osm>', "coordinate"),
            ("bomb.osm", b'<!DOCTYPE osm [<!ENTITY a "b">]><osm version="0.6"><node id="1" lat="1" lon="1">'
             b'<tag k="name" v="&a;"/></node></osm>', "entities"),
        ],
    )  # fmt: skip
    def test_what_is_no_extract(self, tmp_path: Path, name: str, content: bytes, says: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError) as caught:
            read_osm(path)
        text = str(caught.value)
        assert says in text
        assert text.startswith(f"{name}: ")
        assert "\n" not in text
        assert str(tmp_path) not in text

    def test_a_file_that_is_not_there_and_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "folder.osm").mkdir()
        for name in ("none.osm.pbf", "folder.osm"):
            with pytest.raises(UnreadableFileError, match="no such file"):
                read_osm(tmp_path / name)

    @pytest.mark.parametrize("name", ["empty.osm", "empty.osm.gz"])
    def test_an_empty_extract(self, tmp_path: Path, name: str) -> None:
        content = b'<?xml version="1.0"?><osm version="0.6"><bounds minlat="1" minlon="1" maxlat="2" maxlon="2"/></osm>'
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        with pytest.raises(EmptyInputError, match=r"empty\.osm"):
            read_osm(tmp_path / name)

    def test_an_extract_with_nothing_of_ours(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.node(0, 0, natural="tree")
        extract = draw.read(tmp_path)
        frames = (extract.schools, extract.gates, extract.premises, extract.streets, extract.places)
        assert [len(frame) for frame in frames] == [0] * 5
        assert all(frame.crs == "EPSG:4326" for frame in frames)

    def test_a_node_off_the_earth_is_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "off.osm"
        path.write_text(
            '<osm version="0.6"><node id="1" version="1" lat="95" lon="1"><tag k="amenity" v="school"/></node></osm>'
        )
        assert read_osm(path).schools.empty

    @pytest.mark.parametrize(
        ("name", "keep"),
        [("heidelberg.osm.pbf", 1_000_000), ("krems.osm.gz", 200_000), ("monaco-latest.osm.pbf", 9)],
    )
    def test_a_real_file_cut_off(self, shared_data: Path, tmp_path: Path, name: str, keep: int) -> None:
        path = tmp_path / name
        path.write_bytes((shared_data / "osm" / name).read_bytes()[:keep])
        with pytest.raises(UnreadableFileError, match=name):
            read_osm(path)

    def test_a_real_file_damaged_inside(self, shared_data: Path, tmp_path: Path) -> None:
        content = bytearray((shared_data / "osm" / "monaco-latest.osm.pbf").read_bytes())
        content[200_000:201_000] = bytes(1000)
        path = tmp_path / "damaged.osm.pbf"
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError, match="broken or cut off"):
            read_osm(path)

    def test_a_real_file_under_a_wrong_name(self, shared_data: Path, tmp_path: Path) -> None:
        path = tmp_path / "monaco.osm"
        path.write_bytes((shared_data / "osm" / "monaco-latest.osm.pbf").read_bytes())
        with pytest.raises(UnreadableFileError, match="it is PBF; rename it"):
            read_osm(path)
