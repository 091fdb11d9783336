"""Who walks which cell, from a file of the office: a column of codes and, for several people at once, one of names."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem
from api.services import accounts
from api.store import field, people
from gis.readers.columns import match_columns
from gis.readers.files import read_file

_ALIASES = {
    "cell": ("code", "cell_code", "grid", "网格号", "网格编号", "网格代码", "网格编码", "单元网格编码", "网格"),
    "inspector": ("person", "name", "username", "网格员", "巡查员", "巡查人", "姓名", "账号", "用户名", "责任人"),
}
_MOST_ROWS = 100_000
_MOST_BYTES = 20_000_000


def read_assignments(session: Session, path: Path) -> dict[str, Any]:
    """Return what a file says of who walks which cell; nothing is written.

    Returns
    -------
    dict
        rows (read); people (id, name, and the codes of their cells, of each person whom the file names); cells (codes
        in rows that name nobody); problems (row, where, what) of rows that cannot be used.

    Raises
    ------
    GisError
        Where the file cannot be read.
    BadInputError
        Where it has no column of cells.
    """
    table = read_file(path, max_rows=_MOST_ROWS, max_bytes=_MOST_BYTES)
    columns = match_columns([str(name) for name in table.frame.columns], _ALIASES)
    if "cell" not in columns:
        what = "the file has no column of cells: call it 网格号 or cell"
        raise BadInputError(what, problems=[Problem("body.file", what)])
    codes = [_text(value) for value in table.frame[columns["cell"]]]
    names = (
        [_text(value) for value in table.frame[columns["inspector"]]] if "inspector" in columns else [""] * len(codes)
    )
    known = field.known_codes(session, [code for code in codes if code])
    walkers = _walkers(session)
    found: dict[str, list[str]] = {}
    nobody: list[str] = []
    problems: list[dict[str, Any]] = []
    for row, code, name in zip(table.frame.index, codes, names, strict=True):
        who = walkers.get(name.casefold(), [])
        if not code and not name:
            continue
        if code not in known:
            problems.append({"row": int(row), "where": "cell", "what": f"there is no cell {code[:40]!r}"})
        elif not name:
            nobody.append(code)
        elif len(who) != 1:
            said = "several inspectors are" if who else "no inspector is"
            problems.append({"row": int(row), "where": "inspector", "what": f"{said} called {name[:40]!r}"})
        else:
            found.setdefault(str(who[0].uuid), []).append(code)
    shown = {str(one.uuid): one.display_name or one.name for same in walkers.values() for one in same}
    return {
        "rows": len(codes),
        "people": [{"id": who, "name": shown[who], "cells": _each_once(cells)} for who, cells in found.items()],
        "cells": _each_once(nobody),
        "problems": problems,
    }


def keep_assignments(session: Session, path: Path) -> dict[str, Any]:
    """Give each person whom a file names the cells that it says, and no others; all of it or nothing.

    Raises
    ------
    BadInputError
        Where a row cannot be used, or where a row names nobody.
    """
    said = read_assignments(session, path)
    problems = [Problem(f"row {one['row']}, {one['where']}", one["what"]) for one in said["problems"]]
    if said["cells"]:
        problems.append(Problem("inspector", f"{len(said['cells'])} rows name nobody"))
    if problems:
        raise BadInputError(f"{problems[0].where}: {problems[0].what}", problems=problems[:100])
    for one in said["people"]:
        person = uuid.UUID(one["id"])
        accounts.assign_cells(session, person, one["cells"], accounts.cells_of(session, person)["version"])
    return said


def _walkers(session: Session) -> dict[str, list[Any]]:
    """Return the inspectors who can sign in by what a file may call them: the name of the account, or the shown one."""
    out: dict[str, list[Any]] = {}
    for person in people.with_role(session, "inspector"):
        for name in {person.name.casefold(), person.display_name.strip().casefold()} - {""}:
            out.setdefault(name, []).append(person)
    return out


def _text(value: object) -> str:
    """Return a value of a sheet as text: a code of 15 digits may have come as a number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _each_once(codes: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(codes))
