"""A number is one office's once and public once; indexes for the figures.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The new ones first: no moment without a rule.
    op.create_index(
        "uq_legal_case_number_office",
        "legal_case",
        ["number", "prosecutor_agency_id"],
        unique=True,
    )
    op.create_index(
        "uq_legal_case_number_filed",
        "legal_case",
        ["number"],
        unique=True,
        postgresql_where=sa.text("filed_on is not null"),
    )
    op.drop_constraint("uq_legal_case_number", "legal_case", type_="unique")
    op.create_index("ix_legal_case_site_id", "legal_case", ["site_id"])
    op.create_index("ix_warrant_participant_id", "warrant", ["participant_id"])


def downgrade() -> None:
    op.drop_index("ix_warrant_participant_id", "warrant")
    op.drop_index("ix_legal_case_site_id", "legal_case")
    # Two offices may hold one number before filing: the later one is told apart, nothing is lost.
    op.execute(
        "update legal_case c set number = c.number || ' (' || c.prosecutor_agency_id || ')'"
        " where exists (select from legal_case o where o.number = c.number and o.id <> c.id"
        " and (o.filed_on is not null, o.id) > (c.filed_on is not null, c.id))"
    )
    op.create_unique_constraint("uq_legal_case_number", "legal_case", ["number"])
    op.drop_index("uq_legal_case_number_filed", "legal_case")
    op.drop_index("uq_legal_case_number_office", "legal_case")
