"""What was done to the programme, whom it concerns, templates of weeks, decisions, and merged units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _changes()
    _notices()
    _templates()
    _decisions()
    with op.batch_alter_table("area") as table:
        table.add_column(sa.Column("merged_at", TIME, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("area") as table:
        table.drop_column("merged_at")
    for name in ("order_decision", "week_template", "notice", "schedule_change"):
        op.drop_table(name)


def _changes() -> None:
    op.create_table(
        "schedule_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        _link("schedule_change", "group_id", "schedule_change"),
        _link("schedule_change", "schedule_id", "schedule"),
        _link("schedule_change", "person_id", "person"),
        _link("schedule_change", "undoes", "schedule_change"),
        _link("schedule_change", "undone_by", "schedule_change"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_change")),
    )
    op.create_index("ix_schedule_change_group_id", "schedule_change", ["group_id"])
    op.create_index("ix_schedule_change_schedule_id", "schedule_change", ["schedule_id"])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=True),
        _link("notice", "person_id", "person"),
        _link("notice", "schedule_id", "schedule"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_person_id_seen_at", "notice", ["person_id", "seen_at"])


def _templates() -> None:
    op.create_table(
        "week_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        _link("week_template", "area_id", "area"),
        _link("week_template", "created_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_week_template")),
        sa.UniqueConstraint("area_id", "name", name=op.f("uq_week_template_area_id_name")),
    )


def _decisions() -> None:
    op.create_table(
        "order_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _link("order_decision", "area_id", "area"),
        _link("order_decision", "first_id", "schedule"),
        _link("order_decision", "second_id", "schedule"),
        _link("order_decision", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_decision")),
    )
    op.create_index("ix_order_decision_area_id", "order_decision", ["area_id"])


def _link(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
