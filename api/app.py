"""The application: routers, middleware, lifespan."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.engine import Engine

from api import __version__
from api.dependencies import authorise
from api.problems import add_problem_handlers
from api.routes import access, atlas, audit, checks, hazards, health, incidents, pages, people, schools, sealed
from api.security.rates import Rates
from api.settings import Settings
from api.store import migrate
from api.store.engine import open_engine
from web import FOLDER

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {tiles}; connect-src 'self'; "
    "frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


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
        yield
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
    app.state.engine = engine or open_engine(settings.resolved_database_url, settings.data)
    app.state.rates = Rates(settings)
    add_problem_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    _add_headers(app, settings)
    guarded = [Depends(authorise)]
    for module in (access, people, schools, atlas, hazards, incidents, sealed, checks, audit):
        app.include_router(module.router, dependencies=guarded)
    app.include_router(health.router, dependencies=guarded)
    app.include_router(pages.router, dependencies=guarded)
    _add_reference(app)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    return app


def _add_reference(app: FastAPI) -> None:
    """Serve the OpenAPI document and its page from here: their usual scripts would come from elsewhere."""

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(authorise)])
    def openapi() -> Response:
        return JSONResponse(app.openapi())

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


def _add_headers(app: FastAPI, settings: Settings) -> None:
    tiles = ""
    if settings.tiles_url:
        scheme, _, rest = settings.tiles_url.partition("://")
        tiles = f"{scheme}://{rest.split('/', 1)[0].replace('{s}', '*')}"
    policy = PAGE_POLICY.format(tiles=tiles).replace(" ;", ";")

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Request-ID", uuid.uuid4().hex)
        if request.url.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-cache")  # asked for again by ETag: never an old module
        return response
