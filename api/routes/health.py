"""For operators: is the server there, can it work, and how does it do."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import AppSettings, address_of, authorise
from api.problems import language_of, problem
from api.services.readiness import obstacle

router = APIRouter(tags=["operation"])
figures = APIRouter(tags=["operation"])
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer while the server runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request, settings: AppSettings) -> Response:
    """Answer 200 while the database answers and is of this program's version, and the disk has room."""
    found = obstacle(request.app.state.engine, settings)
    if found is not None:
        wait = {"Retry-After": "5"}
        return problem(503, found, code="unavailable", headers=wait, language=language_of(request))
    return Response('{"status":"ready"}', media_type="application/json")


@figures.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, settings: AppSettings) -> Response:
    """Answer the figures of this process in the text format of Prometheus.

    They are for administrators, and for a scraper on the same machine; for everybody with the setting
    ``metrics_public``.
    """
    if not settings.metrics_public and not _is_from_here(request):
        authorise(request)
    return Response(request.app.state.figures.text(), media_type=CONTENT_TYPE_LATEST)


def _is_from_here(request: Request) -> bool:
    """Return whether a request comes straight from this machine: not through a proxy, which may be on it too."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback
    except ValueError:
        return False
