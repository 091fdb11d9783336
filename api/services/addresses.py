"""The address book: who holds which duty of which department today, and who substitutes; departments as data."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem, StaleError
from api.schemas.filing import AbsenceIn, DepartmentIn
from api.security.people import Actor
from api.services.departments import built_in, department_of, is_in_force, is_known, list_departments
from api.store import departments, people
from api.store.cities import local_day
from api.store.models import Absence, Department, DepartmentName
from api.store.models.base import now
from api.store.records import claim

OFFICE = frozenset({"dispatcher", "admin"})
DUTIES = ("leader", "liaison")


def address_book(session: Session) -> list[dict[str, Any]]:
    """Return every department with its leader in charge, liaison officer and deputies of today; no address of anybody.

    Whoever is away is named with the last day and the substitute; ``missing`` names the duties that nobody holds.
    """
    today = local_day(session, now())
    away = {
        row[0].person_id: {"until": row[0].ends_on.isoformat(), "substitute": row[4]}
        for row in departments.absences(session, first=today, last=today, people=None)
    }
    held: dict[int, list[Any]] = {}
    for duty, identity, name in departments.duties_on(session, today):
        held.setdefault(duty.department_id, []).append((duty, identity, name))
    ids = {row.code: row.id for row in departments.all_departments(session)}
    out = []
    for entry in list_departments(session):
        rows = held.get(ids.get(entry["code"], 0), [])
        duties: dict[str, Any] = {
            duty: [
                {
                    "person": str(identity),
                    "name": name,
                    "deputy": row.is_deputy,
                    "until": None if row.ends_on is None else row.ends_on.isoformat(),
                    "away": away.get(row.person_id),
                }
                for row, identity, name in rows
                if row.duty == duty
            ]
            for duty in DUTIES
        }
        missing = [duty for duty in DUTIES if all(one["deputy"] for one in duties[duty])]
        out.append(entry | duties | {"missing": [] if entry.get("ended_on") else missing})
    return out


def show_department(session: Session, code: str) -> dict[str, Any]:
    """Return a department with all its names and days; version 0 is a built-in one that nobody has changed.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    if not is_known(session, code):
        raise NotFoundError("there is no such department")
    row = departments.get_department(session, code)
    if row is None:
        entry = built_in()[code]
        names = [{"name": entry[lang], "language": lang, "alias": False} for lang in ("zh", "en")]
        names += [{"name": alias, "language": "zh", "alias": True} for alias in entry.get("aliases", ())]
        return {
            "code": code, "version": 0, "is_convenor": bool(entry.get("convenor")), "valid_from": None,
            "valid_to": None, "successor": None,
            "names": [one | {"valid_from": None, "valid_to": None} for one in names],
        }  # fmt: skip
    successor = None if row.successor_id is None else session.get(Department, row.successor_id)
    return {
        "code": code,
        "version": row.version,
        "is_convenor": row.is_convenor,
        "valid_from": _day(row.valid_from),
        "valid_to": _day(row.valid_to),
        "successor": None if successor is None else successor.code,
        "names": [
            {
                "name": name.name,
                "language": name.language,
                "alias": name.is_alias,
                "valid_from": _day(name.valid_from),
                "valid_to": _day(name.valid_to),
            }
            for name in departments.names_of(session, row.id)
        ],
    }


