"""Run migrations on the connection that ``api.store.migrate`` hands over; both databases share every script.

SpatiaLite needs three things that Alembic does not know (docs/decisions/0003): all tables with geometry named
before a batch operation re-creates one, foreign keys off for the run, and its own tables left out of comparisons.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from geoalchemy2 import Geometry, alembic_helpers

from api.store.models import Base
from api.store.models.base import UtcDateTime

metadata = Base.metadata
connection: sa.Connection = context.config.attributes["connection"]

alembic_helpers._SPATIAL_TABLES.update(
    table.name for table in metadata.tables.values() if any(isinstance(c.type, Geometry) for c in table.columns)
)


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out what the spatial extensions keep for themselves."""
    if kind == "table" and reflected and name not in metadata.tables:
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def render_item(kind: str, thing: Any, autogen_context: Any) -> Any:
    """Write our own column types as what they are in the database: a script must not change with our code."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return alembic_helpers.render_item(kind, thing, autogen_context)


context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=render_item,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
