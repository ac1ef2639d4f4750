"""Role requests, seats, files of agreements, access reviews, and the directory's history."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

# History is written and read, never rewritten.
_WITHDRAW = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = 'directory_event'
      and grantee <> current_user
  loop
    execute format(
      'revoke update, delete, truncate, references, trigger on directory_event from %I',
      granted.grantee
    );
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "directory_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=True),
        sa.Column("account_id", sa.Uuid, nullable=True),
        sa.Column("role", sa.String, nullable=True),
        sa.Column("actor_id", sa.Uuid, nullable=True),
        sa.Column("reason", sa.String, nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_event"),
    )
    op.create_index(
        "ix_directory_event_agency_id", "directory_event", ["agency_id", "at", "id"], unique=False
    )
    op.create_table(
        "account_activity",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("last_seen_on", sa.Date, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_activity_account_id_account"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_activity"),
    )
    op.create_table(
        "review_campaign",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("opened_by", sa.Uuid, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("deadline_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_review_campaign_agency_id_agency"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_review_campaign_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_review_campaign"),
    )
    op.create_index(
        "ix_review_campaign_agency_id",
        "review_campaign",
        ["agency_id", "opened_at", "id"],
        unique=False,
    )
    op.create_table(
        "role_request",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("is_liaison", sa.Boolean, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=True),
        sa.Column("ends_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.Uuid, nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decision_reason", sa.String, nullable=True),
        sa.Column("grant_id", sa.Uuid, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_role_request_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name="fk_role_request_agency_id_agency"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_role_request_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_role_request"),
    )
    op.create_index(
        "ix_role_request_agency_id",
        "role_request",
        ["agency_id", "requested_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_role_request_open",
        "role_request",
        ["account_id", "agency_id", "site_id", "role"],
        unique=True,
        postgresql_where=sa.text("status = 'REQUESTED'"),
    )
    op.create_table(
        "seat",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=True),
        sa.Column("account_id", sa.Uuid, nullable=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=True),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_seat_account_id_account"),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_seat_agency_id_agency"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_seat_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_seat"),
    )
    op.create_index("ix_seat_site_id", "seat", ["site_id", "body", "starts_on", "id"], unique=False)
    op.create_table(
        "review_item",
        sa.Column("campaign_id", sa.Uuid, nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("decision", sa.String, nullable=True),
        sa.Column("reason", sa.String, nullable=True),
        sa.Column("decided_by", sa.Uuid, nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["review_campaign.id"],
            name="fk_review_item_campaign_id_review_campaign",
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["role_grant.id"], name="fk_review_item_grant_id_role_grant"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "grant_id", name="pk_review_item"),
    )
    op.create_table(
        "mou_document",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("mou_id", sa.Uuid, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_by", sa.Uuid, nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["mou_id"], ["mou.id"], name="fk_mou_document_mou_id_mou"),
        sa.PrimaryKeyConstraint("id", name="pk_mou_document"),
    )
    op.create_index("ix_mou_document_mou_id", "mou_document", ["mou_id"], unique=False)
    op.execute(_WITHDRAW)


def downgrade() -> None:
    for name in (
        "mou_document",
        "review_item",
        "seat",
        "role_request",
        "review_campaign",
        "account_activity",
        "directory_event",
    ):
        op.drop_table(name)
