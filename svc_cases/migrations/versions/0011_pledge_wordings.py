"""Wordings of the pledge, each site's own: added, never changed.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "pledge_wording"
_REFUSE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name;
end $$
"""


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("published_by", sa.String, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("site_id", "number", name=f"uq_{_TABLE}_site_id_number"),
    )
    op.execute(_REFUSE)
    op.execute(
        f"create trigger {_TABLE}_append_only before update or delete or truncate on {_TABLE} "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.execute("drop function refuse_change")
