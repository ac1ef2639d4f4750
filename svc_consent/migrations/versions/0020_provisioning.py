"""Identity providers' clients, and the people and groups that they provision.

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LIVE = sa.text("removed_at is null")
_TABLES = (
    "provisioner",
    "provisioned_user",
    "provisioned_group",
    "provisioned_member",
    "provisioned_group_role",
)


def _to(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=f"fk_{table}_{column}_{of}")


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column("is_inactive", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_table(
        "provisioner",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject_attribute", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_provisioner"),
        _to("provisioner", "account_id", "account"),
        _to("provisioner", "agency_id", "agency"),
        _to("provisioner", "site_id", "site"),
    )
    op.create_table(
        "provisioned_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("display_name", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provisioned_user"),
        _to("provisioned_user", "agency_id", "agency"),
        _to("provisioned_user", "account_id", "account"),
    )
    op.create_index(
        "uq_provisioned_user_name", "provisioned_user", ["agency_id", sa.text("lower(user_name)")],
        unique=True, postgresql_where=_LIVE,
    )  # fmt: skip
    op.create_index(
        "uq_provisioned_user_account", "provisioned_user", ["account_id"],
        unique=True, postgresql_where=_LIVE,
    )  # fmt: skip
    op.create_table(
        "provisioned_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provisioned_group"),
        _to("provisioned_group", "agency_id", "agency"),
    )
    op.create_index(
        "uq_provisioned_group_name", "provisioned_group", ["agency_id", "display_name"], unique=True
    )
    op.create_table(
        "provisioned_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_provisioned_member"),
        _to("provisioned_member", "group_id", "provisioned_group"),
        _to("provisioned_member", "user_id", "provisioned_user"),
    )
    op.create_index("ix_provisioned_member_user_id", "provisioned_member", ["user_id"])
    op.create_table(
        "provisioned_group_role",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("is_liaison", sa.Boolean(), nullable=False),
        sa.Column("mapped_by", sa.Uuid(), nullable=False),
        sa.Column("mapped_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "display_name", name="pk_provisioned_group_role"),
        _to("provisioned_group_role", "agency_id", "agency"),
    )
    for name in _TABLES:
        op.execute(f"select journal_rows_of('{name}')")


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
    op.drop_column("account", "is_inactive")
