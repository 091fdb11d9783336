"""What clients send: hazards, inspections, places to check. Strict: what is not known is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from api.characters import writable
from api.vocabulary import find_code, vocabulary


def _that_can_be_written(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be kept")
    return writable(text)


def _can_be_kept(answers: dict[str, Any]) -> dict[str, Any]:
    """Refuse what is JSON for Python and for no database: NaN, NUL, halves of characters, endless nesting."""
    try:
        text = json.dumps(answers, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("answers hold something that cannot be kept: NaN, or half a character") from error
    if r"\u0000" in text:
        raise ValueError("a NUL character cannot be kept")
    if len(text) > 100_000:
        raise ValueError("answers are longer than 100,000 characters")
    return answers


Text = Annotated[str, AfterValidator(_that_can_be_written)]
Short = Annotated[Text, Field(max_length=200)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Metres = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


def _category(code: str) -> str:
    found = find_code(vocabulary().hazard_categories, code)
    if found is None:
        raise ValueError(f"not a category; use one of {', '.join(vocabulary().hazard_categories)}")
    return found


Category = Annotated[str, Field(max_length=60), AfterValidator(_category)]


def _moment(moment: dt.datetime) -> dt.datetime:
    if not 1970 <= moment.year <= 2200:
        raise ValueError("the year cannot be right")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_moment)]


_CLOCK_AHEAD = dt.timedelta(days=1)  # what a phone in a wrong time zone may say, and no more
NOT_YET = "the time lies more than a day ahead; what has not happened yet cannot be reported"


def lies_ahead(moment: dt.datetime) -> bool:
    """Return whether a moment lies further ahead than a clock in a wrong time zone explains."""
    return moment > dt.datetime.now(dt.UTC) + _CLOCK_AHEAD


def _observed(moment: dt.datetime) -> dt.datetime:
    """Refuse what only a clock that was never set says; clocks that are merely wrong are kept beside our own."""
    if lies_ahead(moment):
        raise ValueError("the time lies more than a day ahead: set the clock of the phone, then mend the record")
    if moment.year < 2000:
        raise ValueError("the time lies before 2000: set the clock of the phone, then mend the record")
    return moment


Observed = Annotated[AwareDatetime, AfterValidator(_observed)]


Status = Annotated[str, Field(pattern="^(open|resolved|gone)$")]


def require_once(days: Iterable[dt.date]) -> None:
    """Refuse a calendar in which a day stands twice."""
    if twice := [day for day, n in Counter(days).items() if n > 1]:
        raise ValueError(f"{min(twice)} stands twice in the calendar")


class In(BaseModel):
    """Base of what clients send."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    def fingerprint(self) -> str:
        """Return 32 characters that are the same for the same record, however it was written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class HazardIn(In):
    """A hazard as it is logged; ``id`` is made by the client, so that sending it again creates nothing."""

    id: uuid.UUID
    lon: Longitude
    lat: Latitude
    category: Category
    subtype: Annotated[str, Field(max_length=48)] = ""
    severity: Annotated[int, Field(ge=1, le=3)] = 2
    name: Short = ""
    note: Annotated[Text, Field(max_length=10_000)] = ""
    address: Annotated[Text, Field(max_length=300)] = ""
    observed_at: Observed | None = None
    position_error_m: Metres | None = None


class HazardPatch(In):
    """What may change of a hazard; a new position ties it anew to cell and schools."""

    lon: Longitude | None = None
    lat: Latitude | None = None
    category: Category | None = None
    subtype: Annotated[str, Field(max_length=48)] | None = None
    severity: Annotated[int, Field(ge=1, le=3)] | None = None
    status: Status | None = None
    name: Short | None = None
    note: Annotated[Text, Field(max_length=10_000)] | None = None


class InspectionIn(In):
    """A visit of an inspector to a school, a cell or a known hazard."""

    id: uuid.UUID
    school: uuid.UUID | None = None
    hazard: uuid.UUID | None = None
    cell: Annotated[Text, Field(min_length=1, max_length=32)] | None = None
    started_at: Observed
    ended_at: Observed | None = None
    outcome: Annotated[str, Field(pattern="^(done|nothing_found|not_reached)$")] = "done"
    note: Annotated[Text, Field(max_length=10_000)] = ""
    answers: Annotated[dict[str, Any], Field(max_length=200), AfterValidator(_can_be_kept)] = {}
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_error_m: Metres | None = None

    def fingerprint(self) -> str:
        """Return the same as before there were cells where none is named: outboxes of then are still to come."""
        left_out = {"cell"} if self.cell is None else None
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode()).hexdigest()[:32]


class DistanceCheckIn(In):
    """A place to hold against the distance rules of a target."""

    lon: Annotated[float, Field(allow_inf_nan=False)]
    lat: Annotated[float, Field(allow_inf_nan=False)]
    crs: Annotated[str, Field(max_length=100)] = "wgs84"
    target: Annotated[str, Field(max_length=60)]
    position_error_m: Metres | None = None
