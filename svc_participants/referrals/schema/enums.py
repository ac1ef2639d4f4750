"""Enums of referrals; published before any type or input refers to them."""

from infra.schema_enums import described_enum
from svc_participants.protocols import judgement
from svc_participants.referrals import choosing, meanings, rules

described_enum(
    rules.Door, "How somebody came to LEAD.", meanings.DOOR_MEANINGS, name="ReferralDoor"
)
described_enum(
    rules.Urgency,
    "How soon to reach the person.",
    meanings.URGENCY_MEANINGS,
    name="ReferralUrgency",
)
described_enum(
    rules.InterceptPoint, "Sequential Intercept Model, 0 to 5.", meanings.INTERCEPT_MEANINGS
)
described_enum(
    rules.Counterfactual,
    "What would have happened without LEAD; guards against net-widening.",
    meanings.COUNTERFACTUAL_MEANINGS,
)
described_enum(
    rules.Need, "A need that the referrer noticed.", meanings.NEED_MEANINGS, name="ReferralNeed"
)
described_enum(
    rules.ReferralStatus,
    "Where a referral stands. There is no failed state.",
    meanings.STATUS_MEANINGS,
)
described_enum(
    rules.Decision,
    "What screening can decide.",
    meanings.DECISION_MEANINGS,
    name="ReferralDecision",
)
described_enum(
    rules.DeclineReason,
    "Criterion of the protocol that is not met.",
    meanings.DECLINE_REASON_MEANINGS,
)
described_enum(
    choosing.QueueOrder,
    "In which order referrals that await a decision come.",
    choosing.QUEUE_ORDER_MEANINGS,
    name="ReferralQueueOrder",
)
described_enum(
    judgement.JudgedAs, "What a protocol says of a referral.", judgement.JUDGED_AS_MEANINGS
)
described_enum(judgement.Aspect, "What a finding is about.", judgement.ASPECT_MEANINGS)
