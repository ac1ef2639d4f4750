"""What became of the newest attempt to tell an agency's program something.

Revision ID: 0024
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ADDED: dict[str, sa.types.TypeEngine[Any]] = {
    "last_event_id": sa.Uuid(),
    "last_topic": sa.String(),
    "last_status": sa.BigInteger(),
    "last_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    for name, kind in _ADDED.items():
        op.add_column("webhook_endpoint", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in _ADDED:
        op.drop_column("webhook_endpoint", name)
