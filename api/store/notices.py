"""Information notices, whom they go to, receipts and files."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Cell, Department, Hazard, Notice, NoticeDepartment, NoticeFile, NoticeReceipt, Person


@dataclass(frozen=True)
class Reader:
    """Somebody who sees what their departments sent or got, and their own drafts; ``everything``: all that was sent.

    They answer for those departments that are in ``speaks``.
    """

    person: int | None
    departments: frozenset[int]
    everything: bool
    speaks: frozenset[int] = frozenset()


def get_notice(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Notice | None:
    """Return the notice of a UUID."""
    query = sa.select(Notice).where(Notice.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def _to_one_of(departments: Collection[int]) -> Any:
    return sa.select(NoticeDepartment.notice_id).where(NoticeDepartment.department_id.in_(sorted(departments)))


def _visible(reader: Reader) -> Any:
    drafts = sa.and_(
        Notice.sent_at.is_(None),
        sa.or_(Notice.writer_id == reader.person, Notice.department_id.in_(sorted(reader.departments))),
    )
    if reader.everything:
        return sa.or_(Notice.sent_at.is_not(None), drafts)
    ours = sa.or_(
        Notice.writer_id == reader.person,
        Notice.department_id.in_(sorted(reader.departments)),
        Notice.id.in_(_to_one_of(reader.departments)),
    )
    return sa.or_(sa.and_(Notice.sent_at.is_not(None), ours), drafts)


def seen_by(session: Session, notice_id: int, reader: Reader) -> bool:
    """Return whether somebody sees a notice."""
    return session.scalar(sa.select(Notice.id).where(Notice.id == notice_id, _visible(reader))) is not None


@dataclass(frozen=True)
class Wanted:
    """Which notices are wanted; what is empty does not matter.

    ``box`` is inbox, sent or drafts; ``unread``: those of the inbox that nobody of the reader's departments has read.
    """

    box: str = ""
    unread: bool = False
    category: str | None = None


def notices_page(session: Session, reader: Reader, wanted: Wanted, *, before: int, limit: int) -> Sequence[Notice]:
    """Return a page of the notices that somebody sees, the newest first."""
    query = sa.select(Notice).where(_visible(reader))
    if before:
        query = query.where(Notice.id < before)
    if wanted.box == "drafts":
        query = query.where(Notice.sent_at.is_(None))
    elif wanted.box == "sent":
        ours = sa.or_(Notice.writer_id == reader.person, Notice.department_id.in_(sorted(reader.departments)))
        query = query.where(Notice.sent_at.is_not(None), ours)
    elif wanted.box == "inbox":
        query = query.where(Notice.sent_at.is_not(None), Notice.id.in_(_to_one_of(reader.departments)))
    if wanted.unread:
        read = sa.select(NoticeReceipt.notice_id).where(
            NoticeReceipt.kind == "read", NoticeReceipt.department_id.in_(sorted(reader.departments))
        )
        query = query.where(Notice.sent_at.is_not(None), Notice.id.in_(_to_one_of(reader.departments)))
        query = query.where(Notice.id.not_in(read))
    if wanted.category is not None:
        query = query.where(Notice.category == wanted.category)
    return session.scalars(query.order_by(Notice.id.desc()).limit(limit)).all()


def recipients_of(session: Session, notice_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Return the departments that notices go to, id and code, by notice."""
    out: dict[int, list[tuple[int, str]]] = {}
    rows = session.execute(
        sa.select(NoticeDepartment.notice_id, Department.id, Department.code)
        .join(Department, Department.id == NoticeDepartment.department_id)
        .where(NoticeDepartment.notice_id.in_(list(notice_ids)))
        .order_by(Department.code)
    )
    for notice, department, code in rows:
        out.setdefault(notice, []).append((department, code))
    return out


def recipient_rows(session: Session, notice_id: int) -> Sequence[NoticeDepartment]:
    """Return the records of whom a notice goes to."""
    return session.scalars(sa.select(NoticeDepartment).where(NoticeDepartment.notice_id == notice_id)).all()


def receipts_of(session: Session, notice_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return the receipts of notices with the shown name of the person, the first first, by notice."""
    out: dict[int, list[Any]] = {}
    rows = session.execute(
        sa.select(NoticeReceipt, Person.display_name)
        .outerjoin(Person, Person.id == NoticeReceipt.person_id)
        .where(NoticeReceipt.notice_id.in_(list(notice_ids)))
        .order_by(NoticeReceipt.id)
    )
    for receipt, person in rows:
        out.setdefault(receipt.notice_id, []).append((receipt, person))
    return out


def get_receipt(session: Session, identity: uuid.UUID) -> NoticeReceipt | None:
    """Return the receipt of a UUID."""
    return session.scalar(sa.select(NoticeReceipt).where(NoticeReceipt.uuid == identity))


def names_of(session: Session, person_ids: Collection[int | None]) -> dict[int, str]:
    """Return the shown names of people."""
    ids = sorted({one for one in person_ids if one is not None})
    rows = session.execute(sa.select(Person.id, Person.display_name).where(Person.id.in_(ids))).all()
    return {row.id: row.display_name for row in rows}


def hazards_by_township(session: Session, city_id: int, start: dt.datetime, end: dt.datetime) -> Sequence[Any]:
    """Return category, township and moment of the hazards observed in ``[start, end)`` in a cell of a township."""
    return session.execute(
        sa.select(Hazard.category, Cell.district_id, Hazard.observed_at)
        .join(Cell, Cell.id == Hazard.cell_id)
        .where(Hazard.city_id == city_id, Cell.district_id.is_not(None))
        .where(Hazard.observed_at >= start, Hazard.observed_at < end)
    ).all()


def origins(session: Session) -> dict[tuple[str, str, str], str]:
    """Return the notices that were made of a rise, by category, township and week."""
    rows = session.execute(sa.select(Notice.uuid, Notice.origin).order_by(Notice.id)).all()
    return {
        (origin["category"], origin["district"], origin["week"]): str(identity)
        for identity, origin in rows
        if origin and "week" in origin
    }


def files_of(session: Session, notice_ids: Sequence[int]) -> dict[int, list[NoticeFile]]:
    """Return the files of notices, by notice."""
    out: dict[int, list[NoticeFile]] = {}
    query = sa.select(NoticeFile).where(NoticeFile.notice_id.in_(list(notice_ids))).order_by(NoticeFile.id)
    for row in session.scalars(query):
        out.setdefault(row.notice_id, []).append(row)
    return out


def get_file(session: Session, identity: uuid.UUID) -> NoticeFile | None:
    """Return the attached file of a UUID."""
    return session.scalar(sa.select(NoticeFile).where(NoticeFile.uuid == identity))
