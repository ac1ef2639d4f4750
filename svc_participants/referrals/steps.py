"""One step of a referral: checked against the machine, recorded, counted."""

from datetime import datetime
from uuid import uuid4

from infra.database import WriteSession
from svc_participants.clocks.commands import Measured
from svc_participants.referrals import rules
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow


def record_step(
    session: WriteSession,
    row: ReferralRow,
    wanted: rules.ReferralStatus,
    by_subject: str,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Take one step of a referral, and record it.

    Raises:
        RuleError: not a step from where it stands.
    """
    current = rules.ReferralStatus(row.status)
    rules.check_step(current, wanted)
    row.status = wanted.value
    row.version += 1
    session.add(
        ReferralEventRow(
            id=uuid4(),
            referral_id=row.id,
            participant_id=row.participant_id,
            from_status=current.value,
            to_status=wanted.value,
            reason=reason,
            by_subject=by_subject,
            happened_at=at,
        )
    )


def measured(row: ReferralRow, zone: str) -> Measured:
    """Return what a clock of a referral is about."""
    return Measured(row.id, row.id, row.participant_id, zone)
