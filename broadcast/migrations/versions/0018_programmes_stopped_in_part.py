"""Broadcasts of which one programme was stopped where it was heard, while the others went on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcast_stop",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_broadcast_stop_area_id_area")),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_stop_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_broadcast_stop_person_id_person")
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "area_id", name=op.f("pk_broadcast_stop")),
    )


def downgrade() -> None:
    op.drop_table("broadcast_stop")
