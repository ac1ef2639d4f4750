"""What issuers' claims mean, and claims that nothing confirmed.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "claim_meaning",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("claimed_role", sa.String(), nullable=False),
        sa.Column("claimed_agency", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(
            "issuer", "claimed_role", "claimed_agency", name="pk_claim_meaning"
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_claim_meaning_agency_id_agency"
        ),
    )
    op.create_table(
        "claim_mismatch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("claimed", sa.String(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_claim_mismatch"),
        sa.UniqueConstraint(
            "account_id", "issuer", "claimed", name="uq_claim_mismatch_account_id_issuer_claimed"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_claim_mismatch_account_id_account"
        ),
    )
    op.create_index("ix_claim_mismatch_last_at", "claim_mismatch", ["last_at", "id"])
    for name in ("claim_meaning", "claim_mismatch"):
        op.execute(f"select journal_rows_of('{name}')")


def downgrade() -> None:
    op.drop_table("claim_mismatch")
    op.drop_table("claim_meaning")
