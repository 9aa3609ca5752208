"""How long raw journals are kept, what is left of those that went, and the audit log found by what was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("area_policy", sa.Column("keep_journals_days", sa.Integer(), nullable=True))
    op.add_column("loudspeaker", sa.Column("journal_cut_at", TIME, nullable=True))
    op.add_column(
        "loudspeaker", sa.Column("journal_sha256", sa.String(length=64), nullable=False, server_default="")
    )
    op.create_index("ix_audit_action_subject", "audit", ["action", "subject"])


def downgrade() -> None:
    op.drop_index("ix_audit_action_subject", "audit")
    with op.batch_alter_table("loudspeaker") as batch:
        batch.drop_column("journal_sha256")
        batch.drop_column("journal_cut_at")
    with op.batch_alter_table("area_policy") as batch:
        batch.drop_column("keep_journals_days")
