"""Errors as ``application/problem+json`` (RFC 9457): the one table from what services raise to what HTTP answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from starlette.exceptions import HTTPException

from api.errors import (
    BadInputError,
    CampusError,
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    RateLimitError,
    SignInError,
    StaleError,
    TooLargeError,
    UnavailableError,
    UnsupportedTypeError,
    words_of,
)
from api.navigation import pages_for
from gis.errors import GisError
from web import FOLDER
from web.i18n import choose_language, page_context
from web.problems import in_language

_templates = Jinja2Templates(directory=FOLDER / "templates")
log = structlog.get_logger()
# A ring of 50,000 points that is not closed has 200,000 errors: to say them all took a processor for half a minute.
_MOST_ERRORS = 100

STATUS: dict[type[Exception], int] = {
    NotFoundError: 404,
    GoneError: 410,
    ConflictError: 409,
    StaleError: 412,
    ForbiddenError: 403,
    SignInError: 401,
    RateLimitError: 429,
    TooLargeError: 413,  # before the class that they are kinds of
    UnsupportedTypeError: 415,
    BadInputError: 422,
    GisError: 422,
    UnavailableError: 503,
}
TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Not there any more",
    412: "Changed meanwhile",
    413: "Too large",
    415: "A kind of file that is not read here",
    422: "Input cannot be used",
    429: "Too many at once",
    428: "If-Match is missing",
    500: "Something went wrong here",
    503: "Not available at the moment",
}


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    language: str = "en",
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem in a language; ``code`` ends its stable type, ``more`` are members of its own (RFC 9457, 3.2)."""
    body: dict[str, object] = {
        "type": f"/problems/{code or status}",
        "title": in_language(TITLES.get(status, "Error"), language),
        "status": status,
        "detail": in_language(detail, language),
    }
    body |= more or {}
    if errors is not None:
        body["errors"] = [error | {"what": in_language(error["what"], language)} for error in errors]
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def error_page(request: Request, status: int) -> Response:
    """Return an error as a page, for somebody who followed a link."""
    language = choose_language(request.query_params.get("lang"), request.cookies.get("language"))
    pages = pages_for((), public_view=request.app.state.settings.public_view)
    context = page_context(language, {"invented_notice": False}) | {"status": status, "pages": pages}
    return _templates.TemplateResponse(request, "error.html", context, status_code=status)


def _answer(request: Request, status: int, detail: str, **said: Any) -> Response:
    """Return a problem in the person's language; in place of a map, as a page."""
    if _is_for_a_map(request):
        return _instead_of_a_map(request, status, detail, said.get("headers") or {})
    return problem(status, detail, language=language_of(request), **said)


def _instead_of_a_map(request: Request, status: int, detail: str, headers: Mapping[str, str]) -> Response:
    """Return why there is no map as a page, for the frame or the tab that waits for the map."""
    language = choose_language(request.query_params.get("language"), language_of(request))
    words = {"title": TITLES.get(status, "Error"), "detail": detail}
    context = {"language": language} | {name: in_language(said, language) for name, said in words.items()}
    policy = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    }
    return _templates.TemplateResponse(
        request, "files/no-map.html", context, status_code=status, headers={**headers, **policy}
    )


def _is_for_a_map(request: Request) -> bool:
    """Return whether a browser waits for a page that a route of the API draws."""
    drawn = getattr(request.scope.get("route"), "response_class", None) is HTMLResponse
    return drawn and "text/html" in request.headers.get("Accept", "")


def _is_for_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("Accept", "") and not request.url.path.startswith("/api/")


def _to_sign_in(request: Request) -> Response:
    if request.url.path.startswith("/sign-in"):
        return RedirectResponse("/sign-in?failed=city", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", status_code=303)


def language_of(request: Request) -> str:
    """Return the language of what is said to whoever sent a request.

    It is the one asked for, that of the header (pages send their own), that chosen before, or the default.
    """
    preferred = request.headers.get("Accept-Language", "").split(",")[0].partition(";")[0].removeprefix("*")
    wishes = (request.query_params.get("lang"), preferred, request.cookies.get("language"))
    return choose_language(*wishes, request.app.state.settings.language)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application as a problem; nothing a client sends is answered by a 500."""

    @app.exception_handler(CampusError)
    def campus_error(request: Request, error: CampusError) -> Response:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        if _is_for_a_page(request):
            return _to_sign_in(request) if status == 401 else error_page(request, status)
        errors = [{"where": p.where, "what": p.what, "code": p.code} for p in error.problems] or None
        headers = {503: {"Retry-After": "5"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status, {})
        if isinstance(error, RateLimitError):
            headers = {"Retry-After": str(math.ceil(error.wait_s))}
        return _answer(request, status, error.detail, code=error.code, errors=errors, headers=headers, more=error.more)

    @app.exception_handler(GisError)
    def gis_error(request: Request, error: GisError) -> Response:
        return _answer(request, 422, str(error), code="bad-input")

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {
                "where": ".".join(str(part) for part in entry["loc"]),
                "what": words_of(entry["msg"]),
                "code": entry["type"],
            }
            for entry in error.errors()[:_MOST_ERRORS]
        ]
        detail = "; ".join(e["what"] if e["where"] == "body" else f"{e['where']}: {e['what']}" for e in errors[:3])
        return _answer(request, 422, detail, code="invalid", errors=errors)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        if _is_for_a_page(request):
            return error_page(request, error.status_code)
        headers = {name.replace("-", "_"): value for name, value in (error.headers or {}).items()}
        response = _answer(request, error.status_code, str(error.detail))
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    _add_database_handlers(app)


def _add_database_handlers(app: FastAPI) -> None:
    """Answer what the database refuses, or that it is not there."""

    @app.exception_handler(DataError)
    def data(request: Request, _error: DataError) -> Response:
        detail = "a value cannot be kept: it is out of range, or holds a NUL character"
        return _answer(request, 422, detail, code="invalid")

    @app.exception_handler(IntegrityError)
    def taken(request: Request, error: IntegrityError) -> Response:
        log.warning("conflicting_write", route=request.scope["route"].path, error=type(error.orig).__name__)
        detail = "somebody else wrote the same at the same time; read it again"
        return _answer(request, 409, detail, code="conflict")

    @app.exception_handler(DBAPIError)
    def database(request: Request, error: DBAPIError) -> Response:
        log.error("database_error", route=request.scope["route"].path, error=type(error.orig).__name__)
        detail = "the database does not answer at the moment; try again"
        return _answer(request, 503, detail, code="unavailable", headers={"Retry-After": "5"})
