"""A case names its leading department from the start, as its rule proposes it: so it is found by it before it is filed

Revision: 0022, after 0021.
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    lead = "cases.rule ->> 'lead'" if is_postgresql else "json_extract(cases.rule, '$.lead')"
    op.execute(
        f"UPDATE cases SET lead_id = (SELECT id FROM departments WHERE departments.code = {lead}) WHERE lead_id IS NULL"  # noqa: S608
    )


def downgrade() -> None:
    op.execute("UPDATE cases SET lead_id = NULL WHERE filed_at IS NULL")
