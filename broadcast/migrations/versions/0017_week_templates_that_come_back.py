"""Templates of weeks that were deleted and may come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("week_template", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM week_template WHERE deleted_at IS NOT NULL")
    with op.batch_alter_table("week_template") as batch:
        batch.drop_column("deleted_at")
