"""Reviews that privacy officers open: kept, never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WITHDRAW = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = 'privacy_review'
      and grantee <> current_user
  loop
    execute format('revoke update, delete, truncate on privacy_review from %I', granted.grantee);
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "privacy_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_privacy_review"),
    )
    op.create_index("ix_privacy_review_participant_id", "privacy_review", ["participant_id"])
    op.execute(_WITHDRAW)


def downgrade() -> None:
    op.drop_table("privacy_review")
