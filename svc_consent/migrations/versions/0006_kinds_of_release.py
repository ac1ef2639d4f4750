"""Kinds and evidence of releases, taking back out of order, restrictions, a site's settings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXTS = ("expiry_event", "language", "document_sha256", "revocation_method")
_MOMENTS = ("copy_given_at", "revocation_said_at")
_IDS = ("packet_id", "narrowed_from")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("site", sa.Column("settings", JSONB(), nullable=False, server_default="{}"))
    op.add_column(
        "release", sa.Column("covers", ARRAY(sa.String()), nullable=False, server_default="{}")
    )
    for name in _TEXTS:
        op.add_column("release", sa.Column(name, sa.String(), nullable=True))
    for name in _MOMENTS:
        op.add_column("release", sa.Column(name, moment, nullable=True))
    for name in _IDS:
        op.add_column("release", sa.Column(name, sa.Uuid(), nullable=True))
    op.create_table(
        "release_revocation_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("said_at", moment, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_release_revocation_order"),
    )
    op.create_index(
        "ix_release_revocation_order_participant_id",
        "release_revocation_order",
        ["participant_id"],
        unique=False,
    )
    op.create_table(
        "restriction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("lifted_at", moment, nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_restriction_agency_id_agency"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_restriction"),
    )
    op.create_index(
        "ix_restriction_participant_id", "restriction", ["participant_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("restriction")
    op.drop_table("release_revocation_order")
    for name in (*_TEXTS, *_MOMENTS, *_IDS, "covers"):
        op.drop_column("release", name)
    op.drop_column("site", "settings")
