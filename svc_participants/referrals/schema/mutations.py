"""Changes to referrals."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Effect, Outcome, run_command
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.people.schema import INPUT
from svc_participants.referrals import commands, rules
from svc_participants.referrals.schema import inputs
from svc_participants.referrals.schema.referral import Referral, load_referral
from svc_participants.referrals.submissions import submit

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="What a referrer is told.")
class SubmitReferralPayload:
    """The same thanks for everybody."""

    receipt: str | None = strawberry.field(description="The receipt; null where it was refused.")
    referral: Referral | None = strawberry.field(description="Your own form.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a referral.")
class ReferralPayload:
    """Payload with the referral as it is now."""

    referral: Referral | None = strawberry.field(description="The referral as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _submit(
    info: Info, name: str, request: Any, door: rules.Door, details: dict[str, object]
) -> SubmitReferralPayload:
    context = context_of(info)
    form = request.form.as_form(door, details)
    outcome = await run_command(
        context,
        name,
        request,
        key=request.idempotency_key,
        effect=lambda session: submit(session, context.caller, form),
    )
    key = outcome.id("referral")
    return SubmitReferralPayload(
        receipt=None if key is None else rules.RECEIPT,
        referral=None if key is None else await load_referral(info, key),
        user_errors=outcome.user_errors,
    )


async def referral_payload(info: Info, outcome: Outcome) -> ReferralPayload:
    """Return the payload of a command about a referral."""
    key = outcome.id("referral")
    return ReferralPayload(
        referral=None if key is None else await load_referral(info, key),
        user_errors=outcome.user_errors,
    )


async def _change(info: Info, name: str, request: Any, effect: Effect) -> ReferralPayload:
    outcome = await run_command(
        context_of(info), name, request, key=request.idempotency_key, effect=effect
    )
    return await referral_payload(info, outcome)


@strawberry.type(directives=_STRUCTURE, description="Changes to referrals.")
class ReferralMutation:
    """Mutations about referrals."""

    @strawberry.mutation(description="Refer somebody instead of booking them (LEO, LEL).")
    async def submit_arrest_diversion(
        self,
        info: Info,
        input: Annotated[inputs.SubmitArrestDiversionInput, INPUT],  # noqa: A002
    ) -> SubmitReferralPayload:
        """Take in a referral through the first door."""
        details: dict[str, object] = {
            "incident_number": input.incident_number,
            "offence_code": input.offence_code,
            "statute": input.statute,
            "approving_supervisor": input.approving_supervisor,
            "drug_amount_grams": input.drug_amount_grams,
            "victim_consulted": input.victim_consulted.value,
        }
        door = rules.Door.ARREST_DIVERSION
        return await _submit(info, "submitArrestDiversion", input, door, details)

    @strawberry.mutation(description="Refer somebody whose pattern you know (LEO, LEL).")
    async def submit_social_contact(
        self,
        info: Info,
        input: Annotated[inputs.SubmitSocialContactInput, INPUT],  # noqa: A002
    ) -> SubmitReferralPayload:
        """Take in a referral through the second door."""
        details: dict[str, object] = {
            "pattern": input.pattern,
            "contacts_in_ninety_days": input.contacts_in_ninety_days,
        }
        door = rules.Door.SOCIAL_CONTACT
        return await _submit(info, "submitSocialContact", input, door, details)

    @strawberry.mutation(description="Refer somebody without police (COM, CM, SUP, DEF).")
    async def submit_community_referral(
        self,
        info: Info,
        input: Annotated[inputs.SubmitCommunityReferralInput, INPUT],  # noqa: A002
    ) -> SubmitReferralPayload:
        """Take in a referral through the third door."""
        details: dict[str, object] = {"concern": input.concern, "relation": input.relation}
        door = rules.Door.COMMUNITY
        return await _submit(info, "submitCommunityReferral", input, door, details)

    @strawberry.mutation(
        description="Decide on a referral (PM; LEL on the own agency's, approve and decline)."
    )
    async def decide_referral(
        self,
        info: Info,
        input: Annotated[inputs.DecideReferralInput, INPUT],  # noqa: A002
    ) -> ReferralPayload:
        """Decide on a referral."""
        caller = context_of(info).caller
        return await _change(
            info,
            "decideReferral",
            input,
            lambda session: commands.decide(session, caller, input.referral_id, input.as_request()),
        )

    @strawberry.mutation(description="Record a step of outreach (CM assigned, SUP of provider).")
    async def record_outreach(
        self,
        info: Info,
        input: Annotated[inputs.RecordOutreachInput, INPUT],  # noqa: A002
    ) -> ReferralPayload:
        """Record a step of outreach."""
        caller = context_of(info).caller
        return await _change(
            info,
            "recordOutreach",
            input,
            lambda session: commands.record_outreach(
                session,
                caller,
                input.referral_id,
                input.expected_version,
                input.status,
                input.happened_at,
            ),
        )
