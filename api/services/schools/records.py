"""Schools and their campuses: added, changed, closed, taken away; the perimeter and the ties of hazards follow."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.schools import CampusIn, SchoolIn, SchoolPatch
from api.security.people import Actor
from api.services import atlas, grids, school_times
from api.services.cities import settle_lattice, today
from api.services.imports.rows import SEPARATOR, natural_key
from api.services.screening import city_at
from api.settings import Settings
from api.store import cities, inspections, schools
from api.store import grids as stored_grids
from api.store.models import Campus, City, School
from api.store.records import claim
from api.store.spatial import as_multipolygon, to_element, to_shape
from api.vocabulary import fold
from gis.perimeters import campus_disc
from gis.readers.polygons import mend_polygon

LARGEST_EXTENT_DEG = 0.05
"""Of latitude, about 5.5 km: grounds drawn wider than that were drawn with the map zoomed out."""
_PLAIN = ("name_en", "stages", "address", "opened_on", "closed_on", "intervals_days")


def add_school(session: Session, actor: Actor, settings: Settings, given: SchoolIn) -> tuple[dict[str, Any], bool]:
    """Add a school with its perimeter; the same UUID again answers the stored record and creates nothing.

    It is known by its name, as one of a file without identifiers would be: a file that names it later updates it.

    Returns
    -------
    feature, created
        The school as a feature, and whether it is new.

    Raises
    ------
    ConflictError
        Where the UUID belongs to a school that says something else.
    BadInputError, gis.errors.BadGeometryError
        Where a campus lies outside the city, or cannot be used.
    """
    claim(session, given.id)
    known = schools.find_school(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint():
            raise ConflictError("a school with this id is there already, and says something else")
        return atlas.school_detail(session, given.id), False
    shapes = [_shape(campus, settings) for campus in given.campuses]
    middle = shapely.point_on_surface(shapely.union_all(shapes))
    city = city_at(session, middle.x, middle.y, given.city)
    _check_inside(city, shapes)
    settle_lattice(city, shapely.get_coordinates(shapes))
    key = natural_key([fold(given.name)])
    source = inspections.person_source(session, actor.name)
    school = School(
        uuid=given.id,
        city_id=city.id,
        district_id=_district_at(session, city, middle),
        name=given.name,
        name_en=given.name_en,
        stages=given.stages,
        address=given.address,
        opened_on=given.opened_on,
        source_id=source.id,
        source_key=key if schools.key_is_free(session, city, key) else None,
        content_hash=given.fingerprint(),
    )
    session.add(school)
    session.flush()
    for campus, shape in zip(given.campuses, shapes, strict=True):
        session.add(_campus(school, campus, shape, settings, source.id))
    session.flush()
    grids.build_grid(session, city, school_ids=[school.id])
    school_times.set_anew(session, city, settings, school_ids=[], campuses=shapes)
    session.expire_all()
    return atlas.school_detail(session, given.id), True


def change_school(
    session: Session, actor: Actor, settings: Settings, identity: uuid.UUID, change: SchoolPatch, version: int
) -> dict[str, Any]:
    """Change a school that is still at ``version``; other grounds, or closing it, take its perimeter along.

    Raises
    ------
    NotFoundError, StaleError
        Where there is none, or where somebody else changed it meanwhile.
    """
    school = held(session, identity, version)
    city = session.get_one(City, school.city_id)
    said = change.model_dump(exclude_unset=True)
    was_open = _is_open(school, city)
    if said.get("name"):
        school.name = said["name"]
    for name in _PLAIN:
        if name in said and (said[name] is not None or name.endswith("_on")):
            setattr(school, name, said[name])
    if school.opened_on and school.closed_on and school.closed_on < school.opened_on:
        what = "the school closes before it opens"
        raise BadInputError(what, problems=[Problem("body.closed_on", what)])
    if change.campuses is not None:
        _replace_campuses(session, actor, settings, city, school, change.campuses)
    school.version += 1
    session.flush()
    is_open = _is_open(school, city)
    if was_open and not is_open:
        grids.remove_perimeter(session, city, school.id)
    elif is_open and not was_open:
        grids.build_grid(session, city, school_ids=[school.id])
    elif change.campuses is not None:
        grids.rebuild_for(session, city, [school.id])
    session.expire_all()
    return atlas.school_detail(session, identity)


def remove_school(session: Session, identity: uuid.UUID, version: int) -> None:
    """Take away a school that was added by mistake, with all that is its own.

    Raises
    ------
    ConflictError
        Where inspections, cases or incidents tell of it: such a school is closed instead.
    NotFoundError, StaleError
        As for a change.
    """
    school = held(session, identity, version)
    if schools.is_told_of(session, school.id):
        raise ConflictError("inspections, cases or incidents tell of this school; close it instead (closed_on)")
    city = session.get_one(City, school.city_id)
    grids.remove_perimeter(session, city, school.id)
    for parts in (schools.gates_of, schools.timetable_rows, schools.campuses_of):
        for part in parts(session, school.id):
            session.delete(part)
    session.flush()
    session.delete(school)
    session.flush()


def held(session: Session, identity: uuid.UUID, version: int | None) -> School:
    """Return a school for a change: it stays as it is until the transaction ends.

    Raises
    ------
    NotFoundError, StaleError
        Where there is none, or where it is not at ``version`` any more (None: whatever it is at).
    """
    school = schools.school_for_change(session, identity)
    if school is None:
        raise NotFoundError("there is no such school")
    if version is not None and school.version != version:
        raise StaleError("somebody else changed the school meanwhile; read it again")
    return school


def _is_open(school: School, city: City) -> bool:
    return school.closed_on is None or school.closed_on > today(city)


def _replace_campuses(
    session: Session, actor: Actor, settings: Settings, city: City, school: School, given: Sequence[CampusIn]
) -> None:
    shapes = [_shape(campus, settings) for campus in given]
    _check_inside(city, shapes)
    there = {campus.uuid: campus for campus in schools.campuses_of(session, school.id)}
    if {campus.id for campus in given if campus.id is not None} - set(there):
        what = "a campus with this id is not one of the school's; leave the id of a new one out"
        raise BadInputError(what, problems=[Problem("body.campuses", what)])
    source = inspections.person_source(session, actor.name)
    kept = set()
    for campus, shape in zip(given, shapes, strict=True):
        record = None if campus.id is None else there[campus.id]
        if record is None:
            session.add(_campus(school, campus, shape, settings, source.id))
            continue
        kept.add(record.uuid)
        record.name = campus.name
        # what was answered is rounded to a centimetre: sent back as it was, it is no change
        if not shapely.equals_exact(to_shape(record.boundary), shape, tolerance=1.5e-7):
            record.boundary = to_element(shape)
            record.known_as, record.radius_m = _known_as(campus, settings)
            record.raw_geometry, record.source_id = None, source.id
            record.version += 1
    for identity, record in there.items():
        if identity not in kept:
            session.delete(record)
    session.flush()
    middle = shapely.point_on_surface(shapely.union_all(shapes))
    school.district_id = _district_at(session, city, middle)
    school_times.set_anew(session, city, settings, school_ids=[school.id], campuses=shapes)


def _district_at(session: Session, city: City, place: shapely.Point) -> int | None:
    return cities.districts_at(cities.districts_of(session, city), [place])[0]


def _campus(school: School, given: CampusIn, shape: shapely.Geometry, settings: Settings, source_id: int) -> Campus:
    known_as, radius_m = _known_as(given, settings)
    key = school.source_key
    if key is not None and given.name:
        key = f"{key}{SEPARATOR}{fold(given.name)}"
    return Campus(
        school_id=school.id,
        name=given.name,
        known_as=known_as,
        radius_m=radius_m,
        boundary=to_element(shape),
        source_id=source_id,
        source_key=key,
    )


def _known_as(given: CampusIn, settings: Settings) -> tuple[str, float | None]:
    if given.boundary is not None:
        return "polygon", None
    return "point", given.radius_m or settings.point_radius_m


def _shape(given: CampusIn, settings: Settings) -> Any:
    """Return the grounds as a valid multipolygon; a point becomes a disc."""
    if given.boundary is None:
        assert given.lon is not None and given.lat is not None  # noqa: S101, PT018 - the schema has seen to it
        return as_multipolygon(campus_disc(given.lon, given.lat, given.radius_m or settings.point_radius_m))
    shape = shapely.force_2d(shapely.geometry.shape(given.boundary.model_dump()))
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 < south <= north < 90):
        raise _bad("the outline is not on Earth: give longitude before latitude, in degrees")
    mended, _ = mend_polygon(shape)
    if max((east - west) * np.cos(np.radians(south)), north - south) > LARGEST_EXTENT_DEG:
        raise _bad("the outline is larger than a campus can be")
    return as_multipolygon(mended)


def _check_inside(city: City, shapes: Sequence[shapely.Geometry]) -> None:
    if city.area is not None and not np.all(shapely.intersects(to_shape(city.area), np.array(shapes, dtype=object))):
        raise _bad("a campus lies outside the city's area; is longitude given before latitude?")


def _bad(what: str) -> BadInputError:
    return BadInputError(what, problems=[Problem("body.campuses", what)])


def width_of(session: Session, school: School) -> stored_grids.Width | None:
    """Return how the perimeter of a school is drawn; None where it has none."""
    return stored_grids.perimeter_widths(session, [school.id]).get(school.id)
