"""Enums of referrals; published before any type or input refers to them."""

from infra.schema_enums import described_enum
from svc_participants.referrals import rules

described_enum(rules.Door, "How somebody came to LEAD.", rules.DOOR_MEANINGS, name="ReferralDoor")
described_enum(
    rules.Urgency, "How soon to reach the person.", rules.URGENCY_MEANINGS, name="ReferralUrgency"
)
described_enum(
    rules.InterceptPoint, "Sequential Intercept Model, 0 to 5.", rules.INTERCEPT_MEANINGS
)
described_enum(
    rules.Counterfactual,
    "What would have happened without LEAD; guards against net-widening.",
    rules.COUNTERFACTUAL_MEANINGS,
)
described_enum(
    rules.Need, "A need that the referrer noticed.", rules.NEED_MEANINGS, name="ReferralNeed"
)
described_enum(
    rules.ReferralStatus,
    "Where a referral stands. There is no failed state.",
    rules.STATUS_MEANINGS,
)
described_enum(
    rules.Decision,
    "What screening can decide.",
    rules.DECISION_MEANINGS,
    name="ReferralDecision",
)
described_enum(
    rules.DeclineReason,
    "Criterion of the protocol that is not met.",
    rules.DECLINE_REASON_MEANINGS,
)
