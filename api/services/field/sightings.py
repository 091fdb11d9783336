"""A hazard seen again: each sighting is kept, and the last one by the observers' own times says whether it is there."""

from __future__ import annotations

import uuid
from typing import Any

import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem
from api.schemas.field import HazardEditIn, SightingIn
from api.schemas.records import HazardPatch
from api.security.people import Actor
from api.security.scope import may_see_hazard
from api.services.identities import identity_warnings
from api.services.inspections import change_hazard, hazard_detail
from api.settings import Settings
from api.store import field, hazards, inspections
from api.store.models import Hazard, HazardEdit, Sighting
from api.store.records import claim
from api.store.spatial import to_element, to_shape


def log_sighting(session: Session, actor: Actor, given: SightingIn, settings: Settings) -> tuple[dict[str, Any], bool]:
    """Keep a sighting; the same UUID again answers the stored one and creates nothing.

    Whoever is in the field may say what they saw of any hazard that they may see. In whatever order sightings arrive,
    the hazard ends as the one with the latest ``observed_at`` says; what the office has closed stays closed.

    Raises
    ------
    NotFoundError
        Where there is no such hazard, or none that they may see.
    ConflictError
        Where the UUID belongs to a sighting that says something else.
    """
    claim(session, given.id)
    hazard = hazards.get_hazard(session, given.hazard, lock=True)  # others may see it at the same moment
    if hazard is None or not may_see_hazard(session, actor, hazard, settings):
        raise NotFoundError("there is no such hazard, or none that you may see")
    known = field.get_sighting(session, given.id)
    if known is not None:
        if known.person_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("a sighting with this id is there already, and says something else")
        return sighting_view(known, hazard), False
    if (given.lon is None) != (given.lat is None):
        raise BadInputError("a position needs both lon and lat", problems=[Problem("lon, lat", "one is missing")])
    record = Sighting(
        uuid=given.id,
        hazard_id=hazard.id,
        person_id=actor.id,
        content_hash=given.fingerprint(),
        state=given.state,
        observed_at=given.observed_at,
        note=given.note,
        location=None if given.lon is None or given.lat is None else to_element(shapely.Point(given.lon, given.lat)),
        position_error_m=given.position_error_m,
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(record)
    session.flush()
    _settle(session, hazard)
    session.refresh(record)
    return sighting_view(record, hazard), True


def _settle(session: Session, hazard: Hazard) -> None:
    last = field.last_sighting(session, hazard.id)
    if last is None or hazard.status == "resolved" or last.observed_at < hazard.observed_at:
        return
    status = "gone" if last.state == "gone" else "open"
    if hazard.status != status:
        hazard.status = status
        hazard.version += 1
        session.flush()


def sighting_view(record: Sighting, hazard: Hazard, seen_by: str | None = None) -> dict[str, Any]:
    """Return a sighting as clients see it."""
    place = None if record.location is None else to_shape(record.location)
    return {
        "id": str(record.uuid),
        "hazard": str(hazard.uuid),
        "hazard_status": hazard.status,
        "state": record.state,
        "observed_at": record.observed_at.isoformat(),
        "received_at": record.received_at.isoformat(),
        "note": record.note,
        "lon": None if place is None else place.x,
        "lat": None if place is None else place.y,
        "position_error_m": record.position_error_m,
        "version": record.version,
        "warnings": identity_warnings({"note": record.note}),
    } | ({} if seen_by is None else {"seen_by": seen_by})


def list_sightings(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> list[dict[str, Any]]:
    """Return the sightings of a hazard, the last first."""
    hazard = hazards.get_hazard(session, identity)
    if hazard is None or not may_see_hazard(session, actor, hazard, settings):
        raise NotFoundError("there is no such hazard, or none that you may see")
    return [sighting_view(record, hazard, name or "") for record, name in field.sightings_of(session, hazard.id)]


def edit_hazard(session: Session, actor: Actor, given: HazardEditIn) -> tuple[dict[str, Any], bool]:
    """Change a hazard by an edit with an id of its own; sent again, it changes nothing.

    Raises
    ------
    StaleError
        Where somebody else changed it after ``version``.
    """
    claim(session, given.id)
    known = field.known_edit(session, given.id)
    if known is not None:
        hazard = hazards.get_hazard(session, given.hazard)
        if hazard is None or (known.person_id, known.hazard_id) != (actor.id, hazard.id):
            raise ConflictError("this id belongs to another record; send the change under a new one")
        return hazard_detail(session, given.hazard), False
    said = given.model_dump(exclude_unset=True)
    change = HazardPatch.model_validate({name: said[name] for name in said.keys() & HazardPatch.model_fields.keys()})
    document = change_hazard(session, actor, given.hazard, change, given.version)
    hazard = hazards.get_hazard(session, given.hazard)
    assert hazard is not None  # noqa: S101 - it has just been changed
    session.add(HazardEdit(uuid=given.id, hazard_id=hazard.id, person_id=actor.id))
    return document, True
