"""What a loudspeaker's journal says of one item is found at once, however many have played it."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_journal_item", "journal", ["occurrence", "loudspeaker_id"])
    op.drop_index("ix_journal_occurrence", "journal")


def downgrade() -> None:
    op.create_index("ix_journal_occurrence", "journal", ["occurrence"])
    op.drop_index("ix_journal_item", "journal")
