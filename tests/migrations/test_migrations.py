"""Migrations on both databases: up from empty, up from the version before with records in it, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from sqlalchemy.engine import Engine

from api.errors import UnavailableError
from api.store import migrate
from api.store.models import Base
from tests.databases import Databases


@pytest.fixture
def empty(databases: Databases) -> Iterator[Engine]:
    made = databases.copy(None)
    yield made
    databases.drop(made)


def differences(engine: Engine) -> list[object]:
    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        if kind == "table" and reflected and name not in Base.metadata.tables:
            return False
        return bool(alembic_helpers.include_object(thing, name, kind, reflected, other))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        return list(compare_metadata(context, Base.metadata))


def revisions() -> list[str]:
    script = ScriptDirectory.from_config(migrate.configuration())
    return [r.revision for r in reversed(list(script.walk_revisions()))]


def test_up_from_empty_gives_the_tables_of_the_models(empty: Engine) -> None:
    migrate.upgrade(empty)
    assert migrate.current_revision(empty) == migrate.head_revision()
    assert differences(empty) == []


def test_a_second_upgrade_changes_nothing(empty: Engine) -> None:
    migrate.upgrade(empty)
    migrate.upgrade(empty)
    assert migrate.current_revision(empty) == migrate.head_revision()


@pytest.mark.skipif(len(revisions()) < 2, reason="there is no version before the first")
def test_up_from_the_version_before_keeps_records(empty: Engine) -> None:
    migrate.upgrade(empty, revisions()[-2])
    insert = (
        "INSERT INTO cities (uuid, created_at, updated_at, version, invented, code, name, name_en, time_zone, cell_m,"
        " perimeter_distance_m) VALUES ('00000000000000000000000000000001', '2026-01-01', '2026-01-01', 1, {no}, 'X',"
        " 'invented', '', 'UTC', 100, 200)"
    )
    with empty.begin() as connection:
        connection.execute(sa.text(insert.format(no="0" if empty.dialect.name == "sqlite" else "false")))
        source = (
            "INSERT INTO places (uuid, created_at, updated_at, version, invented, city_id, name, alt_names, kind, address,"
            " location) VALUES ('00000000000000000000000000000002', '2026-01-01', '2026-01-01', 1, {no}, 1, 'invented',"
            " '[]', '', '', ST_GeomFromText('POINT(120 30)', 4326))"
        )
        connection.execute(sa.text(source.format(no="0" if empty.dialect.name == "sqlite" else "false")))
    migrate.upgrade(empty)
    assert differences(empty) == []
    with empty.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM cities")).scalar_one() == "invented"
        assert connection.execute(sa.text("SELECT ST_X(location) FROM places")).scalar_one() == 120


def invent_cases(connection: sa.Connection, made: str, no: str, rule: str) -> None:
    """Write an invented city, three departments d1 … d3 and three cases of a rule, as tables of old know them."""
    connection.exec_driver_sql(
        "INSERT INTO cities (uuid, created_at, updated_at, version, invented, code, name, name_en, time_zone, cell_m,"
        f" perimeter_distance_m) VALUES ('{1:032x}', {made}, 'X', 'invented', '', 'UTC', 100, 200)"
    )
    for number in (1, 2, 3):
        connection.exec_driver_sql(
            "INSERT INTO departments (uuid, created_at, updated_at, version, invented, code, is_convenor)"
            f" VALUES ('{number:032x}', {made}, 'd{number}', {no})"
        )
        connection.exec_driver_sql(
            "INSERT INTO cases (uuid, created_at, updated_at, version, invented, city_id, category, subtype, name,"
            " note, address, location, state, rule, urgency, observed_at, received_at, stops, extensions, reworks,"
            f" returns, rung) VALUES ('{number:032x}', {made}, 1, 'VEN', '', '', '', '',"
            f" ST_GeomFromText('POINT(120 30)', 4326), 'filed', '{rule}', 'ordinary', '2026-01-01', '2026-01-01', '{{}}',"
            " '{}', 0, 0, 0)"
        )


def test_whose_departments_see_a_case_and_who_had_it_survive_both_ways(empty: Engine) -> None:
    migrate.upgrade(empty, "0018")
    no = "0" if empty.dialect.name == "sqlite" else "false"
    made = f"'2026-01-01', '2026-01-01', 1, {no}"
    with empty.begin() as connection:
        invent_cases(connection, made, no, "{}")
        parties = {(1, 1), (3, 1), (2, 2)}
        for department, case in parties:
            connection.exec_driver_sql(f"INSERT INTO case_parties VALUES ({department}, {case})")
    migrate.upgrade(empty, "0019")
    with empty.connect() as connection:
        found = connection.exec_driver_sql("SELECT parties FROM cases ORDER BY id").scalars().all()
    assert [sorted(one.split("|")) for one in found] == [["", "", "1", "3"], ["", "", "2"], [""]]
    lines = (  # case, action, person, department
        (1, "propose", "NULL", "NULL"), (1, "accept", 1, 3), (1, "answer", 2, 3), (1, "ask_extension", 1, 3),
        (2, "comment", 1, 1), (2, "start", 1, "NULL"),
    )  # fmt: skip
    with empty.begin() as connection:
        for number in (1, 2):
            connection.exec_driver_sql(
                "INSERT INTO people (uuid, created_at, updated_at, version, invented, name, display_name, disabled)"
                f" VALUES ('{number:032x}', {made}, 'p{number}', '', {no})"
            )
        for number, (case, action, person, department) in enumerate(lines):
            connection.exec_driver_sql(
                "INSERT INTO case_entries (uuid, case_id, number, action, from_state, to_state, person_id, department_id,"
                f" at, note, details, late, case_version) VALUES ('{number:032x}', {case}, {number}, '{action}', '',"
                f" 'filed', {person}, {department}, '2026-01-01', '', '{{}}', {no}, 1)"
            )
    migrate.upgrade(empty, "0020")
    with empty.connect() as connection:
        found = connection.exec_driver_sql("SELECT handlers FROM cases ORDER BY id").scalars().all()
    assert [sorted(one.split("|")) for one in found] == [["", "", "d3", "p1", "p2"], ["", "", "p1"], [""]]
    migrate.downgrade(empty, "0018")
    with empty.connect() as connection:
        again = connection.exec_driver_sql("SELECT department_id, case_id FROM case_parties").all()
    assert {tuple(one) for one in again} == parties
    migrate.upgrade(empty)
    assert differences(empty) == []


def test_cases_that_are_not_filed_yet_name_the_department_of_their_rule(empty: Engine) -> None:
    migrate.upgrade(empty, "0021")
    no = "0" if empty.dialect.name == "sqlite" else "false"
    query = "SELECT lead_id FROM cases ORDER BY id"
    with empty.begin() as connection:
        invent_cases(connection, f"'2026-01-01', '2026-01-01', 1, {no}", no, '{"lead": "d2"}')
        connection.exec_driver_sql("UPDATE cases SET lead_id = 3, filed_at = '2026-01-01' WHERE id = 1")
        connection.exec_driver_sql('UPDATE cases SET rule = \'{"lead": "none"}\' WHERE id = 3')
    migrate.upgrade(empty, "0022")
    with empty.connect() as connection:
        assert connection.exec_driver_sql(query).scalars().all() == [3, 2, None]
    migrate.downgrade(empty, "0021")
    with empty.connect() as connection:
        assert connection.exec_driver_sql(query).scalars().all() == [3, None, None]


def test_cells_that_are_there_get_their_township(empty: Engine) -> None:
    migrate.upgrade(empty, "0020")
    made = f"'2026-01-01', '2026-01-01', 1, {'0' if empty.dialect.name == 'sqlite' else 'false'}"
    areas = {"330681001": (0, 10), "330681002": (10, 20), "330681003": None}  # west and east edge
    cells = {
        "330681-100-1-1": 3,
        "330681-100-1-2": 13,
        "330681-100-1-3": 23,
        "330681003001001": 3,
        "330681009001001": 13,
    }

    def box(west: float, east: float) -> str:
        ring = f"{west} 0, {east} 0, {east} 1, {west} 1, {west} 0"
        return f"ST_GeomFromText('MULTIPOLYGON((({ring})))', 4326)"

    with empty.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cities (uuid, created_at, updated_at, version, invented, code, name, name_en, time_zone, cell_m,"
            f" perimeter_distance_m) VALUES ('{1:032x}', {made}, 'X', 'invented', '', 'UTC', 100, 200)"
        )
        for number, (code, edges) in enumerate(areas.items()):
            drawn = "NULL" if edges is None else box(*edges)
            connection.exec_driver_sql(
                "INSERT INTO districts (uuid, created_at, updated_at, version, invented, city_id, code, name, name_en,"
                f" kind, boundary) VALUES ('{number:032x}', {made}, 1, '{code}', 'invented', '', 'town', {drawn})"
            )
        for number, (code, west) in enumerate(cells.items()):
            kind = "unit" if code.isdigit() else "lattice"
            connection.exec_driver_sql(
                "INSERT INTO cells (uuid, created_at, updated_at, version, invented, city_id, code, kind, responsible,"
                f" outline) VALUES ('{number:032x}', {made}, 1, '{code}', '{kind}', '', {box(west, west + 1)})"
            )
    migrate.upgrade(empty)
    with empty.connect() as connection:
        query = "SELECT cells.code, districts.code FROM cells LEFT JOIN districts ON districts.id = district_id"
        found = dict(connection.exec_driver_sql(query).all())
    assert found == dict(zip(cells, ["330681001", "330681002", None, "330681003", "330681002"], strict=True))


def test_back_to_empty_and_up_again(empty: Engine) -> None:
    migrate.upgrade(empty)
    migrate.downgrade(empty, "base")
    migrate.upgrade(empty)
    assert differences(empty) == []


def test_a_database_of_a_newer_program_is_refused(empty: Engine) -> None:
    migrate.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError, match="newer program"):
        migrate.upgrade(empty)


def test_a_failed_migration_leaves_nothing_behind(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A script that fails half way: its first statement is undone too, on both databases."""
    migrate.upgrade(empty)
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", folder)
    (folder / "versions" / "9000_breaks.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9000', '{migrate.head_revision()}'\n"
        "def upgrade():\n    op.create_table('half_done', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    op.execute('SELECT * FROM no_such_table')\n"
    )
    plain = migrate.configuration

    def with_folder(connection: sa.Connection | None = None) -> object:
        config = plain(connection)
        config.set_main_option("script_location", str(folder))
        return config

    before = migrate.head_revision()
    monkeypatch.setattr(migrate, "configuration", with_folder)
    with pytest.raises(sa.exc.DBAPIError):
        migrate.upgrade(empty)
    assert migrate.current_revision(empty) == before
    with empty.connect() as connection:
        assert "half_done" not in sa.inspect(connection).get_table_names()
