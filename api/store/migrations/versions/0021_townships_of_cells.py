"""Cells know the township in which they lie

Revision: 0021, after 0020.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE cells SET district_id = (SELECT id FROM districts WHERE districts.city_id = cells.city_id"
        " AND length(cells.code) = 15 AND substr(districts.code, 1, 9) = substr(cells.code, 1, 9)"
        " ORDER BY code LIMIT 1) WHERE kind = 'unit'"
    )
    op.execute(
        "UPDATE cells SET district_id = (SELECT id FROM districts WHERE districts.city_id = cells.city_id"
        " AND boundary IS NOT NULL AND ST_Intersects(boundary, ST_PointOnSurface(outline))"
        " ORDER BY code LIMIT 1) WHERE district_id IS NULL"
    )


def downgrade() -> None:
    op.execute("UPDATE cells SET district_id = NULL")
