"""What each value of the referral's enums means, as the API says it."""

from svc_participants.referrals.rules import (
    Counterfactual,
    Decision,
    DeclineReason,
    Door,
    InterceptPoint,
    Need,
    ReferralStatus,
    Urgency,
)

DOOR_MEANINGS = {
    Door.ARREST_DIVERSION: "An officer had probable cause and offered LEAD instead of booking.",
    Door.SOCIAL_CONTACT: "An officer knows the person's pattern; no arrest.",
    Door.COMMUNITY: "A community partner or provider, without police.",
}
URGENCY_MEANINGS = {
    Urgency.ROUTINE: "Within the usual time.",
    Urgency.SOON: "Within days.",
    Urgency.NOW: "A warm handoff on the spot; target 30 minutes.",
}
INTERCEPT_MEANINGS = {
    InterceptPoint.COMMUNITY_SERVICES: "Intercept 0: community services.",
    InterceptPoint.LAW_ENFORCEMENT: "Intercept 1: law enforcement.",
    InterceptPoint.INITIAL_DETENTION: "Intercept 2: initial detention and court hearings.",
    InterceptPoint.JAILS_COURTS: "Intercept 3: jails and courts.",
    InterceptPoint.REENTRY: "Intercept 4: reentry.",
    InterceptPoint.COMMUNITY_CORRECTIONS: "Intercept 5: community corrections.",
}
COUNTERFACTUAL_MEANINGS = {
    Counterfactual.WOULD_BOOK: "The person would have been booked.",
    Counterfactual.WOULD_CITE: "The person would have been cited.",
    Counterfactual.WOULD_NOT_ACT: "Nothing would have been done.",
    Counterfactual.UNKNOWN: "The referrer cannot say.",
}
NEED_MEANINGS = {
    Need.HOUSING: "A place to stay.",
    Need.SUBSTANCE_USE: "Help around substance use.",
    Need.MENTAL_HEALTH: "Help around mental health.",
    Need.HEALTH: "Medical care.",
    Need.INCOME: "Income, benefits, identity papers.",
    Need.SAFETY: "Safety from others.",
}
STATUS_MEANINGS = {
    ReferralStatus.DRAFT: "Being written.",
    ReferralStatus.SUBMITTED: "Handed in.",
    ReferralStatus.SCREENING: "Under screening by the project management agency.",
    ReferralStatus.APPROVED: "Taken up; handed to a provider.",
    ReferralStatus.WAITLISTED: "Eligible; waits for capacity by the protocol's rule.",
    ReferralStatus.DECLINED_INELIGIBLE: "Outside the protocol.",
    ReferralStatus.DUPLICATE: "Another referral of the same person goes on.",
    ReferralStatus.WITHDRAWN: "Taken back.",
    ReferralStatus.EXPIRED: "Waited longer than the protocol allows.",
    ReferralStatus.OUTREACH: "Somebody is looking for the person.",
    ReferralStatus.CONTACTED: "The person was reached.",
    ReferralStatus.UNABLE_TO_LOCATE: "The person could not be found; can be taken up again.",
    ReferralStatus.ACCEPTED_BY_PERSON: "The person wants to take part.",
    ReferralStatus.DECLINED_BY_PERSON: "The person does not want to now; can be taken up again.",
    ReferralStatus.INTAKE_STARTED: "Intake has begun.",
    ReferralStatus.INTAKE_LAPSED: "Intake was not completed in time; can be taken up again.",
    ReferralStatus.ENROLLED: "The person is enrolled.",
}
DECISION_MEANINGS = {
    Decision.APPROVE: "Take it up and hand it to a provider.",
    Decision.WAITLIST: "Eligible, but there is no capacity now.",
    Decision.DECLINE: "Outside the protocol; needs a reason.",
    Decision.MARK_DUPLICATE: "Another referral of the same person goes on.",
    Decision.WITHDRAW: "The referrer took it back.",
    Decision.EXPIRE: "It has waited longer than the protocol allows.",
}
DECLINE_REASON_MEANINGS = {
    DeclineReason.OUTSIDE_ELIGIBILITY: "Does not meet the protocol's eligibility criteria.",
    DeclineReason.CHARGE_NOT_DIVERTIBLE: "The charge is not on the protocol's list.",
    DeclineReason.OUTSIDE_AREA: "Outside the site's area.",
    DeclineReason.SERVED_ELSEWHERE: "Another programme serves the person already.",
    DeclineReason.OTHER_CRITERION: "Another criterion of the protocol.",
}
