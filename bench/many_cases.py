"""A million made-up cases, written by the database itself from numbers: the same on SpatiaLite and PostGIS.

Spread over five years up to now, and over all departments; the last ones of each year's usual share are open. Handlers
have answered, whoever reported did the rest. A closed case has three lines in its
flow log and an open one four (a real one has some more); each has a copy of a rule as wide as real ones are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.services.cases.rules import built_in_rules, copied

CITY = "330681"
YEARS = 5
OPEN_SHARE = 0.02
_STATES = ("reported", "verified", "filed", "dispatched", "returned", "accepted", "in_progress", "suspended",
           "answered", "awaiting_check")  # fmt: skip
_CATEGORIES = ("TRF", "VEN", "SHP", "CUL", "PUB", "MED", "ENV", "SEC", "DNG", "FAC")


def _dialect(engine: Engine) -> dict[str, str]:
    if engine.dialect.name == "sqlite":
        return {
            "series": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :cases) ",
            "from": "s",
            "uuid": "lower(hex(randomblob(16)))",
            "point": "MakePoint({x}, {y}, 4326)",
            "moment": "strftime('%Y-%m-%d %H:%M:%f', julianday('now') - ({h}) / 24.0) || '000'",
            "json": "{v}",
        }
    return {
        "series": "",
        "from": "generate_series(1, :cases) AS s(n)",
        "uuid": "gen_random_uuid()",
        "point": "ST_SetSRID(ST_MakePoint({x}, {y}), 4326)",
        "moment": "now() - ({h}) * interval '1 hour'",
        "json": "CAST({v} AS json)",
    }


@contextmanager
def _without_indexes(connection: sa.Connection) -> Iterator[None]:
    """Take PostgreSQL's indexes and foreign keys out of the way of a bulk load, and build the indexes anew after it."""
    if connection.dialect.name != "postgresql":
        yield
        return
    of_constraints = "SELECT conindid::regclass::text FROM pg_constraint WHERE conindid != 0"
    found = connection.execute(
        sa.text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename IN ('cases', 'case_entries')"
            f" AND indexname NOT IN ({of_constraints})"
        )
    ).all()
    for name, _ in found:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # what it refers to is there
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
    yield
    connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
    for _, definition in found:
        connection.exec_driver_sql(definition)


