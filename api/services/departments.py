"""The units that cases go to: those of ``api/departments.toml``, and the city's own."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError, Problem, StaleError
from api.schemas.filing import DutiesIn
from api.store import departments, people
from api.store.cities import local_day
from api.store.models import Department, DepartmentDuty, DepartmentName
from api.store.models.base import now


@lru_cache(maxsize=1)
def built_in() -> dict[str, dict[str, Any]]:
    """Return the departments of the file, by code."""
    text = resources.files("api").joinpath("departments.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)["departments"]
    return table


def list_departments(session: Session) -> list[dict[str, Any]]:
    """Return every department: code, names in both languages, and whether it convenes the meetings now (one does).

    One that has ended also says when, who has taken over, and how many open cases it still leads: they are to be
    dispatched again.
    """
    known = departments.convenor(session)
    convening = _first_convenor() if known is None else known.code
    found = {
        code: {"code": code, "zh": entry["zh"], "en": entry["en"], "is_convenor": code == convening}
        for code, entry in built_in().items()
    }
    codes = {row.id: row for row in departments.all_departments(session)}
    today = local_day(session, now())
    led = departments.open_cases_led(session) if any(row.valid_to is not None for row in codes.values()) else {}
    for row in codes.values():
        shown = found.setdefault(row.code, {"code": row.code, "zh": row.code, "en": row.code})
        shown["is_convenor"] = row.code == convening
        if row.valid_to is not None and row.valid_to < today:
            successor = None if row.successor_id is None else codes[row.successor_id].code
            shown |= {"ended_on": row.valid_to.isoformat(), "successor": successor, "open_cases": led.get(row.id, 0)}
    for name in reversed(departments.names_of_departments(session)):
        if not name.is_alias and is_in_force(name, today) and name.language in {"zh", "en"}:
            found[codes[name.department_id].code][name.language] = name.name
    return sorted(found.values(), key=lambda entry: str(entry["code"]))


def is_known(session: Session, code: str) -> bool:
    """Return whether there is a department of a code."""
    return code in built_in() or departments.get_department(session, code) is not None


def require_known(session: Session, code: str, where: str) -> None:
    """Refuse a code that nothing can go to: of no department, or of one that has ended or is still to begin."""
    known = departments.get_department(session, code)
    if known is not None:
        _require_in_force(session, known, where)
    elif code not in built_in():
        what = f"there is no department {code!r}"
        raise BadInputError(what, problems=[Problem(where, what)])


def department_of(
    session: Session, code: str, where: str = "body.department", *, may_begin_later: bool = False
) -> Department:
    """Return the department of a code, written into the database if it is one of the file's.

    ``may_begin_later`` is for what concerns the department itself: who belongs to it, and what it takes over.

    Raises
    ------
    BadInputError
        Where there is none, or it is one no more, or is still to begin.
    """
    known = departments.get_department(session, code)
    if known is None or not (may_begin_later and _is_to_begin(session, known)):
        require_known(session, code, where)
    return known or _first_named(session, code)[0]


def _is_to_begin(session: Session, row: Department) -> bool:
    return row.valid_from is not None and row.valid_from > local_day(session, now())


def _first_named(session: Session, code: str) -> tuple[Department, bool]:
    """Write a department of the file into the database; False where somebody else just did, at the same moment."""
    entry = built_in()[code]
    row = Department(code=code, is_convenor=bool(entry.get("convenor")))
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        written = departments.get_department(session, code)
        if written is None:
            raise
        return written, False
    session.add_all(
        DepartmentName(department_id=row.id, name=entry[language], language=language) for language in ("zh", "en")
    )
    session.add_all(
        DepartmentName(department_id=row.id, name=alias, language="zh", is_alias=True)
        for alias in entry.get("aliases", ())
    )
    session.flush()
    return row, True


def standing_for(session: Session, code: str) -> Department | None:
    """Return the department of a code, in place of one that has ended the one that took over; None where nobody did.

    Who took over may itself have ended; one that is still to begin stands for nobody.
    """
    today = local_day(session, now())
    row = departments.get_department(session, code)
    if row is None:
        return department_of(session, code)
    passed: set[int] = set()
    while row is not None and row.valid_to is not None and row.valid_to < today and row.id not in passed:
        passed.add(row.id)
        row = None if row.successor_id is None else session.get(Department, row.successor_id)
    return row if row is not None and row.id not in passed and is_in_force(row, today) else None


def is_in_force(row: Department | DepartmentName, today: dt.date) -> bool:
    """Return whether a department or a name is one on a day: it has begun, and has not ended."""
    return (row.valid_from is None or row.valid_from <= today) and (row.valid_to is None or row.valid_to >= today)


def _require_in_force(session: Session, row: Department, where: str) -> None:
    if is_in_force(row, local_day(session, now())):
        return
    successor = None if row.successor_id is None else session.get(Department, row.successor_id)
    what = f"the department {row.code!r} ended on {row.valid_to}"
    if _is_to_begin(session, row):
        what = f"the department {row.code!r} begins on {row.valid_from}"
    elif successor is not None:
        what = f"the department {row.code!r} ended on {row.valid_to}; {successor.code!r} has taken over from it"
    raise BadInputError(what, problems=[Problem(where, what)])


def convenor_of(session: Session) -> Department:
    """Return the committee's office, written into the database if it is not there yet."""
    known = departments.convenor(session)
    if known is not None:
        return known
    return department_of(session, _first_convenor())


