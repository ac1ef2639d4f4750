"""The directory, releases of information, and the order of authority facts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from infra.chassis_tables import (
    create_idempotency_table,
    create_replica_tables,
    drop_replica_tables,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_replica_tables()
    create_idempotency_table()
    op.create_table(
        "authority_key",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_authority_key"),
    )
    op.create_table(
        "authority_change",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("keys", ARRAY(sa.String()), nullable=False),
        sa.Column("operations", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_authority_change"),
    )
    op.create_table(
        "authority_accepted",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "id", name="pk_authority_accepted"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("privacy_officer", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
    )
    op.create_table(
        "agency",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("part2_status", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "part2_status in ('PROGRAM', 'NOT_PROGRAM', 'UNDETERMINED')",
            name="ck_agency_part2_status",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agency"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_membership_agency_id_agency"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_membership_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("agency_id", "site_id", name="uq_membership_agency_id_site_id"),
    )
    op.create_table(
        "mou",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name="fk_mou_membership_id_membership"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mou"),
    )
    op.create_index("ix_mou_membership_id", "mou", ["membership_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("external_subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint(
            "issuer", "external_subject", name="uq_account_issuer_external_subject"
        ),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("is_liaison", sa.Boolean(), nullable=False),
        sa.Column("service_field", sa.String(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revocation_reason", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_role_grant_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_role_grant_agency_id_agency"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_role_grant_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
    )
    op.create_index("ix_role_grant_account", "role_grant", ["account_id"], unique=False)
    op.create_index("ix_role_grant_agency", "role_grant", ["agency_id", "id"], unique=False)
    op.create_table(
        "account_binding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('SELF', 'REPRESENTATIVE')", name="ck_account_binding_kind"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_binding_account_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_binding"),
    )
    op.create_index(
        "ix_account_binding_account_id", "account_binding", ["account_id"], unique=False
    )
    op.create_index(
        "ix_account_binding_participant_id", "account_binding", ["participant_id"], unique=False
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("disclosing_agency_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signature", JSONB(), nullable=True),
        sa.Column("missing_elements", ARRAY(sa.String()), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revocation_reason", sa.String(), nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status in ('DRAFT', 'DEFECTIVE', 'ACTIVE', 'REVOKED', 'SUPERSEDED',"
            " 'ENTERED_IN_ERROR')",
            name="ck_release_status",
        ),
        sa.ForeignKeyConstraint(
            ["disclosing_agency_id"], ["agency.id"], name="fk_release_disclosing_agency_id_agency"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_release_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
    )
    op.create_index(
        "ix_release_participant", "release", ["participant_id", "signed_at", "id"], unique=False
    )
    op.create_table(
        "release_provision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_agency_id", sa.Uuid(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("categories", ARRAY(sa.String()), nullable=False),
        sa.Column("purposes", ARRAY(sa.String()), nullable=False),
        sa.Column("data_from", sa.Date(), nullable=True),
        sa.Column("data_to", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("effect in ('permit', 'deny')", name="ck_release_provision_effect"),
        sa.ForeignKeyConstraint(
            ["recipient_agency_id"],
            ["agency.id"],
            name="fk_release_provision_recipient_agency_id_agency",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name="fk_release_provision_release_id_release"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_release_provision"),
    )
    op.create_index(
        "ix_release_provision_release_id", "release_provision", ["release_id"], unique=False
    )


def downgrade() -> None:
    for name in (
        "release_provision",
        "release",
        "account_binding",
        "role_grant",
        "account",
        "mou",
        "membership",
        "agency",
        "site",
        "authority_accepted",
        "authority_change",
        "authority_key",
        "idempotent_request",
    ):
        op.drop_table(name)
    drop_replica_tables()
