"""What the office says of schools: grounds, gates, timetables, the school calendar; and of licensed premises."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Annotated, Literal, TypeVar

from geojson_pydantic import MultiPolygon, Polygon
from pydantic import AfterValidator, Field, model_validator

from api.schemas.filing import Code
from api.schemas.records import In, Latitude, Longitude, Metres, Short, Text, require_once
from api.vocabulary import find_code, vocabulary

MOST_VERTICES = 20_000
MOST_CAMPUSES = 20
MOST_INTERVAL_DAYS = 400
_Address = Annotated[Text, Field(max_length=300)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
_Licensed = TypeVar("_Licensed", "PremisesIn", "PremisesPatch")


def _day(day: dt.date) -> dt.date:
    if not 1800 <= day.year <= 2200:
        raise ValueError("the year cannot be right")
    return day


Day = Annotated[dt.date, AfterValidator(_day)]


def _stage(code: str) -> str:
    found = find_code(vocabulary().stages, code)
    if found is None:
        raise ValueError(f"not a stage; use one of {', '.join(vocabulary().stages)}")
    return found


def _premises_category(code: str) -> str:
    found = find_code(vocabulary().premises_categories, code)
    if found is None:
        raise ValueError(f"not a category; use one of {', '.join(vocabulary().premises_categories)}")
    return found


Stages = Annotated[list[Annotated[str, Field(max_length=60), AfterValidator(_stage)]], Field(max_length=10)]
Categories = Annotated[
    list[Annotated[str, Field(max_length=60), AfterValidator(_premises_category)]], Field(min_length=1, max_length=20)
]


def _not_endless(shape: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    polygons = shape.coordinates if isinstance(shape, MultiPolygon) else [shape.coordinates]
    if sum(len(ring) for rings in polygons for ring in rings) > MOST_VERTICES:
        raise ValueError(f"the outline has more than {MOST_VERTICES} vertices")
    return shape


Outline = Annotated[Polygon | MultiPolygon, AfterValidator(_not_endless)]


class CampusIn(In):
    """The grounds of a school: an outline, or a point with the radius that is stated for it."""

    id: uuid.UUID | None = None
    name: Short = ""
    boundary: Outline | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    radius_m: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _outline_or_point(self) -> CampusIn:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        if (self.boundary is None) == (self.lon is None):
            raise ValueError("a campus is an outline (boundary), or a point (lon, lat) with radius_m")
        return self


Campuses = Annotated[list[CampusIn], Field(min_length=1, max_length=MOST_CAMPUSES)]


class SchoolIn(In):
    """A school; ``id`` is made by the client, so that sending it again creates nothing."""

    id: uuid.UUID
    city: Code | None = None
    name: Name
    name_en: Short = ""
    stages: Annotated[Stages, Field(default_factory=list)]
    address: _Address = ""
    opened_on: Day | None = None
    campuses: Campuses


def _checklist(key: str) -> str:
    known = ("school", *vocabulary().hazard_categories)
    if key not in known:
        raise ValueError(f"not a checklist; use one of {', '.join(known)}")
    return key


Intervals = dict[
    Annotated[str, Field(max_length=16), AfterValidator(_checklist)], Annotated[int, Field(ge=1, le=MOST_INTERVAL_DAYS)]
]
"""Days between visits by the key of a checklist: "school", or the code of a category of hazards."""


class SchoolPatch(In):
    """What may change of a school; ``campuses`` replaces all of them, each known by its ``id``.

    ``intervals_days`` replaces what departs from the checklists' intervals; empty takes all of it away.
    """

    name: Name | None = None
    name_en: Short | None = None
    stages: Stages | None = None
    address: _Address | None = None
    opened_on: Day | None = None
    closed_on: Day | None = None
    intervals_days: Intervals | None = None
    campuses: Campuses | None = None


class PerimeterIn(In):
    """How wide the control zone of a school is, and whether the campus itself is left out."""

    distance_m: Annotated[float, Field(ge=10, le=5000, allow_inf_nan=False)] | None = None
    cut_out_campus: bool | None = None


def _gate_kind(code: str) -> str:
    found = find_code(vocabulary().gate_kinds, code)
    if found is None:
        raise ValueError(f"not a kind of gate; use one of {', '.join(vocabulary().gate_kinds)}")
    return found


GateKind = Annotated[str, Field(max_length=60), AfterValidator(_gate_kind)]


class GateIn(In):
    """A gate; ``id`` is made by the client."""

    id: uuid.UUID
    lon: Longitude
    lat: Latitude
    name: Short = ""
    kind: GateKind = "gate"


class GatePatch(In):
    """What may change of a gate."""

    lon: Longitude | None = None
    lat: Latitude | None = None
    name: Short | None = None
    kind: GateKind | None = None

    @model_validator(mode="after")
    def _both(self) -> GatePatch:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        return self


def _whole_minute(time: dt.time) -> dt.time:
    if time.tzinfo is not None or time.second or time.microsecond:
        raise ValueError("dismissal is a local time of whole minutes, as 16:30")
    return time


class DismissalIn(In):
    """When lessons end for some grades on a weekday (1 = Monday)."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    grades: Annotated[Text, Field(max_length=64)] = ""
    dismissal: Annotated[dt.time, AfterValidator(_whole_minute)]


