"""The pages."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from api import __version__
from api.dependencies import AppSettings, CurrentActor, CurrentWho, Language, ReadSession, credential
from api.errors import NotFoundError
from api.navigation import home_of, pages_for
from api.routes.access import keep_session
from api.security import oidc
from api.security.people import NOBODY, Actor
from api.security.policy import POLICY
from api.security.sessions import csrf_token
from api.security.signin import sign_in_by_city, sign_in_secret
from api.services import atlas, cities, ground
from api.services.meetings.choices import choices
from api.settings import Settings
from api.store.models.base import now
from api.vocabulary import hazard_words, vocabulary, word, words_of
from web import FOLDER, shell
from web.i18n import LANGUAGES, catalogue, page_context

MEMO_COOKIE = "campus-city"
router = APIRouter(tags=["pages"], include_in_schema=False)
templates = Jinja2Templates(directory=FOLDER / "templates")


def _page(
    request: Request, actor: Actor, template: str, language: str, config: dict[str, Any], **more: Any
) -> Response:
    shown = credential(request)
    signed_in = shown is not None and shown[1] == "session" and actor.id is not None
    me = {"name": actor.name, "display_name": actor.display_name, "roles": sorted(actor.roles)} if signed_in else None
    config |= {"me": me, "csrf": csrf_token(shown[0]) if signed_in and shown else None}
    context = page_context(language, config, path=request.url.path)
    context |= {"me": me, "pages": pages_for(actor.roles, public_view=request.app.state.settings.public_view)}
    answer = templates.TemplateResponse(request, template, context | more)
    answer.headers["Cache-Control"] = "private, no-cache"  # it says who is signed in
    return answer


def _config(settings: Settings, session: ReadSession) -> dict[str, Any]:
    tiles = {
        "urls": settings.tile_addresses,
        "attribution": settings.tiles_attribution,
        "subdomains": settings.tiles_subdomains,
    }
    bounds = atlas.view_bounds(session)
    centre = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2] if bounds else [120.24, 29.71]
    return {
        "center": centre,
        "bounds": bounds,
        "tiles": tiles if settings.tiles_url else None,
        "osm": ground.from_osm(session),
        "invented_notice": cities.any_invented(session),
        "cities": cities.city_views(session),
        "version": __version__,
    }


def _office_config(session: ReadSession) -> dict[str, Any]:
    return {
        "invented_notice": cities.any_invented(session),
        "cities": cities.city_views(session),
        "version": __version__,
    }


@router.get("/")
def map_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show the map."""
    config = _config(settings, session) | {"ground": ground.version(session)}
    return _page(request, actor, "map.html", language, config)


@router.get("/home")
def home(settings: AppSettings, actor: CurrentActor) -> Response:
    """Send everybody to the page of their work; whoever is not signed in to the map."""
    return RedirectResponse(home_of(actor.roles, public_view=settings.public_view), status_code=303)


@router.get("/heat")
def heat_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show the heat map of after-school incidents, in a frame of its own."""
    types = [word(t) for t in vocabulary().incident_types.values() if not t.serious]
    return _page(request, actor, "heat.html", language, _config(settings, session), incident_types=types)


def _field(request: Request, settings: AppSettings, session: ReadSession, language: str) -> Response:
    """Return the field app without a word of who is signed in: it is kept on the phone."""
    words = {"hazard_categories": hazard_words(), "severities": words_of(vocabulary().severities)}
    config = _config(settings, session) | {"words": words, "later": shell.later()}
    texts = shell.words(catalogue(language))
    return _page(request, NOBODY, "field.html", language, config, modules=shell.first(), catalogue=texts)


@router.get("/field")
def field_page(request: Request, settings: AppSettings, session: ReadSession, language: Language) -> Response:
    """Show the inspector's app; what it shows comes from routes that know who asks."""
    return _field(request, settings, session, language)


@router.get("/field/worker.js")
def field_worker(request: Request, settings: AppSettings, session: ReadSession) -> Response:
    """Give the service worker that keeps the app on the phone; another one as soon as anything of it has changed."""
    pages = {language: bytes(_field(request, settings, session, language).body) for language in LANGUAGES}
    return Response(
        shell.worker(pages),
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/field"},
    )


@router.get("/sign-in")
def sign_in_page(
    request: Request,
    settings: AppSettings,
    session: ReadSession,
    language: Language,
    actor: CurrentActor,
    next: Annotated[str, Query(max_length=500)] = "/home",
) -> Response:
    """Show where to sign in; afterwards one goes on to where one wanted to."""
    config = {"invented_notice": cities.any_invented(session), "next": inside(next), "version": __version__}
    city = (settings.oidc_title or urlsplit(settings.oidc_issuer or "").hostname) if oidc.is_on(settings) else None
    return _page(request, actor, "sign-in.html", language, config, city_sign_on=city)


