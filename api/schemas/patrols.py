"""What clients send of patrols: plans, changes by hand, escort posts, shifts, and what a team says of its stops."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import In, Latitude, Longitude, Metres, Observed, Short, Text

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", examples=["16:15"])]
Mode = Literal["foot", "bicycle", "car"]
Skill = Literal["traffic_police", "police", "urban_management", "guard", "volunteer"]
SKILLS = get_args(Skill)
Place = tuple[Longitude, Latitude]
Source = Literal["gates", "posts", "cells", "risk", "hazards"]


def _day(day: dt.date) -> dt.date:
    if not 2000 <= day.year <= 2200:
        raise ValueError("the year cannot be right")
    return day


Day = Annotated[dt.date, AfterValidator(_day)]


class BreakIn(In):
    """A break of a team, which begins between two times."""

    minutes: Annotated[int, Field(ge=1, le=240)]
    earliest: Clock
    latest: Clock


class TeamIn(In):
    """A team; without a start it begins at one of the best stops. ``members`` see its shift once the plan is published."""

    name: Annotated[Text, Field(max_length=100)] = ""
    mode: Mode = "foot"
    start: Place | None = None
    end: Place | None = None
    begins: Clock | None = None
    ends: Clock | None = None
    rest: BreakIn | None = None
    skills: Annotated[tuple[Skill, ...], Field(max_length=5)] = ()
    members: Annotated[tuple[uuid.UUID, ...], Field(max_length=20)] = ()


class PlanIn(In):
    """A plan to be made; ``id`` is made by the client, so that sending it again creates nothing.

    With a ``seed`` the search ends by ``iterations`` (or as many as suit its size) and not by the clock: then the same
    input gives the same plan. Without one it ends after ``seconds``.
    """

    id: uuid.UUID
    city: Code | None = None
    day: Day
    begins: Clock
    ends: Clock
    name: Short = ""
    teams: Annotated[list[TeamIn], Field(min_length=1, max_length=50)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=5)] = (
        "gates",
        "posts",
        "cells",
        "risk",
        "hazards",
    )
    schools: Annotated[tuple[uuid.UUID, ...], Field(max_length=500)] = ()
    district: Code | None = None
    every_days: Annotated[int, Field(ge=1, le=60)] = 10
    pace: dict[Mode, Annotated[float, Field(ge=0.2, le=3, allow_inf_nan=False)]] = Field(default_factory=dict)
    seconds: Annotated[float, Field(ge=0.5, le=120, allow_inf_nan=False)] | None = None
    iterations: Annotated[int, Field(ge=1, le=200_000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> PlanIn:
        if self.seconds is not None and (self.iterations is not None or self.seed is not None):
            raise ValueError("a plan ends by seconds, or (with a seed, or iterations) by iterations; not by both")
        return self


class StopChange(In):
    """What a planner decides of a stop: a team that it stays with, that it stays out, another place; or a new stop.

    ``team`` 0 takes a pin away. A stop with an ``id`` that the plan does not have is a new one, and needs a place.
    """

    id: uuid.UUID
    team: Annotated[int, Field(ge=0, le=50)] | None = None
    dropped: bool | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    name: Short | None = None
    minutes: Annotated[int, Field(ge=1, le=240)] | None = None

    @model_validator(mode="after")
    def _whole_place(self) -> StopChange:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        if self.team and self.dropped:
            raise ValueError("a stop cannot be left out and stay with a team as well")
        return self


class PlanPatch(In):
    """What may change of a plan.

    ``stops`` are changed by hand, and the rest is planned anew; ``stop_search`` ends a search with the best so far;
    ``state`` publishes a plan (its teams then see their shifts) or withdraws it; ``members`` are the people of each
    team, in order.
    """

    name: Short | None = None
    stops: Annotated[list[StopChange], Field(max_length=300)] | None = None
    plan_again: bool = False
    stop_search: bool = False
    state: Literal["published", "withdrawn"] | None = None
    members: Annotated[list[Annotated[list[uuid.UUID], Field(max_length=20)]], Field(max_length=50)] | None = None
    seconds: Annotated[float, Field(ge=0.5, le=120, allow_inf_nan=False)] | None = None


class PostIn(In):
    """An escort post (护学岗); without hours it follows the dismissal of its school, without a place it is at its gate."""

    id: uuid.UUID
    school: uuid.UUID
    gate: uuid.UUID | None = None
    name: Short = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(max_length=7)] = ()
    begins: Clock | None = None
    ends: Clock | None = None
    skill: Skill | Literal[""] = ""
    department: DepartmentCode | None = None
    manned_by: Short = ""
    active: bool = True

    @model_validator(mode="after")
    def _somewhere(self) -> PostIn:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        if self.gate is None and self.lon is None:
            raise ValueError("a post needs a gate, or lon and lat")
        if (self.begins is None) != (self.ends is None):
            raise ValueError("hours need both a beginning and an end")
        if self.begins is not None and self.ends is not None and self.begins >= self.ends:
            raise ValueError("the end lies before the beginning")
        return self


class PostPatch(In):
    """What may change of a post."""

    name: Short | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] | None = None
    begins: Clock | None = None
    ends: Clock | None = None
    skill: Skill | Literal[""] | None = None
    department: DepartmentCode | None = None
    manned_by: Short | None = None
    active: bool | None = None


class ShiftIn(In):
    """A shift without a plan: somebody was on patrol all the same."""

    id: uuid.UUID
    city: Code | None = None
    day: Day
    begins: Clock
    ends: Clock
    name: Annotated[Text, Field(max_length=100)] = ""
    mode: Mode = "foot"
    members: Annotated[tuple[uuid.UUID, ...], Field(max_length=20)] = ()


class ShiftPatch(In):
    """What may change of a shift: its team says that it begins and ends; a planner who is in it."""

    state: Literal["planned", "on_duty", "done", "cancelled"] | None = None
    note: Annotated[Text, Field(max_length=10_000)] | None = None
    members: Annotated[list[uuid.UUID], Field(max_length=20)] | None = None


class CheckIn(In):
    """What a team says of a stop; ``id`` is made by the client, so that sending it again creates nothing.

    ``finding`` names the hazard that was found there; ``skip`` says in its note why nobody was there.
    """

    id: uuid.UUID
    shift: uuid.UUID
    stop: uuid.UUID | None = None
    event: Literal["arrive", "leave", "skip", "finding"]
    at: Observed
    hazard: uuid.UUID | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_error_m: Metres | None = None
    note: Annotated[Text, Field(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _fits_its_event(self) -> CheckIn:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a position needs both lon and lat")
        if (self.event == "finding") != (self.hazard is not None):
            raise ValueError("a finding, and nothing else, names a hazard")
        if self.event != "finding" and self.stop is None and self.lon is None:
            raise ValueError("name the stop, or say where it was")
        return self
