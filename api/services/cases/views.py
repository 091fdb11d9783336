"""Cases as clients see them, and who sees which."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.schemas.geojson import features
from api.security.acting import acting_for
from api.security.people import Actor
from api.security.scope import may_add_photo
from api.services.cases.filing import perhaps_the_same
from api.services.cases.machine import (
    GUARDS,
    GUARDS_ZH,
    RUNGS,
    STATES,
    TABLE,
    Asked,
    Doer,
    Facts,
    allowed,
)
from api.services.departments import list_departments
from api.services.identities import identity_warnings
from api.store import cases, cities
from api.store.cases import Seer, Wanted
from api.store.departments import ended_departments
from api.store.models import Case, Hazard
from api.store.models.base import now
from api.store.spatial import to_shapes

OVERSEE = frozenset({"dispatcher", "admin", "leader"})
_OTHER_CASES = ("into", "merged", "recurrence_of")  # where a line of the flow log names another case


def seer_of(session: Session, actor: Actor) -> Seer | None:
    """Return what limits the cases that somebody sees; None: all.

    The committee's office and leaders see all, everybody else what a department that they act for today leads, assists
    with or had in hand, what they reported, and an inspector what lies in the cells they walk.
    """
    if actor.roles & OVERSEE:
        return None
    return Seer(actor.id, acting_for(session, actor).sees, "inspector" in actor.roles)


def case_for(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> Case:
    """Return a case, if this person sees it.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they see.
    """
    case = cases.get_case(session, identity, lock=lock)
    seer = seer_of(session, actor)
    hidden = case is not None and (
        (seer is not None and not cases.seen_by(session, case.id, seer))
        or (case.state == "draft" and case.reporter_id != actor.id)
    )
    if case is None or hidden:
        raise NotFoundError("there is no such case, or none that you may see")
    return case


def facts_of(session: Session, found: Sequence[Case]) -> dict[int, Facts]:
    """Return what the table needs to know of cases, by id."""
    ended = ended_departments(session, cities.local_day(session, now()))
    out = {}
    for case in found:
        people, departments = cases.handlers_of(case)
        asked = case.asked
        out[case.id] = Facts(
            state=case.state,
            reporter=case.reporter_id,
            department=case.lead_id,
            handlers=people,
            handling_departments=departments,
            asked=None if asked is None else Asked(asked["kind"], asked["by"]),
            extensions=len(case.extensions.get("amounts", [])),
            rung=case.rung,
            reworks=case.reworks,
            returns=case.returns,
            lead_ended=case.lead_id in ended,
        )
    return out


def doer_of(session: Session, actor: Actor) -> Doer:
    """Return somebody as the table sees them."""
    return Doer(actor.id, actor.roles, actor.department_id, acting_for(session, actor).handles)


def list_cases(
    session: Session, actor: Actor, wanted: Wanted, *, overdue: bool = False, after: int, limit: int
) -> tuple[dict[str, Any], int | None]:
    """Return the cases that somebody sees as GeoJSON points, and the next page's cursor."""
    moment = now()
    if overdue:
        wanted = replace(wanted, overdue_at=moment)
    rows = cases.cases_page(
        session, wanted, seer=seer_of(session, actor), not_drafts_of_others=actor.id, after=after, limit=limit + 1
    )
    following = rows[limit - 1].id if len(rows) > limit else None
    rows = rows[:limit]
    return shown(session, actor, rows, moment), following


def shown(session: Session, actor: Actor, rows: Sequence[Case], moment: dt.datetime) -> dict[str, Any]:
    """Return cases as GeoJSON points, each with what somebody may do with it now."""
    return features(
        [row.uuid for row in rows], to_shapes(row.location for row in rows), _properties(session, actor, rows, moment)
    )


def cases_shown(session: Session, actor: Actor, found: Sequence[Case]) -> dict[str, Any]:
    """Return those of some cases that somebody sees, as GeoJSON points."""
    seer = seer_of(session, actor)
    if seer is not None:
        seen = cases.visible_among(session, [case.id for case in found], seer)
        found = [case for case in found if case.id in seen]
    return features(
        [case.uuid for case in found],
        to_shapes(case.location for case in found),
        _properties(session, actor, found, now()),
    )


