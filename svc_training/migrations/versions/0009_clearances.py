"""Clearances are held at the agency of a roster, by one entry of it.

Nothing was ever stored in the table before: it is made anew.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLE = "training_clearance"
_BEFORE = "uq_training_clearance_account_id_kind"
_AFTER = "uq_training_clearance_personnel_id_kind"


def upgrade() -> None:
    # Nullable, though always written: the former code goes on while this is taken.
    op.drop_constraint(_BEFORE, _TABLE)
    op.execute(f"delete from {_TABLE}")  # noqa: S608 - a name of our own
    op.add_column(_TABLE, sa.Column("personnel_id", sa.Uuid(), nullable=True))
    op.add_column(_TABLE, sa.Column("agency_id", sa.String(), nullable=True))
    op.create_unique_constraint(_AFTER, _TABLE, ["personnel_id", "kind"])
    op.create_index("ix_training_clearance_account_id", _TABLE, ["account_id"])
    # Assessed again, everybody's clearances are found and handed over.
    op.execute("update personnel set is_assessed = false where account_id is not null")


def downgrade() -> None:
    op.drop_index("ix_training_clearance_account_id", _TABLE)
    op.drop_constraint(_AFTER, _TABLE)
    op.drop_column(_TABLE, "agency_id")
    op.drop_column(_TABLE, "personnel_id")
    # One account may hold a kind on several rosters, and the former code stores none of them. What
    # consent was told ends on its own day; the way up finds everybody's anew.
    op.execute(f"delete from {_TABLE}")  # noqa: S608 - a name of our own
    op.create_unique_constraint(_BEFORE, _TABLE, ["account_id", "kind"])
