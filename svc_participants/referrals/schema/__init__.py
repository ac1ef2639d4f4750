"""GraphQL of referrals."""

from svc_participants.referrals.schema import enums
from svc_participants.referrals.schema.mutations import ReferralMutation
from svc_participants.referrals.schema.news import ReferralSubscription
from svc_participants.referrals.schema.queries import ReferralFields, ReferralQuery
from svc_participants.referrals.schema.referral import Referral, load_referral

__all__ = [
    "Referral",
    "ReferralFields",
    "ReferralMutation",
    "ReferralQuery",
    "ReferralSubscription",
    "enums",
    "load_referral",
]
