"""Photos of hazards and inspections: taken in, listed, shown. Whoever may see the record may see its photos."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import ConflictError, ForbiddenError, NotFoundError
from api.schemas.photos import PhotoIn
from api.security.people import Actor
from api.security.scope import may_add_photo, may_see_hazard, may_see_inspection
from api.services.identities import identity_warnings
from api.services.photos import files
from api.services.photos.pictures import Picture, redraw, thumbnail
from api.settings import Settings
from api.store import hazards, inspections, photos
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models import City, Hazard, Inspection, Photo


@dataclass(frozen=True)
class Owner:
    """The record that a photo belongs to."""

    kind: Literal["hazard", "inspection"]
    identity: uuid.UUID


@dataclass(frozen=True)
class ShownPhoto:
    """A photo as it is shown: its bytes, and the name of exactly these bytes."""

    jpeg: bytes
    etag: str


def add_photo(
    engine: Engine, who: Who, actor: Actor, owner: Owner, given: PhotoIn, content: bytes, settings: Settings
) -> tuple[dict[str, Any], bool]:
    """Take in a photo; the same UUID with the same file again answers the stored record and creates nothing.

    The file is on the disk before the record is committed, and no transaction is open while it is drawn anew: that
    takes up to seconds, in which others write.

    Returns
    -------
    record, created
        The photo's record, and whether it is new.

    Raises
    ------
    NotFoundError, ForbiddenError
        Where there is no such hazard or inspection that they may see, or where it is not theirs.
    ConflictError
        Where the UUID belongs to another photo.
    BadInputError
        Where it is no photo, too large, or damaged.
    UnavailableError
        Where the disk is full.
    """
    sent_sha256 = hashlib.sha256(content).hexdigest()
    with reading(engine) as session:
        record = _owner_to_add_to(session, actor, owner, settings)
        known = photos.get_photo(session, given.id)
        if known is not None:
            return _same(session, known, actor, record, sent_sha256), False
        zone = ZoneInfo(session.get_one(City, record.city_id).time_zone)
    picture = redraw(content, most_megapixels=settings.photo_max_megapixels, side_px=settings.photo_side_px, zone=zone)
    name = files.keep(settings.data, picture.jpeg)
    try:
        return _record(engine, who, actor, owner, given, picture, (name, sent_sha256), settings)
    except IntegrityError:  # the same photo, sent twice at the same time: now the other one is there
        return _record(engine, who, actor, owner, given, picture, (name, sent_sha256), settings)


def add_invented_photo(
    session: Session, actor: Actor, record: Hazard, given: PhotoIn, content: bytes, settings: Settings
) -> None:
    """Take in a photo of the demonstration within the caller's transaction, whosever cells the hazard lies in."""
    zone = ZoneInfo(session.get_one(City, record.city_id).time_zone)
    picture = redraw(content, most_megapixels=settings.photo_max_megapixels, side_px=settings.photo_side_px, zone=zone)
    hashes = files.keep(settings.data, picture.jpeg), hashlib.sha256(content).hexdigest()
    _new_photo(session, actor, record, given, picture, hashes).invented = True


def _record(
    engine: Engine,
    who: Who,
    actor: Actor,
    owner: Owner,
    given: PhotoIn,
    picture: Picture,
    hashes: tuple[str, str],
    settings: Settings,
) -> tuple[dict[str, Any], bool]:
    with writing(engine, who) as session:
        record = _owner_to_add_to(session, actor, owner, settings)
        known = photos.get_photo(session, given.id)
        if known is not None:
            return _same(session, known, actor, record, hashes[1]), False
        photo = _new_photo(session, actor, record, given, picture, hashes)
        session.flush()
        session.refresh(photo)  # what is answered is what is kept
        return photo_document(photo, record), True


