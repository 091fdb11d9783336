"""What is sent to meetings: figures of a day that a department reports, edits of briefs, links to them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from pydantic import Field, field_validator

from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import In, Text

Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
FigureCode = Annotated[str, Field(pattern="^[a-z_]{1,32}$")]


def sensible_day(day: dt.date) -> dt.date:
    """Refuse a day that cannot be right."""
    if not 1970 <= day.year <= 2200:
        raise ValueError("the year cannot be right")
    return day


class DutyReportIn(In):
    """Figures of one day that a department reports, by code; ``id`` is made by the client."""

    id: uuid.UUID
    city: Code | None = None
    department: DepartmentCode
    district: Code | None = None
    day: dt.date
    figures: Annotated[dict[FigureCode, Count], Field(min_length=1, max_length=20)]
    note: Annotated[Text, Field(max_length=2_000)] = ""

    @field_validator("day")
    @classmethod
    def _day(cls, day: dt.date) -> dt.date:
        return sensible_day(day)


class ShareIn(In):
    """A link to the brief of a period that reads without a sign-in for some days; ``id`` is made by the client."""

    id: uuid.UUID
    city: Code | None = None
    language: Literal["zh", "en"] = "zh"
    days: Annotated[int, Field(ge=1, le=31)] = 7
    note: Annotated[Text, Field(max_length=200)] = ""


class BriefTextIn(In):
    """An edit of a paragraph; empty: back to what the numbers say."""

    text: Annotated[Text, Field(max_length=5_000)]
