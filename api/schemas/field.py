"""What the field app sends: sightings, edits, batches of its outbox; and checklists as an administrator writes them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.schemas.records import HazardPatch, In, Latitude, Longitude, Metres, Moment, Observed, Text
from api.schemas.schools import MOST_INTERVAL_DAYS

_CODE = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")]
_WORDS = Annotated[Text, Field(min_length=1, max_length=200)]


class SightingIn(In):
    """A known hazard seen again; ``id`` is made by the client, so that sending it again creates nothing."""

    id: uuid.UUID
    hazard: uuid.UUID
    state: Literal["there", "worse", "gone"] = "there"
    observed_at: Observed
    note: Annotated[Text, Field(max_length=10_000)] = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_error_m: Metres | None = None


class HazardEditIn(HazardPatch):
    """An edit of a hazard that was at ``version`` when its writer saw it."""

    id: uuid.UUID
    hazard: uuid.UUID
    version: Annotated[int, Field(ge=1, lt=2**31)]


class PhotoSentIn(In):
    """A photo that will be sent, or has been: the question whether it is there."""

    id: uuid.UUID
    hazard: uuid.UUID | None = None
    inspection: uuid.UUID | None = None
    sent_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class OutboxRecord(In):
    """One record of an outbox; what its ``data`` must be depends on the kind."""

    kind: Literal["hazard", "hazard_edit", "sighting", "inspection", "incident", "photo", "patrol_check"]
    data: Annotated[dict[str, Any], Field(max_length=40)]


class SyncIn(In):
    """A batch of an outbox; ``sent_at`` is the time by the phone's own clock."""

    sent_at: Moment | None = None
    records: Annotated[list[OutboxRecord], Field(max_length=100)]


class Choice(In):
    """One answer of a choice."""

    id: _CODE
    zh: _WORDS
    en: _WORDS


class Question(In):
    """One question of a checklist."""

    id: _CODE
    kind: Literal["yes_no", "number", "choice"]
    zh: _WORDS
    en: _WORDS
    least: Annotated[float, Field(allow_inf_nan=False)] | None = None
    most: Annotated[float, Field(allow_inf_nan=False)] | None = None
    choices: Annotated[tuple[Choice, ...], Field(max_length=20)] = ()
    photo: bool = False

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Question:
        if self.kind == "choice" and len({choice.id for choice in self.choices}) < 2:
            raise ValueError("a choice needs two different answers at least")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("the least number is above the most")
        return self


class ChecklistIn(In):
    """A checklist of the city's own."""

    interval_days: Annotated[int, Field(ge=1, le=MOST_INTERVAL_DAYS)]
    start_of_term: bool = False
    items: Annotated[list[Question], Field(max_length=60)]

    @model_validator(mode="after")
    def _each_once(self) -> ChecklistIn:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("two questions have the same id")
        return self
