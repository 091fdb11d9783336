"""What a figure was counted from: the records themselves, as far as somebody may open them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.security.people import Actor
from api.security.scope import may_see_inspection
from api.services.cases.views import seer_of
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import WINDOWS, read_counted
from api.services.meetings.definitions import BY_CODE
from api.settings import Settings
from api.store import cases, facts
from api.store.models import Case, Hazard, Inspection

MOST = 500


def members(
    session: Session,
    settings: Settings,
    actor: Actor,
    code: str,
    *,
    figure: str,
    window: str,
    district: str | None = None,
    department: str | None = None,
    category: str | None = None,
    city_code: str | None = None,
) -> dict[str, Any]:
    """Return the records behind a figure of a period.

    Parameters
    ----------
    window
        ``this``, ``last`` or ``year``.
    district, department, category
        Only those of a township (empty: of none), a department, a category of hazards.

    Returns
    -------
    dict
        ``counted``: how many records it is; ``records``: those that this person may open, at most 500.

    Raises
    ------
    BadInputError
        Where there is no such figure or window.
    """
    wanted = BY_CODE.get(figure)
    if wanted is None:
        what = f"there is no figure {figure[:40]!r}; use one of {', '.join(BY_CODE)}"
        raise BadInputError(what, problems=[Problem("query.figure", what)])
    if window not in WINDOWS:
        what = f"there is no window {window[:40]!r}; use one of {', '.join(WINDOWS)}"
        raise BadInputError(what, problems=[Problem("query.window", what)])
    counted = read_counted(session, settings, meeting_city(session, city_code), code)
    found = counted.members(wanted, window)
    for column, value in (("district", district), ("department", department), ("category", category)):
        if value is not None and column in found:
            found = found[found[column].where(found[column].notna(), "") == value]
    ids = [int(one) for one in found["id"]]
    schools = dict(zip(counted.schools["id"].tolist(), counted.schools["name"].tolist(), strict=True))
    near = dict(zip(ids, [schools.get(one) for one in found["school_id"].tolist()], strict=True))
    records = {"hazards": _hazards, "cases": _cases, "inspections": _inspections}[wanted.table](session, actor, ids)
    return {
        "figure": {"code": wanted.code, "zh": wanted.zh, "en": wanted.en, "table": wanted.table},
        "counted": len(ids),
        "records": [record | {"school": near[identity]} for identity, record in records],
    }


def _hazards(session: Session, _actor: Actor, ids: list[int]) -> list[tuple[int, dict[str, Any]]]:
    return [(row.id, _hazard(row)) for row in facts.hazards_named(session, ids[:MOST])]


def _hazard(row: Hazard) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "kind": "hazard",
        "name": row.name,
        "category": row.category,
        "state": row.status,
        "at": row.observed_at.isoformat(),
    }


def _cases(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, dict[str, Any]]]:
    seer = seer_of(session, actor)
    shown = ids if seer is None else sorted(cases.visible_among(session, ids, seer))
    return [(row.id, _case(row)) for row in facts.cases_named(session, shown[:MOST])]


def _case(row: Case) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "kind": "case",
        "number": row.number,
        "name": row.name,
        "category": row.category,
        "state": row.state,
        "at": row.received_at.isoformat(),
    }


def _inspections(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, dict[str, Any]]]:
    rows: list[Inspection] = facts.inspections_named(session, ids[:MOST])
    return [
        (row.id, {"id": str(row.uuid), "kind": "inspection", "state": row.outcome, "at": row.started_at.isoformat()})
        for row in rows
        if may_see_inspection(session, actor, row)
    ]
