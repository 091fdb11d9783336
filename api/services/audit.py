"""Searching and exporting the audit log; what sealed records say stays sealed in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.services.exports import harmless
from api.store import auditlog
from api.store.audit import note
from api.store.models import AuditEntry

SEALED_SUBJECTS = frozenset({"incidents"})
MOST_EXPORTED = 200_000
_COLUMNS = (
    "id",
    "at",
    "person",
    "channel",
    "address",
    "request_id",
    "action",
    "subject",
    "subject_uuid",
    "purpose",
    "before",
    "after",
    "seal",
)


@dataclass(frozen=True)
class Search:
    """Which lines of the log are wanted; moments from ``first``, before ``last``."""

    person: str | None = None
    action: str | None = None
    subject: str | None = None
    identity: uuid.UUID | None = None
    first: dt.datetime | None = None
    last: dt.datetime | None = None


def search(session: Session, wanted: Search, *, before: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Return lines of the log, the newest first, and the cursor of the next page."""
    rows = auditlog.lines(session, **asdict(wanted), before=before, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return [_view(row) for row in rows[:limit]], following


def _view(row: AuditEntry) -> dict[str, Any]:
    view = {name: getattr(row, name) for name in _COLUMNS} | {"at": row.at.isoformat()}
    for side in ("before", "after"):
        said = None if view[side] is None else json.loads(view[side])
        if said is not None and row.subject in SEALED_SUBJECTS and row.action != "view":
            said = dict.fromkeys(said, "(sealed)")  # which fields, and never what they say
        view[side] = said
    return view


def export(session: Session, wanted: Search) -> str:
    """Return the lines as CSV with a byte order mark, the newest first; the export is a line of the log itself."""
    rows = auditlog.lines(session, **asdict(wanted), before=0, limit=MOST_EXPORTED)
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in rows:
        view = _view(row)
        for side in ("before", "after"):
            view[side] = "" if view[side] is None else json.dumps(view[side], ensure_ascii=False)
        writer.writerow([harmless(view[name]) for name in _COLUMNS])
    asked = {name: str(value) for name, value in asdict(wanted).items() if value is not None}
    note(session, "export", "audit_log", after={"lines": len(rows), "search": asked})
    return file.getvalue()
