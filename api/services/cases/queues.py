"""The board's queues: which cases wait for what, and for whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.security.people import Actor
from api.services.cases.machine import TABLE, Doer, Facts, is_one_of
from api.services.cases.views import doer_of, seer_of, shown
from api.store import case_queues, cities
from api.store.case_queues import Narrowed, Owed, Queue, Waiting
from api.store.departments import ended_departments
from api.store.models.base import now

# what ends a case beside its way, or only adds to it, is nobody's duty
_NOBODYS = frozenset({"void", "merge", "discard", "rate", "reject"})
_ANSWERS = frozenset({"grant_first_extension", "grant_second_extension"})  # whoever may grant may also refuse
_STATES = {
    "new": ("reported", "verified"),
    "dispatch": ("filed",),
    "returned": ("returned",),
    "handling": ("dispatched", "accepted", "in_progress", "suspended"),
    "check": ("answered", "awaiting_check"),
}
NAMES = ("open", "mine", "new", "dispatch", "today", "overdue", "returned", "handling", "check", "closed")


def queues_of(session: Session, actor: Actor, moment: dt.datetime) -> dict[str, Queue]:
    """Return the queues as they are for somebody at a moment, by name, in the order in which they are shown."""
    midnight = _midnight(session, moment)
    ended = frozenset(ended_departments(session, cities.local_day(session, moment)))
    found = {name: Queue(states=states) for name, states in _STATES.items()}
    found |= {
        "open": Queue(),
        "mine": Queue(waiting=waiting_for(doer_of(session, actor), ended)),
        "today": Queue(due_from=moment, due_before=midnight),
        "overdue": Queue(due_before=moment),
        "closed": Queue(is_open=False),
    }
    return {name: found[name] for name in NAMES}


def waiting_for(doer: Doer, ended: frozenset[int] = frozenset()) -> Waiting:
    """Return what waits for somebody: the moves of the table that bring a case on, or answer what was asked.

    Of the lines of the table those are left out that nobody is bound to (void, merge, rating) and the ladder of urging.
    """
    owed: dict[Owed, None] = {}  # what passes a check may also send it back: it is owed once
    nothing = Facts()
    for move in TABLE:
        if move.action in _NOBODYS or (move.target is None and move.action not in _ANSWERS):
            continue
        states = frozenset(move.sources)
        if is_one_of(tuple(who for who in move.who if who not in {"reporter", "department"}), nothing, doer):
            owed[Owed(states, move.guards)] = None
        elif "department" in move.who and doer.handles:
            owed |= {Owed(states, move.guards, lead=one): None for one in sorted(doer.handles)}
        elif "reporter" in move.who and doer.person is not None:
            owed[Owed(states, move.guards, reporter=doer.person)] = None
    return Waiting(doer.person, doer.departments, tuple(owed), ended)


def _midnight(session: Session, moment: dt.datetime) -> dt.datetime:
    """Return the end of the local day; of several cities that of the first: the board has one clock."""
    zone = cities.local_zone(session)
    tomorrow = moment.astimezone(zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), zone).astimezone(dt.UTC)


def show_queue(
    session: Session, actor: Actor, name: str, narrowed: Narrowed, *, cursor: str | None, limit: int, with_counts: bool
) -> tuple[dict[str, Any], str | None]:
    """Return a page of a queue as GeoJSON points, with ``counts`` of all queues if wanted, and the next cursor."""
    moment, seer = now(), seer_of(session, actor)
    queues = queues_of(session, actor, moment)
    after = None if cursor is None else _place(cursor)
    among_open = case_queues.with_few(session, narrowed) if with_counts or queues[name].is_open else narrowed
    rows = case_queues.queue_page(
        session,
        queues[name],
        among_open if queues[name].is_open else narrowed,
        seer=seer,
        person=actor.id,
        after=after,
        limit=limit + 1,
    )
    following = _cursor(rows[limit - 1].queue_at, rows[limit - 1].id) if len(rows) > limit else None
    document = shown(session, actor, rows[:limit], moment) | {"as_of": moment.isoformat()}
    if with_counts:
        counted = {name: queue for name, queue in queues.items() if queue.is_open}
        document["counts"] = case_queues.queue_counts(session, counted, among_open, seer=seer, person=actor.id)
    return document, following


def words_of(text: str) -> Sequence[str]:
    """Return the words of what somebody searches for: at most six."""
    return tuple(text.split()[:6])


def _cursor(at: dt.datetime, identity: int) -> str:
    return f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%S.%f}-{identity}"


def _place(cursor: str) -> tuple[dt.datetime, int]:
    at, _, identity = cursor.partition("-")
    try:
        if not (identity.isascii() and identity.isdigit() and len(identity) < 18):
            raise ValueError
        return dt.datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=dt.UTC), int(identity)
    except ValueError:
        what = "take the cursor from the Link header of the last answer"
        raise BadInputError(what, problems=[Problem("query.cursor", what)]) from None
