"""Days, sessions, who approves and how long things are kept in a unit's policy; by which rule was approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OF_POLICY = (
    ("weekdays", sa.JSON(none_as_null=True)),
    ("sessions_a_day", sa.Integer()),
    ("minutes_a_session", sa.Integer()),
    ("approvers", sa.String(length=24)),
    ("keep_audio_days", sa.Integer()),
    ("keep_reports_days", sa.Integer()),
)


def upgrade() -> None:
    for name, kind in _OF_POLICY:
        op.add_column("area_policy", sa.Column(name, kind, nullable=True))
    op.add_column("approval", sa.Column("approvers", sa.String(length=24), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("approval") as batch:
        batch.drop_column("approvers")
    with op.batch_alter_table("area_policy") as batch:
        for name, _ in reversed(_OF_POLICY):
            batch.drop_column(name)
