"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=35), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "nation",
                "province",
                "district",
                "commune",
                "village",
                name="areakind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("window_start", sa.String(length=5), nullable=False),
        sa.Column("window_end", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
    )
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"], unique=False)

    op.create_table(
        "clip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=24), nullable=False),
        sa.Column("engine_version", sa.String(length=80), nullable=False),
        sa.Column("fallback", sa.String(length=200), nullable=False),
        sa.Column("loudness", sa.Double(), nullable=False),
        sa.Column("true_peak", sa.Double(), nullable=False),
        sa.Column("peaks", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
        sa.UniqueConstraint("sha256", name=op.f("uq_clip_sha256")),
    )
    op.create_index(op.f("ix_clip_key"), "clip", ["key"], unique=False)

    op.create_table(
        "event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("topic", sa.String(length=160), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("retain", sa.Boolean(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_order"), "outbox", ["urgency", "id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_table(
        "plan_document",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_plan_document")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_sign_in_failure")),
    )
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=35), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_agency_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("code", name=op.f("uq_agency_code")),
    )
    op.create_index(op.f("ix_agency_area_id"), "agency", ["area_id"], unique=False)

    op.create_table(
        "alerts_document",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_alerts_document_area_id_area")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_alerts_document")),
    )
    op.create_table(
        "area_closure",
        sa.Column("ancestor_id", sa.Integer(), nullable=False),
        sa.Column("descendant_id", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ancestor_id"], ["area.id"], name=op.f("fk_area_closure_ancestor_id_area")),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["area.id"], name=op.f("fk_area_closure_descendant_id_area")
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_area_closure")),
    )
    op.create_index(op.f("ix_area_closure_descendant_id"), "area_closure", ["descendant_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bulletin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column(
            "class",
            sa.Enum("emergency", "priority", "routine", name="bulletinclass", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "withdrawn",
                name="bulletinstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("document_issuer", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column(
            "withdrawn_state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "withdrawn",
                name="bulletinstate",
                native_enum=False,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.Column("return_note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_bulletin_area_id_area")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_bulletin_author_id_person")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["person.id"], name=op.f("fk_bulletin_withdrawn_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
    )
    op.create_index(op.f("ix_bulletin_area_id"), "bulletin", ["area_id"], unique=False)
    op.create_index(op.f("ix_bulletin_state"), "bulletin", ["state"], unique=False)
    op.create_index(op.f("ix_bulletin_updated_at"), "bulletin", ["updated_at"], unique=False)

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
        "one_time_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("setup", "invite", "sign_in", name="linkpurpose", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_one_time_link_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_one_time_link_token_sha256")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "admin", "editor", "approver", "urgent", "viewer", name="role", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_role_grant_area_id_area")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "person_id", "area_id", "role", name=op.f("uq_role_grant_person_id_area_id_role")
        ),
    )
    op.create_index(op.f("ix_role_grant_person_id"), "role_grant", ["person_id"], unique=False)

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
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_alarm_area_id_area")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_alarm_closed_by_person")),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_alarm_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_area_id"), "alarm", ["area_id"], unique=False)
    op.create_index(op.f("ix_alarm_kind"), "alarm", ["kind"], unique=False)
    op.create_index(op.f("ix_alarm_loudspeaker_id"), "alarm", ["loudspeaker_id"], unique=False)
    op.create_index(op.f("ix_alarm_opened_at"), "alarm", ["opened_at"], unique=False)

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
        "bulletin_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bulletin_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("engine", sa.String(length=24), nullable=False),
        sa.Column("voice", sa.String(length=40), nullable=False),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("chime", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "render_state",
            sa.Enum(
                "none",
                "waiting",
                "rendering",
                "ready",
                "failed",
                name="renderstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("render_done", sa.Integer(), nullable=False),
        sa.Column("render_total", sa.Integer(), nullable=False),
        sa.Column("render_error", sa.String(length=80), nullable=False),
        sa.Column("render_claimed_by", sa.String(length=64), nullable=False),
        sa.Column("render_claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("render_attempts", sa.Integer(), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_bulletin_version_author_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.id"], name=op.f("fk_bulletin_version_bulletin_id_bulletin")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_bulletin_version_clip_id_clip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin_version")),
        sa.UniqueConstraint("bulletin_id", "number", name=op.f("uq_bulletin_version_bulletin_id_number")),
    )
    op.create_index(
        op.f("ix_bulletin_version_bulletin_id"), "bulletin_version", ["bulletin_id"], unique=False
    )
    op.create_index(
        op.f("ix_bulletin_version_render_state"), "bulletin_version", ["render_state"], unique=False
    )

    op.create_table(
        "journal",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("loudspeaker_id", sa.Integer(), nullable=False),
        sa.Column("boot", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_journal_loudspeaker_id_loudspeaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("loudspeaker_id", "boot", "seq", name=op.f("uq_journal_loudspeaker_id_boot_seq")),
    )
    op.create_index(op.f("ix_journal_loudspeaker_id"), "journal", ["loudspeaker_id"], unique=False)
    op.create_index(op.f("ix_journal_occurrence"), "journal", ["occurrence"], unique=False)

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
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("audio_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_approval_person_id_person")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["bulletin_version.id"], name=op.f("fk_approval_version_id_bulletin_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_version_id"), "approval", ["version_id"], unique=False)

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


def downgrade() -> None:
    op.drop_index(op.f("ix_delivery_loudspeaker_id"), table_name="delivery")
    op.drop_index(op.f("ix_delivery_broadcast_id"), table_name="delivery")

    op.drop_table("delivery")
    op.drop_table("broadcast_clip")
    op.drop_index(op.f("ix_as_run_planned_start"), table_name="as_run")
    op.drop_index(op.f("ix_as_run_loudspeaker_id"), table_name="as_run")
    op.drop_index(op.f("ix_as_run_broadcast_id"), table_name="as_run")

    op.drop_table("as_run")
    op.drop_index(op.f("ix_approval_version_id"), table_name="approval")

    op.drop_table("approval")
    op.drop_index(op.f("ix_schedule_item_schedule_id"), table_name="schedule_item")
    op.drop_index(op.f("ix_schedule_item_bulletin_id"), table_name="schedule_item")

    op.drop_table("schedule_item")
    op.drop_index(op.f("ix_journal_occurrence"), table_name="journal")
    op.drop_index(op.f("ix_journal_loudspeaker_id"), table_name="journal")

    op.drop_table("journal")
    op.drop_index(op.f("ix_bulletin_version_render_state"), table_name="bulletin_version")
    op.drop_index(op.f("ix_bulletin_version_bulletin_id"), table_name="bulletin_version")

    op.drop_table("bulletin_version")
    op.drop_index(op.f("ix_broadcast_state_start"), table_name="broadcast")
    op.drop_index(op.f("ix_broadcast_area_id"), table_name="broadcast")

    op.drop_table("broadcast")
    op.drop_index(op.f("ix_alarm_opened_at"), table_name="alarm")
    op.drop_index(op.f("ix_alarm_loudspeaker_id"), table_name="alarm")
    op.drop_index(op.f("ix_alarm_kind"), table_name="alarm")
    op.drop_index(op.f("ix_alarm_area_id"), table_name="alarm")

    op.drop_table("alarm")
    op.drop_index(op.f("ix_schedule_area_id"), table_name="schedule")

    op.drop_table("schedule")
    op.drop_index(op.f("ix_role_grant_person_id"), table_name="role_grant")

    op.drop_table("role_grant")
    op.drop_table("one_time_link")
    op.drop_index(op.f("ix_loudspeaker_area_id"), table_name="loudspeaker")

    op.drop_table("loudspeaker")
    op.drop_index(op.f("ix_bulletin_updated_at"), table_name="bulletin")
    op.drop_index(op.f("ix_bulletin_state"), table_name="bulletin")
    op.drop_index(op.f("ix_bulletin_area_id"), table_name="bulletin")

    op.drop_table("bulletin")
    op.drop_table("audit")
    op.drop_index(op.f("ix_area_closure_descendant_id"), table_name="area_closure")

    op.drop_table("area_closure")
    op.drop_table("alerts_document")
    op.drop_index(op.f("ix_agency_area_id"), table_name="agency")

    op.drop_table("agency")
    op.drop_table("sign_in_failure")
    op.drop_table("plan_document")
    op.drop_table("person")
    op.drop_index(op.f("ix_outbox_order"), table_name="outbox")

    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_table("event")
    op.drop_index(op.f("ix_clip_key"), table_name="clip")

    op.drop_table("clip")
    op.drop_index(op.f("ix_area_parent_id"), table_name="area")

    op.drop_table("area")
