"""What is sent about meetings that are held, and what is decided there."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import Category, In, Latitude, Longitude, Short, Text

Becomes = Literal["case", "action", "notice"]
Day = Annotated[dt.date, Field(ge=dt.date(2000, 1, 1), le=dt.date(2200, 12, 31))]
PeriodText = Annotated[str, Field(max_length=12)]
_Problem = Annotated[Text, Field(min_length=1, max_length=500)]
_Long = Annotated[Text, Field(max_length=5_000)]
_Departments = Annotated[list[DepartmentCode], Field(max_length=20)]
MeetingKind = Literal["working", "joint"]


class MeetingIn(In):
    """A meeting about a period; ``id`` is made by the client. ``present`` are the departments that came."""

    id: uuid.UUID
    city: Code | None = None
    period: PeriodText
    held_on: Day
    kind: MeetingKind = "working"
    place: Short = ""
    chair: Short = ""
    present: Annotated[_Departments, Field(default_factory=list)]
    summary: Annotated[Text, Field(max_length=20_000)] = ""


class MeetingPatch(In):
    """What may change of a meeting."""

    held_on: Day | None = None
    kind: MeetingKind | None = None
    place: Short | None = None
    chair: Short | None = None
    present: _Departments | None = None
    summary: Annotated[Text, Field(max_length=20_000)] | None = None


class DecisionIn(In):
    """A decision; ``id`` is made by the client. It becomes a case, a joint action or a notice.

    ``existing`` names the record that it is about; without it one is made: a case of ``hazard``, or of ``category`` at a
    place; a joint action around ``schools`` from ``starts_on`` to the deadline; a notice to all departments named here.
    """

    id: uuid.UUID
    city: Code | None = None
    problem: _Problem
    measure: _Long = ""
    department: DepartmentCode
    assisting: Annotated[_Departments, Field(default_factory=list)]
    due_on: Day
    becomes: Becomes
    existing: uuid.UUID | None = None
    hazard: uuid.UUID | None = None
    category: Category | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    address: Annotated[Text, Field(max_length=300)] = ""
    schools: Annotated[list[uuid.UUID], Field(max_length=500, default_factory=list)]
    starts_on: Day | None = None

    @model_validator(mode="after")
    def _whole(self) -> DecisionIn:
        if self.department in self.assisting or len(set(self.assisting)) < len(self.assisting):
            raise ValueError("a department is named once: it answers for the decision or assists with it")
        if self.existing is not None:
            return self
        placed = self.category is not None and self.lon is not None and self.lat is not None
        if self.becomes == "case" and self.hazard is None and not placed:
            raise ValueError("a case names a hazard, or a category with lon and lat")
        if self.becomes == "action" and not self.schools:
            raise ValueError("a joint action that a meeting decides names its schools")
        return self


class DecisionPatch(In):
    """What may change of a decision that is not struck off."""

    problem: _Problem | None = None
    measure: _Long | None = None
    department: DepartmentCode | None = None
    assisting: _Departments | None = None
    due_on: Day | None = None
    note: Annotated[Text, Field(max_length=5_000)] = ""


class DecisionActionIn(In):
    """Something done with a decision; ``id`` is made by the client, so that sending it again does nothing."""

    id: uuid.UUID
    action: Literal["report", "strike", "reopen", "withdraw"]
    note: Annotated[Text, Field(min_length=1, max_length=5_000)]
