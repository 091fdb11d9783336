from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.security.people import add_person
from api.services.cities import add_city
from api.services.grids import build_grid
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.engine import writing
from api.store.models import City
from tests.databases import Databases
from tests.http.invented_town import CITY, PASSWORD, write_town

Headers = dict[str, str]
ENGLISH = {"Accept-Language": "en"}  # what these tests read
PEOPLE = {
    "ins": "inspector",
    "other": "inspector",
    "han": "handler",
    "dis": "dispatcher",
    "pol": "police",
    "lia": "liaison",
    "lea": "leader",
    "vie": "viewer",
    "adm": "admin",
}


@pytest.fixture(scope="session")
def town_template(databases: Databases, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of the template with the invented town and its people."""
    folder = tmp_path_factory.mktemp("town")
    settings = Settings(data=folder / "data")

    def load(engine: Engine) -> None:
        with writing(engine) as session:
            add_city(session, code=CITY, name="虚构市", name_en="Invented", settings=settings, invented=True)
        for what, path in write_town(folder).items():
            with writing(engine) as session:
                city = session.scalars(sa.select(City)).one()
                crs = None if path.suffix == ".geojson" else "wgs84"
                import_file(session, city, what, path, ImportOptions(crs=crs, invented=True), settings)
        with writing(engine) as session:
            build_grid(session, session.scalars(sa.select(City)).one())
            for name, role in PEOPLE.items():
                add_person(session, name=name, password=PASSWORD, roles=[role], invented=True)

    databases.fill("town", load, of=migrated)
    return "town"


@pytest.fixture
def town(databases: Databases, town_template: str) -> Iterator[Engine]:
    """Return an engine of a database with the invented town."""
    made = databases.copy(town_template)
    yield made
    databases.drop(made)


@pytest.fixture
def client(town: Engine, settings: Settings) -> Iterator[TestClient]:
    """Return a client of the application; an exception inside it fails the test that caused it."""
    with TestClient(create_app(settings, town), follow_redirects=False, headers=ENGLISH) as made:
        yield made


@pytest.fixture
def closed_client(town: Engine, settings: Settings) -> Iterator[TestClient]:
    """Return a client of an application that shows nothing to people who are not signed in."""
    closed = settings.model_copy(update={"public_view": False})
    with ExitStack() as stack:
        yield stack.enter_context(TestClient(create_app(closed, town), follow_redirects=False, headers=ENGLISH))


@pytest.fixture
def sign_in() -> Callable[[TestClient, str], Headers]:
    """Return what signs somebody in and gives the header that says so."""

    def signed_in(client: TestClient, name: str) -> Headers:
        answer = client.post("/api/v1/token", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "bearer"
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return signed_in


@pytest.fixture
def inspector(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Headers:
    return sign_in(client, "ins")


@pytest.fixture
def viewer(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Headers:
    return sign_in(client, "vie")
