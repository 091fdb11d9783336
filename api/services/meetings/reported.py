"""Figures that only a department can know, reported by day: turns of people and vehicles, papers issued, escort posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem, StaleError
from api.schemas.meetings import DutyReportIn
from api.security.people import Actor
from api.services.departments import department_of, is_known
from api.services.meetings.city import meeting_city
from api.store import cases, cities, facts
from api.store.models import City, DutyReport
from api.store.records import claim

REPORTED: Mapping[str, tuple[str, str]] = {
    "people_turns": ("出动人次", "Officer turns"),
    "vehicle_turns": ("出动车次", "Vehicle turns"),
    "premises_checked": ("检查经营场所（家次）", "Premises checked"),
    "rectification_orders": ("责令整改通知书", "Rectification orders"),
    "advice_letters": ("建议函", "Letters of advice"),
    "reminder_letters": ("提示函", "Letters of reminder"),
    "bans": ("取缔", "Bans"),
    "seizures": ("查扣", "Seizures"),
    "posts_due": ("应设护学岗（岗次）", "Escort posts due"),
    "posts_manned": ("实到护学岗（岗次）", "Escort posts manned"),
}
_OVERSEERS = frozenset({"dispatcher", "admin"})


def list_reports(
    session: Session, actor: Actor, city_code: str | None, first: dt.date, last: dt.date
) -> dict[str, Any]:
    """Return what was reported of some days, and the words of the figures."""
    city = meeting_city(session, city_code)
    if last < first:
        raise BadInputError(f"the period ends ({last}) before it begins ({first})")
    districts = {int(row.id): str(row.code) for row in _districts(session, city)}
    return {
        "figures": [{"code": code, "zh": zh, "en": en} for code, (zh, en) in REPORTED.items()],
        "reports": [
            view(report, code, districts) | {"may_change": _may_change(session, actor, code)}
            for report, code in facts.duty_reports(session, city, first, last)
        ],
    }


def view(report: DutyReport, department: str, districts: Mapping[int, str]) -> dict[str, Any]:
    """Return a report as clients see it."""
    return {
        "id": str(report.uuid),
        "department": department,
        "district": None if report.district_id is None else districts.get(report.district_id),
        "day": report.day.isoformat(),
        "figures": report.figures,
        "note": report.note,
        "version": report.version,
    }


def put_report(session: Session, actor: Actor, given: DutyReportIn, version: int) -> tuple[dict[str, Any], bool]:
    """Keep the report of a day, or correct one that is still at ``version`` (0: there is none yet).

    Raises
    ------
    ForbiddenError
        Where it is of another department, and the person is not of the committee's office.
    StaleError, ConflictError
        Where somebody else corrected it meanwhile, or the id belongs to another city's.
    BadInputError
        Where a figure, a department or a township is not known.
    """
    city = meeting_city(session, given.city)
    unknown = sorted(set(given.figures) - set(REPORTED))
    if unknown:
        what = f"there is no figure {unknown[0]!r}; use one of {', '.join(REPORTED)}"
        raise BadInputError(what, problems=[Problem("body.figures", what)])
    if not is_known(session, given.department):
        what = f"there is no department {given.department!r}"
        raise BadInputError(what, problems=[Problem("body.department", what)])
    if not _may_change(session, actor, given.department):
        raise ForbiddenError("a department reports its own figures; the committee's office those of all")
    codes: dict[str, int] = {str(row.code): int(row.id) for row in _districts(session, city)}
    if given.district is not None and given.district not in codes:
        what = f"there is no township {given.district!r} in this city"
        raise BadInputError(what, problems=[Problem("body.district", what)])
    claim(session, given.id)
    known = facts.duty_report(session, given.id)
    if known is not None and known.city_id != city.id:
        raise ConflictError("this id belongs to a report of another city; send this one under a new id")
    department = department_of(session, given.department)
    values = {
        "department_id": department.id,
        "district_id": None if given.district is None else codes[given.district],
        "day": given.day,
        "figures": dict(given.figures),
        "note": given.note,
    }
    names = {identity: code for code, identity in codes.items()}
    if known is not None:
        same = all(getattr(known, name) == value for name, value in values.items())
        if same:
            return view(known, given.department, names), False
        if version != known.version:
            raise StaleError("somebody else changed the report meanwhile; read it again")
        if not _may_change(session, actor, cases.department_codes(session)[known.department_id]):
            raise ForbiddenError("a department reports its own figures; the committee's office those of all")
        for name, value in values.items():
            setattr(known, name, value)
        known.version += 1
    elif version:
        raise NotFoundError("there is no such report")
    report = known or DutyReport(uuid=given.id, city_id=city.id, person_id=actor.id, **values)
    session.add(report)
    session.flush()
    return view(report, given.department, names), known is None


def _districts(session: Session, city: City) -> Any:
    return cities.districts_of(session, city).itertuples()


def _may_change(session: Session, actor: Actor, code: str) -> bool:
    if actor.roles & _OVERSEERS:
        return True
    return actor.department_id is not None and cases.department_codes(session).get(actor.department_id) == code
