"""Links to briefs that are shared for reading

Revision: 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_briefs",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("maker_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoker_id", sa.Integer(), nullable=True),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_key", sa.String(length=200), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=True),
        sa.Column("raw_geometry", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_shared_briefs_city_id")),
        sa.ForeignKeyConstraint(["maker_id"], ["people.id"], name=op.f("fk_shared_briefs_maker_id")),
        sa.ForeignKeyConstraint(["revoker_id"], ["people.id"], name=op.f("fk_shared_briefs_revoker_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_shared_briefs_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_briefs")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_shared_briefs_token_sha256")),
        sa.UniqueConstraint("uuid", name=op.f("uq_shared_briefs_uuid")),
    )
    op.create_index(op.f("ix_shared_briefs_city_id"), "shared_briefs", ["city_id"])


def downgrade() -> None:
    op.drop_table("shared_briefs")
