"""For operators: is the server there, and can it work."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from api.problems import problem
from api.store.migrate import current_revision, head_revision

router = APIRouter(tags=["operation"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer while the server runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Answer 200 while the database answers and is of this program's version."""
    try:
        revision = current_revision(request.app.state.engine)
    except sa.exc.DBAPIError:
        return problem(503, "the database does not answer", code="unavailable", headers={"Retry-After": "5"})
    if revision != head_revision():
        return problem(503, f"the database is at version {revision}, not {head_revision()}", code="unavailable")
    return Response('{"status":"ready"}', media_type="application/json")
