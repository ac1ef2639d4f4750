"""The type Referral: what was written on the form, and apart from it what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id, reference_ids
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category, Role
from svc_participants.people.rules import YesNo
from svc_participants.people.schema import Participant, load_participant
from svc_participants.protocols.repository import ProtocolLoader
from svc_participants.referrals import repository, rules
from svc_participants.referrals.schema import standing
from svc_participants.referrals.tables import ReferralRow

_STRUCTURE = [category(Category.STRUCTURE)]
_REFERRAL = [category(Category.REFERRAL)]
_OUTCOME = [category(Category.ELIGIBILITY)]


@strawberry.type(directives=_REFERRAL, description="The person as the referrer described them.")
class ReferredPerson:
    """What the referrer knew; not the participant's identity."""

    given_name: str | None = strawberry.field(description="Given name as known to the referrer.")
    family_name: str | None = strawberry.field(description="Family name as known to the referrer.")
    alias: str | None = strawberry.field(description="Street name or other name.")
    description: str | None = strawberry.field(description="What the person looks like.")


@strawberry.type(directives=_REFERRAL, description="What an arrest diversion adds to the form.")
class ArrestDiversionDetails:
    """The first door."""

    incident_number: str | None = strawberry.field(description="The agency's incident number.")
    offence_code: str | None = strawberry.field(description="Conduct as NIBRS code.")
    statute: str | None = strawberry.field(description="Charge as statute citation (RCW).")
    approving_supervisor: str | None = strawberry.field(description="Who approved at the scene.")
    drug_amount_grams: float | None = strawberry.field(
        default=None, description="Amount in grams, where a drug is concerned."
    )
    victim_consulted: YesNo | None = strawberry.field(
        default=None, description="Whether whoever was harmed was asked."
    )


@strawberry.type(directives=_REFERRAL, description="What a social contact adds to the form.")
class SocialContactDetails:
    """The second door."""

    pattern: str | None = strawberry.field(description="What the officer knows of the pattern.")
    contacts_in_ninety_days: int | None = strawberry.field(
        description="How often the officer met the person in the last 90 days."
    )


@strawberry.type(directives=_REFERRAL, description="What a community referral adds to the form.")
class CommunityDetails:
    """The third door."""

    concern: str | None = strawberry.field(description="What the partner is concerned about.")
    relation: str | None = strawberry.field(description="How the partner knows the person.")


