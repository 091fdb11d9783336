"""The sealed layer: reporting an incident, asking to see some, deciding on that, and seeing them, each view logged."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem
from api.schemas.records import NOT_YET, lies_ahead
from api.schemas.sealed import DecisionIn, IncidentIn, SealedRequestIn
from api.security.people import Actor
from api.services.cities import settle_lattice
from api.services.identities import identity_warnings
from api.services.incidents import describe
from api.services.screening import city_of_report
from api.settings import Settings
from api.store import cities, inspections, sealed
from api.store.audit import note
from api.store.models import City, Incident, Person, SealedRequest
from api.store.models.base import now
from api.store.records import claim
from api.store.spatial import to_element, to_shape
from api.vocabulary import find_code, vocabulary
from gis.lattice import cell_codes

LONGEST_PERIOD_DAYS = 366


def report_incident(
    session: Session, actor: Actor, settings: Settings, given: IncidentIn
) -> tuple[dict[str, Any], bool]:
    """Report an incident; the answer is a receipt, for who reports may not read.

    Raises
    ------
    ConflictError
        Where the UUID belongs to another report.
    BadInputError
        Where it ends before it begins or more than a day from now, at 0, 0, and far outside the city's area.
    """
    claim(session, given.id)
    known = sealed.get_incident(session, given.id)
    if known is not None:
        if known.reporter_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another record; send the incident under a new one")
        return _receipt(known), False
    if given.occurred_to is not None and given.occurred_to < given.occurred_from:
        what = "the end lies before the beginning"
        raise BadInputError(what, problems=[Problem("body.occurred_to", what)])
    if lies_ahead(given.occurred_to or given.occurred_from):
        raise BadInputError(NOT_YET, problems=[Problem("body.occurred_from", NOT_YET)])
    city = city_of_report(session, given.lon, given.lat)
    point = shapely.Point(given.lon, given.lat)
    settle_lattice(city, np.array([[given.lon, given.lat]]))
    computed = describe(
        session,
        city,
        settings,
        kinds=[given.type],
        serious=[given.serious],
        first=[given.occurred_from],
        points=np.array([point], dtype=object),
    )
    values = {name: _plain(column[0]) for name, column in computed.items()}
    if not given.time_known:
        values |= {"time_known": False, "minutes_after_dismissal": None}
    record = Incident(
        uuid=given.id,
        city_id=city.id,
        kind=given.type,
        occurred_from=given.occurred_from,
        occurred_to=given.occurred_to or given.occurred_from,
        note=given.note,
        people_count=given.people_count,
        age_band=given.age_band,
        reporter_id=actor.id,
        content_hash=given.fingerprint(),
        location=to_element(point),
        source_id=inspections.person_source(session, actor.name).id,
        **values,
    )
    session.add(record)
    session.flush()
    return _receipt(record), True


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _receipt(record: Incident) -> dict[str, Any]:
    return {
        "id": str(record.uuid),
        "received_at": record.created_at.isoformat(),
        "sealed": True,
        "urgent": record.serious,  # suspected serious harm goes to the police at once: 强制报告
        "warnings": identity_warnings({"body.note": record.note}),
    }


def list_incidents(
    session: Session,
    actor: Actor,
    *,
    purpose: str,
    first_day: dt.date,
    last_day: dt.date,
    kinds: list[str],
    city_code: str | None,
    after: int,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return sealed incidents of some days, without their exact places; the view is a line of the audit log.

    Raises
    ------
    ForbiddenError
        Where neither a role nor an approved request covers them.
    """
    purpose = _checked_purpose(purpose)
    if not dt.timedelta(0) <= last_day - first_day <= dt.timedelta(days=LONGEST_PERIOD_DAYS):
        raise BadInputError(f"the period must be one of up to {LONGEST_PERIOD_DAYS} days")
    city = cities.get_city(session, city_code)
    _require_view(session, actor, city, first_day, last_day)
    rows = sealed.incidents_page(
        session,
        city=city,
        first=_midnight(city, first_day),
        last=_midnight(city, last_day + dt.timedelta(days=1)),
        kinds=_codes(kinds),
        with_serious="police" in actor.roles,
        after=after,
        limit=limit + 1,
    )
    following = after + limit if len(rows) > limit else None
    rows = rows[:limit]
    note(
        session,
        "view",
        "incidents",
        purpose=purpose,
        after={"city": city.code, "from": str(first_day), "to": str(last_day), "seen": [str(r[0].uuid) for r in rows]},
    )
    return [_view(session, city, incident, school) for incident, school in rows], following


def show_incident(session: Session, actor: Actor, identity: UUID, *, purpose: str) -> dict[str, Any]:
    """Return one sealed incident with its place; the view is a line of the audit log.

    Raises
    ------
    NotFoundError
        Where there is none, or none that this person may know of.
    """
    purpose = _checked_purpose(purpose)
    record = sealed.get_incident(session, identity)
    if record is None:
        raise NotFoundError("there is no such incident, or none that you may see")
    city = session.get_one(City, record.city_id)
    day = record.occurred_from.astimezone(ZoneInfo(city.time_zone)).date()
    if not _may_view(session, actor, city, day, day) or (record.serious and "police" not in actor.roles):
        raise NotFoundError("there is no such incident, or none that you may see")
    place = to_shape(record.location)
    note(session, "view", "incidents", identity=record.uuid, purpose=purpose)
    view = _view(session, city, record, sealed.school_name(session, record.school_id))
    return view | {"lon": round(place.x, 6), "lat": round(place.y, 6)}


