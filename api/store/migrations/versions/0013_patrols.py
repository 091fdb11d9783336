"""Patrols: plans, stops, shifts, checks and escort posts

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patrol_plans",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_patrol_plans_author_id")),
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_patrol_plans_city_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_patrol_plans_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_plans")),
        sa.UniqueConstraint("uuid", name=op.f("uq_patrol_plans_uuid")),
    )
    with op.batch_alter_table("patrol_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_plans_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_patrol_plans_city_id_day", ["city_id", "day"], unique=False)

    op.create_table(
        "escort_posts",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("begins_min", sa.Integer(), nullable=True),
        sa.Column("ends_min", sa.Integer(), nullable=True),
        sa.Column("skill", sa.String(length=32), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("manned_by", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_escort_posts_city_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_escort_posts_department_id")),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_escort_posts_gate_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_escort_posts_school_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_escort_posts_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escort_posts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_escort_posts_uuid")),
    )
    with op.batch_alter_table("escort_posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_escort_posts_city_id"), ["city_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_escort_posts_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_escort_posts_gate_id"), ["gate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_escort_posts_school_id"), ["school_id"], unique=False)

    op.create_table(
        "patrol_runs",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Double(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("best", sa.JSON(), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["patrol_plans.id"], name=op.f("fk_patrol_runs_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_patrol_runs")),
    )
    op.create_table(
        "patrol_shifts",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("begins_s", sa.Integer(), nullable=False),
        sa.Column("ends_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
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
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_patrol_shifts_city_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["patrol_plans.id"], name=op.f("fk_patrol_shifts_plan_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_patrol_shifts_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_shifts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_patrol_shifts_uuid")),
    )
    with op.batch_alter_table("patrol_shifts", schema=None) as batch_op:
        batch_op.create_index("ix_patrol_shifts_city_id_day", ["city_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_shifts_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "patrol_members",
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_patrol_members_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["patrol_shifts.id"], name=op.f("fk_patrol_members_shift_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shift_id", "person_id", name=op.f("pk_patrol_members")),
    )
    with op.batch_alter_table("patrol_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_members_person_id"), ["person_id"], unique=False)

    op.create_table(
        "patrol_stops",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("school", sa.String(length=400), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("hazard_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("lattice_column", sa.Integer(), nullable=True),
        sa.Column("lattice_row", sa.Integer(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("stay_s", sa.Integer(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.Column("prize", sa.Double(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("skill", sa.String(length=32), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("pinned_team", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("team", sa.Integer(), nullable=True),
        sa.Column("place_in_route", sa.Integer(), nullable=True),
        sa.Column("arrives_s", sa.Integer(), nullable=True),
        sa.Column("starts_s", sa.Integer(), nullable=True),
        sa.Column("leaves_s", sa.Integer(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hazard_id"], ["hazards.id"], name=op.f("fk_patrol_stops_hazard_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["patrol_plans.id"], name=op.f("fk_patrol_stops_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["escort_posts.id"], name=op.f("fk_patrol_stops_post_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_patrol_stops_school_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_stops")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_patrol_stops_plan_id_number")),
        sa.UniqueConstraint("uuid", name=op.f("uq_patrol_stops_uuid")),
    )
    with op.batch_alter_table("patrol_stops", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_stops_hazard_id"), ["hazard_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_stops_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_stops_post_id"), ["post_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_stops_school_id"), ["school_id"], unique=False)

    op.create_table(
        "patrol_checks",
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("hazard_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("position_error_m", sa.Double(), nullable=True),
        sa.Column("away_m", sa.Double(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["hazard_id"], ["hazards.id"], name=op.f("fk_patrol_checks_hazard_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_patrol_checks_person_id")),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["patrol_shifts.id"], name=op.f("fk_patrol_checks_shift_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_patrol_checks_source_id")),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["patrol_stops.id"], name=op.f("fk_patrol_checks_stop_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_checks")),
        sa.UniqueConstraint("uuid", name=op.f("uq_patrol_checks_uuid")),
    )
    with op.batch_alter_table("patrol_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_checks_hazard_id"), ["hazard_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_checks_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_checks_shift_id"), ["shift_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_checks_stop_id"), ["stop_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("patrol_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_checks_stop_id"))
        batch_op.drop_index(batch_op.f("ix_patrol_checks_shift_id"))
        batch_op.drop_index(batch_op.f("ix_patrol_checks_person_id"))
        batch_op.drop_index(batch_op.f("ix_patrol_checks_hazard_id"))

    op.drop_table("patrol_checks")
    with op.batch_alter_table("patrol_stops", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_stops_school_id"))
        batch_op.drop_index(batch_op.f("ix_patrol_stops_post_id"))
        batch_op.drop_index(batch_op.f("ix_patrol_stops_key"))
        batch_op.drop_index(batch_op.f("ix_patrol_stops_hazard_id"))

    op.drop_table("patrol_stops")
    with op.batch_alter_table("patrol_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_members_person_id"))

    op.drop_table("patrol_members")
    with op.batch_alter_table("patrol_shifts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_shifts_plan_id"))
        batch_op.drop_index("ix_patrol_shifts_city_id_day")

    op.drop_table("patrol_shifts")
    op.drop_table("patrol_runs")
    with op.batch_alter_table("escort_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_escort_posts_school_id"))
        batch_op.drop_index(batch_op.f("ix_escort_posts_gate_id"))
        batch_op.drop_index(batch_op.f("ix_escort_posts_department_id"))
        batch_op.drop_index(batch_op.f("ix_escort_posts_city_id"))

    op.drop_table("escort_posts")
    with op.batch_alter_table("patrol_plans", schema=None) as batch_op:
        batch_op.drop_index("ix_patrol_plans_city_id_day")
        batch_op.drop_index(batch_op.f("ix_patrol_plans_author_id"))

    op.drop_table("patrol_plans")
