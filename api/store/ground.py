"""What the map is drawn on: streets, buildings and names in a box."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import geopandas
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Building, City, Place, Source, Street
from api.store.spatial import Bounds, meets_bbox, to_shapes


def streets(session: Session, bounds: Bounds, without: Collection[str]) -> Sequence[Any]:
    """Return streets in the box, without some kinds of highway: highway, name, line."""
    query = sa.select(Street.highway, Street.name, Street.line).where(meets_bbox(Street.line, bounds))
    if without:
        query = query.where(Street.highway.not_in(list(without)))
    return session.execute(query.order_by(Street.id)).all()


def ways(session: Session, city: City, bounds: Bounds | None = None) -> geopandas.GeoDataFrame:
    """Return a city's streets, those in the box or all, as `gis.streets.build_network` takes them, WGS 84."""
    names = ("highway", "oneway", "foot", "car", "maxspeed_kmh", "node_ids")
    query = sa.select(*(getattr(Street, name) for name in names), Street.line)
    if bounds is not None:
        query = query.where(meets_bbox(Street.line, bounds))
    rows = session.execute(query.where(Street.city_id == city.id).order_by(Street.id)).all()
    table = pd.DataFrame([tuple(row)[:-1] for row in rows], columns=list(names))
    return geopandas.GeoDataFrame(table, geometry=to_shapes(row.line for row in rows), crs="EPSG:4326")


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
