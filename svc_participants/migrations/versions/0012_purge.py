"""Purging the record of a person whose time has ended, with proof.

Revision ID: 0012
"""

from alembic import op

from infra.retention_tables import REFUSE_BUT_PURGE, create_purge, drop_purge

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PEOPLE = """
select id from participant
where created_at < clock_timestamp() - make_interval(years => kept_years)
"""
_OPEN = """
exists (select from enrollment where participant_id = any(whom) and status <> 'EXITED')
or exists (select from caseload_assignment where participant_id = any(whom) and ended_at is null)
or exists (select from programme_place where participant_id = any(whom) and left_on is null)
or exists (
  select from referral where participant_id = any(whom) and status not in (
    'DECLINED_INELIGIBLE', 'DUPLICATE', 'WITHDRAWN', 'EXPIRED', 'UNABLE_TO_LOCATE',
    'DECLINED_BY_PERSON', 'INTAKE_LAPSED', 'ENROLLED'
  )
)
"""
_REFUSE = """
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name;
end $$
"""


def upgrade() -> None:
    op.execute(REFUSE_BUT_PURGE)
    create_purge(root="participant", people=_PEOPLE, still_open=_OPEN)


def downgrade() -> None:
    drop_purge()
    op.execute(_REFUSE)
