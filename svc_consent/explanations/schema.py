"""Explanations in GraphQL: for the participant's case manager, and for a privacy officer's review.

To every other role the two fields are absent (``gateway/policy/matrix.toml``); here they answer
null to whoever may not see the participant's accounting.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form, Purpose, Role
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.explanations import commands, repository, rules
from svc_consent.explanations.agreement import Agreement, packaged_agreement
from svc_consent.explanations.rules import Explainer, Recipient, Step, Verdict

_AUDIT = [category(Category.AUDIT)]
described_enum(
    Step,
    "The step that ended a decision.",
    {
        Step.UNKNOWN_INPUT: "No such field.",
        Step.NO_GRANT: "The person does not hold the role there.",
        Step.NO_AGREEMENT: "The agency's agreement is not live.",
        Step.PURPOSE_ALWAYS_DENIED: "What came through LEAD never serves this purpose.",
        Step.PURPOSE_NOT_OF_ROLE: "The role does not act for this purpose.",
        Step.PROHIBITED: "Golden Rule: never for this role, whatever was signed.",
        Step.NOT_OF_ROLE: "Not this role's.",
        Step.AGGREGATE_ONLY: "This role sees numbers, not people.",
        Step.SUMMARY_ONLY: "This role gets the approved summary at most.",
        Step.NOT_TRAINED: "The site opens it to who has the training for it; the person has not.",
        Step.DENIED_BY_PARTICIPANT: "A denial stands against it.",
        Step.NO_GROUND: "No release in force and no other ground covers it.",
        Step.PERMITTED: "It may be seen.",
    },
    name="DecisionStep",
)
described_enum(
    Form,
    "In which form a field carries its category.",
    {
        Form.RAW: "As it was written.",
        Form.SUMMARY: "As the approved summary.",
        Form.PUBLIC_RECORD: "As any court shows it.",
        Form.AGGREGATE: "As figures about eleven people or more.",
        Form.DEIDENTIFIED: "As rows without names, under an agreement.",
    },
    name="InformationForm",
)


@strawberry.input(description="Whose view is asked about.")
class RecipientInput:
    """A role at an agency, or one person who holds it."""

    role: Role = strawberry.field(description="The role.")
    agency_id: strawberry.ID | None = strawberry.field(
        default=None, description="The agency; none for participants."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="One person of that agency; without it, anybody who holds the role there.",
    )
    is_liaison: bool = strawberry.field(
        default=False, description="Of a prosecutor: whether the office's named liaison."
    )
    service_field: str | None = strawberry.field(
        default=None, description="Of a provider: SUD, MH or HOUSING."
    )


@strawberry.type(directives=_AUDIT, description="Why one category may, or may not, be seen.")
class CategoryVerdict:
    """A verdict on one category."""

    category: Category | None = strawberry.field(description="The category.")
    form: Form | None = strawberry.field(description="In which form.")
    is_permitted: bool | None = strawberry.field(description="Whether it may be seen.")
    step: Step | None = strawberry.field(description="The step that decided.")
    rule_ids: list[str] | None = strawberry.field(description="Rules that decided.")
    grounds: list[str] | None = strawberry.field(
        description="Grounds held, as letters of the access table."
    )
    release_version_ids: list[strawberry.ID] | None = strawberry.field(
        description="Versions of releases (or emergency accesses) that it rests on."
    )
    valid_until: datetime | None = strawberry.field(
        description="When passing time alone could change it."
    )

    @classmethod
    def of(cls, verdict: Verdict) -> "CategoryVerdict":
        """Return the GraphQL object of a verdict."""
        return cls(
            category=verdict.category,
            form=verdict.form,
            is_permitted=verdict.is_permitted,
            step=verdict.step,
            rule_ids=list(verdict.rule_ids),
            grounds=list(verdict.bases),
            release_version_ids=[strawberry.ID(each) for each in verdict.sources],
            valid_until=verdict.valid_until,
        )


@strawberry.type(
    directives=[*_AUDIT, about("participantId")],
    description="Who may see a field of a participant, and why.",
)
class Explanation:
    """An explained decision."""

    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose record."
    )
    is_permitted: bool | None = strawberry.field(description="Whether the field may be seen.")
    verdicts: list[CategoryVerdict] | None = strawberry.field(
        description="One for each category of the field; all must permit."
    )
    decided_at: datetime | None = strawberry.field(description="For which instant.")
    revision: int | None = strawberry.field(description="Authority revision it was read at.")
    policy_version: str | None = strawberry.field(description="Version of the agreement.")


@strawberry.type(
    directives=[*_AUDIT, about("participantId")],
    description="What a recipient would see of a participant.",
)
class Preview:
    """A preview of a recipient's view."""

    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose record."
    )
    categories: list[CategoryVerdict] | None = strawberry.field(
        description="Every category, in the form that the role may have at most."
    )
    coordinates: list[str] | None = strawberry.field(
        description="Fields about the participant that would be answered."
    )
    decided_at: datetime | None = strawberry.field(description="For which instant.")
    revision: int | None = strawberry.field(description="Authority revision it was read at.")
    policy_version: str | None = strawberry.field(description="Version of the agreement.")


