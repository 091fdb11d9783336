"""Edits of the texts of briefs

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brief_texts",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_brief_texts_city_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_brief_texts_person_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_brief_texts_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_texts")),
        sa.UniqueConstraint(
            "city_id",
            "period",
            "language",
            "key",
            "number",
            name=op.f("uq_brief_texts_city_id_period_language_key_number"),
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_brief_texts_uuid")),
    )
    with op.batch_alter_table("brief_texts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_brief_texts_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("brief_texts")
