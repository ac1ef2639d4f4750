"""Inputs of referrals: the person, and one form for each door."""

from datetime import date, datetime

import strawberry

from svc_participants.people.rules import YesNo
from svc_participants.referrals import commands, forms, rules


@strawberry.input(
    description="Whom a referral is about: a participant you may see, or what you know of them."
)
class ReferredPersonInput:
    """The person."""

    participant_id: strawberry.ID | None = strawberry.field(
        default=None, description="A participant whose identity you may see."
    )
    given_name: str | None = strawberry.field(default=None, description="Given name.")
    family_name: str | None = strawberry.field(default=None, description="Family name.")
    alias: str | None = strawberry.field(default=None, description="Street name or other name.")
    description: str | None = strawberry.field(default=None, description="What they look like.")
    date_of_birth: date | None = strawberry.field(default=None, description="Date of birth.")
    estimated_birth_year: int | None = strawberry.field(
        default=None, description="Estimated year of birth, where the date is not known."
    )
    phone: str | None = strawberry.field(
        default=None, description="Their telephone number; becomes their contact, not your form."
    )
    usual_places: list[str] = strawberry.field(
        default_factory=list, description="Where they are usually found; as with the number."
    )


@strawberry.input(description="How to reach you about this referral.")
class ReferrerInput:
    """The referrer."""

    name: str | None = strawberry.field(default=None, description="Your name.")
    phone: str | None = strawberry.field(default=None, description="Your telephone number.")
    email: str | None = strawberry.field(default=None, description="Your address.")
    unit: str | None = strawberry.field(
        default=None, description="Your unit or badge, business or group."
    )


@strawberry.input(description="An answer to one exclusion of the site's protocol.")
class ExclusionAnswerInput:
    """An answer."""

    code: str = strawberry.field(description="Code of the exclusion in the protocol.")
    applies: YesNo = strawberry.field(description="Whether it applies to the person.")


@strawberry.input(description="What all doors have in common.")
class ReferralFormInput:
    """The common part of the form."""

    person: ReferredPersonInput = strawberry.field(description="Whom it is about.")
    account: str = strawberry.field(description="What happened, in your own words.")
    urgency: rules.Urgency = strawberry.field(description="How soon to reach the person.")
    intercept_point: rules.InterceptPoint = strawberry.field(
        description="Where on the way through the justice system."
    )
    counterfactual: rules.Counterfactual = strawberry.field(
        description="What would have happened without LEAD."
    )
    person_is_aware: YesNo = strawberry.field(description="Whether the person knows of it.")
    occurred_at: datetime | None = strawberry.field(default=None, description="When it happened.")
    place: str | None = strawberry.field(default=None, description="Where it happened.")
    needs: list[rules.Need] = strawberry.field(
        default_factory=list, description="Needs that you noticed."
    )
    safety_concerns: str | None = strawberry.field(
        default=None, description="What to take care of when meeting the person."
    )
    preferred_language: str | None = strawberry.field(
        default=None, description="Language the person speaks (BCP 47 tag)."
    )
    person_agreed: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether the person agreed to be referred."
    )
    made_at: datetime | None = strawberry.field(
        default=None, description="When you referred, where you enter it later; clocks start then."
    )
    referrer: ReferrerInput | None = strawberry.field(
        default=None, description="How to reach you about this referral."
    )
    exclusion_answers: list[ExclusionAnswerInput] = strawberry.field(
        default_factory=list, description="What you know about the protocol's exclusions."
    )

    def as_form(self, door: rules.Door, details: dict[str, object]) -> forms.ReferralForm:
        """Return the command's form."""
        person, referrer = self.person, self.referrer or ReferrerInput()
        return forms.ReferralForm(
            door=door,
            person=forms.Person(
                participant_id=person.participant_id,
                given_name=person.given_name,
                family_name=person.family_name,
                alias=person.alias,
                description=person.description,
                born_on=person.date_of_birth,
                estimated_birth_year=person.estimated_birth_year,
                phone=person.phone,
                usual_places=tuple(person.usual_places),
            ),
            account=self.account,
            urgency=self.urgency,
            intercept_point=self.intercept_point,
            counterfactual=self.counterfactual,
            occurred_at=self.occurred_at,
            place=self.place,
            needs=self.needs,
            safety_concerns=self.safety_concerns,
            preferred_language=self.preferred_language,
            person_is_aware=self.person_is_aware,
            person_agreed=self.person_agreed,
            made_at=self.made_at,
            referrer=forms.Referrer(referrer.name, referrer.phone, referrer.email, referrer.unit),
            exclusions={each.code: each.applies for each in self.exclusion_answers},
            details=details,
        )


