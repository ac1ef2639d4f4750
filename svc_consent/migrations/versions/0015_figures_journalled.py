"""Whatever tables were made since the journal began: their rows go into it, too.

Revision ID: 0015
"""

import importlib

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MISSED = """
select journal_rows_of(c.relname::text) from pg_class c
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  and c.relname <> all(:left) and not exists (
    select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'capture_row')
"""


def upgrade() -> None:
    left = importlib.import_module("svc_consent.migrations.versions.0012_journal").NOT_JOURNALLED
    op.execute(sa.text(_MISSED).bindparams(left=list(left)))


def downgrade() -> None:
    """Leave the triggers: 0012 takes all of them away."""
