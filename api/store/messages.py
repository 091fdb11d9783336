"""Messages in the app, whom they are for, and what people have still to be told of."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.duties import in_effect
from api.store.models import (
    Case,
    CellInspector,
    Department,
    Message,
    Notice,
    NoticeReceipt,
    Person,
    PersonRole,
    ToldDue,
)


def unread(session: Session, person_id: int) -> int:
    """Return how many messages somebody has not read."""
    query = sa.select(sa.func.count()).select_from(Message)
    return session.scalar(query.where(Message.person_id == person_id, Message.read_at.is_(None))) or 0


def messages_page(session: Session, person_id: int, *, only_unread: bool, before: int, limit: int) -> Sequence[Message]:
    """Return a page of somebody's messages, the newest first."""
    query = sa.select(Message).where(Message.person_id == person_id)
    if only_unread:
        query = query.where(Message.read_at.is_(None))
    if before:
        query = query.where(Message.id < before)
    return session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()


def mark_read(session: Session, person_id: int, moment: dt.datetime, ids: Collection[uuid.UUID] | None) -> None:
    """Mark messages of somebody as read: some, or (None) all."""
    query = sa.update(Message).where(Message.person_id == person_id, Message.read_at.is_(None))
    if ids is not None:
        query = query.where(Message.uuid.in_(list(ids)))
    session.execute(query.values(read_at=moment), execution_options={"synchronize_session": False})


def people_of(session: Session, departments: Collection[int], roles: Collection[str]) -> set[int]:
    """Return the people of departments who have one of some roles and can sign in."""
    query = (
        sa.select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.department_id.in_(sorted(departments)), PersonRole.role.in_(sorted(roles)))
        .where(Person.disabled.is_(False))
    )
    return set(session.scalars(query))


def people_with(session: Session, role: str) -> set[int]:
    """Return everybody of a role who can sign in."""
    query = sa.select(Person.id).join(PersonRole, PersonRole.person_id == Person.id)
    return set(session.scalars(query.where(PersonRole.role == role, Person.disabled.is_(False))))


def on_duty(session: Session, departments: Collection[int], duties: Collection[str], today: dt.date) -> set[int]:
    """Return who has one of some duties of departments today; deputies where they come in for somebody."""
    found = in_effect(session, departments, today)
    return set().union(*(people for (_, duty), people in found.items() if duty in duties))


def who_can_sign_in(session: Session, people: Collection[int | None]) -> set[int]:
    """Return those of some people whose accounts are not disabled."""
    query = sa.select(Person.id).where(Person.id.in_([one for one in people if one is not None]))
    return set(session.scalars(query.where(Person.disabled.is_(False))))


def checkers_of(session: Session, cell_id: int | None) -> set[int]:
    """Return the inspectors who walk a cell and can sign in."""
    query = (
        sa.select(Person.id)
        .join(CellInspector, CellInspector.person_id == Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(CellInspector.cell_id == cell_id, PersonRole.role == "inspector", Person.disabled.is_(False))
    )
    return set(session.scalars(query))


def with_address(session: Session, people: Collection[int]) -> dict[int, uuid.UUID]:
    """Return those of some people who have an e-mail address, and their UUIDs."""
    query = sa.select(Person.id, Person.uuid).where(Person.id.in_(sorted(people)), Person.email.is_not(None))
    return {row.id: row.uuid for row in session.execute(query.where(Person.disabled.is_(False)))}


def codes_of(session: Session, departments: Collection[int]) -> set[str]:
    """Return the codes of departments."""
    return set(session.scalars(sa.select(Department.code).where(Department.id.in_(sorted(departments)))))


def dues_to_tell(session: Session, kind: str, first: dt.datetime, last: dt.datetime, limit: int) -> Sequence[Case]:
    """Return cases whose step is due in ``[first, last)`` of which nobody has been told yet in this way."""
    known = sa.exists().where(ToldDue.case_id == Case.id, ToldDue.kind == kind, ToldDue.due_at == Case.step_due_at)
    query = sa.select(Case).where(
        Case.is_open,
        Case.queue_at < last,  # no step is due before this: the walk along the index ends here
        Case.step_due_at >= first,
        Case.step_due_at < last,
        Case.state.not_in(("draft", "suspended")),
        ~known,
    )
    return session.scalars(query.order_by(Case.step_due_at, Case.id).limit(limit)).all()


def notices_to_remind(session: Session, first: dt.datetime, last: dt.datetime) -> Sequence[Notice]:
    """Return notices whose answer is due in ``[first, last)`` and of which nobody was reminded by the clock."""
    known: Any = sa.exists().where(
        NoticeReceipt.notice_id == Notice.id, NoticeReceipt.kind == "reminder", NoticeReceipt.person_id.is_(None)
    )
    query = sa.select(Notice).where(Notice.sent_at.is_not(None), Notice.answer_by >= first, Notice.answer_by < last)
    return session.scalars(query.where(~known).order_by(Notice.id).limit(200)).all()
