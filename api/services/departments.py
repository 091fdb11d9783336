"""The units that cases go to: those of ``api/departments.toml``, and the city's own."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.store import departments
from api.store.models import Department, DepartmentName


@lru_cache(maxsize=1)
def built_in() -> dict[str, dict[str, Any]]:
    """Return the departments of the file, by code."""
    text = resources.files("api").joinpath("departments.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)["departments"]
    return table


def list_departments(session: Session) -> list[dict[str, Any]]:
    """Return every department: code, names in both languages, and whether it convenes the meetings."""
    found = {
        code: {"code": code, "zh": entry["zh"], "en": entry["en"], "is_convenor": bool(entry.get("convenor"))}
        for code, entry in built_in().items()
    }
    codes = {row.id: row for row in departments.all_departments(session)}
    for row in codes.values():
        shown = found.setdefault(row.code, {"code": row.code, "zh": row.code, "en": row.code})
        shown["is_convenor"] = row.is_convenor
    for name in reversed(departments.names_of_departments(session)):
        if not name.is_alias and name.valid_to is None and name.language in {"zh", "en"}:
            found[codes[name.department_id].code][name.language] = name.name
    return sorted(found.values(), key=lambda entry: str(entry["code"]))


def is_known(session: Session, code: str) -> bool:
    """Return whether there is a department of a code."""
    return code in built_in() or departments.get_department(session, code) is not None


def department_of(session: Session, code: str, where: str = "body.department") -> Department:
    """Return the department of a code, written into the database if it is one of the file's.

    Raises
    ------
    BadInputError
        Where there is none.
    """
    known = departments.get_department(session, code)
    if known is not None:
        return known
    entry = built_in().get(code)
    if entry is None:
        what = f"there is no department {code!r}"
        raise BadInputError(what, problems=[Problem(where, what)])
    known = Department(code=code, is_convenor=bool(entry.get("convenor")))
    session.add(known)
    session.flush()
    session.add_all(
        DepartmentName(department_id=known.id, name=entry[language], language=language) for language in ("zh", "en")
    )
    session.add_all(
        DepartmentName(department_id=known.id, name=alias, language="zh", is_alias=True)
        for alias in entry.get("aliases", ())
    )
    session.flush()
    return known
