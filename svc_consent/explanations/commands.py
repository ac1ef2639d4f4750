"""Opening a review: the one way in which a privacy officer comes to see a participant's record."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from infra.authority.changes import put_visibility
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.explanations import repository, rules
from svc_consent.explanations.tables import PrivacyReview


async def open_review(
    session: WriteSession, caller: Caller, participant_id: str, reason: str
) -> dict[str, Any]:
    """Open a participant's record to the privacy officer who asks, for a day, with the reason.

    A record that is another site's alone stays shut: it has a privacy officer of its own. The
    answer is the same for it, for the site's own and for an id that names nobody.

    Raises:
        CommandError: not a privacy officer, or no well-formed id.
        RuleError: no reason.
    """
    account_id, site_id = parse_id(caller.subject), parse_id(caller.site_id)
    if caller.role is not Role.PRV or account_id is None or site_id is None:
        raise CommandError("FORBIDDEN", "Reviews are the privacy officer's.")
    row_id = parse_id(participant_id)
    if row_id is None:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", "participantId"))
    checked = rules.checked_review_reason(reason)
    now = await database_now(session)
    review = PrivacyReview(
        id=uuid4(), participant_id=row_id, site_id=site_id, opened_by=account_id, reason=checked,
        starts_at=now, ends_at=now + timedelta(hours=rules.REVIEW_HOURS),
    )  # fmt: skip
    session.add(review)
    if await repository.is_elsewhere(session, row_id, site_id):
        return {"reviewId": str(review.id), "endsAt": review.ends_at.isoformat()}
    fact = rules.review_ground(review.id, row_id, caller.subject, review.starts_at, review.ends_at)
    touched = [Touched(str(row_id), fact.holder)]
    await record_change(session, keys_of(touched, {}), [put_visibility(fact)])
    return {"reviewId": str(review.id), "endsAt": review.ends_at.isoformat()}
