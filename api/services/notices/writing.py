"""Writing notices, sending them, and giving receipt."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, Problem, StaleError
from api.schemas.notices import AnswerIn, NoticeIn, NoticePatch, ReminderIn
from api.security.acting import OFFICE, WRITERS, acting_for
from api.security.people import Actor
from api.services.departments import convenor_of, department_of
from api.services.messages.notices import tell_of_answer, tell_of_notice
from api.services.notices.views import missing_departments, notice_detail, notice_for, writes
from api.store import inspections, notices
from api.store.models import Notice, NoticeDepartment, NoticeReceipt
from api.store.models.base import now
from api.store.records import claim
from api.store.spatial import to_element


def write_notice(session: Session, actor: Actor, given: NoticeIn) -> tuple[dict[str, Any], bool]:
    """Write a notice and send it, or keep it as a draft; the same UUID again creates nothing.

    Raises
    ------
    ConflictError
        Where the UUID belongs to another notice.
    ForbiddenError
        Where the writer belongs to no department.
    BadInputError
        Where there is no such department, nobody to send it to, or the moment of the answer has passed.
    """
    claim(session, given.id)
    known = notices.get_notice(session, given.id)
    if known is not None:
        if known.writer_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("a notice with this id is there already, and says something else")
        return notice_detail(session, actor, known), False
    notice = Notice(
        uuid=given.id,
        department_id=_writes_for(session, actor),
        writer_id=actor.id,
        title=given.title,
        body=given.body,
        category=given.category,
        address=given.address,
        location=_point(given.lon, given.lat),
        wants_answer=given.wants_answer or given.answer_by is not None,
        answer_by=given.answer_by,
        origin={} if given.trend is None else given.trend.model_dump(),
        content_hash=given.fingerprint(),
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(notice)
    session.flush()
    _set_recipients(session, notice, given.to, given.committee)
    if not given.draft:
        _send(session, actor, notice)
    session.flush()
    session.expire_all()
    return notice_detail(session, actor, notice), True


def change_draft(
    session: Session, actor: Actor, identity: uuid.UUID, change: NoticePatch, version: int
) -> dict[str, Any]:
    """Change a draft that is still at ``version``, and send it where that is asked for.

    Raises
    ------
    StaleError, ConflictError
        Where somebody else changed it meanwhile, or it has been sent: then it stays as it is.
    """
    notice = _draft(session, actor, identity, version)
    for name in ("title", "body", "category", "address", "wants_answer", "answer_by"):
        if name in change.model_fields_set and (getattr(change, name) is not None or name in {"category", "answer_by"}):
            setattr(notice, name, getattr(change, name))
    if {"lon", "lat"} & change.model_fields_set:
        notice.location = _point(change.lon, change.lat)
    if notice.answer_by is not None:
        notice.wants_answer = True
    if change.to is not None:
        _set_recipients(session, notice, change.to, bool(change.committee))
    elif change.committee:
        _add_recipient(session, notice, convenor_of(session).id)
    if change.send:
        _send(session, actor, notice)
    notice.version += 1
    session.flush()
    session.expire_all()
    return notice_detail(session, actor, notice)


def discard_draft(session: Session, actor: Actor, identity: uuid.UUID, version: int) -> None:
    """Throw a draft away."""
    session.delete(_draft(session, actor, identity, version))


def _draft(session: Session, actor: Actor, identity: uuid.UUID, version: int) -> Notice:
    notice = notice_for(session, actor, identity, lock=True)
    if notice.sent_at is not None:
        raise ConflictError("the notice has been sent, so it stays as it is; write another one")
    if not writes(session, actor, notice):
        raise ForbiddenError("only the department that writes a notice changes it")
    if notice.version != version:
        raise StaleError("somebody else changed the notice meanwhile; read it again")
    return notice


def give_receipt(session: Session, actor: Actor, identity: uuid.UUID) -> dict[str, Any]:
    """Write down that somebody has read a notice, for each of their departments that it went to; once."""
    notice = notice_for(session, actor, identity)
    for department, _ in _addressed(session, notice, acting_for(session, actor).sees):
        receipt = uuid.uuid5(notice.uuid, f"read {department} {actor.id}")
        if notices.get_receipt(session, receipt) is None:
            session.add(_receipt(notice, "read", department, actor.id, receipt))
    session.flush()
    return notice_detail(session, actor, notice)


def answer_notice(session: Session, actor: Actor, identity: uuid.UUID, given: AnswerIn) -> tuple[dict[str, Any], bool]:
    """Answer a notice for each department that somebody speaks for and it went to, or for the one that they name.

    The same UUID again does nothing.

    Raises
    ------
    ForbiddenError
        Where the notice did not go to their department, or answering is not their duty.
    """
    notice = notice_for(session, actor, identity)
    claim(session, given.id)
    known = notices.get_receipt(session, given.id)
    if known is not None:
        of_another = given.department is not None and (known.department_id, given.department) not in _recipients(
            session, notice
        )
        if of_another or (known.notice_id, known.person_id, known.text) != (notice.id, actor.id, given.text):
            raise ConflictError("this id belongs to another answer; send this one under a new id")
        return notice_detail(session, actor, notice), False
    acting = acting_for(session, actor)
    if not _addressed(session, notice, acting.sees):
        raise ForbiddenError("this notice did not go to your department, so it is not yours to answer")
    speaks = _addressed(session, notice, acting.speaks)
    answered = [ident for ident, code in speaks if given.department in {None, code}]
    if not answered:
        raise ForbiddenError("its liaison officer or leader answers for a department, or who is in their place today")
    give_receipt(session, actor, identity)
    answers = [
        _receipt(
            notice, "answer", department, actor.id,
            given.id if number == 0 else uuid.uuid5(given.id, str(department)), given.text,
        )
        for number, department in enumerate(answered)
    ]  # fmt: skip
    session.add_all(answers)
    session.flush()
    tell_of_answer(session, notice, answers[0])
    return notice_detail(session, actor, notice), True


def remind(session: Session, actor: Actor, identity: uuid.UUID, given: ReminderIn) -> tuple[dict[str, Any], bool]:
    """Remind the departments that have not read a notice, or not answered where an answer is wanted.

    Raises
    ------
    ForbiddenError
        Where it is neither the reader's department's notice nor theirs as the committee's office.
    ConflictError
        Where it is a draft, or nobody is left to be reminded.
    """
    notice = notice_for(session, actor, identity, lock=True)
    if notice.sent_at is None:
        raise ConflictError("a draft has reached nobody yet; send it first")
    if not writes(session, actor, notice) and not actor.roles & OFFICE:
        raise ForbiddenError("only the department that sent a notice, and the committee's office, remind others of it")
    waiting = missing_departments(session, notice)
    done = [uuid.uuid5(given.id, str(department)) for department in waiting]
    if notices.get_receipt(session, given.id) is not None:
        return notice_detail(session, actor, notice), False
    if not waiting:
        raise ConflictError("everybody has read this notice, and answered where an answer is wanted")
    for number, department in enumerate(waiting):
        identity_of = given.id if number == 0 else done[number]
        session.add(_receipt(notice, "reminder", department, actor.id, identity_of))
    session.flush()
    tell_of_notice(session, notice, "notice_reminder", waiting, now(), key=f"reminder {given.id}", not_to=actor.id)
    return notice_detail(session, actor, notice), True


def _writes_for(session: Session, actor: Actor) -> int:
    if actor.department_id is not None:
        return actor.department_id
    if actor.roles & OFFICE:
        return convenor_of(session).id
    raise ForbiddenError("your account belongs to no department; ask your administrator")


def _send(session: Session, actor: Actor, notice: Notice, *, at: dt.datetime | None = None) -> None:
    if not actor.roles & WRITERS:
        raise ForbiddenError("your roles do not allow this")
    session.flush()
    moment = at or now()
    if not notices.recipient_rows(session, notice.id):
        what = "say to which departments the notice goes"
        raise BadInputError(what, problems=[Problem("body.to", what)])
    if notice.answer_by is not None and notice.answer_by <= moment:
        what = "the moment by which an answer is wanted has passed already"
        raise BadInputError(what, problems=[Problem("body.answer_by", what)])
    notice.sent_at = moment
    to = [row.department_id for row in notices.recipient_rows(session, notice.id)]
    tell_of_notice(session, notice, "notice_received", to, moment, key=f"notice {notice.uuid}", not_to=actor.id)


def _set_recipients(session: Session, notice: Notice, codes: Sequence[str], committee: bool) -> None:
    wanted = [department_of(session, code, "body.to").id for code in dict.fromkeys(codes)]
    if committee:
        wanted.append(convenor_of(session).id)
    for row in notices.recipient_rows(session, notice.id):
        if row.department_id not in wanted:
            session.delete(row)
    session.flush()
    for one in dict.fromkeys(wanted):
        _add_recipient(session, notice, one)


def _add_recipient(session: Session, notice: Notice, department_id: int) -> None:
    known = {row.department_id for row in notices.recipient_rows(session, notice.id)}
    if department_id not in known:
        session.add(NoticeDepartment(notice_id=notice.id, department_id=department_id))


def _addressed(session: Session, notice: Notice, among: Collection[int]) -> list[tuple[int, str]]:
    """Return those of some departments that a notice went to, id and code."""
    if notice.sent_at is None:
        return []
    return [one for one in _recipients(session, notice) if one[0] in among]


def _recipients(session: Session, notice: Notice) -> list[tuple[int, str]]:
    return notices.recipients_of(session, [notice.id]).get(notice.id, [])


def _receipt(
    notice: Notice, kind: str, department: int, person: int | None, identity: uuid.UUID, text: str = ""
) -> NoticeReceipt:
    return NoticeReceipt(
        uuid=identity, notice_id=notice.id, kind=kind, department_id=department, person_id=person, at=now(), text=text
    )


def _point(lon: float | None, lat: float | None) -> Any:
    return None if lon is None or lat is None else to_element(shapely.Point(lon, lat))
