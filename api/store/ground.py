"""What the map is drawn on: streets, buildings and names in a box."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Building, Place, Source, Street
from api.store.spatial import Bounds, meets_bbox


def streets(session: Session, bounds: Bounds, without: Collection[str]) -> Sequence[Any]:
    """Return streets in the box, without some kinds of highway: highway, name, line."""
    query = sa.select(Street.highway, Street.name, Street.line).where(meets_bbox(Street.line, bounds))
    if without:
        query = query.where(Street.highway.not_in(list(without)))
    return session.execute(query.order_by(Street.id)).all()


def buildings(session: Session, bounds: Bounds) -> Sequence[Any]:
    """Return buildings in the box: name, outline."""
    query = sa.select(Building.name, Building.outline).where(meets_bbox(Building.outline, bounds))
    return session.execute(query.order_by(Building.id)).all()


def names(session: Session, bounds: Bounds, kinds: Collection[str] | None) -> Sequence[Any]:
    """Return named places in the box, of some kinds or of all but streets and addresses: name, kind, location."""
    query = sa.select(Place.name, Place.kind, Place.location).where(meets_bbox(Place.location, bounds))
    wanted = Place.kind.not_in(["street", "address"]) if kinds is None else Place.kind.in_(list(kinds))
    return session.execute(query.where(wanted).order_by(Place.id)).all()


def version(session: Session) -> int:
    """Return a number that grows with every import: what was drawn before may be drawn anew."""
    return session.scalar(sa.select(sa.func.max(Source.id))) or 0


def from_osm(session: Session) -> bool:
    """Return whether an extract of OpenStreetMap was imported."""
    return session.scalar(sa.select(Source.id).where(Source.kind == "osm").limit(1)) is not None
