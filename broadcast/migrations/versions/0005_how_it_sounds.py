"""The lexicon, the stations, recordings, language versions, and what decides a version's sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lexicon_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("written", sa.String(length=120), nullable=False),
        sa.Column("spoken", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_lexicon_entry_area_id_area")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_lexicon_entry_author_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_entry")),
        sa.UniqueConstraint(
            "area_id", "language", "written", name=op.f("uq_lexicon_entry_area_id_language_written")
        ),
    )
    op.create_index(op.f("ix_lexicon_entry_area_id"), "lexicon_entry", ["area_id"], unique=False)
    op.create_index(op.f("ix_lexicon_entry_revision"), "lexicon_entry", ["revision"], unique=False)

    op.create_table(
        "station",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=24), nullable=True),
        sa.Column("voice", sa.String(length=40), nullable=True),
        sa.Column("speed", sa.Double(), nullable=True),
        sa.Column("preset", sa.String(length=16), nullable=True),
        sa.Column("opening", sa.Text(), nullable=True),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=True),
        sa.Column("lead_in_s", sa.Double(), nullable=True),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_station_area_id_area")),
        sa.ForeignKeyConstraint(["updated_by"], ["person.id"], name=op.f("fk_station_updated_by_person")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_station")),
    )

    op.create_table(
        "recording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("loudness", sa.Double(), nullable=False),
        sa.Column("peaks", sa.JSON(), nullable=False),
        sa.Column("cut_head_ms", sa.Integer(), nullable=False),
        sa.Column("cut_tail_ms", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_recording_area_id_area")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_recording_author_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_area_id"), "recording", ["area_id"], unique=False)
    op.create_index(op.f("ix_recording_sha256"), "recording", ["sha256"], unique=False)

    op.create_table(
        "version_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("engine", sa.String(length=24), nullable=False),
        sa.Column("voice", sa.String(length=40), nullable=False),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_version_part_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["bulletin_version.id"], name=op.f("fk_version_part_version_id_bulletin_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_part")),
        sa.UniqueConstraint("version_id", "position", name=op.f("uq_version_part_version_id_position")),
    )
    op.create_index(op.f("ix_version_part_version_id"), "version_part", ["version_id"], unique=False)

    # What was made before sounds as it did: no title, no opening, one reading.
    with op.batch_alter_table("bulletin_version") as table:
        table.add_column(sa.Column("recording_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("say_title", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(
            sa.Column("preset", sa.String(length=16), nullable=False, server_default="standard")
        )
        table.add_column(sa.Column("opening", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("closing", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("repeats", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("lead_in_s", sa.Double(), nullable=False, server_default="1.0"))
        table.add_column(sa.Column("render_ticket", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("render_failures", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("reading", sa.String(length=80), nullable=False, server_default=""))
        table.create_foreign_key(
            op.f("fk_bulletin_version_recording_id_recording"), "recording", ["recording_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("bulletin_version") as table:
        table.drop_constraint(op.f("fk_bulletin_version_recording_id_recording"), type_="foreignkey")
        for column in (
            "reading",
            "render_failures",
            "render_ticket",
            "lead_in_s",
            "repeats",
            "closing",
            "opening",
            "preset",
            "say_title",
            "recording_id",
        ):
            table.drop_column(column)
    for name in ("version_part", "recording", "station", "lexicon_entry"):
        op.drop_table(name)