@strawberry.input(description="An arrest diversion: probable cause, and LEAD instead of booking.")
class SubmitArrestDiversionInput:
    """The first door."""

    idempotency_key: str = strawberry.field(description="Unique per intended referral.")
    form: ReferralFormInput = strawberry.field(description="What all doors have in common.")
    incident_number: str = strawberry.field(description="Your agency's incident number.")
    offence_code: str = strawberry.field(description="Conduct as NIBRS code.")
    statute: str | None = strawberry.field(default=None, description="Charge as RCW citation.")
    approving_supervisor: str | None = strawberry.field(
        default=None, description="Who approved at the scene."
    )
    drug_amount_grams: float | None = strawberry.field(
        default=None, description="Amount in grams, where a drug is concerned."
    )
    victim_consulted: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether whoever was harmed was asked."
    )


@strawberry.input(description="A social contact: the officer knows the pattern; no arrest.")
class SubmitSocialContactInput:
    """The second door."""

    idempotency_key: str = strawberry.field(description="Unique per intended referral.")
    form: ReferralFormInput = strawberry.field(description="What all doors have in common.")
    pattern: str = strawberry.field(description="What you know of the person's pattern.")
    contacts_in_ninety_days: int | None = strawberry.field(
        default=None, description="How often you met the person in the last 90 days."
    )


@strawberry.input(description="A community referral, without police.")
class SubmitCommunityReferralInput:
    """The third door."""

    idempotency_key: str = strawberry.field(description="Unique per intended referral.")
    form: ReferralFormInput = strawberry.field(description="What all doors have in common.")
    concern: str = strawberry.field(description="What you are concerned about.")
    relation: str | None = strawberry.field(default=None, description="How you know the person.")


@strawberry.input(description="A decision on a referral.")
class DecideReferralInput:
    """Input of ``decideReferral``."""

    referral_id: strawberry.ID = strawberry.field(description="Which referral.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended decision.")
    decision: rules.Decision = strawberry.field(description="What is decided.")
    provider_agency_id: strawberry.ID | None = strawberry.field(
        default=None, description="Provider that takes it up; needed to approve."
    )
    reason: rules.DeclineReason | None = strawberry.field(
        default=None, description="Criterion that is not met; needed to decline."
    )
    duplicate_of_id: strawberry.ID | None = strawberry.field(
        default=None, description="Referral that goes on; needed to mark a duplicate."
    )
    exception_reason: str | None = strawberry.field(
        default=None,
        description="Why it is taken up although the protocol speaks against it, or before "
        "others that stand before it on the waiting list, also straight from screening.",
    )
    decided_at: datetime | None = strawberry.field(
        default=None,
        description="When it was decided, where you enter it later; clocks start and end then.",
    )

    def as_request(self) -> commands.DecisionRequest:
        """Return the command's request."""
        return commands.DecisionRequest(
            decision=self.decision,
            expected_version=self.expected_version,
            provider_agency_id=self.provider_agency_id,
            reason=self.reason,
            duplicate_of_id=self.duplicate_of_id,
            exception_reason=self.exception_reason,
            decided_at=self.decided_at,
        )


@strawberry.input(description="A step of outreach.")
class RecordOutreachInput:
    """Input of ``recordOutreach``."""

    referral_id: strawberry.ID = strawberry.field(description="Which referral.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended step.")
    status: rules.ReferralStatus = strawberry.field(description="Where it stands now.")
    happened_at: datetime | None = strawberry.field(
        default=None, description="When it came to that; now where you leave it out."
    )
