"""Loudspeakers, schedules, broadcasts and what was played."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loudspeaker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("broker_hash", sa.String(length=255), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("boot", sa.String(length=40), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("playing", sa.String(length=64), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("desired_epoch", sa.Integer(), nullable=False),
        sa.Column("desired_rev", sa.Integer(), nullable=False),
        sa.Column("desired_sha256", sa.String(length=64), nullable=False),
        sa.Column("cursor_boot", sa.String(length=40), nullable=False),
        sa.Column("cursor_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_loudspeaker_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loudspeaker")),
        sa.UniqueConstraint("device", name=op.f("uq_loudspeaker_device")),
    )
    op.create_index(op.f("ix_loudspeaker_area_id"), "loudspeaker", ["area_id"], unique=False)

    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("rule_text", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_schedule_area_id_area")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_schedule_created_by_person")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["person.id"], name=op.f("fk_schedule_withdrawn_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index(op.f("ix_schedule_area_id"), "schedule", ["area_id"], unique=False)

    op.create_table(
        "schedule_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bulletin_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.id"], name=op.f("fk_schedule_item_bulletin_id_bulletin")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_schedule_item_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_item")),
        sa.UniqueConstraint("schedule_id", "position", name=op.f("uq_schedule_item_schedule_id_position")),
    )
    op.create_index(op.f("ix_schedule_item_bulletin_id"), "schedule_item", ["bulletin_id"], unique=False)
    op.create_index(op.f("ix_schedule_item_schedule_id"), "schedule_item", ["schedule_id"], unique=False)

    op.create_table(
        "broadcast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column(
            "class",
            sa.Enum("emergency", "priority", "routine", name="bulletinclass", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("actual", "exercise", "test", name="alertstatus", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "dispatched",
                "cancelled",
                "closed",
                name="broadcaststate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_broadcast_area_id_area")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_broadcast_created_by_person")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_broadcast_schedule_id_schedule")
        ),
        sa.ForeignKeyConstraint(["stopped_by"], ["person.id"], name=op.f("fk_broadcast_stopped_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint("occurrence", name=op.f("uq_broadcast_occurrence")),
        sa.UniqueConstraint("schedule_id", "start", name=op.f("uq_broadcast_schedule_id_start")),
    )
    op.create_index(op.f("ix_broadcast_area_id"), "broadcast", ["area_id"], unique=False)
    op.create_index(op.f("ix_broadcast_state_start"), "broadcast", ["state", "start"], unique=False)

    op.create_table(
        "broadcast_clip",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("bulletin_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_clip_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.id"], name=op.f("fk_broadcast_clip_bulletin_id_bulletin")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_broadcast_clip_clip_id_clip")),
        sa.PrimaryKeyConstraint("broadcast_id", "position", name=op.f("pk_broadcast_clip")),
    )

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "fetching",
                "ready",
                "armed",
                "starting",
                "playing",
                "preempted",
                "resuming",
                "done",
                "partial",
                "failed",
                "cancelled",
                "skipped",
                "refused",
                "expired",
                "missed",
                "interrupted",
                name="itemstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_delivery_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_delivery_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "broadcast_id", "loudspeaker_id", name=op.f("uq_delivery_broadcast_id_loudspeaker_id")
        ),
    )
    op.create_index(op.f("ix_delivery_broadcast_id"), "delivery", ["broadcast_id"], unique=False)
    op.create_index(op.f("ix_delivery_loudspeaker_id"), "delivery", ["loudspeaker_id"], unique=False)

    op.create_table(
        "as_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("planned_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_ms", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("played_ms", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("underruns", sa.Integer(), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "planned",
                "fetching",
                "ready",
                "armed",
                "starting",
                "playing",
                "preempted",
                "resuming",
                "done",
                "partial",
                "failed",
                "cancelled",
                "skipped",
                "refused",
                "expired",
                "missed",
                "interrupted",
                name="itemstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("evidence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_as_run_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_as_run_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_as_run")),
        sa.UniqueConstraint("loudspeaker_id", "occurrence", name=op.f("uq_as_run_loudspeaker_id_occurrence")),
    )
    op.create_index(op.f("ix_as_run_broadcast_id"), "as_run", ["broadcast_id"], unique=False)
    op.create_index(op.f("ix_as_run_loudspeaker_id"), "as_run", ["loudspeaker_id"], unique=False)
    op.create_index(op.f("ix_as_run_planned_start"), "as_run", ["planned_start"], unique=False)


def downgrade() -> None:
    for table in (
        "as_run",
        "delivery",
        "broadcast_clip",
        "broadcast",
        "schedule_item",
        "schedule",
        "loudspeaker",
    ):
        op.drop_table(table)
