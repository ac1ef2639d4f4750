"""What an administrator keeps counts its changes, so that a change names what it was made from.

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_COUNTED = {
    ("site", "settings_version"): "0",
    ("claim_meaning", "version"): "1",
    ("provisioned_group_role", "version"): "1",
}


def upgrade() -> None:
    for (table, name), first in _COUNTED.items():
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text(first))
        op.add_column(table, column)


def downgrade() -> None:
    for table, name in _COUNTED:
        op.drop_column(table, name)