def fill(engine: Engine, cases: int) -> None:
    """Write cases, their flow logs and who sees them."""
    words = _dialect(engine)
    with engine.connect() as connection:
        city = connection.scalar(sa.text("SELECT id FROM cities WHERE code = :code"), {"code": CITY})
        numbers = {
            "cases": cases,
            "city": city,
            "open_from": int(cases * (1 - OPEN_SHARE)),
            "step": YEARS * 8766.0 / cases,
        }
        for name, table, where in (
            ("department", "departments", ""), ("district", "districts", f"WHERE city_id = {city}"),
            ("school", "schools", f"WHERE city_id = {city}"), ("person", "people", ""),
            ("handler", "people", "WHERE id IN (SELECT person_id FROM person_roles WHERE role = 'handler')"),
        ):  # fmt: skip
            first, last = connection.execute(sa.text(f"SELECT min(id), max(id) FROM {table} {where}")).one()
            numbers |= {f"{name}_0": first, f"{name}_n": last - first + 1}
    rule = json.dumps(
        copied(built_in_rules(CITY)[0]) | {"reason": {"zh": "虚构" * 20, "en": "invented " * 10}, "changed": []}
    )
    numbers |= {"rule": rule, "stops": '{"step": [], "overall": []}', "extensions": '{"amounts": [], "step": 0}'}

    def pick(values: tuple[str, ...], by: str) -> str:
        cases = " ".join(f"WHEN {n} THEN '{value}'" for n, value in enumerate(values))
        return f"CASE ({by}) % {len(values)} {cases} END"

    def moment(hours: str) -> str:
        return words["moment"].format(h=hours)

    is_open = "n > :open_from"
    age = "((:cases - n) * :step)"  # hours since it was received
    state = f"CASE WHEN {is_open} THEN {pick(_STATES, 'n * 7')} WHEN n % 29 = 0 THEN 'void' WHEN n % 7 = 0 THEN 'rated' ELSE 'closed' END"
    took = "(2 + (n * 37) % 110)"  # hours until it was closed; its limit is three days
    due = f"CASE WHEN {is_open} THEN {moment('(n * 13) % 200 - 100')} ELSE {moment(age + ' - 72')} END"
    statement = f"""
        INSERT INTO cases (uuid, created_at, updated_at, version, invented, city_id, number, district_id, school_id,
            category, subtype, name, note, address, location, state, rule, lead_id, urgency, reporter_id, observed_at,
            received_at, filed_at, closed_at, due_at, step_started_at, step_due_at, stops, extensions, reworks, returns,
            rung, recurrence_of_id, is_open, queue_at, parties, handlers)
        {words["series"]}SELECT {words["uuid"]}, {moment(age)}, {moment(age)}, 4, true, :city, '{CITY}-B-' || n,
            :district_0 + n % :district_n, :school_0 + (n * 11) % :school_n, {pick(_CATEGORIES, "n * 3 + n / 10")}, '',
            '虚构案件' || n, '', '', {words["point"].format(x="120.24 + (n % 997) * 0.0002", y="29.71 + (n % 991) * 0.0002")},
            {state}, {words["json"].format(v=":rule")}, :department_0 + (n / 7) % :department_n, 'ordinary',
            :person_0 + n % :person_n, {moment(age)}, {moment(age)}, {moment(age + " - 1")},
            CASE WHEN {is_open} OR n % 29 = 0 THEN NULL ELSE {moment(f"{age} - {took}")} END,
            {due}, {moment(age)}, CASE WHEN {is_open} THEN {moment("(n * 17) % 100 - 50")} END,
            {words["json"].format(v=":stops")},
            {words["json"].format(v=":extensions")}, CASE WHEN n % 31 = 0 THEN 1 ELSE 0 END, 0, 0,
            NULL, {is_open},
            CASE WHEN NOT ({is_open}) THEN {moment(f"{age} - {took}")}
                WHEN (n * 13) % 200 - 100 > (n * 17) % 100 - 50 THEN {due} ELSE {moment("(n * 17) % 100 - 50")} END,
            '|' || (:department_0 + (n / 7) % :department_n) || '|',
            '|p' || (:handler_0 + n % :handler_n) || '|d' || (:department_0 + (n / 7) % :department_n) || '|'
        FROM {words["from"]}
    """
    of_case = f"CAST(substr(number, {len(f'{CITY}-B-') + 1}) AS integer)"  # its n
    lines = (("propose", "reported"), ("file", "filed"), ("answer", "answered"), ("dispatch", "dispatched"))
    with engine.begin() as connection, _without_indexes(connection):
        connection.execute(sa.text(statement), numbers)
        for k, (action, after) in enumerate(lines, 1):
            connection.execute(
                sa.text(f"""
                INSERT INTO case_entries (uuid, case_id, number, action, from_state, to_state, person_id, department_id,
                    at, note, details, late, case_version)
                SELECT {words["uuid"]}, id, {k}, '{action}', '', '{after}',
                    {f":handler_0 + {of_case} % :handler_n" if action == "answer" else "reporter_id"},
                    {"lead_id" if action == "answer" else "NULL"}, received_at, '', {words["json"].format(v="'{}'")},
                    false, {k}
                FROM cases WHERE number LIKE '{CITY}-B-%' {"AND is_open" if k == 4 else ""}
                """),
                numbers if action == "answer" else {},
            )
        for kind in ("soon", "over"):  # people were told in good time of what has been due by now
            told = f"INSERT INTO told_dues (case_id, kind, due_at) SELECT id, '{kind}', step_due_at FROM cases"
            connection.execute(sa.text(f"{told} WHERE is_open AND step_due_at IS NOT NULL"))
        again = (
            f"UPDATE cases SET recurrence_of_id = id - 40 WHERE number LIKE '{CITY}-B-%' AND id % 37 = 0 AND id > 200"
        )
        connection.execute(sa.text(again))
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
