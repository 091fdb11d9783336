"""Sealed incidents in detail, and the requests to see them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import City, Incident, School, SealedRequest


def get_incident(session: Session, identity: uuid.UUID) -> Incident | None:
    """Return the incident of a UUID."""
    return session.scalar(sa.select(Incident).where(Incident.uuid == identity))


def incidents_page(
    session: Session,
    *,
    city: City,
    first: dt.datetime,
    last: dt.datetime,
    kinds: Sequence[str],
    with_serious: bool,
    after: int,
    limit: int,
) -> Sequence[Any]:
    """Return incidents (incident, school's name) that began from ``first`` and before ``last``, as they came in.

    ``after`` is how many to leave out: the number of a record would tell how many others there are that one may not see.
    """
    query = (
        sa.select(Incident, School.name)
        .outerjoin(School, School.id == Incident.school_id)
        .where(
            Incident.city_id == city.id,
            Incident.occurred_from >= first,
            Incident.occurred_from < last,
        )
        .order_by(Incident.id)
        .offset(after)
        .limit(limit)
    )
    if kinds:
        query = query.where(Incident.kind.in_(list(kinds)))
    if not with_serious:
        query = query.where(Incident.serious.is_(False))
    return session.execute(query).all()


def school_name(session: Session, school_id: int | None) -> str | None:
    """Return the name of a school."""
    return None if school_id is None else session.scalar(sa.select(School.name).where(School.id == school_id))


def get_request(session: Session, identity: uuid.UUID) -> SealedRequest | None:
    """Return the request of a UUID."""
    return session.scalar(sa.select(SealedRequest).where(SealedRequest.uuid == identity))


def requests_page(session: Session, *, requester_id: int | None, after: int, limit: int) -> Sequence[SealedRequest]:
    """Return requests by id, of one person or of all."""
    query = sa.select(SealedRequest).where(SealedRequest.id > after).order_by(SealedRequest.id).limit(limit)
    if requester_id is not None:
        query = query.where(SealedRequest.requester_id == requester_id)
    return session.scalars(query).all()


def valid_requests(session: Session, requester_id: int, moment: dt.datetime) -> Sequence[SealedRequest]:
    """Return somebody's approved requests that have not expired."""
    return session.scalars(
        sa.select(SealedRequest).where(
            SealedRequest.requester_id == requester_id,
            SealedRequest.status == "approved",
            SealedRequest.valid_until > moment,
        )
    ).all()
