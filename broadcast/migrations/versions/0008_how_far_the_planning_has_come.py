"""How far the planning has come, the loudspeakers that must be told anew, and an area's broadcasts in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNTOLD = sa.text("desired_sha256 = '' AND retired_at IS NULL")
UNSENT = sa.text("evidence IS NULL")


def upgrade() -> None:
    op.create_table(
        "plan_mark",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("expanded_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_plan_mark")),
    )
    op.create_index(
        "ix_loudspeaker_untold", "loudspeaker", ["id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD
    )
    op.create_index("ix_outbox_topic", "outbox", ["topic"])
    op.create_index("ix_broadcast_area_start", "broadcast", ["area_id", "start"])
    op.drop_index("ix_broadcast_area_id", "broadcast")
    op.create_index(
        "ix_delivery_unsent", "delivery", ["loudspeaker_id"], sqlite_where=UNSENT, postgresql_where=UNSENT
    )
    # The unique pair begins with the broadcast, and every index is paid for half a million times a week.
    op.drop_index("ix_delivery_broadcast_id", "delivery")


def downgrade() -> None:
    op.drop_index("ix_delivery_unsent", "delivery")
    op.create_index("ix_delivery_broadcast_id", "delivery", ["broadcast_id"])
    op.create_index("ix_broadcast_area_id", "broadcast", ["area_id"])
    op.drop_index("ix_broadcast_area_start", "broadcast")
    op.drop_index("ix_outbox_topic", "outbox")
    op.drop_index("ix_loudspeaker_untold", "loudspeaker")
    op.drop_table("plan_mark")
