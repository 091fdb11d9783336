"""Joint actions, notices and duties of the demonstration: made up, by made-up people, and marked so."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from api.schemas.actions import JointActionIn, TakingPartIn
from api.schemas.filing import DutiesIn, DutyIn
from api.schemas.notices import NoticeIn
from api.security.people import add_person
from api.services.actions.records import plan_action
from api.services.cities import today_in
from api.services.demo.cases import actor_of
from api.services.departments import built_in, department_of, set_duties, show_duties
from api.services.notices.writing import write_notice
from api.store import actions, cities, notices, people
from api.store.models.base import now

CODE = "330681"
_SPACE = uuid.UUID("5b1f4a52-0f0e-4d65-9b0f-6c1c5b8f7f11")
_ACTIONS = (
    ("放学时段摊贩整治专项行动（虚构）", -28, -15, ("VEN",), ("urban_management", "market_supervision", "police")),
    ("校园周边交通秩序联合整治（虚构）", -3, 10, ("TRF",), ("traffic_police", "education")),
)
_ON_DUTY = ("committee", "education", "police", "traffic_police", "market_supervision", "culture", "health")
_NOTICES = (
    (
        "南门外流动摊贩增多（虚构）",
        "近一周放学时段南门外流动摊贩明显增多，占用人行道。请关注并答复措施。（虚构）",
        "VEN",
        True,
    ),
    ("周边文化娱乐场所检查情况（虚构）", "已对学校周边文化娱乐场所开展检查，情况见会议材料。（虚构）", "CUL", False),
)


def identity_of(what: str, number: int) -> uuid.UUID:
    """Return the UUID of the joint action ("action") or notice ("notice") of a number."""
    return uuid.uuid5(_SPACE, f"{what} {number}")


def add_exchange(session: Session) -> None:
    """Let the office plan two joint actions and write two notices, and name who is on duty; once."""
    office, liaison, leader = (actor_of(session, name) for name in ("demo-dispatcher", "demo-liaison", "demo-leader"))
    if office.id is None:
        return
    city = cities.get_city(session, CODE)
    today = today_in(city, now())
    for number, (title, first, last, categories, departments) in enumerate(_ACTIONS):
        given = JointActionIn(
            id=identity_of("action", number),
            city=CODE,
            title=title,
            purpose="各部门按方案在放学前后一小时定点值守、联合检查。（虚构）",
            starts_on=today + dt.timedelta(days=first),
            ends_on=today + dt.timedelta(days=last),
            categories=list(categories),
            schools=actions.schools_by_cases(session, city.id, categories, 4),
            departments=[
                TakingPartIn(department=code, people=6 + 2 * n, vehicles=2 - n % 2, lead=n == 0)
                for n, code in enumerate(departments)
            ],
        )
        if actions.get_action(session, given.id) is None:
            plan_action(session, office, given)
            record = actions.get_action(session, given.id)
            if record is not None:
                record.invented = True
    for number, (title, body, category, wants) in enumerate(_NOTICES):
        notice = NoticeIn(
            id=identity_of("notice", number), title=title, body=body, category=category, wants_answer=wants,
            to=["urban_management", "police", "education"],
        )  # fmt: skip
        if notices.get_notice(session, notice.id) is None:
            write_notice(session, office, notice)
            kept = notices.get_notice(session, notice.id)
            if kept is not None:
                kept.invented = True
    since = dt.date(today.year, 1, 1)
    _name_duties(session, "urban_management", leader.uuid, liaison.uuid, since)
    for code in _ON_DUTY:
        head, officer = _on_duty(session, code, "leader", "分管领导"), _on_duty(session, code, "liaison", "信息员")
        _name_duties(session, code, head, officer, since)
    session.flush()


def _on_duty(session: Session, code: str, role: str, word: str) -> uuid.UUID:
    """Return somebody made up who holds a duty of a department, and whom nobody can sign in as."""
    name = f"demo-{code}-{role}"
    known = people.get_person(session, name)
    if known is None:
        display = f"{built_in()[code]['zh']}{word}（虚构）"
        known = add_person(session, name=name, password=None, roles=[role], display_name=display, invented=True)
        known.department_id = department_of(session, code).id
        session.flush()
    return known.uuid


def _name_duties(
    session: Session, code: str, leader: uuid.UUID | None, liaison: uuid.UUID | None, since: dt.date
) -> None:
    known = show_duties(session, code)
    if known["duties"] or leader is None or liaison is None:
        return
    duties = [
        DutyIn(person=leader, duty="leader", starts_on=since),
        DutyIn(person=liaison, duty="liaison", starts_on=since),
    ]
    set_duties(session, code, DutiesIn(duties=duties), known["version"])
