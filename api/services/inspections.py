"""What inspectors log: hazards and inspections."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.geojson import features
from api.schemas.records import HazardIn, HazardPatch, InspectionIn
from api.security.people import Actor
from api.security.scope import OVERSEERS, may_see_hazard, require_change
from api.services.cases.filing import propose_case
from api.services.checklists import check_answers
from api.services.field.tracks import TRACK, forget_old_tracks, shown_answers
from api.services.hazards import cells_at, link_hazards
from api.services.identities import identity_warnings
from api.services.screening import city_at, city_of_report, require_near
from api.settings import Settings
from api.store import field, hazards, inspections, schools
from api.store.models import City, Hazard, Inspection
from api.store.models.base import now
from api.store.records import claim
from api.store.spatial import Bounds, to_element, to_shapes
from api.vocabulary import vocabulary
from gis.geodesic import distance_m


def log_hazard(session: Session, actor: Actor, hazard: HazardIn) -> tuple[dict[str, Any], bool]:
    """Log a hazard; the same UUID again answers the stored record and creates nothing.

    Returns
    -------
    feature, created
        The hazard as a feature, and whether it is new.

    Raises
    ------
    ConflictError
        Where the UUID belongs to a hazard that says something else.
    BadInputError
        For a subtype of another category, the position 0, 0, or one far outside the city.
    """
    claim(session, hazard.id)
    known = hazards.get_hazard(session, hazard.id)
    if known is not None:
        if known.reporter_id != actor.id or known.content_hash != hazard.fingerprint():
            raise ConflictError("a hazard with this id is there already, and says something else")
        return hazard_detail(session, hazard.id), False
    _check_subtype(hazard.category, hazard.subtype)
    city = city_of_report(session, hazard.lon, hazard.lat)
    record = Hazard(
        uuid=hazard.id,
        city_id=city.id,
        category=hazard.category,
        subtype=hazard.subtype,
        severity=hazard.severity,
        name=hazard.name,
        note=hazard.note,
        address=hazard.address,
        observed_at=hazard.observed_at or now(),
        position_error_m=hazard.position_error_m,
        reporter_id=actor.id,
        content_hash=hazard.fingerprint(),
        location=to_element(shapely.Point(hazard.lon, hazard.lat)),
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(record)
    session.flush()
    link_hazards(session, city, ids=[record.id])
    session.expire_all()
    propose_case(session, actor, record)
    session.expire_all()
    return hazard_detail(session, hazard.id), True


def change_hazard(
    session: Session, actor: Actor, identity: uuid.UUID, change: HazardPatch, version: int
) -> dict[str, Any]:
    """Change a hazard that is still at ``version``; a new position ties it anew.

    Raises
    ------
    NotFoundError, ForbiddenError, StaleError
        Where there is none, where it is not theirs, or where somebody else changed it meanwhile.
    """
    record = hazards.get_hazard(session, identity)
    if record is None:
        raise NotFoundError("there is no such hazard")
    require_change(session, actor, record)
    if record.version != version:
        raise StaleError("somebody else changed the hazard meanwhile; read it again")
    said = change.model_dump(exclude_unset=True)
    moved = {"lon", "lat"} & said.keys()
    if moved and (len(moved) == 1 or None in (said["lon"], said["lat"])):
        raise BadInputError("a position needs both lon and lat", problems=[Problem("lon, lat", "one is missing")])
    if moved:
        require_near(session, session.get_one(City, record.city_id), said["lon"], said["lat"])
    category = said.get("category") or record.category
    _check_subtype(category, said.get("subtype", record.subtype if category == record.category else "") or "")
    if category != record.category and said.get("subtype") is None:
        said["subtype"] = ""  # a subtype of the category it no longer has
    for name in ("category", "subtype", "severity", "status", "name", "note"):
        if said.get(name) is not None:
            setattr(record, name, said[name])
    if moved:
        record.location = to_element(shapely.Point(said["lon"], said["lat"]))
    record.version += 1
    session.flush()
    if moved:
        link_hazards(session, session.get_one(City, record.city_id), ids=[record.id])
    session.expire_all()
    return hazard_detail(session, identity)


def _check_subtype(category: str, subtype: str) -> None:
    known = vocabulary().hazard_categories[category].subtypes
    if subtype and subtype not in known:
        what = f"not a subtype of {category}; use one of {', '.join(known)}"
        raise BadInputError(f"subtype {subtype!r}: {what}", problems=[Problem("body.subtype", what)])


def hazard_properties(hazard: Hazard, cell_code: str | None, source: str | None) -> dict[str, Any]:
    """Return what is said of a hazard beside its place."""
    return {
        "name": hazard.name,
        "category": hazard.category,
        "subtype": hazard.subtype,
        "severity": hazard.severity,
        "status": hazard.status,
        "note": hazard.note,
        "address": hazard.address,
        "observed_at": hazard.observed_at.isoformat(),
        "received_at": hazard.received_at.isoformat(),
        "position_error_m": hazard.position_error_m,
        "cell_code": cell_code,
        "invented": hazard.invented,
        "source": source,
        "version": hazard.version,
    }


def hazard_detail(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return one hazard with the schools in whose perimeter it lies."""
    found = hazards.hazard_row(session, identity)
    if found is None:
        raise NotFoundError("there is no such hazard")
    hazard, code, source = found
    properties = hazard_properties(hazard, code, source)
    properties |= seen_again(session, [hazard])[hazard.id]
    properties["schools"] = [
        {
            "uuid": str(row.uuid),
            "name": row.name,
            "boundary_distance_m": round(row.boundary_distance_m, 3),
            "gate_distance_m": None if row.gate_distance_m is None else round(row.gate_distance_m, 3),
            "gate_name": row.gate_name,
        }
        for row in hazards.schools_of_hazard(session, hazard.id)
    ]
    document = features([hazard.uuid], to_shapes([hazard.location]), [properties])
    warnings = identity_warnings({name: properties[name] for name in ("name", "note", "address")})
    return dict(document["features"][0]) | ({"warnings": warnings} if warnings else {})


