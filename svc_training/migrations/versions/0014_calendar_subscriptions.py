"""Personal calendars: addresses by which a calendar program asks for somebody's own sessions.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_subscription",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("is_manager", sa.Boolean, nullable=False),
        sa.Column("secret_hash", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_subscription"),
        sa.UniqueConstraint("secret_hash", name="uq_calendar_subscription_secret_hash"),
    )
    op.create_index(
        "uq_calendar_subscription_account_id",
        "calendar_subscription",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def downgrade() -> None:
    op.drop_table("calendar_subscription")
