"""What tags mean: premises, streets, names and stages, on invented objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.readers.osm.premises import categories_of, premises_table
from gis.readers.osm.stages import stages_in_name, stages_of
from gis.readers.osm.streets import may_drive, may_walk, oneway_of, speed_kmh
from tests.gis.readers.osm_drawing import Drawing, codes

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
