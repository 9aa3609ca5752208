"""The stations whose streams a unit may carry, and their streams as parts of a broadcast beside its clips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "relay_station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("bit_rate", sa.Integer(), nullable=False),
        sa.Column("checked_at", TIME, nullable=False),
        sa.Column("check_error", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_relay_station_area_id_area")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_relay_station_created_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_station")),
    )
    op.create_index("ix_relay_station_area_id", "relay_station", ["area_id"])
    with op.batch_alter_table("broadcast_clip") as table:
        table.alter_column("clip_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("station_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("length_ms", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_broadcast_clip_station_id_relay_station"), "relay_station", ["station_id"], ["id"]
        )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM broadcast_clip WHERE clip_id IS NULL"))  # nobody could play them
    with op.batch_alter_table("broadcast_clip") as table:
        table.drop_constraint(op.f("fk_broadcast_clip_station_id_relay_station"), type_="foreignkey")
        table.drop_column("length_ms")
        table.drop_column("station_id")
        table.alter_column("clip_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("relay_station")
