from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.engine import Engine

from api.security import people
from api.settings import Settings
from api.store import migrate
from tests import postgres
from tests.databases import Databases, PostgisDatabases, SpatialiteDatabases

ROOT = Path(__file__).parent.parent


def skip_or_fail(message: str) -> None:
    """Skip where a part cannot be had; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


# the slowest first, so that no worker is left alone with one of them at the end
SLOWEST = [
    "tests/commands/test_running.py",
    "tests/http/test_access_matrix.py",
    "tests/http/test_fuzz.py",
    "tests/services/test_demo.py",
    "tests/commands/test_commands.py",
    "tests/browser/test_field_offline.py",
    "tests/browser/test_escaping.py",
    "tests/http/test_crashes.py",
    "tests/browser/test_patrols_page.py",
    "tests/services/test_patrols.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files, and keep the order within each."""
    rank = {name: at for at, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.split("::", 1)[0], len(rank)))


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords with next to no work: the suite signs in thousands of times.

    Servers that tests run as commands keep to the full cost, as ``test_a_password_is_hashed_at_full_cost`` sees.
    """
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", lambda: quick)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets that lies beside the project."""
    folder = Path(os.environ.get("CAMPUS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip_or_fail(f"the real data sets are not there (looked beside the project, in {folder.name})")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Return the URL of a running throw-away cluster."""
    missing = postgres.missing_part()
    if missing is not None:
        skip_or_fail(missing)
    with postgres.running_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def database_kinds() -> dict[str, Databases]:
    """Return the kinds of databases that are ready; a parametrised fixture alone would be torn down at each change."""
    return {}


@pytest.fixture(scope="session", params=["spatialite", pytest.param("postgis", marks=pytest.mark.postgis)])
def databases(
    request: pytest.FixtureRequest, database_kinds: dict[str, Databases], tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """Return what makes databases: every test that asks runs on both kinds."""
    if request.param not in database_kinds:
        database_kinds[request.param] = (
            SpatialiteDatabases(tmp_path_factory.mktemp("databases"))
            if request.param == "spatialite"
            else PostgisDatabases(request.getfixturevalue("cluster"))
        )
    return database_kinds[request.param]


@pytest.fixture(scope="session")
def migrated(databases: Databases) -> str:
    """Return the name of the template that is migrated and empty."""
    databases.fill("migrated", migrate.upgrade)
    return "migrated"


@pytest.fixture
def engine(databases: Databases, migrated: str) -> Iterator[Engine]:
    """Return an engine for a fresh, migrated database."""
    made = databases.copy(migrated)
    yield made
    databases.drop(made)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings whose data folder is the test's own."""
    return Settings(data=tmp_path / "data")