def _properties(session: Session, actor: Actor, found: Sequence[Case], moment: dt.datetime) -> list[dict[str, Any]]:
    near, facts = cases.around(session, found), facts_of(session, found)
    codes, doer = cases.department_codes(session), doer_of(session, actor)
    out = []
    for case in found:
        about = near[case.id]
        out.append(
            {
                "number": case.number,
                "external_number": case.external_number,
                "name": case.name,
                "category": case.category,
                "subtype": case.subtype,
                "state": case.state,
                "urgency": case.urgency,
                "lead": codes[case.lead_id] if case.lead_id is not None else case.rule["lead"],
                "assisting": about.assisting if case.filed_at is not None else case.rule["assisting"],
                "hazard": _text(about.hazard),
                "cell_code": about.cell_code,
                "district": None
                if about.district is None
                else dict(zip(("code", "name"), about.district, strict=True)),
                "school": None if about.school is None else {"id": str(about.school[0]), "name": about.school[1]},
                "reported_by": about.reporter,
                "observed_at": case.observed_at.isoformat(),
                "received_at": case.received_at.isoformat(),
                "filed_at": _when(case.filed_at),
                "closed_at": _when(case.closed_at),
                "due_at": _when(case.due_at),
                "step": STATES[case.state].clock or None,
                "step_started_at": _when(case.step_started_at),
                "step_due_at": _when(case.step_due_at),
                "overdue": case.is_open and case.queue_at < moment,
                "asked": _asked(case),
                "extensions": len(case.extensions.get("amounts", [])),
                "reworks": case.reworks,
                "returns": case.returns,
                "rung": RUNGS[case.rung] or None,
                "score": case.score,
                "recurrence_of": _text(about.recurrence_of),
                "merged_into": _text(about.merged_into),
                "invented": case.invented,
                "version": case.version,
                "allowed_actions": [move.action for move in allowed(facts[case.id], doer)],
            }
        )
    return out


def _text(identity: uuid.UUID | None) -> str | None:
    return None if identity is None else str(identity)


def _when(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _asked(case: Case) -> dict[str, Any] | None:
    """Return what waits for an answer, without the number by which we know who asked."""
    return None if case.asked is None else {name: value for name, value in case.asked.items() if name != "by"}


def case_detail(session: Session, actor: Actor, case: Case) -> dict[str, Any]:
    """Return a case with its rule, its flow log and what it is tied to."""
    properties = _properties(session, actor, [case], now())[0] | {
        "note": case.note,
        "address": case.address,
        "rule": case.rule,
        "extended_by": case.extensions.get("amounts", []),
        "suspended": case.stops.get("overall", []),
        "log": [_line(*row) for row in cases.log_lines(session, case.id)],
        "recurrences": [str(one) for one in cases.recurrences_of(session, case.id)],
        "perhaps_the_same": (
            [] if STATES[case.state].final or case.closed_at else [str(one) for one in perhaps_the_same(session, case)]
        ),
    }
    properties["numbers"] = _numbers(session, actor, properties)
    properties["may_add_photo"] = case.hazard_id is not None and may_add_photo(
        session, actor, session.get_one(Hazard, case.hazard_id)
    )
    document = features([case.uuid], to_shapes([case.location]), [properties])
    texts = {name: properties[name] for name in ("name", "note", "address")}
    texts |= {f"log.{line['number']}.note": line["note"] for line in properties["log"]}
    warnings = identity_warnings(texts)
    return dict(document["features"][0]) | ({"warnings": warnings} if warnings else {})


def _numbers(session: Session, actor: Actor, properties: dict[str, Any]) -> dict[str, str]:
    """Return the numbers of the other cases that a case names, by id: of those that this person may open."""
    named = {properties["recurrence_of"], properties["merged_into"], *properties["recurrences"]}
    named |= set(properties["perhaps_the_same"])
    named |= {line["details"].get(name) for line in properties["log"] for name in _OTHER_CASES}
    wanted = [uuid.UUID(one) for one in sorted(named - {None})]
    found = cases.numbers_of(session, wanted, seer=seer_of(session, actor), not_drafts_of_others=actor.id)
    return {str(identity): number for identity, number in found}


def _line(entry: Any, person: str | None, department: str | None) -> dict[str, Any]:
    return {
        "id": str(entry.uuid),
        "number": entry.number,
        "action": entry.action,
        "from": entry.from_state or None,
        "to": entry.to_state,
        "by": person,
        "department": department,
        "at": entry.at.isoformat(),
        "said_at": _when(entry.said_at),
        "note": entry.note,
        "details": entry.details,
        "step_due_at": _when(entry.step_due_at),
        "late": entry.late,
    }


def what_happened(session: Session, case: Case, since_version: int) -> list[dict[str, Any]]:
    """Return the lines of a case's flow log that came after a version of it."""
    return [_line(*row) for row in cases.log_lines(session, case.id, since_version=since_version)]


def show_machine(session: Session) -> dict[str, Any]:
    """Return the states, actions and departments with their words in both languages, for whoever draws them."""
    return {
        "states": [
            {"code": s.code, "zh": s.zh, "en": s.en, "clock": s.clock or None, "final": s.final}
            for s in STATES.values()
        ],
        "actions": [
            {
                "action": move.action, "zh": move.zh, "en": move.en, "from": list(move.sources), "to": move.target,
                "who": list(move.who), "needs": list(move.needs),
                "only_if": [{"code": g, "zh": GUARDS_ZH[g], "refusal": GUARDS[g]} for g in move.guards],
            }
            for move in TABLE
        ],
        "rungs": [rung for rung in RUNGS if rung],
        "departments": list_departments(session),
        "districts": [{"code": code, "name": name} for code, name in cases.districts_with_names(session)],
    }  # fmt: skip
