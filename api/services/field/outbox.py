"""A batch of a phone's outbox: each record is taken in, and answered, by itself."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from api.errors import CampusError, ConflictError, NotFoundError, StaleError, UnavailableError, words_of
from api.schemas.field import HazardEditIn, OutboxRecord, PhotoSentIn, SightingIn
from api.schemas.patrols import CheckIn
from api.schemas.records import HazardIn, InspectionIn
from api.schemas.sealed import IncidentIn
from api.security.people import Actor
from api.services import inspections, photos, sealed
from api.services.field.sightings import edit_hazard, log_sighting
from api.services.patrols import shifts
from api.settings import Settings
from api.store import photos as photo_store
from api.store.audit import Who
from api.store.engine import reading, writing
from gis.errors import GisError

_OWNERS = frozenset({"hazard", "inspection"})


def take_batch(
    engine: Engine, who: Who, actor: Actor, settings: Settings, records: list[OutboxRecord]
) -> list[dict[str, Any]]:
    """Take in the records of a batch, each in a transaction of its own.

    What others hang on (hazards, rounds) comes first, and the rest in its order: a sighting that stands before its
    hazard is taken all the same.

    Returns
    -------
    list of dict
        For each record, in the order in which they were sent, ``id`` (as it was sent), ``kind`` and ``state``: ``created``; ``duplicate`` (it was there);
        ``wanted`` (a photo that is not there: send it); ``conflict`` (somebody changed the record meanwhile, or the id
        means another; ``record`` is the server's); ``refused`` (with ``detail`` and ``errors``: mend it or discard it);
        ``later`` (not now: send it again). Once answered with one of the first two, a record is on the disk.
    """
    order = sorted(range(len(records)), key=lambda at: records[at].kind not in _OWNERS)
    answers = {at: _take(engine, who, actor, settings, records[at]) for at in order}
    return [answers[at] for at in range(len(records))]


def _take(engine: Engine, who: Who, actor: Actor, settings: Settings, record: OutboxRecord) -> dict[str, Any]:
    schema, take = _KINDS[record.kind]
    answer: dict[str, Any] = {"id": str(record.data.get("id", ""))[:64], "kind": record.kind}
    try:
        given = schema.model_validate(record.data)
        with writing(engine, who) as session:
            document, created = take(session, actor, given, settings)
        return answer | {
            "state": "wanted" if created is None else "created" if created else "duplicate",
            "record": document,
        }
    except ValidationError as error:
        errors = [
            {"where": ".".join(map(str, one["loc"])), "what": words_of(one["msg"]), "code": one["type"]}
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]  # fmt: skip
        detail = "; ".join(f"{one['where']}: {one['what']}" for one in errors[:3])
        return answer | {"state": "refused", "code": "invalid", "detail": detail, "errors": errors}
    except (ConflictError, StaleError) as error:
        return answer | _conflict(engine, actor, settings, record, error)
    except UnavailableError as error:
        return answer | {"state": "later", "code": error.code, "detail": error.detail}
    except CampusError as error:
        errors = [{"where": p.where, "what": p.what, "code": p.code} for p in error.problems]
        return answer | {"state": "refused", "code": error.code, "detail": error.detail, "errors": errors}
    except GisError as error:
        return answer | {"state": "refused", "code": "bad-input", "detail": str(error), "errors": []}
    except DataError:
        detail = "a value cannot be kept: it is out of range, or holds a NUL character"
        return answer | {"state": "refused", "code": "invalid", "detail": detail, "errors": []}
    except IntegrityError:  # the same record at the same time by another way: the next try finds it
        return answer | {"state": "later", "code": "conflict", "detail": "it is being written at this moment"}
    except DBAPIError:
        return answer | {
            "state": "later",
            "code": "unavailable",
            "detail": "the database does not answer at the moment; try again",
        }


def _conflict(
    engine: Engine, actor: Actor, settings: Settings, record: OutboxRecord, error: CampusError
) -> dict[str, Any]:
    """Return what the server has, where the writer may see it."""
    found: dict[str, Any] | None = None
    if record.kind in {"hazard", "hazard_edit"}:
        identity = uuid.UUID(str(record.data["hazard" if record.kind == "hazard_edit" else "id"]))
        with contextlib.suppress(NotFoundError), reading(engine) as session:
            found = inspections.hazard_shown(session, actor, identity, settings)
    return {"state": "conflict", "code": error.code, "detail": error.detail, "record": found}


def _photo(
    session: Session, actor: Actor, given: PhotoSentIn, _settings: Settings
) -> tuple[dict[str, Any], bool | None]:
    """Say whether a photo is there: by its hash as it was sent."""
    known = photo_store.get_photo(session, given.id)
    if known is None:
        return {"id": str(given.id)}, None
    if known.uploader_id != actor.id or known.sent_sha256 != given.sent_sha256:
        raise ConflictError("this id belongs to another photo; send this one under a new id")
    return photos.photo_document(known, photo_store.owner_of(session, known)), False


_KINDS: dict[str, tuple[type[BaseModel], Any]] = {
    "hazard": (HazardIn, lambda session, actor, given, _: inspections.log_hazard(session, actor, given)),
    "hazard_edit": (HazardEditIn, lambda session, actor, given, _: edit_hazard(session, actor, given)),
    "sighting": (SightingIn, log_sighting),
    "inspection": (InspectionIn, inspections.log_inspection),
    "incident": (
        IncidentIn,
        lambda session, actor, given, settings: sealed.report_incident(session, actor, settings, given),
    ),
    "photo": (PhotoSentIn, _photo),
    "patrol_check": (CheckIn, lambda session, actor, given, _: shifts.add_check(session, actor, given)),
}