ParticipantId = Annotated[strawberry.ID, strawberry.argument(description="Whose record.")]
AskedAs = Annotated[
    RecipientInput,
    strawberry.argument(description="Whose view.", directives=_AUDIT),
]
AskedFor = Annotated[
    str, strawberry.argument(description="Code of the purpose of use.", directives=_AUDIT)
]
AskedAt = Annotated[
    datetime | None,
    strawberry.argument(description="For which instant; now when absent.", directives=_AUDIT),
]
Coordinate = Annotated[
    str,
    strawberry.argument(
        description="The field, for example `Participant.notes`.", directives=_AUDIT
    ),
]


async def _explainer(
    info: Info, participant_id: str, subject: RecipientInput, purpose: str, at: datetime | None
) -> tuple[UUID, Explainer, rules.Facts, Agreement] | None:
    """Return what explains, or None for whoever may not ask and for what cannot be explained."""
    context = context_of(info)
    caller: Caller = context.caller
    row_id, agreement = parse_id(participant_id), packaged_agreement()
    if row_id is None or caller.role not in rules.READERS:
        return None
    if caller.policy_version != agreement.version or purpose not in set(Purpose):
        return None
    column = agreement.column_of(
        subject.role, is_liaison=subject.is_liaison, service_field=subject.service_field
    )
    agency = parse_id(str(subject.agency_id)) if subject.agency_id else None
    account = parse_id(str(subject.account_id)) if subject.account_id else None
    async with context.reading() as session:
        if not await repository.may_read(session, caller, row_id):
            return None
        agency_id = str(agency) if agency else ""
        facts = await repository.facts_at(session, row_id, agency_id, at)
        recipient = Recipient(
            column, subject.role, agency_id, caller.site_id, str(account) if account else ""
        )
        if account is not None and agency is not None:
            holds = await repository.holds_grant(session, recipient, facts.at)
            recipient = replace(recipient, holds_grant=holds)
        untrained, needed = await repository.training_gate(session, recipient, facts.at)
        recipient = replace(recipient, untrained=untrained, needs_training=needed)
    return row_id, Explainer(agreement, recipient, Purpose(purpose), facts), facts, agreement


@strawberry.type(directives=STRUCTURE)
class ExplanationsQuery:
    """Root fields of explanations."""

    @strawberry.field(
        description="Why a recipient may, or may not, see a field of a participant.",
        directives=_AUDIT,
    )
    async def explain(
        self,
        info: Info,
        participant_id: ParticipantId,
        coordinate: Coordinate,
        subject: AskedAs,
        purpose: AskedFor,
        at: AskedAt = None,
    ) -> Explanation | None:
        """Explain one field."""
        found = await _explainer(info, str(participant_id), subject, purpose, at)
        if found is None:
            return None
        row_id, explainer, facts, agreement = found
        verdicts = explainer.field(coordinate)
        return Explanation(
            participant_id=strawberry.ID(str(row_id)),
            is_permitted=bool(verdicts) and all(each.is_permitted for each in verdicts),
            verdicts=[CategoryVerdict.of(each) for each in verdicts],
            decided_at=facts.at,
            revision=facts.revision,
            policy_version=agreement.version,
        )

    @strawberry.field(description="What a recipient would see of a participant.", directives=_AUDIT)
    async def preview(
        self,
        info: Info,
        participant_id: ParticipantId,
        subject: AskedAs,
        purpose: AskedFor,
        at: AskedAt = None,
    ) -> Preview | None:
        """Preview a recipient's view."""
        found = await _explainer(info, str(participant_id), subject, purpose, at)
        if found is None:
            return None
        row_id, explainer, facts, agreement = found
        return Preview(
            participant_id=strawberry.ID(str(row_id)),
            categories=[CategoryVerdict.of(each) for each in explainer.categories()],
            coordinates=explainer.visible_coordinates(),
            decided_at=facts.at,
            revision=facts.revision,
            policy_version=agreement.version,
        )


@strawberry.input(description="A review of one participant's record.")
class OpenReviewInput:
    """Input of openReview."""

    participant_id: strawberry.ID = strawberry.field(description="Whose record.")
    reason: str = strawberry.field(description="Why it is reviewed; kept with the review.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )


@strawberry.type(directives=STRUCTURE, description="Result of openReview.")
class OpenReviewPayload:
    """Payload of openReview: the same whether the id names somebody or not."""

    review_id: strawberry.ID | None = strawberry.field(description="Id of the review.")
    ends_at: datetime | None = strawberry.field(description="When it ends by itself.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class ExplanationsMutation:
    """Mutations of reviews."""

    @strawberry.mutation(
        description="Open a participant's record to yourself as privacy officer, with a reason."
    )
    async def open_review(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            OpenReviewInput, strawberry.argument(description="The review.")
        ],
    ) -> OpenReviewPayload:
        """Open a review."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.open_review(
                session, context.caller, str(input.participant_id), input.reason
            )

        outcome = await run_command(
            context, "openReview", input, key=input.idempotency_key, effect=effect
        )
        ends_at = outcome.result.get("endsAt")
        return OpenReviewPayload(
            review_id=outcome.result.get("reviewId"),
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            user_errors=outcome.user_errors,
        )
