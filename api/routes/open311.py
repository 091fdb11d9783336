"""Open311 GeoReport v2, in JSON and XML: for the clients and platforms of other offices. Closed unless it is switched on.

Errors are as that interface has them: a list of code and description. ``api_key`` is a bearer token of somebody who may
report cases; where the map is not public, it is needed for reading too.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AwareDatetime
from sqlalchemy.orm import Session
from starlette.convertors import Convertor, register_url_convertor

from api.dependencies import AppSettings, Language, ReadSession, address_of
from api.errors import CampusError, ForbiddenError, NotFoundError, SignInError
from api.problems import STATUS
from api.security.people import NOBODY, Actor
from api.security.policy import may
from api.security.sessions import who_is
from api.services.cases import open311
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models.base import now
from web.i18n import choose_language
from web.problems import in_language

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Ending(Convertor[str]):
    """The format that a path ends in: ``.json``, ``.xml``, or none."""

    regex = r"(?:\.(?:json|xml))?"

    def convert(self, value: str) -> str:
        return value.removeprefix(".")

    def to_string(self, value: str) -> str:
        return f".{value}" if value else ""


class _Plain(Convertor[str]):
    """A code or number without a dot, so that what follows one is the format."""

    regex = r"[^/.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("ending", _Ending())
register_url_convertor("plain", _Plain())


def _format(request: Request) -> str:
    """Return the format that a path ends in, or else the one that is accepted."""
    return request.path_params.get("form") or ("xml" if "xml" in request.headers.get("Accept", "") else "json")


def _answer(request: Request, root: str, item: str, documents: list[dict[str, Any]], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    if _format(request) == "json":
        body = orjson.dumps(documents)
        return Response(body, status, headers, media_type="application/json; charset=utf-8")
    tree = ET.Element(root)
    for document in documents:
        _fill(ET.SubElement(tree, item), document)
    return _xml(tree, status, headers)


def _xml(tree: ET.Element, status: int, headers: dict[str, str]) -> Response:
    body = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    return Response(body, status, headers, media_type="text/xml; charset=utf-8")


_ITEMS = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def _fill(node: ET.Element, value: Any) -> None:
    """Put a value into an element: lists as elements of the singular, truth as true and false."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _fill(ET.SubElement(node, name), inner)
    elif isinstance(value, list):
        for inner in value:
            _fill(ET.SubElement(node, _ITEMS[node.tag]), inner)
    else:
        node.text = str(value).lower() if isinstance(value, bool) else _UNPRINTABLE.sub("", str(value))


