"""What is sent about information notices: a notice, a change of a draft, an answer, a reminder."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field, model_validator

from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import Category, In, Latitude, Longitude, Moment, Text

_Title = Annotated[Text, Field(min_length=1, max_length=200)]
_Body = Annotated[Text, Field(max_length=20_000)]
_To = Annotated[list[DepartmentCode], Field(max_length=50)]


class TrendIn(In):
    """The rise of a category in a township in a week, of which a draft was made."""

    category: Category
    district: Code
    week: Annotated[str, Field(pattern=r"^\d{4}-W\d{2}$")]


class NoticeIn(In):
    """A notice; ``id`` is made by the client. It goes out at once, unless it is a draft.

    ``to`` are the departments it goes to; ``committee`` sends it to the office of the committee too.
    """

    id: uuid.UUID
    title: _Title
    body: _Body = ""
    to: Annotated[list[DepartmentCode], Field(max_length=50, default_factory=list)]
    committee: bool = False
    category: Category | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    address: Annotated[Text, Field(max_length=300)] = ""
    wants_answer: bool = False
    answer_by: Moment | None = None
    draft: bool = False
    trend: TrendIn | None = None

    @model_validator(mode="after")
    def _both_of_a_place(self) -> NoticeIn:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        return self


class NoticePatch(In):
    """What may change of a draft; ``send`` sends it."""

    title: _Title | None = None
    body: _Body | None = None
    to: _To | None = None
    committee: bool | None = None
    category: Category | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    address: Annotated[Text, Field(max_length=300)] | None = None
    wants_answer: bool | None = None
    answer_by: Moment | None = None
    send: bool = False

    @model_validator(mode="after")
    def _both_of_a_place(self) -> NoticePatch:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        return self


class AnswerIn(In):
    """The answer of a department to a notice; without one, of each that the person speaks for and it went to."""

    id: uuid.UUID
    text: Annotated[Text, Field(min_length=1, max_length=10_000)]
    department: DepartmentCode | None = None


class ReminderIn(In):
    """A reminder to those departments of a notice that have not read it, or not answered where an answer is wanted."""

    id: uuid.UUID
