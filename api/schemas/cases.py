"""What is sent about cases: a case without a hazard's automatic proposal, and what is done with one."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field, model_validator

from api.schemas.filing import DepartmentCode, LimitIn, Step, Urgency
from api.schemas.records import Category, In, Latitude, Longitude, Observed, Short, Text

Note = Annotated[Text, Field(max_length=10_000)]


class CaseIn(In):
    """A case: of a hazard that is known, or of a category and a place; ``id`` is made by the client."""

    id: uuid.UUID
    hazard: uuid.UUID | None = None
    category: Category | None = None
    subtype: Annotated[str, Field(max_length=48)] = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    name: Short = ""
    note: Note = ""
    address: Annotated[Text, Field(max_length=300)] = ""
    observed_at: Observed | None = None
    draft: bool = False

    @model_validator(mode="after")
    def _of_something(self) -> CaseIn:
        if self.hazard is None and (self.category is None or self.lon is None or self.lat is None):
            raise ValueError("a case names a hazard, or a category with lon and lat")
        return self


class ActionIn(In):
    """Something done with a case.

    ``id`` is made by the client, so that sending it again does nothing; ``at`` is the doer's own time. ``department``
    is whom it is dispatched to (or who leads, where it is filed), ``departments`` who assists, ``amount`` an extension
    in the unit of the limit of handling, ``into`` the case that goes on after a merger, ``score`` a rating of 1 to 5.
    """

    action: Annotated[str, Field(pattern="^[a-z_]{1,32}$")]
    id: uuid.UUID | None = None
    note: Note = ""
    at: Observed | None = None
    department: DepartmentCode | None = None
    departments: Annotated[list[DepartmentCode], Field(max_length=20)] | None = None
    urgency: Urgency | None = None
    limits: dict[Step, LimitIn] | None = None
    amount: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] | None = None
    into: uuid.UUID | None = None
    score: Annotated[int, Field(ge=1, le=5)] | None = None
