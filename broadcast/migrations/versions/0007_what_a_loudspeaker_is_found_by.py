"""A loudspeaker's names without case and accents, so that a search finds what any keyboard typed."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("loudspeaker") as table:
        table.add_column(sa.Column("folded", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name, device, serial, note FROM loudspeaker"))
    known = [{"id": key, "folded": _fold("\n".join(words))} for key, *words in rows]
    if known:
        connection.execute(sa.text("UPDATE loudspeaker SET folded = :folded WHERE id = :id"), known)


def downgrade() -> None:
    with op.batch_alter_table("loudspeaker") as table:
        table.drop_column("folded")


def _fold(words: str) -> str:
    plain = unicodedata.normalize("NFD", words.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("đ", "d")
