"""The application: routers, middleware, lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from fastapi import Depends, FastAPI, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.engine import Engine

from api import __version__
from api.dependencies import Turns, authorise, take_turn
from api.jobs.worker import channels_of
from api.middleware.bodies import Bodies
from api.middleware.figures import Figures
from api.middleware.headers import Headers
from api.middleware.requests import Requests
from api.problems import add_problem_handlers
from api.routes import (
    access,
    actions,
    addresses,
    atlas,
    audit,
    briefs,
    cases,
    checks,
    decisions,
    exports,
    facilities,
    field,
    filing,
    hazards,
    health,
    incidents,
    indicators,
    meetings,
    messages,
    notice_files,
    notices,
    open311,
    pages,
    patrols,
    people,
    photos,
    police,
    premises,
    schools,
    sealed,
    shares,
)
from api.routes.answers import PROBLEMS, problem_schemas
from api.security.rates import Rates
from api.services.cases.live import Live
from api.services.field.tracks import forget_old_tracks
from api.services.incident_table import read_ahead
from api.services.patrols.runs import Searches
from api.settings import Settings
from api.store import migrate
from api.store.engine import open_engine, writing
from api.store.models.base import now
from api.store.outbox import with_channels
from web import FOLDER


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings
        None: read from the environment.
    engine
        An engine that is there already, for tests; None: one for the settings' database.
    """
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        migrate.upgrade(app.state.engine)
        with writing(app.state.engine) as session:
            forget_old_tracks(session, now(), settings.track_days)
        app.state.searches = Searches(app.state.engine, settings)
        ahead = Thread(target=read_ahead, args=(app.state.engine,), name="incidents")
        ahead.start()
        yield
        ahead.join()
        app.state.searches.end()
        app.state.live.close()
        app.state.engine.dispose()

    app = FastAPI(
        title="Campus perimeter inspection",
        version=__version__,
        description="Grid inspection of the surroundings of schools. GeoJSON in WGS 84; errors as RFC 9457.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings = settings
    opened = engine or open_engine(settings.resolved_database_url, settings.data)
    app.state.engine = with_channels(opened, channels_of(settings))
    app.state.rates = Rates(settings)
    app.state.turns = Turns()
    app.state.live = Live(app.state.engine)
    add_problem_handlers(app)
    app.add_middleware(Bodies, settings=settings)  # the innermost: routes read through it
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.state.figures = Figures(settings, app.state.engine)
    app.add_middleware(Requests, figures=app.state.figures)
    app.add_middleware(Headers, settings=settings)  # the outermost, so that every answer has them
    guarded = [Depends(authorise)]
    in_turn = [Depends(take_turn, scope="function"), *guarded]
    for module in (
        access,
        people,
        schools,
        atlas,
        premises,
        facilities,
        field,
        hazards,
        indicators,
        cases,
        filing,
        addresses,
        actions,
        notices,
        open311,
        messages,
        incidents,
        police,
        meetings,
        decisions,
        briefs,
        shares,
        patrols,
        sealed,
        checks,
        exports,
        audit,
    ):
        app.include_router(module.router, dependencies=in_turn, responses=PROBLEMS)
    app.include_router(photos.router, dependencies=guarded, responses=PROBLEMS)  # it has turns of its own
    app.include_router(notice_files.router, dependencies=guarded, responses=PROBLEMS)
    app.include_router(decisions.proofs, dependencies=guarded, responses=PROBLEMS)
    app.include_router(health.router, dependencies=guarded, responses=PROBLEMS)
    app.include_router(health.figures, responses=PROBLEMS)  # it guards itself: a scraper on this machine is let in
    app.include_router(pages.router, dependencies=in_turn)
    app.include_router(shares.pages, dependencies=in_turn)
    _add_reference(app)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    return app


def _add_reference(app: FastAPI) -> None:
    """Serve the OpenAPI document and its page from here: their usual scripts would come from elsewhere."""

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(authorise)])
    def openapi() -> Response:
        document = app.openapi()
        document["components"]["schemas"] |= problem_schemas()
        return JSONResponse(document)

    @app.get("/docs", include_in_schema=False, dependencies=[Depends(authorise)])
    def docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/static/vendor/swagger-ui/swagger-ui-bundle.js",
            swagger_css_url="/static/vendor/swagger-ui/swagger-ui.css",
            swagger_favicon_url="/static/img/mark.svg",
        )
        # its start-up script is inline, so this page has a policy of its own
        page.headers["Content-Security-Policy"] = (
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
        )
        return page
