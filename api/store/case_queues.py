"""Queues of cases: a page of one, walked along an index, and how many stand in each."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from api.store.cases import Seer, visible
from api.store.models import Case, Cell, Department, District, School
from api.store.spatial import Bounds, meets_bbox

_FEW = 200
_FIRST = 1_000  # open cases among which those of a page are mostly found
_COUNTED: tuple[tuple[str, ...], ...] = ((), ("not_handler",))  # guards of what one walk over the index counts
SEARCHED_OVER = 20_000  # of the cases that are over, a search by words reads so many: those that ended last
_EVER = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Owed:
    """Cases that wait for something that somebody may do: of these states, by the guards that the table names."""

    states: frozenset[str]
    guards: tuple[str, ...] = ()
    reporter: int | None = None
    lead: int | None = None


@dataclass(frozen=True)
class Waiting:
    """For whom cases wait: what is owed by a person, and in the name of which departments they would do it.

    ``ended`` are the departments that are none any more.
    """

    person: int | None
    departments: frozenset[int]
    owed: Sequence[Owed]
    ended: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Queue:
    """Which cases stand in a queue; what is empty does not matter."""

    is_open: bool = True
    states: Sequence[str] = ()
    due_from: dt.datetime | None = None
    due_before: dt.datetime | None = None
    waiting: Waiting | None = None


@dataclass(frozen=True)
class Narrowed:
    """What narrows every queue; what is empty does not matter. Every word of ``words`` is to be found.

    ``cases`` are the only ones that are meant, by id; None: any.
    """

    bounds: Bounds | None = None
    categories: Sequence[str] = ()
    department: str | None = None
    district: str | None = None
    school: uuid.UUID | None = None
    words: Sequence[str] = field(default_factory=tuple)
    cases: Sequence[int] | None = None


def with_few(session: Session, narrowed: Narrowed) -> Narrowed:
    """Return what narrows the queues of open cases with the cases themselves in place of words that few of them have.

    So the open cases are read once for a search, and not for its page and each of its counts.
    """
    if not narrowed.words:
        return narrowed
    found = session.scalars(sa.select(Case.id).where(Case.is_open, _searched(narrowed.words)).limit(_FEW + 1)).all()
    return narrowed if len(found) > _FEW else replace(narrowed, words=(), cases=found)


def queue_page(
    session: Session,
    queue: Queue,
    narrowed: Narrowed,
    *,
    seer: Seer | None,
    person: int | None,
    after: tuple[dt.datetime, int] | None,
    limit: int,
) -> Sequence[Case]:
    """Return a page of a queue: the nearest deadline first, of cases that are over the latest; ``after`` where it was."""
    among = [Case.is_open if queue.is_open else ~Case.is_open, *_narrow(narrowed)]
    among += _seen(seer, person, is_open=queue.is_open)
    if narrowed.words:
        among.append(_searched(narrowed.words) if queue.is_open else _searched_over(session, narrowed.words))
    place = sa.tuple_(Case.queue_at, Case.id)
    if after is not None:
        at = sa.tuple_(sa.literal(after[0], Case.queue_at.type), sa.literal(after[1]))
        among.append(place > at if queue.is_open else place < at)
    order = (Case.queue_at, Case.id) if queue.is_open else (Case.queue_at.desc(), Case.id.desc())
    query = sa.select(Case).order_by(*order).limit(limit)
    if queue.is_open and (queue.waiting is not None or len(queue.states) > 1):
        # no index has these in order: mostly a page of them stands among the first that are open
        edge = session.scalar(sa.select(Case.queue_at).where(*among).order_by(*order).offset(_FIRST).limit(1))
        if edge is not None:
            found = session.scalars(query.where(*among, _in_queue(queue), Case.queue_at <= edge)).all()
            if len(found) == limit:
                return found
    return session.scalars(query.where(*among, _in_queue(queue))).all()


def queue_counts(
    session: Session, queues: Mapping[str, Queue], narrowed: Narrowed, *, seer: Seer | None, person: int | None
) -> dict[str, int]:
    """Return how many cases stand in each of some queues of open cases.

    One walk over the index of those that are open counts them by what the queues tell them apart by: the state, the
    moments that are limits of a queue, and whether it is led by the department, was reported by the person, or was in
    the hands of those that a queue is about. Only what waits for somebody on conditions beyond these is counted by a
    query of its own.
    """
    conditions = [Case.is_open, *_narrow(narrowed), *_seen(seer, person, is_open=True)]
    if narrowed.words:
        conditions.append(_searched(narrowed.words))
    limits = sorted({at for queue in queues.values() for at in (queue.due_from, queue.due_before) if at is not None})
    waiting = [queue.waiting for queue in queues.values() if queue.waiting is not None]
    owed = [one for each in waiting for one in each.owed]
    leads = sorted({one.lead for one in owed if one.lead is not None})
    reporters = sorted({one.reporter for one in owed if one.reporter is not None})
    passed: Any = sa.literal_column("0")
    for at in limits:
        passed = passed + sa.case((Case.queue_at >= at, 1), else_=0)
    keys = {
        "state": Case.state,
        "passed": passed,
        "lead": sa.case((Case.lead_id.in_(leads), Case.lead_id), else_=0) if leads else sa.literal_column("0"),
        "reporter": (
            sa.case((Case.reporter_id.in_(reporters), Case.reporter_id), else_=0)
            if reporters
            else sa.literal_column("0")
        ),
        "handled": sa.case((_handled(waiting[0]), 1), else_=0) if waiting else sa.literal_column("0"),
    }
    columns = [key.label(f"by_{name}") for name, key in keys.items()]
    # grouped by the names of the columns: their parameters PostgreSQL would take for others there
    names: list[Any] = [sa.literal_column(f"by_{name}") for name in keys]
    rows: Sequence[Any] = session.execute(
        sa.select(*columns, sa.func.count()).where(*conditions).group_by(*names)
    ).all()
    out = {}
    for name, queue in queues.items():
        first = 0 if queue.due_from is None else limits.index(queue.due_from) + 1
        last = len(limits) if queue.due_before is None else limits.index(queue.due_before)
        waits = queue.waiting
        out[name] = sum(
            int(number)
            for state, among, lead, reporter, handled, number in rows
            if (not queue.states or state in queue.states)
            and first <= among <= last
            and (waits is None or any(_is_free(one, state, lead, reporter, handled) for one in waits.owed))
        )
        if waits is not None:
            out[name] += _count_bound(session, waits, conditions)
    return out


def _is_free(one: Owed, state: str, lead: int, reporter: int, handled: int) -> bool:
    """Return whether something is owed whatever else there is to be said of a case."""
    is_theirs = one.lead in {None, lead} and one.reporter in {None, reporter}
    return one.guards in _COUNTED and state in one.states and is_theirs and not (one.guards and handled)


def _count_bound(session: Session, waiting: Waiting, conditions: Sequence[Any]) -> int:
    """Return how many cases wait on some condition of the table that has not been counted."""
    bound = [one for one in waiting.owed if one.guards not in _COUNTED and not _is_idle(waiting, one)]
    if not bound:
        return 0
    counted = [_owed(waiting, one) for one in waiting.owed if one.guards in _COUNTED]
    query = sa.select(sa.func.count()).select_from(Case).where(*conditions, _any(waiting, bound))
    return session.scalar(query.where(sa.not_(sa.or_(sa.false(), *counted)))) or 0


def _seen(seer: Seer | None, person: int | None, *, is_open: bool) -> list[Any]:
    parts = [] if seer is None else [visible(seer)]
    if is_open:  # drafts are open: of the others none is, and the condition would only lead the planner astray
        parts.append(sa.or_(Case.state != "draft", Case.reporter_id == person))
    return parts


def _in_queue(queue: Queue) -> Any:
    parts: list[Any] = [sa.true()]
    if queue.states:
        parts.append(Case.state.in_(list(queue.states)))
    if queue.due_from is not None:
        parts.append(Case.queue_at >= queue.due_from)
    if queue.due_before is not None:
        parts.append(Case.queue_at < queue.due_before)
    if queue.waiting is not None:
        parts.append(_waits(queue.waiting))
    return sa.and_(*parts)


def _narrow(wanted: Narrowed) -> list[Any]:
    parts: list[Any] = []
    if wanted.cases is not None:
        parts.append(Case.id.in_(wanted.cases))
    if wanted.bounds is not None:
        parts.append(meets_bbox(Case.location, wanted.bounds))
    if wanted.categories:
        parts.append(Case.category.in_(list(wanted.categories)))
    if wanted.department is not None:
        of = sa.select(Department.id).where(Department.code == wanted.department).scalar_subquery()
        parts.append(Case.lead_id == of)
    if wanted.district is not None:
        town = sa.select(District.id).where(District.code == wanted.district).limit(1).scalar_subquery()
        parts.append(Case.district_id == town)
    if wanted.school is not None:
        parts.append(Case.school_id == sa.select(School.id).where(School.uuid == wanted.school).scalar_subquery())
    return parts


def _searched(words: Sequence[str]) -> Any:
    return sa.and_(*(_has(word) for word in words))


def _searched_over(session: Session, words: Sequence[str]) -> Any:
    """Return the condition of a search among cases that are over: a whole number names its case, however old.

    Otherwise the cases since the end of the last ``SEARCHED_OVER`` are read: as a moment, so that it is a walk along the
    index of the queue that ends there.
    """
    if len(words) == 1:
        numbered = sa.select(Case.id).where(sa.or_(Case.number == words[0], Case.external_number == words[0]))
        if found := session.scalars(numbered.limit(100)).all():
            return Case.id.in_(found)
    late = aliased(Case)
    ends = sa.select(late.queue_at).where(~late.is_open).order_by(late.queue_at.desc())
    since = ends.offset(SEARCHED_OVER).limit(1).scalar_subquery()
    return sa.and_(Case.queue_at >= sa.func.coalesce(since, sa.literal(_EVER, Case.queue_at.type)), _searched(words))


def _has(word: str) -> Any:
    """Return the condition that a word stands in a number, a name, or the name of the school or township, or a cell."""
    texts = (Case.number, Case.external_number, Case.name)
    return sa.or_(
        *(_contains(text, word) for text in texts),
        Case.school_id.in_(sa.select(School.id).where(_contains(School.name, word))),
        Case.district_id.in_(sa.select(District.id).where(_contains(District.name, word))),
        Case.cell_id.in_(sa.select(Cell.id).where(Cell.code == word)),
    )


def _contains(text: Any, word: str) -> Any:
    """Return the condition that a text has a word in it, in capitals or not; Chinese and digits have none of these."""
    if word.lower() == word.upper():
        return text.contains(word, autoescape=True)
    return text.icontains(word, autoescape=True)


def _waits(waiting: Waiting) -> Any:
    return _any(waiting, [one for one in waiting.owed if not _is_idle(waiting, one)])


def _any(waiting: Waiting, owed: Sequence[Owed]) -> Any:
    """Return the condition that any of these is owed; the states first, which the database looks up by an index."""
    states = sorted(frozenset[str]().union(*(one.states for one in owed)))
    return sa.and_(Case.state.in_(states), sa.or_(sa.false(), *(_owed(waiting, one) for one in owed)))


def _is_idle(waiting: Waiting, one: Owed) -> bool:
    return "lead_ended" in one.guards and not waiting.ended


def _owed(waiting: Waiting, one: Owed) -> Any:
    parts: list[Any] = [Case.state.in_(sorted(one.states))]
    if one.reporter is not None:
        parts.append(Case.reporter_id == one.reporter)
    if one.lead is not None:
        parts.append(Case.lead_id == one.lead)
    return sa.and_(*parts, *(_guarded(waiting, guard) for guard in one.guards))


def _guarded(waiting: Waiting, guard: str) -> Any:
    """Return a guard of the table as a condition."""
    kind, by = Case.asked["kind"].as_string(), Case.asked["by"].as_integer()
    match guard:
        case "something_asked":
            return Case.asked.is_not(None)
        case "extension_asked" | "suspension_asked":
            is_kind = kind == guard.removesuffix("_asked")
            return sa.and_(Case.asked.is_not(None), is_kind)  # of what is asked there is an index
        case "first_extension" | "second_extension":
            return sa.func.json_array_length(Case.extensions["amounts"]) == int(guard == "second_extension")
        case "not_asker":
            return sa.or_(by.is_(None), by != waiting.person)
        case "not_handler":
            return ~_handled(waiting)
        case "lead_ended":
            return Case.lead_id.in_(sorted(waiting.ended))
    raise KeyError(guard)


def _handled(waiting: Waiting) -> Any:
    """Return the condition that they, or a department of theirs, had a case in hand."""
    codes = [f"|p{waiting.person}|", *(f"|d{department}|" for department in sorted(waiting.departments))]
    return sa.or_(*(Case.handlers.contains(code) for code in codes))