def _checked_purpose(purpose: str) -> str:
    purpose = purpose.strip()
    if not 5 <= len(purpose) <= 500 or "\x00" in purpose:
        what = "say in 5 to 500 characters what you need this for; it is kept in the log"
        raise BadInputError(what, problems=[Problem("query.purpose", what)])
    return purpose


def _codes(kinds: list[str]) -> list[str]:
    types = vocabulary().incident_types
    codes = [(kind, find_code(types, kind)) for kind in kinds]
    if unknown := [kind for kind, code in codes if code is None]:
        raise BadInputError(f"there is no incident type {unknown[0][:60]!r}; use one of {', '.join(types)}")
    return [code for _, code in codes if code is not None]


def _midnight(city: City, day: dt.date) -> dt.datetime:
    if not 1970 <= day.year <= 2200:
        raise BadInputError(f"the day {day} cannot be right")
    return dt.datetime.combine(day, dt.time(), ZoneInfo(city.time_zone))


def _may_view(session: Session, actor: Actor, city: City, first: dt.date, last: dt.date) -> bool:
    if "police" in actor.roles:
        return True
    if actor.id is None:
        return False
    valid = sealed.valid_requests(session, actor.id, now())
    return any(r.city_id == city.id and r.first_day <= first and last <= r.last_day for r in valid)


def _require_view(session: Session, actor: Actor, city: City, first: dt.date, last: dt.date) -> None:
    if not _may_view(session, actor, city, first, last):
        raise ForbiddenError("these incidents are sealed; ask for access to these days, and a leader decides")


def _view(session: Session, city: City, record: Incident, school: str | None) -> dict[str, Any]:
    lattice = cities.lattice_of(city)
    cell = None
    if lattice is not None and record.lattice_column is not None and record.lattice_row is not None:
        column, row = np.array([record.lattice_column]), np.array([record.lattice_row])
        cell = str(cell_codes(city.code, column, row, lattice)[0])
    zone = ZoneInfo(city.time_zone)
    return {
        "id": str(record.uuid),
        "type": record.kind,
        "serious": record.serious,
        "occurred_from": record.occurred_from.astimezone(zone).isoformat(),
        "occurred_to": record.occurred_to.astimezone(zone).isoformat(),
        "time_known": record.time_known,
        "minutes_after_dismissal": record.minutes_after_dismissal,
        "nearest_school": school,
        "cell_code": cell,
        "people_count": record.people_count,
        "age_band": record.age_band,
        "note": record.note,
        "invented": record.invented,
        "version": record.version,
    }


def ask(session: Session, actor: Actor, given: SealedRequestIn) -> tuple[dict[str, Any], bool]:
    """Ask to see the sealed incidents of some days; the same again creates nothing."""
    claim(session, given.id)
    known = sealed.get_request(session, given.id)
    if known is not None:
        if known.requester_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another record; send the request under a new one")
        return request_view(session, known), False
    if not dt.timedelta(0) <= given.last_day - given.first_day <= dt.timedelta(days=LONGEST_PERIOD_DAYS):
        what = f"the period must be one of up to {LONGEST_PERIOD_DAYS} days"
        raise BadInputError(what, problems=[Problem("body.last_day", what)])
    city = cities.get_city(session, given.city)
    record = SealedRequest(
        uuid=given.id,
        city_id=city.id,
        requester_id=actor.id,
        content_hash=given.fingerprint(),
        purpose=given.purpose,
        first_day=given.first_day,
        last_day=given.last_day,
    )
    session.add(record)
    session.flush()
    session.refresh(record)
    return request_view(session, record), True


def decide(session: Session, actor: Actor, identity: UUID, given: DecisionIn) -> dict[str, Any]:
    """Approve or refuse a request, once, and never one's own.

    Raises
    ------
    ForbiddenError
        For one's own request.
    ConflictError
        Where it is decided already.
    """
    record = sealed.get_request(session, identity)
    if record is None:
        raise NotFoundError("there is no such request")
    if record.requester_id == actor.id:
        raise ForbiddenError("nobody decides on a request of their own")
    if record.status != "requested":
        raise ConflictError(f"this request is {record.status} already")
    moment = now()
    record.status = "approved" if given.decision == "approve" else "refused"
    record.decided_by_id, record.decided_at, record.decision_note = actor.id, moment, given.note
    if given.decision == "approve":
        record.valid_until = moment + dt.timedelta(hours=given.hours)
    record.version += 1
    session.flush()
    session.refresh(record)
    return request_view(session, record)


def list_requests(session: Session, actor: Actor, *, after: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Return one's own requests; all of them for those who decide."""
    own = None if actor.roles & {"leader", "admin"} else actor.id
    rows = sealed.requests_page(session, requester_id=own, after=after, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return [request_view(session, row) for row in rows[:limit]], following


def request_view(session: Session, record: SealedRequest) -> dict[str, Any]:
    """Return a request as it is shown."""
    requester = session.get_one(Person, record.requester_id)
    decider = None if record.decided_by_id is None else session.get_one(Person, record.decided_by_id)
    return {
        "id": str(record.uuid),
        "requester": requester.display_name,
        "purpose": record.purpose,
        "city": session.get_one(City, record.city_id).code,
        "first_day": record.first_day.isoformat(),
        "last_day": record.last_day.isoformat(),
        "status": record.status,
        "requested_at": record.created_at.isoformat(),
        "decided_by": None if decider is None else decider.display_name,
        "decided_at": None if record.decided_at is None else record.decided_at.isoformat(),
        "decision_note": record.decision_note,
        "valid_until": None if record.valid_until is None else record.valid_until.isoformat(),
        "version": record.version,
    }