@strawberry.type(
    directives=_REFERRAL, description="The version of the site's protocol that applies."
)
class ProtocolVersion:
    """A protocol version."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    number: int | None = strawberry.field(description="Number of the version at its site.")
    title: str | None = strawberry.field(description="What the protocol is called.")


@strawberry.type(directives=_REFERRAL, description="How to reach whoever has referred.")
class ReferrerContact:
    """The referrer."""

    name: str | None = strawberry.field(description="Name.")
    phone: str | None = strawberry.field(description="Telephone number.")
    email: str | None = strawberry.field(description="Address.")
    unit: str | None = strawberry.field(description="Unit or badge, business or group.")


@strawberry.type(directives=_REFERRAL, description="The referrer's answer about an exclusion.")
class ExclusionAnswer:
    """An answer."""

    code: str | None = strawberry.field(description="Code of the exclusion in the protocol.")
    applies: YesNo | None = strawberry.field(description="Whether it applies to the person.")


def _is_the_person(info: Info) -> bool:
    # What somebody else has told is excepted from the access to one's own record (rule D04).
    return context_of(info).caller.role in (Role.PAR, Role.REP)


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.REFERRAL), about("participantId")],
    description="A referral of a person to LEAD. Referring is not approving.",
)
class Referral:
    """A referral, of which the caller may see the form, the outcome, or both."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    seen: strawberry.Private[repository.SeenReferral]

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list["Referral | None"]:
        """Resolve entity representations in one statement."""
        keys = reference_ids(representations)
        found = await context_of(info).loader(repository.ReferralLoader).load_many(keys)
        return [None if each is None else referral_of(each) for each in found]

    @property
    def _form(self) -> ReferralRow | None:
        return self.seen.row if self.seen.may_see_form else None

    @property
    def _outcome(self) -> ReferralRow | None:
        return self.seen.row if self.seen.may_see_outcome else None

    @strawberry.field(
        description="The person, where you may see who it is.",
        directives=[category(Category.IDENTITY)],
    )
    async def participant(self, info: Info) -> Participant | None:
        """Return the participant."""
        return await load_participant(info, self.seen.row.participant_id)

    @strawberry.field(description="Through which door.")
    def door(self) -> rules.Door | None:
        """Return the door."""
        return rules.Door(self._form.door) if self._form else None

    @strawberry.field(description="When it was handed in.")
    def submitted_at(self) -> datetime | None:
        """Return the time of submission."""
        return self._form.submitted_at if self._form else None

    @strawberry.field(description="What the referrer is told, whatever becomes of it.")
    def receipt(self) -> str | None:
        """Return the receipt, the same for everybody."""
        return rules.RECEIPT if self._form else None

    @strawberry.field(description="How soon to reach the person.")
    def urgency(self) -> rules.Urgency | None:
        """Return the urgency."""
        return rules.Urgency(self._form.urgency) if self._form else None

    @strawberry.field(description="Where on the way through the justice system.")
    def intercept_point(self) -> rules.InterceptPoint | None:
        """Return the point of the Sequential Intercept Model."""
        return rules.InterceptPoint(self._form.intercept_point) if self._form else None

    @strawberry.field(description="What would have happened without LEAD.")
    def counterfactual(self) -> rules.Counterfactual | None:
        """Return the counterfactual."""
        return rules.Counterfactual(self._form.counterfactual) if self._form else None

    @strawberry.field(description="The person as the referrer described them.")
    def person(self) -> ReferredPerson | None:
        """Return the description."""
        row = self._form
        if row is None:
            return None
        return ReferredPerson(
            given_name=row.person_given_name,
            family_name=row.person_family_name,
            alias=row.person_alias,
            description=row.person_description,
        )

    @strawberry.field(description="When it happened.")
    def occurred_at(self) -> datetime | None:
        """Return the time."""
        return self._form.occurred_at if self._form else None

    @strawberry.field(
        description="Where it happened; of the form without a login, where the person usually is."
    )
    def place(self) -> str | None:
        """Return the place."""
        return self._form.place if self._form else None

    @strawberry.field(
        description="The referrer's own account; falls under Golden Rule 1. Not for the person."
    )
    def account(self, info: Info) -> str | None:
        """Return the free text."""
        return self._form.account if self._form and not _is_the_person(info) else None

    @strawberry.field(description="Needs that the referrer noticed.")
    def needs(self) -> list[rules.Need] | None:
        """Return the ticked needs."""
        return [rules.Need(each) for each in self._form.needs] if self._form else None

    @strawberry.field(description="What to take care of when meeting the person.")
    def safety_concerns(self, info: Info) -> str | None:
        """Return safety concerns."""
        return self._form.safety_concerns if self._form and not _is_the_person(info) else None

    @strawberry.field(description="Language the person speaks (BCP 47 tag).")
    def preferred_language(self) -> str | None:
        """Return the language."""
        return self._form.preferred_language if self._form else None

    @strawberry.field(description="Whether the person knows of the referral.")
    def person_is_aware(self) -> YesNo | None:
        """Return the awareness."""
        return YesNo(self._form.person_is_aware) if self._form else None

    @strawberry.field(description="The first door's part of the form.")
    def arrest_diversion(self, info: Info) -> ArrestDiversionDetails | None:
        """Return the details of an arrest diversion."""
        details = self._details(info, rules.Door.ARREST_DIVERSION)
        if details is None:
            return None
        asked = details.get("victim_consulted")
        return ArrestDiversionDetails(
            **{**details, "victim_consulted": None if asked is None else YesNo(asked)}
        )

    @strawberry.field(description="The second door's part of the form.")
    def social_contact(self, info: Info) -> SocialContactDetails | None:
        """Return the details of a social contact."""
        details = self._details(info, rules.Door.SOCIAL_CONTACT)
        return None if details is None else SocialContactDetails(**details)

    @strawberry.field(description="The third door's part of the form.")
    def community(self, info: Info) -> CommunityDetails | None:
        """Return the details of a community referral."""
        details = self._details(info, rules.Door.COMMUNITY)
        return None if details is None else CommunityDetails(**details)

    def _details(self, info: Info, door: rules.Door) -> dict[str, Any] | None:
        row = None if _is_the_person(info) else self._form
        return row.details if row is not None and row.door == door.value else None

    @strawberry.field(description="Whether the person agreed to be referred.")
    def person_agreed(self) -> YesNo | None:
        """Return the agreement."""
        return YesNo(self._form.person_agreed) if self._form else None

    @strawberry.field(description="How to reach whoever has referred. Not for the person.")
    def referrer(self, info: Info) -> ReferrerContact | None:
        """Return the referrer's own data."""
        if self._form is None or not self._form.referrer or _is_the_person(info):
            return None
        return ReferrerContact(**self._form.referrer)

    @strawberry.field(description="What the referrer knows of the exclusions. Not for the person.")
    def exclusion_answers(self, info: Info) -> list[ExclusionAnswer] | None:
        """Return the answers."""
        if self._form is None or _is_the_person(info):
            return None
        answers = self._form.exclusions
        return [ExclusionAnswer(code=code, applies=YesNo(answers[code])) for code in answers]

    @strawberry.field(description="The protocol under which it is judged.")
    async def protocol_version(self, info: Info) -> ProtocolVersion | None:
        """Return the protocol version."""
        if self._form is None:
            return None
        row = await context_of(info).loader(ProtocolLoader).load(self._form.protocol_version_id)
        if row is None:
            return None
        return ProtocolVersion(id=strawberry.ID(str(row.id)), number=row.number, title=row.title)

    @strawberry.field(
        description="Where it stands. Not for the referrer, who gets the receipt.",
        directives=_OUTCOME,
    )
    def status(self) -> rules.ReferralStatus | None:
        """Return the status where the outcome is permitted."""
        return rules.ReferralStatus(self._outcome.status) if self._outcome else None

    @strawberry.field(description="Steps that are possible now.", directives=_OUTCOME)
    def possible_steps(self) -> list[rules.ReferralStatus] | None:
        """Return the next statuses where the outcome is permitted."""
        if self._outcome is None:
            return None
        return sorted(rules.STEPS[rules.ReferralStatus(self._outcome.status)])

    @strawberry.field(description="Why it was decided so.", directives=_OUTCOME)
    def decision_reason(self) -> str | None:
        """Return the reason where the outcome is permitted."""
        return self._outcome.decision_reason if self._outcome else None

    @strawberry.field(
        description="Why it was taken up although the protocol spoke against it, or before its "
        "turn on the waiting list.",
        directives=_OUTCOME,
    )
    def exception_reason(self) -> str | None:
        """Return the reason where the outcome is permitted."""
        return self._outcome.exception_reason if self._outcome else None

    @strawberry.field(
        description="What the protocol said when it came in; it never decides.",
        directives=_OUTCOME,
    )
    def judgement(self) -> standing.ReferralJudgement | None:
        """Return the judgement where the outcome is permitted."""
        return standing.judgement_of(self._outcome.judgement) if self._outcome else None

    @strawberry.field(
        description="Since when it holds its place in the order.", directives=_OUTCOME
    )
    def queued_since(self) -> datetime | None:
        """Return the moment where the outcome is permitted."""
        return self._outcome.queued_since if self._outcome else None

    @strawberry.field(
        description="Its place on the waiting list that you screen, the first is 1; `judgement` "
        "says for which reasons it has its points, `queuedSince` what decides between equals.",
        directives=_OUTCOME,
    )
    async def waitlist_place(self, info: Info) -> int | None:
        """Return the place, for who screens it while it waits."""
        if self._outcome is None:
            return None
        return await context_of(info).loader(repository.PlaceLoader).load(self._outcome.id)

    @strawberry.field(
        description="Clocks that run, for those whose work they are.", directives=_OUTCOME
    )
    async def clocks(self, info: Info) -> list[standing.ReferralClock] | None:
        """Return the clocks where the outcome is permitted."""
        return await standing.clocks_of(info, self._outcome) if self._outcome else None

    @strawberry.field(description="How far the intake is; never why.", directives=_OUTCOME)
    async def intake_standing(self, info: Info) -> standing.IntakeStanding | None:
        """Return the standing where the outcome is permitted."""
        return await standing.intake_standing_of(info, self._outcome) if self._outcome else None

    @strawberry.field(description="When it was decided.", directives=_OUTCOME)
    def decided_at(self) -> datetime | None:
        """Return the time of decision where the outcome is permitted."""
        return self._outcome.decided_at if self._outcome else None

    @strawberry.field(description="Provider that it was handed to.", directives=_OUTCOME)
    def provider_agency_id(self) -> strawberry.ID | None:
        """Return the provider where the outcome is permitted."""
        row = self._outcome
        if row is None or row.provider_agency_id is None:
            return None
        return strawberry.ID(str(row.provider_agency_id))

    @strawberry.field(description="Give it as `expectedVersion` for a change.", directives=_OUTCOME)
    def version(self) -> int | None:
        """Return the version; it tells of steps taken, so it belongs to the outcome."""
        return self._outcome.version if self._outcome else None


def referral_of(seen: repository.SeenReferral) -> Referral:
    """Return the GraphQL object of a referral."""
    return Referral(
        id=strawberry.ID(str(seen.row.id)),
        participant_id=strawberry.ID(str(seen.row.participant_id)),
        seen=seen,
    )


async def load_referral(info: Info, referral_id: object) -> Referral | None:
    """Return one referral, or None: absent, hidden and malformed ids look alike."""
    key = referral_id if isinstance(referral_id, UUID) else parse_id(referral_id)
    if key is None:
        return None
    seen = await context_of(info).loader(repository.ReferralLoader).load(key)
    return None if seen is None else referral_of(seen)
