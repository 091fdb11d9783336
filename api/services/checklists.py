"""Checklists: the built-in ones, and those of the city that replace them."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, Problem, StaleError
from api.schemas.field import ChecklistIn
from api.store import field
from api.store.models import Checklist
from api.vocabulary import vocabulary

SCHOOL = "school"


@lru_cache(maxsize=1)
def built_in() -> dict[str, ChecklistIn]:
    """Return the checklists of ``api/checklists.toml``."""
    tables = tomllib.loads(resources.files("api").joinpath("checklists.toml").read_text(encoding="utf-8"))
    return {key: ChecklistIn.model_validate(table) for key, table in tables.items()}


def checklists(session: Session) -> dict[str, dict[str, Any]]:
    """Return all checklists by key, "school" or the code of a category; version 0 is the built-in one."""
    found = {key: _view(key, given, 0) for key, given in built_in().items()}
    for row in field.checklist_rows(session):
        given = ChecklistIn(interval_days=row.interval_days, start_of_term=row.start_of_term, items=row.items["items"])
        found[row.key] = _view(row.key, given, row.version)
    return found


def _view(key: str, given: ChecklistIn, version: int) -> dict[str, Any]:
    return {"key": key, "version": version} | given.model_dump()


def replace_checklist(session: Session, key: str, given: ChecklistIn, version: int) -> dict[str, Any]:
    """Replace a checklist that is still at ``version``; answers that were given keep the version they were given to.

    Raises
    ------
    BadInputError
        For a key that is neither "school" nor the code of a category.
    StaleError
        Where somebody else replaced it meanwhile.
    """
    if key != SCHOOL and key not in vocabulary().hazard_categories:
        known = ", ".join((SCHOOL, *vocabulary().hazard_categories))
        raise BadInputError(
            f"there is no checklist {key[:32]!r}; use one of {known}",
            problems=[Problem("path.key", f"use one of {known}")],
        )
    row = field.checklist_row(session, key)
    if version != (0 if row is None else row.version):
        raise StaleError("somebody else changed the checklist meanwhile; read it again")
    items = {"items": [item.model_dump() for item in given.items]}
    if row is None:
        row = Checklist(key=key, interval_days=given.interval_days, start_of_term=given.start_of_term, items=items)
        session.add(row)
    else:
        row.interval_days, row.start_of_term, row.items = given.interval_days, given.start_of_term, items
        row.version += 1
    session.flush()
    return _view(key, given, row.version)


def check_answers(session: Session, answers: dict[str, Any]) -> None:
    """Hold the answers of a round against the checklist they name; answers to an older version are kept as they are.

    Raises
    ------
    BadInputError
        For answers to questions that the list does not have, or of the wrong kind.
    """
    key, version, given = answers.get("checklist"), answers.get("version"), answers.get("items")
    if key is None and given is None:
        return
    if not isinstance(given, dict) or not isinstance(key, str):
        raise _wrong("items", "answers name their checklist, and hold items")
    current = checklists(session).get(key)
    if current is None:
        raise ConflictError(f"there is no checklist {key[:32]!r} any more")
    if current["version"] != version:
        return
    questions = {item["id"]: item for item in current["items"]}
    for name, answer in given.items():
        if name not in questions:
            raise _wrong(name[:40], "the checklist does not ask this")
        _check_answer(questions[name], answer)


def _check_answer(question: dict[str, Any], answer: object) -> None:
    if answer is None or answer == "not_applicable":
        return
    name, kind = question["id"], question["kind"]
    if kind == "yes_no" and answer not in ("yes", "no"):
        raise _wrong(name, "the answer is yes, no or not_applicable")
    if kind == "choice" and answer not in [choice["id"] for choice in question["choices"]]:
        raise _wrong(name, "the answer is not one of the choices")
    if kind == "number":
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            raise _wrong(name, "the answer is a number")
        least, most = question["least"], question["most"]
        if (least is not None and answer < least) or (most is not None and answer > most):
            raise _wrong(name, f"the number is not between {least} and {most}")


def _wrong(name: str, what: str) -> BadInputError:
    return BadInputError(f"{name}: {what}", problems=[Problem(f"body.answers.items.{name}", what)])
