"""Figures that departments report by day

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty_reports",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_duty_reports_city_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_duty_reports_department_id")),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_duty_reports_district_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_duty_reports_person_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_duty_reports_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_reports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_duty_reports_uuid")),
    )
    with op.batch_alter_table("duty_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_reports_city_id_day"), ["city_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_duty_reports_department_id"), ["department_id"], unique=False)


def downgrade() -> None:
    op.drop_table("duty_reports")
