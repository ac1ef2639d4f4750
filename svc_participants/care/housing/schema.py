"""GraphQL of living situations."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.housing import commands, repository, rules
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.people.schema import INPUT, After, First, Participant

_STRUCTURE = [category(Category.STRUCTURE)]
_HOUSING = [category(Category.HOUSING)]
_HISTORY = "Participant.housingHistory"

described_enum(
    rules.LivingSituation,
    "Where somebody lives now (HUD HMIS 2026, 4.12); the code is in brackets.",
    rules.MEANINGS,
    system=rules.CODE_SYSTEM,
)


@strawberry.type(
    directives=[category(Category.HOUSING), about("participantId")],
    description="Where a participant lived as of a day.",
)
class HousingStatus:
    """A living situation that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    situation: rules.LivingSituation | None = strawberry.field(description="Where.")
    code: int | None = strawberry.field(description="The same as HUD code.")
    display: str | None = strawberry.field(description="The same in HUD's words.")
    code_system: str | None = strawberry.field(description="The code system.")
    as_of: date | None = strawberry.field(description="Day from which it is known.")
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")


def housing_of(row: HousingStatusRow) -> HousingStatus:
    """Return the GraphQL object of a living situation."""
    situation = rules.LivingSituation(row.situation)
    code, display = rules.CODES[situation]
    return HousingStatus(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        situation=situation,
        code=code,
        display=display,
        code_system=rules.CODE_SYSTEM,
        as_of=row.as_of,
        recorded_at=row.recorded_at,
    )


async def _housing(root: strawberry.Parent[Participant], info: Info) -> HousingStatus | None:
    loader = context_of(info).loader(repository.CurrentHousingLoader)
    row = await loader.load(root.seen.row.id)
    return None if row is None else housing_of(row)


async def _housing_history(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[HousingStatus] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(context, info, name=_HISTORY, order=order, first=first, after=after)
    loader = context.loader(repository.HousingOfParticipant)
    return connection(
        await loader.load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_HISTORY,
        after=after,
        key=order.key,
        node=housing_of,
    )


@strawberry.type
class HousingFields:
    """What living situations add to ``Participant``; put there by ``subgraph``."""

    housing: HousingStatus | None = strawberry.field(
        resolver=_housing, description="The newest living situation.", directives=_HOUSING
    )
    housing_history: Connection[HousingStatus] | None = strawberry.field(
        resolver=_housing_history,
        description="Living situations, newest first.",
        directives=_HOUSING,
    )


@strawberry.input(description="Where a participant lives as of a day.")
class RecordHousingInput:
    """Input of ``recordHousing``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description="Unique per intended record.")
    situation: rules.LivingSituation = strawberry.field(description="Where.")
    as_of: date = strawberry.field(description="Day from which it is known.")


@strawberry.type(directives=_STRUCTURE, description="Result of recording a living situation.")
class RecordHousingPayload:
    """Payload with the living situation."""

    housing: HousingStatus | None = strawberry.field(description="What was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to living situations.")
class HousingMutation:
    """Mutations about living situations."""

    @strawberry.mutation(description="Record where a participant lives (CM assigned, SUP).")
    async def record_housing(
        self,
        info: Info,
        input: Annotated[RecordHousingInput, INPUT],  # noqa: A002
    ) -> RecordHousingPayload:
        """Record a living situation."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "recordHousing",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.record_housing(
                session, context.caller, input.participant_id, input.situation, input.as_of
            ),
        )
        key = outcome.id("housing")
        row = None
        if key is not None:
            row = await context.loader(repository.HousingLoader).load(key)
        return RecordHousingPayload(
            housing=None if row is None else housing_of(row), user_errors=outcome.user_errors
        )
