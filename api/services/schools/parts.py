"""The parts of a school that the office sets: its perimeter, its gates, its timetable."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem
from api.schemas.schools import GateIn, GatePatch, PerimeterIn, TimetableIn
from api.security.people import Actor
from api.services import atlas, grids, hazards, school_times
from api.services.schools.records import held, width_of
from api.settings import Settings
from api.store import inspections, schools
from api.store.audit import note
from api.store.models import City, Gate, School, Timetable
from api.store.records import claim
from api.store.spatial import to_element, to_shape
from gis.geodesic import pairs_within

GATE_REACH_M = 500.0
"""A gate lies no further than this from the grounds of its school; beyond it the place or the school is wrong."""


def set_perimeter(
    session: Session, identity: uuid.UUID, given: PerimeterIn, version: int | None
) -> tuple[dict[str, Any], bool]:
    """Draw the perimeter of a school, anew where there is one; only this school's cells and ties are touched.

    Returns
    -------
    feature, created
        The perimeter, and whether there was none before.
    """
    school = held(session, identity, version)
    city = session.get_one(City, school.city_id)
    before = width_of(session, school)
    distance_m = given.distance_m or (before.distance_m if before else city.perimeter_distance_m)
    cut_out = given.cut_out_campus
    if cut_out is None:
        cut_out = before.campus_cut_out if before else False
    if before is not None and version is None:  # POST: the same again is no change, another one is
        if (before.distance_m, before.campus_cut_out) != (distance_m, cut_out):
            raise ConflictError("the school has a perimeter already; change it with PATCH")
        return atlas.perimeter_of(session, identity), False
    grids.build_grid(session, city, distance_m=distance_m, school_ids=[school.id], cut_out_campus=cut_out)
    said = {"distance_m": distance_m, "campus_cut_out": cut_out}
    note(session, "update" if before else "create", "perimeters", identity=school.uuid,
         before=before._asdict() if before else None, after=said)  # fmt: skip
    _changed(session, school)
    return atlas.perimeter_of(session, identity), before is None


def remove_perimeter(session: Session, identity: uuid.UUID, version: int) -> None:
    """Take the perimeter of a school away, with the ties of hazards to it."""
    school = held(session, identity, version)
    before = width_of(session, school)
    if before is None:
        raise NotFoundError("the school has no perimeter")
    grids.remove_perimeter(session, session.get_one(City, school.city_id), school.id)
    note(session, "delete", "perimeters", identity=school.uuid, before=before._asdict())
    _changed(session, school)


def add_gate(session: Session, actor: Actor, identity: uuid.UUID, given: GateIn) -> tuple[dict[str, Any], bool]:
    """Add a gate to a school; the same UUID again answers the stored one and creates nothing."""
    claim(session, given.id)
    known = schools.get_gate(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint() or session.get_one(School, known.school_id).uuid != identity:
            raise ConflictError("a gate with this id is there already, and says something else")
        return _shown(session, known), False
    school = held(session, identity, None)
    gate = Gate(
        uuid=given.id,
        school_id=school.id,
        name=given.name,
        kind=given.kind,
        location=to_element(_place(session, school, given.lon, given.lat)),
        content_hash=given.fingerprint(),
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(gate)
    _gates_changed(session, school)
    return _shown(session, gate), True


def change_gate(
    session: Session, identity: uuid.UUID, gate_id: uuid.UUID, change: GatePatch, version: int
) -> dict[str, Any]:
    """Change a gate of a school that is still at ``version``; the gate distances of hazards follow."""
    school, gate = _gate(session, identity, gate_id, version)
    if change.lon is not None and change.lat is not None:
        gate.location = to_element(_place(session, school, change.lon, change.lat))
    if change.name is not None:
        gate.name = change.name
    if change.kind is not None:
        gate.kind = change.kind
    gate.version += 1
    _gates_changed(session, school)
    return _shown(session, gate)


def remove_gate(session: Session, identity: uuid.UUID, gate_id: uuid.UUID, version: int) -> None:
    """Take a gate away; the gate distances of hazards follow."""
    school, gate = _gate(session, identity, gate_id, version)
    session.delete(gate)
    _gates_changed(session, school)


def set_timetable(
    session: Session, actor: Actor, settings: Settings, identity: uuid.UUID, given: TimetableIn, version: int | None
) -> tuple[list[dict[str, Any]], int, bool]:
    """Replace all dismissals of a school; the minutes after dismissal of its incidents follow.

    Returns
    -------
    rows, version, created
        The timetable, the version of the school, and whether there was none before.

    Raises
    ------
    ConflictError
        Where ``version`` is None (a first timetable) and there is another one.
    """
    school = held(session, identity, version)
    there = schools.timetable_rows(session, school.id)
    wanted = [(row.weekday, row.grades, row.dismissal) for row in given.dismissals]
    same = [(row.weekday, row.grades, row.dismissal) for row in there] == wanted
    if version is None and there and not same:
        raise ConflictError("the school has a timetable already; change it with PATCH")
    if not same:
        for row in there:
            session.delete(row)
        session.flush()
        source = inspections.person_source(session, actor.name)
        for weekday, grades, dismissal in wanted:
            session.add(
                Timetable(school_id=school.id, weekday=weekday, grades=grades, dismissal=dismissal, source_id=source.id)
            )
        _changed(session, school)
        school_times.set_anew(session, session.get_one(City, school.city_id), settings, school_ids=[school.id])
    return atlas.timetable_of(session, school.id), school.version, not there


def remove_timetable(session: Session, actor: Actor, settings: Settings, identity: uuid.UUID, version: int) -> None:
    """Take all dismissals of a school away: the assumed one of the settings counts again."""
    set_timetable(session, actor, settings, identity, TimetableIn(dismissals=[]), version)


def _gate(session: Session, identity: uuid.UUID, gate_id: uuid.UUID, version: int) -> tuple[School, Gate]:
    school = held(session, identity, version)
    gate = schools.get_gate(session, gate_id)
    if gate is None or gate.school_id != school.id:
        raise NotFoundError("the school has no such gate")
    return school, gate


def _place(session: Session, school: School, lon: float, lat: float) -> shapely.Point:
    grounds = np.array([to_shape(campus.boundary) for campus in schools.campuses_of(session, school.id)], dtype=object)
    place = shapely.Point(lon, lat)
    if not len(pairs_within(np.array([place], dtype=object), grounds, GATE_REACH_M).distance_m):
        what = f"the gate lies more than {GATE_REACH_M:g} m from the grounds of the school"
        raise BadInputError(what, problems=[Problem("body.lon, body.lat", what)])
    return place


def _gates_changed(session: Session, school: School) -> None:
    _changed(session, school)
    hazards.link_around(session, session.get_one(City, school.city_id), [school.id])


def _changed(session: Session, school: School) -> None:
    school.version += 1
    session.flush()


def _shown(session: Session, gate: Gate) -> dict[str, Any]:
    session.refresh(gate)
    school = session.get_one(School, gate.school_id)
    place = to_shape(gate.location)
    return atlas.gate_view(gate, place) | {"school": str(school.uuid), "version": school.version}
