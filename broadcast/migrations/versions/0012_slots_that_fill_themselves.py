"""Slots that fill themselves, the sounds that frame them, how long a bulletin holds, and audio by area."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
VALIDITY = (
    ("valid_from", TIME),
    ("valid_until", TIME),
    ("airing_times", sa.Integer()),
    ("airing_days", sa.Integer()),
    ("airing_gap_s", sa.Integer()),
)


def upgrade() -> None:
    op.create_table(
        "sound",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        _link("sound", "area_id", "area"),
        _link("sound", "clip_id", "clip"),
        _link("sound", "created_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sound")),
    )
    op.create_index("ix_sound_area_id", "sound", ["area_id"])
    with op.batch_alter_table("schedule") as table:
        table.add_column(sa.Column("slot", sa.JSON(), nullable=True))
    with op.batch_alter_table("bulletin") as table:
        for name, kind in VALIDITY:
            table.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("broadcast") as table:
        table.add_column(sa.Column("partial", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("broadcast_clip") as table:
        table.add_column(sa.Column("area_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_broadcast_clip_area_id_area"), "area", ["area_id"], ["id"])


def downgrade() -> None:
    variants = sa.text("DELETE FROM broadcast_clip WHERE area_id IS NOT NULL")
    op.execute(variants)  # without its area a variant would be heard by everybody
    with op.batch_alter_table("broadcast_clip") as table:
        table.drop_constraint(op.f("fk_broadcast_clip_area_id_area"), type_="foreignkey")
        table.drop_column("area_id")
    with op.batch_alter_table("broadcast") as table:
        table.drop_column("partial")
    with op.batch_alter_table("bulletin") as table:
        for name, _ in VALIDITY:
            table.drop_column(name)
    with op.batch_alter_table("schedule") as table:
        table.drop_column("slot")
    op.drop_table("sound")


def _link(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
