"""Photos: their records; the files lie beside the database (api/services/photos/files.py)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Hazard, Inspection, Photo


def get_photo(session: Session, identity: uuid.UUID) -> Photo | None:
    """Return the photo of a UUID."""
    return session.scalar(sa.select(Photo).where(Photo.uuid == identity))


def owner_of(session: Session, photo: Photo) -> Hazard | Inspection:
    """Return the hazard or inspection that a photo belongs to."""
    if photo.hazard_id is not None:
        return session.get_one(Hazard, photo.hazard_id)
    return session.get_one(Inspection, photo.inspection_id)


def photos_of_hazard(session: Session, hazard_id: int, *, after: int, limit: int) -> Sequence[Photo]:
    """Return photos of a hazard by id, beginning after the id ``after``."""
    query = sa.select(Photo).where(Photo.hazard_id == hazard_id, Photo.id > after)
    return session.scalars(query.order_by(Photo.id).limit(limit)).all()
