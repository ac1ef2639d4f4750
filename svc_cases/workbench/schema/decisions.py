"""What case managers, supervisors and the liaison prosecutor do about matched cases, in GraphQL."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from svc_cases.cases.schema import STRUCTURE, perform, read_id
from svc_cases.coordination import commands, repository
from svc_cases.coordination.rules import CoordinationStatus, WarrantSource, WarrantStatus
from svc_cases.coordination.schema.matches import LeadLink
from svc_cases.coordination.schema.words import COORDINATION, SUMMARY
from svc_cases.counsel import commands as counsel_commands
from svc_cases.counsel import repository as counsel
from svc_cases.counsel.schema import CounselOfRecord
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION

LINK_DESCRIPTION = "Id of the match."
VERSION_DESCRIPTION = "Version as you read it."


@strawberry.input(description="That a case is a participant's.")
class MatchCaseInput:
    """Input of ``matchCase``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose case it is.")
    case_number: str = strawberry.field(description="Exact number of the case.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    is_diverted_arrest: bool = strawberry.field(
        default=False, description="Whether this is the very arrest that was diverted."
    )


@strawberry.input(description="That a match was wrong or is over.")
class UnmatchCaseInput:
    """Input of ``unmatchCase``."""

    link_id: strawberry.ID = strawberry.field(description=LINK_DESCRIPTION)
    reason: str = strawberry.field(description="Why it ends.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="What the liaison prosecutor has decided.")
class RecordFilingDecisionInput:
    """Input of ``recordFilingDecision``."""

    link_id: strawberry.ID = strawberry.field(description=LINK_DESCRIPTION)
    decision: CoordinationStatus = strawberry.field(description="The decision.")
    reason: str = strawberry.field(description="Why.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    filed_on: date | None = strawberry.field(
        default=None, description="Day of filing; needed for FILED."
    )
    independent_source: str | None = strawberry.field(
        default=None, description="Report that stands without LEAD; needed for FILED."
    )


@strawberry.input(description="What is known of a warrant in a matched case.")
class RecordWarrantStatusInput:
    """Input of ``recordWarrantStatus``."""

    link_id: strawberry.ID = strawberry.field(description=LINK_DESCRIPTION)
    status: WarrantStatus = strawberry.field(description="Its status.")
    source: WarrantSource = strawberry.field(
        description="Where the status comes from. CJIS is refused."
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    warrant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The warrant; null for one that was not recorded before."
    )
    issued_on: date | None = strawberry.field(
        default=None, description="Day of issue, if known; null leaves what is known."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Version of the warrant as you read it; null for a new one."
    )


@strawberry.input(description="A defender who has confirmed to be counsel of record.")
class RecordCounselInput:
    """Input of ``recordCounsel``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose counsel it is.")
    defender_account_id: strawberry.ID = strawberry.field(description="Account of the defender.")
    agency_id: strawberry.ID = strawberry.field(description="Agency of the defender.")
    confirmed_on: date = strawberry.field(description="Day on which the defender confirmed it.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="That a counsel of record has ended.")
class EndCounselInput:
    """Input of ``endCounsel``."""

    counsel_id: strawberry.ID = strawberry.field(description="Id of the entry.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of a match.")
class LeadLinkPayload:
    """The match as it stands now, or what was wrong."""

    lead_link: LeadLink | None = strawberry.field(
        directives=SUMMARY, description="The match; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


@strawberry.type(directives=STRUCTURE, description="Result of a change of the counsel of record.")
class CounselPayload:
    """The entry as it stands now, or what was wrong."""

    counsel: CounselOfRecord | None = strawberry.field(
        directives=COORDINATION, description="The entry; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


async def _link_payload(
    context: RequestContext, link_id: UUID, errors: list[UserError]
) -> LeadLinkPayload:
    if errors:
        return LeadLinkPayload(lead_link=None, user_errors=errors)
    async with context.reading() as session:
        found = await repository.matches_by_ids(session, context.caller, [link_id], with_ended=True)
    shown = LeadLink(match=found[link_id]) if link_id in found else None
    return LeadLinkPayload(lead_link=shown, user_errors=[])


async def _counsel_payload(
    context: RequestContext, counsel_id: UUID, errors: list[UserError]
) -> CounselPayload:
    if errors:
        return CounselPayload(counsel=None, user_errors=errors)
    async with context.reading() as session:
        found = await counsel.counsel_by_ids(session, context.caller, [counsel_id])
    shown = CounselOfRecord(row=found[counsel_id]) if counsel_id in found else None
    return CounselPayload(counsel=shown, user_errors=[])


@strawberry.type(description="Look-ups of matches.")
class WorkbenchQuery:
    """Roots of matches."""

    @strawberry.field(directives=SUMMARY, description="The match of this id; else null.")
    async def lead_link(
        self,
        info: Info,
        link: Annotated[strawberry.ID, argument(name="id", description="Id of the match.")],
    ) -> LeadLink | None:
        """Return a match by its id."""
        context, link_id = context_of(info), read_id(link)
        async with context.reading() as session:
            found = await repository.matches_by_ids(session, context.caller, [link_id])
        return LeadLink(match=found[link_id]) if link_id in found else None


@strawberry.type(description="Changes of matches and what hangs on them.")
class WorkbenchMutation:
    """Roots of changes."""

    @strawberry.mutation(description="Record that a case is a participant's.")
    async def match_case(
        self, info: Info, given: Annotated[MatchCaseInput, INPUT]
    ) -> LeadLinkPayload:
        """Match a case."""
        context = context_of(info)
        link_id, errors = await perform(
            context,
            "matchCase",
            given,
            lambda session: commands.match_case(
                session,
                context.caller,
                participant_id=read_id(given.participant_id),
                case_number=given.case_number,
                is_diverted_arrest=given.is_diverted_arrest,
            ),
        )
        return await _link_payload(context, link_id, errors)

    @strawberry.mutation(description="End a match.")
    async def unmatch_case(
        self, info: Info, given: Annotated[UnmatchCaseInput, INPUT]
    ) -> LeadLinkPayload:
        """End a match."""
        context = context_of(info)
        link_id, errors = await perform(
            context,
            "unmatchCase",
            given,
            lambda session: commands.unmatch_case(
                session,
                context.caller,
                link_id=read_id(given.link_id),
                expected_version=given.expected_version,
                reason=given.reason,
            ),
        )
        return await _link_payload(context, link_id, errors)

    @strawberry.mutation(
        description="Record the liaison prosecutor's decision; FILED puts the case on the docket."
    )
    async def record_filing_decision(
        self, info: Info, given: Annotated[RecordFilingDecisionInput, INPUT]
    ) -> LeadLinkPayload:
        """Record a filing decision."""
        context = context_of(info)
        decided = commands.FilingInput(
            given.decision, given.reason, given.independent_source, given.filed_on
        )
        link_id, errors = await perform(
            context,
            "recordFilingDecision",
            given,
            lambda session: commands.record_filing_decision(
                session,
                context.caller,
                link_id=read_id(given.link_id),
                expected_version=given.expected_version,
                given=decided,
            ),
        )
        return await _link_payload(context, link_id, errors)

    @strawberry.mutation(
        description="Record what the public record or a partner says of a warrant."
    )
    async def record_warrant_status(
        self, info: Info, given: Annotated[RecordWarrantStatusInput, INPUT]
    ) -> LeadLinkPayload:
        """Record a warrant's status."""
        context = context_of(info)
        decided = commands.WarrantInput(
            None if given.warrant_id is None else read_id(given.warrant_id),
            given.status,
            given.source,
            given.issued_on,
            given.expected_version,
        )
        link_id, errors = await perform(
            context,
            "recordWarrantStatus",
            given,
            lambda session: commands.record_warrant_status(
                session, context.caller, link_id=read_id(given.link_id), given=decided
            ),
        )
        return await _link_payload(context, link_id, errors)

    @strawberry.mutation(description="Record a defender as counsel of record.")
    async def record_counsel(
        self, info: Info, given: Annotated[RecordCounselInput, INPUT]
    ) -> CounselPayload:
        """Record counsel."""
        context = context_of(info)
        counsel_id, errors = await perform(
            context,
            "recordCounsel",
            given,
            lambda session: counsel_commands.record_counsel(
                session,
                context.caller,
                participant_id=read_id(given.participant_id),
                defender=str(given.defender_account_id),
                agency_id=str(given.agency_id),
                confirmed_on=given.confirmed_on,
            ),
        )
        return await _counsel_payload(context, counsel_id, errors)

    @strawberry.mutation(description="End a counsel of record.")
    async def end_counsel(
        self, info: Info, given: Annotated[EndCounselInput, INPUT]
    ) -> CounselPayload:
        """End counsel."""
        context = context_of(info)
        counsel_id, errors = await perform(
            context,
            "endCounsel",
            given,
            lambda session: counsel_commands.end_counsel(
                session,
                context.caller,
                counsel_id=read_id(given.counsel_id),
                expected_version=given.expected_version,
            ),
        )
        return await _counsel_payload(context, counsel_id, errors)
