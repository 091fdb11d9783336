from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.settings import Settings
from api.store import migrate
from api.store.engine import make_engine
from tests import postgres

ROOT = Path(__file__).parent.parent
_numbers = itertools.count(1)


def skip_or_fail(message: str) -> None:
    """Skip where a part cannot be had; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets that lies beside the project."""
    folder = Path(os.environ.get("CAMPUS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip_or_fail(f"the real data sets are not there (looked beside the project, in {folder.name})")
    return folder


@pytest.fixture(scope="session")
def spatialite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SpatiaLite file, to be copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Return the URL of a running throw-away cluster."""
    missing = postgres.missing_part()
    if missing is not None:
        skip_or_fail(missing)
    with postgres.running_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgis_template(cluster: str) -> str:
    """Return the name of a migrated PostGIS database, to be copied for each test."""
    _administer(cluster, "CREATE DATABASE campus_template")
    engine = make_engine(f"{cluster}/campus_template")
    migrate.upgrade(engine)
    engine.dispose()
    return "campus_template"


def _administer(cluster: str, statement: str) -> None:
    engine = sa.create_engine(f"{cluster}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=["spatialite", pytest.param("postgis", marks=pytest.mark.postgis)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Return an engine for a fresh, migrated database: every test that asks runs on both kinds."""
    if request.param == "spatialite":
        path = tmp_path / "campus.sqlite"
        shutil.copy(request.getfixturevalue("spatialite_template"), path)
        url = f"sqlite:///{path}"
    else:
        cluster = request.getfixturevalue("cluster")
        template = request.getfixturevalue("postgis_template")
        name = f"test_{next(_numbers)}"
        _administer(cluster, f"CREATE DATABASE {name} TEMPLATE {template}")
        url = f"{cluster}/{name}"
    made = make_engine(url)
    yield made
    made.dispose()
    if request.param == "postgis":
        _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings whose data folder is the test's own."""
    return Settings(data=tmp_path / "data")
