"""GraphQL of income and benefits."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.income import commands, repository, rules
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
from svc_participants.people.rules import YesNo
from svc_participants.people.schema import INPUT, Participant

_INCOME = [category(Category.INCOME)]
_ABOUT = [category(Category.INCOME), about("participantId")]
described_enum(
    rules.IncomeSource,
    "Where income comes from (HUD HMIS 2026, 4.02); the code is in brackets.",
    rules.SOURCE_MEANINGS,
    system=rules.CODE_SYSTEM,
)
described_enum(
    rules.BenefitKind,
    "What sort of benefit (HUD HMIS 2026, 4.02 to 4.04); the code is in brackets.",
    rules.BENEFIT_MEANINGS,
    system=rules.BENEFIT_SYSTEM,
)
described_enum(rules.BenefitState, "Where a benefit stands.", rules.BENEFIT_STATE_MEANINGS)


@strawberry.type(directives=_ABOUT, description="Income as of a day.")
class IncomeStatus(KeptFields):
    """Income that the caller may see."""

    any_source: YesNo | None = strawberry.field(description="Whether there is any.")
    monthly_cents: int | None = strawberry.field(description="All of it, in US cents a month.")
    sources: list[rules.IncomeSource] | None = strawberry.field(description="Where it comes from.")
    as_of: date | None = strawberry.field(description="Day from which it is known.")

    @strawberry.field(description="The code system of the sources.")
    def code_system(self) -> str | None:
        """Return the code system."""
        return rules.CODE_SYSTEM


@strawberry.type(directives=_INCOME, description="How a benefit went on.")
class BenefitMove(MoveFields):
    """A move."""

    from_state: rules.BenefitState | None = strawberry.field(description="Where it stood.")
    to_state: rules.BenefitState | None = strawberry.field(description="Where it stands since.")


@strawberry.type(directives=_ABOUT, description="A benefit.")
class Benefit(KeptFields):
    """A benefit that the caller may see."""

    kind: rules.BenefitKind | None = strawberry.field(description="What sort of benefit.")
    applied_on: date | None = strawberry.field(description="Day of the application.")
    state: rules.BenefitState | None = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)
    history: Connection[BenefitMove] | None = paged(
        BenefitMove,
        name="Benefit.history",
        pages=repository.MovesOfBenefit,
        node=lambda row: shown(BenefitMove, row),
        of=Category.INCOME,
        description="How it went on.",
    )


def income_of(row: Any) -> IncomeStatus:
    """Return the GraphQL object of a record of income."""
    return shown(IncomeStatus, row)


def benefit_of(row: Any) -> Benefit:
    """Return the GraphQL object of a benefit."""
    return shown(Benefit, row)


async def _income(root: strawberry.Parent[Participant], info: Info) -> IncomeStatus | None:
    row = await context_of(info).loader(repository.CurrentIncome).load(root.seen.row.id)
    return None if row is None else income_of(row)


@strawberry.type
class IncomeFields:
    """What income and benefits add to ``Participant``; put there by ``subgraph``."""

    income: IncomeStatus | None = strawberry.field(
        resolver=_income, description="The newest record of income.", directives=_INCOME
    )
    income_history: Connection[IncomeStatus] | None = paged(
        IncomeStatus,
        name="Participant.incomeHistory",
        pages=repository.IncomeOfParticipant,
        node=income_of,
        of=Category.INCOME,
        description="Income by the day from which it is known.",
    )
    benefits: Connection[Benefit] | None = paged(
        Benefit,
        name="Participant.benefits",
        pages=repository.BenefitsOfParticipant,
        node=benefit_of,
        of=Category.INCOME,
        description="Benefits by the day of the application.",
        only=("state", rules.BenefitState, "Only benefits that stand here."),
    )


@strawberry.input(description="Income as of a day.")
class RecordIncomeInput:
    """Input of ``recordIncome``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose income.")
    idempotency_key: str = strawberry.field(description=KEY)
    any_source: YesNo = strawberry.field(description="Whether there is any.")
    as_of: date = strawberry.field(description="Day from which it is known.")
    monthly_cents: int | None = strawberry.field(
        default=None, description="All of it, in US cents a month."
    )
    sources: list[rules.IncomeSource] = strawberry.field(
        default_factory=list, description="Where it comes from."
    )


@strawberry.input(description="A benefit that is applied for.")
class AddBenefitInput:
    """Input of ``addBenefit``."""

    participant_id: strawberry.ID = strawberry.field(description="For whom.")
    idempotency_key: str = strawberry.field(description=KEY)
    kind: rules.BenefitKind = strawberry.field(description="What sort of benefit.")
    applied_on: date = strawberry.field(description="Day of the application.")


@strawberry.input(description="How a benefit goes on.")
class MoveBenefitInput:
    """Input of ``moveBenefit``."""

    benefit_id: strawberry.ID = strawberry.field(description="Which benefit.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    state: rules.BenefitState = strawberry.field(description="Where it stands now.")
    happened_on: date = strawberry.field(description="On which day.")
    remark: str | None = strawberry.field(default=None, description="What there is to say.")


@strawberry.type(directives=STRUCTURE, description="Result of recording income.")
class IncomePayload:
    """Payload with the record."""

    income: IncomeStatus | None = strawberry.field(description="What was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Result of a change to a benefit.")
class BenefitPayload:
    """Payload with the benefit as it is now."""

    benefit: Benefit | None = strawberry.field(description="The benefit as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _benefit_payload(info: Info, outcome: Outcome) -> BenefitPayload:
    row = await now_seen(info, outcome, "benefit", repository.BenefitLoader)
    return BenefitPayload(
        benefit=None if row is None else benefit_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to income and benefits.")
class IncomeMutation:
    """Mutations about income and benefits."""

    @strawberry.mutation(description="Record income as of a day (CM assigned, SUP).")
    async def record_income(
        self,
        info: Info,
        input: Annotated[RecordIncomeInput, INPUT],  # noqa: A002
    ) -> IncomePayload:
        """Record income."""
        given = filled(commands.NewIncome, input)
        outcome = await carried_out(
            info,
            "recordIncome",
            input,
            lambda session, caller: commands.record_income(session, caller, given),
        )
        row = await now_seen(info, outcome, "income", repository.IncomeLoader)
        return IncomePayload(
            income=None if row is None else income_of(row), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record that a benefit is applied for (CM assigned, SUP).")
    async def add_benefit(
        self,
        info: Info,
        input: Annotated[AddBenefitInput, INPUT],  # noqa: A002
    ) -> BenefitPayload:
        """Add a benefit."""
        given = filled(commands.NewBenefit, input)
        outcome = await carried_out(
            info,
            "addBenefit",
            input,
            lambda session, caller: commands.add_benefit(session, caller, given),
        )
        return await _benefit_payload(info, outcome)

    @strawberry.mutation(description="Record how a benefit goes on (CM assigned, SUP).")
    async def move_benefit(
        self,
        info: Info,
        input: Annotated[MoveBenefitInput, INPUT],  # noqa: A002
    ) -> BenefitPayload:
        """Move a benefit."""
        step = filled(commands.Step, input)
        outcome = await carried_out(
            info,
            "moveBenefit",
            input,
            lambda session, caller: commands.move_benefit(session, caller, input.benefit_id, step),
        )
        return await _benefit_payload(info, outcome)
