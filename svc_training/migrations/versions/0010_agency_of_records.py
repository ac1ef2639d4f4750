"""A training record says whose roster it belongs to, so that an agency's page reads its own rows.

Filled by a trigger, because the former code goes on storing records while this is taken; a person
never moves to another agency's roster (whoever changes the employer has an entry at each).

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "training_record", "ix_training_record_agency_id"
_FILL = """
create function training_record_agency() returns trigger language plpgsql as $$
begin
  select agency_id into new.agency_id from personnel where id = new.personnel_id;
  return new;
end $$
"""
_TRIGGER = """
create trigger training_record_agency before insert on training_record
for each row execute function training_record_agency()
"""


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("agency_id", sa.String(), nullable=True))
    op.execute(_FILL)
    op.execute(_TRIGGER)
    op.execute(
        "update training_record set agency_id = personnel.agency_id from personnel "
        "where personnel.id = training_record.personnel_id"
    )
    op.create_index(_INDEX, _TABLE, ["agency_id", "completed_on", "id"])


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.execute("drop trigger training_record_agency on training_record")
    op.execute("drop function training_record_agency()")
    op.drop_column(_TABLE, "agency_id")
