"""What offices set: filing rules, the working calendar, and who leads which department."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.schemas.records import Category, In, Short, Text, require_once

Step = Literal["file", "dispatch", "accept", "handle", "check", "overall"]
STEPS: tuple[Step, ...] = ("file", "dispatch", "accept", "handle", "check", "overall")
Urgency = Literal["ordinary", "urgent", "very_urgent"]
DepartmentCode = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")]
Code = Annotated[str, Field(pattern="^[0-9A-Za-z]{1,12}$")]
MOST_DAYS_OFF = 200
SHORTEST_DAY_MIN = 240  # with less the longest limits would run for decades
_Words = Annotated[Text, Field(max_length=300)]


class LimitIn(In):
    """How long a step may take; days are whole."""

    amount: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    unit: Literal["working_hours", "working_days", "hours", "days"]

    @model_validator(mode="after")
    def _whole_days(self) -> LimitIn:
        if self.unit.endswith("days") and self.amount != int(self.amount):
            raise ValueError("days are counted as whole ones")
        return self


class Words(In):
    """A text in both languages."""

    zh: _Words = ""
    en: _Words = ""


class RecurrenceIn(In):
    """How near and how soon after a closed case a hazard of its type counts as its recurrence (反弹)."""

    within_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 100
    days: Annotated[int, Field(ge=0, le=366)] = 30


class RuleBody(In):
    """What is to be done with hazards of a type: who leads, how urgent, how long, when it is filed and closed."""

    lead: DepartmentCode
    assisting: Annotated[list[DepartmentCode], Field(max_length=20, default_factory=list)]
    urgency: Urgency = "ordinary"
    near_school: bool = True
    min_severity: Annotated[int, Field(ge=1, le=3)] = 1
    close_needs_photo: bool = False
    recurrence: RecurrenceIn = RecurrenceIn()
    limits: dict[Step, LimitIn]
    file_when: Words = Words()
    close_when: Words = Words()

    @model_validator(mode="after")
    def _every_step(self) -> RuleBody:
        if set(self.limits) != set(STEPS):
            raise ValueError("limits name every step: file, dispatch, accept, handle, check, overall")
        return self


class FilingRuleIn(RuleBody):
    """A city's own rule: for a category, or one subtype of it, everywhere or at a township, school or cell."""

    city: Code | None = None
    category: Category
    subtype: Annotated[str, Field(max_length=48)] = ""
    place_kind: Literal["", "district", "school", "cell"] = ""
    place: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _place_of_its_kind(self) -> FilingRuleIn:
        if bool(self.place_kind) != bool(self.place):
            raise ValueError("a place needs its kind, and a kind its place")
        return self

    @model_validator(mode="after")
    def _can_be_kept(self) -> FilingRuleIn:
        if not all(limit.amount for limit in self.limits.values()):
            raise ValueError("a limit of nothing makes every case late at once; give each step some time")
        overall, handle = self.limits["overall"], self.limits["handle"]
        if overall.unit == handle.unit and overall.amount < handle.amount:
            raise ValueError("the limit of the whole case is shorter than that of handling")
        return self


class SpanIn(In):
    """A span of working hours, by local time."""

    start: dt.time
    end: dt.time


class DayIn(In):
    """A day that departs from the week: off, or worked instead."""

    day: dt.date
    working: bool
    name: Short = ""


class WorkYearIn(In):
    """A year of a working calendar."""

    hours: Annotated[list[SpanIn], Field(min_length=1, max_length=6)]
    days: Annotated[list[DayIn], Field(max_length=366)]
    confirmed: bool = False
    source: Annotated[Text, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _in_order(self) -> WorkYearIn:
        edges = [edge for span in self.hours for edge in (span.start, span.end)]
        if any(edge.tzinfo is not None or edge.second or edge.microsecond for edge in edges):
            raise ValueError("hours are local times of whole minutes, as 08:30")
        if any(first >= second for first, second in itertools.pairwise(edges)):
            raise ValueError("hours follow one another and do not overlap")
        minutes = [edge.hour * 60 + edge.minute for edge in edges]
        if sum(end - start for start, end in zip(minutes[::2], minutes[1::2], strict=True)) < SHORTEST_DAY_MIN:
            raise ValueError("a working day has four hours at least")
        require_once(day.day for day in self.days)
        if sum(not day.working for day in self.days) > MOST_DAYS_OFF:
            raise ValueError("with so many days off nothing would ever be due")
        return self


class DutyIn(In):
    """Somebody's duty in a department: from a day on, to a last day or for good."""

    person: uuid.UUID
    duty: Literal["leader", "liaison"]
    deputy: bool = False
    starts_on: dt.date
    ends_on: dt.date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> DutyIn:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("the end lies before the beginning")
        return self


class DutiesIn(In):
    """All duties of a department, past, present and to come."""

    duties: Annotated[list[DutyIn], Field(max_length=200)]

    @model_validator(mode="after")
    def _one_at_a_time(self) -> DutiesIn:
        for duty in ("leader", "liaison"):
            held = sorted(
                (one for one in self.duties if one.duty == duty and not one.deputy), key=lambda o: o.starts_on
            )
            for first, second in itertools.pairwise(held):
                if first.ends_on is None or second.starts_on <= first.ends_on:
                    raise ValueError("a department has one leader in charge and one liaison officer at a time")
        return self


class DepartmentNameIn(In):
    """A name of a department, or one by which it is known too (``alias``), from a day to a last one."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    language: Literal["zh", "en"] = "zh"
    alias: bool = False
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class DepartmentIn(In):
    """A department: all names that it has or had, its first and last day, and who takes over from it."""

    names: Annotated[list[DepartmentNameIn], Field(min_length=1, max_length=50)]
    is_convenor: bool = False
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    successor: DepartmentCode | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> DepartmentIn:
        spans: list[DepartmentIn | DepartmentNameIn] = [self, *self.names]
        for one in spans:
            if one.valid_from is not None and one.valid_to is not None and one.valid_to < one.valid_from:
                raise ValueError("the end lies before the beginning")
        return self


class AbsenceIn(In):
    """Days on which somebody is away and who substitutes; ``person`` is oneself unless the office says otherwise."""

    id: uuid.UUID
    person: uuid.UUID | None = None
    starts_on: dt.date
    ends_on: dt.date
    substitute: uuid.UUID | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> AbsenceIn:
        if self.ends_on < self.starts_on:
            raise ValueError("the end lies before the beginning")
        return self
