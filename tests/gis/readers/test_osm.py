"""Campuses and gates out of extracts: real ones against GDAL's own reader, and small invented ones for each rule."""

from __future__ import annotations

import gzip
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from gis.readers.osm import read_osm
from gis.readers.osm.premises import premises_table
from tests.gis.readers.osm_drawing import Drawing, codes


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
        assert set(premises["categories"].explode()) <= {
            row.category for rows in premises_table().values() for row in rows
        }
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


class TestBuildings:
    def test_what_stands_above_the_ground_is_a_building(self, tmp_path: Path) -> None:
        draw = Drawing()
        house = draw.square(0, 0, 20, building="yes", building__levels="3", name="一号楼")
        draw.square(40, 0, 20, building="no")
        draw.square(80, 0, 20, building="garage", location="underground")
        outer = draw.ring([(200, 0), (260, 0), (260, 60), (200, 60)])
        inner = draw.ring([(220, 20), (240, 20), (240, 40), (220, 40)])
        court = draw.relation([("way", outer, "outer"), ("way", inner, "inner")], type="multipolygon", building="yes")
        draw.node(300, 0, building="yes")  # a point has no outline
        buildings = draw.read(tmp_path).buildings
        assert dict(zip(buildings["osm_id"], buildings["name"], strict=True)) == {
            f"way/{house}": "一号楼",
            f"relation/{court}": "",
        }
        assert buildings.set_index("osm_id")["levels"].loc[f"way/{house}"] == 3
        assert len(buildings.geometry[buildings["osm_id"] == f"relation/{court}"].iloc[0].geoms[0].interiors) == 1

    def test_finds_the_buildings_that_gdal_finds(self, shared_data: Path) -> None:
        path = shared_data / "osm" / "krems.osm.gz"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known = pyogrio.read_dataframe(
                f"/vsigzip/{path}", layer="multipolygons", where="building IS NOT NULL AND building <> 'no'"
            )
        assert len(known) > 1000
        assert rims(read_osm(path).buildings.geometry) == rims(known.geometry)
