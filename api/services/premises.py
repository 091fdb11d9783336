"""Licensed premises as the office keeps them; what the distance rules say of them is computed when it is asked for."""

from __future__ import annotations

import uuid
from typing import Any

import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.geojson import features
from api.schemas.schools import PremisesIn, PremisesPatch
from api.security.people import Actor
from api.services.screening import city_at
from api.store import inspections
from api.store import premises as store
from api.store.models import City, Premises
from api.store.records import claim
from api.store.spatial import to_element, to_shape, to_shapes

_KEPT = ("name", "categories", "address", "licence", "opening_hours")
_TAKEN_AWAY = ("licensed_from", "licence_expires", "closed_on", "position_error_m")  # null means: none
_SAID = (*_KEPT, *_TAKEN_AWAY)


def show_premises(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return premises as a feature.

    Raises
    ------
    NotFoundError
        Where there are none of that id.
    """
    record = store.get_premises(session, identity)
    if record is None:
        raise NotFoundError("there are no such premises")
    return _feature(session, record)


def add_premises(session: Session, actor: Actor, given: PremisesIn) -> tuple[dict[str, Any], bool]:
    """Add premises; the same UUID again answers the stored record and creates nothing.

    Raises
    ------
    ConflictError
        Where the UUID belongs to premises that say something else.
    """
    claim(session, given.id)
    known = store.get_premises(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint():
            raise ConflictError("premises with this id are there already, and say something else")
        return _feature(session, known), False
    city = city_at(session, given.lon, given.lat)
    _check_inside(city, given.lon, given.lat)
    record = Premises(
        uuid=given.id,
        city_id=city.id,
        location=to_element(shapely.Point(given.lon, given.lat)),
        source_id=inspections.person_source(session, actor.name).id,
        content_hash=given.fingerprint(),
        **given.model_dump(include=set(_SAID)),
    )
    session.add(record)
    session.flush()
    session.refresh(record)
    return _feature(session, record), True


def change_premises(session: Session, identity: uuid.UUID, change: PremisesPatch, version: int) -> dict[str, Any]:
    """Change premises that are still at ``version``.

    Raises
    ------
    NotFoundError, StaleError
        Where there are none, or where somebody else changed them meanwhile.
    """
    record = store.get_premises(session, identity, hold=True)
    if record is None:
        raise NotFoundError("there are no such premises")
    if record.version != version:
        raise StaleError("somebody else changed the premises meanwhile; read them again")
    said = change.model_dump(exclude_unset=True)
    for name in _SAID:
        if name in said and (said[name] is not None or name in _TAKEN_AWAY):
            setattr(record, name, said[name])
    if record.licensed_from and record.licence_expires and record.licence_expires < record.licensed_from:
        what = "the licence expires before it begins"
        raise BadInputError(what, problems=[Problem("body.licence_expires", what)])
    if change.lon is not None and change.lat is not None:
        _check_inside(session.get_one(City, record.city_id), change.lon, change.lat)
        record.location = to_element(shapely.Point(change.lon, change.lat))
        record.footprint = record.raw_geometry = None  # they were those of the old place
    record.version += 1
    session.flush()
    session.refresh(record)
    return _feature(session, record)


def _check_inside(city: City, lon: float, lat: float) -> None:
    if city.area is not None and not to_shape(city.area).intersects(shapely.Point(lon, lat)):
        what = "the place lies outside the city's area; is longitude given before latitude?"
        raise BadInputError(what, problems=[Problem("body.lon, body.lat", what)])


def _feature(session: Session, record: Premises) -> dict[str, Any]:
    properties = {name: getattr(record, name) for name in _SAID} | {
        "invented": record.invented,
        "source": store.source_name(session, record),
        "version": record.version,
    }
    return dict(features([record.uuid], to_shapes([record.location]), [properties])["features"][0])
