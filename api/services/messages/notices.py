"""What people are told of notices and joint actions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from api.services.messages.telling import Event, tell
from api.services.notices.views import missing_departments
from api.store import departments, messages
from api.store.cities import local_day
from api.store.models import JointAction, Notice, NoticeReceipt

BEFORE_ANSWER = dt.timedelta(hours=24)


def tell_of_notice(
    session: Session,
    notice: Notice,
    kind: str,
    to: Collection[int],
    moment: dt.datetime,
    *,
    key: str,
    not_to: int | None = None,
) -> None:
    """Tell departments of a notice that has come, or that still waits for them."""
    today = local_day(session, moment)
    event = Event(
        key=key,
        kind=kind,
        subject="notice",
        identity=notice.uuid,
        said={"title": notice.title},
        people=frozenset(readers_of(session, to, today)),
        departments=frozenset(to),
        not_to=not_to,
    )
    tell(session, event, today=today, moment=moment)


def readers_of(session: Session, to: Collection[int], today: dt.date) -> set[int]:
    """Return who of departments is told of notices: liaison officers, leaders, and for the committee its office."""
    people = messages.people_of(session, to, {"liaison", "leader"})
    people |= messages.on_duty(session, to, {"liaison", "leader"}, today)
    convenor = departments.convenor(session)
    if convenor is not None and convenor.id in to:
        people |= messages.people_with(session, "dispatcher")
    return people


def tell_of_answer(session: Session, notice: Notice, answer: NoticeReceipt) -> None:
    """Tell whoever wrote a notice that a department has answered."""
    if notice.writer_id is None or notice.writer_id == answer.person_id:
        return
    event = Event(
        key=f"answer {answer.uuid}",
        kind="notice_answered",
        subject="notice",
        identity=notice.uuid,
        said={"title": notice.title},
        people=frozenset({notice.writer_id}),
    )
    tell(session, event, today=local_day(session, answer.at), moment=answer.at)


def tell_of_joint_action(session: Session, action: JointAction, to: Collection[int], moment: dt.datetime) -> None:
    """Tell departments that they take part in a joint action; each of them once."""
    today = local_day(session, moment)
    for department in sorted(to):
        event = Event(
            key=f"action {action.uuid} {department}",
            kind="action_planned",
            subject="action",
            identity=action.uuid,
            said={"title": action.title, "first": action.starts_on.isoformat(), "last": action.ends_on.isoformat()},
            people=frozenset(readers_of(session, {department}, today)),
            departments=frozenset({department}),
            not_to=action.planner_id,
        )
        tell(session, event, today=today, moment=moment)


def remind_by_the_clock(session: Session, moment: dt.datetime) -> int:
    """Remind departments of notices whose answer is due within a day and is not there; once. Return how many notices."""
    found = messages.notices_to_remind(session, moment - BEFORE_ANSWER, moment + BEFORE_ANSWER)
    for notice in found:
        missing = missing_departments(session, notice)
        for department in missing:
            identity = uuid.uuid5(notice.uuid, f"reminder by the clock {department}")
            session.add(
                NoticeReceipt(uuid=identity, notice_id=notice.id, kind="reminder", department_id=department, at=moment)
            )
        if missing:
            tell_of_notice(session, notice, "notice_reminder", missing, moment, key=f"clock {notice.uuid}")
    return len(found)
