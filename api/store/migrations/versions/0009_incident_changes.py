"""How often a city's incidents have changed, so that what is kept of them in memory is known to be old

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# what is kept in memory; the group of an incident is not, so that releases change nothing
COLUMNS = (
    "city_id, school_id, kind, serious, occurred_from, occurred_to, time_known, weekday, hour, "
    "minutes_after_dismissal, dismissal_assumed, lattice_column, lattice_row"
)


def upgrade() -> None:
    op.create_table(
        "incident_changes",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("altered", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id"], ["cities.id"], name=op.f("fk_incident_changes_city_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_incident_changes")),
    )
    op.execute("INSERT INTO incident_changes (city_id, added, altered) SELECT id, 0, 0 FROM cities")
    if op.get_bind().dialect.name == "sqlite":
        _count_on_sqlite()
    else:
        _count_on_postgresql()


def _count_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER incident_changes_of_city AFTER INSERT ON cities "
        "BEGIN INSERT INTO incident_changes (city_id, added, altered) VALUES (NEW.id, 0, 0); END"
    )
    op.execute(
        "CREATE TRIGGER incident_changes_added AFTER INSERT ON incidents "
        "BEGIN UPDATE incident_changes SET added = added + 1 WHERE city_id = NEW.city_id; END"
    )
    op.execute(
        f"CREATE TRIGGER incident_changes_altered AFTER UPDATE OF {COLUMNS} ON incidents BEGIN "  # noqa: S608 - our names
        "UPDATE incident_changes SET altered = altered + 1 WHERE city_id IN (OLD.city_id, NEW.city_id); END"
    )
    op.execute(
        "CREATE TRIGGER incident_changes_removed AFTER DELETE ON incidents "
        "BEGIN UPDATE incident_changes SET altered = altered + 1 WHERE city_id = OLD.city_id; END"
    )


def _count_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION incident_changes_of_city() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO incident_changes (city_id, added, altered) VALUES (NEW.id, 0, 0); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER incident_changes_of_city AFTER INSERT ON cities "
        "FOR EACH ROW EXECUTE FUNCTION incident_changes_of_city()"
    )
    op.execute(
        "CREATE FUNCTION incident_changes_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE incident_changes SET added = added + found.n "
        "FROM (SELECT city_id, count(*) AS n FROM new_incidents GROUP BY city_id) AS found "
        "WHERE incident_changes.city_id = found.city_id; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER incident_changes_added AFTER INSERT ON incidents REFERENCING NEW TABLE AS new_incidents "
        "FOR EACH STATEMENT EXECUTE FUNCTION incident_changes_added()"
    )
    op.execute(
        "CREATE FUNCTION incident_changes_altered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE incident_changes SET altered = altered + 1; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER incident_changes_altered AFTER UPDATE OF {COLUMNS} OR DELETE OR TRUNCATE ON incidents "
        "FOR EACH STATEMENT EXECUTE FUNCTION incident_changes_altered()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("of_city", "added", "altered", "removed"):
            op.execute(f"DROP TRIGGER incident_changes_{name}")
    else:
        for name, table in (("of_city", "cities"), ("added", "incidents"), ("altered", "incidents")):
            op.execute(f"DROP TRIGGER incident_changes_{name} ON {table}")
            op.execute(f"DROP FUNCTION incident_changes_{name}()")
    op.drop_table("incident_changes")
