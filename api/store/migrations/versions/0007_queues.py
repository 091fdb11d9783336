"""Where a case stands in its queue, whose departments see it, and its number in the city's own platform

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEVER = "2200-01-01 00:00:00.000000"
OVER = "('rejected', 'void', 'merged', 'closed', 'rated')"
QUEUES = ("state", "category", "lead_id", "district_id", "school_id")
REPLACED = {
    "ix_cases_city_id_state": ["city_id", "state"],
    "ix_cases_lead_id_state": ["lead_id", "state"],
    "ix_cases_district_id": ["district_id"],
    "ix_cases_school_id": ["school_id"],
    "ix_cases_step_due_at": ["step_due_at"],
}


def upgrade() -> None:
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
        "INSERT INTO case_parties (department_id, case_id)"
        " SELECT lead_id, id FROM cases WHERE lead_id IS NOT NULL"
        " UNION SELECT department_id, case_id FROM case_assisting"
        " UNION SELECT department_id, case_id FROM case_entries WHERE department_id IS NOT NULL"
    )
    op.add_column("cases", sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("cases", sa.Column("queue_at", sa.DateTime(timezone=True), nullable=False, server_default=NEVER))
    op.add_column("cases", sa.Column("external_number", sa.String(length=60), nullable=True))
    op.execute(
        f"UPDATE cases SET is_open = CASE WHEN state IN {OVER} THEN false ELSE true END, queue_at = CASE"  # noqa: S608
        f" WHEN state IN {OVER} THEN coalesce(closed_at,"
        "  (SELECT max(e.at) FROM case_entries AS e WHERE e.case_id = cases.id), updated_at)"
        " WHEN state IN ('draft', 'suspended') THEN queue_at"
        " WHEN due_at IS NULL OR step_due_at < due_at THEN coalesce(step_due_at, queue_at)"
        " ELSE due_at END"
    )
    for name in REPLACED:
        op.drop_index(name, "cases")
    op.create_index("ix_cases_is_open_queue_at_id", "cases", ["is_open", "queue_at", "id"])
    for column in QUEUES:
        op.create_index(f"ix_cases_{column}_is_open_queue_at", "cases", [column, "is_open", "queue_at"])
    op.create_index(op.f("ix_cases_external_number"), "cases", ["external_number"])
    op.create_index(op.f("ix_cases_received_at"), "cases", ["received_at"])
    if op.get_bind().dialect.name == "postgresql":
        # the copy of the rule is wide and seldom read: out of the row, so that figures over many cases read little
        op.execute("ALTER TABLE cases SET (toast_tuple_target = 256)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE cases RESET (toast_tuple_target)")
    op.drop_index(op.f("ix_cases_received_at"), "cases")
    op.drop_index(op.f("ix_cases_external_number"), "cases")
    for column in QUEUES:
        op.drop_index(f"ix_cases_{column}_is_open_queue_at", "cases")
    op.drop_index("ix_cases_is_open_queue_at_id", "cases")
    for name, columns in REPLACED.items():
        op.create_index(name, "cases", columns)
    for column in ("external_number", "queue_at", "is_open"):
        op.execute(f"ALTER TABLE cases DROP COLUMN {column}")  # both databases can, and no table is made anew
    op.drop_index(op.f("ix_case_parties_case_id"), "case_parties")
    op.drop_table("case_parties")