def _first_convenor() -> str:
    """Return who convenes the meetings by the file, where the city names nobody."""
    return next(code for code, entry in built_in().items() if entry.get("convenor"))


def show_duties(session: Session, code: str) -> dict[str, Any]:
    """Return who leads a department and who is its liaison officer, with deputies and days; version 0 is without any.

    ``missing`` names the duties that nobody holds today.

    Raises
    ------
    NotFoundError
        Where there is no such department.
    """
    if not is_known(session, code):
        raise NotFoundError("there is no such department")
    today = local_day(session, now())
    row = departments.get_department(session, code)
    found = [] if row is None else departments.duties_of(session, row.id)
    held = {
        duty.duty
        for duty, _, _ in found
        if not duty.is_deputy and duty.starts_on <= today and (duty.ends_on is None or duty.ends_on >= today)
    }
    return {
        "department": code,
        "version": 0 if row is None else row.version,
        "duties": [
            {
                "person": str(identity),
                "name": name,
                "duty": duty.duty,
                "deputy": duty.is_deputy,
                "starts_on": duty.starts_on.isoformat(),
                "ends_on": None if duty.ends_on is None else duty.ends_on.isoformat(),
            }
            for duty, identity, name in found
        ],
        "missing": [duty for duty in ("leader", "liaison") if duty not in held],
    }


def set_duties(session: Session, code: str, given: DutiesIn, version: int) -> dict[str, Any]:
    """Replace the duties of a department that is still at ``version``.

    Raises
    ------
    NotFoundError, StaleError, BadInputError
        Where there is no such department, somebody else changed it meanwhile, or there is no such person.
    """
    if not is_known(session, code):
        raise NotFoundError("there is no such department")
    row = departments.get_department(session, code, lock=True)
    stale = StaleError("somebody else changed the department meanwhile; read it again")
    if version != (0 if row is None else row.version):
        raise stale
    if row is None:
        row, is_first = _first_named(session, code)
        if not is_first:
            raise stale
    else:
        row.version += 1
    for duty, _, _ in departments.duties_of(session, row.id):
        session.delete(duty)
    for one in given.duties:
        person = people.find_person(session, one.person)
        if person is None:
            what = "there is no such person"
            raise BadInputError(what, problems=[Problem("body.duties", what)])
        session.add(
            DepartmentDuty(
                department_id=row.id,
                person_id=person.id,
                duty=one.duty,
                is_deputy=one.deputy,
                starts_on=one.starts_on,
                ends_on=one.ends_on,
            )
        )
    session.flush()
    return show_duties(session, code)
