"""The fleet: boxes, claims, orders, faults, uptime, data used, policies, and what is known of each loudspeaker."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("witness", "fault", "usage_month", "uptime_day", "command_order", "claim", "box", "bulk", "area_policy")


def added() -> tuple[sa.Column[Any], ...]:
    """What a loudspeaker's row has more; a column belongs to one table, so each use makes its own."""
    return (
        sa.Column("key_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("maker", sa.String(length=80), nullable=False, server_default=""),
        sa.Column("hardware", sa.String(length=80), nullable=False, server_default=""),
        sa.Column("serial", sa.String(length=80), nullable=False, server_default=""),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("data_limit_mb", sa.Integer(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("previous_key", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firmware", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("clock", sa.String(length=12), nullable=False, server_default=""),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("faults", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("silenced", sa.String(length=12), nullable=False, server_default=""),
        sa.Column("silenced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("have_epoch", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("have_rev", sa.Integer(), nullable=False, server_default="0"),
    )


def upgrade() -> None:
    op.create_table(
        "area_policy",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=True),
        sa.Column("quiet", sa.JSON(), nullable=True),
        sa.Column("volumes", sa.JSON(), nullable=True),
        sa.Column("max_volume", sa.Integer(), nullable=True),
        sa.Column("minutes_a_day", sa.Integer(), nullable=True),
        sa.Column("start_mode", sa.String(length=24), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_policy_area_id_area")),
        sa.ForeignKeyConstraint(["updated_by"], ["person.id"], name=op.f("fk_area_policy_updated_by_person")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_policy")),
    )
    op.create_table(
        "bulk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_bulk_area_id_area")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulk_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk")),
    )
    op.create_index(op.f("ix_bulk_area_id"), "bulk", ["area_id"], unique=False)
    op.create_index(op.f("ix_bulk_person_id"), "bulk", ["person_id"], unique=False)

    op.create_table(
        "box",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("hardware", sa.String(length=80), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_box_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box")),
    )
    op.create_index(op.f("ix_box_loudspeaker_id"), "box", ["loudspeaker_id"], unique=False)

    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("poll_sha256", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("hardware", sa.String(length=80), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("firmware", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=True),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claimed_by"], ["person.id"], name=op.f("fk_claim_claimed_by_person")),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_claim_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("code", name=op.f("uq_claim_code")),
        sa.UniqueConstraint("poll_sha256", name=op.f("uq_claim_poll_sha256")),
    )
    op.create_index(op.f("ix_claim_expires_at"), "claim", ["expires_at"], unique=False)
    op.create_index(op.f("ix_claim_loudspeaker_id"), "claim", ["loudspeaker_id"], unique=False)

    op.create_table(
        "command_order",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("bulk_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk.id"], name=op.f("fk_command_order_bulk_id_bulk")),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_command_order_loudspeaker_id_loudspeaker")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_command_order_person_id_person")),
        sa.PrimaryKeyConstraint("id", "loudspeaker_id", name=op.f("pk_command_order")),
    )
    op.create_index(
        op.f("ix_command_order_bulk_id_state"), "command_order", ["bulk_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_command_order_loudspeaker_id_created_at"),
        "command_order",
        ["loudspeaker_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_command_order_state_expires_at"), "command_order", ["state", "expires_at"], unique=False
    )

    op.create_table(
        "uptime_day",
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("online_s", sa.Integer(), nullable=False),
        sa.Column("late_s", sa.Integer(), nullable=False),
        sa.Column("offline_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_uptime_day_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("loudspeaker_id", "day", name=op.f("pk_uptime_day")),
    )
    op.create_index(op.f("ix_uptime_day_day"), "uptime_day", ["day"], unique=False)

    op.create_table(
        "usage_month",
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_usage_month_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("loudspeaker_id", "month", name=op.f("pk_usage_month")),
    )
    op.create_table(
        "fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("alarm_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_fault_alarm_id_alarm")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_fault_closed_by_person")),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_fault_loudspeaker_id_loudspeaker")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_fault_opened_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault")),
    )
    op.create_index(op.f("ix_fault_loudspeaker_id"), "fault", ["loudspeaker_id"], unique=False)
    op.create_index(op.f("ix_fault_opened_at"), "fault", ["opened_at"], unique=False)

    op.create_table(
        "witness",
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_witness_loudspeaker_id_loudspeaker")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_witness_person_id_person")),
        sa.PrimaryKeyConstraint("loudspeaker_id", "occurrence", name=op.f("pk_witness")),
    )

    with op.batch_alter_table("as_run") as table:
        table.add_column(sa.Column("score", sa.Double(), nullable=True))

    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("order_id", sa.String(length=40), nullable=False, server_default=""))
    with op.batch_alter_table("journal") as table:
        table.add_column(sa.Column("score", sa.Double(), nullable=True))
    unjudged = sa.text("event = 'heard' AND score IS NULL")
    op.create_index(
        "ix_journal_unjudged", "journal", ["id"], sqlite_where=unjudged, postgresql_where=unjudged
    )
    with op.batch_alter_table("alarm") as table:
        table.add_column(sa.Column("well_at", sa.DateTime(timezone=True), nullable=True))
        table.create_index(op.f("ix_alarm_well_at"), ["well_at"], unique=False)
    op.execute("UPDATE alarm SET well_at = closed_at")

    with op.batch_alter_table("loudspeaker") as table:
        for column in added():
            table.add_column(column)

    # What was heard before counts, and what hangs there hangs there since it was entered.
    op.execute("UPDATE loudspeaker SET activated_at = created_at WHERE last_seen IS NOT NULL")
    op.execute(
        "UPDATE loudspeaker SET proved_at = (SELECT max(planned_start) FROM as_run"
        " WHERE as_run.loudspeaker_id = loudspeaker.id AND as_run.evidence >= 3)"
    )
    op.execute(
        "UPDATE loudspeaker SET asked_at = (SELECT max(broadcast.start) FROM delivery"
        " JOIN broadcast ON broadcast.id = delivery.broadcast_id"
        " WHERE delivery.loudspeaker_id = loudspeaker.id AND broadcast.state = 'closed'"
        " AND delivery.state <> 'cancelled')"
    )
    op.execute(
        "INSERT INTO box (loudspeaker_id, public_key, hardware, serial, installed_at, removed_at, reason)"
        " SELECT id, public_key, '', '', created_at, retired_at, '' FROM loudspeaker"
    )


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    with op.batch_alter_table("loudspeaker") as table:
        for column in reversed(added()):
            table.drop_column(column.name)
    with op.batch_alter_table("alarm") as table:
        table.drop_index(op.f("ix_alarm_well_at"))
        table.drop_column("well_at")
    op.drop_index("ix_journal_unjudged", "journal")
    with op.batch_alter_table("outbox", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("order_id")
    for name in ("journal", "as_run"):
        with op.batch_alter_table(name) as table:
            table.drop_column("score")
