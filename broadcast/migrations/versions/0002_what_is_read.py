"""Bulletins, approvals and their audio."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    for table in (
        "approval",
        "bulletin_version",
        "bulletin",
        "clip",
    ):
        op.drop_table(table)
