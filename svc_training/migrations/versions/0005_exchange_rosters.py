"""Which agency an organization of the academy's is, and what the academy last said of rosters.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "exchange_organization",
        sa.Column("organization_id", sa.String, primary_key=True),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("linked_by", sa.String, nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "exchange_roster",
        sa.Column("person_external_id", sa.String, primary_key=True),
        sa.Column("session_number", sa.String, primary_key=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("exchange_roster")
    op.drop_table("exchange_organization")
