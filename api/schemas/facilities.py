"""What is sent about counselling rooms and stations: a city's targets."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.filing import Code
from api.schemas.records import In, Text


class TargetIn(In):
    """One target: facilities of a kind (none: any) and a level (none: any); no goal: one at every school."""

    zh: Annotated[Text, Field(min_length=1, max_length=100)]
    en: Annotated[Text, Field(min_length=1, max_length=100)]
    kind: Literal["room", "station", "centre"] | None = None
    level: Literal["provincial", "demonstration", "first_class", "special_feature"] | None = None
    goal: Annotated[int, Field(ge=1, le=10_000)] | None = None
    due_on: dt.date | None = None


class TargetsIn(In):
    """The targets of a city."""

    city: Code | None = None
    targets: Annotated[list[TargetIn], Field(min_length=1, max_length=20)]
