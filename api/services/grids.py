"""Perimeters around schools, and the cells they are cut into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services import hazards, releases
from api.services.cities import today
from api.store import cities, grids, schools
from api.store.bulk import insert_rows
from api.store.models import City, Perimeter, School
from api.store.records import reserve_ids, update_records
from api.store.spatial import Bounds, as_multipolygons
from gis.lattice import Lattice, cell_codes, cell_polygons, cut_cells, cut_unit_grids
from gis.perimeters import control_zones

_DISTRICT_DIGITS = 9  # of the code of an official unit: 6 of the county, 3 of the township


@dataclass(frozen=True)
class GridReport:
    """What a build made: perimeters, cells they touch, pieces, and hazards tied anew."""

    perimeters: int
    cells: int
    pieces: int
    hazards: int


def build_grid(
    session: Session,
    city: City,
    *,
    distance_m: float | None = None,
    cell_m: float | None = None,
    school_ids: Sequence[int] | None = None,
    cut_out_campus: bool = False,
) -> GridReport:
    """Build the perimeters of all schools, or of some, and cut them into the city's cells.

    The official unit grids of the city are used where they were imported, the city's own lattice elsewhere. Only the
    perimeters of the schools named are touched; codes of cells depend on the lattice alone and stay.

    Parameters
    ----------
    session
        A writing session.
    city
        The city; its distance and cell size become the ones given.
    distance_m
        Width of the control zone, metres; None: the city's.
    cell_m
        Side of a lattice cell, metres; None: the city's. Another size re-builds every perimeter.
    school_ids
        The schools to build; None: all.
    cut_out_campus
        Leave the campus itself out of the zone.
    """
    resized = cell_m is not None and cell_m != city.cell_m
    if resized:
        assert cell_m is not None  # noqa: S101
        city.cell_m = cell_m
        session.flush()
        releases.place_anew(session, city)
    if distance_m is not None and school_ids is None:
        city.perimeter_distance_m = distance_m
    width_m = distance_m if distance_m is not None else city.perimeter_distance_m
    wanted = None if resized else school_ids
    campuses = schools.campuses_frame(session, city, school_ids=wanted, open_on=today(city))
    if campuses.empty:
        raise NotFoundError("there is no school to build a perimeter for; import some: campus import schools FILE")
    lattice = cities.lattice_of(city)
    assert lattice is not None  # noqa: S101 - a city with a campus has a lattice
    session.flush()

    boundaries = _by_school(campuses)
    school = boundaries.index.to_numpy(dtype=np.int64)
    shapes = boundaries.to_numpy(dtype=object)
    zones = control_zones(shapes, width_m)
    touched = None if wanted is None else _boxes(session, city, school.tolist(), zones)
    grids.remove_perimeters(session, school.tolist())
    perimeter_ids = reserve_ids(session, Perimeter.__table__, len(school))  # type: ignore[arg-type]
    pieces = _cut(session, city, lattice, zones, shapes if cut_out_campus else None)
    areas = np.bincount(pieces["zone"], weights=pieces["area_m2"], minlength=len(school))
    insert_rows(
        session,
        Perimeter.__table__,  # type: ignore[arg-type]
        {
            "id": perimeter_ids,
            "school_id": school,
            "distance_m": [width_m] * len(school),
            "campus_cut_out": [cut_out_campus] * len(school),
            "area_m2": areas,
            "zone": as_multipolygons(shapely.difference(zones, shapes) if cut_out_campus else zones),
        },
    )
    grids.add_pieces(
        session,
        perimeter_ids=perimeter_ids[pieces["zone"]],
        cell_ids_of_pieces=pieces["cell_id"],
        areas_m2=pieces["area_m2"],
        pieces=pieces["geometry"],
    )
    grids.remove_unused_lattice_cells(session, city)
    tied = hazards.link_hazards(session, city, bounds=touched)
    return GridReport(len(school), len(np.unique(pieces["cell_id"])), len(pieces["zone"]), tied)


def _boxes(session: Session, city: City, school_ids: Sequence[int], zones: np.ndarray) -> list[Bounds]:
    """Return the boxes of the old and the new zones of schools: the hazards in them are to be tied anew."""
    old = grids.perimeters_frame(session, city, school_ids=school_ids)["zone"].to_numpy(dtype=object)
    return [tuple(box) for box in shapely.bounds(np.concatenate([old, zones])).tolist()]


def _by_school(campuses: pd.DataFrame) -> pd.Series:
    """Return one shape for each school: the union of its campuses."""
    grouped = campuses.groupby("school_id", sort=True)["boundary"]
    return grouped.agg(lambda shapes: shapes.iloc[0] if len(shapes) == 1 else shapely.union_all(shapes.to_numpy()))


def _cut(
    session: Session, city: City, lattice: Lattice, zones: np.ndarray, holes: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Cut zones into unit grids where the city has them, else into lattice cells; add cells that are new."""
    units = grids.unit_cells(session, city)
    if not units.empty:
        cut = cut_unit_grids(zones, units["outline"].to_numpy(dtype=object), holes=holes)
        return {
            "zone": cut.zone_index,
            "cell_id": units["id"].to_numpy(dtype=np.int64)[cut.unit_index],
            "area_m2": cut.area_m2,
            "geometry": cut.geometry,
        }
    made = cut_cells(zones, lattice, holes=holes)
    places, inverse = np.unique(np.column_stack([made.column, made.row]), axis=0, return_inverse=True)
    column, row = places[:, 0], places[:, 1]
    codes = [str(code) for code in cell_codes(city.code, column, row, lattice)]
    outlines = cell_polygons(column, row, lattice)
    ids = grids.add_lattice_cells(
        session,
        city,
        codes=codes,
        columns=column,
        rows=row,
        outlines=outlines,
        districts=districts_of_cells(cities.districts_of(session, city), codes, outlines),
    )
    identity = np.array([ids[code] for code in codes], dtype=np.int64)
    return {
        "zone": made.zone_index,
        "cell_id": identity[inverse.ravel()],
        "area_m2": made.area_m2,
        "geometry": made.geometry,
    }