@router.get("/sign-in/city")
def to_city_sign_on(
    request: Request, settings: AppSettings, next: Annotated[str, Query(max_length=500)] = "/home"
) -> Response:
    """Go to the city's own sign-on."""
    if not oidc.is_on(settings):
        raise NotFoundError("this city has no sign-on of its own")
    secret = sign_in_secret(request.app.state.engine)
    url, memo = oidc.begin(settings, secret, answer_url=str(request.url_for("from_city_sign_on")), wanted=inside(next))
    answer = RedirectResponse(url, status_code=303)
    answer.set_cookie(
        MEMO_COOKIE,
        memo,
        max_age=600,
        path="/sign-in/city",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/sign-in/city/answer")
def from_city_sign_on(
    request: Request,
    settings: AppSettings,
    who: CurrentWho,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Come back from the city's own sign-on, with a session if it confirms who one is."""
    if not oidc.is_on(settings):
        raise NotFoundError("this city has no sign-on of its own")
    engine = request.app.state.engine
    identity, wanted = oidc.finish(
        settings,
        sign_in_secret(engine),
        answer_url=str(request.url_for("from_city_sign_on")),
        memo=request.cookies.get(MEMO_COOKIE, ""),
        state=state,
        code=code,
        moment=now(),
    )
    signed = sign_in_by_city(engine, who, settings, identity, now())
    answer = RedirectResponse(inside(wanted), status_code=303)
    keep_session(request, answer, signed.secret, signed.device)
    answer.delete_cookie(MEMO_COOKIE, path="/sign-in/city")
    return answer


@router.get("/admin")
def admin_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show who walks which cell, checklists, accounts and the audit log, as far as one's roles go."""
    config = _office_config(session)
    return _page(request, actor, "admin.html", language, config)


@router.get("/board")
def board_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show the queue of cases as list and map, and what may be done with each."""
    config = _config(settings, session) | {"ground": ground.version(session)}
    return _page(request, actor, "board.html", language, config)


@router.get("/board/indicators")
def indicators_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show how cases go: figures with their definitions, and the cases behind them."""
    config = _office_config(session)
    return _page(request, actor, "indicators.html", language, config)


@router.get("/actions")
def actions_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show joint actions: their areas, how far they are, and whether they worked."""
    config = _config(settings, session) | {"ground": ground.version(session)}
    return _page(request, actor, "actions.html", language, config)


@router.get("/notices")
def notices_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show the notices that one gets and writes, with their receipts."""
    return _page(request, actor, "notices.html", language, _office_config(session))


@router.get("/departments")
def departments_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show the address book: who holds which duty today, and who substitutes."""
    return _page(request, actor, "departments.html", language, _office_config(session))


@router.get("/police")
def police_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show where and when incidents gather after school, and with what certainty."""
    known = [word(t) | {"serious": t.serious} for t in vocabulary().incident_types.values()]
    config = _config(settings, session) | {
        "ground": ground.version(session),
        "places": cities.places_to_ask_about(session),
        "patrols": ("GET", "/patrols") in POLICY,
    }
    mapped = [one for one in known if not one["serious"]]
    return _page(request, actor, "police.html", language, config, incident_types=mapped, report_types=known)


@router.get("/meeting")
def meeting_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show the figures of a week, month, quarter or term on the wall."""
    said = choices(session, actor)
    config = {
        "invented_notice": cities.any_invented(session),
        "cities": [view for view in cities.city_views(session) if view["code"] in said["periods"]],
        "version": __version__,
    }
    words = vocabulary()
    kinds = {"facility_kinds": words.facility_kinds, "facility_levels": words.facility_levels}
    return _page(request, actor, "meeting.html", language, config | said, **kinds)


@router.get("/patrols")
def patrols_page(
    request: Request, settings: AppSettings, session: ReadSession, language: Language, actor: CurrentActor
) -> Response:
    """Show plans of patrols, as they are made and changed; their calendar, escort posts, and what came of them."""
    config = _config(settings, session) | {"ground": ground.version(session)}
    return _page(request, actor, "patrols.html", language, config)


@router.get("/sealed")
def sealed_page(request: Request, session: ReadSession, language: Language, actor: CurrentActor) -> Response:
    """Show requests to see sealed incidents, and the incidents that one may see."""
    config = _office_config(session)
    types = words_of(vocabulary().incident_types)
    return _page(request, actor, "sealed.html", language, config | {"incident_types": types})


@router.get("/language/{code}")
def choose(code: str, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Choose the language, and go back to the page."""
    answer = RedirectResponse(inside(next), status_code=303)
    if code in LANGUAGES:
        answer.set_cookie("language", code, max_age=365 * 86400, samesite="lax", httponly=True)
    return answer


def inside(address: str) -> str:
    """Return an address on this server; the front page where it would lead elsewhere."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if ours else "/"
