"""GraphQL of arranged services."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.arrangements import commands, repository, rules
from svc_participants.care.kinds import HelpKind
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

_GOALS = [category(Category.GOALS_PLAN)]
described_enum(
    rules.ArrangementState,
    "Where an arranged service stands.",
    rules.STATE_MEANINGS,
    system=rules.CODE_SYSTEM,
)


@strawberry.type(directives=_GOALS, description="What became of a service on a day.")
class ArrangedServiceMove(MoveFields):
    """A move."""

    from_state: rules.ArrangementState | None = strawberry.field(description="Where it stood.")
    to_state: rules.ArrangementState | None = strawberry.field(description="Where it stands since.")


@strawberry.type(
    directives=[category(Category.GOALS_PLAN), about("participantId")],
    description="A service that was arranged; one that tells of treatment needs that category.",
)
class ArrangedService(KeptFields):
    """A service that the caller may see."""

    kind: HelpKind | None = strawberry.field(description="What sort of help.")
    provider: str | None = strawberry.field(description="Who gives it.")
    arranged_on: date | None = strawberry.field(description="Day on which it was arranged.")
    state: rules.ArrangementState | None = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)

    @strawberry.field(description="Result as HUD code: 1 accepted, 2 by client, 3 by provider.")
    def referral_result_code(self) -> int | None:
        """Return HUD's code of the result."""
        return rules.HUD_RESULT.get(rules.ArrangementState(self.row.state))

    @strawberry.field(description="The code system of the result.")
    def code_system(self) -> str | None:
        """Return the code system."""
        return rules.CODE_SYSTEM

    history: Connection[ArrangedServiceMove] | None = paged(
        ArrangedServiceMove,
        name="ArrangedService.history",
        pages=repository.MovesOfArrangement,
        node=lambda row: shown(ArrangedServiceMove, row),
        of=Category.GOALS_PLAN,
        description="How it went on.",
    )


def service_of(row: Any) -> ArrangedService:
    """Return the GraphQL object of an arranged service."""
    return shown(ArrangedService, row)


@strawberry.type
class ArrangementFields:
    """What arranged services add to ``Participant``; put there by ``subgraph``."""

    services_arranged: Connection[ArrangedService] | None = paged(
        ArrangedService,
        name="Participant.servicesArranged",
        pages=repository.ArrangementsOfParticipant,
        node=service_of,
        of=Category.GOALS_PLAN,
        description="Services by the day on which they were arranged.",
        only=("kind", HelpKind, "Only this sort of help."),
    )


@strawberry.input(description="A service that was arranged.")
class ArrangeServiceInput:
    """Input of ``arrangeService``."""

    participant_id: strawberry.ID = strawberry.field(description="For whom.")
    idempotency_key: str = strawberry.field(description=KEY)
    kind: HelpKind = strawberry.field(description="What sort of help.")
    provider: str = strawberry.field(description="Who gives it.")
    arranged_on: date = strawberry.field(description="Day on which it was arranged.")


@strawberry.input(description="What became of a service.")
class RecordServiceOutcomeInput:
    """Input of ``recordServiceOutcome``."""

    service_id: strawberry.ID = strawberry.field(description="Which service.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    state: rules.ArrangementState = strawberry.field(description="Where it stands now.")
    happened_on: date = strawberry.field(description="On which day.")
    remark: str | None = strawberry.field(default=None, description="What there is to say.")


@strawberry.type(directives=STRUCTURE, description="Result of a change to an arranged service.")
class ArrangedServicePayload:
    """Payload with the service as it is now."""

    service: ArrangedService | None = strawberry.field(description="The service as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _payload(info: Info, outcome: Outcome) -> ArrangedServicePayload:
    row = await now_seen(info, outcome, "service", repository.ArrangementLoader)
    return ArrangedServicePayload(
        service=None if row is None else service_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to arranged services.")
class ArrangementMutation:
    """Mutations about arranged services."""

    @strawberry.mutation(description="Record that a service was arranged (CM assigned, SUP).")
    async def arrange_service(
        self,
        info: Info,
        input: Annotated[ArrangeServiceInput, INPUT],  # noqa: A002
    ) -> ArrangedServicePayload:
        """Arrange a service."""
        given = filled(commands.NewArrangement, input)
        outcome = await carried_out(
            info,
            "arrangeService",
            input,
            lambda session, caller: commands.arrange(session, caller, given),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Record what became of a service (CM assigned, SUP).")
    async def record_service_outcome(
        self,
        info: Info,
        input: Annotated[RecordServiceOutcomeInput, INPUT],  # noqa: A002
    ) -> ArrangedServicePayload:
        """Record an outcome."""
        step = filled(commands.Step, input)
        outcome = await carried_out(
            info,
            "recordServiceOutcome",
            input,
            lambda session, caller: commands.record_step(session, caller, input.service_id, step),
        )
        return await _payload(info, outcome)
