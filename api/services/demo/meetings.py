"""Meetings of the demonstration: what was decided in the last two weeks, and what became of it; all made up."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from api.schemas.decisions import DecisionActionIn, DecisionIn, MeetingIn
from api.services.cities import today_in
from api.services.decisions.taking import act, decide, hold_meeting
from api.services.demo.cases import CODE, actor_of
from api.services.demo.exchange import identity_of
from api.services.meetings.periods import period_at
from api.settings import Settings
from api.store import cases, cities
from api.store import decisions as store
from api.store.models.base import now

_PRESENT = ("committee", "education", "police", "urban_management", "market_supervision", "traffic_police")
_PLACE, _CHAIR = "市社会治理中心会议室（虚构）", "专项工作办公室（虚构）"


@dataclass(frozen=True)
class Decided:
    """A decision of the demonstration; ``record`` numbers the joint action or notice, or is the case's category."""

    weeks_ago: int
    problem: str
    measure: str
    department: str
    assisting: tuple[str, ...]
    becomes: Literal["case", "action", "notice"]
    record: int | str
    due_in_days: int
    reported_by: str = ""


_DECIDED = (
    Decided(2, "放学时段校门外流动摊贩占道（虚构）", "分片定点值守，劝离并引导至疏导点。（虚构）", "urban_management",
            ("market_supervision", "police"), "action", 0, -2, "demo-liaison"),
    Decided(2, "校门口接送车辆违停（虚构）", "放学前后一小时安排交警值守。（虚构）", "traffic_police",
            ("education",), "case", "TRF", -3),
    Decided(1, "校园周边交通秩序混乱（虚构）", "联合整治，公示即停即走时段。（虚构）", "traffic_police",
            ("education",), "action", 1, 12),
    Decided(1, "南门外流动摊贩增多（虚构）", "各部门答复措施，下次例会通报。（虚构）", "urban_management",
            ("police", "education"), "notice", 0, 6),
    Decided(1, "摊贩反复出现的点位（虚构）", "重点点位每日巡查，复查后销号。（虚构）", "urban_management",
            (), "case", "VEN", 5),
)  # fmt: skip


def add_meetings(session: Session, settings: Settings) -> None:
    """Hold the meetings of the last two weeks, unless one of them is on record; deadlines may have passed since."""
    office = actor_of(session, "demo-dispatcher")
    if office.id is None:
        return
    city = cities.get_city(session, CODE)
    today = today_in(city, now())
    weeks = {ago: period_at("week", today - dt.timedelta(weeks=ago)) for ago in (1, 2)}
    if any(store.meeting_about(session, city, week.code) for week in weeks.values()):
        return
    for week in weeks.values():
        held_on = week.last + dt.timedelta(days=1)
        given = MeetingIn(id=uuid.uuid4(), city=CODE, period=week.code, held_on=held_on, place=_PLACE, chair=_CHAIR,
                          present=list(_PRESENT), summary="通报上周情况，研究以下问题。（虚构）")  # fmt: skip
        hold_meeting(session, office, given)
    still_open = cases.open_cases(session, city.id)
    for one in _DECIDED:
        if isinstance(one.record, int):
            existing = identity_of(one.becomes, one.record)
        else:
            case = next(
                (case for case in still_open if case.category == one.record and case.filed_at is not None), None
            )
            if case is None:
                continue
            existing = case.uuid
        decision = DecisionIn(
            id=uuid.uuid4(), city=CODE, problem=one.problem, measure=one.measure, department=one.department,
            assisting=list(one.assisting), due_on=max(today, today + dt.timedelta(days=one.due_in_days)),
            becomes=one.becomes, existing=existing, schools=[],
        )  # fmt: skip
        decide(session, office, weeks[one.weeks_ago].code, decision, settings)
        if one.reported_by:
            done = DecisionActionIn(id=uuid.uuid4(), action="report", note="已按方案完成，情况见专项行动。（虚构）")
            act(session, actor_of(session, one.reported_by), decision.id, done)
        kept = store.get_decision(session, decision.id)
        if kept is not None:
            kept.due_on = today + dt.timedelta(days=one.due_in_days)
    session.flush()
