"""The pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from api import __version__
from api.dependencies import AppSettings, Language, ReadSession
from api.services import atlas, cities
from api.settings import Settings
from api.vocabulary import vocabulary
from web import FOLDER
from web.i18n import LANGUAGES, page_context

router = APIRouter(tags=["pages"], include_in_schema=False)
templates = Jinja2Templates(directory=FOLDER / "templates")


def _page(request: Request, template: str, language: str, config: dict[str, Any], **more: Any) -> Response:
    context = page_context(language, config, path=request.url.path)
    return templates.TemplateResponse(request, template, context | more)


def _config(settings: Settings, session: ReadSession) -> dict[str, Any]:
    tiles = {"url": settings.tiles_url, "attribution": settings.tiles_attribution} if settings.tiles_url else None
    bounds = atlas.view_bounds(session)
    centre = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2] if bounds else [120.24, 29.71]
    return {
        "center": centre,
        "bounds": bounds,
        "tiles": tiles,
        "invented_notice": cities.any_invented(session),
        "cities": cities.city_views(session),
        "version": __version__,
    }


@router.get("/")
def map_page(request: Request, settings: AppSettings, session: ReadSession, language: Language) -> Response:
    """Show the map."""
    return _page(request, "map.html", language, _config(settings, session))


@router.get("/heat")
def heat_page(request: Request, settings: AppSettings, session: ReadSession, language: Language) -> Response:
    """Show the heat map of after-school incidents, in a frame of its own."""
    types = [{"code": t.code, "zh": t.zh, "en": t.en} for t in vocabulary().incident_types.values() if not t.serious]
    return _page(request, "heat.html", language, _config(settings, session), incident_types=types)


@router.get("/language/{code}")
def choose(code: str, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Choose the language, and go back to the page."""
    inside = next.startswith("/") and not next.startswith(("//", "/\\")) and next.isprintable()
    answer = RedirectResponse(next if inside else "/", status_code=303)
    if code in LANGUAGES:
        answer.set_cookie("language", code, max_age=365 * 86400, samesite="lax", httponly=True)
    return answer
