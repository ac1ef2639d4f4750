"""Places, due dates and more about people; the replica forgets old visibility rows.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # People of the demo and of older versions: nothing about participants stays in a replica here.
    op.execute("delete from authority_visibility")
    op.add_column("assignment", sa.Column("agency_id", sa.String, nullable=True))
    op.execute(
        "update assignment a set agency_id = p.agency_id from personnel p"
        " where p.id = a.personnel_id"
    )
    op.alter_column("assignment", "agency_id", nullable=False)
    op.add_column("assignment", sa.Column("batch_id", sa.Uuid, nullable=True))
    op.add_column("assignment", sa.Column("reminded_at", _MOMENT, nullable=True))
    op.create_index(
        "ix_assignment_agency_id", "assignment", ["agency_id", "assigned_at", "id"], unique=False
    )
    op.create_index("ix_assignment_batch_id", "assignment", ["batch_id"], unique=False)
    op.create_index(
        "ix_assignment_due",
        "assignment",
        ["agency_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text(
            "due_on is not null and status not in ('CANCELLED', 'COMPLETED', 'CREDITED', 'DENIED',"
            " 'EXPIRED', 'FAILED', 'INCOMPLETE', 'LATE_CANCELLED', 'NO_SHOW', 'RECERT_DUE')"
        ),
    )
    op.add_column("course", sa.Column("training_category", sa.String, nullable=True))
    op.add_column(
        "course", sa.Column("default_hours", sa.Numeric(precision=6, scale=2), nullable=True)
    )
    op.add_column("course", sa.Column("validity_months", sa.BigInteger, nullable=True))
    op.add_column(
        "course", sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.text("true"))
    )
    op.add_column(
        "personnel",
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.text("true")),
    )
    op.add_column(
        "personnel",
        sa.Column(
            "is_training_manager", sa.Boolean, nullable=False, server_default=sa.text("false")
        ),
    )
    op.add_column("personnel", sa.Column("hired_on", sa.Date, nullable=True))
    op.add_column("personnel", sa.Column("academy_on", sa.Date, nullable=True))
    op.add_column(
        "personnel",
        sa.Column("is_assessed", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.create_index("ix_personnel_external_id", "personnel", ["external_id"], unique=False)
    op.create_index(
        "ix_personnel_to_assess",
        "personnel",
        ["id"],
        unique=False,
        postgresql_where=sa.text("not is_assessed"),
    )
    op.add_column("session", sa.Column("capacity", sa.BigInteger, nullable=True))
    op.add_column("session", sa.Column("waitlist_capacity", sa.BigInteger, nullable=True))
    op.add_column("session", sa.Column("registration_opens_at", _MOMENT, nullable=True))
    op.add_column("session", sa.Column("registration_closes_at", _MOMENT, nullable=True))
    op.add_column("session", sa.Column("cancel_by_at", _MOMENT, nullable=True))
    op.add_column("session", sa.Column("provider_enrolled", sa.BigInteger, nullable=True))
    op.add_column("session", sa.Column("provider_waitlisted", sa.BigInteger, nullable=True))
    op.alter_column("course", "is_active", server_default=None)
    op.alter_column("personnel", "is_active", server_default=None)
    op.alter_column("personnel", "is_training_manager", server_default=None)
    op.alter_column("personnel", "is_assessed", server_default=None)


def downgrade() -> None:
    op.drop_index("ix_assignment_agency_id", "assignment")
    op.drop_index("ix_assignment_batch_id", "assignment")
    op.drop_index("ix_assignment_due", "assignment")
    op.drop_index("ix_personnel_external_id", "personnel")
    op.drop_index("ix_personnel_to_assess", "personnel")
    op.drop_column("session", "provider_waitlisted")
    op.drop_column("session", "provider_enrolled")
    op.drop_column("session", "cancel_by_at")
    op.drop_column("session", "registration_closes_at")
    op.drop_column("session", "registration_opens_at")
    op.drop_column("session", "waitlist_capacity")
    op.drop_column("session", "capacity")
    op.drop_column("personnel", "is_assessed")
    op.drop_column("personnel", "academy_on")
    op.drop_column("personnel", "hired_on")
    op.drop_column("personnel", "is_training_manager")
    op.drop_column("personnel", "is_active")
    op.drop_column("course", "is_active")
    op.drop_column("course", "validity_months")
    op.drop_column("course", "default_hours")
    op.drop_column("course", "training_category")
    op.drop_column("assignment", "reminded_at")
    op.drop_column("assignment", "batch_id")
    op.drop_column("assignment", "agency_id")