def districts_of_cells(known: pd.DataFrame, codes: Sequence[str], outlines: NDArray[np.object_]) -> list[int | None]:
    """Return the township of each cell, of those known: that of an official unit's code, else that of its middle."""
    by_code = {str(code)[:_DISTRICT_DIGITS]: int(one) for one, code in zip(known["id"], known["code"], strict=True)}
    held = cities.districts_at(known, shapely.point_on_surface(outlines))
    return [
        by_code.get(code[:_DISTRICT_DIGITS], there) if code.isdigit() else there
        for code, there in zip(codes, held, strict=True)
    ]


def place_in_districts(session: Session, city: City) -> None:
    """Give all cells the townships that are drawn now, and schools that have none the one in which they lie."""
    known, cells = cities.districts_of(session, city), grids.cells_in_districts(session, city)
    at = districts_of_cells(known, cells["code"].tolist(), cells["outline"].to_numpy(dtype=object))
    rows = zip(cells["id"], cells["district_id"], at, strict=True)
    grids.put_into_districts(session, {int(one): new for one, old, new in rows if old != new})
    campuses = schools.campuses_frame(session, city, school_ids=schools.without_district(session, city))
    if campuses.empty:
        return
    boundaries = _by_school(campuses)
    at = cities.districts_at(known, shapely.point_on_surface(boundaries.to_numpy(dtype=object)))
    found = [{"id": int(one), "district_id": there} for one, there in zip(boundaries.index, at, strict=True)]
    update_records(session, School.__table__, [row for row in found if row["district_id"] is not None])  # type: ignore[arg-type]


def rebuild_for(session: Session, city: City, school_ids: Sequence[int]) -> GridReport | None:
    """Build anew the perimeters that these schools have already, as they are; None where none of them has one."""
    built = grids.perimeter_widths(session, school_ids)
    report = None
    for width in sorted(set(built.values())):
        same = [school for school in school_ids if built.get(school) == width]
        report = build_grid(
            session, city, distance_m=width.distance_m, cut_out_campus=width.campus_cut_out, school_ids=same
        )
    return report


def remove_perimeter(session: Session, city: City, school_id: int) -> None:
    """Take the perimeter of a school away, with the cells and the ties of hazards that nothing else holds."""
    zone = grids.perimeters_frame(session, city, school_ids=[school_id])["zone"].to_numpy(dtype=object)
    if not len(zone):
        return
    grids.remove_perimeters(session, [school_id])
    grids.remove_unused_lattice_cells(session, city)
    hazards.link_hazards(session, city, bounds=[tuple(box) for box in shapely.bounds(zone).tolist()])
