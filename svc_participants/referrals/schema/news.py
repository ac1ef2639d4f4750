"""The event of referrals."""

import strawberry
from strawberry.types import Info

from infra.events import event_id
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.referrals.schema.referral import Referral, load_referral


@strawberry.type(
    directives=[category(Category.STRUCTURE)], description="What there is to hear of referrals."
)
class ReferralSubscription:
    """Root fields of streams about referrals."""

    @strawberry.field(
        description=(
            "A referral was received at your site (PM), or handed to your agency as the provider"
            " (CM, SUP)."
        ),
        directives=[category(Category.STRUCTURE)],
    )
    async def referral_received(self, info: Info) -> Referral | None:
        """Return the referral that the event is about."""
        key = event_id(context_of(info).caller, "referralReceived")
        return None if key is None else await load_referral(info, key)
