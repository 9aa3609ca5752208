"""The languages of a version as clips of their own, and the approvals that are bound to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "version_cut",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_version_cut_clip_id_clip")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["bulletin_version.id"], name=op.f("fk_version_cut_version_id_bulletin_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_version_cut")),
    )
    op.create_index("ix_version_cut_clip_id", "version_cut", ["clip_id"])
    op.add_column("approval", sa.Column("cuts_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("approval") as batch:
        batch.drop_column("cuts_sha256")
    op.drop_table("version_cut")
