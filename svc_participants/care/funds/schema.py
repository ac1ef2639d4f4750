"""GraphQL of flexible funds."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.funds import commands, repository, rules
from svc_participants.care.presenting import (
    KEY,
    SEEN_VERSION,
    STRUCTURE,
    VERSION,
    KeptFields,
    MoveFields,
    carried_out,
    filled,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.schema import INPUT

_INCOME = [category(Category.INCOME)]
_CATALOGUE = [category(Category.CATALOGUE)]
described_enum(rules.SpendPurpose, "What money is spent on.", rules.PURPOSE_MEANINGS)
described_enum(rules.SpendState, "Where a spending stands.", rules.STATE_MEANINGS)


@strawberry.type(directives=_CATALOGUE, description="A site's limits for flexible funds.")
class FundLimits:
    """Limits."""

    number: int = strawberry.field(description="Version; give it as `expectedVersion`.")
    each_cents: int = strawberry.field(description="Up to this, nobody else is asked (US cents).")
    year_cents: int = strawberry.field(description="At most for one person in 365 days.")
    effective_on: date = strawberry.field(description="First day.")


@strawberry.type(directives=_INCOME, description="What became of a spending.")
class FundSpendMove(MoveFields):
    """A move."""

    from_state: rules.SpendState | None = strawberry.field(description="Where it stood.")
    to_state: rules.SpendState | None = strawberry.field(description="Where it stands since.")


@strawberry.type(
    directives=[category(Category.INCOME), about("participantId")],
    description="Money from flexible funds for a participant.",
)
class FundSpend(KeptFields):
    """A spending that the caller may see."""

    purpose: rules.SpendPurpose | None = strawberry.field(description="What for.")
    amount_cents: int | None = strawberry.field(description="How much, in US cents.")
    asked_on: date | None = strawberry.field(description="Day on which it was asked for.")
    payee: str | None = strawberry.field(description="Who is paid.")
    fund: str | None = strawberry.field(description="Which fund it comes from.")
    state: rules.SpendState | None = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)
    history: Connection[FundSpendMove] | None = paged(
        FundSpendMove,
        name="FundSpend.history",
        pages=repository.MovesOfSpend,
        node=lambda row: shown(FundSpendMove, row),
        of=Category.INCOME,
        description="What became of it.",
    )


def spend_of(row: Any) -> FundSpend:
    """Return the GraphQL object of a spending."""
    return shown(FundSpend, row)


@strawberry.type
class FundFields:
    """What flexible funds add to ``Participant``; put there by ``subgraph``."""

    fund_spending: Connection[FundSpend] | None = paged(
        FundSpend,
        name="Participant.fundSpending",
        pages=repository.SpendsOfParticipant,
        node=spend_of,
        of=Category.INCOME,
        description="Money from flexible funds, by day.",
        only=("state", rules.SpendState, "Only spending that stands here."),
    )


async def _limits(info: Info) -> FundLimits | None:
    context = context_of(info)
    site_id = parse_id(context.caller.site_id)
    if site_id is None:
        return None
    async with context.reading() as session:
        row = await repository.latest_limits(session, site_id)
    return None if row is None else shown(FundLimits, row)


@strawberry.type(directives=STRUCTURE, description="Reading about flexible funds.")
class FundQuery:
    """Root fields about flexible funds."""

    @strawberry.field(
        description="The newest limits of your site for flexible funds.", directives=_CATALOGUE
    )
    async def fund_limits(self, info: Info) -> FundLimits | None:
        """Return the limits of the caller's site."""
        return await _limits(info)


@strawberry.input(description="Money from flexible funds.")
class RequestFundSpendInput:
    """Input of ``requestFundSpend``."""

    participant_id: strawberry.ID = strawberry.field(description="For whom.")
    idempotency_key: str = strawberry.field(description=KEY)
    purpose: rules.SpendPurpose = strawberry.field(description="What for.")
    amount_cents: int = strawberry.field(description="How much, in US cents.")
    fund: str = strawberry.field(description="Which fund it comes from.")
    payee: str | None = strawberry.field(default=None, description="Who is paid.")


@strawberry.input(description="What becomes of a spending.")
class MoveFundSpendInput:
    """Input of ``moveFundSpend``."""

    spend_id: strawberry.ID = strawberry.field(description="Which spending.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    state: rules.SpendState = strawberry.field(description="Where it stands now.")
    happened_on: date = strawberry.field(description="On which day.")
    remark: str | None = strawberry.field(default=None, description="What there is to say.")


@strawberry.input(description="What your site allows from a day on.")
class SetFundLimitsInput:
    """Input of ``setFundLimits``."""

    expected_version: int = strawberry.field(description="Number that you saw, 0 for none.")
    idempotency_key: str = strawberry.field(description=KEY)
    each_cents: int = strawberry.field(description="Up to this, nobody else is asked (US cents).")
    year_cents: int = strawberry.field(description="At most for one person in 365 days.")
    effective_on: date = strawberry.field(description="First day.")


@strawberry.type(directives=STRUCTURE, description="Result of a change to a spending.")
class FundSpendPayload:
    """Payload with the spending as it is now."""

    spend: FundSpend | None = strawberry.field(description="The spending as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Result of setting limits.")
class FundLimitsPayload:
    """Payload with the newest limits."""

    limits: FundLimits | None = strawberry.field(description="The newest limits.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _payload(info: Info, outcome: Outcome) -> FundSpendPayload:
    row = await now_seen(info, outcome, "spend", repository.SpendLoader)
    return FundSpendPayload(
        spend=None if row is None else spend_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to flexible funds.")
class FundMutation:
    """Mutations about flexible funds."""

    @strawberry.mutation(description="Ask for money for a participant (CM assigned, SUP).")
    async def request_fund_spend(
        self,
        info: Info,
        input: Annotated[RequestFundSpendInput, INPUT],  # noqa: A002
    ) -> FundSpendPayload:
        """Ask for money."""
        given = filled(commands.NewSpend, input)
        outcome = await carried_out(
            info,
            "requestFundSpend",
            input,
            lambda session, caller: commands.request_spend(session, caller, given),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(
        description="Record what becomes of a spending; SUP approves what others ask for."
    )
    async def move_fund_spend(
        self,
        info: Info,
        input: Annotated[MoveFundSpendInput, INPUT],  # noqa: A002
    ) -> FundSpendPayload:
        """Move a spending."""
        step = filled(commands.Step, input)
        outcome = await carried_out(
            info,
            "moveFundSpend",
            input,
            lambda session, caller: commands.move_spend(session, caller, input.spend_id, step),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Set the limits of your site (PM).")
    async def set_fund_limits(
        self,
        info: Info,
        input: Annotated[SetFundLimitsInput, INPUT],  # noqa: A002
    ) -> FundLimitsPayload:
        """Set limits."""
        given = filled(commands.NewLimits, input)
        outcome = await carried_out(
            info,
            "setFundLimits",
            input,
            lambda session, caller: commands.set_limits(session, caller, given),
        )
        limits = None if outcome.user_errors else await _limits(info)
        return FundLimitsPayload(limits=limits, user_errors=outcome.user_errors)
