"""Whose departments see a case stands in its row, and in the index of open cases

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BEFORE = ["queue_at", "id", "state", "lead_id", "reporter_id", "category", "district_id", "school_id", "cell_id"]
TEXTS = ["number", "external_number", "name"]


def _index(columns: list[str]) -> None:
    is_open = {"sqlite_where": sa.text("is_open = 1"), "postgresql_where": sa.text("is_open")}
    op.create_index("ix_cases_open", "cases", columns, **is_open)


def upgrade() -> None:
    op.drop_index("ix_cases_open", "cases")
    op.add_column("cases", sa.Column("parties", sa.String(length=400), nullable=False, server_default=""))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    joined = "string_agg(department_id::text, '|')" if is_postgresql else "group_concat(department_id, '|')"
    op.execute(
        f"UPDATE cases SET parties = '|' || found.all_of_them || '|' FROM (SELECT case_id, {joined} AS all_of_them"  # noqa: S608
        " FROM case_parties GROUP BY case_id) AS found WHERE found.case_id = cases.id"
    )
    _index([*BEFORE, "parties", *TEXTS])
    op.drop_index(op.f("ix_case_parties_case_id"), "case_parties")
    op.drop_table("case_parties")


def downgrade() -> None:
    op.create_table(
        "case_parties",
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_parties_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_case_parties_department_id")),
        sa.PrimaryKeyConstraint("department_id", "case_id", name=op.f("pk_case_parties")),
    )
    op.create_index(op.f("ix_case_parties_case_id"), "case_parties", ["case_id"])
    op.execute(
        "INSERT INTO case_parties (department_id, case_id) SELECT departments.id, cases.id FROM cases JOIN departments"
        " ON cases.parties LIKE '%|' || departments.id || '|%'"
    )
    op.drop_index("ix_cases_open", "cases")
    op.execute("ALTER TABLE cases DROP COLUMN parties")
    _index([*BEFORE, *TEXTS])