class TermIn(In):
    """A term, by its first and last school day."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    starts_on: Day
    ends_on: Day


def _in_order(terms: list[TermIn]) -> list[TermIn]:
    ordered = sorted(terms, key=lambda term: term.starts_on)
    if any(term.ends_on < term.starts_on for term in ordered):
        raise ValueError("the end lies before the beginning")
    if any(second.starts_on <= first.ends_on for first, second in itertools.pairwise(ordered)):
        raise ValueError("terms follow one another and do not overlap")
    return ordered


Terms = Annotated[list[TermIn], Field(max_length=40), AfterValidator(_in_order)]


def _each_once(rows: list[DismissalIn]) -> list[DismissalIn]:
    if len({(row.weekday, row.grades) for row in rows}) < len(rows):
        raise ValueError("a weekday has one dismissal for the same grades")
    return sorted(rows, key=lambda row: (row.weekday, row.grades))


Dismissals = Annotated[list[DismissalIn], Field(max_length=200), AfterValidator(_each_once)]


class TimetableIn(In):
    """All dismissals of a school."""

    dismissals: Dismissals


class CalendarDayIn(In):
    """A day that departs from the week: no school, or school by another weekday's timetable."""

    day: Day
    is_school_day: bool
    as_weekday: Annotated[int, Field(ge=1, le=7)] | None = None
    name: Annotated[Text, Field(max_length=100)] = ""


class SchoolCalendarIn(In):
    """The terms of a city and the days that depart from the week, all of them."""

    terms: Terms
    days: Annotated[list[CalendarDayIn], Field(max_length=2000, default_factory=list)]

    @model_validator(mode="after")
    def _days_once(self) -> SchoolCalendarIn:
        require_once(day.day for day in self.days)
        return self


class PremisesIn(In):
    """Licensed premises; ``id`` is made by the client, ``categories`` are what the distance rules are about."""

    id: uuid.UUID
    lon: Longitude
    lat: Latitude
    name: Name
    categories: Categories
    address: _Address = ""
    licence: Annotated[Text, Field(max_length=100)] = ""
    licensed_from: Day | None = None
    licence_expires: Day | None = None
    closed_on: Day | None = None
    opening_hours: Short = ""
    position_error_m: Metres | None = None

    @model_validator(mode="after")
    def _licence_in_order(self) -> PremisesIn:
        return _dates_in_order(self)


class PremisesPatch(In):
    """What may change of premises; null takes a date away."""

    lon: Longitude | None = None
    lat: Latitude | None = None
    name: Name | None = None
    categories: Categories | None = None
    address: _Address | None = None
    licence: Annotated[Text, Field(max_length=100)] | None = None
    licensed_from: Day | None = None
    licence_expires: Day | None = None
    closed_on: Day | None = None
    opening_hours: Short | None = None
    position_error_m: Metres | None = None

    @model_validator(mode="after")
    def _both(self) -> PremisesPatch:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        return _dates_in_order(self)


def _dates_in_order(said: _Licensed) -> _Licensed:
    if said.licensed_from and said.licence_expires and said.licence_expires < said.licensed_from:
        raise ValueError("the licence expires before it begins")
    return said


def _target(code: str) -> str:
    return "road" if code == "road" else _premises_category(code)


class DistanceRuleIn(In):
    """A version of a distance rule, as an administrator sets it; the limit is empty where the law states no metres."""

    target: Annotated[str, Field(max_length=60), AfterValidator(_target)]
    title_zh: Name
    title_en: Name
    limit_m: Annotated[float, Field(gt=0, le=5000, allow_inf_nan=False)] | None = None
    measure: Literal["boundary", "gate", "walk", "township_polygon", "none", "road"]
    stages: Annotated[Stages, Field(min_length=1)]
    enforced_by_zh: Short = ""
    enforced_by_en: Short = ""
    basis_zh: Annotated[Text, Field(min_length=1, max_length=500)]
    basis_en: Annotated[Text, Field(min_length=1, max_length=500)]
    basis_status: Literal["L", "S", "R", "V", "I"]
    valid_from: Day | None = None
    valid_to: Day | None = None
    note_zh: Annotated[Text, Field(max_length=500)] = ""
    note_en: Annotated[Text, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> DistanceRuleIn:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("the end lies before the beginning")
        if self.limit_m is not None and self.measure == "none":
            raise ValueError("a rule with a limit says how it is measured")
        return self