def hazard_shown(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> dict[str, Any]:
    """Return one hazard, if this person may see it.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they may see.
    """
    record = hazards.get_hazard(session, identity)
    if record is None or not may_see_hazard(session, actor, record, settings):
        raise NotFoundError("there is no such hazard, or none that you may see")
    return hazard_detail(session, identity)


def hazards_in(
    session: Session,
    *,
    bounds: Bounds | None,
    school: uuid.UUID | None,
    categories: Sequence[str],
    statuses: Sequence[str],
    of_inspector: int | None = None,
    after: int,
    limit: int,
) -> tuple[dict[str, Any], int | None]:
    """Return hazards in a box, or in the perimeter of a school with their distances; and the next page's cursor."""
    rows = hazards.hazards_page(
        session,
        bounds=bounds,
        school=school,
        categories=categories,
        statuses=statuses,
        of_inspector=of_inspector,
        after=after,
        limit=limit + 1,
    )
    following = rows[limit - 1][0].id if len(rows) > limit else None
    rows = rows[:limit]
    properties = [hazard_properties(hazard, code, source) for hazard, code, source in rows]
    if school is not None:
        away = hazards.distances_to_school(session, school, [hazard.id for hazard, _, _ in rows])
        for (hazard, _, _), entry in zip(rows, properties, strict=True):
            entry["boundary_distance_m"], entry["gate_distance_m"], entry["gate_name"] = away[hazard.id]
    document = features(
        [hazard.uuid for hazard, _, _ in rows], to_shapes(hazard.location for hazard, _, _ in rows), properties
    )
    return document, following


def hazards_nearby(
    session: Session, *, lon: float, lat: float, category: str, within_m: float, of_inspector: int | None = None
) -> dict[str, Any]:
    """Return open hazards of a category around a point, nearest first: perhaps the same one."""
    margin = within_m / 1000 * 0.02
    near = (max(lon - margin, -180.0), max(lat - margin, -90.0), min(lon + margin, 180.0), min(lat + margin, 90.0))
    rows = hazards.hazards_page(
        session, bounds=near, categories=[category], statuses=["open"], of_inspector=of_inspector, limit=1000
    )
    xy = hazards.shapely_xy(to_shapes(hazard.location for hazard, _, _ in rows))
    away = distance_m(lon, lat, xy[:, 0], xy[:, 1])
    order = [at for at in np.argsort(away, kind="stable") if away[at] <= within_m]
    found = [rows[at] for at in order]
    seen = seen_again(session, [row[0] for row in found])
    return features(
        [row[0].uuid for row in found],
        to_shapes(row[0].location for row in found),
        [
            hazard_properties(*row) | seen[row[0].id] | {"distance_m": round(float(away[at]), 2)}
            for at, row in zip(order, found, strict=True)
        ],
    )


def seen_again(session: Session, rows: Sequence[Hazard]) -> dict[int, dict[str, Any]]:
    """Return of hazards how often they were seen again, when last, and their newest photo, by id."""
    ids = [row.id for row in rows]
    counts, pictures = field.sighting_counts(session, ids), field.first_photos(session, ids)
    return {
        row.id: {
            "sightings": counts[row.id][0] if row.id in counts else 0,
            "last_seen_at": (counts[row.id][1] if row.id in counts else row.observed_at).isoformat(),
            "photo": str(pictures[row.id]) if row.id in pictures else None,
        }
        for row in rows
    }


def log_inspection(
    session: Session, actor: Actor, inspection: InspectionIn, settings: Settings
) -> tuple[dict[str, Any], bool]:
    """Log an inspection; the same UUID again answers the stored record and creates nothing."""
    claim(session, inspection.id)
    if TRACK in inspection.answers:
        forget_old_tracks(session, now(), settings.track_days)
    known = inspections.get_inspection(session, inspection.id)
    if known is not None:
        if known.inspector_id != actor.id or known.content_hash != inspection.fingerprint():
            raise ConflictError("this id belongs to another record; send the inspection under a new one")
        return _inspection(session, known, settings), False
    if inspection.ended_at is not None and inspection.ended_at < inspection.started_at:
        what = "the end lies before the beginning"
        raise BadInputError(what, problems=[Problem("body.ended_at", what)])
    check_answers(session, inspection.answers)
    if (inspection.lon is None) != (inspection.lat is None):
        raise BadInputError("a position needs both lon and lat", problems=[Problem("lon, lat", "one is missing")])
    school = None if inspection.school is None else schools.find_school(session, inspection.school)
    hazard = None if inspection.hazard is None else hazards.get_hazard(session, inspection.hazard)
    if (inspection.school is not None and school is None) or (inspection.hazard is not None and hazard is None):
        raise BadInputError("there is no such school or hazard", problems=[Problem("body", "an unknown reference")])
    cell = None if inspection.cell is None else inspections.cell_of_code(session, inspection.cell)
    if inspection.cell is not None and cell is None:
        what = f"there is no cell {inspection.cell!r}"
        raise BadInputError(what, problems=[Problem("body.cell", what)])
    place: Any = None
    if inspection.lon is not None and inspection.lat is not None:
        place = shapely.Point(inspection.lon, inspection.lat)
    owner = school or hazard or cell
    if owner is not None:
        city = session.get_one(City, owner.city_id)
    elif inspection.lon is not None and inspection.lat is not None:
        city = city_at(session, inspection.lon, inspection.lat)
    else:
        raise BadInputError("an inspection names a school, a hazard, a cell or a position")
    record = Inspection(
        uuid=inspection.id,
        city_id=city.id,
        inspector_id=actor.id,
        content_hash=inspection.fingerprint(),
        school_id=None if school is None else school.id,
        hazard_id=None if hazard is None else hazard.id,
        cell_id=_cell_of_visit(session, city, hazard, inspection) if cell is None else cell.id,
        started_at=inspection.started_at,
        ended_at=inspection.ended_at,
        outcome=inspection.outcome,
        note=inspection.note,
        answers=inspection.answers,
        arrival=None if place is None else to_element(place),
        position_error_m=inspection.position_error_m,
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(record)
    session.flush()
    session.refresh(record)  # what is answered is what is kept
    return _inspection(session, record, settings), True


def _cell_of_visit(session: Session, city: City, hazard: Hazard | None, inspection: InspectionIn) -> int | None:
    """Return the cell in which somebody arrived, or else that of the hazard they looked at."""
    if inspection.lon is not None and inspection.lat is not None:
        return cells_at(session, city, np.array([inspection.lon]), np.array([inspection.lat]))[0]
    return None if hazard is None else hazard.cell_id


def list_inspections(
    session: Session, actor: Actor, settings: Settings, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return inspections, an inspector's own or all for those who oversee them."""
    own = None if actor.roles & OVERSEERS else actor.id
    rows = inspections.inspections_page(session, inspector_id=own, after=after, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return [_inspection(session, row, settings) for row in rows[:limit]], following


def _inspection(session: Session, record: Inspection, settings: Settings) -> dict[str, Any]:
    school, hazard = inspections.references(session, record)
    return {
        "id": str(record.uuid),
        "school": None if school is None else str(school),
        "hazard": None if hazard is None else str(hazard),
        "cell": inspections.code_of_cell(session, record.cell_id),
        "started_at": record.started_at.isoformat(),
        "ended_at": None if record.ended_at is None else record.ended_at.isoformat(),
        "received_at": record.received_at.isoformat(),
        "outcome": record.outcome,
        "note": record.note,
        "answers": shown_answers(record.answers, record.received_at, now(), settings.track_days),
        "version": record.version,
        "warnings": identity_warnings({"note": record.note}),
    }
