"""Perimeters, cells, and hazards tied to them: true after every change, on both databases."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.schemas.records import HazardIn, HazardPatch
from api.security.people import Actor
from api.services import inspections
from api.services.cities import add_city
from api.services.grids import build_grid
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import Cell, CellPiece, City, District, Gate, Hazard, HazardSchool, Perimeter, School
from api.store.spatial import to_shape
from gis.crs import GEOD

LON, LAT = 120.24, 29.71
ACTOR = Actor(name="invented dispatcher", roles=frozenset({"dispatcher"}))


def square(x: float, y: float, half_m: float = 50.0) -> shapely.Polygon:
    """Return a square around a point that lies x metres east and y metres north of the middle of the city."""
    east, north = 1 / 96_700, 1 / 110_850
    return shapely.box(
        LON + (x - half_m) * east, LAT + (y - half_m) * north, LON + (x + half_m) * east, LAT + (y + half_m) * north
    )


def write_schools(path: Path, places: dict[str, tuple[float, float]]) -> Path:
    frame = geopandas.GeoDataFrame(
        {"id": list(places), "name": [f"invented {key}" for key in places], "stage": ["primary"] * len(places)},
        geometry=[square(*place) for place in places.values()],
        crs="EPSG:4326",
    )
    frame.to_file(path, driver="GeoJSON")
    return path


def bring(engine: Engine, settings: Settings, what: str, path: Path, **options: Any) -> Any:
    with writing(engine) as session:
        return import_file(
            session, session.scalars(sa.select(City)).one(), what, path, ImportOptions(**options), settings
        )


def build(engine: Engine, **options: Any) -> Any:
    with writing(engine) as session:
        return build_grid(session, session.scalars(sa.select(City)).one(), **options)


@pytest.fixture
def city(engine: Engine, settings: Settings, tmp_path: Path) -> Engine:
    """A city with two neighbouring schools and one far away, their gates, perimeters and cells; all invented."""
    with writing(engine) as session:
        add_city(session, code="330681", name="invented", settings=settings)
    bring(
        engine, settings, "schools", write_schools(tmp_path / "s.geojson", {"A": (0, 0), "B": (300, 0), "C": (3000, 0)})
    )
    gates = tmp_path / "g.csv"
    south = square(0, -50, 0).bounds[:2]
    gates.write_text(f"id,school,name,lon,lat\nG,A,south,{south[0]},{south[1]}\n")
    bring(engine, settings, "gates", gates, crs="wgs84")
    build(engine)
    return engine


def pieces(engine: Engine) -> dict[str, dict[str, tuple[int, str, float]]]:
    """Return for each school its pieces: cell code → (row id, WKB, area)."""
    with reading(engine) as session:
        rows = session.execute(
            sa.select(School.source_key, Cell.code, CellPiece.id, CellPiece.piece, CellPiece.area_m2)
            .join(Perimeter, Perimeter.id == CellPiece.perimeter_id)
            .join(School, School.id == Perimeter.school_id)
            .join(Cell, Cell.id == CellPiece.cell_id)
        ).all()
    out: dict[str, dict[str, tuple[int, str, float]]] = {}
    for key, code, identity, piece, area in rows:
        out.setdefault(key, {})[code] = (identity, to_shape(piece).wkt, area)
    return out


def log(engine: Engine, x: float, y: float) -> uuid.UUID:
    place = square(x, y, 0).bounds
    identity = uuid.uuid4()
    with writing(engine) as session:
        inspections.log_hazard(session, ACTOR, HazardIn(id=identity, lon=place[0], lat=place[1], category="VEN"))
    return identity


def ties(engine: Engine, hazard: uuid.UUID) -> dict[str, tuple[float, float | None]]:
    with reading(engine) as session:
        rows = session.execute(
            sa.select(School.source_key, HazardSchool.boundary_distance_m, HazardSchool.gate_distance_m)
            .join(Hazard, Hazard.id == HazardSchool.hazard_id)
            .join(School, School.id == HazardSchool.school_id)
            .where(Hazard.uuid == hazard)
        ).all()
    return {key: (boundary, gate) for key, boundary, gate in rows}


def test_neighbouring_schools_share_cells_and_pieces_make_up_the_zone(city: Engine) -> None:
    made = pieces(city)
    assert set(made["A"]) & set(made["B"])
    assert not set(made["A"]) & set(made["C"])
    with reading(city) as session:
        for key, zone, area in session.execute(
            sa.select(School.source_key, Perimeter.zone, Perimeter.area_m2).join(School)
        ):
            union = shapely.union_all([shapely.from_wkt(wkt) for _, wkt, _ in made[key].values()])
            assert shapely.symmetric_difference(union, to_shape(zone)).area < 1e-6 * union.area
            true_m2 = abs(GEOD.geometry_area_perimeter(to_shape(zone))[0])
            assert sum(a for _, _, a in made[key].values()) == pytest.approx(true_m2, rel=1e-6)
            assert area == pytest.approx(true_m2, rel=1e-6)


def test_a_second_build_changes_no_code_and_no_shape(city: Engine) -> None:
    before = {s: {c: (w, a) for c, (_, w, a) in p.items()} for s, p in pieces(city).items()}
    build(city)
    assert {s: {c: (w, a) for c, (_, w, a) in p.items()} for s, p in pieces(city).items()} == before


def test_building_one_school_touches_that_school_only(city: Engine) -> None:
    before = pieces(city)
    with reading(city) as session:
        one = session.scalars(sa.select(School.id).where(School.source_key == "B")).one()
    build(city, school_ids=[one], distance_m=150)
    after = pieces(city)
    assert after["A"] == before["A"]  # the very rows
    assert after["C"] == before["C"]
    assert after["B"] != before["B"]
    with reading(city) as session:
        assert session.scalars(sa.select(City.perimeter_distance_m)).one() == 200


def test_cells_that_no_perimeter_reaches_any_more_go(city: Engine) -> None:
    build(city, distance_m=50)
    with reading(city) as session:
        used = session.scalars(sa.select(sa.func.count(sa.distinct(CellPiece.cell_id)))).one()
        assert session.scalars(sa.select(sa.func.count(Cell.id))).one() == used


def test_another_cell_size_rebuilds_everything(city: Engine) -> None:
    build(city, cell_m=50)
    with reading(city) as session:
        codes = session.scalars(sa.select(Cell.code)).all()
        assert {code.split("-")[1] for code in codes} == {"50"}


def test_the_campus_can_be_cut_out(city: Engine) -> None:
    build(city, cut_out_campus=True)
    with reading(city) as session:
        zone = to_shape(session.scalars(sa.select(Perimeter.zone).join(School).where(School.source_key == "C")).one())
    assert not zone.intersects(square(3000, 0, 49))
    assert zone.intersects(square(3000, 60, 1))


def test_a_hazard_is_tied_with_true_distances(city: Engine) -> None:
    hazard = log(city, 120, 0)  # 70 m east of A's wall, 130 m west of B's
    tied = ties(city, hazard)
    assert set(tied) == {"A", "B"}
    place, wall = square(120, 0, 0).bounds, square(0, 0).bounds
    assert tied["A"][0] == pytest.approx(GEOD.inv(place[0], place[1], wall[2], place[1])[2], abs=1e-3)
    gate = square(0, -50, 0).bounds
    assert tied["A"][1] == pytest.approx(GEOD.inv(*place[:2], *gate[:2])[2], abs=1e-6)
    assert tied["B"][1] is None
    with reading(city) as session:
        code = session.scalars(sa.select(Cell.code).join(Hazard, Hazard.cell_id == Cell.id)).one()
        outline = to_shape(session.scalars(sa.select(Cell.outline).where(Cell.code == code)).one())
    assert outline.covers(shapely.Point(place[:2]))


def test_inside_the_campus_the_distance_is_zero_and_far_away_there_is_no_tie(city: Engine) -> None:
    assert ties(city, log(city, 0, 10))["A"][0] == 0
    far = log(city, 1500, 0)
    assert ties(city, far) == {}
    with reading(city) as session:
        assert session.scalars(sa.select(Hazard.cell_id).where(Hazard.uuid == far)).one() is None


def test_moving_a_hazard_keeps_its_ties_true(city: Engine) -> None:
    hazard = log(city, 120, 0)
    place = square(3120, 0, 0).bounds
    with writing(city) as session:
        version = session.scalars(sa.select(Hazard.version).where(Hazard.uuid == hazard)).one()
        inspections.change_hazard(session, ACTOR, hazard, HazardPatch(lon=place[0], lat=place[1]), version)
    assert set(ties(city, hazard)) == {"C"}


def test_moving_a_boundary_keeps_hazards_and_perimeter_true(city: Engine, settings: Settings, tmp_path: Path) -> None:
    hazard, left_behind = log(city, 120, 0), log(city, -240, 0)
    assert set(ties(city, left_behind)) == {"A"}
    before = pieces(city)
    report = bring(
        city, settings, "schools", write_schools(tmp_path / "t.geojson", {"A": (20, 0), "B": (300, 0), "C": (3000, 0)})
    )
    assert (report.updated, report.unchanged) == (1, 2)
    place, wall = square(120, 0, 0).bounds, square(20, 0).bounds
    assert ties(city, hazard)["A"][0] == pytest.approx(GEOD.inv(place[0], place[1], wall[2], place[1])[2], abs=1e-3)
    assert ties(city, left_behind) == {}  # it lay in the old zone, and not in the new one
    after = pieces(city)
    assert after["A"] != before["A"]
    assert after["B"] == before["B"]


def test_a_gate_that_comes_later_is_measured(city: Engine, settings: Settings, tmp_path: Path) -> None:
    hazard = log(city, 120, 0)
    gate = square(250, 0, 0).bounds
    path = tmp_path / "g2.csv"
    path.write_text(f"id,school,name,lon,lat\nH,B,west,{gate[0]},{gate[1]}\n")
    bring(city, settings, "gates", path, crs="wgs84")
    place = square(120, 0, 0).bounds
    assert ties(city, hazard)["B"][1] == pytest.approx(GEOD.inv(*place[:2], *gate[:2])[2], abs=1e-6)
    with reading(city) as session:
        assert session.scalars(sa.select(sa.func.count(Gate.id))).one() == 2


def test_official_unit_grids_take_the_place_of_the_lattice(city: Engine, settings: Settings, tmp_path: Path) -> None:
    hazard = log(city, 120, 0)
    halves = [square(-500, 0, 500), square(500, 0, 500)]
    frame = geopandas.GeoDataFrame({"code": ["330681001001001", "330681001001002"]}, geometry=halves, crs="EPSG:4326")
    frame.to_file(tmp_path / "u.geojson", driver="GeoJSON")
    bring(city, settings, "cells", tmp_path / "u.geojson")
    made = pieces(city)
    assert set(made["A"]) == {"330681001001001", "330681001001002"}
    assert set(made["B"]) == {"330681001001002"}
    assert "C" not in made  # no unit lies there
    with reading(city) as session:
        code = session.scalars(
            sa.select(Cell.code).join(Hazard, Hazard.cell_id == Cell.id).where(Hazard.uuid == hazard)
        ).one()
        assert code == "330681001001002"
        assert session.scalars(sa.select(sa.func.count(Cell.id)).where(Cell.kind == "lattice")).one() == 0


def write_districts(path: Path, areas: dict[str, shapely.Polygon]) -> Path:
    frame = geopandas.GeoDataFrame(
        {"code": list(areas), "name": [f"invented {code}" for code in areas]}, geometry=list(areas.values()), crs=4326
    )
    frame.to_file(path, driver="GeoJSON")
    return path


def townships(engine: Engine) -> dict[str, str | None]:
    """Return the township of each cell and each school, by their codes and keys."""
    with reading(engine) as session:
        return {
            str(name): code
            for model, key in ((Cell, Cell.code), (School, School.source_key))
            for name, code in session.execute(
                sa.select(key, District.code).outerjoin(District, District.id == model.district_id)
            )
        }


def test_cells_lie_in_the_township_that_holds_their_middle(city: Engine, settings: Settings, tmp_path: Path) -> None:
    assert set(townships(city).values()) == {None}
    west, east = square(-1000, 0, 1100), square(1200, 0, 1100)  # they meet 100 m east of school A
    bring(city, settings, "districts", write_districts(tmp_path / "d.geojson", {"330681001": west, "330681002": east}))
    found = townships(city)
    assert (found["A"], found["B"], found["C"]) == ("330681001", "330681002", None)
    with reading(city) as session:
        for code, outline in session.execute(sa.select(Cell.code, Cell.outline)):
            middle = to_shape(outline).centroid
            expected = [name for name, area in (("330681001", west), ("330681002", east)) if area.contains(middle)]
            assert found[code] == (expected[0] if expected else None)
    assert len(set(found.values())) == 3
    # a border that moves moves the cells; what is built afterwards lies where it is drawn then
    bring(city, settings, "districts", write_districts(tmp_path / "d.geojson", {"330681001": square(0, 0, 5000)}))
    moved = townships(city)
    assert {code for name, code in moved.items() if name not in {"B"}} == {"330681001"}
    assert moved["B"] == "330681002", "a school stays in its township until its boundary is given again"
    build(city, cell_m=200)
    assert {code for name, code in townships(city).items() if name not in "ABC"} == {"330681001"}


def test_official_units_lie_in_the_township_of_their_code(city: Engine, settings: Settings, tmp_path: Path) -> None:
    areas = {"330681001": square(-500, 0, 500), "330681002": square(500, 0, 500)}
    bring(city, settings, "districts", write_districts(tmp_path / "d.geojson", areas))
    frame = geopandas.GeoDataFrame(
        {"code": ["330681002001001", "330681003001001"]}, geometry=list(areas.values()), crs="EPSG:4326"
    )
    frame.to_file(tmp_path / "u.geojson", driver="GeoJSON")
    bring(city, settings, "cells", tmp_path / "u.geojson")
    found = townships(city)
    assert found["330681002001001"] == "330681002", "the code says it, wherever the unit is drawn"
    assert found["330681003001001"] == "330681002", "there is no township of this code: the place decides"


def test_a_school_of_two_campuses_has_one_perimeter(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    with writing(engine) as session:
        add_city(session, code="X1", name="invented", settings=settings)
    frame = geopandas.GeoDataFrame(
        {"id": ["A", "A"], "name": ["invented", "invented"], "校区": ["东", "西"]},
        geometry=[square(0, 0), square(1000, 0)],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "s.geojson", driver="GeoJSON")
    bring(engine, settings, "schools", tmp_path / "s.geojson")
    assert build(engine).perimeters == 1
    with reading(engine) as session:
        zone = to_shape(session.scalars(sa.select(Perimeter.zone)).one())
        assert len(shapely.get_parts(zone)) == 2
        assert session.scalars(sa.select(sa.func.count(School.id))).one() == 1
    one, other = log(engine, 120, 0), log(engine, 880, 0)
    assert np.allclose([ties(engine, one)["A"][0], ties(engine, other)["A"][0]], 70, atol=0.5)
