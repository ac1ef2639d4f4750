"""The feed's past and the ledger's pseudonyms: the service may add to them, not rewrite them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A pseudonym may still be deleted: that is how a person is taken out of a ledger that stays.
_WITHDRAWN = {
    "participant_pseudonym": "update",
    "authority_change": "update, delete, truncate",
}

_FOR_EACH_GRANTEE = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = '{table}' and grantee <> current_user
  loop
    execute format('{verb} {rights} on {table} {direction} %I', granted.grantee);
  end loop;
end $$
"""


def upgrade() -> None:
    for table, rights in _WITHDRAWN.items():
        op.execute(
            _FOR_EACH_GRANTEE.format(table=table, verb="revoke", rights=rights, direction="from")
        )


def downgrade() -> None:
    for table, rights in _WITHDRAWN.items():
        op.execute(
            _FOR_EACH_GRANTEE.format(table=table, verb="grant", rights=rights, direction="to")
        )
