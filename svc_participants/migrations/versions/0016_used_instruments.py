"""What each version of an instrument said when somebody was first assessed by it, as a digest.

Versions that were used before are entered by the service when it starts.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "used_instrument"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("instrument", sa.String, nullable=False),
        sa.Column("instrument_version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("instrument", "instrument_version", name=f"pk_{_TABLE}"),
    )
    op.execute(
        f"create trigger {_TABLE}_append_only before update or delete or truncate on {_TABLE} "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.execute(f"drop trigger {_TABLE}_append_only on {_TABLE}")
    op.drop_table(_TABLE)