def _new_photo(
    session: Session,
    actor: Actor,
    record: Hazard | Inspection,
    given: PhotoIn,
    picture: Picture,
    hashes: tuple[str, str],
) -> Photo:
    photo = Photo(
        uuid=given.id,
        hazard_id=record.id if isinstance(record, Hazard) else None,
        inspection_id=record.id if isinstance(record, Inspection) else None,
        uploader_id=actor.id,
        sha256=hashes[0],
        sent_sha256=hashes[1],
        size_bytes=len(picture.jpeg),
        width_px=picture.width_px,
        height_px=picture.height_px,
        taken_at=given.taken_at or picture.taken_at,
        caption=given.caption,
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(photo)
    return photo


def _owner_to_add_to(session: Session, actor: Actor, owner: Owner, settings: Settings) -> Hazard | Inspection:
    if owner.kind == "inspection":
        inspection = inspections.get_inspection(session, owner.identity)
        if inspection is None or not may_see_inspection(session, actor, inspection):
            raise NotFoundError("there is no such inspection, or none that you may see")
        return inspection
    hazard = _hazard(session, actor, owner.identity, settings)
    if not may_add_photo(session, actor, hazard):
        raise ForbiddenError("this hazard lies in the cells of another inspector; report what you saw as a new one")
    return hazard


def _hazard(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> Hazard:
    hazard = hazards.get_hazard(session, identity)
    if hazard is None or not may_see_hazard(session, actor, hazard, settings):
        raise NotFoundError("there is no such hazard, or none that you may see")
    return hazard


def _same(
    session: Session, known: Photo, actor: Actor, record: Hazard | Inspection, sent_sha256: str
) -> dict[str, Any]:
    owned = known.hazard_id if isinstance(record, Hazard) else known.inspection_id
    if known.uploader_id != actor.id or owned != record.id or known.sent_sha256 != sent_sha256:
        raise ConflictError("this id belongs to another photo; send this one under a new id")
    return photo_document(known, photos.owner_of(session, known))


def list_photos(
    session: Session, actor: Actor, hazard: uuid.UUID, settings: Settings, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the photos of a hazard, and the next page's cursor.

    Raises
    ------
    NotFoundError
        Where there is no such hazard, or none that they may see.
    """
    record = _hazard(session, actor, hazard, settings)
    rows = photos.photos_of_hazard(session, record.id, after=after, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return [photo_document(row, record) for row in rows[:limit]], following


def shown_photo(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> ShownPhoto:
    """Return a photo to somebody who may see the record that it belongs to.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they may see.
    UnavailableError
        Where its file cannot be read.
    """
    photo = _seen(session, actor, identity, settings)
    return ShownPhoto(files.read(settings.data, photo.sha256), photo.sha256)


def shown_thumbnail(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> ShownPhoto:
    """Return a small copy of a photo, as :func:`shown_photo` does."""
    photo = _seen(session, actor, identity, settings)
    return ShownPhoto(files.small_copy(settings.data, photo.sha256, thumbnail), f"{photo.sha256}-small")


def _seen(session: Session, actor: Actor, identity: uuid.UUID, settings: Settings) -> Photo:
    photo = photos.get_photo(session, identity)
    if photo is not None:
        record = photos.owner_of(session, photo)
        if isinstance(record, Hazard):
            seen = may_see_hazard(session, actor, record, settings)
        else:
            seen = may_see_inspection(session, actor, record)
        if seen:
            return photo
    raise NotFoundError("there is no such photo, or none that you may see")


def photo_document(photo: Photo, record: Hazard | Inspection) -> dict[str, Any]:
    """Return what is said of a photo."""
    return {
        "id": str(photo.uuid),
        "hazard": str(record.uuid) if isinstance(record, Hazard) else None,
        "inspection": str(record.uuid) if isinstance(record, Inspection) else None,
        "taken_at": None if photo.taken_at is None else photo.taken_at.isoformat(),
        "received_at": photo.created_at.isoformat(),
        "caption": photo.caption,
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "size_bytes": photo.size_bytes,
        "sha256": photo.sha256,
        "sent_sha256": photo.sent_sha256,
        "url": f"/api/v1/photos/{photo.uuid}",
        "thumbnail_url": f"/api/v1/photos/{photo.uuid}/thumbnail",
        "version": photo.version,
        "warnings": identity_warnings({"caption": photo.caption}),
    }
