"""Purging what ties a person to cases, once their time has ended, with proof. Dockets stay.

Revision ID: 0010
"""

from infra.retention_tables import create_purge, drop_purge

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PEOPLE = """
select participant_id as id from lead_link
union select participant_id from counsel_of_record
union select participant_id from owg_item
"""
_OPEN = """
exists (select from counsel_of_record where participant_id = any(whom) and ended_at is null)
or exists (select from coordination_request where participant_id = any(whom) and status = 'OPEN')
or exists (
  select from lead_link l join legal_case c on c.id = l.case_id
  where l.participant_id = any(whom) and l.ended_at is null
    and c.status not in ('DISMISSED', 'RESOLVED_PLEA', 'RESOLVED_TRIAL', 'TRANSFERRED')
)
"""


def upgrade() -> None:
    create_purge(root=None, people=_PEOPLE, still_open=_OPEN)


def downgrade() -> None:
    drop_purge()
