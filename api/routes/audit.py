"""The audit log, for administrators."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Limit, ReadSession, WriteSession
from api.routes.answers import json_answer
from api.schemas.records import Moment
from api.services import audit

router = APIRouter(prefix="/api/v1", tags=["audit"])


class CsvResponse(Response):
    """A table for a spreadsheet."""

    media_type = "text/csv"


Person = Annotated[str | None, Query(max_length=64)]
Action = Annotated[str | None, Query(max_length=24)]
Subject = Annotated[str | None, Query(max_length=32)]
First = Annotated[Moment | None, Query(alias="from")]
Last = Annotated[Moment | None, Query(alias="to")]


@router.get("/audit")
def search_log(
    request: Request,
    session: ReadSession,
    person: Person = None,
    action: Action = None,
    subject: Subject = None,
    identity: uuid.UUID | None = None,
    first: First = None,
    last: Last = None,
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, lt=2**62)] = 0,
) -> Response:
    """Search the audit log, the newest line first; what sealed records say is left out."""
    wanted = audit.Search(person, action, subject, identity, first, last)
    lines, following = audit.search(session, wanted, before=cursor, limit=limit)
    answer = json_answer({"lines": lines})
    if following is not None:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return answer


@router.get("/audit/export", response_class=CsvResponse)
def export_log(
    session: WriteSession,
    person: Person = None,
    action: Action = None,
    subject: Subject = None,
    identity: uuid.UUID | None = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """Export the audit log as CSV for a spreadsheet; the export is itself a line of the log."""
    text = audit.export(session, audit.Search(person, action, subject, identity, first, last))
    return CsvResponse(
        text,
        headers={"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"},
    )
