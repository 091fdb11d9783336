"""What is sent about sealed incidents: a report, a request to see them, a decision on it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from api.schemas.records import In, Latitude, Longitude, Moment, Text
from api.vocabulary import find_code, vocabulary


def _kind(code: str) -> str:
    found = find_code(vocabulary().incident_types, code)
    if found is None:
        raise ValueError(f"not an incident type; use one of {', '.join(vocabulary().incident_types)}")
    return found


Kind = Annotated[str, Field(max_length=60), AfterValidator(_kind)]
Purpose = Annotated[Text, Field(min_length=5, max_length=500)]


class IncidentIn(In):
    """An incident as it is reported. There is no field for a name, a number, a class or a face, and none will come."""

    id: uuid.UUID
    type: Kind
    lon: Longitude
    lat: Latitude
    occurred_from: Moment
    occurred_to: Moment | None = None
    time_known: bool = True
    serious: bool = False
    people_count: Annotated[int, Field(ge=0, le=1000)] | None = None
    age_band: Literal["", "under 14", "14 to 15", "16 to 17", "adult", "mixed"] = ""
    note: Annotated[Text, Field(max_length=10_000)] = ""


class SealedRequestIn(In):
    """A request to see the sealed incidents of some days, for a purpose."""

    id: uuid.UUID
    purpose: Purpose
    first_day: dt.date
    last_day: dt.date
    city: Annotated[str, Field(max_length=12)] | None = None


class DecisionIn(In):
    """A leader's decision on a request; approved, it is valid for some hours."""

    decision: Literal["approve", "refuse"]
    note: Annotated[Text, Field(max_length=500)] = ""
    hours: Annotated[int, Field(ge=1, le=168)] = 24
