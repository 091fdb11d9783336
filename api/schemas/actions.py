"""What is sent about joint actions: where, when, who takes part, and what came of it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import shapely
from geojson_pydantic import MultiPolygon, Polygon
from pydantic import AfterValidator, Field, model_validator

from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import Category, In, Text

MOST_CORNERS = 5_000
MOST_DAYS = 366
_Day = Annotated[dt.date, Field(ge=dt.date(2000, 1, 1), le=dt.date(2200, 12, 31))]
_Title = Annotated[Text, Field(min_length=1, max_length=200)]
_Long = Annotated[Text, Field(max_length=20_000)]
_Schools = Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]
_Cells = Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=5_000)]


def _usable(area: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """Refuse what is no outline on Earth: numbers that are none, crossing sides, too many corners."""
    positions = area.coordinates if area.type == "MultiPolygon" else [area.coordinates]
    corners = [corner for polygon in positions for ring in polygon for corner in ring]
    if len(corners) > MOST_CORNERS:
        raise ValueError("the area has too many corners: 5,000 at most")
    if any(not (-180 <= corner[0] <= 180 and -90 <= corner[1] <= 90) for corner in corners):
        raise ValueError("the area must lie on Earth: longitude first, then latitude")
    try:
        shape = as_shape(area)
    except (ValueError, TypeError, shapely.errors.ShapelyError):
        raise ValueError("the area is no simple outline: its sides cross, or it has no extent") from None
    if shape.is_empty or not shape.is_valid:
        raise ValueError("the area is no simple outline: its sides cross, or it has no extent")
    return area


def as_shape(area: Polygon | MultiPolygon) -> Any:
    """Return an outline as a geometry of two dimensions."""
    return shapely.force_2d(shapely.geometry.shape(area.model_dump(exclude={"bbox"})))


Outline = Annotated[Polygon | MultiPolygon, Field(discriminator="type"), AfterValidator(_usable)]


class TakingPartIn(In):
    """A department that takes part, and with how many people and vehicles."""

    department: DepartmentCode
    lead: bool = False
    people: Annotated[int, Field(ge=0, le=100_000)] = 0
    vehicles: Annotated[int, Field(ge=0, le=100_000)] = 0


_TakingPart = Annotated[list[TakingPartIn], Field(min_length=1, max_length=30)]


def _each_once(departments: list[TakingPartIn] | None) -> None:
    if departments is None:
        return
    if len({one.department for one in departments}) < len(departments):
        raise ValueError("a department stands twice among those that take part")
    if sum(one.lead for one in departments) > 1:
        raise ValueError("one department leads a joint action")


class JointActionIn(In):
    """A joint action as it is planned; ``id`` is made by the client. Its area is one of schools, cells or an outline."""

    id: uuid.UUID
    city: Code | None = None
    title: _Title
    purpose: _Long = ""
    starts_on: _Day
    ends_on: _Day
    categories: Annotated[list[Category], Field(max_length=20, default_factory=list)]
    departments: _TakingPart
    schools: _Schools | None = None
    cells: _Cells | None = None
    area: Outline | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> JointActionIn:
        if sum(one is not None for one in (self.schools, self.cells, self.area)) != 1:
            raise ValueError("a joint action has one area: schools, cells, or an outline")
        require_period(self.starts_on, self.ends_on)
        _each_once(self.departments)
        return self


class JointActionPatch(In):
    """What may change of a joint action; a new area takes the place of the old one."""

    title: _Title | None = None
    purpose: _Long | None = None
    starts_on: _Day | None = None
    ends_on: _Day | None = None
    categories: Annotated[list[Category], Field(max_length=20)] | None = None
    departments: _TakingPart | None = None
    schools: _Schools | None = None
    cells: _Cells | None = None
    area: Outline | None = None
    cancelled: bool | None = None
    report: _Long | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> JointActionPatch:
        if sum(one is not None for one in (self.schools, self.cells, self.area)) > 1:
            raise ValueError("a joint action has one area: schools, cells, or an outline")
        _each_once(self.departments)
        return self


def require_period(first: dt.date, last: dt.date) -> None:
    """Refuse a period that ends before it begins, or lasts longer than a year."""
    if last < first:
        raise ValueError("the end lies before the beginning")
    if (last - first).days >= MOST_DAYS:
        raise ValueError("a joint action lasts a year at most")