class Open311Route(APIRoute):
    """A route whose errors are those of GeoReport v2."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that turns our errors into theirs: 400, 403, 404, and what has a status of its own."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                what = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
                return _answer(request, "errors", "error", [{"code": 400, "description": what}], 400)
            except CampusError as error:
                status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
                status = {401: 403, 422: 400}.get(status, status)
                header = request.headers.get("Accept-Language", "")
                said = in_language(str(error), choose_language(request.query_params.get("lang"), header))
                return _answer(request, "errors", "error", [{"code": status, "description": said}], status)

        return handled


router = APIRouter(prefix="/open311/v2", tags=["open311"], include_in_schema=False, route_class=Open311Route)
Key = Annotated[str, Query(max_length=200)]
Text = Annotated[str, Form(max_length=4000)]


def _switched_on(settings: AppSettings) -> None:
    if not settings.open311:
        raise NotFoundError("Open311 is not switched on here (setting open311)")


def _by_key(request: Request, key: str) -> Actor:
    with reading(request.app.state.engine) as session:
        return who_is(session, key, "bearer", now()) if key else NOBODY


def _reader(
    request: Request, settings: AppSettings, _: Annotated[None, Depends(_switched_on)], api_key: Key = ""
) -> Actor | None:
    """Return who reads, where that decides what there is to read; None where everybody may know of every case."""
    if settings.public_view:
        return None
    actor = _by_key(request, api_key)
    if actor is NOBODY:
        raise SignInError("api_key is missing or not known")
    return actor


def _reporter(
    request: Request,
    _: Annotated[None, Depends(_switched_on)],
    api_key: Text = "",
    key: Annotated[str, Query(alias="api_key", max_length=200)] = "",
) -> Actor:
    actor = _by_key(request, api_key or key)
    if actor is NOBODY:
        raise SignInError("api_key is missing or not known")
    if not may("POST", "/api/v1/cases", actor.roles, public_view=False):
        raise ForbiddenError("your roles do not allow this")
    return actor


Reporter = Annotated[Actor, Depends(_reporter)]
Reader = Annotated[Actor | None, Depends(_reader)]
READ = [Depends(_reader)]


def _session(request: Request, actor: Reporter) -> Iterator[Session]:
    who = Who(actor.id, actor.name, "web", address_of(request), getattr(request.state, "request_id", "")[:36])
    with writing(request.app.state.engine, who) as session:
        yield session


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@router.get("/discovery{form:ending}", dependencies=[Depends(_switched_on)])
def discovery(request: Request) -> Response:
    """Say where the interface is, and in which formats."""
    address = str(request.base_url).rstrip("/") + "/open311/v2"
    formats = ["text/xml", "application/json"]
    endpoint = {"specification": "http://wiki.open311.org/GeoReport_v2", "url": address, "type": "production"}
    document = {"changeset": "2026-11-27T00:00:00Z", "contact": "", "key_service": "campus user / api_key",
                "endpoints": [endpoint | {"formats": formats}]}  # fmt: skip
    if _format(request) == "xml":
        tree = ET.Element("discovery")
        _fill(tree, document)
        return _xml(tree, 200, {})
    return Response(orjson.dumps(document), media_type="application/json; charset=utf-8")


@router.get("/services{form:ending}", dependencies=READ)
def list_services(request: Request, language: Language, session: ReadSession, jurisdiction_id: Key = "") -> Response:
    """List what may be reported."""
    open311.require_jurisdiction(session, jurisdiction_id)
    return _answer(request, "services", "service", open311.services(language))


@router.get("/services/{code:plain}{form:ending}", dependencies=READ)
def define_service(request: Request, language: Language, code: str) -> Response:
    """Say what else may be told of a service."""
    document = open311.service_definition(code, language)
    if _format(request) == "xml":
        tree = ET.Element("service_definition")
        _fill(tree, document)
        return _xml(tree, 200, {})
    return Response(orjson.dumps(document), media_type="application/json; charset=utf-8")


@router.get("/requests{form:ending}")
def list_requests(
    request: Request,
    language: Language,
    session: ReadSession,
    reader: Reader,
    jurisdiction_id: Key = "",
    service_request_id: Annotated[str, Query(max_length=4000)] = "",
    service_code: Key = "",
    start_date: AwareDatetime | None = None,
    end_date: AwareDatetime | None = None,
    status: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """List service requests of at most 90 days."""
    found = open311.requests(
        session, language, reader, jurisdiction=jurisdiction_id or None, numbers=_listed(service_request_id),
        codes=_listed(service_code), start=start_date, end=end_date, statuses=_listed(status),
    )  # fmt: skip
    return _answer(request, "service_requests", "request", found)


@router.get("/requests/{number:plain}{form:ending}")
def show_request(request: Request, language: Language, session: ReadSession, reader: Reader, number: str) -> Response:
    """Show one service request."""
    return _answer(request, "service_requests", "request", open311.one_request(session, reader, number, language))


@router.get("/tokens/{token:plain}{form:ending}")
def show_token(request: Request, session: ReadSession, reader: Reader, token: str) -> Response:
    """Give the number of a service request by the token of its making."""
    try:
        identity = uuid.UUID(token)
    except ValueError:
        raise NotFoundError("there is no service request of this token") from None
    return _answer(request, "service_requests", "request", open311.by_token(session, reader, identity))


@router.post("/requests{form:ending}")
def add_request(
    request: Request,
    settings: AppSettings,
    actor: Reporter,
    session: Annotated[Session, Depends(_session, scope="function")],
    service_code: Text = "",
    lat: Annotated[float | None, Form(ge=-90, le=90)] = None,
    long: Annotated[float | None, Form(ge=-180, le=180)] = None,
    subtype: Annotated[str, Form(alias="attribute[subtype]", max_length=48)] = "",
    description: Text = "",
    address_string: Text = "",
) -> Response:
    """Report something; names, addresses of people and telephone numbers that a client sends are not kept."""
    made = open311.report(
        session, actor, settings, service=service_code, lat=lat, lon=long, subtype=subtype, description=description,
        address=address_string,
    )  # fmt: skip
    return _answer(request, "service_requests", "request", made)
