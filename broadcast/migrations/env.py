"""What Alembic runs for each migration: our connection, our tables, batch mode for SQLite."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from broadcast.models import Base
from broadcast.models.base import UtcDateTime


def render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations name no type of ours: they must still run when it is gone."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
