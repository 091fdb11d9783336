"""Counts of cases of a period, summed by the database: a year of a million cases is read once, and not carried here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from api.store.cases import Seer, Wanted, visible
from api.store.models import Case, Department, District, School

# what was not filed, has no case of its own, or is not reported yet has not come back
_NO_RECURRENCE = ("draft", "rejected", "void", "merged")


@dataclass(frozen=True)
class Period:
    """A period as moments, and the moment up to which is known what happened."""

    start: dt.datetime
    end: dt.datetime
    until: dt.datetime


def _within(moment: Any, period: Period) -> Any:
    return sa.and_(moment >= period.start, moment < period.end)


def _is_due(period: Period) -> Any:
    return sa.and_(
        Case.filed_at.is_not(None), _within(Case.due_at, period), Case.state.not_in(("void", "merged", "suspended"))
    )


def _closed_of_due(period: Period) -> Any:
    return sa.and_(_is_due(period), Case.closed_at.is_not(None), Case.closed_at < period.end)


def came_back() -> sa.Select[int | None]:
    """Return the ids of the cases that a later one is a recurrence of."""
    again = aliased(Case)
    return sa.select(again.recurrence_of_id).where(
        again.recurrence_of_id.is_not(None), again.state.not_in(_NO_RECURRENCE)
    )


def _recurred(period: Period) -> Any:
    return sa.and_(_within(Case.closed_at, period), Case.id.in_(came_back()))


# what each figure counts; the words for it stand in api/services/cases/indicators.py
FIGURES: dict[str, Callable[[Period], Any]] = {
    "accepted": lambda period: _within(Case.received_at, period),
    "filed": lambda period: _within(Case.filed_at, period),
    "due": _is_due,
    "closed": _closed_of_due,
    "on_time": lambda period: sa.and_(_closed_of_due(period), Case.closed_at <= Case.due_at),
    "overdue": lambda period: sa.and_(
        _is_due(period),
        Case.due_at < period.until,
        sa.or_(Case.closed_at.is_(None), Case.closed_at >= period.end),
    ),
    "closed_in_period": lambda period: _within(Case.closed_at, period),
    "reworked": lambda period: sa.and_(_within(Case.closed_at, period), Case.reworks > 0),
    "recurred": _recurred,
}
_KEYS: dict[str, Any] = {
    "": sa.null(),
    "department": Case.lead_id,
    "district": Case.district_id,
    "school": Case.school_id,
    "category": Case.category,
}


@dataclass(frozen=True)
class Group:
    """Of which cases figures are: the key of a township, department, school or category, and its name if it has one."""

    key: str | None
    name: str | None


def _chosen(session: Session, city_id: int, wanted: Wanted) -> list[Any]:
    """Return the conditions of the cases that are wanted; what there is not is no case's."""
    parts: list[Any] = [Case.city_id == city_id, Case.state != "draft"]
    if wanted.categories:
        parts.append(Case.category.in_(list(wanted.categories)))
    for column, table, name, value in (
        (Case.lead_id, Department.id, Department.code, wanted.department),
        (Case.district_id, District.id, District.code, wanted.district),
        (Case.school_id, School.id, School.uuid, wanted.school),
    ):
        if value is not None:
            found = session.scalar(sa.select(table).where(name == value))
            parts.append(sa.false() if found is None else column == found)
    return parts


def counts(session: Session, city_id: int, wanted: Wanted, period: Period, by: str) -> dict[Any, dict[str, int]]:
    """Return the figures of cases, by what they are grouped by (None: of no group)."""
    key = _KEYS[by].label("key")
    sums = [sa.func.sum(sa.case((condition(period), 1), else_=0)).label(name) for name, condition in FIGURES.items()]
    moments = (Case.received_at, Case.filed_at, Case.due_at, Case.closed_at)
    touched = sa.or_(*(_within(moment, period) for moment in moments))
    query = sa.select(key, *sums).where(*_chosen(session, city_id, wanted), touched)
    if by:
        query = query.group_by(_KEYS[by])
    rows = session.execute(query).all()
    return {row[0]: {name: int(n or 0) for name, n in zip(FIGURES, row[1:], strict=True)} for row in rows}


def types(
    session: Session, city_id: int, wanted: Wanted, period: Period, by: str
) -> dict[Any, list[tuple[str, str, int]]]:
    """Return the categories and subtypes of the cases received in a period, the most frequent first, by group."""
    key, n = _KEYS[by].label("key"), sa.func.count().label("n")
    query = (
        sa.select(key, Case.category, Case.subtype, n)
        .where(*_chosen(session, city_id, wanted), _within(Case.received_at, period))
        .group_by(*([_KEYS[by]] if by else []), Case.category, Case.subtype)
        .order_by(n.desc(), Case.category, Case.subtype)
    )
    out: dict[Any, list[tuple[str, str, int]]] = {}
    for group, category, subtype, count in session.execute(query):
        out.setdefault(group, []).append((category, subtype, count))
    return out


def groups(session: Session, by: str, keys: Sequence[Any]) -> dict[Any, Group]:
    """Return how groups are called outside: the code of a township or department, the UUID of a school."""
    out: dict[Any, Group] = {None: Group(None, None)}
    if by == "category":
        return out | {key: Group(key, None) for key in keys if key is not None}
    tables: dict[str, tuple[Any, Any, Any]] = {
        "department": (Department.id, Department.code, sa.null()),
        "district": (District.id, District.code, District.name),
        "school": (School.id, School.uuid, School.name),
    }
    if by in tables:
        out |= {row[0]: Group(str(row[1]), row[2]) for row in session.execute(sa.select(*tables[by]))}
    return out


def behind(
    session: Session,
    city_id: int,
    wanted: Wanted,
    period: Period,
    figure: str,
    *,
    seer: Seer | None,
    after: int,
    limit: int,
) -> Sequence[Case]:
    """Return a page of the cases behind a figure that somebody sees, by id."""
    query = sa.select(Case).where(*_chosen(session, city_id, wanted), FIGURES[figure](period), Case.id > after)
    if seer is not None:
        query = query.where(visible(seer))
    return session.scalars(query.order_by(Case.id).limit(limit)).all()
