"""Licensed premises, one by one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.models import City, Premises, Source
from api.store.spatial import to_shapes


def get_premises(session: Session, identity: uuid.UUID, *, hold: bool = False) -> Premises | None:
    """Return the premises of a UUID; ``hold`` keeps them as they are until the transaction ends."""
    query = sa.select(Premises).where(Premises.uuid == identity)
    return session.scalar(query.with_for_update() if hold else query)


def open_places(session: Session, city: City, on: dt.date) -> tuple[list[list[str]], NDArray[np.float64]]:
    """Return categories and place (longitude, latitude; shape ``(n, 2)``) of a city's premises that are open on a day."""
    rows = session.execute(
        sa.select(Premises.categories, Premises.location)
        .where(Premises.city_id == city.id, sa.or_(Premises.closed_on.is_(None), Premises.closed_on > on))
        .order_by(Premises.id)
    ).all()
    return [row.categories for row in rows], shapely.get_coordinates(to_shapes(row.location for row in rows))


def state(session: Session, city: City) -> tuple[Any, ...]:
    """Return what changes whenever premises of a city do."""
    counted = sa.select(sa.func.count(), sa.func.max(Premises.updated_at), sa.func.sum(Premises.version))
    return tuple(session.execute(counted.where(Premises.city_id == city.id)).one())


def source_name(session: Session, premises: Premises) -> str | None:
    """Return the name of the source that premises come from."""
    return session.scalar(sa.select(Source.name).where(Source.id == premises.source_id))
