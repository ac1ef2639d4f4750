"""Corrected days of enrollments, with what stood there before.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "enrollment_date_correction"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("before_on", sa.Date, nullable=False),
        sa.Column("after_on", sa.Date, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_subject", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=f"fk_{_TABLE}_enrollment_id_enrollment"
        ),
    )
    op.create_index(f"ix_{_TABLE}", _TABLE, ["enrollment_id", "corrected_at", "id"])
    op.execute(
        f"create trigger {_TABLE}_append_only before update or delete or truncate on {_TABLE} "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.execute(f"drop trigger {_TABLE}_append_only on {_TABLE}")
    op.drop_table(_TABLE)