def set_department(session: Session, code: str, given: DepartmentIn, version: int) -> dict[str, Any]:
    """Add a department, or change one that is still at ``version`` (0: a new one, or one of the file as it is there).

    Raises
    ------
    StaleError, BadInputError
        Where somebody else changed it meanwhile, its successor makes no sense, or another convenes the meetings.
    """
    row = departments.get_department(session, code)
    if version != (0 if row is None else row.version):
        raise StaleError("somebody else changed the department meanwhile; read it again")
    if row is None:
        row = Department(code=code)
        session.add(row)
    else:
        row.version += 1
    if given.successor == code:
        what = "a department is not its own successor"
        raise BadInputError(what, problems=[Problem("body.successor", what)])
    convening = departments.convenor(session)
    today = local_day(session, now())
    if given.is_convenor and convening is not None and convening.code != code and is_in_force(convening, today):
        what = f"the department {convening.code!r} convenes the meetings already; take that from it first"
        raise BadInputError(what, problems=[Problem("body.is_convenor", what)])
    row.is_convenor, row.valid_from, row.valid_to = given.is_convenor, given.valid_from, given.valid_to
    row.successor_id = None
    if given.successor is not None:
        row.successor_id = department_of(session, given.successor, "body.successor", may_begin_later=True).id
    session.flush()
    for name in departments.names_of(session, row.id):
        session.delete(name)
    session.add_all(
        DepartmentName(
            department_id=row.id,
            name=one.name,
            language=one.language,
            is_alias=one.alias,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
        )
        for one in given.names
    )
    session.flush()
    return show_department(session, code)


def list_absences(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the absences of today and later: to the office all, to everybody else their own."""
    today = local_day(session, now())
    own = None if actor.roles & OFFICE else {actor.id or 0}
    return [
        {
            "id": str(absence.uuid),
            "person": str(person),
            "name": name,
            "starts_on": absence.starts_on.isoformat(),
            "ends_on": absence.ends_on.isoformat(),
            "substitute": None if other is None else str(other),
            "substitute_name": other_name,
        }
        for absence, person, name, other, other_name in departments.absences(
            session, first=today, last=None, people=own
        )
    ]


def add_absence(session: Session, actor: Actor, given: AbsenceIn) -> tuple[dict[str, Any], bool]:
    """Write down when somebody is away and who substitutes; the same UUID again creates nothing.

    Raises
    ------
    ForbiddenError
        Where it is somebody else's, and not for the office to write.
    BadInputError, ConflictError
        Where there is no such person, somebody would substitute for themselves, or the UUID is another's.
    """
    person = actor.uuid if given.person is None else given.person
    if person != actor.uuid and not actor.roles & OFFICE:
        raise ForbiddenError("only the office writes down the absence of somebody else")
    whose = None if person is None else people.find_person(session, person)
    substitute = None if given.substitute is None else people.find_person(session, given.substitute)
    if whose is None or (given.substitute is not None and substitute is None):
        what = "there is no such person"
        raise BadInputError(what, problems=[Problem("body.substitute" if whose is not None else "body.person", what)])
    if substitute is not None and (substitute.id == whose.id or substitute.disabled):
        what = "nobody substitutes for themselves"
        if substitute.disabled:
            what = "this account is disabled, so it substitutes for nobody"
        raise BadInputError(what, problems=[Problem("body.substitute", what)])
    claim(session, given.id)
    known = departments.get_absence(session, given.id)
    if known is not None:
        if known.person_id != whose.id or known.content_hash != given.fingerprint():
            raise ConflictError("an absence with this id is there already, and says something else")
        return {"id": str(given.id)}, False
    session.add(
        Absence(
            uuid=given.id,
            person_id=whose.id,
            substitute_id=None if substitute is None else substitute.id,
            starts_on=given.starts_on,
            ends_on=given.ends_on,
            content_hash=given.fingerprint(),
        )
    )
    session.flush()
    return {"id": str(given.id)}, True


def remove_absence(session: Session, actor: Actor, identity: uuid.UUID) -> None:
    """Take an absence away: one's own, or as the office anybody's.

    Raises
    ------
    NotFoundError
        Where there is none, or it is not theirs.
    """
    absence = departments.get_absence(session, identity)
    if absence is None or (absence.person_id != actor.id and not actor.roles & OFFICE):
        raise NotFoundError("there is no such absence, or it is not yours")
    session.delete(absence)


def colleagues(session: Session, actor: Actor) -> list[dict[str, str]]:
    """Return who could substitute: the people of one's department, to the office everybody."""
    everybody = bool(actor.roles & OFFICE)
    return [
        {"id": str(person.uuid), "name": person.display_name}
        for person, _ in people.all_people(session)
        if not person.disabled and (everybody or (person.department_id or 0) == actor.department_id)
    ]


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
