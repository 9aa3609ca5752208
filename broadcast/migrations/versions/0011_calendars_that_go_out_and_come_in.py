"""Links to the programme as a calendar, events taken from other calendars, and days off that units decide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _feeds()
    _imported()
    _holidays()


def downgrade() -> None:
    for name in ("holiday_change", "imported_event", "calendar_feed"):
        op.drop_table(name)


def _feeds() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("fetched_at", TIME, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        _link("calendar_feed", "area_id", "area"),
        _link("calendar_feed", "created_by", "person"),
        _link("calendar_feed", "revoked_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_calendar_feed_token_sha256")),
    )
    op.create_index("ix_calendar_feed_area_id", "calendar_feed", ["area_id"])


def _imported() -> None:
    op.create_table(
        "imported_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=False),
        _link("imported_event", "area_id", "area"),
        _link("imported_event", "schedule_id", "schedule"),
        _link("imported_event", "imported_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_event")),
        sa.UniqueConstraint("area_id", "uid", "part", name=op.f("uq_imported_event_area_id_uid_part")),
    )
    op.create_index("ix_imported_event_schedule_id", "imported_event", ["schedule_id"])


def _holidays() -> None:
    op.create_table(
        "holiday_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=False),
        _link("holiday_change", "area_id", "area"),
        _link("holiday_change", "updated_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_change")),
        sa.UniqueConstraint("area_id", "day", name=op.f("uq_holiday_change_area_id_day")),
    )


def _link(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
