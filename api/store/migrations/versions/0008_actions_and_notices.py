"""Joint actions and information notices

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "joint_actions",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column(
            "area",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planner_id", sa.Integer(), nullable=True),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_joint_actions_city_id")),
        sa.ForeignKeyConstraint(["planner_id"], ["people.id"], name=op.f("fk_joint_actions_planner_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_joint_actions_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_actions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_joint_actions_uuid")),
    )
    with op.batch_alter_table("joint_actions", schema=None) as batch_op:
        batch_op.create_geospatial_index(
            "idx_joint_actions_area", ["area"], unique=False, postgresql_using="gist", postgresql_ops={}
        )
        batch_op.create_index(batch_op.f("ix_joint_actions_city_id"), ["city_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_actions_starts_on"), ["starts_on"], unique=False)

    op.create_geospatial_table(
        "notices",
        sa.Column("city_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("writer_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("wants_answer", sa.Boolean(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_notices_city_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_notices_department_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_notices_source_id")),
        sa.ForeignKeyConstraint(["writer_id"], ["people.id"], name=op.f("fk_notices_writer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("uuid", name=op.f("uq_notices_uuid")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_geospatial_index(
            "idx_notices_location", ["location"], unique=False, postgresql_using="gist", postgresql_ops={}
        )
        batch_op.create_index(batch_op.f("ix_notices_city_id"), ["city_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_sent_at"), ["sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_writer_id"), ["writer_id"], unique=False)

    op.create_table(
        "joint_action_departments",
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["joint_actions.id"], name=op.f("fk_joint_action_departments_action_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_joint_action_departments_department_id")
        ),
        sa.PrimaryKeyConstraint("action_id", "department_id", name=op.f("pk_joint_action_departments")),
    )
    with op.batch_alter_table("joint_action_departments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joint_action_departments_department_id"), ["department_id"], unique=False)

    op.create_table(
        "notice_departments",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_notice_departments_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_departments_notice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "department_id", name=op.f("pk_notice_departments")),
    )
    with op.batch_alter_table("notice_departments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_departments_department_id"), ["department_id"], unique=False)

    op.create_table(
        "notice_files",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_files_notice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_notice_files_source_id")),
        sa.ForeignKeyConstraint(["uploader_id"], ["people.id"], name=op.f("fk_notice_files_uploader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_files")),
        sa.UniqueConstraint("uuid", name=op.f("uq_notice_files_uuid")),
    )
    with op.batch_alter_table("notice_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_files_notice_id"), ["notice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_files_sha256"), ["sha256"], unique=False)

    op.create_table(
        "notice_receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_notice_receipts_department_id")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_receipts_notice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notice_receipts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_receipts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_notice_receipts_uuid")),
    )
    with op.batch_alter_table("notice_receipts", schema=None) as batch_op:
        batch_op.create_index("ix_notice_receipts_notice_id_kind", ["notice_id", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_receipts_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("notice_receipts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_receipts_person_id"))
        batch_op.drop_index("ix_notice_receipts_notice_id_kind")

    op.drop_table("notice_receipts")
    with op.batch_alter_table("notice_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_files_sha256"))
        batch_op.drop_index(batch_op.f("ix_notice_files_notice_id"))

    op.drop_table("notice_files")
    with op.batch_alter_table("notice_departments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_departments_department_id"))

    op.drop_table("notice_departments")
    with op.batch_alter_table("joint_action_departments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_joint_action_departments_department_id"))

    op.drop_table("joint_action_departments")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_writer_id"))
        batch_op.drop_index(batch_op.f("ix_notices_sent_at"))
        batch_op.drop_index(batch_op.f("ix_notices_department_id"))
        batch_op.drop_index(batch_op.f("ix_notices_city_id"))
        batch_op.drop_geospatial_index("idx_notices_location", postgresql_using="gist", column_name="location")

    op.drop_geospatial_table("notices")
    with op.batch_alter_table("joint_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_joint_actions_starts_on"))
        batch_op.drop_index(batch_op.f("ix_joint_actions_city_id"))
        batch_op.drop_geospatial_index("idx_joint_actions_area", postgresql_using="gist", column_name="area")

    op.drop_geospatial_table("joint_actions")
