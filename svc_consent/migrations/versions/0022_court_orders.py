"""Court orders that counsel has admitted.

Revision ID: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_REFERENCES = {
    "demand_id": "legal_demand",
    "site_id": "site",
    "keeper_agency_id": "agency",
    "recipient_agency_id": "agency",
}
# Orders that were admitted stay: the service may end them, not delete them.
_WITHDRAW = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = 'court_order'
      and grantee <> current_user
  loop
    execute format('revoke delete, truncate on court_order from %I', granted.grantee);
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "court_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("demand_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("counsel_name", sa.String(), nullable=False),
        sa.Column("keeper_agency_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_agency_id", sa.Uuid(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("data_from", sa.Date(), nullable=True),
        sa.Column("data_to", sa.Date(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("admitted_by", sa.Uuid(), nullable=True),
        sa.Column("admitted_at", _MOMENT, nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_court_order"),
        *(
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=f"fk_court_order_{name}_{of}")
            for name, of in _REFERENCES.items()
        ),
    )
    op.create_index("ix_court_order_participant_id", "court_order", ["participant_id"])
    op.execute(_WITHDRAW)
    op.execute("select journal_rows_of('court_order')")


def downgrade() -> None:
    op.drop_table("court_order")
