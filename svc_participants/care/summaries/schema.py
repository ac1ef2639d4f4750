"""GraphQL of the progress summary: what partners read, and the wordings behind it."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_participants.care import presenting
from svc_participants.care.summaries import commands, repository, rules
from svc_participants.care.summaries.tables import ProgressSummaryRow
from svc_participants.people.repository import StaffNames
from svc_participants.people.schema import INPUT, After, First, Participant

_STRUCTURE = [category(Category.STRUCTURE)]
_GOALS = [category(Category.GOALS_PLAN)]
_SUMMARY = category(Category.GOALS_PLAN, Form.SUMMARY)
_WORDINGS = "Participant.progressSummaryWordings"

described_enum(rules.Engagement, "How much in touch, in a plain band.", rules.ENGAGEMENT_MEANINGS)
described_enum(rules.SummaryState, "Where a wording stands.", rules.STATE_MEANINGS)


@strawberry.type(
    directives=[_SUMMARY],
    description=(
        "What a partner with a release may read of how somebody is doing: a wording approved by"
        " the case manager, or that there is nothing to add. The second says nothing: it stands"
        " for no wording, for none approved, and for none in the period of the release alike."
    ),
)
class ProgressSummary:
    """The summary that stands."""

    nothing_to_add: bool | None = strawberry.field(description="Whether nothing is said.")
    statement: str | None = strawberry.field(description="How the person is doing.")
    engagement: rules.Engagement | None = strawberry.field(description="How much in touch.")
    barriers: str | None = strawberry.field(description="What stands in the way.")
    what_would_help: str | None = strawberry.field(description="What partners could do to help.")
    approved_at: datetime | None = strawberry.field(
        description="When the wording was approved; null where there is nothing to add."
    )


@strawberry.type(
    directives=[category(Category.GOALS_PLAN), about("participantId")],
    description="One wording of a summary, for those who work on it.",
)
class ProgressSummaryWording:
    """A wording that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    state: rules.SummaryState | None = strawberry.field(description="Where it stands.")
    nothing_to_add: bool | None = strawberry.field(description="Whether nothing is said.")
    statement: str | None = strawberry.field(description="How the person is doing.")
    engagement: rules.Engagement | None = strawberry.field(description="How much in touch.")
    barriers: str | None = strawberry.field(description="What stands in the way.")
    what_would_help: str | None = strawberry.field(description="What partners could do to help.")
    written_at: datetime | None = strawberry.field(description="When it was written.")
    approved_at: datetime | None = strawberry.field(description="When it was approved.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )
    row: strawberry.Private[ProgressSummaryRow]

    @strawberry.field(description="Who wrote it.")
    async def written_by_name(self, info: Info) -> str | None:
        """Return the writer's name."""
        return await context_of(info).loader(StaffNames).of(self.row.written_by)

    @strawberry.field(description="Who approved it.")
    async def approved_by_name(self, info: Info) -> str | None:
        """Return the approver's name."""
        approver = self.row.approved_by
        return None if approver is None else await context_of(info).loader(StaffNames).of(approver)


def _engagement(row: ProgressSummaryRow) -> rules.Engagement | None:
    return rules.Engagement(row.engagement) if row.engagement else None


def summary_of(standing: repository.Standing) -> ProgressSummary:
    """Return what a partner reads."""
    row = standing.row
    if row is None:
        return ProgressSummary(
            nothing_to_add=True,
            statement=rules.NOTHING_TO_ADD,
            engagement=None,
            barriers=None,
            what_would_help=None,
            approved_at=None,
        )
    return ProgressSummary(
        nothing_to_add=False,
        statement=row.statement,
        engagement=_engagement(row),
        barriers=row.barriers,
        what_would_help=row.what_would_help,
        approved_at=row.approved_at,
    )


def wording_of(row: ProgressSummaryRow) -> ProgressSummaryWording:
    """Return the GraphQL object of a wording."""
    return ProgressSummaryWording(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        state=rules.SummaryState(row.state),
        nothing_to_add=row.is_nothing_to_add,
        statement=row.statement,
        engagement=_engagement(row),
        barriers=row.barriers,
        what_would_help=row.what_would_help,
        written_at=row.written_at,
        approved_at=row.approved_at,
        version=row.version,
        row=row,
    )


async def _progress_summary(
    root: strawberry.Parent[Participant], info: Info
) -> ProgressSummary | None:
    loader = context_of(info).loader(repository.StandingLoader)
    standing = await loader.load(root.seen.row.id)
    return None if standing is None else summary_of(standing)


async def _wordings(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[ProgressSummaryWording] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(context, info, name=_WORDINGS, order=order, first=first, after=after)
    loader = context.loader(repository.WordingsOfParticipant)
    return connection(
        await loader.load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_WORDINGS,
        after=after,
        key=order.key,
        node=wording_of,
    )


@strawberry.type
class SummaryFields:
    """What summaries add to ``Participant``; put there by ``subgraph``."""

    progress_summary: ProgressSummary | None = strawberry.field(
        resolver=_progress_summary,
        description="The favourable-safe summary for partners.",
        directives=[_SUMMARY],
    )
    progress_summary_wordings: Connection[ProgressSummaryWording] | None = strawberry.field(
        resolver=_wordings,
        description="All wordings of the summary, newest first, for those who work on it.",
        directives=_GOALS,
    )


@strawberry.input(description="A draft of the progress summary.")
class WriteProgressSummaryInput:
    """Input of ``writeProgressSummary``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description="Unique per intended draft.")
    statement: str | None = strawberry.field(default=None, description="How the person is doing.")
    engagement: rules.Engagement | None = strawberry.field(
        default=None, description="How much in touch."
    )
    barriers: str | None = strawberry.field(default=None, description="What stands in the way.")
    what_would_help: str | None = strawberry.field(
        default=None, description="What partners could do to help."
    )
    nothing_to_add: bool = strawberry.field(
        default=False, description="Say nothing, on purpose; then leave the rest empty."
    )


@strawberry.input(description="Approval of a draft.")
class ApproveProgressSummaryInput:
    """Input of ``approveProgressSummary``."""

    summary_id: strawberry.ID = strawberry.field(description="Which draft.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended approval.")


@strawberry.input(description="Taking a wording back.")
class WithdrawProgressSummaryInput:
    """Input of ``withdrawProgressSummary``."""

    summary_id: strawberry.ID = strawberry.field(description="Which wording.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a summary.")
class ProgressSummaryPayload:
    """Payload with the wording as it is now."""

    summary: ProgressSummaryWording | None = strawberry.field(description="The wording as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to progress summaries.")
class SummaryMutation:
    """Mutations about summaries."""

    @strawberry.mutation(description="Write a draft of the summary (CM assigned, SUP).")
    async def write_progress_summary(
        self,
        info: Info,
        input: Annotated[WriteProgressSummaryInput, INPUT],  # noqa: A002
    ) -> ProgressSummaryPayload:
        """Write a draft."""
        context = context_of(info)
        wording = commands.Wording(
            statement=input.statement,
            engagement=input.engagement,
            barriers=input.barriers,
            what_would_help=input.what_would_help,
            is_nothing_to_add=input.nothing_to_add,
        )
        outcome = await run_command(
            context,
            "writeProgressSummary",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.write_summary(
                session, context.caller, input.participant_id, wording
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Approve a draft; partners read it from then on.")
    async def approve_progress_summary(
        self,
        info: Info,
        input: Annotated[ApproveProgressSummaryInput, INPUT],  # noqa: A002
    ) -> ProgressSummaryPayload:
        """Approve a draft."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "approveProgressSummary",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.approve_summary(
                session, context.caller, parse_id(input.summary_id), input.expected_version
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Take a wording back; partners see nothing to add then.")
    async def withdraw_progress_summary(
        self,
        info: Info,
        input: Annotated[WithdrawProgressSummaryInput, INPUT],  # noqa: A002
    ) -> ProgressSummaryPayload:
        """Take a wording back."""
        outcome = await presenting.carried_out(
            info,
            "withdrawProgressSummary",
            input,
            lambda session, caller: commands.withdraw_summary(
                session, caller, parse_id(input.summary_id), input.expected_version
            ),
        )
        return await _payload(info, outcome)


async def _payload(info: Info, outcome: Outcome) -> ProgressSummaryPayload:
    key = outcome.id("summary")
    row = None if key is None else await context_of(info).loader(repository.WordingLoader).load(key)
    return ProgressSummaryPayload(
        summary=None if row is None else wording_of(row), user_errors=outcome.user_errors
    )
