"""Decisions as clients see them: what was decided, how far it is, what shows it, and what one may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.security.people import Actor
from api.services.cities import today_in
from api.services.decisions.records import Became, became
from api.services.departments import list_departments
from api.services.meetings.periods import Period, previous
from api.store import decisions as store
from api.store.models import City, Decision, DecisionEntry, DecisionFile, Meeting
from api.store.models.base import now
from api.store.models.decisions import OPEN_STATES

OFFICE = frozenset({"dispatcher", "admin"})
STRIKERS = OFFICE | {"leader"}
DOERS = frozenset({"handler", "liaison", "leader", "police"})
STATES = {
    "open": ("办理中", "Open"),
    "reported": ("已报办结，待销号", "Said to be done"),
    "struck": ("已销号", "Struck off"),
    "withdrawn": ("已撤销", "Withdrawn"),
}
LINES = {
    "decide": ("议定", "decided"),
    "change": ("变更", "changed"),
    "report": ("报办结", "said to be done"),
    "strike": ("销号", "struck off"),
    "reopen": ("恢复", "opened again"),
    "withdraw": ("撤销", "withdrawn"),
}
BECOMES = {"case": ("案卷", "Case"), "action": ("专项行动", "Joint action"), "notice": ("通报", "Notice")}
MOST_EARLIER = 200


def carriers(decision: Decision, assisting: Sequence[tuple[int, str]]) -> set[int]:
    """Return the departments that carry a decision out."""
    return {decision.department_id, *(identity for identity, _ in assisting)}


def those_who_said_done(entries: Sequence[tuple[DecisionEntry, str]], files: Sequence[DecisionFile]) -> set[int | None]:
    """Return everybody who ever reported it done or brought proof of it."""
    return {entry.person_id for entry, _ in entries if entry.action == "report"} | {row.uploader_id for row in files}


def may_strike(
    actor: Actor, decision: Decision, assisting: Sequence[tuple[int, str]], said_done: set[int | None]
) -> bool:
    """Return whether somebody may strike a decision off: never whoever carried it out."""
    theirs = actor.department_id is not None and actor.department_id in carriers(decision, assisting)
    return bool(actor.roles & STRIKERS) and not theirs and actor.id not in said_done


def may_report(actor: Actor, decision: Decision, assisting: Sequence[tuple[int, str]]) -> bool:
    """Return whether somebody may say that a decision is carried out: its departments, and the office for them."""
    theirs = actor.department_id is not None and actor.department_id in carriers(decision, assisting)
    return bool(actor.roles & OFFICE) or (theirs and bool(actor.roles & DOERS))


def allowed(
    actor: Actor, decision: Decision, assisting: Sequence[tuple[int, str]], said_done: set[int | None]
) -> list[str]:
    """Return what somebody may do with a decision now."""
    office = bool(actor.roles & OFFICE)
    out = []
    if decision.state in OPEN_STATES:
        if may_report(actor, decision, assisting):
            out += ["report", "attach"]
        if may_strike(actor, decision, assisting, said_done):
            out.append("strike")
        out += ["change", "withdraw"] if office else []
    elif office:
        out.append("reopen")
    return out


def view(session: Session, actor: Actor | None, city: City, found: Sequence[Decision]) -> list[dict[str, Any]]:
    """Return decisions as documents; on paper (no actor) nothing can be done with them."""
    if not found:
        return []
    names: dict[str, Any] = {
        one["code"]: {name: one[name] for name in ("code", "zh", "en")} for one in list_departments(session)
    }
    codes = store.departments_at(session, [one.department_id for one in found])
    assisting, lines, files = (
        store.assisting(session, found),
        store.entries(session, found),
        store.files(session, found),
    )
    records, meetings = store.records_of(session, found), store.meetings_of(session, found)
    today = today_in(city, now())
    out = []
    for one in found:
        helpers, log = assisting.get(one.id, []), lines.get(one.id, [])
        own: Any = next(((kind, getattr(one, f"{kind}_id")) for kind in BECOMES if getattr(one, f"{kind}_id")), None)
        record = None if own is None or own not in records else became(session, records[own], city)
        strike = next((line for line in reversed(log) if line[0].action == "strike"), None)
        zh, en = STATES[one.state]
        open_ = one.state in OPEN_STATES
        out.append({
            "id": str(one.uuid),
            "meeting": _meeting(meetings[one.meeting_id]),
            "number": one.number,
            "problem": one.problem,
            "measure": one.measure,
            "category": one.category,
            "department": names[codes[one.department_id]],
            "assisting": [names[code] for _, code in helpers],
            "due_on": one.due_on.isoformat(),
            "becomes": one.becomes,
            "record": None if record is None else _record(record),
            "state": one.state,
            "zh": zh,
            "en": en,
            "overdue": open_ and one.due_on < today,
            "struck": None if one.state != "struck" or strike is None else _struck(*strike),
            "files": [file_view(one, row) for row in files.get(one.id, [])],
            "log": [_line(*line) for line in log],
            "allowed": []
            if actor is None
            else allowed(actor, one, helpers, those_who_said_done(log, files.get(one.id, []))),
            "version": one.version,
        })  # fmt: skip
    return out


def _meeting(meeting: Meeting) -> dict[str, str]:
    return {"period": meeting.period, "held_on": meeting.held_on.isoformat()}


def _record(one: Became) -> dict[str, Any]:
    return {"kind": one.kind, "id": one.id, "name": one.name, "zh": one.zh, "en": one.en, "done": one.done}


def _line(entry: DecisionEntry, person: str) -> dict[str, Any]:
    zh, en = LINES[entry.action]
    said = {"action": entry.action, "zh": zh, "en": en, "at": entry.at.isoformat(), "by": person, "note": entry.note}
    return said | {"details": entry.details}


def _struck(entry: DecisionEntry, person: str) -> dict[str, Any]:
    return {"at": entry.at.isoformat(), "by": person, "note": entry.note, "proof": entry.details.get("proof", [])}


def file_view(decision: Decision, row: DecisionFile) -> dict[str, Any]:
    """Return a file of a decision."""
    return {
        "id": str(row.uuid),
        "name": row.name,
        "kind": row.kind,
        "size_bytes": row.size_bytes,
        "url": f"/api/v1/decisions/{decision.uuid}/files/{row.uuid}",
    }


def earlier(
    session: Session, actor: Actor | None, city: City, period: Period, terms: Any, meeting: Meeting | None
) -> list[dict[str, Any]]:
    """Return what meetings before the one about a period decided, as far as it is open or moved since the last one."""
    return view(session, actor, city, _earlier(session, city, period, terms, meeting))


def _earlier(session: Session, city: City, period: Period, terms: Any, meeting: Meeting | None) -> Sequence[Decision]:
    before = previous(period, terms)
    since = dt.datetime.combine(period.first if before is None else before.first, dt.time(), dt.UTC)
    return store.earlier_decisions(
        session, city, period.last, None if meeting is None else meeting.id, since, MOST_EARLIER
    )


def meeting_view(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting as clients see it."""
    return {
        "id": str(meeting.uuid),
        "period": meeting.period,
        "held_on": meeting.held_on.isoformat(),
        "kind": meeting.kind,
        "place": meeting.place,
        "chair": meeting.chair,
        "present": meeting.present,
        "summary": meeting.summary,
        "version": meeting.version,
    }


def about(session: Session, actor: Actor, city: City, period: Period, terms: Any) -> dict[str, Any]:
    """Return the meeting about a period with its decisions, and those of earlier ones with what became of them."""
    meeting = store.meeting_about(session, city, period.code)
    taken = [] if meeting is None else store.decisions_of(session, meeting)
    shown = view(session, actor, city, [*taken, *_earlier(session, city, period, terms, meeting)])
    return {
        "city": city.code,
        "period": period.code,
        "meeting": None if meeting is None else meeting_view(meeting),
        "may_decide": bool(actor.roles & OFFICE),
        "decisions": shown[: len(taken)],
        "earlier": shown[len(taken) :],
    }
