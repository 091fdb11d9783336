"""Who had a case in hand stands in its row, and in the index of open cases

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BEFORE = [
    "queue_at", "id", "state", "lead_id", "reporter_id", "category", "district_id", "school_id", "cell_id", "parties",
]  # fmt: skip
TEXTS = ["number", "external_number", "name"]
IN_HAND = "action IN ('accept', 'start', 'answer', 'ask_extension', 'ask_suspension')"


def _index(columns: list[str]) -> None:
    is_open = {"sqlite_where": sa.text("is_open = 1"), "postgresql_where": sa.text("is_open")}
    op.create_index("ix_cases_open", "cases", columns, **is_open)


def upgrade() -> None:
    op.drop_index("ix_cases_open", "cases")
    op.add_column("cases", sa.Column("handlers", sa.Text(), nullable=False, server_default=""))
    joined = "string_agg" if op.get_bind().dialect.name == "postgresql" else "group_concat"
    op.execute(
        f"UPDATE cases SET handlers = '|' || found.codes || '|' FROM (SELECT case_id, {joined}(code, '|') AS codes FROM"  # noqa: S608
        f" (SELECT case_id, 'p' || person_id AS code FROM case_entries WHERE {IN_HAND} AND person_id IS NOT NULL"
        f" UNION SELECT case_id, 'd' || department_id FROM case_entries WHERE {IN_HAND} AND department_id IS NOT NULL"
        ") AS lines GROUP BY case_id) AS found WHERE found.case_id = cases.id"
    )
    _index([*BEFORE, "handlers", *TEXTS])


def downgrade() -> None:
    op.drop_index("ix_cases_open", "cases")
    op.execute("ALTER TABLE cases DROP COLUMN handlers")
    _index([*BEFORE, *TEXTS])
