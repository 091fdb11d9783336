"""What the board asks of open cases in one index, and which of them have asked for something

Revision: 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = [
    "queue_at", "id", "state", "lead_id", "reporter_id", "category", "district_id", "school_id", "cell_id", "number",
    "external_number", "name",
]  # fmt: skip


def upgrade() -> None:
    op.create_index(
        "ix_cases_open",
        "cases",
        COLUMNS,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_cases_asked",
        "cases",
        ["state"],
        sqlite_where=sa.text("asked IS NOT NULL"),
        postgresql_where=sa.text("asked IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_asked", "cases")
    op.drop_index("ix_cases_open", "cases")
