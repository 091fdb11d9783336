"""Counselling rooms and stations, their use by month, pupils of schools, and targets

Revision: 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "facilities",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_facilities_city_id")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_facilities_school_id"), ondelete="SET NULL"
        ),
        sa.UniqueConstraint("city_id", "source_key", name=op.f("uq_facilities_city_id_source_key")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_facilities_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facilities")),
        sa.UniqueConstraint("uuid", name=op.f("uq_facilities_uuid")),
    )
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.create_geospatial_index(
            "idx_facilities_location", ["location"], unique=False, postgresql_using="gist", postgresql_ops={}
        )
    op.create_index(op.f("ix_facilities_name"), "facilities", ["name"])
    op.create_index(op.f("ix_facilities_school_id"), "facilities", ["school_id"])

    op.create_table(
        "facility_uses",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_facility_uses_city_id")),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facilities.id"], name=op.f("fk_facility_uses_facility_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("city_id", "source_key", name=op.f("uq_facility_uses_city_id_source_key")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_facility_uses_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility_uses")),
        sa.UniqueConstraint("uuid", name=op.f("uq_facility_uses_uuid")),
    )
    op.create_index(op.f("ix_facility_uses_facility_id"), "facility_uses", ["facility_id"])
    op.create_index(op.f("ix_facility_uses_month"), "facility_uses", ["month"])

    op.create_table(
        "pupil_counts",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_pupil_counts_city_id")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_pupil_counts_school_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("city_id", "source_key", name=op.f("uq_pupil_counts_city_id_source_key")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_pupil_counts_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pupil_counts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_pupil_counts_uuid")),
    )
    op.create_index(op.f("ix_pupil_counts_school_id"), "pupil_counts", ["school_id"])

    op.create_table(
        "facility_targets",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_facility_targets_city_id")),
        sa.UniqueConstraint("city_id", name=op.f("uq_facility_targets_city_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_facility_targets_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility_targets")),
        sa.UniqueConstraint("uuid", name=op.f("uq_facility_targets_uuid")),
    )


def downgrade() -> None:
    op.drop_table("facility_targets")
    op.drop_table("pupil_counts")
    op.drop_table("facility_uses")
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.drop_geospatial_index("idx_facilities_location", postgresql_using="gist", column_name="location")
    op.drop_geospatial_table("facilities")
